"""Motion, depth and normals out of an EXR: which channels of the file are meant, by one rule that knows all.

A layer whose name says what it is goes before all others. Without such a layer the channels are taken only where the
file holds nothing else: red and green of a picture with further layers are never motion, its red is never a distance.
Where two would do the file is refused with the list, and the artist names one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes.exr import Part, read_exr
from shared.passes.pictures import EXR, read_head
from shared.values import Value

Plane = NDArray[np.float32]  # (H, W)

FAR = np.float32(1e10)  # the distance of what is no surface
LISTED = 12

# By a layer's last word, in small letters and digits alone. Exact names go before those that only contain the word.
_MOTION = re.compile(
    r"(motion|velocity)(vec|vector|vectors|vectors2d|pass)?|vectors?|mv|mvec|mvecs|motionfore|motionback|forward|backward"
    r"|flow|opticalflow|\w*velocity|\w*motionvectors?"
)
_LIKE_MOTION = re.compile(r".*(motion|velocity|mvec).*")
_DEPTH = re.compile(r"z|depth|zdepth|depthz|pz|\w*zdepth|\w*worlddepth|\w*scenedepth|distance")
_LIKE_DEPTH = re.compile(r".*depth(?!offield).*")
_NORMAL = re.compile(r"n|\w*normals?(world|camera|screen|view)?")
_TRIPLES = (("x", "y", "z"), ("r", "g", "b"), ("red", "green", "blue"))
_PAIRS = (("x", "y"), ("r", "g"), ("red", "green"), ("u", "v"))
_SINGLES = ("z", "r", "red", "v", "y", "x")
_COLOUR = {"r", "g", "b", "a", "red", "green", "blue", "alpha"}
_PLAIN = ("z", "depth.z")  # ends of names that every version has read alike


class Layer(Value):
    """Channels of one layer in one part. name: with the part's; channels: last word in small letters -> full name."""

    name: str
    part: Part
    channels: dict[str, str]

    def plane(self, component: str) -> Plane:
        return np.asarray(self.part.channels[self.channels[component]], np.float32)


class MotionPlanes(Value):
    """A frame's motion vectors as the file has them; where there is no number x and y are NaN.

    channels: what was read, for people; name: of the layer, empty where it has none; next: the other pair of Blender.
    """

    name: str
    channels: tuple[str, str]
    x: Plane
    y: Plane
    next: tuple[Plane, Plane] | None


class DepthPlane(Value):
    """A frame's depth, away from the camera. raw: as in the file; values: FAR where there is no surface.

    mended: what differs from the file: "sign" where distances were negative, "holes" where there was zero or no number.
    """

    channel: str
    raw: Plane
    values: Plane
    mended: tuple[str, ...]


def read_parts(path: Path) -> list[Part]:
    """All parts of an EXR that holds data. Raises MissingInput or InputRefused."""
    if not read_head(path).startswith(EXR):
        raise InputRefused(
            "a motion or depth pass is an EXR, this file is none",
            file=path,
            cause="Other pictures hold colours from 0 to 1, neither pixels nor distances",
            remedy="Render it as a float EXR",
        )
    return read_exr(path)


def motion_planes(path: Path, parts: list[Part], wanted: str | None = None) -> MotionPlanes:
    """The motion vectors of a file. wanted: the layer that the artist named. Raises InputRefused with what there is."""
    layers = _layers(parts)
    layer = _chosen(path, layers, wanted, "motion", lambda one: _motion_rank(one, layers))
    across, down = _pair(layer)
    x, y = layer.plane(across).copy(), layer.plane(down).copy()
    unknown = ~(np.isfinite(x) & np.isfinite(y)) | layer.part.outside
    x[unknown] = y[unknown] = np.nan
    following = None
    if last_word(layer.name) == "vector" and {"z", "w"} <= set(layer.channels):
        z, w = layer.plane("z"), layer.plane("w")
        if (z.any() or w.any()) and np.isfinite(z).all() and np.isfinite(w).all():
            following = z, w
    return MotionPlanes(layer.name, (layer.channels[across], layer.channels[down]), x, y, following)


def has_depth(parts: list[Part]) -> bool:
    """Whether one of the layers says that it is depth."""
    layers = _layers(parts)
    return any(0 < _depth_rank(one, layers) < 4 for one in layers)


def depth_plane(path: Path, parts: list[Part], wanted: str | None = None) -> DepthPlane:
    """The depth of a file. wanted: the layer or channel that the artist named. Raises InputRefused.

    Distances that are negative, as along a camera that looks down its own -Z, lose their sign. What is zero, infinite
    or no number is no surface.
    """
    layers = _layers(parts)
    layer = _chosen(path, layers, wanted, "depth", lambda one: _depth_rank(one, layers))
    component = _single(layer)
    assert component is not None
    raw = layer.plane(component)
    colours = [layer.plane(name) for name in ("g", "b", "green", "blue") if name in layer.channels]
    if component in ("r", "red") and any(not np.array_equal(raw, other, equal_nan=True) for other in colours):
        raise InputRefused(
            f'the channels of "{layer.name or "R, G, B"}" differ: that is a picture, no depth',
            file=path,
            remedy=_what_there_is(layers, "depth"),
        )
    known = ~np.isnan(raw) & (raw != 0) & ~layer.part.outside
    surface = raw[known & (np.abs(raw) < FAR)]
    mended = []
    below = float((surface < 0).mean()) if surface.size else 0.0
    if below > 0.5:
        mended.append("sign")
    values = -raw if below > 0.5 else raw.copy()
    if not known.all():
        mended.append("holes")
    values[~known | np.isinf(values)] = FAR
    # A surface behind the camera is none; where signs are mixed the pass is something else.
    wrong = known & (values < 0) & (np.abs(values) < FAR)
    if wrong.mean() > 0.01:
        raise InputRefused(
            f'the depth pass "{layer.channels[component]}" holds distances of both signs',
            file=path,
            cause="This looks like a coordinate of the world or a normal, not like the distance from the camera",
            remedy=_what_there_is(layers, "depth"),
        )
    values[values < 0] = FAR
    return DepthPlane(layer.channels[component], raw, values, tuple(mended))


def read_depth(path: Path, wanted: str | None = None) -> DepthPlane:
    """A frame's depth pass, as `depth_plane`. Raises MissingInput or InputRefused."""
    return depth_plane(path, read_parts(path), wanted)


def normal_channels(path: Path, parts: list[Part], wanted: str | None = None) -> tuple[Layer, tuple[str, ...]]:
    """The layer of a file's normals, and its components x, y, z. wanted: the one that the artist named.

    Raises InputRefused with what there is.
    """
    layers = _layers(parts)
    layer = _chosen(path, layers, wanted, "normal", lambda one: _normal_rank(one, layers))
    return layer, _triple(layer)


def unlike_before(path: Path, wanted: str | None = None) -> list[str]:
    """What of a depth pass the first versions read otherwise; empty where their pixels were the same.

    For keys of pictures: what was painted by a depth that was right stays finished.
    """
    state = path.stat()
    return list(_unlike_before(path, wanted, state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=256)
def _unlike_before(path: Path, wanted: str | None, changed: int, size: int) -> tuple[str, ...]:
    parts = read_parts(path)
    depth = depth_plane(path, parts, wanted)
    name = depth.channel.lower()
    plain = len(_layers(parts)) == 1 or any(name == end or name.endswith(f".{end}") for end in _PLAIN)
    return (*(() if plain else (depth.channel,)), *depth.mended)


# --- layers -------------------------------------------------------------------------------------------------


def _layers(parts: list[Part]) -> list[Layer]:
    found: dict[tuple[int, str], dict[str, str]] = {}
    for number, part in enumerate(parts):
        for channel in part.channels:
            layer, _, last = channel.rpartition(".")
            found.setdefault((number, layer), {})[last.lower()] = channel
    layers = []
    for (number, layer), channels in found.items():
        part = parts[number]
        within = not part.name or layer == part.name or layer.startswith(f"{part.name}.")
        layers.append(Layer(layer if within else f"{part.name}.{layer}".rstrip("."), part, channels))
    return layers


def last_word(layer: str) -> str:
    """The last word of a layer's name, in small letters and digits."""
    return re.sub(r"[^a-z0-9]", "", layer.rpartition(".")[2].lower())


def _pair(layer: Layer) -> tuple[str, str]:
    return next(((a, b) for a, b in _PAIRS if a in layer.channels and b in layer.channels), ("", ""))


def _single(layer: Layer) -> str | None:
    """The channel that a distance would be in: one that is called so, Z, the only one, or red where all are alike."""
    named = [name for name in layer.channels if name != "z" and _DEPTH.fullmatch(last_word(name))]
    others = [name for name in layer.channels if name not in ("a", "alpha")]
    if len(named) == 1 or len(others) == 1:
        return (named or others)[0]
    return next((name for name in _SINGLES if name in layer.channels), None)


def _motion_rank(layer: Layer, layers: list[Layer]) -> int:
    """0 = cannot be motion; else the lower, the surer."""
    if not all(_pair(layer)):
        return 0
    word = last_word(layer.name)
    if _MOTION.fullmatch(word):
        return 1
    if _LIKE_MOTION.fullmatch(word):
        return 2
    only = any(set(layer.channels) <= names for names in (_COLOUR, {"x", "y", "z", "w"}, {"u", "v"}))
    return 3 if only and len(layers) == 1 and not _is_layer(layer) else 0


def _triple(layer: Layer) -> tuple[str, ...]:
    return next((names for names in _TRIPLES if set(names) <= set(layer.channels)), ())


def _normal_rank(layer: Layer, layers: list[Layer]) -> int:
    """0 = cannot be normals; else the lower, the surer."""
    if not _triple(layer):
        return 0
    if _NORMAL.fullmatch(last_word(layer.name)):
        return 1
    alone = len(layers) == 1 and set(layer.channels) <= {*_triple(layer), "a", "alpha"}
    return 2 if alone and not _is_layer(layer) else 0


def _depth_rank(layer: Layer, layers: list[Layer]) -> int:
    """0 = cannot be depth; else the lower, the surer. N.Z, P.Z and the like have their X and Y beside them."""
    single = _single(layer)
    if single is None:
        return 0
    word = last_word(layer.name)
    if _DEPTH.fullmatch(word):
        return 1
    unnamed = not _is_layer(layer)
    if _DEPTH.fullmatch(last_word(single)) and not {"x", "y"} & set(layer.channels) and word != "mist":
        return 1 if unnamed else 2
    if _LIKE_DEPTH.fullmatch(word):
        return 3
    alone = len(layers) == 1 and (len(layer.channels) == 1 or set(layer.channels) <= _COLOUR)
    return 4 if alone and unnamed else 0


def _is_layer(layer: Layer) -> bool:
    """Whether channels of this name stand beside others: `R` of a file is no layer's, `diffuse.R` is."""
    return any("." in channel for channel in layer.channels.values())


def _chosen(path: Path, layers: list[Layer], wanted: str | None, kind: str, rank: Callable[[Layer], int]) -> Layer:
    if wanted is not None:
        return _named(path, layers, wanted, kind)
    ranks = [(rank(layer), layer) for layer in layers]
    best = min((number for number, _ in ranks if number), default=0)
    found = [layer for number, layer in ranks if number == best and best]
    if len(found) == 1:
        return found[0]
    what = {"motion": "motion vectors were found", "depth": "depth was found", "normal": "normals were found"}[kind]
    if not found:
        raise InputRefused(f"no {what}", file=path, remedy=_what_there_is(layers, kind))
    names = ", ".join(f'"{layer.name}"' if layer.name else "without a name" for layer in found)
    raise InputRefused(
        f"which layer of this EXR is the {kind} is not clear: {names}",
        file=path,
        remedy=_what_there_is(layers, kind),
    )


def _named(path: Path, layers: list[Layer], wanted: str, kind: str) -> Layer:
    plain = wanted.lower()

    def fits(layer: Layer) -> bool:
        if kind == "normal":
            return bool(_triple(layer))
        return all(_pair(layer)) if kind == "motion" else _single(layer) is not None

    same: Callable[[str], bool]
    for same in (lambda name: name == plain, lambda name: name.endswith(f".{plain}")):
        meant = [Layer(one.name, one.part, _meant(one, same)) for one in layers]
        found = [one for one in meant if one.channels and fits(one)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(layer.name for layer in found)
            raise InputRefused(f'"{wanted}" names several layers: {names}', file=path, remedy="Write the whole name")
    raise InputRefused(
        f'the EXR has no layer "{wanted}" that could be {kind}', file=path, remedy=_what_there_is(layers, kind)
    )


def _meant(layer: Layer, same: Callable[[str], bool]) -> dict[str, str]:
    """The channels of a layer that a name means: all, by the layer's or the part's name, or one by its own."""
    if same(layer.name.lower()) or same(layer.part.name.lower()):
        return layer.channels
    return {last: channel for last, channel in layer.channels.items() if same(channel.lower())}


def _what_there_is(layers: list[Layer], kind: str) -> str:
    names = [
        f"{layer.name} ({', '.join(layer.channels)})" if layer.name else ", ".join(layer.channels.values())
        for layer in layers
    ]
    listed = ", ".join(names[:LISTED]) + (" ..." if len(names) > LISTED else "")
    return f'It has {listed}. Name the right one with "{kind}_layer" in shot.json or --{kind}-layer'

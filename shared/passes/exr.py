"""OpenEXR: parts, layers and channels, placed in the display window; colours and ids out of them.

OpenEXR's own binding is used alone: it opens truncated files without an error, so the parts are counted and
its messages turned into words here; it gives the data window only, so the pixels are placed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.passes.label_pass import Ids
from shared.passes.pictures import MAX_PIXELS, truncated

LOSSY = ("PXR24", "B44", "B44A", "DWAA", "DWAB")
ID_NAMES = ("id", "ids", "label", "labels", "class", "classid", "labelid")
INDEX_NAMES = ("y", "indexma", "indexob")  # ids only where the artist says so, or nothing else is there


@dataclass(frozen=True)
class Part:
    """One part: channels by full name, each (height, width) of the display window."""

    name: str
    header: dict[str, Any]
    width: int
    height: int
    channels: dict[str, NDArray[Any]]
    outside: NDArray[np.bool_]  # (height, width) where there is no data
    compression: str


@dataclass(frozen=True)
class ColourLayer:
    name: str
    part: Part
    rgb: NDArray[np.float32]  # (H, W, 3), unassociated
    alpha: NDArray[np.float32] | None


@dataclass(frozen=True)
class IdChannel:
    name: str
    part: Part
    values: NDArray[Any]
    fractions: int  # pixels that are no whole number from 0 to 65535


def read_exr(path: Path) -> list[Part]:
    """All parts of a file that is whole. Raises InputRefused."""
    import OpenEXR

    try:
        file = OpenEXR.File(str(path), separate_channels=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise truncated(path, str(error).splitlines()[0][:200]) from error
    if not file.parts:
        raise truncated(path, "no part of the EXR can be read")
    parts = [_part(path, one) for one in file.parts]
    for part in parts:
        if not part.channels:
            raise truncated(path, "a part of the EXR has no pixels")
    return parts


def _part(path: Path, part: Any) -> Part:
    header = dict(part.header)
    (left, top), (right, bottom) = (np.asarray(corner, np.int64) for corner in header["displayWindow"])
    (x0, y0), (x1, y1) = (np.asarray(corner, np.int64) for corner in header["dataWindow"])
    width, height = int(right - left + 1), int(bottom - top + 1)
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise InputRefused(f"the display window is {width}x{height}, which is no picture", file=path)
    # The part of the data that lies in the display window, in both's coordinates.
    ax, bx = max(x0, left), min(x1, right) + 1
    ay, by = max(y0, top), min(y1, bottom) + 1
    same = (x0, y0, x1, y1) == (left, top, right, bottom)
    channels = {}
    for name, channel in part.channels.items():
        pixels = channel.pixels
        if pixels is None or getattr(pixels, "ndim", 0) != 2:
            continue
        if pixels.shape != (y1 - y0 + 1, x1 - x0 + 1):
            continue  # a subsampled channel is no label
        if not same:
            placed = np.zeros((height, width), pixels.dtype)
            if ax < bx and ay < by:
                placed[ay - top : by - top, ax - left : bx - left] = pixels[ay - y0 : by - y0, ax - x0 : bx - x0]
            pixels = placed
        channels[str(name)] = pixels
    outside = np.ones((height, width), bool)
    if ax < bx and ay < by:
        outside[ay - top : by - top, ax - left : bx - left] = False
    compression = str(header.get("compression", "")).split(".")[-1].split("_")[0]
    return Part(str(header.get("name", "")), header, width, height, channels, outside, compression)


def choose(parts: list[Part], wanted: str | None, encoding: str | None) -> ColourLayer | IdChannel:
    """The colour layer or id channel that holds the labels. Raises InputRefused listing what there is."""
    colours = {name: (part, group) for part in parts for name, group in _colour_groups(part).items()}
    singles = {_full(part, name): (part, name) for part in parts for name in part.channels}
    if wanted is not None:
        found = _wanted(wanted, colours, singles)
        if found is None:
            raise InputRefused(f"the EXR has no layer or channel {wanted!r}", remedy=_what_there_is(colours, singles))
        return found
    clear = {name: place for name, place in singles.items() if _is_id_name(place, ID_NAMES)}
    likely = {name: place for name, place in singles.items() if _is_id_name(place, INDEX_NAMES)}
    ids = clear or ({} if colours and encoding is None else likely or (singles if len(singles) == 1 else {}))
    if encoding != "colour" and len(ids) == 1:
        name, (part, channel) = next(iter(ids.items()))
        return _id_channel(name, part, channel)
    if encoding != "ids" and len(colours) == 1:
        name, (part, group) = next(iter(colours.items()))
        return _colour_layer(name, part, group)
    what = "id channel" if encoding == "ids" or not colours else "colour layer"
    raise InputRefused(
        f"which {what} of this EXR holds the labels is not clear",
        remedy=f"Say it with --exr-layer. {_what_there_is(colours, singles)}",
    )


def _full(part: Part, channel: str) -> str:
    """A channel's name with its part, unless it already begins with it."""
    return channel if not part.name or channel.startswith(f"{part.name}.") else f"{part.name}.{channel}"


def _is_id_name(place: tuple[Part, str], names: tuple[str, ...]) -> bool:
    part, channel = place
    layer = channel.lower().split(".")
    if names is ID_NAMES and part.channels[channel].dtype == np.uint32:
        return True
    return layer[-1] in names or (len(layer) > 1 and layer[-1] in ("x", "v", "y") and layer[-2] in names)


def _colour_groups(part: Part) -> dict[str, dict[str, str]]:
    """Layers that have R, G and B, however spelt: layer name -> {"r": channel, ...}."""
    groups: dict[str, dict[str, str]] = {}
    for channel in part.channels:
        layer, _, last = channel.rpartition(".")
        if last.lower() in ("r", "g", "b", "a", "red", "green", "blue", "alpha"):
            groups.setdefault(layer, {})[last[0].lower()] = channel
    whole = {layer: group for layer, group in groups.items() if {"r", "g", "b"} <= set(group)}
    return {
        _full(part, layer) if layer else (part.name or "RGB"): group
        for layer, group in whole.items()
        if not _is_crypto(layer)
    }


def _is_crypto(layer: str) -> bool:
    last = layer.split(".")[-1].lower()
    return "crypto" in last and last[-2:].isdigit()


def _wanted(wanted: str, colours: dict[str, Any], singles: dict[str, Any]) -> ColourLayer | IdChannel | None:
    plain = wanted.lower()
    for name, (part, group) in colours.items():
        if plain in (name.lower(), part.name.lower()) or name.lower().endswith(f".{plain}"):
            return _colour_layer(name, part, group)
    for name, (part, channel) in singles.items():
        tail = name.lower().rpartition(".")[0]
        alone = plain == part.name.lower() and len(part.channels) == 1
        if alone or plain in (name.lower(), tail) or name.lower().endswith(f".{plain}") or tail.endswith(f".{plain}"):
            return _id_channel(name, part, channel)
    return None


def _what_there_is(colours: dict[str, Any], singles: dict[str, Any]) -> str:
    names = [*colours, *(name for name in singles if name.split(".")[-1].lower() not in "rgba")]
    return f"It has {', '.join(names[:12])}" + (" ..." if len(names) > 12 else "")


def _colour_layer(name: str, part: Part, group: dict[str, str]) -> ColourLayer:
    rgb = np.stack([part.channels[group[c]].astype(np.float32) for c in "rgb"], -1)
    alpha = None
    if "a" in group:
        alpha = np.clip(part.channels[group["a"]].astype(np.float32), 0, 1)
        alpha[part.outside] = 0
        partial = (alpha > 0) & (alpha < 1)
        if partial.any():  # EXR colour is associated: it was multiplied by alpha
            rgb[partial] /= alpha[partial][:, None]
    return ColourLayer(name, part, rgb, alpha)


def colour_codes(layer: ColourLayer, step: float) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """(H, W, 3) 8-bit codes of linear code / 255 values, and where a value is no code; `step` in codes."""
    scaled = np.nan_to_num(layer.rgb, nan=-1, posinf=2, neginf=-1) * np.float32(255)
    codes = np.clip(np.rint(scaled), 0, 255)
    odd = (np.abs(scaled - codes) > step).any(-1)
    return codes.astype(np.uint8), odd if odd.any() else None


def _id_channel(name: str, part: Part, channel: str) -> IdChannel:
    values = part.channels[channel]
    wide = np.nan_to_num(values.astype(np.float64), nan=0.5, posinf=0.5, neginf=0.5)
    wrong = (wide != np.rint(wide)) | (wide < 0) | (wide > NOTHING)
    fractions = int((wrong & ~part.outside).sum())
    return IdChannel(name, part, wide, fractions)


def channel_ids(source: IdChannel) -> Ids:
    """Ids (H, W); NOTHING outside the data window and where the channel says so (255 is an id here)."""
    ids: Ids = np.clip(np.rint(source.values.astype(np.float64)), 0, NOTHING).astype(np.uint16)
    ids[source.part.outside] = NOTHING
    return ids

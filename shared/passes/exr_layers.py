"""Which layer or channel of an EXR holds the labels, and its colours or ids.

One rule knows every candidate of all parts: what the artist named, else channels that are called ids, else the only
layer of colours, else the only channel. Where several fit equally none is taken: the refusal lists their full
names, any of which settles it as `--exr-layer`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.passes.exr import Part
from shared.passes.label_pass import Ids
from shared.values import Value

LOSSY = ("PXR24", "B44", "B44A", "DWAA", "DWAB")
ID_NAMES = ("id", "ids", "label", "labels", "class", "classid", "labelid")
INDEX_NAMES = ("y", "indexma", "indexob")  # ids only where the artist says so, or nothing else is there
NO_IDS = ("z", "zback", "depth", "a", "alpha", "ao", "mist", "ry", "by")  # never ids without the artist's word
SPELLINGS = (
    ("R", "G", "B", "A"),
    ("r", "g", "b", "a"),
    ("red", "green", "blue", "alpha"),
    ("Red", "Green", "Blue", "Alpha"),
)
HALF_EXACT = 2048  # up to here half floats are exact whole numbers
STRAIGHT_STEP = 0.1  # of an 8-bit code: farther from a whole one than this a float colour is none
PARTIAL_STEP = 0.3  # the same after a division by a half float's alpha
LISTED = 12  # names in a message

Channel = tuple[str, str]  # part and channel


class ColourLayer(Value):
    name: str
    part: Part
    rgb: NDArray[np.float32]  # (H, W, 3), unassociated
    alpha: NDArray[np.float32] | None
    step: NDArray[np.float32] | float  # of an 8-bit code: farther from a whole one than this a colour is none


class IdChannel(Value):
    name: str
    part: Part
    values: NDArray[Any]
    fractions: int  # pixels that are no whole number from 0 to 65535
    beyond: int  # pixels of a half channel beyond what half keeps exactly


class Candidate(Value):
    """A layer of colours (channels "r", "g", "b" and perhaps "a") or a single channel ("x")."""

    name: str
    part: Part
    channels: Mapping[str, str]

    @property
    def is_colour(self) -> bool:
        return "r" in self.channels

    @property
    def last(self) -> str:
        """What a single channel is called: its last word, or that before an X, V or Y."""
        words = self.channels["x"].lower().split(".")
        return words[-2] if len(words) > 1 and words[-1] in ("x", "v", "y") else words[-1]

    @property
    def is_named_id(self) -> bool:
        return not self.is_colour and self.last in ID_NAMES

    @property
    def may_be_id(self) -> bool:
        unsigned = not self.is_colour and self.part.channels[self.channels["x"]].dtype == np.uint32
        return unsigned or (not self.is_colour and self.last in INDEX_NAMES)


def candidates(parts: list[Part], claimed: Collection[Channel] = ()) -> list[Candidate]:
    """All colour layers, then all channels that belong to none, each with a name of its own.

    claimed: the channels of Cryptomattes.
    """
    layers: list[Candidate] = []
    singles: list[Candidate] = []
    for part in parts:
        free = [channel for channel in part.channels if (part.name, channel) not in claimed]
        groups = _colour_groups(free)
        for layer, group in groups:
            named = _full(part, layer) if layer else part.name or "RGB"
            layers.append(Candidate(_unused(named, part, layer, layers), part, group))
        grouped = {channel for _, group in groups for channel in group.values()}
        chroma = {channel.name.rpartition(".")[0] for channel in part.header.channels if _last(channel.name) == "ry"}
        for channel in free:
            if channel not in grouped and not (_last(channel) == "y" and channel.rpartition(".")[0] in chroma):
                named = _unused(_full(part, channel), part, channel, singles)
                singles.append(Candidate(named, part, {"x": channel}))
    return layers + singles


def choose(found: list[Candidate], wanted: str | None, encoding: str | None) -> ColourLayer | IdChannel:
    """The colour layer or id channel that holds the labels. Raises InputRefused listing what there is."""
    if wanted is not None:
        return _taken(called(found, wanted, encoding), encoding)
    colours = [one for one in found if one.is_colour]
    singles = [one for one in found if not one.is_colour]
    named = [one for one in singles if one.is_named_id]
    likely = [one for one in singles if one.may_be_id]
    alone = singles if len(singles) == 1 else []
    if encoding == "colour":
        order = [colours]
    elif encoding == "ids":
        order = [named, likely, [one for one in colours if _is_grey(one)], alone]
    else:
        numbers = [one for one in likely if one.last not in INDEX_NAMES] if colours else []
        order = [named, colours + numbers, likely, [one for one in alone if one.last not in NO_IDS]]
    fitting = next((some for some in order if some), [])
    if len(fitting) != 1:
        raise _unclear(fitting, found, encoding)
    return _taken(fitting[0], encoding)


def _taken(one: Candidate, encoding: str | None) -> ColourLayer | IdChannel:
    if not one.is_colour:
        if encoding == "colour":
            raise InputRefused(f"{one.name} is a single channel, no layer of colours", remedy="Leave out --encoding")
        return _id_channel(one.name, one.part, one.channels["x"])
    if encoding == "ids":
        if not _is_grey(one):
            raise InputRefused(
                f"R, G and B of {one.name} differ, so they are colours and no ids",
                remedy="Leave out --encoding, or name the id channel with --exr-layer",
            )
        return _id_channel(one.name, one.part, one.channels["r"])
    return colour_layer(one)


def called(found: list[Candidate], wanted: str, encoding: str | None = None, option: str = "--exr-layer") -> Candidate:
    """The one that a word of the artist, said by `option`, means: a full name, else a part, layer or end of a name."""
    plain = wanted.lower()
    members = [
        Candidate(_full(one.part, channel), one.part, {"x": channel})
        for one in found
        if one.is_colour
        for channel in one.channels.values()
    ]
    everything = found + members

    def layer(one: Candidate) -> str:
        return one.name.lower() if one.is_colour else one.name.lower().rpartition(".")[0]

    steps: tuple[tuple[Iterable[Candidate], Callable[[Candidate], bool]], ...] = (
        (everything, lambda one: one.name == wanted),
        (everything, lambda one: one.name.lower() == plain),
        (found, lambda one: plain in (one.part.name.lower(), layer(one))),
        (everything, lambda one: one.name.lower().endswith(f".{plain}")),
        (found, lambda one: layer(one).endswith(f".{plain}")),
        (found, lambda one: one.name.lower().startswith(f"{plain}.")),
    )
    for among, fits in steps:
        fitting = [one for one in among if fits(one)]
        if encoding == "ids":
            fitting = [one for one in fitting if not one.is_colour] or fitting
        elif any(one.is_colour for one in fitting):
            fitting = [one for one in fitting if one.is_colour or (encoding is None and one.is_named_id)]
        if len(fitting) > 1:
            raise InputRefused(
                f"{len(fitting)} layers or channels of the EXR are called {wanted!r}",
                remedy=f"Say which with {option}: {listed(one.name for one in fitting)}",
            )
        if fitting:
            return fitting[0]
    raise InputRefused(f"the EXR has no layer or channel {wanted!r}", remedy=_what_there_is(found))


def _unclear(fitting: list[Candidate], found: list[Candidate], encoding: str | None) -> InputRefused:
    if not found:
        return InputRefused(
            "the EXR has no layer of colours and no id channel",
            cause="Luminance and chroma, or a part of the resolution, hold no labels",
            remedy="Render labels as R, G, B or as a channel of ids",
        )
    colours = any(one.is_colour for one in found)
    what = "id channel" if encoding == "ids" or not colours else "colour layer"
    if len({one.is_colour for one in fitting}) > 1:
        what = "layer or channel"
    return InputRefused(
        f"which {what} of this EXR holds the labels is not clear",
        remedy=f"Say it with --exr-layer. {_what_there_is(found)}",
    )


def _what_there_is(found: list[Candidate]) -> str:
    return f"It has {listed(one.name for one in found)}" if found else "It has no colours and no ids"


def listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:LISTED]) + (f" and {len(every) - LISTED} more" if len(every) > LISTED else "")


def _last(channel: str) -> str:
    return channel.rpartition(".")[2].lower()


def _full(part: Part, channel: str) -> str:
    """A channel's name with its part, unless it already begins with it."""
    return channel if not part.name or channel.startswith(f"{part.name}.") else f"{part.name}.{channel}"


def _unused(name: str, part: Part, own: str, others: list[Candidate]) -> str:
    """The name, made longer where another layer has it: no two candidates share one."""
    taken = {other.name for other in others}
    while name in taken:
        name = f"{part.name or 'RGB'}.{own or 'RGB'}" if name != f"{part.name or 'RGB'}.{own or 'RGB'}" else f"{name}+"
    return name


def _colour_groups(channels: list[str]) -> list[tuple[str, dict[str, str]]]:
    """Layers that have R, G and B, in each spelling: layer name and {"r": channel, ...}."""
    found = []
    for layer in dict.fromkeys(channel.rpartition(".")[0] for channel in channels):
        own = {channel.rpartition(".")[2]: channel for channel in channels if channel.rpartition(".")[0] == layer}
        for red, green, blue, alpha in SPELLINGS:
            if red in own and green in own and blue in own:
                group = {"r": own[red], "g": own[green], "b": own[blue]}
                alphas = [own[spelt] for spelt in (alpha, *(one[3] for one in SPELLINGS)) if spelt in own]
                found.append((layer, {**group, "a": alphas[0]} if alphas else group))
    return found


def _is_grey(one: Candidate) -> bool:
    red, green, blue = (one.part.channels[one.channels[c]] for c in "rgb")
    return np.array_equal(red, green, equal_nan=True) and np.array_equal(green, blue, equal_nan=True)


def colour_layer(one: Candidate) -> ColourLayer:
    """The colours of a layer, not multiplied by alpha."""
    name, part, group = one.name, one.part, one.channels
    rgb = np.stack([part.channels[group[c]].astype(np.float32) for c in "rgb"], -1)
    if "a" not in group:
        return ColourLayer(name, part, rgb, None, STRAIGHT_STEP)
    alpha = np.clip(np.nan_to_num(part.channels[group["a"]].astype(np.float32)), 0, 1)
    alpha[part.outside] = 0
    partial = (alpha > 0) & (alpha < 1)
    if not partial.any():
        return ColourLayer(name, part, rgb, alpha, STRAIGHT_STEP)
    step = np.full(alpha.shape, STRAIGHT_STEP, np.float32)
    step[partial] = PARTIAL_STEP
    stored = rgb[partial]
    rgb[partial] = stored / alpha[partial][:, None]  # EXR colour is associated: it was multiplied by alpha
    if _off(rgb[partial]) > _off(stored) == 0:
        rgb[partial] = stored  # or it was not, against the rule: then what is stored is exact
    return ColourLayer(name, part, rgb, alpha, step)


def _off(colours: NDArray[np.float32]) -> int:
    scaled = np.nan_to_num(colours, nan=-1, posinf=2, neginf=-1) * np.float32(255)
    return int((np.abs(scaled - np.rint(scaled)) > PARTIAL_STEP).sum()) + int((scaled > 255.5).sum())


def colour_codes(layer: ColourLayer) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """(H, W, 3) 8-bit codes of linear code / 255 values, and where a value is no code."""
    scaled = np.nan_to_num(layer.rgb, nan=-1, posinf=2, neginf=-1) * np.float32(255)
    codes = np.clip(np.rint(scaled), 0, 255)
    step = layer.step if isinstance(layer.step, float) else layer.step[..., None]
    odd = (np.abs(scaled - codes) > step).any(-1)
    return codes.astype(np.uint8), odd if odd.any() else None


def whole_greys(layer: ColourLayer) -> bool:
    """Whether R, G and B are the same whole numbers, some above 1: ids in a picture, no colours."""
    if not layer.rgb.max() > 1:  # also where it is no number
        return False
    inside = ~layer.part.outside if layer.alpha is None else layer.alpha == 1
    values = layer.rgb[inside]
    grey = bool((values == values[:, :1]).all())
    return grey and bool((values == np.rint(values)).all()) and bool((values > 1).any())


def _id_channel(name: str, part: Part, channel: str) -> IdChannel:
    values = part.channels[channel]
    wide = np.nan_to_num(values.astype(np.float64), nan=0.5, posinf=0.5, neginf=0.5)
    wrong = (wide != np.rint(wide)) | (wide < 0) | (wide > NOTHING)
    fractions = int((wrong & ~part.outside).sum())
    beyond = int((~part.outside & (wide > HALF_EXACT)).sum()) if values.dtype == np.float16 else 0
    return IdChannel(name, part, wide, fractions, beyond)


def channel_ids(source: IdChannel) -> Ids:
    """Ids (H, W); NOTHING outside the data window and where the channel says so (255 is an id here)."""
    ids: Ids = np.clip(np.rint(source.values.astype(np.float64)), 0, NOTHING).astype(np.uint16)
    ids[source.part.outside] = NOTHING
    return ids

"""Where the ranks of the Cryptomattes of an EXR lie: in one part or over several, announced in a header or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes.exr import Part
from shared.passes.label_pass import Coverage
from shared.values import Value

Entry = dict[str, str]  # what a header says of one Cryptomatte
Layers = dict[str, dict[str, list[tuple[Part, str]]]]
LETTERS = ("r", "g", "b", "a", "red", "green", "blue", "alpha")
LOST = re.compile(r"(.*crypto.*?)\d\d")  # the layers of a Cryptomatte whose attributes got lost


class Crypto(Value):
    """One Cryptomatte of a file. pairs: (id bits uint32, coverage float32), each (H, W), best rank first."""

    name: str  # with the part's where several have one of that title
    title: str  # as in the attributes, "" where there are none
    part: Part  # that has the first rank
    pairs: list[tuple[NDArray[np.uint32], Coverage]]
    channels: frozenset[tuple[str, str]]  # part and channel
    manifest: str = ""  # JSON text, "" where there is none
    sidecar: str = ""  # file name, "" where there is none
    flaw: InputRefused | None = None  # why it cannot be used; it matters only where it is chosen


def find(parts: list[Part]) -> list[Crypto]:
    """All Cryptomattes: those that the headers announce, and those whose attributes got lost.

    The ranks of one may lie in several parts. Where several parts (views) each begin one, each is one.
    """
    layers = _layers(parts)
    entries: dict[str, dict[str, Entry]] = {}  # name -> part -> entry
    for part in parts:
        for entry in _entries(part):
            entries.setdefault(entry.get("name", ""), {}).setdefault(part.name, {}).update(entry)
    found: list[Crypto] = []
    for name, own in entries.items():
        found += _gathered(name, layers, own) if name else []
    lost = {match[1] for layer in layers if (match := LOST.fullmatch(layer))}
    for name in sorted(lost):
        claimed = {channel for crypto in found for channel in crypto.channels}
        found += [crypto for crypto in _gathered(name, layers, {}) if not crypto.channels & claimed]
    return found


def _entries(part: Part) -> Iterable[Entry]:
    found: dict[str, Entry] = {}
    for attribute in part.header.attributes:
        match = re.fullmatch(r"cryptomatte/([^/]{1,32})/(name|hash|conversion|manifest|manif_file)", attribute)
        if match:
            found.setdefault(match[1], {})[match[2]] = part.header.text(attribute) or ""
    return found.values()


def _layers(parts: list[Part]) -> Layers:
    """Layer, in small letters -> "r", "g", "b", "a" -> the channels of that name in all parts.

    A layer is named before the channel's last point, by the part (which may carry the view's name at its end), or
    by both.
    """
    found: Layers = {}
    for part in parts:
        own = part.name.removesuffix(f".{part.header.text('view') or ''}")
        for channel in part.channels:
            layer, _, last = channel.rpartition(".")
            if last.lower() in LETTERS:
                for name in {layer or own, f"{own}.{layer}" if own and layer else layer or own}:
                    found.setdefault(name.lower(), {}).setdefault(last[0].lower(), []).append((part, channel))
    return found


def _gathered(name: str, layers: Layers, entries: Mapping[str, Entry]) -> list[Crypto]:
    """The Cryptomattes of one name: one, or one for each part that begins one; none where there are no ranks."""
    of_name = re.compile(re.escape(name.lower()) + r"(\d\d)")
    first = min((layer for layer in layers if of_name.fullmatch(layer)), default="")
    starts = [part for part, _ in layers.get(first, {}).get("r", [])]
    announced: Entry = {}
    for entry in entries.values():  # the same in every part, or only in some
        announced.update({key: value for key, value in entry.items() if value})
    found = []
    for start in starts:
        alone = len(starts) == 1
        full = name if alone else f"{start.name}.{name}"
        ranks: dict[int, dict[str, tuple[Part, str]]] = {}
        flaw = None
        for layer, channels in layers.items():
            match = of_name.fullmatch(layer)
            for letter, places in channels.items() if match else ():
                own = [place for place in places if alone or _together(place[0], start)]
                if match and own:
                    ranks.setdefault(int(match[1]), {})[letter] = own[0]
                if len(own) > 1:
                    flaw = _twice(full, layer, own)
        preview = {(part.name, channel) for places in layers.get(name.lower(), {}).values() for part, channel in places}
        entry = {**announced, **entries.get(start.name, {})}
        found.append(_crypto(full, start, ranks, frozenset(preview), entry, flaw))
    return found


def _together(part: Part, start: Part) -> bool:
    """Whether a part goes with that which begins a Cryptomatte: itself, or another part of the same view."""
    view = start.header.text("view")
    return part is start or (view is not None and part.header.text("view") == view)


def _twice(name: str, layer: str, places: list[tuple[Part, str]]) -> InputRefused:
    return InputRefused(
        f"the Cryptomatte {name} has {len(places)} layers {layer}: in the parts "
        + ", ".join(part.name for part, _ in places),
        remedy="Write each Cryptomatte once",
    )


def _crypto(
    name: str,
    start: Part,
    ranks: Mapping[int, Mapping[str, tuple[Part, str]]],
    preview: frozenset[tuple[str, str]],
    entry: Entry,
    flaw: InputRefused | None,
) -> Crypto:
    pairs: list[tuple[NDArray[np.uint32], Coverage]] = []
    if entry.get("hash", "MurmurHash3_32") != "MurmurHash3_32":
        flaw = InputRefused(
            f"the Cryptomatte {name} uses the hash {entry['hash']}, which is not known", remedy="Use MurmurHash3_32"
        )
    for rank in range(max(ranks) + 1):
        for letters in ("rg", "ba"):
            there = [ranks[rank][letter] for letter in letters if rank in ranks and letter in ranks[rank]]
            if not there and rank == max(ranks):
                continue  # the last rank may be half of one
            if len(there) < 2:
                flaw = flaw or InputRefused(
                    f"the Cryptomatte {name} lacks channels of its rank {rank:02d}",
                    cause="Some of its layers were left out when the file was written",
                    remedy="Write the file again with all layers of the Cryptomatte",
                )
                continue
            bits, cover = (part.channels[channel] for part, channel in there)
            if bits.dtype not in (np.float32, np.uint32) or not np.issubdtype(cover.dtype, np.floating):
                flaw = flaw or InputRefused(
                    f"the Cryptomatte {name} is stored with {bits.dtype} ids and {cover.dtype} coverage",
                    cause="Ids need all 32 bits, coverage is a part of 1",
                    remedy="Write Cryptomattes as 32-bit float",
                )
            elif bits.shape != (start.height, start.width):
                flaw = flaw or InputRefused(f"the ranks of the Cryptomatte {name} differ in size")
            else:
                pairs.append(
                    (np.ascontiguousarray(bits).view(np.uint32), np.nan_to_num(cover.astype(np.float32, copy=False)))
                )
    return Crypto(
        name,
        entry.get("name", ""),
        start,
        pairs,
        preview.union((part.name, channel) for own in ranks.values() for part, channel in own.values()),
        entry.get("manifest", ""),
        entry.get("manif_file", ""),
        flaw,
    )

"""Instance passes: from a file of any renderer to one number per object, and per material within it where it tells.

What counts is which neighbours differ. A number stands for the same part on every frame where the file's values do:
whole numbers are taken as they are, everything else (colours, floats, Cryptomatte hashes) by its bits. Nothing is ever
averaged: of a Cryptomatte a pixel belongs to whatever covers most of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared import instance_code
from shared.errors import InputRefused
from shared.passes import cryptomatte, exr, exr_layers, formats, pictures
from shared.passes.cryptomatte_ranks import Crypto, find
from shared.passes.exr_layers import Candidate
from shared.passes.label_pass import Coverage
from shared.values import Value

Numbers = NDArray[np.int32]  # (H, W)
Bits = NDArray[np.uint32]  # (H, W)

NOTHING = -1  # the number of what is no object, where the file says so
# What a channel is called, in small letters and digits alone: numbers of objects, and of their materials.
_OBJECT = re.compile(r"ids?|instances?(id)?|object(id|index|number)?|indexob|node(id)?|renderid|shapeid|parts?(id)?")
_MATERIAL = re.compile(r"material(id|index|number)?|indexma|mtl(id)?|matid|shaderid")
REMEDY = "Render ids without a filter (closest, one sample, no anti-aliasing), or give a Cryptomatte"


class InstancePass(Value):
    """A frame's numbers. kind: what was read, for people; raw: (H, W) or (H, W, n) as stored, None of hashes."""

    kind: str
    numbers: Numbers
    raw: NDArray[Any] | None = None


def read_instances(path: Path, wanted: str | None = None) -> InstancePass:
    """A frame's instance pass. wanted: the EXR layer, channel or Cryptomatte that the artist named.

    Raises MissingInput or InputRefused naming the file, the cause and the remedy.
    """
    try:
        with np.errstate(all="ignore"):  # what is infinite or no number is a value like others
            if pictures.read_head(path).startswith(pictures.EXR):
                return _of_exr(path, wanted)
            return _of_picture(path)
    except InputRefused as error:
        raise error.located(file=path) from None


def _of_picture(path: Path) -> InstancePass:
    raw = formats.read_picture(path)
    if raw.lossy or raw.kind == "JPEG":
        raise InputRefused(
            f"this is a {raw.lossy.upper() or raw.kind}, which keeps no numbers",
            cause="Its compression changes values, so that neighbours of one object differ",
            remedy="Save the pass as PNG or EXR",
        )
    coded = None if raw.samples.ndim == 2 or raw.samples.dtype != np.uint8 else _decoded(raw.samples)
    if coded is not None:
        return InstancePass(f"{raw.kind} of coded numbers", coded)
    return InstancePass(raw.kind, numbered([raw.samples]), raw.samples)


def _decoded(colours: NDArray[np.uint8]) -> Numbers | None:
    """The numbers of `instance_code`; None where these colours (H, W, 3) are other ones. Raises InputRefused."""
    whole = colours.astype(np.int32)
    low, high = whole[..., 0], whole[..., 1]
    check = np.array([instance_code.check(value, 0) for value in range(256)])[low] ^ (151 * high & 255)
    sound = check == whole[..., 2]
    if not sound.all():
        packed = numbered([colours])
        values, counts = np.unique(packed, return_counts=True)
        rest = packed != values[counts.argmax()]  # what is behind all may be sound by chance
        if not (sound.mean() > 0.5 and sound[rest].mean() > 0.5):
            return None
        row, column = np.argwhere(~sound)[0].tolist()
        raise InputRefused(
            f"{(~sound).sum()} of {sound.size} pixels are no number of the code, first at {column}, {row}",
            cause="Numbers were mixed at the edges (anti-aliasing, resize), or a view transform or dither changed them",
            remedy=REMEDY,
        )
    numbers: Numbers = np.where((low == 255) & (high == 255), NOTHING, low + 256 * high).astype(np.int32)
    return numbers


def _of_exr(path: Path, wanted: str | None) -> InstancePass:
    parts = exr.read_exr(path)
    cryptos = find(parts)
    found = exr_layers.candidates(parts, {channel for crypto in cryptos for channel in crypto.channels})
    if wanted is not None:
        if named := cryptomatte.called(cryptos, wanted):
            return _of_cryptomattes(named)
        return _of_channels([exr_layers.called(found, wanted, option="--instance-layer")])
    if any(not crypto.flaw or not found for crypto in cryptos):
        return _of_cryptomattes(cryptos)
    return _of_channels(_chosen(found))


def _of_cryptomattes(cryptos: list[Crypto]) -> InstancePass:
    """Objects (else assets) and the materials of the same view layer. Raises InputRefused where several fit."""
    sound = [crypto for crypto in cryptos if crypto.flaw is None]
    if not sound:
        assert cryptos[0].flaw is not None
        raise cryptos[0].flaw
    kinds = {kind: [one for one in sound if kind in one.name.lower()] for kind in ("object", "asset", "material")}
    things = kinds["object"] or kinds["asset"]
    if not things or len(sound) == 1:
        things, kinds["material"] = sound, []
    views = {cryptomatte.view_of(one.name) for one in (*things, *kinds["material"])}
    if len(things) > 1 or len(kinds["material"]) > 1 or len(views) > 1:
        raise InputRefused(
            f"which Cryptomatte tells the objects apart is not clear: {len(sound)} fit",
            remedy=f"Say it with --instance-layer: {', '.join(crypto.name for crypto in sound)}",
        )
    own = _ranked(things[0])
    if not kinds["material"]:
        return InstancePass(f"Cryptomatte {things[0].name}", _by_hash([own[0][0]]))
    material = _within(own, _ranked(kinds["material"][0]))
    names = f"{things[0].name} and {kinds['material'][0].name}"
    return InstancePass(f"Cryptomatte {names}", _by_hash([own[0][0], material]))


def _ranked(crypto: Crypto) -> list[tuple[Bits, Coverage]]:
    """What covers each pixel, most first; 0 stands for what is not covered."""
    bits = np.stack([one for one, _ in crypto.pairs])
    cover = np.stack([np.where(one != 0, cover, 0) for one, cover in crypto.pairs])
    rest = np.clip(1 - cover.sum(0), 0, 1)
    rest[crypto.part.outside] = 1
    bits, cover = np.concatenate([bits, 0 * bits[:1]]), np.concatenate([cover, rest[None]])
    order = np.argsort(-cover, axis=0, kind="stable")
    return list(zip(np.take_along_axis(bits, order, 0), np.take_along_axis(cover, order, 0), strict=True))


def _within(things: list[tuple[Bits, Coverage]], materials: list[tuple[Bits, Coverage]]) -> Bits:
    """The material of what covers each pixel most.

    Both are averages over the pixel, so at an edge what covers most of it may have another material than what is most
    there. Where the two together cover more than the pixel they do lie on one another; these pairs are the ones that
    there are, and of them the one that covers most is taken elsewhere.
    """
    (bits, cover), (found, most) = things[0], materials[0]
    found = found.copy()
    pairs = _pairs(bits, found)
    known = np.unique(pairs[cover + most > 1])
    rows, columns = np.nonzero(~np.isin(pairs, known))
    for other, there in materials[1:]:
        instead = other[rows, columns]
        fits = (there[rows, columns] > 0) & np.isin(_pairs(bits[rows, columns], instead), known)
        found[rows[fits], columns[fits]] = instead[fits]
        rows, columns = rows[~fits], columns[~fits]
    return found


def _pairs(a: Bits, b: Bits) -> NDArray[np.uint64]:
    return a.astype(np.uint64) << np.uint64(32) | b


def _by_hash(planes: list[Bits]) -> Numbers:
    numbers = mixed(planes)
    numbers[planes[0] == 0] = NOTHING
    return numbers


def _chosen(found: list[Candidate]) -> list[Candidate]:
    """Numbers of objects and of materials, else the only layer of colours, else the only channel."""
    singles = [one for one in found if not one.is_colour]
    objects = [one for one in singles if _OBJECT.fullmatch(_plain(one))]
    materials = [one for one in singles if _MATERIAL.fullmatch(_plain(one))]
    if objects or materials:
        fitting = [*objects, *materials]
        clear = len(objects) <= 1 and len(materials) <= 1
    else:
        alone = [one for one in singles if one.last not in exr_layers.NO_IDS]
        fitting = [one for one in found if one.is_colour] or alone
        clear = len(fitting) == 1
    if not clear:
        names = exr_layers.listed(one.name for one in fitting or found)
        raise InputRefused(
            "which channel of this EXR tells the objects apart is not clear",
            remedy=f"Say it with --instance-layer. It has {names}" if names else "Render object ids or a Cryptomatte",
        )
    return fitting


def _plain(one: Candidate) -> str:
    return re.sub(r"[^a-z0-9]", "", one.last)


def _of_channels(chosen: list[Candidate]) -> InstancePass:
    planes = [one.part.channels[channel] for one in chosen for name, channel in one.channels.items() if name != "a"]
    names = " and ".join(one.name for one in chosen)
    half = [plane for plane in planes if plane.dtype == np.float16 and (np.abs(plane) > exr_layers.HALF_EXACT).any()]
    if half:
        raise InputRefused(
            f"{names} has numbers above {exr_layers.HALF_EXACT} in half floats",
            cause="Half floats have not every whole number beyond that, so objects run into one another",
            remedy="Write ids as 32-bit float or integer",
        )
    packed = chosen[0].part.compression
    if packed in exr_layers.LOSSY and any((plane != np.rint(plane)).any() for plane in planes):
        raise InputRefused(
            f"{names} is compressed with {packed}, which loses ids",
            remedy="Write ids with ZIP, PIZ or RLE compression",
        )
    numbers = numbered(planes)
    numbers[chosen[0].part.outside] = NOTHING
    return InstancePass(f"EXR {names}", numbers, np.stack([plane.astype(np.float64) for plane in planes], -1))


def numbered(planes: Iterable[NDArray[Any]]) -> Numbers:
    """One number for each value, or each row of values, of planes (H, W) or (H, W, n)."""
    single = [one for plane in planes for one in ([plane] if plane.ndim == 2 else np.moveaxis(plane, 2, 0))]
    if len(single) > 1 and all(one.dtype == np.uint8 for one in single):
        return np.asarray(sum(one.astype(np.int32) << 8 * place for place, one in enumerate(single)), np.int32)
    return mixed([_bits(one) for one in single])


def _bits(plane: NDArray[Any]) -> Bits:
    """Whole numbers as they are, all others by the bits of a float."""
    if plane.dtype.kind in "ui":
        return plane.astype(np.uint32)
    values = plane.astype(np.float32) + np.float32(0)  # -0 is 0
    whole = (values == np.rint(values)) & (np.abs(values) < 2**31)
    return np.where(whole, np.where(whole, values, 0).astype(np.int64), values.view(np.uint32)).astype(np.uint32)


def mixed(planes: list[Bits]) -> Numbers:
    """One plane as it is; of several, a number that no other row of values has but by a chance of one in 2**32."""
    found = planes[0]
    for plane in planes[1:]:  # a step of MurmurHash3, as good as any
        found = (found ^ plane * np.uint32(0xCC9E2D51)) * np.uint32(0x1B873593)
        found = found ^ found >> np.uint32(15)
    return found.view(np.int32).copy()


def slopes(raw: NDArray[Any]) -> float:
    """The share of steps that go on in the same direction a pixel farther, 0..1: where values were averaged.

    On 78 frames of numbered parts, as ids, floats and colours, 0.09 at most; averaged over 2x2 pixels 0.15 to 0.45,
    blurred or enlarged 0.32 to 0.80.
    """
    values = raw.astype(np.float64)
    values = values if values.ndim == 3 else values[..., None]
    go_on, count = 0, 0
    for along in (values, values.swapaxes(0, 1)):
        change = np.nan_to_num(np.diff(along, axis=1))
        there: NDArray[np.bool_] = np.asarray(change.any(2))
        first, second = change[:, :-1], change[:, 1:]
        go_on += int((there[:, :-1] & there[:, 1:] & (first * second >= 0).all(2)).sum())
        count += int(there.sum())
    return go_on / count if count else 0.0

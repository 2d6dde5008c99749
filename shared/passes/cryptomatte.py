"""Cryptomatte (Psyop, specification 1.2): coverage per name, and from names to classes.

Ranks hold pairs of id and coverage; an id is the 32-bit MurmurHash3 of a name, stored as the bits of a
float. Bits are compared as integers: an id is never averaged, resized or compared as a float. Some renderers
list the raw hash in the manifest while the pixels hold the one with its exponent fixed (a float's
exponent must not be 0 or 255), so both are looked up. The manifest is not needed where names are classes:
class names and aliases are hashed here.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused, SemrenderError
from shared.label_set import NOTHING, LabelSet
from shared.passes.exr import LOSSY, Part
from shared.passes.label_pass import Coverage, Ids, ReadOptions

MAX_MANIFEST = 64 * 2**20  # bytes
LEAST = 1e-4  # coverage below this is none


@dataclass(frozen=True)
class Crypto:
    """One Cryptomatte of a file. pairs: (id bits uint32, coverage float32), each (H, W), best rank first."""

    name: str
    part: Part
    pairs: list[tuple[NDArray[np.uint32], Coverage]]
    manifest: str  # JSON text, "" where there is none
    sidecar: str  # file name, "" where there is none


@dataclass(frozen=True)
class Result:
    ids: Ids
    coverage: Coverage
    soft: dict[int, Coverage]
    warnings: tuple[str, ...]


def murmur3(name: str) -> int:
    """32-bit MurmurHash3 (x86, seed 0) of a name in UTF-8, as Cryptomatte uses it."""
    data = name.encode()
    value = 0
    for start in range(0, len(data) // 4 * 4, 4):
        value ^= _scramble(int.from_bytes(data[start : start + 4], "little"))
        value = ((value << 13 | value >> 19) * 5 + 0xE6546B64) & 0xFFFFFFFF
    tail = data[len(data) // 4 * 4 :]
    if tail:
        value ^= _scramble(int.from_bytes(tail, "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


def _scramble(block: int) -> int:
    block = block * 0xCC9E2D51 & 0xFFFFFFFF
    return (block << 15 | block >> 17) * 0x1B873593 & 0xFFFFFFFF


def fixed(value: int) -> int:
    """The hash as pixels hold it: with an exponent that makes an ordinary float."""
    return value ^ 1 << 23 if value >> 23 & 255 in (0, 255) else value


def find(parts: list[Part]) -> list[Crypto]:
    """All Cryptomattes that the headers announce. Raises InputRefused for damaged ones."""
    found = []
    for part in parts:
        entries: dict[str, dict[str, str]] = {}
        for key, value in part.header.items():
            match = re.fullmatch(r"cryptomatte/([^/]{1,32})/(name|hash|conversion|manifest|manif_file)", str(key))
            if match:
                entries.setdefault(match[1], {})[match[2]] = value if isinstance(value, str) else str(value)
        for entry in entries.values():
            name = entry.get("name", "")
            if entry.get("hash", "MurmurHash3_32") != "MurmurHash3_32":
                raise InputRefused(f"the Cryptomatte {name} uses the hash {entry['hash']}, which is not known")
            pairs = _pairs(part, name)
            if pairs:
                found.append(Crypto(name, part, pairs, entry.get("manifest", ""), entry.get("manif_file", "")))
    return found


def _pairs(part: Part, name: str) -> list[tuple[NDArray[np.uint32], Coverage]]:
    channels = {channel.lower(): channel for channel in part.channels}
    short = {"r": "red", "g": "green", "b": "blue", "a": "alpha"}
    pairs: list[tuple[NDArray[np.uint32], Coverage]] = []
    for rank in range(100):
        layer = f"{name}{rank:02d}".lower()
        for identity, coverage in (("r", "g"), ("b", "a")):
            names = [channels.get(f"{layer}.{c}", channels.get(f"{layer}.{short[c]}")) for c in (identity, coverage)]
            if names[0] is None or names[1] is None:
                return pairs
            bits, cover = part.channels[names[0]], part.channels[names[1]]
            if bits.dtype != np.float32 or cover.dtype != np.float32:
                raise InputRefused(
                    f"the Cryptomatte {name} is stored with {bits.dtype} samples",
                    cause="Ids need all 32 bits",
                    remedy="Write Cryptomattes as 32-bit float",
                )
            pairs.append((bits.view(np.uint32), np.nan_to_num(cover)))
    return pairs


def manifest(crypto: Crypto, path: Path) -> dict[int, str]:
    """Hash as pixels hold it -> name, from the header or the sidecar file beside the picture.

    A sidecar that is named outside the picture's folder is refused.
    """
    text = crypto.manifest
    if not text and crypto.sidecar:
        beside = path.parent / crypto.sidecar
        if beside.resolve().parent != path.parent.resolve():
            raise InputRefused("the Cryptomatte's manifest is named outside its folder", file=crypto.sidecar)
        if not beside.is_file():
            return {}
        if beside.stat().st_size > MAX_MANIFEST:
            raise InputRefused("the Cryptomatte's manifest is too large", file=beside)
        text = beside.read_text(encoding="utf-8", errors="replace")
    if not text:
        return {}
    try:
        data = json.loads(text)
        return {fixed(int(str(value), 16)): str(name) for name, value in data.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputRefused(f"the manifest of the Cryptomatte {crypto.name} is damaged", cause=str(error)) from error


def choose(
    path: Path, cryptos: list[Crypto], label_set: LabelSet, options: ReadOptions
) -> tuple[Crypto, dict[int, int | str]]:
    """The Cryptomatte to use and its table: id bits -> class id, or the name that is no class.

    Without a word of the artist it is the one whose covered names are classes, materials before objects:
    an object's name says what it is called, a material's what it looks like. Raises InputRefused.
    """
    if not cryptos:
        raise InputRefused("the EXR has no Cryptomatte", remedy="Render one, or leave out --encoding and --crypto")
    names = ", ".join(crypto.name for crypto in cryptos)
    if options.crypto is not None:
        cryptos = [crypto for crypto in cryptos if options.crypto.lower() in crypto.name.lower()]
        if not cryptos:
            raise InputRefused(f"the EXR has no Cryptomatte {options.crypto!r}", remedy=f"It has {names}")
    tables = [(crypto, mapping(crypto, path, label_set, options)) for crypto in cryptos]
    tables.sort(key=lambda pair: (-round(_known_share(*pair), 3), "material" not in pair[0].name.lower()))
    return tables[0]


def _known_share(crypto: Crypto, table: Mapping[int, int | str]) -> float:
    bits, cover = crypto.pairs[0]
    values, place = np.unique(bits, return_inverse=True)
    area = np.bincount(place.ravel(), cover.ravel())
    covered = sum(float(a) for v, a in zip(values, area, strict=True) if isinstance(table.get(int(v)), int))
    return covered / max(1.0, float(cover.sum()))


def mapping(crypto: Crypto, path: Path, label_set: LabelSet, options: ReadOptions) -> dict[int, int | str]:
    """Id bits -> class id where the name means a class, else the name."""
    table: dict[int, int | str] = {}
    for label in label_set.labels:
        for name in (label.name, *label.aliases):
            table[fixed(murmur3(name))] = label.id
    for bits, name in manifest(crypto, path).items():
        identity = class_of(name, label_set, options.names)
        table[bits] = name if identity is None else identity
    for pattern, class_name in options.names.items():
        if not set("*?[") & set(pattern):
            table[fixed(murmur3(pattern))] = label_set.find(class_name).id
    return table


def class_of(name: str, label_set: LabelSet, names: Mapping[str, str]) -> int | None:
    """The class that a name means: by the artist's table, else the name itself without namespace and copy number."""
    for pattern, class_name in names.items():
        if fnmatch.fnmatchcase(name.lower(), pattern.lower()):
            return label_set.find(class_name).id
    last = re.split(r"[:/|]", name)[-1]
    for candidate in (name, last, re.sub(r"[._]\d+$", "", last)):
        try:
            return label_set.find(candidate).id
        except SemrenderError:
            continue
    return None


def decode(crypto: Crypto, table: Mapping[int, int | str], label_set: LabelSet, options: ReadOptions) -> Result:
    """Coverage per class and the class that covers most of each pixel. Raises InputRefused for unknown names."""
    shape = crypto.pairs[0][1].shape
    soft: dict[int, Coverage] = {}
    unknown: dict[str, float] = {}
    total = np.zeros(shape, np.float32)
    for bits, cover in crypto.pairs:
        cover = np.where((bits != 0) & (cover > LEAST), cover, np.float32(0))
        if not cover.any():
            continue
        total += cover
        values, place = np.unique(bits, return_inverse=True)
        place = place.reshape(shape)
        area = np.bincount(place.ravel(), cover.ravel(), len(values))
        classes = [table.get(int(value)) if size > 0 else None for value, size in zip(values, area, strict=True)]
        for value, size, found in zip(values, area, classes, strict=True):
            if size > 0 and not isinstance(found, int):
                name = found if isinstance(found, str) else f"{int(value):08x}"
                unknown[name] = unknown.get(name, 0.0) + float(size)
        lookup = np.array([found if isinstance(found, int) else NOTHING for found in classes], np.uint16)
        per_pixel = lookup[place]
        for identity in {found for found in classes if isinstance(found, int)}:
            soft.setdefault(identity, np.zeros(shape, np.float32))
            np.add(soft[identity], cover, out=soft[identity], where=per_pixel == identity)
    if unknown:
        raise _unknown(crypto, unknown, total, label_set)
    return _result(crypto, soft, total, label_set, options)


def _result(
    crypto: Crypto, soft: dict[int, Coverage], total: Coverage, label_set: LabelSet, options: ReadOptions
) -> Result:
    warnings: tuple[str, ...] = ()
    open_share = float((total < LEAST).mean())
    if options.uncovered is not None:
        identity = label_set.find(options.uncovered).id
        rest = np.clip(1 - total, 0, 1)
        rest[rest < LEAST] = 0
        rest[crypto.part.outside] = 0
        soft[identity] = soft.get(identity, np.zeros_like(rest)) + rest
        total = total + rest
    elif open_share > 0.001:
        warnings = (f"{open_share:.1%} of the frame is covered by no object; --uncovered gives it a class",)
    ids = np.full(total.shape, NOTHING, np.uint16)
    best = np.zeros(total.shape, np.float32)
    for identity in sorted(soft):
        cover = soft[identity]
        more = cover > best
        ids[more] = identity
        best = np.maximum(best, cover)
    clipped: Coverage = np.clip(total, 0, 1).astype(np.float32)
    clipped[clipped > 1 - LEAST] = 1
    return Result(ids, clipped, {i: np.clip(c, 0, 1) for i, c in soft.items()}, warnings)


def _unknown(crypto: Crypto, unknown: Mapping[str, float], total: Coverage, label_set: LabelSet) -> InputRefused:
    share = sum(unknown.values()) / max(1e-6, float(total.sum()))
    listed = sorted(unknown, key=lambda name: -unknown[name])
    words = ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
    junk = all(re.fullmatch("[0-9a-f]{8}", name) for name in listed)
    if junk and crypto.part.compression in LOSSY:
        cause = f"The file is compressed with {crypto.part.compression}, which destroys Cryptomatte ids"
        remedy = "Write Cryptomattes with ZIP, ZIPS or PIZ compression"
    elif junk:
        cause = "There is no manifest for them"
        if crypto.sidecar:
            cause = f"Their names are in {crypto.sidecar}, which is not beside the picture"
        remedy = "Render with the manifest embedded, or list the object names in --names"
    else:
        cause = f"The names of {crypto.name} are no classes of {label_set.name}"
        remedy = 'Map them with --names table.json, such as {"Tree*": "tree"}, or choose another with --crypto'
    return InputRefused(
        f"{len(listed)} names that cover {share:.1%} mean no class: {words}", cause=cause, remedy=remedy
    )

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
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from shared.errors import InputRefused, SemrenderError
from shared.label_set import NOTHING, LabelSet
from shared.passes.cryptomatte_ranks import Crypto
from shared.passes.exr_layers import LOSSY
from shared.passes.label_pass import Coverage, Ids, ReadOptions
from shared.values import Value
from shared.wording import counted

MAX_MANIFEST = 64 * 2**20  # bytes
LEAST = 1e-4  # coverage below this is none
HEX = re.compile("[0-9a-f]{8}")  # what an id without a name is called
SPLINTER = 3.0  # pixels: ids that no object has, made by mixing, cover less each
MOTE = 0.0005  # of what is covered: the same in a picture that was enlarged afterwards
MIXED = "resized, blurred or warped after rendering"
MANY = 50  # such ids
WILD = set("*?[")  # what makes a name of the artist's table a pattern


class Manifest(Value):
    names: dict[int, str]  # hash as pixels hold it -> name
    trouble: str  # why it could not be read, "" where it could or where there is none
    complete: bool  # read without trouble


class Choice(Value):
    crypto: Crypto
    table: dict[int, int | str]  # id bits -> class id, or the name that is no class
    manifest: Manifest
    known: float  # share of the covered area whose names are classes; 1 where nothing is covered


class Result(Value):
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


def manifest(crypto: Crypto, path: Path) -> Manifest:
    """Hash as pixels hold it -> name, from the header or the sidecar at or below the picture's folder.

    What cannot be had is no error here: where names are classes the table is not needed.
    """
    text, trouble = crypto.manifest, ""
    if not text and crypto.sidecar:
        text, trouble = _beside(path, crypto.sidecar)
    if not text:
        return Manifest({}, trouble, complete=False)
    try:
        data = json.loads(text)
        return Manifest({fixed(int(value, 16)): str(name) for name, value in data.items()}, "", complete=True)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Manifest(_salvaged(text), f"the manifest of the Cryptomatte {crypto.name} is damaged", complete=False)


def _beside(path: Path, name: str) -> tuple[str, str]:
    """The text of a sidecar manifest, or "" and why there is none."""
    try:
        beside = path.parent / name.replace("\\", "/")
        if not beside.resolve().is_relative_to(path.parent.resolve()):
            return "", f"the Cryptomatte's manifest {name} is named outside the picture's folder, where it is not read"
        if not beside.is_file():
            return "", f"the Cryptomatte's manifest {name} is not there"
        if beside.stat().st_size > MAX_MANIFEST:
            return "", f"the Cryptomatte's manifest {name} is too large"
        return beside.read_text(encoding="utf-8", errors="replace"), ""
    except (OSError, ValueError):  # no rights; a name that no file can have
        return "", f"the Cryptomatte's manifest {name} cannot be read"


def _salvaged(text: str) -> dict[int, str]:
    """The entries of a damaged manifest whose hash proves their name."""
    found = {}
    for name, value in re.findall(r'"((?:[^"\\]|\\.)*)"\s*:\s*"([0-9a-fA-F]{8})"', text):
        if fixed(murmur3(name)) == fixed(int(value, 16)):
            found[fixed(int(value, 16))] = name
    return found


def choose(path: Path, cryptos: list[Crypto], label_set: LabelSet, options: ReadOptions) -> Choice:
    """The Cryptomatte to use and its table: id bits -> class id, or the name that is no class.

    Without a word of the artist it is the one whose covered names are classes, materials before objects:
    an object's name says what it is called, a material's what it looks like. Those of several view layers or
    parts are never chosen from. Raises InputRefused.
    """
    if not cryptos:
        raise InputRefused("the EXR has no Cryptomatte", remedy="Render one, or leave out --encoding and --crypto")
    names = ", ".join(crypto.name for crypto in cryptos)
    if options.crypto is not None:
        cryptos = called(cryptos, options.crypto)
        if not cryptos:
            raise InputRefused(f"the EXR has no Cryptomatte {options.crypto!r}", remedy=f"It has {names}")
    sound = [crypto for crypto in cryptos if crypto.flaw is None]
    if not sound:
        assert cryptos[0].flaw is not None
        raise cryptos[0].flaw
    found = [_choice(crypto, path, label_set, options) for crypto in sound]
    known = [choice for choice in found if choice.known > 0] or found
    ranked = sorted(known, key=_order)
    tied = len(ranked) > 1 and _order(ranked[0]) == _order(ranked[1])
    if tied or len({view_of(choice.crypto.name) for choice in known}) > 1:
        raise InputRefused(
            f"which Cryptomatte holds the labels is not clear: {len(known)} fit",
            remedy=f"Say it with --crypto: {', '.join(choice.crypto.name for choice in known)}",
        )
    return ranked[0]


def _order(choice: Choice) -> tuple[float, bool]:
    return -round(choice.known, 3), "material" not in choice.crypto.name.lower()


def called(cryptos: list[Crypto], wanted: str) -> list[Crypto]:
    """Those of exactly that name, else those whose name has the word in it."""
    plain = wanted.lower()
    exact = [crypto for crypto in cryptos if crypto.name.lower() == plain]
    return exact or [crypto for crypto in cryptos if plain in crypto.name.lower()]


def view_of(name: str) -> str:
    """What is left of a name without its kind: the Cryptomattes of one view layer have it in common."""
    return re.sub(r"crypto|material|object|asset|[\W_]", "", name.lower())


def _choice(crypto: Crypto, path: Path, label_set: LabelSet, options: ReadOptions) -> Choice:
    names = manifest(crypto, path)
    table = mapping(names.names, label_set, options)
    return Choice(crypto, table, names, _known_share(crypto, table))


def _known_share(crypto: Crypto, table: Mapping[int, int | str]) -> float:
    bits, cover = crypto.pairs[0]
    cover = np.where((bits != 0) & (cover > LEAST), cover, np.float32(0))
    values, place = np.unique(bits, return_inverse=True)
    area = np.bincount(place.ravel(), cover.ravel())
    covered = sum(float(a) for v, a in zip(values, area, strict=True) if isinstance(table.get(int(v)), int))
    return covered / float(area.sum()) if area.sum() > 0 else 1.0


def mapping(manifest: Mapping[int, str], label_set: LabelSet, options: ReadOptions) -> dict[int, int | str]:
    """Id bits -> class id where the name means a class, else the name."""
    table: dict[int, int | str] = {}
    for label in label_set.labels:
        for name in (label.name, *label.aliases):
            table[fixed(murmur3(name))] = label.id
    told = _lookup(options.names)
    for bits, name in manifest.items():
        identity = _class(name, label_set, told(name))
        table[bits] = name if identity is None else identity
    for pattern, class_name in options.names.items():
        if HEX.fullmatch(pattern):  # an id without a name, as `semrender labels names` lists it
            table[int(pattern, 16)] = label_set.find(class_name).id
        if not WILD & set(pattern):
            table[fixed(murmur3(pattern))] = label_set.find(class_name).id
    return table


def class_of(name: str, label_set: LabelSet, names: Mapping[str, str]) -> int | None:
    """The class that a name means: by the artist's table, else the name itself without namespace and copy number."""
    return _class(name, label_set, _lookup(names)(name))


def _lookup(names: Mapping[str, str]) -> Callable[[str], str | None]:
    """What the artist's table says of a name: of all that fit the first. Names without pattern cost nothing each."""
    whole: dict[str, int] = {}
    patterns = []
    for place, pattern in enumerate(names):
        if WILD & set(pattern):
            patterns.append((place, pattern, re.compile(fnmatch.translate(pattern.lower()))))
        else:
            whole.setdefault(pattern.lower(), place)
    classes = list(names.values())

    def told(name: str) -> str | None:
        plain = name.lower()
        fitting = [place for place, text, pattern in patterns if text == name or pattern.match(plain)]
        fitting += [whole[plain]] if plain in whole else []
        return classes[min(fitting)] if fitting else None

    return told


def _class(name: str, label_set: LabelSet, told: str | None) -> int | None:
    if told is not None:
        return label_set.find(told).id
    last = re.split(r"[:/|]", name)[-1]
    for candidate in (name, last, re.sub(r"[._]\d+$", "", last)):
        try:
            return label_set.find(candidate).id
        except SemrenderError:
            continue
    return None


def decode(choice: Choice, label_set: LabelSet, options: ReadOptions) -> Result:
    """Coverage per class and the class that covers most of each pixel. Raises InputRefused for unknown names."""
    crypto, table = choice.crypto, choice.table
    shape = crypto.pairs[0][1].shape
    soft: dict[int, Coverage] = {}
    unknown: dict[str, float] = {}
    total = np.zeros(shape, np.float32)
    lost = np.zeros(shape, bool)
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
        lost |= (per_pixel == NOTHING) & (cover > 0)
        for identity in {found for found in classes if isinstance(found, int)}:
            soft.setdefault(identity, np.zeros(shape, np.float32))
            np.add(soft[identity], cover, out=soft[identity], where=per_pixel == identity)
    if unknown:
        raise _unknown(choice, unknown, total, label_set).showing(lost)
    return _result(choice, soft, total, label_set, options)


def _result(
    choice: Choice, soft: dict[int, Coverage], total: Coverage, label_set: LabelSet, options: ReadOptions
) -> Result:
    crypto, trouble = choice.crypto, choice.manifest.trouble
    warnings: tuple[str, ...] = (f"{trouble}; the names were known without it",) if trouble else ()
    if not crypto.title:
        warnings += ("the Cryptomatte's attributes are missing from the header; the names were known without them",)
    open_share = float((total < LEAST).mean())
    if options.uncovered is not None:
        identity = label_set.find(options.uncovered).id
        rest = np.clip(1 - total, 0, 1)
        rest[rest < LEAST] = 0
        rest[crypto.part.outside] = 0
        soft[identity] = soft.get(identity, np.zeros_like(rest)) + rest
        total = total + rest
    elif open_share > 0.001:
        warnings += (f"{open_share:.1%} of the frame is covered by no object; --uncovered gives it a class",)
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


def _unknown(choice: Choice, unknown: Mapping[str, float], total: Coverage, label_set: LabelSet) -> InputRefused:
    crypto, trouble = choice.crypto, choice.manifest.trouble
    share = sum(unknown.values()) / max(1e-6, float(total.sum()))
    listed = sorted(unknown, key=lambda name: -unknown[name])
    words = ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
    mean = counted(len(listed), f"name that covers {share:.1%} means", f"names that cover {share:.1%} mean")
    what = f"{mean} no class: {words}"
    nameless = [name for name in listed if HEX.fullmatch(name)]
    junk = len(nameless) > len(listed) / 2
    median = float(np.median([unknown[name] for name in nameless])) if nameless else 0.0
    small = junk and (median < SPLINTER or (len(nameless) > MANY and median < MOTE * float(total.sum())))
    if junk and crypto.part.compression in LOSSY:
        cause = f"The file is compressed with {crypto.part.compression}, which destroys Cryptomatte ids"
        remedy = "Write Cryptomattes with ZIP, ZIPS or PIZ compression"
    elif small and choice.manifest.complete:
        cause = f"{len(nameless)} ids are not those of the manifest: they were mixed ({MIXED})"
        remedy = "Use the renderer's own file; Cryptomattes are never resized with interpolation"
    elif nameless and not choice.manifest.complete:
        what = f"{trouble}, and {what}" if trouble else what
        cause = f"Without {crypto.sidecar or 'it'} only names that are classes are known"
        cause = cause if trouble else "There is no manifest for them"
        remedy = "Render with the manifest embedded, or list the object names in --names"
        if small and len(nameless) > MANY:
            cause += f". Each covers little: they may have been mixed ({MIXED})"
            remedy += ", or use the renderer's own file"
    elif junk:
        cause = "The manifest does not list them"
        remedy = "Render again with the whole manifest, or list the object names in --names"
    else:
        cause = f"The names of {crypto.name} are no classes of {label_set.name}"
        remedy = (
            'Map them with --names table.json, such as {"Tree*": "tree"}; `semrender labels names FILE --out names.csv`'
            " writes a table to fill in. Or choose another with --crypto, "
            "or other channels with --encoding or --exr-layer"
        )
    return InputRefused(what, cause=cause, remedy=remedy)

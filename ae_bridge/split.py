"""A multi-channel EXR becomes one EXR a pass: After Effects reads RGBA and nothing else.

Pixels keep their type and value, and every channel of the file is in one of the new ones. A Cryptomatte's rank
channels, wherever they lie, stay together in one file with its own `cryptomatte/...` attributes, which is what the
Cryptomatte effect finds them by.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.passes import cryptomatte_ranks, exr
from shared.passes.exr import Part, Pixels
from shared.passes.exr_header import Header, text_of
from shared.passes.exr_layers import SPELLINGS
from shared.values import Value

MAIN = "beauty"  # of the channels that have no layer name
AXES = {"X": "R", "Y": "G", "Z": "B", "W": "A", "U": "R", "V": "G"}
STRUCTURAL = (
    "channels",
    "compression",
    "lineOrder",
    "tiles",
    "chunkCount",
    "name",
    "type",
    "version",
    "multiView",
    "preview",
)
LOSSLESS = ("NO", "RLE", "ZIPS", "ZIP", "PIZ")  # and read by After Effects
LONGEST = 64  # characters of a pass's name


class Pass(Value):
    """One file to write. names: the shortest first; attributes: all but the structure of the old file."""

    names: tuple[str, ...]
    channels: Pixels
    header: Header
    attributes: dict[str, Any]


def split(file: Path, out: Path) -> list[Path]:
    """Write `out/<pass>/<stem>_<pass>.<number>.exr` for each pass of a file; returns the files.

    Nothing is written before the whole file is read and every channel has its place. Raises InputRefused for what
    is no EXR, damaged, deep or stored at a part of the resolution, SemrenderError where the disk refuses.
    """
    stored = exr.read_stored(file)
    for header, _ in stored:
        coarse = [channel.name for channel in header.channels if channel.sampling != (1, 1)]
        if coarse:
            raise InputRefused(
                f"the channels {', '.join(coarse)} are stored at a part of the resolution",
                file=file,
                cause="Luminance and chroma are no passes",
                remedy="Write the EXR with R, G and B",
            )
    passes = _passes(file, stored)
    name, number = numbered(file.stem)
    targets = [out / one / f"{name}_{one}{number}.exr" for one in _folders(passes)]
    return [_write(target, one) for target, one in zip(targets, passes, strict=True)]


def named_by(words: Iterable[Path]) -> list[Path]:
    """The files that words of the command line name; a shell of Windows leaves its * to us. Raises MissingInput."""
    files: list[Path] = []
    for word in words:
        found = sorted(word.parent.glob(word.name)) if "*" in word.name and not word.exists() else [word]
        if not found:
            raise MissingInput("no file has a name like this", file=word)
        files += found
    return files


def refuse_equal_names(files: Iterable[Path]) -> None:
    """Raise InputRefused where two files would be split into the same ones."""
    seen: dict[tuple[str, str], Path] = {}
    for file in files:
        other = seen.setdefault(numbered(file.stem), file)
        if other.absolute() != file.absolute():
            raise InputRefused(
                f"this file and {other} would become the same passes",
                file=file,
                remedy="Split them one after the other into different folders with --out",
            )


def numbered(stem: str) -> tuple[str, str]:
    """The name and `.1001` of a frame's file, "" for a still."""
    match = re.fullmatch(r"(.*?)[._]?(\d+)", stem)
    return (match[1], f".{match[2]}") if match and match[1] else (stem, "")


def _passes(file: Path, stored: list[tuple[Header, Pixels]]) -> list[Pass]:
    """All passes of a file, each channel in one of them."""
    parts = [exr.placed(file, header, pixels) for header, pixels in stored]
    cryptos = cryptomatte_ranks.find(parts)
    claimed = {channel for crypto in cryptos for channel in crypto.channels}
    attributes = _attributes(file, [header for header, _ in stored])
    found = []
    for (header, pixels), every in zip(stored, attributes, strict=True):
        layers: dict[str, Pixels] = {}
        for channel, values in pixels.items():
            if (header.name, channel) not in claimed:
                layer, _, last = channel.rpartition(".")
                layers.setdefault(layer, {})[last] = values
        own = {name: value for name, value in every.items() if not name.startswith("cryptomatte/")}
        for layer in sorted(layers):
            for last, channels in _files_of(layers[layer], named=bool(layer or header.name)):
                names = _names(header.name, layer, last)
                found.append(Pass(names, channels, header, own))
    of_parts = [
        (header, pixels, part, every) for (header, pixels), part, every in zip(stored, parts, attributes, strict=True)
    ]
    return found + [_crypto_pass(crypto, of_parts) for crypto in cryptos]


def _names(part: str, layer: str, last: str) -> tuple[str, ...]:
    """What a pass may be called: its layer, else its part; where that is not enough, both."""
    if last and not layer:
        return (last, f"{part}_{last}") if part else (last,)
    short, whole = layer or part or MAIN, "_".join(word for word in (part, layer) if word)
    end = f"_{last}" if last else ""
    return short + end, (whole or MAIN) + end


def _files_of(own: Pixels, named: bool) -> list[tuple[str, Pixels]]:
    """The channels of one layer as files that After Effects reads: "" and RGBA, or a channel's name and its grey."""
    for spelling in SPELLINGS:
        if set(spelling[:3]) <= set(own):
            colour = {letter: own[name] for letter, name in zip("RGBA", spelling, strict=True) if name in own}
            rest = [name for name in own if name not in spelling]
            return [("", colour), *((name, dict.fromkeys("RGB", own[name])) for name in rest)]
    axes = [AXES.get(name.upper(), name.upper()) for name in own]
    if len(own) > 1 and set(axes) <= set("RGBA") and len(set(axes)) == len(axes):
        blank = np.zeros_like(next(iter(own.values())))
        return [("", {**dict.fromkeys("RGB", blank), **dict(zip(axes, own.values(), strict=True))})]
    greys = [(name, dict.fromkeys("RGB", values)) for name, values in own.items()]
    return [("", greys[0][1])] if named and len(own) == 1 else greys


def _crypto_pass(crypto: cryptomatte_ranks.Crypto, of_parts: list[tuple[Header, Pixels, Part, dict[str, Any]]]) -> Pass:
    """A Cryptomatte with its channels' full names; at its place in the display window where its parts differ."""
    names = {part for part, _ in crypto.channels}
    of_parts = [one for one in of_parts if one[0].name in names]
    windows = {header.data_window for header, *_ in of_parts}
    channels: Pixels = {}
    attributes: dict[str, Any] = {}
    for header, pixels, part, every in of_parts:
        attributes |= {name: value for name, value in every.items() if _goes_with(name, header, crypto)}
        own = header.name.removesuffix(f".{header.text('view') or ''}")
        for channel in pixels:
            if (header.name, channel) in crypto.channels:
                full = channel if "." in channel else f"{own}.{channel}"
                channels[full] = pixels[channel] if len(windows) == 1 else part.channels[channel]
    header = crypto.part.header
    if len(windows) > 1:
        header = replace(header, data_window=header.display_window)
    return Pass((crypto.name,), channels, header, attributes)


def _goes_with(attribute: str, header: Header, crypto: cryptomatte_ranks.Crypto) -> bool:
    """Whether an attribute is this Cryptomatte's own, or of no Cryptomatte."""
    match = re.fullmatch(r"(cryptomatte/[^/]+)/.*", attribute)
    return match is None or (header.text(f"{match[1]}/name") or "") == crypto.title


def _folders(passes: list[Pass]) -> list[str]:
    """A name of its own for each pass, also where capitals do not count."""
    shortest = Counter(_plain(one.names[0]).lower() for one in passes)
    found: list[str] = []
    for one in passes:
        name = _plain(one.names[0] if shortest[_plain(one.names[0]).lower()] == 1 else one.names[-1])
        taken = {other.lower() for other in found}
        unused = (f"{name}_{count}" for count in range(2, len(passes) + 2) if f"{name}_{count}".lower() not in taken)
        found.append(name if name.lower() not in taken else next(unused))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:LONGEST] or MAIN


def _write(target: Path, one: Pass) -> Path:
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    pixels = {name: np.ascontiguousarray(values) for name, values in one.channels.items()}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        OpenEXR.File(_header_of(one), pixels).write(str(beside))
        os.replace(beside, target)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        beside.unlink(missing_ok=True)
        cause = (error.strerror or "") if isinstance(error, OSError) else ""
        raise SemrenderError(
            "the pass could not be written", file=target, cause=cause, remedy="Free space or allow writing"
        ) from error
    return target


def _header_of(one: Pass) -> dict[str, Any]:
    compression = one.header.compression if one.header.compression in LOSSLESS else "ZIP"
    left, top, right, bottom = one.header.data_window
    return {
        **{name: value for name, value in one.attributes.items() if name not in STRUCTURAL},
        "type": OpenEXR.scanlineimage,
        "compression": getattr(OpenEXR, f"{compression}_COMPRESSION"),
        "dataWindow": (np.array([left, top], np.int32), np.array([right, bottom], np.int32)),
    }


def _attributes(file: Path, headers: list[Header]) -> list[dict[str, Any]]:
    """The attributes of each part as the library takes them again; where it cannot read them, what we can."""
    try:
        with OpenEXR.File(str(file), header_only=True) as source:
            return [dict(part.header) for part in source.parts]
    except (RuntimeError, ValueError, ArithmeticError, TypeError):  # a text that is not UTF-8, a rate over 0
        return [_readable(header) for header in headers]


def _readable(header: Header) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (kind, data, _) in header.attributes.items():
        if kind == "string":
            found[name] = text_of(data)
        elif kind == "box2i":
            corners = np.frombuffer(data, "<i4").astype(np.int32)
            found[name] = corners[:2], corners[2:]
        elif kind == "v2f":
            found[name] = np.frombuffer(data, "<f4").astype(np.float32)
        elif kind == "chromaticities":
            found[name] = tuple(float(value) for value in np.frombuffer(data, "<f4"))
        elif (number := header.number(name)) is not None:
            found[name] = number
    return found

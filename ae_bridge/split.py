"""A multi-channel EXR becomes one EXR a pass: After Effects reads RGBA and nothing else.

Pixels keep their type and value. A Cryptomatte's rank channels stay together in one file with its own
`cryptomatte/...` attributes, which is what the Cryptomatte effect finds them by.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from shared.errors import InputRefused, SemrenderError

MAIN = "beauty"  # of the channels that have no layer name
AS_COLOUR = {"X": "R", "Y": "G", "Z": "B", "U": "R", "V": "G"}
STRUCTURAL = ("channels", "lineOrder", "tiles", "chunkCount", "name", "type", "version", "multiView", "preview")


def split(file: Path, out: Path) -> list[Path]:
    """Write `out/<pass>/<stem>_<pass>.<number>.exr` for each pass of a file; returns the files.

    Raises InputRefused for what is no EXR or has nothing in it, SemrenderError where the disk refuses.
    """
    try:
        with OpenEXR.File(str(file), separate_channels=True) as source:
            parts = [(dict(part.header), {n: c.pixels for n, c in part.channels.items()}) for part in source.parts]
    except Exception as error:  # whatever the library raises for a damaged file
        raise InputRefused("the EXR cannot be read", file=file, cause=str(error)) from error
    name, number = _numbered(file.stem)
    made = []
    for header, channels in parts:
        for layer, own in sorted(_passes(header, channels).items()):
            target = out / _plain(layer) / f"{name}_{_plain(layer)}{number}.exr"
            made.append(_write(target, _header_of(header, layer), own))
    if not made:
        raise InputRefused("the EXR has no channels", file=file)
    return made


def cryptomattes(header: dict[str, Any]) -> dict[str, str]:
    """Name -> key of the Cryptomattes that a header declares."""
    found = {}
    for attribute, value in header.items():
        match = re.fullmatch(r"cryptomatte/([^/]+)/name", attribute)
        if match:
            found[str(value)] = match[1]
    return found


def _passes(header: dict[str, Any], channels: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Channels by pass, named as the reader of the new file needs them."""
    cryptos = cryptomattes(header)
    part = str(header.get("name", ""))
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for full, pixels in channels.items():
        layer, _, channel = full.rpartition(".")
        crypto = next((name for name in cryptos if re.fullmatch(re.escape(name) + r"\d*", layer or part)), None)
        if crypto is not None:
            found[crypto][full] = pixels  # the effect looks for ranks by their full names
        else:
            found[layer or part or MAIN][channel] = pixels
    return {layer: own if layer in cryptos else _as_colour(own) for layer, own in found.items()}


def _as_colour(own: dict[str, Any]) -> dict[str, Any]:
    """RGBA for a pass of vectors or of one value; a pass that has colour names keeps them."""
    upper = {name.upper(): pixels for name, pixels in own.items()}
    if {"R", "G", "B"} <= set(upper):
        return {name: upper[name] for name in "RGBA" if name in upper}
    if len(own) == 1:
        (pixels,) = own.values()
        return dict.fromkeys("RGB", pixels)
    renamed = {AS_COLOUR.get(name, name): pixels for name, pixels in upper.items()}
    blank = np.zeros_like(next(iter(own.values())))
    return {**dict.fromkeys("RGB", blank), **renamed} if set(renamed) <= set("RGBA") else own


def _header_of(header: dict[str, Any], layer: str) -> dict[str, Any]:
    """Everything but the structure of the old file; of Cryptomattes the pass's own only."""
    key = cryptomattes(header).get(layer)
    kept = {}
    for name, value in header.items():
        foreign = name.startswith("cryptomatte/") and not (key and name.startswith(f"cryptomatte/{key}/"))
        if name not in STRUCTURAL and not foreign:
            kept[name] = value
    return {**kept, "type": OpenEXR.scanlineimage}


def _write(target: Path, header: dict[str, Any], channels: dict[str, Any]) -> Path:
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        OpenEXR.File(header, {name: np.ascontiguousarray(pixels) for name, pixels in channels.items()}).write(
            str(beside)
        )
        os.replace(beside, target)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise SemrenderError("the pass could not be written", file=target, cause=str(error)) from error
    return target


def _numbered(stem: str) -> tuple[str, str]:
    """The name and `.1001` of a frame's file, "" for a still."""
    match = re.fullmatch(r"(.*?)[._]?(\d+)", stem)
    return (match[1], f".{match[2]}") if match and match[1] else (stem, "")


def _plain(layer: str) -> str:
    return re.sub(r"[^\w-]+", "_", layer).strip("_") or MAIN

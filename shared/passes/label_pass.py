"""What reading a label pass takes and gives, as plain data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.values import Value

Ids = NDArray[np.uint16]
Coverage = NDArray[np.float32]

_ALLOWED = {
    "mode": ("strict", "nearest"),
    "palette_png": ("index", "colour"),
    "encoding": ("colour", "ids", "cryptomatte"),
}


class ReadOptions(Value):
    """How to read a label pass; everything is optional. The `read` table of shot.json.

    palette: of the label set, or "code"; None = the one under which every pixel is a class.
    mode: "nearest" lets soiled pixels take the nearest class that is really present, and counts them.
    palette_png: what the pixels of a palette picture mean, "index" (class ids) or "colour".
    encoding: "colour", "ids" or "cryptomatte"; None = found out from the file.
    exr_layer: EXR part, layer or channel that holds the labels.
    crypto: which Cryptomatte ("material", "object", ... or a part of its name).
    uncovered: class of what no Cryptomatte object covers; None leaves it outside the layer.
    names: object or material name, or a pattern with * and ?, -> class name.
    classes: the classes of the shot, which settle a colour that two classes share.
    """

    palette: str | None = None
    mode: str = "strict"
    palette_png: str | None = None
    encoding: str | None = None
    exr_layer: str | None = None
    crypto: str | None = None
    uncovered: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReadOptions:
        """From a shot's `read` table. Raises InputRefused naming the key and what is allowed."""
        known = [f.name for f in fields(cls)]
        for key, value in data.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"Did you mean {near[0]}?" if near else f"Allowed are {', '.join(known)}"
                raise InputRefused(f"reading a pass has no option {key!r}", remedy=hint)
            if key in _ALLOWED and value is not None and value not in _ALLOWED[key]:
                raise InputRefused(f"{key} is {value!r}", remedy=f"Allowed are {', '.join(_ALLOWED[key])}")
            kind: tuple[type, ...] = {"names": (dict,), "classes": (list, tuple)}.get(key, (str, type(None)))
            if not isinstance(value, kind):
                raise InputRefused(f"{key} is {value!r}, which is not of the right kind")
        names = {str(k): str(v) for k, v in data.get("names", {}).items()}
        classes = tuple(str(name) for name in data.get("classes", ()))
        return cls(**{**data, "names": names, "classes": classes})


class SourceFacts(Value):
    """What is known of where the ids come from.

    kind: "8-bit RGB PNG", "Cryptomatte rl_main.CryptoMaterial" ...; classes: id -> pixels (NOTHING included);
    guessed: pixels that were no class and took the nearest; warnings: words for the artist.
    """

    path: Path
    kind: str
    width: int
    height: int
    palette: str | None
    classes: dict[int, int]
    guessed: int = 0
    warnings: tuple[str, ...] = ()


class LabelPass(Value):
    """ids (H, W); coverage (H, W) 0..1 of the layer; soft: id -> coverage (H, W) where the file has it."""

    ids: Ids
    coverage: Coverage
    facts: SourceFacts
    soft: dict[int, Coverage] | None = None


class Probe(Value):
    """Size in pixels and kind of a file whose header and length are sound."""

    width: int
    height: int
    kind: str


def count_classes(ids: Ids) -> dict[int, int]:
    """id -> pixels, NOTHING included."""
    counts = np.bincount(ids.ravel(), minlength=1)
    return {int(i): int(counts[i]) for i in np.flatnonzero(counts)}


def hard_coverage(ids: Ids) -> Coverage:
    """1 where there is a class, 0 where there is NOTHING."""
    coverage: Coverage = (ids != NOTHING).astype(np.float32)
    return coverage

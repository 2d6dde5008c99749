"""Pictures as a model takes them: a plate, a render or a photograph, display-referred.

Whole numbers are sRGB codes, as every picture program writes them. Floats are light: of an EXR in the primaries
that its header declares (Rec.709 or AP1), encoded for the screen and cut off at 0 and 1.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes import exr, exr_layers, formats, pictures
from shared.srgb import REC709_TO_AP1, from_light
from shared.values import Value

Plane = NDArray[np.float32]

WHOLE_PICTURES = ("rgb", "rgba", "beauty", "combined", "main", "color", "colour")  # last words of a layer's name
AP1_RED = (0.713, 0.293)  # x and y; ACES S-2014-004


class PicturePass(Value):
    """colour (H, W, 3) sRGB-encoded, 0..1, not multiplied by alpha; alpha (H, W) 0..1, 1 where the file has none."""

    colour: Plane
    alpha: Plane
    kind: str  # "8-bit RGB PNG", "EXR"


def read_picture_pass(path: Path) -> PicturePass:
    """Read one picture. Raises MissingInput or InputRefused naming the file."""
    try:
        return _from_exr(path) if pictures.read_head(path).startswith(pictures.EXR) else _from_picture(path)
    except InputRefused as error:
        raise error.located(file=path) from None


def _from_picture(path: Path) -> PicturePass:
    raw = formats.read_picture(path)
    stored = raw.samples if raw.colours is None else raw.colours
    top = np.float32(raw.top if raw.colours is None else 255)
    values = np.nan_to_num(stored.astype(np.float32) / top)
    colour = np.repeat(values[..., None], 3, 2) if values.ndim == 2 else values
    alpha = np.ones(colour.shape[:2], np.float32) if raw.alpha is None else raw.alpha.astype(np.float32) / top
    if raw.associated:
        colour = _unassociated(colour, alpha)
    encoded = from_light(colour) if stored.dtype.kind == "f" else np.clip(colour, 0, 1)
    return PicturePass(np.ascontiguousarray(encoded), np.clip(np.nan_to_num(alpha), 0, 1), raw.kind)


def whole_picture(parts: list[exr.Part]) -> exr_layers.Candidate:
    """The layer of an EXR that is the picture. Raises InputRefused naming those that may be."""
    found = [one for one in exr_layers.candidates(parts) if one.is_colour]
    named = [one for one in found if one.name.rpartition(".")[2].lower() in WHOLE_PICTURES]
    chosen = found if len(found) == 1 else named
    if len(chosen) != 1:
        names = ", ".join(one.name for one in chosen or found)
        raise InputRefused(
            f"which layer of this EXR is the picture is not clear: {names}" if found else "the EXR holds no colours",
            remedy="Write the picture into a file of its own",
        )
    return chosen[0]


def _from_exr(path: Path) -> PicturePass:
    light, alpha = linear(whole_picture(exr.read_exr(path)))
    return PicturePass(from_light(light), alpha, "EXR")


def linear(chosen: exr_layers.Candidate) -> tuple[Plane, Plane]:
    """The light (H, W, 3) of a layer of colours, in Rec.709, not multiplied by alpha, and its alpha (H, W)."""
    part, channels = chosen.part, chosen.channels
    light = np.stack([np.nan_to_num(part.channels[channels[c]].astype(np.float32)) for c in "rgb"], -1)
    alpha = np.asarray(~part.outside, np.float32)
    if "a" in channels:
        alpha = alpha * np.clip(np.nan_to_num(part.channels[channels["a"]].astype(np.float32)), 0, 1)
        light = _unassociated(light, alpha)
    kind, value, _ = part.header.attributes.get("chromaticities", ("", b"", 0))
    if kind == "chromaticities" and np.allclose(struct.unpack("<2f", value[:8]), AP1_RED, atol=0.001):
        light = light @ np.linalg.inv(REC709_TO_AP1).T.astype(np.float32)
    return light, alpha


def _unassociated(colour: Plane, alpha: Plane) -> Plane:
    """Colours that were multiplied by alpha, as they were before; black where nothing is."""
    return np.divide(colour, alpha[..., None], out=np.zeros_like(colour), where=alpha[..., None] > 0)

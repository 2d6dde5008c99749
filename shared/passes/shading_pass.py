"""Shading passes: the shot once more as clay, one grey diffuse material on everything, lit by the shot's own lights.

What counts is how much light a surface has. An EXR holds it as it is; the whole numbers of a picture are sRGB codes, as
a viewport draws them, and end at full white.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes import exr, exr_layers, formats, picture_pass, pictures
from shared.passes.exr_layers import Candidate
from shared.srgb import to_light
from shared.values import Value

Plane = NDArray[np.float32]

NOTHING = np.float32(-1)  # of what is no surface
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of Rec.709
NAMED = ("shading", "clay")  # last words of a layer's name that say what it is
FULL = 1 - 1e-4  # of a picture, whose luminance may be less by rounding
FEWEST = 1e-4  # of alpha, below which a colour that was multiplied by it says nothing


class ShadingPass(Value):
    """A frame's light as the file has it. kind: what was read, for people.

    colour: (H, W, 3) linear Rec.709, not multiplied by alpha; there: (H, W) where something is.
    """

    kind: str
    colour: Plane
    there: NDArray[np.bool_]

    @property
    def clipped(self) -> NDArray[np.bool_]:
        """(H, W) where it is exactly white, and nothing anywhere is more: what was brighter was cut off there."""
        light = self.light
        return np.asarray((light > FULL) & (light.max() < 2 - FULL))

    @property
    def light(self) -> Plane:
        """(H, W) luminance, 0 and more; NOTHING where nothing is."""
        red, green, blue = (self.colour[..., n] * LUMINANCE[n] for n in range(3))
        return np.where(self.there, np.maximum(red + green + blue, 0), NOTHING).astype(np.float32)

    def plane(self, white: float = 1.0) -> Plane:
        """(H, W) as `PaintInput.shading`. white: the light of a surface that is fully lit."""
        light = self.light
        return np.where(light < 0, NOTHING, light / np.float32(white)).astype(np.float32)


def read_shading(path: Path, wanted: str | None = None) -> ShadingPass:
    """A frame's shading pass. wanted: the EXR layer or channel that the artist named.

    Raises MissingInput or InputRefused naming the file, the cause and the remedy.
    """
    try:
        with np.errstate(all="ignore"):  # what is infinite or no number is nothing
            is_exr = pictures.read_head(path).startswith(pictures.EXR)
            return _of_exr(path, wanted) if is_exr else _of_picture(path)
    except InputRefused as error:
        raise error.located(file=path) from None


def layer_of(parts: list[exr.Part], wanted: str | None = None) -> Candidate:
    """The layer of colours, or the channel, that is the shading. Raises InputRefused listing what there is."""
    found = exr_layers.candidates(parts)
    if wanted is not None:
        return exr_layers.called(found, wanted, option="--shading-layer")
    colours = [one for one in found if one.is_colour]
    named = [one for one in found if _last(one) in NAMED]
    pictured = [one for one in colours if _last(one) in picture_pass.WHOLE_PICTURES]
    alone = [one for one in found if not one.is_colour and one.last not in exr_layers.NO_IDS]
    order = [named, colours if len(colours) == 1 else pictured or colours, alone]
    fitting = next((some for some in order if some), [])
    if len(fitting) != 1:
        names = exr_layers.listed(one.name for one in fitting or found)
        raise InputRefused(
            "which layer of this EXR is the shading is not clear" if found else "the EXR holds no light",
            remedy=f"Say it with --shading-layer. It has {names}" if found else "Render it as R, G and B",
        )
    return fitting[0]


def _last(one: Candidate) -> str:
    return one.name.rpartition(".")[2].lower() if one.is_colour else one.last


def _of_exr(path: Path, wanted: str | None) -> ShadingPass:
    chosen = layer_of(exr.read_exr(path), wanted)
    if chosen.is_colour:
        colour, alpha = picture_pass.linear(chosen)
        stored = [chosen.part.channels[chosen.channels[c]] for c in "rgb"]
    else:
        stored = [chosen.part.channels[chosen.channels["x"]]]
        colour = np.repeat(np.nan_to_num(stored[0].astype(np.float32))[..., None], 3, 2)
        alpha = np.asarray(~chosen.part.outside, np.float32)
    known = np.logical_and.reduce([np.isfinite(plane) for plane in stored])
    return ShadingPass(f"EXR {chosen.name}", colour, known & (alpha > FEWEST))


def _of_picture(path: Path) -> ShadingPass:
    raw = formats.read_picture(path)
    stored = raw.samples if raw.colours is None else raw.colours
    values = stored.astype(np.float32) / np.float32(raw.top if raw.colours is None else 255)
    colour = np.repeat(values[..., None], 3, 2) if values.ndim == 2 else values
    there: NDArray[np.bool_] = np.asarray(np.isfinite(colour).all(2))
    if raw.alpha is not None:
        alpha = raw.alpha.astype(np.float32) / np.float32(raw.top)
        there = there & (alpha > FEWEST)
        if raw.associated:
            colour = colour / np.maximum(alpha, FEWEST)[..., None]
    colour = np.nan_to_num(colour)
    light = colour if stored.dtype.kind == "f" else to_light(np.clip(colour, 0, 1))
    return ShadingPass(raw.kind, np.asarray(light, np.float32), there)

"""Normal passes: from an EXR or a picture of any renderer to unit vectors, and from its axes to the camera's.

What is no surface is the zero vector. The encoding is found out: pictures hold 0..1 for -1..1, an EXR holds either.
What the axes are no file says for sure: `shared.shot.NORMALS` has the names, `stability.facing` the test.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.errors import InputRefused
from shared.passes.data_pass import last_word, normal_channels
from shared.passes.exr import read_exr
from shared.passes.formats import read_picture
from shared.passes.pictures import EXR, read_head
from shared.srgb import to_light
from shared.values import Value

Vectors = NDArray[np.float32]  # (H, W, 3)

# x, y and z of each convention, as multiples of those of "camera": to the right, up, towards the viewer.
AXES = {"camera": (1, 1, 1), "camera-down": (1, -1, 1), "camera-away": (1, 1, -1), "camera-down-away": (1, -1, -1)}
# By a layer's last word: Arnold's N, Unreal's WorldNormal. Blender's Normal is, too, but so is much else called.
OF_THE_WORLD = re.compile(r"n|\w*world\w*")
NONE_BELOW = 0.5  # of the usual length; a mean over an edge that is shorter says nothing of either surface
NONE_ABOVE = 1.5  # of length 1; black and white of a picture have 1.7
EVEN = 0.1  # by which a length may differ from the usual one; 8 bits make 0.01 of it, 21 steps 0.04


class NormalPass(Value):
    """A frame's normals in the axes of the file.

    raw: as they are in the file, -1..1; vectors: of length 1, 0 where there is no surface.
    channels: what was read, for people, none of a picture; of_the_world: whether the file's names say so.
    length: the usual one in the file; odd: the share of the surface whose length is another.
    """

    channels: tuple[str, ...]
    of_the_world: bool
    raw: Vectors
    vectors: Vectors
    length: float
    odd: float


def read_normals(path: Path, wanted: str | None = None) -> NormalPass:
    """A frame's normal pass. wanted: the EXR layer that the artist named. Raises MissingInput or InputRefused."""
    channels, of_the_world, raw, outside = (
        _of_exr(path, wanted) if read_head(path).startswith(EXR) else _of_picture(path)
    )
    raw[outside | ~np.isfinite(raw).all(2)] = 0
    lengths = np.sqrt(np.einsum("hwc,hwc->hw", raw, raw))
    there = lengths[lengths > (0 if channels else EVEN)]
    length = float(np.median(there)) if there.size else 1.0
    usual = 1.0 if abs(length - 1) < EVEN or not channels else length
    surface = (lengths > NONE_BELOW * usual) & (lengths < NONE_ABOVE * usual)
    vectors = np.where(surface[..., None], raw / np.maximum(lengths, 1e-6)[..., None], 0).astype(np.float32)
    odd = float((np.abs(there / usual - 1) > EVEN).mean()) if there.size else 0.0
    return NormalPass(channels, of_the_world, raw, vectors, usual, odd)


def uneven_by_gamma(found: NormalPass) -> bool:
    """Whether the codes of a picture are of length 1 once an sRGB curve is taken out of them."""
    codes = (found.raw[found.raw.any(2)] + 1) / 2
    lengths = np.linalg.norm(2 * to_light(np.clip(codes, 0, 1)) - 1, axis=1)
    return not found.channels and bool((np.abs(lengths - 1) < EVEN).mean() > NONE_BELOW)


def cut_at_zero(found: NormalPass) -> bool:
    """Whether what was negative is zero, as in floats saved as colours: what is positive has the length 1."""
    some = found.raw[found.raw.any(2)]
    values = some if found.channels else (some + 1) / 2
    if not values.size or values.min() < 0:
        return False
    lengths, zero = np.linalg.norm(values, axis=1), (values == 0).any(1)
    short = zero & (lengths < 1 - EVEN)
    whole = np.abs(lengths[~zero] - 1) < EVEN
    return bool(short.mean() > EVEN and whole.size and whole.mean() > NONE_BELOW)


def turned(vectors: Vectors, convention: str, to_world: ArrayLike | None = None) -> Vectors:
    """Normals (H, W, 3) of one of `NORMALS` in the one space that every model is given: the camera's.

    There x is to the right, y up in the picture, z towards the viewer. to_world: as for `to_camera`, where they are the
    world's.
    """
    if convention == "world":
        assert to_world is not None
        return to_camera(vectors, to_world)
    return vectors * np.array(AXES[convention], np.float32)


def to_camera(normals: NDArray[Any], to_world: ArrayLike) -> NDArray[np.float32]:
    """Normals (..., 3) of the world as the camera sees them.

    to_world: (3, 3) or (4, 4), its first three columns where the camera's x, y and z point in the world, as for column
    vectors (`point_world = to_world @ point_camera`, Blender's); it neither scales nor mirrors. A matrix of
    `shared.tracks`, which is for row vectors, is given transposed.
    """
    turn = np.asarray(to_world, np.float32)[:3, :3]
    seen: NDArray[np.float32] = np.asarray(normals, np.float32) @ turn
    return seen


def _of_exr(path: Path, wanted: str | None) -> tuple[tuple[str, ...], bool, Vectors, NDArray[np.bool_]]:
    layer, names = normal_channels(path, read_exr(path), wanted)
    raw = np.stack([layer.plane(name) for name in names], -1)
    if _holds_codes(raw):
        black = ~raw.any(2)
        raw = 2 * raw - 1
        raw[black] = 0
    of_the_world = OF_THE_WORLD.fullmatch(last_word(layer.name)) is not None
    return tuple(layer.channels[name] for name in names), of_the_world, raw, layer.part.outside


def _holds_codes(raw: Vectors) -> bool:
    """Whether 0..1 stands for -1..1: nothing is negative, and more pixels are of length 1, or 0, read so."""
    known = raw[np.isfinite(raw).all(2) & raw.any(2)]
    if not known.size or known.min() < 0 or known.max() > 1:
        return False
    plain, coded = (np.linalg.norm(values, axis=1) for values in (known, 2 * known - 1))
    return bool(_even(coded).mean() > _even(plain).mean())


def _even(lengths: NDArray[np.float32]) -> NDArray[np.bool_]:
    return (np.abs(lengths - 1) < EVEN / 2) | (lengths < EVEN / 2)


def _of_picture(path: Path) -> tuple[tuple[str, ...], bool, Vectors, NDArray[np.bool_]]:
    picture = read_picture(path)
    samples: NDArray[Any] = picture.samples if picture.colours is None else picture.colours
    if samples.ndim != 3:
        raise InputRefused(
            "a normal pass has red, green and blue, this picture is grey",
            file=path,
            remedy="Render the normals of the surfaces, as EXR, or as PNG with 0..1 for -1..1",
        )
    codes = samples.astype(np.float32) / np.float32(255 if picture.colours is not None else picture.top)
    outside: NDArray[np.bool_] = np.equal(samples.max(2), 0)
    if picture.alpha is not None:
        alpha = picture.alpha.astype(np.float32) / np.float32(picture.top)
        outside = outside | (alpha < NONE_BELOW)
        if picture.associated:
            codes /= np.maximum(alpha, NONE_BELOW)[..., None]
    return (), False, np.asarray(2 * codes - 1, np.float32), outside

"""Match grade: the colours of a reference picture carried onto a plate, by the linear Monge-Kantorovich map in Oklab.

Both clouds of colours are taken for Gaussian; of all maps that lead the one into the other this one moves colours least
(F. Pitie and A. Kokaram, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer", CVMP
2007). In Oklab (B. Ottosson, 2020) equal moves look equal. The map is found once a layer, from frames over the whole
shot, and is the same on each: what holds still in the plate holds still in the grade.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import Model, PaintInput
from inference_server.models.cards import Card
from inference_server.models.looking import Frames
from shared.errors import InputRefused
from shared.srgb import from_light, to_light

Colours = NDArray[np.float32]  # (..., 3)
Matrix = NDArray[np.float64]

LEAST = 1e-5  # variance that every direction of colour has at least: a flat plate is not stretched without bound
LOOKED_AT = 200_000  # pixels of a picture at most, evenly spaced

# Linear sRGB to cones, and their cube roots to lightness, green-red, blue-yellow: bottosson.github.io/posts/oklab
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


class MatchGrade(Model):
    def prepare(self, frames: Frames[PaintInput]) -> dict[str, NDArray[Any]]:
        """{"matrix": (3, 3), "offset": (3,)} of the map. Raises InputRefused where the layer shows nothing."""
        plates, reference, light = [], None, True
        for frame in frames:
            assert frame.picture is not None and frame.coverage is not None
            reference, light = frame.reference, bool(frame.options["luminance"])
            plates.append(to_oklab(_some(frame.picture[frame.coverage > 0.5])))
        plate = np.concatenate(plates) if plates else np.zeros((0, 3))
        if reference is None or not len(plate):
            raise InputRefused("no frame of this layer covers anything", remedy="Check the alpha of its picture")
        look = to_oklab(_some(reference.reshape(-1, 3)))
        axes = slice(0 if light else 1, 3)
        matrix, offset = np.eye(3), np.zeros(3)
        matrix[axes, axes], offset[axes] = least_moving(plate[:, axes], look[:, axes])
        return {"matrix": matrix, "offset": offset}

    def paint(self, request: PaintInput) -> Colours:
        assert request.picture is not None
        strength = float(request.options["strength"])
        matrix = np.eye(3) + strength * (request.prepared["matrix"] - np.eye(3))
        offset = strength * request.prepared["offset"]
        return from_oklab(to_oklab(request.picture) @ matrix.T.astype(np.float32) + offset.astype(np.float32))


def least_moving(plate: NDArray[Any], look: NDArray[Any]) -> tuple[Matrix, Matrix]:
    """The map `matrix @ colour + offset` that gives colours (N, d) the mean and covariance of others, moving least."""
    plate, look = plate.astype(np.float64), look.astype(np.float64)
    dimensions = np.eye(plate.shape[1])
    own = np.atleast_2d(np.cov(plate, rowvar=False, bias=True)) + LEAST * dimensions
    wanted = np.atleast_2d(np.cov(look, rowvar=False, bias=True)) + LEAST * dimensions
    root = _power(own, 0.5)
    back = _power(own, -0.5)
    matrix = back @ _power(root @ wanted @ root, 0.5) @ back
    return matrix, look.mean(0) - matrix @ plate.mean(0)


def _power(matrix: Matrix, exponent: float) -> Matrix:
    """Of a symmetric, positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T)


def to_oklab(colours: Colours) -> Colours:
    """sRGB-encoded colours (..., 3), 0..1, in Oklab."""
    cones = to_light(colours) @ TO_CONES.T.astype(np.float32)
    return np.cbrt(cones) @ TO_OKLAB.T.astype(np.float32)


def from_oklab(colours: Colours) -> Colours:
    """Oklab (..., 3) as sRGB-encoded colours, what the screen cannot show cut off at 0 and 1."""
    cones = (colours @ np.linalg.inv(TO_OKLAB).T.astype(np.float32)) ** 3
    return from_light(cones @ np.linalg.inv(TO_CONES).T.astype(np.float32))


def _some(colours: Colours) -> Colours:
    """At most LOOKED_AT of colours (N, 3)."""
    return colours[:: max(1, -(-len(colours) // LOOKED_AT))]


def load(card: Card, folder: Path, device: str) -> MatchGrade:
    return MatchGrade(card, device)

"""Which square of a picture is cut, as a quad; quads over time; the way from the picture to the crop and back.

A quad is (4, 2) float64: its corners top left, bottom left, bottom right, top right in pixels of the picture, whose
pixels are squares from (0, 0) at its top left corner. All are squares, turned at will. Pure functions.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.detector import Face

WINDOW = 3  # standard deviations to each side that a smoothed quad looks

Quad = NDArray[np.float64]
Matrix = NDArray[np.float64]  # (2, 3): x' = M @ (x, y, 1)


def face_quad(crop: str, face: Face, size: tuple[int, int], percent: float) -> Quad:
    """The square of a face.

    crop: "ffhq" (Karras, Laine, Aila 2019: by eyes and mouth, turned with them), "level" (eyes made level), or "box"
    (upright). size: (width, height) of the picture. percent: of the square's height that the face takes, in level and
    box; where the picture has less room the square is moved inward, then shrunk.
    """
    if crop == "ffhq":
        return ffhq_quad(face)
    x, y, width, height = face.box
    centre = np.array([x + width / 2, y + height / 2])
    side = height * 100 / percent
    if crop == "box":
        return _square(*_inside(centre, side, size), 0.0)
    one, other = np.array(face.points[0]), np.array(face.points[1])
    angle = math.atan2(other[1] - one[1], other[0] - one[0])
    turned, side = _inside(centre, side, size)
    offset = _turn(angle) @ (turned - centre)  # moved inward in the picture turned about the face
    return _square(centre + offset, side, angle)


def ffhq_quad(face: Face) -> Quad:
    """FFHQ's square from five points: twice the distance of the eyes or 1.8 times that from eyes to mouth each way."""
    left, right, _, mouth_left, mouth_right = (np.array(point) for point in face.points)
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    across, down = right - left, mouth - eyes
    x = across + np.array([down[1], -down[0]])
    x *= max(2.0 * np.hypot(*across), 1.8 * np.hypot(*down)) / max(np.hypot(*x), 1e-9)
    y = np.array([-x[1], x[0]])
    centre = eyes + 0.1 * down
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def centre_quad(size: tuple[int, int]) -> Quad:
    """The largest square in the middle of a picture of (width, height)."""
    return _square(np.array(size) / 2, float(min(size)), 0.0)


def whole_quad(size: tuple[int, int]) -> Quad:
    """All of a picture: no square, where the picture is none; the one crop that changes proportions."""
    width, height = map(float, size)
    return np.array([[0, 0], [0, height], [width, height], [width, 0]])


def side_of(quad: Quad) -> float:
    """The length of its longer side, pixels."""
    return float(max(np.hypot(*(quad[1] - quad[0])), np.hypot(*(quad[3] - quad[0]))))


def to_picture(quad: Quad, size: int) -> Matrix:
    """From the crop, `size` by `size` pixels, to the picture it was cut from."""
    right, down = (quad[3] - quad[0]) / size, (quad[1] - quad[0]) / size
    return np.stack([right, down, quad[0]], 1)


def to_crop(quad: Quad, size: int) -> Matrix:
    """From the picture to the crop: the exact inverse of `to_picture`, which lays a result back over the plate."""
    return inverse(to_picture(quad, size))


def inverse(matrix: Matrix) -> Matrix:
    """The way back."""
    (a, b, x), (c, d, y) = matrix
    turned = np.array([[d, -b], [-c, a]]) / (a * d - b * c)
    return np.concatenate([turned, -turned @ np.array([[x], [y]])], 1)


def smoothed(frames: list[int], quads: NDArray[np.float64], wanted: list[int], deviation: float) -> NDArray[np.float64]:
    """Quads (N, 4, 2) for the wanted frames, as `steadied` makes them. Squares stay squares."""
    return steadied(frames, quads.reshape(len(frames), 8), wanted, deviation).reshape(len(wanted), 4, 2)


def steadied(frames: list[int], rows: NDArray[np.float64], wanted: list[int], deviation: float) -> NDArray[np.float64]:
    """Rows of numbers (N, k) for the wanted frames, from those of the frames on which something was found.

    Each is the mean of those found within WINDOW deviations (frames), weighted by a Gaussian: it depends on nothing
    further away, so that a clip cut in parts is steady across them. What lies between found frames is interpolated
    before; beyond the first and last the nearest stands. deviation 0 smooths nothing.
    """
    reach = math.ceil(deviation * WINDOW)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / deviation) ** 2) if reach else np.ones(1)
    weights /= weights.sum()
    times = np.array(wanted)[:, None] + offsets
    between = np.stack([np.interp(times, frames, column) for column in rows.T], -1)
    result: NDArray[np.float64] = np.einsum("nkc,k->nc", between, weights)
    return result


def _inside(centre: NDArray[np.float64], side: float, size: tuple[int, int]) -> tuple[NDArray[np.float64], float]:
    side = min(side, *size)
    return np.clip(centre, side / 2, np.array(size) - side / 2), side


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _square(centre: NDArray[np.float64], side: float, angle: float) -> Quad:
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * side / 2
    return np.asarray(centre + corners @ _turn(angle).T, np.float64)

"""A square cut out of a picture at its own resolution; where it reaches beyond, the picture is mirrored and blurred."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import Matrix, Quad, side_of, to_picture

SOFT = 0.02  # of the side: the blur beyond the border of the picture, as FFHQ's
FADE = 0.1  # of the side, beyond the border, until all is blurred
LARGEST = 32766  # pixels a side that OpenCV warps

Pixels = NDArray[np.uint8]


def cut(picture: Pixels, quad: Quad, size: int) -> Pixels:
    """(k size, k size, 3) uint8: what the quad holds, k the least whole number with which no pixel is lost."""
    longest = max(picture.shape[:2])
    if longest > LARGEST:
        shrunk = LARGEST / longest
        picture = np.asarray(cv2.resize(picture, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.uint8)
        quad = quad * shrunk
    across = size * max(1, math.ceil(side_of(quad) / size - 1e-6))
    matrix = to_picture(quad, across)
    by_index = matrix.copy()  # OpenCV counts from the middle of the first pixel
    by_index[:, 2] += matrix[:, 0] / 2 + matrix[:, 1] / 2 - 0.5
    smooth = cv2.INTER_LANCZOS4 if side_of(quad) < size else cv2.INTER_CUBIC  # enlarged, or averaged afterwards
    way = smooth | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(picture, by_index, (across, across), flags=way, borderMode=cv2.BORDER_REFLECT)
    found = np.asarray(warped, np.uint8)
    height, width = picture.shape[:2]
    if quad.min() >= 0 and (quad <= (width, height)).all():
        return found
    beyond = _beyond(matrix, across, width, height)
    blurred = cv2.GaussianBlur(found, (0, 0), SOFT * across)
    weight = np.clip(beyond / (FADE * side_of(quad)), 0, 1)[..., None]
    return np.asarray(found * (1 - weight) + blurred * weight + np.float32(0.5), np.float32).astype(np.uint8)


def part_beyond(quad: Quad, size: tuple[int, int]) -> float:
    """How much of a quad, 0 to 1, lies outside a picture of (width, height)."""
    width, height = size
    frame = np.array([[0, 0], [0, height], [width, height], [width, 0]], np.float32)
    inside, _ = cv2.intersectConvexConvex(quad.astype(np.float32), frame)
    return max(0.0, 1 - inside / max(cv2.contourArea(quad.astype(np.float32)), 1e-9))


def _beyond(matrix: Matrix, across: int, width: int, height: int) -> NDArray[np.float32]:
    """How far outside the picture each pixel of a crop lies, in the picture's pixels."""
    middles = np.arange(across, dtype=np.float32) + np.float32(0.5)
    (a, b, x0), (c, d, y0) = matrix.astype(np.float32)
    x = a * middles[None, :] + b * middles[:, None] + x0
    y = c * middles[None, :] + d * middles[:, None] + y0
    result: NDArray[np.float32] = np.maximum(np.maximum(-x, x - width), np.maximum(-y, y - height)).clip(0)
    return result

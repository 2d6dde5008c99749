"""Lines and dots with soft edges on an empty picture, placed between its pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SUBPIXEL = 4  # bits of a coordinate behind the point, for OpenCV
FURTHEST = 2**20  # pixels that OpenCV counts to

Colour = tuple[int, int, int]
Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

LEFT, RIGHT, MIDDLE = (80, 190, 255), (255, 150, 70), (255, 255, 255)  # of a person: the person's own left and right


class Sheet:
    """An empty picture, width by height. Pixels are measured from its corner, y down."""

    def __init__(self, width: int, height: int) -> None:
        self._drawn = np.zeros((height, width, 4), np.uint8)

    def line(self, points: Points, colour: Colour, thick: int, closed: bool = False) -> None:
        cv2.polylines(self._drawn, [_fixed(points)], closed, (*colour, 255), thick, cv2.LINE_AA, SUBPIXEL)

    def dot(self, point: Points, colour: Colour, radius: float, thick: int = cv2.FILLED) -> None:
        size = max(1, round(radius * 2**SUBPIXEL))
        x, y = _fixed(point).tolist()
        cv2.circle(self._drawn, (x, y), size, (*colour, 255), thick, cv2.LINE_AA, SUBPIXEL)

    @property
    def picture(self) -> Pixels:
        """(H, W, 4) uint8, straight alpha: what OpenCV blended with the empty ground has its own colour again."""
        alpha = self._drawn[..., 3:].astype(np.uint16)
        colours = (self._drawn[..., :3].astype(np.uint16) * 255 + alpha // 2) // np.maximum(alpha, 1)
        return np.dstack([np.minimum(colours, 255).astype(np.uint8), self._drawn[..., 3]])


def _fixed(points: Points) -> NDArray[np.int32]:
    fixed: NDArray[np.int32] = np.round((np.clip(points, -FURTHEST, FURTHEST) - 0.5) * 2**SUBPIXEL).astype(np.int32)
    return fixed

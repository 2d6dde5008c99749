"""What Google's detectors of bodies and of faces share: the square that is looked at, and how their rows are read.

Steps and numbers are those of `mediapipe` 0.10.21 ("BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs",
Bazarevsky et al., 2019). Pixels: x to the right, y down, (0, 0) is the corner of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.models.tflite import Network
from inference_server.motion.bodies import Region

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]


def anchors(cells: Sequence[tuple[int, int]]) -> Points:
    """(N, 2) middles of cells, 0..1, in the order of a detector's rows. cells: (a side, anchors in each)."""
    rows = []
    for side, count in cells:
        middles = (np.arange(side) + 0.5) / side
        y, x = np.meshgrid(middles, middles, indexing="ij")
        rows.append(np.stack([x, y], -1).reshape(-1, 2).repeat(count, 0))
    return np.concatenate(rows)


def detected(
    network: Network, picture: Pixels, region: Region, side: int, cells: Points, least: float
) -> tuple[Points, NDArray[np.float64]]:
    """Rows (n, 4 + 2 p) and scores (n,), 0..1, of what a detector sees in a square, at least so sure: the middle of a
    box, its size, and p points, all 0..1 of the square.

    side: pixels that the network sees; cells: (N, 2), its `anchors`.
    """
    seen = warped(picture, region, side, cv2.BORDER_CONSTANT)
    rows, logits = network(seen[None].astype(np.float32) / np.float32(127.5) - np.float32(1))
    scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0].astype(np.float64), -100, 100)))
    kept = scores >= least
    values = rows[0][kept].astype(np.float64) / side
    values[:, :2] += cells[kept]
    values[:, 4:] += np.tile(cells[kept], (1, (values.shape[1] - 4) // 2))
    return values, scores[kept]


def warped(picture: Pixels, region: Region, side: int, border: int) -> Pixels:
    """(side, side, 3): the square of a picture; what lies beyond the picture is black, or repeats its edge.

    Published is a bilinear look into the picture. Of a square many times as large that would be a few pixels of many:
    it is made smaller by whole times before, to three or four times the side, each pixel the mean of those that it was.
    """
    times = int(region.side / side / 3)
    if times > 1:
        picture, region = shrunk(picture, region, times)
    corners = region.outside(np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float64)).astype(np.float32)
    target = np.array([[0, side], [0, 0], [side, 0], [side, side]], np.float32)
    way = cv2.getPerspectiveTransform(corners, target)
    return np.asarray(
        cv2.warpPerspective(picture, way, (side, side), flags=cv2.INTER_LINEAR, borderMode=border), np.uint8
    )


def shrunk(picture: Pixels, region: Region, times: int) -> tuple[Pixels, Region]:
    """The part of a picture around a square, so many times smaller, and the square in it.

    Pixels are counted by their index, as `warped` does, so that the mean of the first `times` stands (times - 1) / 2
    behind the first.
    """
    corners = region.outside(np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float64))
    size = np.array(picture.shape[1::-1])
    low = np.clip(np.floor(corners.min(0)).astype(int) - 2 * times, 0, np.maximum(size - times, 0))
    high = np.clip(np.ceil(corners.max(0)).astype(int) + 2 * times, low + times, size)
    count = np.maximum((high - low) // times, 1)
    part = picture[low[1] : low[1] + count[1] * times, low[0] : low[0] + count[0] * times]
    small = np.asarray(cv2.resize(part, (int(count[0]), int(count[1])), interpolation=cv2.INTER_AREA), np.uint8)
    x, y = (np.array([region.x, region.y]) - low - (times - 1) / 2) / times
    return small, Region(float(x), float(y), region.side / times, region.angle)

"""YOLOX (Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv 2107.08430): people in a picture, as boxes.

Published are two kinds of files: such that give boxes, (1, N, 5), and such that give the raw grid, (1, N, 5 + classes),
of which the first class is people.
"""

from __future__ import annotations

import numpy as np

from inference_server.models.onnx_network import OnnxNetwork
from inference_server.models.pose.boxes import Array, Found, Pixels, each_once, letterboxed, searched

ORDER = "bgr"  # in which it learned: mmdetection's settings leave pictures as OpenCV reads them
SIZE = (640, 640)  # where the file leaves it open
STRIDES = (8, 16, 32)
LEAST = 0.3  # score of a person


def cells(size: tuple[int, int]) -> int:
    """Rows of the raw grid of a picture (width, height)."""
    return sum((size[0] // stride) * (size[1] // stride) for stride in STRIDES)


class Yolox:
    """A detector of people. order: of the channels, "rgb" or "bgr"."""

    def __init__(self, network: OnnxNetwork, order: str) -> None:
        self._network, self._order = network, order
        self._size = network.size or SIZE

    def search(self, picture: Pixels, closely: bool) -> list[Found]:
        """People in a picture (H, W, 3) sRGB, the surest first."""
        return searched(picture, self._look, max(self._size), closely)

    def _look(self, picture: Pixels) -> list[Found]:
        given, times = letterboxed(picture, self._size, self._order)
        rows = self._network(given)[0][0].astype(np.float64)
        boxes, scores = (rows[:, :4], rows[:, 4]) if rows.shape[1] == 5 else decoded(rows, self._size)
        kept = scores >= LEAST
        pairs = zip(scores[kept].tolist(), boxes[kept] / times, strict=True)
        return each_once([Found(min(1.0, score), box) for score, box in pairs])


def decoded(rows: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """Boxes (N, 4) as left, top, right, bottom, and scores (N,) of people, of a raw grid (N, 5 + classes)."""
    corners, steps = [], []
    for stride in STRIDES:
        across, down = np.meshgrid(np.arange(size[0] // stride), np.arange(size[1] // stride))
        corners.append(np.stack([across, down], -1).reshape(-1, 2))
        steps.append(np.full((corners[-1].shape[0], 1), stride))
    corner, step = np.concatenate(corners), np.concatenate(steps)
    middle = (rows[:, :2] + corner) * step
    half = np.exp(np.minimum(rows[:, 2:4], 20)) * step / 2
    return np.concatenate([middle - half, middle + half], 1), rows[:, 4] * rows[:, 5]

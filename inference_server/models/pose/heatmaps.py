"""ViTPose (Xu et al., arXiv 2204.12484): joints by a map each of where they are likely.

The place between the cells is found as DARK does (Zhang et al., CVPR 2020): of the blurred map's logarithm, a parabola
around its highest cell. The first and the last cell lie on the first and the last pixel (unbiased data processing,
Huang et al., CVPR 2020).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.models.onnx_network import OnnxNetwork
from inference_server.models.pose.flat import Array, Pixels, View, body_of, normalised
from inference_server.motion.bodies import Body, Region

ORDER = "rgb"  # in which it learned (mmpose's settings: bgr_to_rgb)
BLUR = 11  # cells, of the Gaussian
LOWEST, HIGHEST = 0.001, 50.0  # of a map, before its logarithm


class Heatmaps:
    """Joints of a person by one network. order: of the channels, "rgb" or "bgr"."""

    def __init__(self, network: OnnxNetwork, size: tuple[int, int], order: str) -> None:
        self._network, self._size, self._order = network, size, order
        self.aspect = size[0] / size[1]

    def read(self, picture: Pixels, region: Region) -> Body | None:
        """The body in a square of a picture (H, W, 3) sRGB; None where none is."""
        size = np.array(self._size, np.float64)
        square = np.array([region.side * self.aspect, region.side])
        view = View(region, self._size, square / (size - 1), (size - 1) / 2)
        maps = self._network(normalised(view.drawn(picture), self._order))[0][0]
        cells = np.array(maps.shape[:0:-1], np.float64)
        places = refined(maps) / (cells - 1) * (size - 1)
        return body_of(view.back(places), maps.max((1, 2)).astype(np.float64), self.aspect)


def refined(maps: NDArray[np.float32]) -> Array:
    """(K, 2) x and y, in cells from the middle of the first: where maps (K, height, width) are highest."""
    count, high, wide = maps.shape
    down, across = np.unravel_index(maps.reshape(count, -1).argmax(1), (high, wide))
    blurred = np.stack([cv2.GaussianBlur(one, (BLUR, BLUR), 0) for one in maps])
    logs = np.log(np.clip(blurred, LOWEST, HIGHEST)).astype(np.float64)
    logs = np.pad(logs, ((0, 0), (1, 1), (1, 1)), "edge")

    def at(x: int, y: int) -> Array:
        found: Array = logs[np.arange(count), down + 1 + y, across + 1 + x]
        return found

    slope = np.stack([at(1, 0) - at(-1, 0), at(0, 1) - at(0, -1)], 1) / 2
    mixed = (at(1, 1) - at(1, 0) - at(0, 1) + 2 * at(0, 0) - at(-1, 0) - at(0, -1) + at(-1, -1)) / 2
    bend = np.array(
        [[at(1, 0) - 2 * at(0, 0) + at(-1, 0), mixed], [mixed, at(0, 1) - 2 * at(0, 0) + at(0, -1)]]
    ).transpose(2, 0, 1)
    bend += np.finfo(np.float32).eps * np.eye(2)
    places: Array = np.stack([across, down], 1).astype(np.float64)
    return places - np.linalg.solve(bend, slope[..., None])[..., 0]

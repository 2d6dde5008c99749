"""RTMPose (Jiang et al., arXiv 2303.07399) and RTMW3D: joints by two distributions each, one across and one down.

Made are (1, K, steps * width) and (1, K, steps * height): a joint is where both are highest (SimCC, Li et al., 2022).
RTMW3D has a third one for depth, which says how far joints are from one another along the view, and not how large the
body is: it is not used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference_server.models.onnx_network import OnnxNetwork
from inference_server.models.pose.flat import Array, Pixels, View, body_of, normalised
from inference_server.motion.bodies import Body, Region

ORDER = "rgb"  # in which it learned (mmpose's settings: bgr_to_rgb); rtmlib gives it bgr, and loses by it


class SimCC:
    """Joints of a person by one network. order: of the channels, "rgb" or "bgr"."""

    def __init__(self, network: OnnxNetwork, size: tuple[int, int], order: str) -> None:
        self._network, self._size, self._order = network, size, order
        self.aspect = size[0] / size[1]

    def read(self, picture: Pixels, region: Region) -> Body | None:
        """The body in a square of a picture (H, W, 3) sRGB; None where none is."""
        size = np.array(self._size)
        view = View(region, self._size, np.full(2, region.side / size[1]), size / 2)
        across, down = self._network(normalised(view.drawn(picture), self._order))[:2]
        places, scores = highest(across[0], down[0])
        return body_of(view.back(places / (across.shape[-1] / size[0])), scores, self.aspect)


def highest(across: NDArray[np.float32], down: NDArray[np.float32]) -> tuple[Array, Array]:
    """Where distributions (K, M) and (K, N) are highest, (K, 2), and how high the lower of both is, (K,)."""
    places = np.stack([across.argmax(1), down.argmax(1)], 1).astype(np.float64)
    return places, np.minimum(across.max(1), down.max(1)).astype(np.float64)

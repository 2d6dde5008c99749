"""RTMO (Lu et al., "RTMO: Towards High-Performance One-Stage Real-Time Multi-Person Pose Estimation", CVPR 2024).

One network finds and reads everybody in a picture at once: boxes (1, N, 5) and joints (1, N, 17, 3), COCO's. Somebody
is read again in the square around them, so that who is small in the picture is large to it.
"""

from __future__ import annotations

import numpy as np

from inference_server.models.onnx_network import OnnxNetwork
from inference_server.models.pose.boxes import Found, Pixels, each_once, letterboxed, searched
from inference_server.models.pose.flat import HALF, body_of, cut, square_of
from inference_server.motion.bodies import Body, Region, hips_of

ORDER = "bgr"  # in which it learned: mmpose's settings of it leave pictures as OpenCV reads them
SIZE = (640, 640)  # where the file leaves it open
LEAST = 0.3  # score of a person


class Rtmo:
    """Bodies by one network. order: of the channels, "rgb" or "bgr"."""

    def __init__(self, network: OnnxNetwork, order: str) -> None:
        self._network, self._order = network, order
        self._size = network.size or SIZE

    def search(self, picture: Pixels, closely: bool = True) -> list[Region]:
        return [square_of(one.box, 1.0) for one in searched(picture, self._look, max(self._size), closely)]

    def read(self, picture: Pixels, region: Region) -> Body | None:
        """The body in a square of a picture whose hips are nearest to its middle; None where there is none."""
        part, times = cut(picture, region, max(self._size))
        bodies = []
        for one in self._look(part):
            assert one.joints is not None
            joints = one.joints * (1 / times, 1 / times, 1)
            joints[:, :2] += (region.x - region.side / 2, region.y - region.side / 2)
            bodies.append(body_of(joints[:, :2], joints[:, 2], 1.0))
        middle = np.array([region.x, region.y])
        there = [body for body in bodies if body is not None]
        return min(there, key=lambda body: float(np.hypot(*(hips_of(body.places) - middle))), default=None)

    def _look(self, picture: Pixels) -> list[Found]:
        given, times = letterboxed(picture, self._size, self._order)
        boxes, joints = (rows[0].astype(np.float64) for rows in self._network(given)[:2])
        joints[..., :2] = (joints[..., :2] + HALF) / times
        kept = np.flatnonzero(boxes[:, 4] >= LEAST)
        return each_once([Found(min(1.0, float(boxes[at, 4])), boxes[at, :4] / times, joints[at]) for at in kept])

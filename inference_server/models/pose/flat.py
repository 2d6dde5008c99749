"""What networks have in common that see joints in the picture alone: the square around a person, and a body of joints.

A square is upright. A network whose pictures are higher than wide sees its middle part, over its whole height.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.motion.bodies import SURE, Body, Region, evened, hips_of, names_of, torso_joints, torso_of
from shared.layouts import COCO_17
from shared.values import Value

LARGER = 1.25  # the square by the box of a person: what such networks learned with
BEYOND = 1.15  # the box by how far the joints reach: crown and soles are none
CLOSE = 2.5  # torsos of a square, least: of somebody of whom the picture shows the torso alone
DRAWN = 0.3  # how sure a joint is that their authors draw
BEST = 8  # of COCO's joints, the surest: by them a body is one
CERTAIN = 1.5 * DRAWN  # score of these from which on it is one for sure: few networks come near 1
LEAST = 0.5  # how sure a body is, least
HALF = 0.5  # pixels: OpenCV, and such networks, count from the middle of the first pixel
MEAN = np.array([123.675, 116.28, 103.53], np.float32)  # of red, green, blue, 0..255
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)

Pixels = NDArray[np.uint8]
Array = NDArray[np.float64]


def square_of(box: Array, aspect: float) -> Region:
    """The square for a box (4,) left, top, right, bottom. aspect: width by height of what the network sees."""
    width, height = box[2:] - box[:2]
    x, y = (box[:2] + box[2:]) / 2
    return Region(float(x), float(y), LARGER * max(1.0, float(height), float(width) / aspect), 0.0)


def body_of(places: Array, scores: Array, aspect: float) -> Body | None:
    """A body of joints (K, 2) in pixels of the picture and their scores (K,) 0..1; None where nobody is seen."""
    visible = evened(scores, DRAWN)
    names = names_of(len(places))
    core = np.sort(scores[[names.index(name) for name in COCO_17]])
    sure = float(np.clip(core[-BEST:] / CERTAIN, 0, 1).mean())
    if sure < LEAST:
        return None
    hips = hips_of(places)
    seen = visible >= SURE
    seen[torso_joints(len(places))] = True
    reach = np.abs(places[seen] - hips).max(0)
    high = 2 * BEYOND * max(float(reach[1]), float(reach[0]) / aspect)
    side = LARGER * max(1.0, high, CLOSE * torso_of(places) / LARGER)
    nowhere = np.full((len(places), 3), np.nan)
    return Body(places, visible, visible, nowhere, Region(float(hips[0]), float(hips[1]), side, 0.0), sure)


class View(Value):
    """What a network of a size (width, height) sees of a square.

    steps: pixels of the picture from one of its own to the next, across and down. middle: which of its own, counted
    from the middle of the first, lies on the middle of the square.
    """

    region: Region
    size: tuple[int, int]
    steps: Array
    middle: Array

    def drawn(self, picture: Pixels) -> Pixels:
        """(height, width, 3); beyond the picture is black."""
        x, y = np.array([self.region.x, self.region.y]) - HALF - self.steps * self.middle
        way = np.array([[self.steps[0], 0, x], [0, self.steps[1], y]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(picture, way, self.size, flags=flags), np.uint8)

    def back(self, places: Array) -> Array:
        """Places (K, 2), counted as `middle` is, in pixels of the picture."""
        found: Array = (places - self.middle) * self.steps + (self.region.x, self.region.y)
        return found


def normalised(pixels: Pixels, order: str) -> NDArray[np.float32]:
    """As networks want it that began with ImageNet's: less the mean of its pictures, by their deviation."""
    return (np.asarray(pixels if order == "rgb" else pixels[..., ::-1], np.float32) - MEAN) / DEVIATION


def cut(picture: Pixels, region: Region, most: int) -> tuple[Pixels, float]:
    """A square of a picture by itself, no larger than `most`, and by how much it was made larger; black beyond."""
    side = max(1, min(most, math.ceil(region.side)))
    times = side / region.side
    corner = region.x - region.side / 2, region.y - region.side / 2
    x, y = (place + HALF / times - HALF for place in corner)
    way = np.array([[1 / times, 0, x], [0, 1 / times, y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, way, (side, side), flags=flags), np.uint8), times

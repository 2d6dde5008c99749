"""BlazePose (Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking", 2020): bodies in a picture.

A detector finds where a body is and how it is turned, a second network reads 33 joints in the square around it.
Numbers and steps are those of Google's `mediapipe` 0.10.21 (`modules/pose_detection`, `modules/pose_landmark`), whose
networks are run as they were published; the joints agree with that package's to a fifth of a pixel.

Pixels: x to the right, y down, (0, 0) is the corner of the picture; angles in radians, clockwise as seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.models.blaze import Pixels, anchors, detected, warped
from inference_server.models.cards import Card
from inference_server.models.pose.boxes import squares
from inference_server.models.tflite import load_network
from inference_server.motion.bodies import Body, Region
from shared.layouts import BLAZEPOSE_33

JOINTS = len(BLAZEPOSE_33)
SEARCHED, READ = 224, 256  # pixels a side that the networks see
CELLS = ((28, 2), (14, 2), (7, 6))  # cells a side, and anchors in each
LEAST = 0.5  # score of a detection, and of a body that was read
SAME = 0.3  # overlap (intersection by union) of detections of one body
LARGER = 1.25  # the square by twice the distance of its two points
NEAR, SURE = 3, 0.5  # cells around a joint that refine its place, where the best of them is as sure
CLEAR = 0.8  # score with which a part of the picture needs no closer look
PARTS = (1.0, 0.5, 0.25)  # of the height: sides of the squares that are searched after the whole
CLOSE = 0.5  # of the body's circle, between the hips: less is one body, seen in squares of different sizes
FLOOR = 96  # pixels of a square, least: no body in it would be large enough to be read

Found = tuple[float, Region, tuple[float, float, float, float]]  # score, region, box of the face


class BlazePose:
    """Both networks on one device."""

    def __init__(self, card: Card, folder: Path, device: str) -> None:
        detector = card.config["detector"]
        self._detector = load_network(folder / detector["file"], detector["sha256"], device)
        self._reader = load_network(folder / card.weights.file, card.weights.sha256, device)

    def search(self, picture: Pixels, closely: bool = True) -> list[Region]:
        """Where bodies are in a picture (H, W, 3) sRGB.

        The whole is looked at, then squares of its height and a half of it, each overlapping the next by half, and
        `closely`, where nothing is clearly a body, squares of a quarter: small people in a wide picture are found so.
        Two who stand close together are one to a coarse look, so that what a finer one is clear about goes before it.
        """
        height, width = picture.shape[:2]
        looks = [self._detected(picture, 0, 0)]
        for part in PARTS:
            if part == PARTS[-1] and (not closely or any(score > CLEAR for look in looks for score, _, _ in look)):
                break
            side = min(max(FLOOR, round(height * part)), height, width)
            found: list[Found] = []
            for top, left in squares(height, width, side):
                found += self._detected(picture[top : top + side, left : left + side], left, top)
            looks.append(merged(found))
        order = [one for look in reversed(looks) for one in look if one[0] > CLEAR]
        order += [one for look in looks for one in look if one[0] <= CLEAR]
        kept: list[tuple[int, Region]] = []
        for _, region, box in order:
            look = next(place for place, mine in enumerate(looks) if any(box is other for _, _, other in mine))
            if all(look == other or away(region, one) > CLOSE for other, one in kept):
                kept.append((look, region))
        return [region for _, region in kept]

    def _detected(self, picture: Pixels, left: int, top: int) -> list[Found]:
        height, width = picture.shape[:2]
        side = max(height, width)
        whole = Region(width / 2, height / 2, side, 0.0)
        values, scores = detected(self._detector, picture, whole, SEARCHED, ANCHORS, LEAST)
        corner = np.array([whole.x - side / 2, whole.y - side / 2])
        found: list[Found] = []
        for score, row in zip(scores, values, strict=True):
            points = row[4:8].reshape(2, 2) * side + corner + (left, top)
            x, y = row[:2] * side + corner + (left, top)
            wide, high = row[2:4] * side
            box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            found.append((float(score), region_of(points), box))
        return merged(found)

    def read(self, picture: Pixels, region: Region) -> Body | None:
        """The body in a square of a picture (H, W, 3) sRGB; None where none is."""
        seen = warped(picture, region, READ, cv2.BORDER_REPLICATE)
        points, flag, _, heat, world = self._reader(seen[None].astype(np.float32) / np.float32(255))
        sure = float(flag[0, 0])
        if sure < LEAST:
            return None
        rows = points.reshape(39, 5).astype(np.float64)
        rows[:, :2] = refined(rows[:, :2] / READ, heat[0])
        places = region.outside(rows[:, :2])
        visible, present = (1 / (1 + np.exp(-rows[:JOINTS, i])) for i in (3, 4))
        space = world.reshape(39, 3)[:JOINTS].astype(np.float64)
        space[:, :2] = space[:, :2] @ region.turn.T
        return Body(places[:JOINTS], visible, present, space, region_of(places[33:35]), sure)


def region_of(points: NDArray[np.float64]) -> Region:
    """The square around a body: points (2, 2) are the middle of the hips, and one above it on the body's circle."""
    (x, y), (above, high) = points
    angle = math.pi / 2 - math.atan2(y - high, above - x)
    angle = (angle + math.pi) % (2 * math.pi) - math.pi
    return Region(float(x), float(y), 2 * LARGER * math.hypot(above - x, high - y), angle)


def away(one: Region, other: Region) -> float:
    """Between the middles of two, in radiuses of the smaller one's circle."""
    return math.hypot(one.x - other.x, one.y - other.y) / max(1e-9, min(one.side, other.side) / (2 * LARGER))


def merged(found: Sequence[Found]) -> list[Found]:
    """Detections of one body as one, averaged by their scores, the surest first."""
    left = sorted(found, key=lambda one: -one[0])
    made: list[Found] = []
    while left:
        same = [one for one in left if _overlap(left[0][2], one[2]) > SAME or one is left[0]]
        left = [one for one in left if not any(one is other for other in same)]
        weights = np.array([score for score, _, _ in same])
        points = np.array([one.points for _, one, _ in same])
        boxes = np.array([box for _, _, box in same])
        box = np.average(boxes, 0, weights).tolist()
        made.append((float(weights[0]), region_of(np.average(points, 0, weights)), (box[0], box[1], box[2], box[3])))
    return made


def refined(places: NDArray[np.float64], heat: NDArray[np.float32]) -> NDArray[np.float64]:
    """Places (39, 2), 0..1 of the square, led by a map (64, 64, 39) of where each joint is likely."""
    side = heat.shape[0]
    better = places.copy()
    for joint, (x, y) in enumerate(places):
        column, row = int(x * side), int(y * side)
        if not (0 <= column < side and 0 <= row < side):
            continue
        rows = np.arange(max(0, row - NEAR), min(side, row + NEAR + 1))
        columns = np.arange(max(0, column - NEAR), min(side, column + NEAR + 1))
        likely = 1 / (1 + np.exp(-heat[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, joint].astype(np.float64)))
        if likely.max() >= SURE:
            better[joint] = np.array([likely.sum(0) @ columns, likely.sum(1) @ rows]) / likely.sum() / side
    return better


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    across = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    both = across * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    return both / max((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both, 1e-9)


ANCHORS = anchors(CELLS)

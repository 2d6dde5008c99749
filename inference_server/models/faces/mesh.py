"""The mesh of a face: 468 points (Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video", 2019).

A detector (BlazeFace, short range) says where in a square the face is and how it is turned, a second network reads the
points in the square around it. Numbers and steps are those of Google's `mediapipe` 0.10.21 (`modules/face_detection`,
`modules/face_landmark`), whose networks are run as they were published.

Pixels: x to the right, y down, (0, 0) is the corner of the picture; angles in radians, clockwise as seen.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.models.blaze import Pixels, anchors, detected, warped
from inference_server.models.tflite import load_network
from inference_server.motion.bodies import Region
from shared.values import Value

FOLDER = Path(__file__).parent / "mediapipe"
DETECTOR = FOLDER / "face_detection_short_range.tflite"
READER = FOLDER / "face_landmark.tflite"
HASHES = {
    DETECTOR: "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    READER: "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
}
SEARCHED, READ = 128, 192  # pixels a side that the networks see
CELLS = ((16, 2), (8, 6))  # cells a side, and anchors in each
POINTS = 468
LEAST = 0.5  # score of a detection
SAME = 0.3  # overlap (intersection by union) of detections of one face
LARGER = 1.5  # the square by the longer side of the box

OVAL = (  # around the face, from the middle of the forehead to the left of the person
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
    *(148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)  # their outline
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)  # upper edge
FOREHEAD, CHIN, NOSE, UNDER_NOSE = 10, 152, 1, 2
OVER_LIP = 0  # the middle of the upper lip's outer edge
UPPER_LIP, LOWER_LIP = 13, 14  # inner edges
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
CHEEKS = (234, 454)  # outermost, the person's right and left

Points = NDArray[np.float64]


class Found(Value):
    """A detection. box: left, top, right, bottom; points: (6, 2) the person's right eye, left eye, the nose, the mouth,
    right ear, left ear; score: 0..1."""

    box: tuple[float, float, float, float]
    points: Points
    score: float

    @property
    def region(self) -> Region:
        """The square in which its points are read."""
        left, top, right, bottom = self.box
        return region_of((left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top), self.points[:2])


class Mesh(Value):
    """points: (468, 2) pixels; depth: (468,) in pixels, smaller is nearer; odds: natural logarithm of those that it is
    a face: 25 of one that is plain to see, half of it with a hand before it, below 0 of anything else."""

    points: Points
    depth: NDArray[np.float64]
    odds: float

    @property
    def sure(self) -> float:
        """That it is a face, 0..1."""
        return 1 / (1 + math.exp(-max(self.odds, -500.0)))

    @property
    def yaw(self) -> float:
        """Degrees to the right of the picture that it is turned; beyond 45 the network reads less than there is."""
        across, away = self.points[CHEEKS[1]] - self.points[CHEEKS[0]], self.depth[list(CHEEKS)]
        return math.degrees(math.atan2(away[0] - away[1], float(np.hypot(*across))))

    @property
    def opening(self) -> float:
        """Between the lips, by the height of the face."""
        apart = self.points[UPPER_LIP] - self.points[LOWER_LIP], self.points[FOREHEAD] - self.points[CHIN]
        return float(np.hypot(*apart[0]) / max(np.hypot(*apart[1]), 1e-9))


class FaceMesh:
    """Both networks on one device."""

    def __init__(self, device: str) -> None:
        self._detector = load_network(DETECTOR, HASHES[DETECTOR], device)
        self._reader = load_network(READER, HASHES[READER], device)

    def search(self, picture: Pixels, region: Region | None = None) -> list[Found]:
        """The faces in a picture (H, W, 3) sRGB, or in a square of it, the surest first: those that are large in it."""
        height, width = picture.shape[:2]
        where = region or Region(width / 2, height / 2, max(height, width), 0.0)
        values, scores = detected(self._detector, picture, where, SEARCHED, ANCHORS, LEAST)
        corners = np.concatenate([values[:, :2] - values[:, 2:4] / 2, values[:, :2] + values[:, 2:4] / 2], 1)
        found = []
        for box, points, score in _merged(corners, values[:, 4:], scores):
            middle = where.outside((box[None, :2] + box[None, 2:]) / 2)[0]
            half = (box[2:] - box[:2]) / 2 * where.side
            edges = np.concatenate([middle - half, middle + half]).tolist()
            placed = where.outside(points.reshape(6, 2))
            found.append(Found((edges[0], edges[1], edges[2], edges[3]), placed, score))
        return found

    def read(self, picture: Pixels, region: Region) -> Mesh:
        """The mesh of the face in a square of a picture (H, W, 3) sRGB, however sure it is that one is there."""
        seen = warped(picture, region, READ, cv2.BORDER_REPLICATE)
        outputs = self._reader(seen[None].astype(np.float32) / np.float32(255))
        points, flag = sorted((one.reshape(-1).astype(np.float64) for one in outputs), key=lambda one: -one.size)
        rows = points.reshape(POINTS, 3) / READ
        return Mesh(region.outside(rows[:, :2]), rows[:, 2] * region.side, float(flag[0]))


def region_of(x: float, y: float, side: float, eyes: Points) -> Region:
    """The square around a face: its middle, the longer side of its box, and its eyes (2, 2), the person's right first.

    It is turned with them.
    """
    (ax, ay), (bx, by) = eyes
    return Region(float(x), float(y), LARGER * float(side), math.atan2(by - ay, bx - ax))


def _merged(boxes: Points, points: Points, scores: NDArray[np.float64]) -> list[tuple[Points, Points, float]]:
    """Detections of one face as one, averaged by their scores, the surest first."""
    left = np.argsort(-scores)
    made = []
    while len(left):
        first, rest = boxes[left[0]], boxes[left]
        sides = np.minimum(first[2:], rest[:, 2:]) - np.maximum(first[:2], rest[:, :2])
        both = sides.clip(0).prod(1)
        areas = (rest[:, 2:] - rest[:, :2]).prod(1)
        same = both / np.maximum(areas + areas[0] - both, 1e-9) > SAME
        same[0] = True
        own = left[same]
        weights = scores[own]
        made.append((np.average(boxes[own], 0, weights), np.average(points[own], 0, weights), float(weights[0])))
        left = left[~same]
    return made


ANCHORS = anchors(CELLS)

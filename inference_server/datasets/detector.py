"""Faces in a picture: YuNet (Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", 2023), through OpenCV."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.passes.quiet import quiet
from shared.values import Value

NETWORK = Path(__file__).parent / "yunet" / "face_detection_yunet_2023mar.onnx"
LONG_SIDE = 640  # pixels, at most, of what is searched: as many faces as at full size, in a tenth of the time
FLOOR = 0.6  # scores below are no face; what is kept asks for more
OVERLAP = 0.3  # of two boxes that are one face
MOST = 5000


class Face(Value):
    """In pixels of the whole picture, x to the right, y down.

    box: x, y, width, height, which may reach beyond the picture. points: the eye on the left of the picture, the other
    one, the nose, the corner of the mouth on the left, the other one.
    """

    box: tuple[float, float, float, float]
    points: tuple[tuple[float, float], ...]
    score: float  # 0..1

    @property
    def row(self) -> list[float]:
        """Plain numbers that `face_of` reads back."""
        return [*self.box, *(value for point in self.points for value in point), self.score]


def face_of(row: list[float]) -> Face:
    points = tuple((row[i], row[i + 1]) for i in range(4, 14, 2))
    return Face((row[0], row[1], row[2], row[3]), points, row[14])


class Detector:
    def __init__(self) -> None:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # OpenCV 5 warns at every detection
        with quiet():
            self._network = cv2.FaceDetectorYN.create(str(NETWORK), "", (LONG_SIDE, LONG_SIDE), FLOOR, OVERLAP, MOST)

    def faces(self, picture: NDArray[np.uint8]) -> list[Face]:
        """All faces of a picture (H, W, 3) uint8 sRGB, the surest first."""
        height, width = picture.shape[:2]
        shrunk = min(1.0, LONG_SIDE / max(height, width))
        size = max(1, round(width * shrunk)), max(1, round(height * shrunk))
        small = picture if shrunk == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        found: Any = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1]
        if found is None:
            return []
        scale = np.tile([width / size[0], height / size[1]], 7)
        rows = [[round(float(v), 3) for v in (*(row[:14] * scale), row[14])] for row in found]
        return [face_of(row) for row in sorted(rows, key=lambda row: -row[14])]


def network_hash() -> str:
    """sha256 of the network's file."""
    return hashlib.sha256(NETWORK.read_bytes()).hexdigest()

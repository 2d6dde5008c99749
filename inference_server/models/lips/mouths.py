"""What a network of lips is to the family: it hears a sound once, and makes the face of a frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Face = NDArray[np.float32]  # (side, side, 3) sRGB-encoded, 0..1, red green blue


class Mouth(ABC):
    """On a device. side: pixels of the square face that goes in and comes out; middle: seconds from a frame's moment to
    the middle of the sound that it is made of."""

    side: ClassVar[int]
    middle: ClassVar[Fraction]

    @staticmethod
    @abstractmethod
    def box(points: NDArray[np.float64]) -> list[float]:
        """Left, top, right, bottom of the face that the network knows, by the (468, 2) points of a mesh; the lower half
        of it is made up."""

    @abstractmethod
    def hears(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What it hears in a sound (n,) at 16 kHz, -1..1: found out once."""

    @abstractmethod
    def made(self, face: Face, heard: NDArray[np.float32], frame: int, fps: Fraction, later: float) -> Face:
        """The face that says what is heard `later` seconds after a frame of the sound, 0 the first."""

"""What is read of a person in one picture, and the square that it is read in. Plain data.

Pixels: x to the right, y down, (0, 0) is the corner of the picture; angles in radians, clockwise as seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.layouts import LAYOUTS, Names
from shared.values import Value

DIGITS = {"places": 3, "visible": 4, "present": 4, "space": 5}  # behind the point, of what is kept of a body
TORSO = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")

SURE = 0.5  # a joint that is less sure is not seen

Points = NDArray[np.float64]


class Region(Value):
    """A square, turned at will: its middle, its side and its angle."""

    x: float
    y: float
    side: float
    angle: float

    @property
    def turn(self) -> NDArray[np.float64]:
        """(2, 2): from the square's own directions to the picture's."""
        return np.array([[math.cos(self.angle), -math.sin(self.angle)], [math.sin(self.angle), math.cos(self.angle)]])

    @property
    def points(self) -> Points:
        """(2, 2): its middle, and a point of the body's circle above it."""
        up = self.side / 2.5 * (self.turn @ np.array([0.0, -1.0]))
        return np.array([[self.x, self.y], [self.x + up[0], self.y + up[1]]])

    def outside(self, places: Points) -> Points:
        """Places (N, 2) of the square, 0..1, in the picture's pixels."""
        found: Points = (places - 0.5) * self.side @ self.turn.T + (self.x, self.y)
        return found


class Body(Value):
    """places: (K, 2) pixels; visible, present: (K,) how sure each joint is seen, and is in the picture, 0..1.

    K: the joints of one of `shared.layouts`, which is known by how many they are.
    space: (K, 3) metres from the middle of the hips, x right, y down, z away from the camera; NaN where nothing says
    so. next: the square in which the same body is looked for on the next frame. sure: that it is a body at all, 0..1.
    """

    places: Points
    visible: NDArray[np.float64]
    present: NDArray[np.float64]
    space: NDArray[np.float64]
    next: Region
    sure: float

    @property
    def hips(self) -> Points:
        """(2,): the middle of the hips."""
        return hips_of(self.places)

    @property
    def torso(self) -> float:
        """Pixels from the middle of the shoulders to that of the hips."""
        return torso_of(self.places)

    @property
    def row(self) -> dict[str, Any]:
        """Plain data that `body_of` reads back, rounded to what is delivered."""
        region = [self.next.x, self.next.y, self.next.side, self.next.angle]
        numbers = {name: getattr(self, name).round(digits).tolist() for name, digits in DIGITS.items()}
        return {"next": region, "sure": self.sure, **numbers}


def body_of(row: Mapping[str, Any]) -> Body:
    numbers = {name: np.array(row[name], np.float64) for name in DIGITS}
    return Body(next=Region(*row["next"]), sure=row["sure"], **numbers)


def evened(scores: NDArray[np.float64], drawn: float) -> NDArray[np.float64]:
    """Scores as how sure a joint is: that from which on their authors draw one becomes SURE, 0 and 1 stay."""
    kept = np.clip(scores, 0, 1)
    return np.where(kept < drawn, kept * SURE / drawn, SURE + (kept - drawn) * (1 - SURE) / (1 - drawn))


def names_of(count: int) -> Names:
    """The joints of the layout that has so many."""
    return next(names for names in LAYOUTS.values() if len(names) == count)


@lru_cache
def torso_joints(count: int) -> list[int]:
    """Where left and right shoulder, left and right hip are in a layout of so many joints."""
    return [names_of(count).index(name) for name in TORSO]


def hips_of(places: Points) -> Points:
    """(2,): the middle of the hips of (K, 2) joints."""
    middle: Points = places[torso_joints(len(places))[2:]].mean(0)
    return middle


def torso_of(places: Points) -> float:
    """Pixels from the middle of the shoulders to that of the hips."""
    return float(np.hypot(*(places[torso_joints(len(places))[:2]].mean(0) - hips_of(places))))

"""Networks that look at a whole picture at once, and find people anywhere in it: how they are given it, what they find.

The picture is made as large as the network's and put into its top left corner, the rest is grey: so YOLOX does (Ge et
al., arXiv 2107.08430), and RTMO after it. Its channels stand in the order that the card says, its values are 0 to 255.

Pixels: x to the right, y down, (0, 0) is the corner of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.values import Value

GREY = 114
SAME = 0.45  # overlap (intersection by union) of boxes that are one person's
CLEAR = 0.8  # score with which somebody is clearly found
PARTS = (1.0, 0.5)  # of the height: sides of the squares that are searched after the whole
FINER = 0.5  # of the network's side: squares that are smaller show it nothing more
EDGE = 2.0  # pixels from the edge of a square within a picture, where somebody is cut off

Pixels = NDArray[np.uint8]
Array = NDArray[np.float64]


class Found(Value):
    """A person of a picture. box: (4,) left, top, right, bottom; joints: (K, 3) x, y, how sure; a detector has none."""

    score: float
    box: Array
    joints: Array | None = None

    def moved(self, x: float, y: float) -> Found:
        """The same from a square's corner at (x, y)."""
        joints = None if self.joints is None else self.joints + (x, y, 0)
        return Found(self.score, self.box + (x, y, x, y), joints)


def letterboxed(picture: Pixels, size: tuple[int, int], order: str) -> tuple[NDArray[np.float32], float]:
    """(height, width, 3) float32 of 0..255, as the network takes it, and by how much it was made larger.

    size: (width, height). order: "rgb" or "bgr".
    """
    width, height = size
    times = min(height / picture.shape[0], width / picture.shape[1])
    inner = max(1, int(picture.shape[1] * times)), max(1, int(picture.shape[0] * times))
    made = np.full((height, width, 3), GREY, np.uint8)
    made[: inner[1], : inner[0]] = cv2.resize(picture, inner, interpolation=cv2.INTER_LINEAR)
    return (made if order == "rgb" else made[..., ::-1]).astype(np.float32), times


def each_once(found: Sequence[Found]) -> list[Found]:
    """Everybody once, the surest first: who overlaps with a surer one is the same."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        if all(_overlap(one.box, other.box) <= SAME for other in kept):
            kept.append(one)
    return kept


def searched(picture: Pixels, look: Callable[[Pixels], list[Found]], side: int, closely: bool) -> list[Found]:
    """Everybody in a picture: the whole is looked at, then squares of its height, then of a half of that.

    side: of the network, pixels. closely: whether to go on to smaller squares where nobody is clearly found.
    """
    height, width = picture.shape[:2]
    found = look(picture)
    for part in PARTS:
        edge = min(round(height * part), width)
        if not closely or edge < FINER * side or any(one.score > CLEAR for one in found):
            break
        if edge == max(height, width):
            continue
        for top, left in squares(height, width, edge):
            inner = [one.moved(left, top) for one in look(picture[top : top + edge, left : left + edge])]
            found += [one for one in inner if not _cut_off(one.box, (left, top, edge), (width, height))]
    return each_once(found)


def _cut_off(box: Array, square: tuple[int, int, int], size: tuple[int, int]) -> bool:
    """Whether somebody ends at an edge of a square that is no edge of the picture."""
    left, top, side = square
    low, high = np.array([left, top]), np.array([left, top]) + side
    return bool(((box[:2] < low + EDGE) & (low > 0)).any() or ((box[2:] > high - EDGE) & (high < size)).any())


def squares(height: int, width: int, side: int) -> Iterator[tuple[int, int]]:
    """(top, left) of squares that cover a picture, each overlapping its neighbours by half or more."""
    tops, lefts = (
        [round(place) for place in np.linspace(0, room, math.ceil(2 * room / side) + 1 if room else 1)]
        for room in (height - side, width - side)
    )
    yield from ((top, left) for top in tops for left in lefts)


def _overlap(a: Array, b: Array) -> float:
    both = float(np.prod(np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))))
    areas = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]))
    return both / max(areas - both, 1e-9)

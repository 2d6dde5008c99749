"""Whether a pass lies on the labels: it has its steps where other classes begin, or it is of other pictures.

The measure is the correlation of the two edges, over all shifts of up to an eighth of the picture. Of the depth of 62
rendered pairs at 256x144 it was always greatest where the two lay on one another, 0.42 to 0.80; moved by (6, 3) pixels
the passes kept 0 to 0.3 of that, and those of another camera had 0.2 at most. On a crane shot a frame had a third
beside the labels of the frame before or after. Numbers of parts had 0.53 (a train) and 0.80 (all else) on their labels,
three quarters and two thirds of that on those of the frame beside, and 0.12 moved by (6, 3).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.values import Value

STEP = 0.1  # relative, between neighbours
NEAREST, FURTHEST = 1e-3, 1e6  # what is beyond is as far as that
ENOUGH = 100  # pixels of edges
MOST_PIXELS = 2**18  # of a frame that is looked at; larger ones are thinned out
SURE = 0.3  # correlation of what lies on one another
ELSEWHERE = 1.3  # times as much where a pass belongs
Mask = NDArray[np.bool_]  # (H, W)


class Lies(Value):
    """Correlation of the edges as they are, and at best: with the pass moved by (x, y) pixels."""

    here: float
    best: float
    moved: tuple[int, int]


def of_depth(depth: NDArray[np.float32]) -> Mask:
    """Where a depth pass (H, W) has its steps."""
    away = np.log(np.clip(depth, NEAREST, FURTHEST))
    steps = np.zeros(depth.shape, bool)
    steps[:, 1:] = np.abs(np.diff(away, axis=1)) > STEP
    steps[1:] |= np.abs(np.diff(away, axis=0)) > STEP
    return steps


def of_numbers(numbers: NDArray[Any]) -> Mask:
    """Where another number (H, W), or row of numbers (H, W, n), begins than to the left, or above."""
    steps = np.zeros(numbers.shape[:2], bool)
    across, down = numbers[:, 1:] != numbers[:, :-1], numbers[1:] != numbers[:-1]
    steps[:, 1:] = across if across.ndim == 2 else across.any(2)
    steps[1:] |= down if down.ndim == 2 else down.any(2)
    return steps


def lies(plane: NDArray[Any], ids: NDArray[np.uint16], steps_of: Callable[[NDArray[Any]], Mask]) -> Lies | None:
    """How the steps of a plane (H, W) lie on labels of the same size; None where either has too few."""
    every = max(1, round(math.sqrt(ids.size / MOST_PIXELS)))
    borders, steps = of_numbers(ids[::every, ::every]), steps_of(plane[::every, ::every])
    if min(borders.sum(), steps.sum()) < ENOUGH:
        return None
    a, b = (one - one.mean() for one in (borders, steps))
    product = np.fft.irfft2(np.fft.rfft2(a) * np.conj(np.fft.rfft2(b)), a.shape)
    most = max(a.shape) // 8
    near = np.roll(product, (most, most), (0, 1))[: 2 * most + 1, : 2 * most + 1]
    near = near / math.sqrt(float((a * a).sum() * (b * b).sum()))
    row, column = divmod(int(near.argmax()), near.shape[1])
    here = float(near[most - 1 : most + 2, most - 1 : most + 2].max())  # half a pixel is no shift
    return Lies(here, float(near.max()), ((column - most) * every, (row - most) * every))


def elsewhere(one: Lies, other: float) -> bool:
    """Whether a pass belongs where its edges correlate by `other`."""
    return other > SURE and other > ELSEWHERE * one.here

"""From where somebody was seen to the way from the picture to the template's canvas, frame by frame. Pure functions.

A way is a `crops.Matrix` (2, 3) from source pixels to canvas pixels, a similarity, which turns where the template
levels; `crops.inverse` is the way back. Both measure from the corner of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import Matrix, inverse, steadied
from inference_server.motion.template import Template

TALL = 3.2  # torsos of a body: shoulders to hips times this is its height
BENT = 0.25  # seconds to each side in which the largest size counts: who bends down is no smaller
MODES = ("follow", "lock", "source")
FINEST = 8  # times, at most, that a canvas is drawn larger, to be averaged down

Pixels = NDArray[np.uint8]
Row = NDArray[np.float64]


def ways(
    seen: Sequence[int],
    places: NDArray[np.float64],
    wanted: Sequence[int],
    fps: Fraction,
    template: Template,
    mode: str,
) -> list[Matrix]:
    """The way to the canvas on each wanted frame.

    seen: the frames on which somebody was seen. places: (N, 4) of those: x and y of the centre, and the size, pixels,
    and by what angle they are turned from upright, radians, clockwise as seen.
    mode: "follow", or "lock": one way, on which all that "follow" shows has room; "source": nothing is moved.
    """
    if mode == "source":
        return [np.array([[1.0, 0, 0], [0, 1.0, 0]]) for _ in wanted]
    steady = steady_places(seen, places, wanted, float(fps), template)
    if not template.level:
        steady[:, 3] = 0
    if mode == "lock":
        turn = _turned(float(np.median(steady[:, 3])))
        reach = steady[:, 2:3] / template.size
        centres = steady[:, :2] @ turn.T
        low = (centres - reach * (template.point[0] / template.height, template.centre[1])).min(0)
        room = (1 - template.centre[0]) * template.width / template.height, 1 - template.centre[1]
        high = (centres + reach * room).max(0)
        scale = min(template.width / (high[0] - low[0]), template.height / (high[1] - low[1]))
        shift = np.array([template.width, template.height]) / 2 - scale * (low + high) / 2
        return [np.column_stack([scale * turn, shift]) for _ in wanted]
    found = []
    for x, y, size, angle in steady:
        turned = template.size * template.height / size * _turned(angle)
        found.append(np.column_stack([turned, np.array(template.point) - turned @ (x, y)]))
    return found


def _turned(angle: float) -> NDArray[np.float64]:
    """(2, 2): what turns somebody back who is turned by an angle."""
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def steady_places(
    seen: Sequence[int], places: NDArray[np.float64], wanted: Sequence[int], fps: float, template: Template
) -> NDArray[np.float64]:
    """(M, 4) centre, size and angle on each wanted frame, of which each looks at a finite window around it."""
    centres = steadied(list(seen), places[:, :2], list(wanted), template.steady_centre * fps)
    reach = math.ceil(BENT * fps)
    near = np.array(wanted)[:, None] + np.arange(-reach, reach + 1)
    sizes = np.interp(near, seen, places[:, 2]).max(1)
    angles = np.interp(wanted, seen, np.unwrap(places[:, 3]))
    slower = steadied(list(wanted), np.stack([sizes, angles], 1), list(wanted), template.steady_size * fps)
    return np.concatenate([centres, slower], 1)


def drawn(picture: Pixels, way: Matrix, size: tuple[int, int], outside: str) -> Pixels:
    """The canvas (height, width, 3) of a picture (H, W, 3), or (…, 4) with straight alpha where beyond it is nothing.

    size: (width, height). What is made smaller is averaged, so that nothing flickers.
    """
    width, height = size
    scale = math.hypot(way[0, 0], way[1, 0])
    finer = min(FINEST, max(1, math.ceil(1 / scale - 1e-6)))
    back = inverse(way) @ np.diag([1 / finer, 1 / finer, 1.0])
    by_index = back.copy()  # OpenCV counts from the middle of the first pixel
    by_index[:, 2] += back[:, 0] / 2 + back[:, 1] / 2 - 0.5
    smooth = cv2.INTER_LANCZOS4 if scale > 1 else cv2.INTER_CUBIC

    def warped(plane: Pixels, border: int) -> Pixels:
        large = (width * finer, height * finer)
        made = cv2.warpAffine(plane, by_index, large, flags=smooth | cv2.WARP_INVERSE_MAP, borderMode=border)
        return np.asarray(made if finer == 1 else cv2.resize(made, size, interpolation=cv2.INTER_AREA), np.uint8)

    canvas = warped(picture, cv2.BORDER_REPLICATE)
    if outside == "replicate":
        return canvas
    alpha = warped(np.full(picture.shape[:2], 255, np.uint8), cv2.BORDER_CONSTANT)
    return np.dstack([canvas, alpha])

"""A painting made at a smaller size, brought to the size of its labels: edges follow the labels, pixel for pixel.

Joint upsampling (Kopf et al., "Joint Bilateral Upsampling", SIGGRAPH 2007) with the class as the guide: a pixel is
interpolated between painted pixels of its own class alone, so no colour crosses an edge. Away from edges this is
plain bicubic interpolation; at an edge, what the kernel misses is taken to be the mean of what it finds of the class.
Networks paint edges softly: enlarged, their mixed colours would be a rim on both sides, so they are replaced first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Classes = NDArray[np.uint16]

SHARP = np.float32(-0.75)  # of Keys' cubic kernel; OpenCV's, which does the pixels away from edges
MIXED = -1
BORDER = 2  # painted pixels beside another class that hold some of its colour
AROUND = 4  # painted pixels: how far inside a class the colour of its border is looked for
NEARER = np.exp(-(np.arange(AROUND + 1) ** 2) / 3).astype(np.float32)  # weights of that, by distance


def upscale(picture: Picture, painted: Classes, wanted: Classes) -> Picture:
    """Bring a painting to the size of `wanted`.

    Args:
        picture: (h, w, 3), 0..1.
        painted: (h, w) class of each of its pixels, as it lay under the pixel's centre.
        wanted: (H, W) classes at the full size, H >= h, W >= w.

    Returns (H, W, 3), 0..1. A pixel whose class is nowhere near in `painted` is that of the nearest painted pixel of
    its class; a class that was lost altogether shows what was painted in its place.
    """
    import cv2

    height, width = wanted.shape
    picture = _clean(np.ascontiguousarray(picture), painted)
    large: Picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)
    columns, across = _taps(width, painted.shape[1])
    rows, down = _taps(height, painted.shape[0])
    # The class of every 4x4 block that the kernel may read; the first begins two rows and columns outside.
    block = np.ones((4, 4), np.uint8)
    border = cv2.copyMakeBorder(painted, 2, 2, 2, 2, cv2.BORDER_REPLICATE)
    low, high = (f(border, block, anchor=(0, 0))[:-3, :-3] for f in (cv2.erode, cv2.dilate))
    alike = np.where(low == high, low.astype(np.int32), MIXED)
    lost = np.zeros(wanted.shape, np.bool_)
    _guided(picture, painted, wanted, alike, rows, columns, down, across, large, lost)
    _place_lost(picture, painted, wanted, lost, large)
    return np.clip(large, 0, 1, out=large)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _clean(picture: Any, painted: Any) -> Any:
    """The picture without the mixed colours that the network painted on either side of an edge.

    The nearer a pixel is to another class (less than BORDER), the further in are the pixels of its class whose mean it
    takes; where the class is too thin for that, it stays.
    """
    height, width = painted.shape
    depth = np.full((height, width), BORDER, np.int8)  # how many pixels away another class is, at most BORDER
    for ring in range(BORDER):
        for y in range(height):
            for x in range(width):
                if depth[y, x] < BORDER:
                    continue
                for row in range(max(y - 1, 0), min(y + 2, height)):
                    for column in range(max(x - 1, 0), min(x + 2, width)):
                        beside = painted[row, column] != painted[y, x]
                        if beside if ring == 0 else depth[row, column] == ring - 1:
                            depth[y, x] = ring
    cleaned = picture.copy()
    for y in range(height):
        for x in range(width):
            for wanted in range(BORDER, depth[y, x], -1):
                red = green = blue = total = np.float32(0)
                for row in range(max(y - AROUND, 0), min(y + AROUND + 1, height)):
                    for column in range(max(x - AROUND, 0), min(x + AROUND + 1, width)):
                        if depth[row, column] >= wanted and painted[row, column] == painted[y, x]:
                            share = NEARER[abs(row - y)] * NEARER[abs(column - x)]
                            red += share * picture[row, column, 0]
                            green += share * picture[row, column, 1]
                            blue += share * picture[row, column, 2]
                            total += share
                if total > 0:
                    cleaned[y, x, 0] = red / total
                    cleaned[y, x, 1] = green / total
                    cleaned[y, x, 2] = blue / total
                    break
    return cleaned


def _taps(length: int, small: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """First of the four painted pixels that each of `length` reads (may lie outside), and their weights (length, 4)."""
    centre = (np.arange(length) + 0.5) * (small / length) - 0.5
    first = np.floor(centre).astype(np.int64)
    x = (centre - first)[:, None].astype(np.float32) - np.arange(-1, 3, dtype=np.float32)
    x = np.abs(x)
    near = ((SHARP + 2) * x - (SHARP + 3)) * x * x + 1
    far = ((SHARP * x - 5 * SHARP) * x + 8 * SHARP) * x - 4 * SHARP
    return first - 1, np.where(x <= 1, near, far).astype(np.float32)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _guided(
    picture: Any, painted: Any, wanted: Any, alike: Any, rows: Any, columns: Any, down: Any, across: Any, large: Any,
    lost: Any,
) -> None:  # fmt: skip
    """Overwrite every pixel of `large` around which the classes are not all its own; `lost` has none of them."""
    height, width = painted.shape
    for y in range(wanted.shape[0]):
        top = rows[y]
        for x in range(wanted.shape[1]):
            left, own = columns[x], wanted[y, x]
            if alike[top + 2, left + 2] == own:
                continue
            red = green = blue = found = np.float32(0)
            mean_red = mean_green = mean_blue = total = np.float32(0)
            for i in range(4):
                row = min(max(top + i, 0), height - 1)
                for j in range(4):
                    column = min(max(left + j, 0), width - 1)
                    if painted[row, column] != own:
                        continue
                    weight = down[y, i] * across[x, j]
                    # Of the mean, positive everywhere: the nearer, the more.
                    share = (abs(down[y, i]) + np.float32(0.01)) * (abs(across[x, j]) + np.float32(0.01))
                    r, g, b = picture[row, column, 0], picture[row, column, 1], picture[row, column, 2]
                    red += weight * r
                    green += weight * g
                    blue += weight * b
                    found += weight
                    mean_red += share * r
                    mean_green += share * g
                    mean_blue += share * b
                    total += share
            if total == 0:
                lost[y, x] = True
                continue
            missing = (np.float32(1) - found) / total
            large[y, x, 0] = red + missing * mean_red
            large[y, x, 1] = green + missing * mean_green
            large[y, x, 2] = blue + missing * mean_blue


def _place_lost(picture: Picture, painted: Classes, wanted: Classes, lost: NDArray[np.bool_], large: Picture) -> None:
    """Give pixels too far from any painted one of their class the nearest of it."""
    import cv2

    y, x = np.nonzero(lost)
    height, width = painted.shape
    below = (y * height // wanted.shape[0], x * width // wanted.shape[1])
    classes = wanted[y, x]
    for own in np.unique(classes):
        others = (painted != own).astype(np.uint8)
        if others.all():
            continue
        _, index = cv2.distanceTransformWithLabels(others, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
        place = np.zeros(int(index.max()) + 1, np.int64)
        flat = np.flatnonzero(others == 0)
        place[index.ravel()[flat]] = flat
        here = classes == own
        nearest = place[index[below[0][here], below[1][here]]]
        large[y[here], x[here]] = picture.reshape(-1, 3)[nearest]

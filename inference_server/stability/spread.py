"""Compiled loops of `hold` over cells: squares of pixels of which one number is known, or a few.

As `carry`, which does the same for single pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from inference_server.stability.carry import OPTIONS


@njit(**OPTIONS)
def take_cells(cells: Any, offset: Any, source: Any, cell: int, only: int, found: Any) -> None:
    """As `take`, of the means of cells; what lies outside a picture is the nearest that it has.

    Args:
        cells: (N, h, w, K) float32, one for `cell` pixels a side.
        only: the painting that may be read, or -1 for whichever a cell's surface was seen in.
        found: (h, w, K) float32, filled; zeros where another painting would be read.
    """
    rows, columns, channels = found.shape
    height, width = source.shape
    for y in prange(rows):
        for x in range(columns):
            row, column = min(y * cell + cell // 2, height - 1), min(x * cell + cell // 2, width - 1)
            place = source[row, column]
            if only >= 0 and place != only:
                found[y, x] = 0
                continue
            at_x = np.float32(x) + offset[row, column, 0] / np.float32(cell)
            at_y = np.float32(y) + offset[row, column, 1] / np.float32(cell)
            at_x = min(max(at_x, np.float32(0)), np.float32(columns - 1))
            at_y = min(max(at_y, np.float32(0)), np.float32(rows - 1))
            left, top = int(at_x), int(at_y)
            right, low = min(left + 1, columns - 1), min(top + 1, rows - 1)
            a, b = at_x - np.float32(left), at_y - np.float32(top)
            for k in range(channels):
                upper = cells[place, top, left, k] + a * (cells[place, top, right, k] - cells[place, top, left, k])
                lower = cells[place, low, left, k] + a * (cells[place, low, right, k] - cells[place, low, left, k])
                found[y, x, k] = upper + b * (lower - upper)


@njit(**OPTIONS)
def take_alike(cells: Any, there: Any, offset: Any, source: Any, here: Any, cell: int, found: Any) -> None:
    """As `take_cells`, of the first painting alone and between cells of the same class alone.

    Args:
        cells: (h, w, K) float32 of the first painting; there, here: (h, w) uint16, classes of its cells and of these.
        found: (h, w, K + 1) float32, filled; at last what is known, 1 or 0.
    """
    rows, columns, channels = cells.shape
    height, width = source.shape
    for y in prange(rows):
        for x in range(columns):
            row, column = min(y * cell + cell // 2, height - 1), min(x * cell + cell // 2, width - 1)
            found[y, x] = 0
            if source[row, column] != 0:
                continue
            at_x = np.float32(x) + offset[row, column, 0] / np.float32(cell)
            at_y = np.float32(y) + offset[row, column, 1] / np.float32(cell)
            at_x = min(max(at_x, np.float32(0)), np.float32(columns - 1))
            at_y = min(max(at_y, np.float32(0)), np.float32(rows - 1))
            left, top = int(at_x), int(at_y)
            total = np.float32(0)
            for low in range(2):
                for right in range(2):
                    beside, below = min(left + right, columns - 1), min(top + low, rows - 1)
                    if there[below, beside] != here[y, x]:
                        continue
                    a = abs(np.float32(1 - right) - (at_x - np.float32(left)))
                    b = abs(np.float32(1 - low) - (at_y - np.float32(top)))
                    total += a * b
                    for k in range(channels):
                        found[y, x, k] += a * b * cells[below, beside, k]
            if total > 0:
                for k in range(channels):
                    found[y, x, k] /= total
                found[y, x, channels] = 1


@njit(**OPTIONS)
def land(offset: Any, source: Any, reached: Any) -> None:
    """Where the surfaces seen in the first painting are in it: 1 on their pixels there and beside them.

    Args:
        offset: (H, W, 2) float32, source: (H, W) int16, as `inherit` makes them.
        reached: (H, W) float32, zeros, filled.
    """
    height, width = source.shape
    for y in prange(height):
        for x in range(width):
            if source[y, x] == 0:
                row = int(np.floor(np.float32(y) + offset[y, x, 1] + np.float32(0.5)))
                column = int(np.floor(np.float32(x) + offset[y, x, 0] + np.float32(0.5)))
                for beside in range(max(row - 1, 0), min(row + 2, height)):
                    reached[beside, max(column - 1, 0) : max(column + 2, 0)] = 1


@njit(**OPTIONS)
def mean_alike(cells: Any, classes: Any, reach: int, mean: Any) -> None:
    """The mean of the cells around that have the same class; beyond the frame the last ones go on.

    Args:
        cells: (h, w, K) float32; classes: (h, w) uint16; reach: cells to each side.
        mean: (h, w, K) float32, filled.
    """
    rows, columns, channels = cells.shape
    for y in prange(rows):
        for x in range(columns):
            mean[y, x] = 0
            count = np.float32(0)
            for row in range(y - reach, y + reach + 1):
                for column in range(x - reach, x + reach + 1):
                    at_y, at_x = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
                    if classes[at_y, at_x] == classes[y, x]:
                        count += 1
                        for k in range(channels):
                            mean[y, x, k] += cells[at_y, at_x, k]
            for k in range(channels):
                mean[y, x, k] /= count


@njit(**OPTIONS)
def per_pixel(cells: Any, classes: Any, cell: int, ids: Any, found: Any) -> None:
    """Between the middles of the cells of a pixel's class; of all, where none around has it.

    Args:
        cells: (h, w, K) float32; classes: (h, w) uint16; ids: (H, W) uint16.
        found: (K, H, W) float32, filled.
    """
    rows, columns, channels = cells.shape
    height, width = ids.shape
    for y in prange(height):
        at_y = min(max((np.float32(y) + np.float32(0.5)) / np.float32(cell) - np.float32(0.5), 0), rows - 1)
        top = int(at_y)
        low = min(top + 1, rows - 1)
        b = at_y - np.float32(top)
        for x in range(width):
            at_x = min(max((np.float32(x) + np.float32(0.5)) / np.float32(cell) - np.float32(0.5), 0), columns - 1)
            left = int(at_x)
            right = min(left + 1, columns - 1)
            a = at_x - np.float32(left)
            one, two, three, four = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
            mine = ids[y, x]
            here, beside = classes[top, left] == mine, classes[top, right] == mine
            below, across = classes[low, left] == mine, classes[low, right] == mine
            if not (here and beside and below and across):
                least = np.float32(1e-4)
                one, two = one if here else one * least, two if beside else two * least
                three, four = three if below else three * least, four if across else four * least
                total = one + two + three + four
                one, two, three, four = one / total, two / total, three / total, four / total
            for k in range(channels):
                found[k, y, x] = (
                    one * cells[top, left, k]
                    + two * cells[top, right, k]
                    + three * cells[low, left, k]
                    + four * cells[low, right, k]
                )

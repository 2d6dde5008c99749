"""Compiled loops of `spade_fast` for the processor (numba; cached on disk after their first use).

Arrays are C-contiguous, pixels first and channels last. A pixel's scale and shift are rows of a table, found
by the number of the label neighbourhood it lies in. bfloat16 is stored as uint16, its upper half of a float32,
rounded to nearest even.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.extending import intrinsic, overload

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract"}}
EMPTY = -1


@intrinsic
def bits_of(context: Any, value: Any) -> Any:
    """The bits of a float32 as uint32."""
    return types.uint32(types.float32), lambda _, builder, __, args: builder.bitcast(args[0], ir.IntType(32))


@intrinsic
def float_of(context: Any, value: Any) -> Any:
    """The float32 with these bits (uint32)."""
    return types.float32(types.uint32), lambda _, builder, __, args: builder.bitcast(args[0], ir.FloatType())


@njit(inline="always", **OPTIONS)
def to_bfloat(value: Any) -> Any:
    bits = bits_of(value)
    return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


def widened(value: Any) -> Any:
    """A float32 as it is, the bits of a bfloat16 (uint16) as the float32 it stands for."""
    raise NotImplementedError("only compiled loops call this")


@overload(widened, inline="always")
def _widened(value):
    if value == types.uint16:
        return lambda value: float_of(np.uint32(value) << np.uint32(16))
    return lambda value: value


def narrowed(value: Any, row: Any) -> Any:
    """A float32 as the elements of `row` store it."""
    raise NotImplementedError("only compiled loops call this")


@overload(narrowed, inline="always")
def _narrowed(value, row):
    if row.dtype == types.uint16:
        return lambda value, row: to_bfloat(value)
    return lambda value, row: value


@njit(inline="always", **OPTIONS)
def slot_of(patch: Any, mask: int) -> int:
    mixed = np.uint64(1469598103934665603)
    for tap in range(9):
        mixed = (mixed ^ np.uint64(patch[tap] + 1)) * np.uint64(1099511628211)
    return np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(mask))


@njit(**OPTIONS)
def insert_patches(rows: Any, slots: Any) -> None:
    """Enter known patches (count, 9), all different, into an empty hash table."""
    mask = slots.shape[0] - 1
    for number in range(rows.shape[0]):
        slot = slot_of(rows[number], mask)
        while slots[slot] != EMPTY:
            slot = (slot + 1) & mask
        slots[slot] = number


@njit(**OPTIONS)
def number_patches(values: Any, outside: int, rows: Any, slots: Any, count: int, numbers: Any) -> int:
    """Give every distinct 3x3 patch a number; returns how many there are now.

    Exact: slots only suggest, the whole patch is compared.

    Args:
        values: (h, w) int32; outside: what lies beyond the border.
        rows: (capacity, 9) int32, the patches known so far, `count` of them; new ones are added.
        slots: (power of two, at least twice the capacity) int32 hash table of row numbers, EMPTY where free.
        numbers: (h, w) int32, filled with the row number of the patch around every pixel.
    """
    height, width = values.shape
    mask = slots.shape[0] - 1
    patch = np.empty(9, np.int32)
    for y in range(height):
        for x in range(width):
            for tap in range(9):
                row, column = y + tap // 3 - 1, x + tap % 3 - 1
                inside = 0 <= row < height and 0 <= column < width
                patch[tap] = values[row, column] if inside else outside
            slot = slot_of(patch, mask)
            while True:
                known = slots[slot]
                if known == EMPTY:
                    rows[count] = patch
                    slots[slot] = count
                    numbers[y, x] = count
                    count += 1
                    break
                same = True
                for tap in range(9):
                    if rows[known, tap] != patch[tap]:
                        same = False
                        break
                if same:
                    numbers[y, x] = known
                    break
                slot = (slot + 1) & mask
    return count


@njit(parallel=True, **OPTIONS)
def sum_taps(
    products: Any, taps: Any, bias: Any, inverse: Any, offset: Any, start: int, scale: Any, shift: Any
) -> None:
    """Rows of scale and shift (new, C), channels from `start` on, with x * inverse + offset folded in.

    products: (used, 9, 2 * group) float32, or bfloat16 as uint16; taps: (new, 9) which of the used ones lies at each
    tap; bias: (2, C); inverse, offset: (C,). Arrays come whole: of a slice numba would not know that it is dense.
    """
    group = products.shape[2] // 2
    for p in prange(taps.shape[0]):
        a, b = scale[p, start : start + group], shift[p, start : start + group]
        for c in range(group):
            a[c], b[c] = bias[0, start + c], bias[1, start + c]
        for tap in range(9):
            row = products[taps[p, tap], tap]
            for c in range(group):
                a[c] += widened(row[c])
                b[c] += widened(row[group + c])
        for c in range(group):
            b[c] += a[c] * offset[start + c]
            a[c] *= inverse[start + c]


@njit(parallel=True, **OPTIONS)
def modulate(x: Any, grow: int, numbers: Any, scale: Any, shift: Any, slope: float, out: Any) -> None:
    """out = leaky(x * scale[number] + shift[number]), x read `grow` times larger by nearest neighbour.

    x (h, w, c) float32 or bfloat16 as uint16, numbers (h * grow, w * grow), scale and shift (patches, c), out
    (h * grow, w * grow, c) of the same kind. A slope of 1 leaves the value as it is.
    """
    height, width = numbers.shape
    channels = out.shape[2]
    for y in prange(height):
        for column in range(width):
            a, b = scale[numbers[y, column]], shift[numbers[y, column]]
            source, target = x[y // grow, column // grow], out[y, column]
            for c in range(channels):
                value = widened(source[c]) * a[c] + b[c]
                target[c] = narrowed(max(value, value * np.float32(slope)), target)

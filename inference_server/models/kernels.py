"""Compiled loops of `spade_fast` and `small_fast` for the processor (numba; cached on disk after their first use).

Arrays are C-contiguous, pixels first and channels last; the number of channels is a multiple of `lanes.WIDTH`. A
pixel's scale and shift are rows of a table, found by the number of the label neighbourhood it lies in. float32, or
bfloat16 as uint16 (`lanes`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from inference_server.models.lanes import (
    WIDTH,
    add,
    largest,
    load,
    multiply,
    multiply_add,
    multiply_add_number,
    store,
    times,
    total,
    zeros,
)

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract"}}
EMPTY = -1


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
        alike = 0  # columns up to x + 1 that are the same as their left neighbours
        for x in range(width):
            if 0 < y < height - 1 and 0 < x < width - 1:
                same = True
                for row in range(y - 1, y + 2):
                    same = same and values[row, x + 1] == values[row, x]
                alike = alike + 1 if same else 0
                if alike > 2:
                    numbers[y, x] = numbers[y, x - 1]
                    continue
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


@njit(**OPTIONS)
def places_of(taps: Any, outside: int, count: int, places: Any) -> Any:
    """Which numbers occur in taps (n, 9), in the order of their appearance; `places` (n, 9) is where each one went.

    Numbers are below `count`, or `outside`.
    """
    place = np.full(count + 1, -1, np.int32)
    used = np.empty(count + 1, np.int64)
    found = 0
    for p in range(taps.shape[0]):
        for tap in range(9):
            number = taps[p, tap]
            index = count if number == outside else number
            if place[index] < 0:
                place[index] = found
                used[found] = number
                found += 1
            places[p, tap] = place[index]
    return used[:found]


@njit(parallel=True, **OPTIONS)
def sum_symbols(table: Any, patches: Any, used: Any, outside: int, bias: Any, out: Any) -> None:
    """Rows relu(bias + sums of the table's) of the patches (n, 9) that are `used`; a row of zeros for `outside`.

    table: (9 * (symbols + 1), C) float32, the last row of each tap for `outside`; out: (at least as many as used, C),
    whose further rows become zero.
    """
    channels = bias.shape[0]
    taps = table.shape[0] // 9
    rows, target = table.reshape(-1), out.reshape(-1)
    for p in prange(out.shape[0]):
        known = p < used.shape[0] and used[p] != outside
        for c in range(0, channels, WIDTH):
            value = zeros()
            if known:
                value = load(bias, c)
                for tap in range(9):
                    symbol = patches[used[p], tap]
                    row = tap * taps + (taps - 1 if symbol == outside else symbol)
                    value = add(value, load(rows, row * channels + c))
            store(target, p * channels + c, largest(value, zeros()))


@njit(parallel=True, **OPTIONS)
def sum_taps(
    products: Any, taps: Any, bias: Any, inverse: Any, offset: Any, start: int, scale: Any, shift: Any
) -> None:
    """Rows of scale and shift (new, C), channels from `start` on, with x * inverse + offset folded in.

    products: (used, 9, 2 * group); taps: (new, 9) which of the used ones lies at each tap; bias: (2, C); inverse,
    offset: (C,).
    """
    group = products.shape[2] // 2
    channels = scale.shape[1]
    rows, all_bias, all_scale, all_shift = products.reshape(-1), bias.reshape(-1), scale.reshape(-1), shift.reshape(-1)
    for p in prange(taps.shape[0]):
        for c in range(0, group, WIDTH):
            a, b = load(all_bias, start + c), load(all_bias, channels + start + c)
            for tap in range(9):
                row = (np.int64(taps[p, tap]) * 9 + tap) * 2 * group + c
                a, b = add(a, load(rows, row)), add(b, load(rows, row + group))
            place = p * channels + start + c
            store(all_shift, place, multiply_add(a, load(offset, start + c), b))
            store(all_scale, place, multiply(a, load(inverse, start + c)))


@njit(parallel=True, **OPTIONS)
def modulate(x: Any, grow: int, numbers: Any, scale: Any, shift: Any, slope: float, out: Any) -> None:
    """out = leaky(x * scale[number] + shift[number]), x read `grow` times larger by nearest neighbour.

    x (h, w, c), numbers (h * grow, w * grow), scale and shift (patches, c), out (h * grow, w * grow, c). A slope of 1
    leaves the value as it is.
    """
    height, width = numbers.shape
    channels = out.shape[2]
    factor = np.float32(slope)
    source, target, all_scale, all_shift = x.reshape(-1), out.reshape(-1), scale.reshape(-1), shift.reshape(-1)
    for y in prange(height):
        for column in range(width):
            row = np.int64(numbers[y, column]) * channels
            pixel = ((y // grow) * x.shape[1] + column // grow) * channels
            place = (y * width + column) * channels
            for c in range(0, channels, WIDTH):
                value = multiply_add(load(source, pixel + c), load(all_scale, row + c), load(all_shift, row + c))
                store(target, place + c, largest(value, times(value, factor)))


@njit(parallel=True, **OPTIONS)
def last_convolution(x: Any, slope: float, weight: Any, bias: Any, out: Any) -> None:
    """A 3x3 convolution of leaky(x) to three colours, summed in float32.

    x (h, w, c), weight (9, 3, c), bias (3,), out (h, w, 3) float32.
    """
    height, width, channels = x.shape
    factor = np.float32(slope)
    source, weights = x.reshape(-1), weight.reshape(-1)
    for y in prange(height):
        for column in range(width):
            red = green = blue = zeros()
            for tap in range(9):
                row, at = y + tap // 3 - 1, column + tap % 3 - 1
                if 0 <= row < height and 0 <= at < width:
                    pixel, place = (row * width + at) * channels, tap * 3 * channels
                    for c in range(0, channels, WIDTH):
                        value = load(source, pixel + c)
                        value = largest(value, times(value, factor))
                        red = multiply_add(value, load(weights, place + c), red)
                        green = multiply_add(value, load(weights, place + channels + c), green)
                        blue = multiply_add(value, load(weights, place + 2 * channels + c), blue)
            out[y, column, 0] = total(red) + bias[0]
            out[y, column, 1] = total(green) + bias[1]
            out[y, column, 2] = total(blue) + bias[2]


@njit(inline="always", **OPTIONS)
def far_of(place: int, count: int) -> int:
    """The source pixel that lends a quarter of pixel `place` of a line enlarged twice from `count`; clamped."""
    near = place // 2
    far = near - 1 + 2 * (place % 2)
    return min(max(far, 0), count - 1)


@njit(inline="always", **OPTIONS)
def mixed(source: Any, near: int, far: int, far_row: int, c: int) -> Any:
    """Bilinear: near and far pixel of the near row, and the same of the row `far_row` elements away."""
    beside = multiply_add_number(
        load(source, far + c), np.float32(0.25), times(load(source, near + c), np.float32(0.75))
    )
    other = multiply_add_number(
        load(source, far + far_row + c), np.float32(0.25), times(load(source, near + far_row + c), np.float32(0.75))
    )
    return multiply_add_number(other, np.float32(0.25), times(beside, np.float32(0.75)))


@njit(parallel=True, **OPTIONS)
def modulate_classes(
    x: Any, grow: int, labels: Any, planes: Any, table: Any, slope: float, start: int, out: Any
) -> None:
    """out[..., start:] = leaky(x * scale + shift), scale and shift by class and planes; x read `grow` times larger.

    x (h / grow, w / grow, c), grow 1, or 2 by bilinear interpolation; labels (h, w) int32, planes (h, w, n);
    table (classes + n, 2, c), of the planes in the last rows; out (h, w, at least start + c).
    """
    height, width = labels.shape
    channels, wide, count = x.shape[2], out.shape[2], planes.shape[2]
    classes = table.shape[0] - count
    factor = np.float32(slope)
    source, target, rows, seen = x.reshape(-1), out.reshape(-1), table.reshape(-1), planes.reshape(-1)
    line = x.shape[1] * channels
    for y in prange(height):
        far_row = (far_of(y, x.shape[0]) - y // 2) * line if grow == 2 else 0
        for column in range(0, width, 2):  # two pixels at a time: the rows of the planes are read once for both
            beside = min(column + 1, width - 1)
            near_a = (y // grow) * line + (column // grow) * channels
            near_b = (y // grow) * line + (beside // grow) * channels
            far_a = near_a + (far_of(column, x.shape[1]) - column // 2) * channels if grow == 2 else near_a
            far_b = near_b + (far_of(beside, x.shape[1]) - beside // 2) * channels if grow == 2 else near_b
            row_a, row_b = np.int64(labels[y, column]) * 2 * channels, np.int64(labels[y, beside]) * 2 * channels
            here_a, here_b = (y * width + column) * count, (y * width + beside) * count
            place_a, place_b = (y * width + column) * wide + start, (y * width + beside) * wide + start
            for c in range(0, channels, WIDTH):
                scale_a, shift_a = load(rows, row_a + c), load(rows, row_a + channels + c)
                scale_b, shift_b = load(rows, row_b + c), load(rows, row_b + channels + c)
                for plane in range(count):
                    of_plane = (classes + plane) * 2 * channels + c
                    by_scale, by_shift = load(rows, of_plane), load(rows, of_plane + channels)
                    scale_a = multiply_add_number(by_scale, seen[here_a + plane], scale_a)
                    shift_a = multiply_add_number(by_shift, seen[here_a + plane], shift_a)
                    scale_b = multiply_add_number(by_scale, seen[here_b + plane], scale_b)
                    shift_b = multiply_add_number(by_shift, seen[here_b + plane], shift_b)
                value_a = mixed(source, near_a, far_a, far_row, c) if grow == 2 else load(source, near_a + c)
                value_b = mixed(source, near_b, far_b, far_row, c) if grow == 2 else load(source, near_b + c)
                value_a = multiply_add(value_a, scale_a, shift_a)
                value_b = multiply_add(value_b, scale_b, shift_b)
                store(target, place_a + c, largest(value_a, times(value_a, factor)))
                store(target, place_b + c, largest(value_b, times(value_b, factor)))


@njit(parallel=True, **OPTIONS)
def beside_noise(noise: Any, features: Any, slope: float, planes: Any) -> None:
    """planes (h, w, 1 + c) of noise (h, w) and leaky(features (h, w, c))."""
    height, width, channels = features.shape
    factor, source, target = np.float32(slope), features.reshape(-1), planes.reshape(-1)
    for y in prange(height):
        for column in range(width):
            pixel = y * width + column
            place = pixel * (channels + 1)
            target[place] = noise[y, column]
            for c in range(0, channels, WIDTH):
                value = load(source, pixel * channels + c)
                store(target, place + 1 + c, largest(value, times(value, factor)))


@njit(parallel=True, **OPTIONS)
def enlarge(x: Any, out: Any) -> None:
    """x (h, w, c) twice as large: out (2h, 2w, c), bilinear."""
    height, width, channels = out.shape
    source, target = x.reshape(-1), out.reshape(-1)
    line = x.shape[1] * channels
    for y in prange(height):
        far_row = (far_of(y, x.shape[0]) - y // 2) * line
        for column in range(width):
            near = (y // 2) * line + (column // 2) * channels
            far = near + (far_of(column, x.shape[1]) - column // 2) * channels
            place = (y * width + column) * channels
            for c in range(0, channels, WIDTH):
                store(target, place + c, mixed(source, near, far, far_row, c))


@njit(parallel=True, **OPTIONS)
def first_convolution(labels: Any, planes: Any, table: Any, of_planes: Any, bias: Any, out: Any) -> None:
    """A 3x3 convolution of labels, one-hot, and planes, as sums of table rows.

    labels (h, w) int32, planes (h, w, n); table (9, classes, c), of_planes (9, n, c); bias (c,); out (h, w, c). Beyond
    the border everything is 0.
    """
    height, width, channels = out.shape
    classes, count = table.shape[1], planes.shape[2]
    by_class, by_plane, seen, target = table.reshape(-1), of_planes.reshape(-1), planes.reshape(-1), out.reshape(-1)
    for y in prange(height):
        for column in range(width):
            for c in range(0, channels, WIDTH):
                value = load(bias, c)
                for tap in range(9):
                    row, at = y + tap // 3 - 1, column + tap % 3 - 1
                    if 0 <= row < height and 0 <= at < width:
                        value = add(value, load(by_class, (tap * classes + labels[row, at]) * channels + c))
                        here = (row * width + at) * count
                        for plane in range(count):
                            of_plane = (tap * count + plane) * channels + c
                            value = multiply_add_number(load(by_plane, of_plane), seen[here + plane], value)
                store(target, (y * width + column) * channels + c, value)

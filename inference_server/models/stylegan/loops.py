"""Compiled loops of the generators for the processor (numba; cached on disk after their first use).

Arrays are float32, C-contiguous, pixels first and channels last; the number of channels is a multiple of `lanes.WIDTH`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from inference_server.models.kernels import OPTIONS
from inference_server.models.lanes import (
    WIDTH,
    add,
    largest,
    load,
    multiply,
    multiply_add,
    multiply_add_number,
    smallest,
    store,
    times,
    total,
    zeros,
)

ROWS = 32  # of a layer at once: what is made of them on the way stays in the cache
SLOPE, GAIN = np.float32(0.2), np.float32(2**0.5)
SCALE, BIAS, STRENGTH, NEXT, COLOURS = 0, 1, 2, 3, 4  # rows of a layer's vectors; colours are three


@njit(inline="always", **OPTIONS)
def bent(value: Any, limit: Any) -> Any:
    value = times(largest(value, times(value, SLOPE)), GAIN)
    return largest(smallest(value, limit), times(limit, np.float32(-1)))


@njit(inline="always", **OPTIONS)
def finished(value: Any, vectors: Any, channels: int, c: int, noise: Any, limit: Any) -> Any:
    """What a layer makes of a convolution's sum: brought to its scale, with noise and bias, and bent."""
    value = multiply_add(value, load(vectors, SCALE * channels + c), load(vectors, BIAS * channels + c))
    return bent(multiply_add_number(load(vectors, STRENGTH * channels + c), noise, value), limit)


@njit(parallel=True, **OPTIONS)
def finish(
    x: Any, all_vectors: Any, noise: Any, limits: Any, before: Any, colour_bias: Any, limit: float, picture: Any
) -> None:
    """Ends a layer in its place, x (h, w, c), already times the styles of the next, and paints the picture.

    all_vectors (7, c): see above; noise (h, w); limits (WIDTH) and limit: of features and colours; before: the picture
    as it was (h / 2, w / 2, 3), or of no size; picture (h, w, 3).
    """
    height, width, channels = x.shape
    data, vectors, bounds = x.reshape(-1), all_vectors.reshape(-1), limits.reshape(-1)
    rows, columns = before.shape[0], before.shape[1]
    for y in prange(height):
        bound = load(bounds, 0)
        for column in range(width):
            red = green = blue = zeros()
            for c in range(0, channels, WIDTH):
                place = (y * width + column) * channels + c
                value = finished(load(data, place), vectors, channels, c, noise[y, column], bound)
                red = multiply_add(value, load(vectors, COLOURS * channels + c), red)
                green = multiply_add(value, load(vectors, (COLOURS + 1) * channels + c), green)
                blue = multiply_add(value, load(vectors, (COLOURS + 2) * channels + c), blue)
                store(data, place, multiply(value, load(vectors, NEXT * channels + c)))
            made = (total(red), total(green), total(blue))
            near_row, near_column = y // 2, column // 2
            far_row, far_column = near_row - 1 + 2 * (y % 2), near_column - 1 + 2 * (column % 2)
            for colour in range(3):
                value_here = min(max(made[colour] + colour_bias[colour], -limit), limit)
                if rows:
                    near = np.float32(0.75) * before[near_row, near_column, colour]
                    far = np.float32(0)
                    if 0 <= far_column < columns:
                        near += np.float32(0.25) * before[near_row, far_column, colour]
                    if 0 <= far_row < rows:
                        far = np.float32(0.75) * before[far_row, near_column, colour]
                        if 0 <= far_column < columns:
                            far += np.float32(0.25) * before[far_row, far_column, colour]
                    value_here += np.float32(0.75) * near + np.float32(0.25) * far
                picture[y, column, colour] = value_here


@njit(parallel=True, **OPTIONS)
def widen(products: Any, wide: Any) -> None:
    """Along x the transposed convolution of stride 2 and the filter 1 3 3 1 after it.

    products (h, w, 3, 3, c): of every pixel with every tap of the convolution; wide (h, 3, 2w, c), for every tap in y.
    """
    height, width, _, _, channels = products.shape
    source, target = products.reshape(-1), wide.reshape(-1)
    three = np.float32(3)
    for y in prange(height):
        for tap in range(3):
            for column in range(width):
                here = ((y * width + column) * 3 + tap) * 3 * channels
                left, right = here - 9 * channels, here + 9 * channels
                place = ((y * 3 + tap) * 2 * width + 2 * column) * channels
                for c in range(0, channels, WIDTH):
                    before, even = zeros(), load(source, here + c)
                    odd, after = load(source, here + channels + c), load(source, here + 2 * channels + c)
                    beyond = zeros()
                    if column > 0:
                        before = load(source, left + channels + c)
                        even = add(even, load(source, left + 2 * channels + c))
                    if column < width - 1:
                        after = add(after, load(source, right + c))
                        beyond = load(source, right + channels + c)
                    store(target, place + c, multiply_add_number(add(even, odd), three, add(before, after)))
                    store(target, place + channels + c, multiply_add_number(add(odd, after), three, add(even, beyond)))


@njit(parallel=True, **OPTIONS)
def heighten(wide: Any, all_vectors: Any, noise: Any, limits: Any, out: Any) -> None:
    """The same along y, and the end of the layer, already times the styles of the next.

    wide (h + 2, 3, 2w, c), zero in its first and last rows; all_vectors, noise, limits as in `finish`; out (2h, 2w, c).
    """
    height, width, channels = out.shape
    source, target, vectors, bounds = wide.reshape(-1), out.reshape(-1), all_vectors.reshape(-1), limits.reshape(-1)
    three, tap = np.float32(3), width * channels
    for y in prange(height // 2):
        bound = load(bounds, 0)
        for column in range(width):
            here = ((y + 1) * 3 * width + column) * channels
            above, below = here - 3 * tap, here + 3 * tap
            first, second = (2 * y * width + column) * channels, ((2 * y + 1) * width + column) * channels
            for c in range(0, channels, WIDTH):
                even = add(load(source, here + c), load(source, above + 2 * tap + c))
                odd = load(source, here + tap + c)
                after = add(load(source, here + 2 * tap + c), load(source, below + c))
                upper = multiply_add_number(add(even, odd), three, add(load(source, above + tap + c), after))
                lower = multiply_add_number(add(odd, after), three, add(even, load(source, below + tap + c)))
                styles = load(vectors, NEXT * channels + c)
                value = finished(upper, vectors, channels, c, noise[2 * y, column], bound)
                store(target, first + c, multiply(value, styles))
                value = finished(lower, vectors, channels, c, noise[2 * y + 1, column], bound)
                store(target, second + c, multiply(value, styles))


@njit(parallel=True, **OPTIONS)
def bend(
    x: Any, all_vectors: Any, up_taps: Any, up: int, padding: Any, down_taps: Any, down: int, limits: Any, out: Any
) -> None:
    """Ends an alias-free layer: `up` times as many samples, bent, `down` times fewer, times the styles of the next.

    x (h, w, c), all_vectors and limits as in `finish`; padding: left and top of the finer samples; up_taps (taps,),
    down_taps (taps, 1) along both axes or (taps, taps): as they correlate, with their gain; out (h', w', c).
    """
    bands = -(-out.shape[0] // ROWS)
    for task in prange(bands * (out.shape[2] // WIDTH)):
        first, c = task % bands * ROWS, task // bands * WIDTH
        bend_band(x, all_vectors, up_taps, up, padding, down_taps, down, limits, out, first, c)


@njit(**OPTIONS)
def bend_band(
    x: Any,
    all_vectors: Any,
    up_taps: Any,
    up: int,
    padding: Any,
    down_taps: Any,
    down: int,
    limits: Any,
    out: Any,
    first: int,
    c: int,
) -> None:
    """The rows of `out` from `first` on, at most ROWS, of the channels from c on."""
    height, width, channels = x.shape
    rows, columns = min(ROWS, out.shape[0] - first), out.shape[1]
    count, wide = len(down_taps), (columns - 1) * down + len(down_taps)
    source, target, vectors = x.reshape(-1), out.reshape(-1), all_vectors.reshape(-1)
    bound, scale, bias = load(limits, 0), load(vectors, SCALE * channels + c), load(vectors, BIAS * channels + c)
    styles = load(vectors, NEXT * channels + c)
    left, top = padding
    start = first * down  # of the finer rows
    tall = (rows - 1) * down + count
    lowest = -((top - start) // up)  # row of x that the first finer row sees first
    seen = (start + tall + len(up_taps) - 2 - top) // up - lowest + 1
    edge = max(0, left // up)
    ending = max(0, (wide + len(up_taps) - 2 - left) // up - width + 1)
    line = np.zeros((edge + width + ending) * WIDTH, np.float32)
    broad = np.zeros(seen * wide * WIDTH, np.float32)
    for row in range(seen):
        if not 0 <= lowest + row < height:
            continue
        for column in range(width):
            value = load(source, ((lowest + row) * width + column) * channels + c)
            store(line, (edge + column) * WIDTH, multiply_add(value, scale, bias))
        for column in range(wide):
            tap = (left - column) % up
            place = ((column + tap - left) // up + edge) * WIDTH
            value = zeros()
            while tap < len(up_taps):
                value = multiply_add_number(load(line, place), up_taps[tap], value)
                tap, place = tap + up, place + WIDTH
            store(broad, (row * wide + column) * WIDTH, value)
    fine = np.empty(tall * wide * WIDTH, np.float32)
    for row in range(tall):
        offset = (top - start - row) % up
        begin = (start + row + offset - top) // up - lowest
        for column in range(wide):
            tap, place = offset, (begin * wide + column) * WIDTH
            value = zeros()
            while tap < len(up_taps):
                value = multiply_add_number(load(broad, place), up_taps[tap], value)
                tap, place = tap + up, place + wide * WIDTH
            store(fine, (row * wide + column) * WIDTH, bent(value, bound))
    narrow = np.empty(wide * WIDTH, np.float32)
    for row in range(rows):
        if down_taps.shape[1] == 1:
            for column in range(wide):
                value, place = zeros(), (row * down * wide + column) * WIDTH
                for tap in range(count):
                    value = multiply_add_number(load(fine, place), down_taps[tap, 0], value)
                    place += wide * WIDTH
                store(narrow, column * WIDTH, value)
        for column in range(columns):
            value = zeros()
            if down_taps.shape[1] == 1:
                for tap in range(count):
                    value = multiply_add_number(load(narrow, (column * down + tap) * WIDTH), down_taps[tap, 0], value)
            else:
                for tap in range(count):
                    place = ((row * down + tap) * wide + column * down) * WIDTH
                    for across in range(count):
                        value = multiply_add_number(load(fine, place + across * WIDTH), down_taps[tap, across], value)
            store(target, ((first + row) * columns + column) * channels + c, multiply(value, styles))

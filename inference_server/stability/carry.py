"""Compiled loops of `hold`: how a frame learns which painting its surfaces were seen in, and takes it from there.

numba for the processor, cached on disk after the first use. Arrays are C-contiguous.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "parallel": True, "fastmath": {"contract"}}
DEPTH_TOLERANCE = 0.03  # relative; a surface does not come nearer by more in one frame
SHARP = -0.75  # -0.5 is smoother, -1 rings
REACH = 8  # pixels around in which a picture lends its light to what is put into it
TORN = 0.25  # pixels by which neighbours may differ that are one surface


@njit(**OPTIONS)
def seen_there(field: Any, ids: Any, other: Any, depth: Any, other_depth: Any, seen: Any) -> None:
    """Where a pixel's surface is seen in the other frame, too: 1 by label and depth, 2 by label alone, else 0.

    Args:
        field: (H, W, 2) float32, leads to the other frame.
        ids, other: (H, W) uint16. depth, other_depth: (H, W) float32, or (0, 0) where there is none.
        seen: (H, W) uint8, filled.
    """
    height, width = ids.shape
    for y in prange(height):
        for x in range(width):
            at_x, at_y = np.float32(x) + field[y, x, 0], np.float32(y) + field[y, x, 1]
            seen[y, x] = 0
            if not (at_x >= 0 and at_x <= width - 1 and at_y >= 0 and at_y <= height - 1):
                continue
            column, row = int(at_x + np.float32(0.5)), int(at_y + np.float32(0.5))
            if other[row, column] != ids[y, x]:
                continue
            seen[y, x] = 1
            if depth.size > 0:
                here, there = depth[y, x], other_depth[row, column]
                if abs(here - there) >= np.float32(DEPTH_TOLERANCE) * max(here, there):
                    seen[y, x] = 2


@njit(**OPTIONS)
def inherit(field: Any, seen: Any, own: int, offset: Any, source: Any, new_offset: Any, new_source: Any) -> None:
    """What the other frame knows of its surfaces, for this one: where each is in which painting.

    Args:
        field: (H, W, 2) float32, leads to the other frame. seen: (H, W) uint8, nonzero where it may be followed.
        offset: (H, W, 2) float32, source: (H, W) int16, of the other frame: the surface's place in painting `source`.
        new_offset, new_source: of this frame, filled; what is not seen there begins here, in painting `own`.
    """
    height, width = source.shape
    for y in prange(height):
        for x in range(width):
            if seen[y, x] == 0:
                new_offset[y, x, 0] = 0.0
                new_offset[y, x, 1] = 0.0
                new_source[y, x] = own
                continue
            u, v = field[y, x, 0], field[y, x, 1]
            at_x, at_y = np.float32(x) + u, np.float32(y) + v
            left, top = min(int(at_x), width - 2), min(int(at_y), height - 2)
            a, b = at_x - np.float32(left), at_y - np.float32(top)
            column, row = int(at_x + np.float32(0.5)), int(at_y + np.float32(0.5))
            found = source[row, column]
            torn = False
            for axis in range(2):
                nearest = offset[row, column, axis]
                p, q = offset[top, left, axis], offset[top, left + 1, axis]
                r, s = offset[top + 1, left, axis], offset[top + 1, left + 1, axis]
                torn = torn or max(abs(p - nearest), abs(q - nearest), abs(r - nearest), abs(s - nearest)) > np.float32(
                    TORN
                )
            for axis in range(2):
                if torn:  # two surfaces: between them there is nothing
                    value = offset[row, column, axis]
                else:
                    upper = offset[top, left, axis] + a * (offset[top, left + 1, axis] - offset[top, left, axis])
                    lower = offset[top + 1, left, axis] + a * (
                        offset[top + 1, left + 1, axis] - offset[top + 1, left, axis]
                    )
                    value = upper + b * (lower - upper)
                new_offset[y, x, axis] = value + field[y, x, axis]
            new_source[y, x] = found


@njit(inline="always", nogil=True)
def _cubic(t: Any, weights: Any) -> None:
    """Keys' cubic (a = SHARP): exact at the pixels, so a still surface keeps its bits."""
    a, u = np.float32(SHARP), np.float32(1) - t
    weights[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a
    weights[1] = ((a + 2) * t - (a + 3)) * t * t + 1
    weights[2] = ((a + 2) * u - (a + 3)) * u * u + 1
    weights[3] = 1 - weights[0] - weights[1] - weights[2]


@njit(inline="always", nogil=True)
def _between(painting: Any, at_x: Any, at_y: Any, across: Any, down: Any) -> Any:
    """The three channels of an (H, W, 3) picture at a place between its pixels."""
    height, width = painting.shape[:2]
    left, top = int(np.floor(at_x)), int(np.floor(at_y))
    _cubic(at_x - np.float32(left), across)
    _cubic(at_y - np.float32(top), down)
    red, green, blue = np.float32(0), np.float32(0), np.float32(0)
    inside = 1 <= left < width - 2 and 1 <= top < height - 2
    for i in range(4):
        row = painting[top - 1 + i] if inside else painting[min(max(top - 1 + i, 0), height - 1)]
        r, g, b = np.float32(0), np.float32(0), np.float32(0)
        for j in range(4):
            column = left - 1 + j if inside else min(max(left - 1 + j, 0), width - 1)
            r += across[j] * np.float32(row[column, 0])
            g += across[j] * np.float32(row[column, 1])
            b += across[j] * np.float32(row[column, 2])
        red += down[i] * r
        green += down[i] * g
        blue += down[i] * b
    return red, green, blue


@njit(**OPTIONS)
def take(
    paintings: Any, scale: Any, towards: Any, offset: Any, source: Any, offset_2: Any, source_2: Any, picture: Any
) -> None:
    """Every pixel from its places in two paintings, between their pixels by a cubic, crossed over.

    Args:
        paintings: (N, H, W, 3) integers; scale: what they are multiplied by.
        towards: (H, W) float32, 0 for the first place, 1 for the second.
        offset, source and offset_2, source_2: the places, as `inherit` makes them.
        picture: (H, W, 3) float32, filled.
    """
    height, width = source.shape
    for y in prange(height):
        across, down = np.empty(4, np.float32), np.empty(4, np.float32)
        for x in range(width):
            here_x, here_y, t = np.float32(x), np.float32(y), towards[y, x]
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            if t < 1:
                red, green, blue = _between(
                    paintings[source[y, x]], here_x + offset[y, x, 0], here_y + offset[y, x, 1], across, down
                )
            if t > 0:
                red_2, green_2, blue_2 = _between(
                    paintings[source_2[y, x]], here_x + offset_2[y, x, 0], here_y + offset_2[y, x, 1], across, down
                )
                red, green, blue = red + t * (red_2 - red), green + t * (green_2 - green), blue + t * (blue_2 - blue)
            picture[y, x, 0], picture[y, x, 1], picture[y, x, 2] = scale * red, scale * green, scale * blue


@njit(**OPTIONS)
def invert(field: Any, steps: int, near: Any, back: Any) -> None:
    """The field that leads back, by a search per pixel (fixed point); far outside where it finds nothing.

    Args:
        field: (H, W, 2) float32. near: pixels by which there and back may differ.
        back: (H, W, 2) float32, filled.
    """
    height, width = field.shape[:2]
    for y in prange(height):
        u, v = -field[y, 0, 0], -field[y, 0, 1]  # the neighbour's vector is a good first guess
        for x in range(width):
            if not (abs(u) < width and abs(v) < height):
                u, v = -field[y, x, 0], -field[y, x, 1]
            off = np.float32(1e6)
            for _ in range(steps):
                at_x = min(max(np.float32(x) + u, np.float32(0)), np.float32(width - 1))
                at_y = min(max(np.float32(y) + v, np.float32(0)), np.float32(height - 1))
                left, top = min(int(at_x), width - 2), min(int(at_y), height - 2)
                a, b = at_x - np.float32(left), at_y - np.float32(top)
                one, two, three, four = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
                new_u = -(
                    one * field[top, left, 0]
                    + two * field[top, left + 1, 0]
                    + three * field[top + 1, left, 0]
                    + four * field[top + 1, left + 1, 0]
                )
                new_v = -(
                    one * field[top, left, 1]
                    + two * field[top, left + 1, 1]
                    + three * field[top + 1, left, 1]
                    + four * field[top + 1, left + 1, 1]
                )
                off = max(abs(new_u - u), abs(new_v - v))
                u, v = new_u, new_v
                if off < np.float32(0.01):
                    break
            found = off <= near
            back[y, x, 0] = u if found else np.float32(1e6)
            back[y, x, 1] = v if found else np.float32(1e6)


@njit(**OPTIONS)
def sharpen(picture: Any, low: Any, factor: Any) -> None:
    """Raise the detail of a picture, in place: (H, W, 3) float32; low: its mean around each pixel; factor: (H, W)."""
    height, width = factor.shape
    for y in prange(height):
        for x in range(width):
            more = factor[y, x]
            for channel in range(3):
                value = picture[y, x, channel]
                picture[y, x, channel] = min(
                    max(value + more * (value - low[y, x, channel]), np.float32(0)), np.float32(1)
                )


@njit(**OPTIONS)
def mend(picture: Any, own: Any, scale: Any, ids: Any, share: Any) -> None:
    """Give a picture the frame's own painting where it has nothing to show, in the light of what stands around.

    What the own painting is lighter or darker than the picture nearby, on the same class, is taken off it, but to no
    colour beyond both.

    Args:
        picture: (H, W, 3) float32, changed where `share` is more than 0, read where it is 0.
        own: (H, W, 3) integers, times `scale` the frame's own painting; share: (H, W) float32, how much of it.
    """
    height, width = ids.shape
    for y in prange(height):
        more, least, most = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
        for x in range(width):
            much = share[y, x]
            if much == 0:
                continue
            # Where the pixels of two classes are strewn among each other, both take part.
            mine, beside = ids[y, x], ids[y, x]
            own_share, other_share = np.float32(0), np.float32(0)
            for row in range(max(y - 1, 0), min(y + 2, height)):
                for column in range(max(x - 1, 0), min(x + 2, width)):
                    if ids[row, column] == mine:
                        own_share += 1
                    elif other_share == 0 or ids[row, column] == beside:
                        beside = ids[row, column]
                        other_share += 1
            own_share, other_share = own_share * own_share, other_share * other_share
            total = np.float32(1)
            for channel in range(3):
                more[channel] = 0
                least[channel] = most[channel] = scale * np.float32(own[y, x, channel])
            for row in range(y - REACH, y + REACH + 1, 2):
                for column in range(x - REACH, x + REACH + 1, 2):
                    if row < 0 or row >= height or column < 0 or column >= width:
                        continue
                    known = ids[row, column]
                    if share[row, column] == 0 and known in (mine, beside):
                        far = np.float32((row - y) ** 2 + (column - x) ** 2)
                        weight = max(np.float32(1) - far / np.float32((REACH + 1) ** 2), np.float32(0))
                        weight *= own_share if known == mine else other_share
                        total += weight
                        for channel in range(3):
                            value = picture[row, column, channel]
                            more[channel] += weight * (value - scale * np.float32(own[row, column, channel]))
                            least[channel] = min(least[channel], value)
                            most[channel] = max(most[channel], value)
            for channel in range(3):
                wanted = scale * np.float32(own[y, x, channel]) + more[channel] / total
                wanted = min(max(wanted, least[channel]), most[channel])
                picture[y, x, channel] += much * (wanted - picture[y, x, channel])

"""What the small network is told of the geometry: planes made of normals, depth, the sun, parts and light.

All are functions of a pixel and its four neighbours, or of those within PART_REACH; scale-free but for the distance,
and 0 where nothing is known: a pass that is not there says the same as a surface that is not there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference_server.models.edges import instance_edges
from inference_server.models.kernels import OPTIONS
from inference_server.models.needs import PART_REACH

# normal x, y, z; light; distance; crease; step; has a normal; has depth; the sun's x, y, z; a part's end; its share;
# the light and shadow of a clay render
PLANES = 15
WITHOUT_SHADING, WITHOUT_PARTS = 14, 12  # of networks that are not told of them: the first of these
CREASE, STEP, PART = LINES = (5, 6, 12)  # thin lines that a mean would lose: of four pixels the strongest counts
SHARE, SHADING = 13, 14
# What is thin and rare must be loud, or it is hardly learnt: a part's end, and every time that its share is halved.
LOUD, OCTAVE = 8.0, 4.0
LIT, BRIGHTEST, GAMMA = 9.0, 2.0, 2.2  # full light; what is more is cut; shadows are told apart as eyes do
DARK = 1.5  # no light at all, which is not the same as nothing known

NEAR = 1e-3  # metres; nothing is nearer
NEAREST, FURTHEST = 0.5, 2000.0  # metres; the distance is told in octaves from 8 m, in sixths
HERE, OCTAVES = 8.0, 6.0
STEEP = 4.0  # a neighbour that is a quarter nearer is a full step

Plane = NDArray[np.float32]  # (H, W)


def planes(
    shape: tuple[int, int],
    normal: Plane | None,
    depth: Plane | None,
    sun: tuple[float, float, float] | None,
    parts: NDArray[np.integer[Any]] | None = None,
    shading: Plane | None = None,
) -> Plane:
    """(H, W, PLANES).

    normal: (H, W, 3) in camera space, x right, y up, z towards the viewer; 0 where there is no surface. depth: (H, W)
    metres along the camera's axis, 1e9 and more where there is none. sun: unit vector towards it, in camera space.
    parts: (H, W) a number for every part of a thing. shading: (H, W) linear light on grey clay, 1 in full light;
    below 0 where nothing is known.
    """
    made = np.zeros((*shape, PLANES), np.float32)
    if normal is not None:
        made[..., :3] = normal
        made[..., 7] = np.einsum("hwc,hwc->hw", normal, normal) > 0.25
        creases(normal, made[..., 7], made[..., CREASE])
        if sun is not None:
            made[..., 3] = np.maximum(normal @ np.array(sun, np.float32), 0)
    if depth is not None:
        made[..., 4] = np.log2(np.clip(depth, NEAREST, FURTHEST) / np.float32(HERE)) / np.float32(OCTAVES)
        steps(depth, made[..., STEP])
        made[..., 8] = depth < 1e9
    if sun is not None:
        made[..., 9:12] = sun
    if parts is not None:
        made[..., PART] = LOUD * instance_edges(parts)
        shares(np.ascontiguousarray(parts, np.int64), made[..., SHARE])
    if shading is not None:
        tone = np.clip(shading, 0, BRIGHTEST) ** np.float32(1 / GAMMA)
        made[..., SHADING] = np.where(shading < 0, 0, np.float32(DARK) + np.float32(LIT - DARK) * tone)
    return made


def joined(
    parts: NDArray[np.integer[Any]] | None, channels: NDArray[np.integer[Any]], whole: tuple[int, ...]
) -> NDArray[np.int64] | None:
    """The parts (H, W) with the channels that have none in one piece each."""
    if parts is None:
        return None
    result: NDArray[np.int64] = np.where(np.isin(channels, whole), -1 - channels.astype(np.int64), parts)
    return result


def lit(shading: Plane | None, channels: NDArray[np.integer[Any]], unlit: tuple[int, ...]) -> Plane | None:
    """The shading (H, W) without what is known of channels that have none, such as a sky that was rendered as clay."""
    if shading is None:
        return None
    result: Plane = np.where(np.isin(channels, unlit), np.float32(-1), shading)
    return result


@njit(parallel=True, **OPTIONS)
def creases(normal: Any, there: Any, crease: Any) -> None:
    """How far the surface turns to the neighbour that it turns most to: the sine of half the angle, 0..1.

    normal (H, W, 3), there and crease (H, W).
    """
    height, width = there.shape
    for y in prange(height):
        for x in range(width):
            least = np.float32(1)
            for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                row, at = y + down, x + right
                if 0 <= row < height and 0 <= at < width and there[y, x] > 0 and there[row, at] > 0:
                    turn = np.float32(0)
                    for axis in range(3):
                        turn += normal[y, x, axis] * normal[row, at, axis]
                    least = min(least, turn)
            crease[y, x] = np.sqrt(max(np.float32(1) - least, np.float32(0)) * np.float32(0.5))


@njit(parallel=True, **OPTIONS)
def steps(depth: Any, step: Any) -> None:
    """How far a pixel leaves the plane through its neighbours, 0..1: on a plane 1 / depth is linear in the picture."""
    height, width = depth.shape
    for y in prange(height):
        for x in range(width):
            here, most = np.float32(1) / max(depth[y, x], np.float32(NEAR)), np.float32(0)
            for down, right in ((1, 0), (0, 1)):
                before = depth[max(y - down, 0), max(x - right, 0)]
                after = depth[min(y + down, height - 1), min(x + right, width - 1)]
                around = np.float32(1) / max(before, np.float32(NEAR)) + np.float32(1) / max(after, np.float32(NEAR))
                most = max(most, abs(around - here - here))
            step[y, x] = min(most * depth[y, x] * np.float32(STEEP), np.float32(1))


@njit(parallel=True, **OPTIONS)
def shares(parts: Any, share: Any) -> None:
    """How little of the square around a pixel is of its own part, in octaves; 0 where all of it is. Much of a window,
    little of the wall beside it, so that the two sides of an edge are not alike. parts and share (H, W)."""
    height, width = parts.shape
    for y in prange(height):
        top, bottom = max(y - PART_REACH, 0), min(y + PART_REACH + 1, height)
        for x in range(width):
            left, right = max(x - PART_REACH, 0), min(x + PART_REACH + 1, width)
            own, here = 0, parts[y, x]
            for row in range(top, bottom):
                for at in range(left, right):
                    own += parts[row, at] == here
            share[y, x] = np.float32(OCTAVE) * np.log2(np.float32((bottom - top) * (right - left)) / np.float32(own))


@njit(parallel=True, **OPTIONS)
def halve(made: Any, small: Any) -> None:
    """The planes (H / 2, W / 2, n) of the level below: means of four, of thin lines the strongest."""
    for y in prange(small.shape[0]):
        for x in range(small.shape[1]):
            for plane in range(small.shape[2]):
                a, b = made[2 * y, 2 * x, plane], made[2 * y, 2 * x + 1, plane]
                c, d = made[2 * y + 1, 2 * x, plane], made[2 * y + 1, 2 * x + 1, plane]
                mean = (a + b + c + d) * np.float32(0.25)
                small[y, x, plane] = max(a, b, c, d) if plane in LINES else mean


def halved(made: Plane) -> Plane:
    small = np.empty((made.shape[0] // 2, made.shape[1] // 2, made.shape[2]), np.float32)
    halve(made, small)
    return small

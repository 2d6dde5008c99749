"""Turns as matrices (..., 3, 3) whose columns are the turned axes, quaternions (..., 4) w first, and Euler angles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEAR = 1e-9
LOCKED = 1e-6  # cosine of the middle angle, below which the other two are one


def unit(vectors: Array) -> Array:
    """(..., 3) of length 1; what has no length stays so."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), NEAR), np.float64)


def across(vectors: Array, along: Array) -> Array:
    """What of vectors stands upright on unit vectors `along`, (..., 3)."""
    return np.asarray(vectors - (vectors * along).sum(-1, keepdims=True) * along, np.float64)


def frame(x: Array, y: Array) -> Array:
    """(..., 3, 3): the x axis as given, y as near to it as it can be, both (..., 3)."""
    first = unit(x)
    second = unit(across(y, first))
    return np.stack([first, second, np.cross(first, second)], -1)


def smallest(start: Array, end: Array) -> Array:
    """(..., 3, 3): the smallest turn of directions (..., 3) into others; of opposite ones about any normal."""
    start, end = unit(start), unit(end)
    axis, cosine = np.cross(start, end), (start * end).sum(-1)
    odd = cosine < -1 + 1e-8
    made = np.eye(3) + _cross(axis) + _cross(axis) @ _cross(axis) / np.where(odd, 1, 1 + cosine)[..., None, None]
    least = np.eye(3)[np.abs(start).argmin(-1)]
    normal = unit(across(least, start))
    half = 2 * normal[..., :, None] * normal[..., None, :] - np.eye(3)
    return np.asarray(np.where(odd[..., None, None], half, made), np.float64)


def about(axis: Array, angle: Array) -> Array:
    """(..., 3, 3): turns about unit vectors (..., 3) by radians (...)."""
    cross = _cross(axis)
    sine, cosine = np.sin(angle)[..., None, None], np.cos(angle)[..., None, None]
    return np.asarray(np.eye(3) + sine * cross + (1 - cosine) * cross @ cross, np.float64)


def fitted(rest: Array, seen: Array) -> Array:
    """(F, 3, 3): the turn that brings vectors (N, 3) nearest to those seen (F, N, 3), by least squares (Kabsch)."""
    left, _, right = np.linalg.svd(np.einsum("fni,nj->fij", seen, rest))
    left[..., 2] *= np.linalg.det(left @ right)[..., None]
    return np.asarray(left @ right, np.float64)


def between(turns: Array, known: NDArray[np.bool_]) -> Array:
    """Turns (F, 3, 3), those that are not known the shortest way from the one before to the one after them.

    Before the first that is known, and after the last, as that one.
    """
    places = np.flatnonzero(known)
    wanted = np.arange(len(turns))
    after = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
    before = np.maximum(np.searchsorted(places, wanted, "right") - 1, 0)
    one, other = quaternions(turns[places[before]]), quaternions(turns[places[after]])
    span = np.maximum(places[after] - places[before], 1)
    part = np.clip((wanted - places[before]) / span, 0, 1)
    way = matrices(_slerp(one, other, part))
    return np.where(known[:, None, None], turns, way)


def _slerp(one: Array, other: Array, part: Array) -> Array:
    cosine = (one * other).sum(-1)
    other = np.where(cosine < 0, -1, 1)[:, None] * other
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.maximum(np.sin(angle), NEAR)
    small = angle < 1e-6
    first = np.where(small, 1 - part, np.sin((1 - part) * angle) / sine)
    second = np.where(small, part, np.sin(part * angle) / sine)
    made = first[:, None] * one + second[:, None] * other
    return np.asarray(made / np.linalg.norm(made, axis=-1, keepdims=True), np.float64)


def quaternions(turns: Array) -> Array:
    """(..., 4), w first and never negative."""
    m = turns
    trace = np.stack(
        [
            1 + m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2],
            1 + m[..., 0, 0] - m[..., 1, 1] - m[..., 2, 2],
            1 - m[..., 0, 0] + m[..., 1, 1] - m[..., 2, 2],
            1 - m[..., 0, 0] - m[..., 1, 1] + m[..., 2, 2],
        ],
        -1,
    )  # four times the squares of w, x, y, z: each is exact where it is the largest
    w = np.stack(
        [trace[..., 0], m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1
    )
    x = np.stack([w[..., 1], trace[..., 1], m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0]], -1)
    y = np.stack([w[..., 2], x[..., 2], trace[..., 2], m[..., 1, 2] + m[..., 2, 1]], -1)
    z = np.stack([w[..., 3], x[..., 3], y[..., 3], trace[..., 3]], -1)
    best = trace.argmax(-1)[..., None]
    found = np.select([best == 0, best == 1, best == 2], [w, x, y], z)
    found = found / np.linalg.norm(found, axis=-1, keepdims=True)
    return np.asarray(np.where(found[..., :1] < 0, -found, found), np.float64)


def matrices(quaternion: Array) -> Array:
    """(..., 3, 3) of quaternions of length 1."""
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def eulers(turns: Array) -> Array:
    """(F, 3) degrees about x, y, z of turns (F, 3, 3) in Maya's order yxz, Rz Rx Ry on column vectors.

    Of the two ways to say a turn the one nearer to the frame before, whole turns taken off: it never jumps. Where the
    middle angle is upright the others are one: that about z stays as it was.
    """
    m = turns
    x = np.arcsin(np.clip(m[:, 2, 1], -1, 1))
    y, z = np.arctan2(-m[:, 2, 0], m[:, 2, 2]), np.arctan2(-m[:, 0, 1], m[:, 1, 1])
    locked = np.hypot(m[:, 2, 0], m[:, 2, 2]) < LOCKED
    sum_or_less = np.arctan2(m[:, 1, 0], m[:, 0, 0])  # z + y upwards, z - y downwards
    made = np.empty((len(turns), 3))
    last = np.zeros(3)
    for place in range(len(turns)):
        if locked[place]:
            ways = np.array([[x[place], np.sign(x[place]) * (sum_or_less[place] - last[2]), last[2]]])
        else:
            ways = np.array([[x[place], y[place], z[place]], [np.pi - x[place], y[place] + np.pi, z[place] + np.pi]])
        ways -= 2 * np.pi * np.round((ways - last) / (2 * np.pi))
        last = ways[np.abs(ways - last).sum(1).argmin()]
        made[place] = last
    return np.degrees(made)


def turned(degrees: Array) -> Array:
    """(..., 3, 3) of degrees (..., 3) about x, y, z in Maya's order yxz."""
    angles = np.radians(degrees)
    x, y, z = (about(np.broadcast_to(np.eye(3)[i], degrees.shape), angles[..., i]) for i in range(3))
    return np.asarray(z @ x @ y, np.float64)


def _cross(v: Array) -> Array:
    zero = np.zeros_like(v[..., 0])
    rows = [[zero, -v[..., 2], v[..., 1]], [v[..., 2], zero, -v[..., 0]], [-v[..., 1], v[..., 0], zero]]
    return np.stack([np.stack(row, -1) for row in rows], -2)

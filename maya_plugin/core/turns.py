"""Rotations as Maya counts them: three angles in an order, and matrices of rows for row vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence

Rows = tuple[tuple[float, float, float], ...]  # of three: where the axes point
Angles = tuple[float, ...]  # degrees about x, y, z

NONE: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def product(one: Rows, other: Rows) -> Rows:
    """First the one, then the other."""
    return tuple(
        (
            row[0] * other[0][0] + row[1] * other[1][0] + row[2] * other[2][0],
            row[0] * other[0][1] + row[1] * other[1][1] + row[2] * other[2][1],
            row[0] * other[0][2] + row[1] * other[1][2] + row[2] * other[2][2],
        )
        for row in one
    )


def back(rows: Rows) -> Rows:
    """The inverse of a rotation."""
    return tuple(zip(*rows))


def applied(place: Sequence[float], rows: Rows) -> tuple[float, float, float]:
    x, y, z = place
    return (
        x * rows[0][0] + y * rows[1][0] + z * rows[2][0],
        x * rows[0][1] + y * rows[1][1] + z * rows[2][1],
        x * rows[0][2] + y * rows[1][2] + z * rows[2][2],
    )


def of_angles(angles: Sequence[float], order: str) -> Rows:
    """The first letter of the order turns first."""
    made = NONE
    for axis in map("xyz".index, order):
        c, s = math.cos(math.radians(angles[axis])), math.sin(math.radians(angles[axis]))
        rows = [list(row) for row in NONE]
        i, j = (axis + 1) % 3, (axis + 2) % 3
        rows[i][i], rows[i][j], rows[j][i], rows[j][j] = c, s, -s, c
        made = product(made, tuple((row[0], row[1], row[2]) for row in rows))
    return made


def to_angles(rows: Rows, order: str, near: Sequence[float] = (0.0, 0.0, 0.0)) -> Angles:
    """Of all that turn the same, the angles that are nearest to `near`; in a gimbal lock the last one stays."""
    i, j, k = map("xyz".index, order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    sine = -sign * rows[i][k]
    if abs(sine) > 1 - 1e-9:
        rest = [0.0, 0.0, 0.0]
        rest[k] = near[k]
        left = product(rows, back(of_angles(rest, order)))
        found = [(math.degrees(math.atan2(-sign * left[k][j], left[j][j])), math.copysign(90.0, sine), near[k])]
    else:
        first = math.degrees(math.atan2(sign * rows[j][k], rows[k][k]))
        last = math.degrees(math.atan2(sign * rows[i][j], rows[i][i]))
        middle = math.degrees(math.asin(sine))
        found = [(first, middle, last), (first + 180, 180 - middle, last + 180)]
    made = []
    for three in found:
        angles = [0.0, 0.0, 0.0]
        for axis, angle in zip((i, j, k), three):
            angles[axis] = angle + 360 * round((near[axis] - angle) / 360)
        made.append(tuple(angles))
    return min(made, key=lambda angles: sum((a - b) ** 2 for a, b in zip(angles, near)))


def followed(turns: Sequence[Rows], order: str) -> tuple[Angles, ...]:
    """Angles of one rotation after the other, without jumps."""
    made: list[Angles] = []
    for rows in turns:
        made.append(to_angles(rows, order, made[-1] if made else (0.0, 0.0, 0.0)))
    return tuple(made)


def along(bone: Sequence[float]) -> Rows:
    """Axes with x down a bone and y as near to the front (z, of a bone that looks there up) as may be."""
    size = math.sqrt(sum(one * one for one in bone))
    if size < 1e-9:
        return NONE
    x = (bone[0] / size, bone[1] / size, bone[2] / size)
    front = (0.0, 0.0, 1.0) if abs(x[2]) < 0.9 else (0.0, 1.0, 0.0)
    part = sum(a * b for a, b in zip(front, x))
    rest = tuple(a - part * b for a, b in zip(front, x))
    length = math.sqrt(sum(one * one for one in rest))
    y = (rest[0] / length, rest[1] / length, rest[2] / length)
    z = (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0])
    return x, y, z

"""Which way is up before a camera of which nothing is known: where feet stand on a plane, and as bodies stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference_server.motion.solving.turns import Array, smallest, unit

FLAT = 4.0  # centimetres: how far from a plane feet are read
UPRIGHT = 0.1  # radians: how far a body stands from upright, on average over a clip
LYING = 0.85  # of 1, how much of a body's direction is up: less, and it says nothing of the camera


def level(bodies: Sequence[Array], steps: Sequence[Array]) -> Array:
    """(3, 3): turns the camera's axes (y up in the picture) so that y is up.

    bodies: of each person the direction (3,) from feet to neck, of any length. steps: of each person (N, 3) where feet
    stood, each standing about once. A plane y = a x + c z + height is fitted, each person's of a
    height of their own, and held to stand upright on the bodies.
    """
    ups = [one for one in map(unit, bodies) if one[1] > LYING]
    mean = np.mean(ups, 0) if ups else np.array([0.0, 1.0, 0.0])
    square, right = np.eye(2) / UPRIGHT**2, -mean[[0, 2]] / mean[1] / UPRIGHT**2
    for places in steps:
        if len(places) > 1:
            away = places - places.mean(0)
            square = square + away[:, [0, 2]].T @ away[:, [0, 2]] / FLAT**2
            right = right + away[:, [0, 2]].T @ away[:, 1] / FLAT**2
    a, c = np.linalg.solve(square, right)
    return smallest(np.array([-a, 1.0, -c]), np.array([0.0, 1.0, 0.0]))

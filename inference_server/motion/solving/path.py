"""Where a body is before the camera: the place from which its joints are seen where they were read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.solving.turns import Array
from shared.values import Value

ENOUGH = 4  # joints that must be seen on a frame
STEADY = 0.1  # seconds: the deviation of the Gaussian over how far away somebody is


class View(Value):
    """A lens. focal: (F,) pixels, as wide as high; centre: (2,) pixels, where the axis meets the picture."""

    focal: Array
    centre: Array


def path_of(body: Array, image: Array, weights: Array, view: View, fps: float) -> Array:
    """(F, 3) centimetres: the origin of the body in the camera's axes (x right, y up, z back).

    body: (F, N, 3) joints from that origin; image: (F, N, 2) square pixels, y down; weights: (F, N), 0 where not seen.
    Least squares of f (X + x) = (u - cu) (Z + z), f (Y + y) = (v - cv) (Z + z) with z away from the camera. How far
    away somebody is trembles most: it is smoothed over time, then the rest is found to it, so that they stay on the
    picture. Where nothing is found the way leads straight from before to after.
    """
    points = body * [1.0, -1.0, -1.0]
    rays = (image - view.centre) / view.focal[:, None, None]
    known = (weights > 0).sum(1) >= ENOUGH
    if not known.any():
        return np.zeros((len(body), 3))
    weights = np.where(known[:, None], weights, 0.0)
    rays = np.where(weights[..., None] > 0, rays, 0.0)
    # rows of the equations in (x, y, z): (1, 0, -ray x) and (0, 1, -ray y); the right side is ray * Z - (X, Y)
    right = rays * points[..., 2:] - points[..., :2]
    total, mean_ray, mean_right = weights.sum(1), _sum(weights, rays), _sum(weights, right)
    square = (weights * (rays**2).sum(-1)).sum(1)
    both = (weights * (rays * right).sum(-1)).sum(1)
    total = np.maximum(total, 1e-9)
    depth = ((mean_ray * mean_right).sum(-1) / total - both) / np.maximum(square - (mean_ray**2).sum(-1) / total, 1e-12)
    known &= depth > 0
    if not known.any():
        return np.zeros((len(body), 3))
    depth = np.exp(steadied(np.log(np.maximum(depth, 1e-3)), known, STEADY * fps))
    aside = (mean_right + mean_ray * depth[:, None]) / total[:, None]
    found = np.column_stack([aside[:, 0], -aside[:, 1], -depth])
    places = np.arange(len(body))
    filled = [np.interp(places, places[known], found[known, axis]) for axis in range(3)]
    return np.column_stack(filled)


def steadied(values: Array, known: NDArray[np.bool_], deviation: float) -> Array:
    """(F,) straight lines fitted around each frame with a Gaussian's weights: no lag, and no bias at the ends."""
    reach = max(1, round(3 * deviation))
    made = np.array(values)
    for place in range(len(values)):
        near = np.arange(max(0, place - reach), min(len(values), place + reach + 1))
        near = near[known[near]]
        if len(near) < 3:
            continue
        away = near - place
        weight = np.exp(-0.5 * (away / deviation) ** 2)
        s0, s1, s2 = weight.sum(), (weight * away).sum(), (weight * away**2).sum()
        one, other = (weight * values[near]).sum(), (weight * away * values[near]).sum()
        made[place] = (s2 * one - s1 * other) / (s0 * s2 - s1 * s1)
    return made


def _sum(weights: Array, values: Array) -> Array:
    return np.asarray(np.einsum("fn,fnk->fk", weights, values))

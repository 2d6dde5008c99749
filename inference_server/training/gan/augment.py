"""Real and painted pictures are changed alike before they are judged, so that few pictures are not learnt by heart.

Written from "Training Generative Adversarial Networks with Limited Data" (Karras et al., NeurIPS 2020, arXiv
2006.06676, appendix B): the changes of its set "bgc" (mirroring and whole pixels, geometry, colour), each with chance
p. As long as p is below one, changes do not leak into what is painted. All geometry is one transform, sampled at twice
the resolution between smooth filters; where it looks beyond the picture, the picture is mirrored.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.stylegan.filters import downsample, upsample

TARGET = 0.6  # of the mean sign of the verdicts on real pictures: above it they are being learnt by heart
EVERY = 4  # steps
FULL = 500_000  # pictures in which p could go from 0 to 1
MOST = 0.85  # above, changes begin to leak

Matrices = NDArray[np.float64]  # (N, 3, 3) or (N, 4, 4)


def next_chance(chance: float, sign: float, pictures: int, full: int) -> float:
    """p after that many pictures whose mean sign of the verdicts was `sign`."""
    return min(MOST, max(0.0, chance + math.copysign(pictures / full, sign - TARGET)))


def augmented(pictures: Tensor, chance: float, rng: np.random.Generator) -> Tensor:
    """Each of (N, 3, R, R), about -1..1, changed by chance."""
    if not chance:
        return pictures
    geometry, colour = geometries(len(pictures), chance, rng), colours(len(pictures), chance, rng)
    return coloured(transformed(pictures, geometry), colour)


def geometries(count: int, chance: float, rng: np.random.Generator) -> Matrices:
    """(N, 3, 3): from a place in the result to one in the picture, both in half sides from the middle."""
    matrices = np.tile(np.eye(3), (count, 1, 1))
    turning = 1 - math.sqrt(1 - chance)  # of each of two, so that one happens with chance p

    def then(made: Matrices, chosen: float = chance) -> None:
        nonlocal matrices
        matrices = matrices @ np.where(rng.random(count)[:, None, None] < chosen, made, np.eye(3))

    then(_scale(np.where(rng.random(count) < 0.5, -1.0, 1.0), np.ones(count)))
    then(_rotate(math.pi / 2 * rng.integers(0, 4, count).astype(np.float64)))
    then(_move(rng.uniform(-0.125, 0.125, (2, count)) * 2))
    size = 2.0 ** rng.normal(0, 0.2, count)
    then(_scale(size, size))
    then(_rotate(rng.uniform(-math.pi, math.pi, count)), turning)
    wide = 2.0 ** rng.normal(0, 0.2, count)
    then(_scale(wide, 1 / wide))
    then(_rotate(rng.uniform(-math.pi, math.pi, count)), turning)
    then(_move(rng.normal(0, 0.125, (2, count)) * 2))
    return matrices


def colours(count: int, chance: float, rng: np.random.Generator) -> Matrices:
    """(N, 4, 4) on (red, green, blue, 1)."""
    matrices = np.tile(np.eye(4), (count, 1, 1))
    grey = np.full(3, 3**-0.5)
    beside, along = np.eye(3) - np.outer(grey, grey), np.outer(grey, grey)

    def then(linear: NDArray[np.float64] | float, offset: NDArray[np.float64] | float = 0.0) -> None:
        nonlocal matrices
        made = np.tile(np.eye(4), (count, 1, 1))
        made[:, :3, :3] = linear
        made[:, :3, 3] = offset
        matrices = np.where(rng.random(count)[:, None, None] < chance, made, np.eye(4)) @ matrices

    then(np.eye(3), rng.normal(0, 0.2, (count, 1)))  # brightness
    then(np.eye(3) * 2.0 ** rng.normal(0, 0.5, (count, 1, 1)))  # contrast
    then(np.eye(3) - 2 * along * (rng.random((count, 1, 1)) < 0.5))  # light for dark
    angle = rng.uniform(-math.pi, math.pi, (count, 1, 1))  # hue: about the axis of greys
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) * 3**-0.5
    then(along + beside * np.cos(angle) + cross * np.sin(angle))
    then(along + beside * 2.0 ** rng.normal(0, 1, (count, 1, 1)))  # saturation
    return matrices


def transformed(pictures: Tensor, matrices: Matrices) -> Tensor:
    """(N, 3, R, R) as `geometries` says."""
    moved = [n for n, matrix in enumerate(matrices) if not np.array_equal(matrix, np.eye(3))]
    if not moved:
        return pictures
    _, channels, size, _ = pictures.shape
    theta = torch.tensor(matrices[moved, :2], dtype=pictures.dtype, device=pictures.device)
    grid = F.affine_grid(theta, [len(moved), channels, 2 * size, 2 * size], align_corners=False)
    large = F.grid_sample(upsample(pictures[moved]), grid, "bilinear", "reflection", align_corners=False)
    parts = list(torch.split(pictures, 1))
    for place, one in zip(moved, torch.split(downsample(large), 1), strict=True):
        parts[place] = one
    return torch.cat(parts)


def coloured(pictures: Tensor, matrices: Matrices) -> Tensor:
    """(N, 3, R, R) as `colours` says."""
    made = torch.tensor(matrices[:, :3], dtype=pictures.dtype, device=pictures.device)
    mixed = made[:, :, :3] @ pictures.flatten(2) + made[:, :, 3:]
    return mixed.reshape(pictures.shape)


def _scale(x: NDArray[np.float64], y: NDArray[np.float64]) -> Matrices:
    made = np.tile(np.eye(3), (len(x), 1, 1))
    made[:, 0, 0], made[:, 1, 1] = x, y
    return made


def _rotate(angle: NDArray[np.float64]) -> Matrices:
    made = np.tile(np.eye(3), (len(angle), 1, 1))
    made[:, 0, 0] = made[:, 1, 1] = np.cos(angle)
    made[:, 1, 0] = np.sin(angle)
    made[:, 0, 1] = -made[:, 1, 0]
    return made


def _move(by: NDArray[np.float64]) -> Matrices:
    made = np.tile(np.eye(3), (by.shape[1], 1, 1))
    made[:, 0, 2], made[:, 1, 2] = by
    return made

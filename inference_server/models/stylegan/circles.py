"""Seeds become points of w, and circles are gone round at even speed.

A circle is even in none of the two spaces: its waves add up here and not there, and the mapping stretches it. So what
a walk names of it is a share of its length in w, which is measured here once for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.base import numbers_of
from inference_server.models.stylegan.mapping import Generator
from shared.walking import Round, Seeds, around

MEASURED = 256  # points of each wave at which a circle is measured
KEPT = 16  # circles whose measure is kept


class Circles:
    """The circles of a generator."""

    def __init__(self, net: Generator) -> None:
        self.net = net
        self.length = lru_cache(maxsize=KEPT)(self._length)

    def at(self, point: Round, class_: int) -> Seeds:
        """The seeds that a point of a circle is, of one class."""
        length = self.length(point.seed, point.waves, class_)
        turns = np.linspace(0.0, 1.0, len(length))
        return around(point.seed, point.waves, float(np.interp(point.turn * length[-1], length, turns)))

    def _length(self, seed: int, waves: int, class_: int) -> NDArray[np.float64]:
        """(n + 1,) how far in w it is from the beginning of a circle, at n + 1 even turns; at the last all around."""
        count = MEASURED * waves
        points = mapped(self.net, [around(seed, waves, number / count) for number in range(count)], class_)
        places = points.double().cpu().numpy()
        steps = np.linalg.norm(np.roll(places, -1, 0) - places, axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])


def mapped(net: Generator, points: Sequence[Seeds], class_: int) -> Tensor:
    """w (N, w_dim) of points in z, all of one class; not truncated."""
    known = {seed: z_of(seed, net.z_dim) for point in points for _, seed in point.parts}
    z = np.concatenate([sum(weight * known[seed] for weight, seed in point.parts) for point in points])
    one_hot = None
    if net.c_dim:
        one_hot = torch.zeros(1, net.c_dim, device=net.w_avg.device)
        one_hot[0, class_] = 1
        one_hot = one_hot.expand(len(points), -1)
    return net.map(torch.tensor(z, dtype=torch.float32, device=net.w_avg.device), one_hot)


def z_of(seed: int, z_dim: int) -> NDArray[np.float64]:
    """(1, z_dim) of a seed, as the published tools count them."""
    return numbers_of(seed, z_dim)[None]

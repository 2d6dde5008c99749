"""How far what a generator paints is from the real pictures, in one number.

The Fréchet distance (Heusel et al., NeurIPS 2017, arXiv 1706.08500) on the features of a small random network instead
of a classifier's, which is not to be had without somebody else's weights: random features tell how good and how various
pictures are, too (Naeem et al., ICML 2020, arXiv 2002.09797). It compares states of one training, and nothing else.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.stylegan.mapping import Generator

WIDTHS = (3, 32, 64, 96)  # of the features
SIDE = 64  # pixels at which pictures are looked at
GRID = 2  # places a side at which features are kept
REAL, PAINTED = 500, 256  # pictures that are compared at most
AT_ONCE = 32


class Measure:
    """Knows the real pictures."""

    def __init__(self, pictures: NDArray[np.uint8], device: str) -> None:
        chosen = np.random.default_rng(0).permutation(len(pictures))[:REAL]
        self.device = device
        found = self._features(torch.from_numpy(pictures[np.sort(chosen)]).permute(0, 3, 1, 2))
        self.middle, self.spread = found.mean(0), found.std(0) + 1e-6
        self.real = (found - self.middle) / self.spread

    def of(self, net: Generator) -> float:
        """The distance of what a generator paints of the same random points each time."""
        z = np.random.default_rng(1).standard_normal((PAINTED, net.z_dim), np.float32)
        parts = [paint(net, z[start : start + AT_ONCE]) for start in range(0, PAINTED, AT_ONCE)]
        found = self._features(torch.from_numpy(np.concatenate(parts)).permute(0, 3, 1, 2))
        return distance((found - self.middle) / self.spread, self.real)

    def floor(self) -> float:
        """The distance of one half of the real pictures from the other."""
        return distance(self.real[::2], self.real[1::2])

    @torch.no_grad()
    def _features(self, pictures: Tensor) -> Tensor:
        """(N, C) of (N, 3, R, R) uint8."""
        random, parts = torch.Generator().manual_seed(0), []
        weights = [
            torch.randn(outer, inner, 3, 3, generator=random) * (2 / (9 * inner)) ** 0.5
            for inner, outer in pairwise(WIDTHS)
        ]
        for some in torch.split(pictures, AT_ONCE):
            x = some.to(self.device).float() / 127.5 - 1
            if x.shape[2] > SIDE:
                x = F.adaptive_avg_pool2d(x, SIDE)
            for weight in weights:
                x = F.leaky_relu(F.conv2d(x, weight.to(x), stride=2, padding=1), 0.2)
            parts.append(F.adaptive_avg_pool2d(x, min(GRID, x.shape[2])).flatten(1).cpu())
        return torch.cat(parts)


def distance(one: Tensor, other: Tensor) -> float:
    """Fréchet distance of two clouds (n, C) and (m, C) as normal distributions, over C."""
    a, b = one.double(), other.double()
    values, vectors = torch.linalg.eigh(a.T.cov())
    root = vectors * values.clamp(0).sqrt() @ vectors.T
    common = torch.linalg.eigvalsh(root @ b.T.cov() @ root).clamp(0).sqrt().sum()
    spreads = a.var(0).sum() + b.var(0).sum() - 2 * common
    return float(((a.mean(0) - b.mean(0)).square().sum() + spreads) / a.shape[1])


@torch.no_grad()
def paint(net: Generator, z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(N, R, R, 3) uint8, sRGB, of z (N, z_dim), not truncated, with the noise that is stored."""
    device = net.w_avg.device
    ws = net.truncate(net.map(torch.from_numpy(z).to(device)), 1)
    shown = (net.draw(ws, net.stored_noise()).float() + 1) * 127.5
    pictures: NDArray[np.uint8] = shown.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return pictures

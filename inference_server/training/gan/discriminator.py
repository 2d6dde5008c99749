"""The opponent of a StyleGAN2 generator: does a picture come from the data?

Written from "Analyzing and Improving the Image Quality of StyleGAN" (Karras et al., CVPR 2020, arXiv 1912.04958):
residual blocks that shrink by a smooth filter, and at the end how much the pictures of a batch differ (Karras et al.,
ICLR 2018, arXiv 1710.10196), so that a generator which always paints the same is found out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from inference_server.models.stylegan.filters import convolve, convolve_down, downsample
from inference_server.models.stylegan.mapping import Dense, activated

HALF = math.sqrt(0.5)  # of what two paths add up to, so that it stays as strong
GROUP = 4  # pictures whose differences are looked at together


class Convolution(nn.Module):
    """Weights of unit variance, scaled as they are used; half as large with `down` (3x3)."""

    def __init__(self, inner: int, outer: int, kernel: int, down: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.down = down
        self.scale = (inner * kernel**2) ** -0.5
        self.weight = nn.Parameter(torch.randn(outer, inner, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outer)) if bias else None

    def forward(self, x: Tensor) -> Tensor:  # (N, Cin, h, w) -> (N, Cout, h, w) or (N, Cout, h / 2, w / 2)
        y: Tensor = (convolve_down if self.down else convolve)(x, self.weight * self.scale)
        return y if self.bias is None else activated(y + self.bias[:, None, None])


class Block(nn.Module):
    """One resolution to the next smaller."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv0 = Convolution(inner, inner, 3)
        self.conv1 = Convolution(inner, outer, 3, down=True)
        self.skip = Convolution(inner, outer, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # (N, C, r, r) -> (N, C', r / 2, r / 2)
        y: Tensor = self.conv1(self.conv0(x)) + self.skip(downsample(x))
        return y * HALF


class Discriminator(nn.Module):
    """channels: of its features by resolution, as the generator's configuration has them."""

    def __init__(self, channels: Mapping[str, int]) -> None:
        super().__init__()
        sizes = sorted((int(r) for r in channels), reverse=True)
        count = {r: channels[str(r)] for r in sizes}
        self.colours = Convolution(3, count[sizes[0]], 1)
        self.blocks = nn.ModuleList(Block(count[r], count[r // 2]) for r in sizes[:-1])
        self.last = Convolution(count[4] + 1, count[4], 3)
        self.whole = Dense(count[4] * 16, count[4])
        self.verdict = Dense(count[4], 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, R, R) about -1..1 -> (N,): above 0 what it takes for real."""
        x = self.colours(pictures)
        for block in self.blocks:
            x = block(x)
        x = self.last(torch.cat([x, differences(x)], 1))
        verdicts: Tensor = self.verdict(activated(self.whole(x.flatten(1))))
        return verdicts[:, 0]


def differences(x: Tensor) -> Tensor:
    """(N, C, h, w) -> (N, 1, h, w): the standard deviation over a group, mean of all features; one value a group.

    Picture n is in a group with those that are a multiple of N / GROUP away; a batch that does not divide is one group.
    """
    n = len(x)
    group = GROUP if n % GROUP == 0 else n
    y = x.float().reshape(group, n // group, -1)
    spread = (y - y.mean(0)).square().mean(0).add(1e-8).sqrt().mean(1)  # (N / group,)
    return spread.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype)

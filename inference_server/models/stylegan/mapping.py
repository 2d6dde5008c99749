"""What the generators share: the mapping from z to w, truncation, and what the product asks of each.

Tensors: z (N, z_dim) normally distributed, c (N, c_dim) one-hot classes, w (N, w_dim), ws (N, num_ws, w_dim) one w for
every layer.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shared.errors import ModelRefused

SLOPE, GAIN = 0.2, 2**0.5  # of every activation
RATE = 0.01  # how much slower than the others the layers of the mapping learn


def scaled(x: Tensor) -> Tensor:
    """Each row (N, n) with a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


def activated(x: Tensor, clamp: float | None = None) -> Tensor:
    y = F.leaky_relu(x, SLOPE) * GAIN
    return y if clamp is None else y.clamp(-clamp, clamp)


class Dense(nn.Module):
    """A linear map whose weights are kept as if their variance were 1 / rate²."""

    def __init__(self, inner: int, outer: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.rate = rate
        self.weight = nn.Parameter(torch.randn(outer, inner) / rate)
        self.bias = nn.Parameter(torch.full((outer,), bias))

    def forward(self, x: Tensor) -> Tensor:  # (N, in) -> (N, out)
        return F.linear(x, self.weight * (self.rate / self.weight.shape[1] ** 0.5), self.bias * self.rate)


class Mapping(nn.Module):
    """z and, where there are classes, c to w."""

    w_avg: Tensor

    def __init__(self, z_dim: int, c_dim: int, w_dim: int, layers: int) -> None:
        super().__init__()
        self.c_dim, self.layers = c_dim, layers
        if c_dim:
            self.embed = Dense(c_dim, w_dim)
        for number in range(layers):
            inner = w_dim if number else z_dim + (w_dim if c_dim else 0)
            self.add_module(f"fc{number}", Dense(inner, w_dim, RATE))
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, z: Tensor, c: Tensor | None) -> Tensor:  # (N, z_dim), (N, c_dim) -> (N, w_dim)
        x = scaled(z)
        if self.c_dim:
            if c is None:
                raise ModelRefused("this generator has classes, and none was asked for", remedy="Name one of them")
            x = torch.cat([x, scaled(self.embed(c))], 1)  # (N, z_dim + w_dim)
        for number in range(self.layers):
            x = activated(self.get_submodule(f"fc{number}")(x))
        return x


class Generator(nn.Module):
    """What paints a vector. resolution: the picture's width and height; num_ws: how many layers take a w."""

    mapping: Mapping

    def __init__(self, z_dim: int, c_dim: int, w_dim: int, layers: int, num_ws: int, resolution: int) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.num_ws, self.resolution = num_ws, resolution
        self.noise_sizes: list[int] = []  # of one noise map for every noisy layer
        self.mapping = Mapping(z_dim, c_dim, w_dim, layers)

    @property
    def w_avg(self) -> Tensor:  # (w_dim)
        return self.mapping.w_avg

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """w (N, w_dim) of z (N, z_dim) and one-hot c (N, c_dim), not truncated. Raises ModelRefused without a class."""
        w: Tensor = self.mapping(z, c)
        return w

    def truncate(self, w: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """ws (N, num_ws, w_dim) of w (N, w_dim) or ws: the first `cutoff` layers (None: all) at `psi` of their
        distance from the average w."""
        ws = w[:, None].expand(-1, self.num_ws, -1) if w.ndim == 2 else w
        near = self.w_avg.lerp(ws, psi)
        if cutoff is None:
            return near
        return torch.cat([near[:, :cutoff], ws[:, cutoff:]], 1)

    def stored_noise(self) -> list[Tensor]:
        """The noise maps (1, 1, r, r) that came with the weights, as `draw` takes them."""
        return []

    @abstractmethod
    def draw(self, ws: Tensor, noise: Sequence[Tensor] | None = None, view: Tensor | None = None) -> Tensor:
        """The pictures (N, 3, R, R), about -1..1, of ws (N, num_ws, w_dim).

        noise: a map (N or 1, 1, r, r) for each of `noise_sizes`; None: no noise is added. view (3, 3): as
        `alias_free.seen_from` makes it; only what begins as waves can be seen from elsewhere.
        """

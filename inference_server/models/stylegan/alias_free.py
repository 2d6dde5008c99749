"""StyleGAN3: the generator of "Alias-Free Generative Adversarial Networks", configurations T and R.

Written from the paper (Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen, Aila, NeurIPS 2021, arXiv 2106.12423). The
names of the modules are those of the published weights, so that they fit by name: `synthesis.input`,
`synthesis.L0_36_512` ... Its features are samples of a continuous signal: they begin as waves, which can be turned and
moved like a sheet of paper (`view`), and every layer bends them at a higher rate than it keeps, between two filters.
The filters come with the weights; there is no noise.

Sizes in comments: N pictures, C channels, h x w of a layer, n x n of the waves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference_server.models.stylegan.filters import resample
from inference_server.models.stylegan.mapping import Dense, Generator, activated
from inference_server.models.stylegan.settings import AliasFreeConfig, LayerConfig, WavesConfig


class Waves(nn.Module):
    """What the first layer reads: sine waves over the plane, turned and moved as w says."""

    transform: Tensor
    freqs: Tensor
    phases: Tensor

    def __init__(self, config: WavesConfig, w_dim: int) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.affine = Dense(w_dim, 4)
        self.affine.weight.data.zero_()
        self.affine.bias.data[0] = 1  # turned and moved by nothing
        directions = torch.rand(channels) * 2 * math.pi
        lengths = torch.rand(channels).sqrt() * config.bandwidth  # evenly over the disc
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", torch.stack([directions.cos(), directions.sin()], 1) * lengths[:, None])
        self.register_buffer("phases", torch.rand(channels) - 0.5)

    def forward(self, w: Tensor, view: Tensor | None) -> Tensor:  # (N, w_dim), (3, 3) -> (N, C, n, n)
        size, rate = self.config.size, self.config.sampling_rate
        turn = self.affine(w)
        turn = turn / turn[:, :2].norm(dim=1, keepdim=True)
        cosine, sine, right, down = turn.unbind(1)
        zero, one = torch.zeros_like(sine), torch.ones_like(sine)
        rows = [cosine, -sine, zero, sine, cosine, zero, zero, zero, one]
        moved = [one, zero, -right, zero, one, -down, zero, zero, one]
        places = torch.stack(rows, 1).view(-1, 3, 3) @ torch.stack(moved, 1).view(-1, 3, 3) @ self.transform
        if view is not None:
            places = places @ view
        phases = self.phases + (self.freqs @ places[:, :2, 2:])[..., 0]  # (N, C)
        freqs = self.freqs @ places[:, :2, :2]  # (N, C, 2)
        heights = 1 - (freqs.norm(dim=2) - self.config.bandwidth) / (rate / 2 - self.config.bandwidth)
        line = (torch.arange(size, device=w.device) + 0.5 - size / 2) / rate  # the middles of the samples
        x = freqs[..., :1, None] * line + freqs[..., 1:, None] * line[:, None]  # (N, C, n, n)
        x = (2 * math.pi * (x + phases[..., None, None])).sin() * heights.clamp(0, 1)[..., None, None]
        return torch.einsum("oc,ncyx->noyx", self.weight / self.weight.shape[1] ** 0.5, x)


class BentLayer(nn.Module):
    """A modulated convolution, and its activation at a higher rate of samples; colours are not bent."""

    magnitude_ema: Tensor
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, config: LayerConfig, w_dim: int) -> None:
        super().__init__()
        self.config = config
        self.affine = Dense(w_dim, config.inner, bias=1.0)
        self.weight = nn.Parameter(torch.randn(config.outer, config.inner, config.kernel, config.kernel))
        self.bias = nn.Parameter(torch.zeros(config.outer))
        self.register_buffer("magnitude_ema", torch.ones(()))
        for name, shape in (("up_filter", config.up_filter), ("down_filter", config.down_filter)):
            self.register_buffer(name, None if shape is None else bell(shape))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:  # (N, Cin, h, w) -> (N, Cout, h', w')
        return self.bent(self.modulated(x, self.affine(w)) + self.bias[:, None, None])

    def modulated(self, x: Tensor, styles: Tensor) -> Tensor:
        """x (N, Cin, h, w), styles (N, Cin): a convolution at all places where it sees anything."""
        weight: Tensor = self.weight
        if self.config.colours:
            scale = torch.rsqrt(self.magnitude_ema)
            styles = styles / self.config.inner**0.5
        else:
            weight = weight * torch.rsqrt(weight.square().mean((1, 2, 3), keepdim=True))
            styles = styles * torch.rsqrt(styles.square().mean(1, keepdim=True))
            energy = styles.square() @ weight.square().sum((2, 3)).T  # (N, Cout)
            scale = (torch.rsqrt(energy + 1e-8) * torch.rsqrt(self.magnitude_ema))[:, :, None, None]
        return F.conv2d(x * styles[:, :, None, None], weight, padding=self.config.kernel - 1) * scale

    def bent(self, x: Tensor) -> Tensor:
        own = self.config
        left, right, top, bottom = own.padding
        taps = torch.ones(1, device=x.device) if self.up_filter is None else self.up_filter
        x = resample(x, taps, up=(own.up, own.up), padding=(left, right, top, bottom), gain=own.up**2)
        if not own.colours:
            x = activated(x, own.clamp)
        elif own.clamp is not None:
            x = x.clamp(-own.clamp, own.clamp)
        taps = torch.ones(1, device=x.device) if self.down_filter is None else self.down_filter
        return resample(x, taps, down=(own.down, own.down))


def bell(shape: Sequence[int]) -> Tensor:
    """A smooth filter of this shape, for what has not been given one."""
    taps = torch.hann_window(shape[0] + 1, periodic=True)[1:]
    taps = taps / taps.sum()
    return taps if len(shape) == 1 else torch.outer(taps, taps)


class Synthesis(nn.Module):
    """ws to pictures: the waves take the first w, each layer one of its own."""

    def __init__(self, config: AliasFreeConfig) -> None:
        super().__init__()
        self.input = Waves(config.input, config.w_dim)
        self.names = [layer.name for layer in config.layers]
        for layer in config.layers:
            self.add_module(layer.name, BentLayer(layer, config.w_dim))

    def layers(self) -> list[BentLayer]:
        return [self.get_submodule(name) for name in self.names]  # type: ignore[misc]

    def forward(self, ws: Tensor, view: Tensor | None) -> Tensor:  # (N, num_ws, w_dim) -> (N, 3, R, R)
        x = self.input(ws[:, 0], view)
        for number, layer in enumerate(self.layers(), 1):
            x = layer(x, ws[:, number])
        result: Tensor = x
        return result


class AliasFree(Generator):
    """The generator of a configuration, with random weights."""

    def __init__(self, config: AliasFreeConfig) -> None:
        count = len(config.layers) + 1
        super().__init__(config.z_dim, config.c_dim, config.w_dim, config.mapping_layers, count, config.resolution)
        self.config = config
        self.synthesis = Synthesis(config)

    def draw(self, ws: Tensor, noise: Sequence[Tensor] | None = None, view: Tensor | None = None) -> Tensor:
        picture: Tensor = self.synthesis(ws, view) * self.config.output_scale
        return picture


def seen_from(right: float, down: float, turned: float) -> Tensor:
    """(3, 3) where on the plane each place of the picture is looked for, when what is painted is turned clockwise about
    the middle, in degrees, and then moved, in widths of the picture."""
    angle = math.radians(turned)
    cosine, sine = math.cos(angle), math.sin(angle)
    moved = torch.tensor([[cosine, -sine, right], [sine, cosine, down], [0, 0, 1]], dtype=torch.float64)
    looked_for: Tensor = torch.linalg.inv(moved).float()
    return looked_for

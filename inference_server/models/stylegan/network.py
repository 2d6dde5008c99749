"""StyleGAN2: the generator of "Analyzing and Improving the Image Quality of StyleGAN".

Written from the paper (Karras, Laine, Aittala, Hellsten, Lehtinen, Aila, CVPR 2020, arXiv 1912.04958). The names of the
modules are those of the weights that stylegan2-ada-pytorch writes, so that they fit by name: `mapping.fc0`,
`synthesis.b4.const`, `synthesis.b8.conv0.affine` ... This is the plain, readable network: modulation scales a layer's
input and demodulation its output, which equals scaled weights and lets a batch share one convolution.

Sizes in comments: N pictures, C channels, h x w of a block, r its resolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inference_server.models.base import fitting
from inference_server.models.stylegan.alias_free import AliasFree
from inference_server.models.stylegan.filters import convolve, convolve_up, upsample
from inference_server.models.stylegan.mapping import Dense, Generator, activated
from inference_server.models.stylegan.settings import StyleGan2Config, settings_of


def modulated(x: Tensor, weight: Tensor, styles: Tensor, up: bool = False, demodulate: bool = True) -> Tensor:
    """A convolution whose weights each picture scales by its styles (N, Cin), brought back to unit variance.

    x (N, Cin, h, w), weight (Cout, Cin, k, k); twice as large with `up`.
    """
    x = x * styles[:, :, None, None]
    y = convolve_up(x, weight) if up else convolve(x, weight)
    if demodulate:
        energy = weight.square().sum((2, 3))  # (Cout, Cin)
        y = y * torch.rsqrt(styles.square() @ energy.T + 1e-8)[:, :, None, None]
    return y


class Layer(nn.Module):
    """A modulated 3x3 convolution, noise, bias and activation; twice as large with `up`."""

    noise_const: Tensor

    def __init__(self, inner: int, outer: int, r: int, up: bool, config: StyleGan2Config) -> None:
        super().__init__()
        self.up, self.clamp = up, config.conv_clamp
        self.affine = Dense(config.w_dim, inner, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outer, inner, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outer))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", torch.randn(r, r))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:  # (N, Cin, h, w) -> (N, Cout, r, r)
        y = modulated(x, self.weight, self.affine(w), self.up)
        if noise is not None:
            y = y + self.noise_strength * noise
        return activated(y + self.bias[:, None, None], self.clamp)


class ToRgb(nn.Module):
    """Features to colours: a modulated 1x1 convolution."""

    def __init__(self, inner: int, config: StyleGan2Config) -> None:
        super().__init__()
        self.clamp = config.conv_clamp
        self.affine = Dense(config.w_dim, inner, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, inner, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:  # (N, C, r, r) -> (N, 3, r, r)
        styles = self.affine(w) / self.weight.shape[1] ** 0.5
        y = modulated(x, self.weight, styles, demodulate=False) + self.bias[:, None, None]
        return y if self.clamp is None else y.clamp(-self.clamp, self.clamp)


class Block(nn.Module):
    """The layers of one resolution, and the picture as far as they have come; the first begins with a constant."""

    def __init__(self, r: int, config: StyleGan2Config) -> None:
        super().__init__()
        self.first = r == 4
        outer = config.channels[str(r)]
        if self.first:
            self.const = nn.Parameter(torch.randn(outer, 4, 4))
        else:
            self.conv0 = Layer(config.channels[str(r // 2)], outer, r, True, config)
        self.conv1 = Layer(outer, outer, r, False, config)
        self.torgb = ToRgb(outer, config)

    def layers(self) -> list[Layer]:
        return [self.conv1] if self.first else [self.conv0, self.conv1]

    def forward(
        self, x: Tensor | None, picture: Tensor | None, ws: Tensor, noise: Iterator[Tensor | None]
    ) -> tuple[Tensor, Tensor]:
        """(N, C, r / 2, r / 2), (N, 3, r / 2, r / 2), (N, layers + 1, w_dim) -> (N, C', r, r), (N, 3, r, r)."""
        if x is None:
            x = self.const.expand(len(ws), -1, -1, -1)
        for number, layer in enumerate(self.layers()):
            x = layer(x, ws[:, number], next(noise))
        colours = self.torgb(x, ws[:, -1])
        return x, colours if picture is None else upsample(picture) + colours


class Synthesis(nn.Module):
    """ws to pictures: every block paints onto the enlarged picture of the one before."""

    def __init__(self, config: StyleGan2Config) -> None:
        super().__init__()
        self.sizes = config.sizes
        for r in self.sizes:
            self.add_module(f"b{r}", Block(r, config))

    def blocks(self) -> list[Block]:
        return [self.get_submodule(f"b{r}") for r in self.sizes]  # type: ignore[misc]

    def forward(self, ws: Tensor, noise: Sequence[Tensor | None]) -> Tensor:  # (N, num_ws, w_dim) -> (N, 3, R, R)
        x = picture = None
        maps, start = iter(noise), 0
        for block in self.blocks():
            count = len(block.layers())
            x, picture = block(x, picture, ws[:, start : start + count + 1], maps)  # colours share the next one's w
            start += count
        assert picture is not None
        result: Tensor = picture
        return result


class StyleGan2(Generator):
    """The generator of a configuration, with the random weights that training begins with."""

    def __init__(self, config: StyleGan2Config) -> None:
        layers = 2 * len(config.sizes) - 1
        super().__init__(config.z_dim, config.c_dim, config.w_dim, config.mapping_layers, layers + 1, config.resolution)
        self.config = config
        self.noise_sizes = [r for r in config.sizes for _ in range(1 if r == 4 else 2)]
        self.synthesis = Synthesis(config)

    def stored_noise(self) -> list[Tensor]:
        layers = [layer for block in self.synthesis.blocks() for layer in block.layers()]
        return [layer.noise_const[None, None] for layer in layers]

    def draw(self, ws: Tensor, noise: Sequence[Tensor] | None = None, view: Tensor | None = None) -> Tensor:
        picture: Tensor = self.synthesis(ws, [None] * len(self.noise_sizes) if noise is None else noise)
        return picture


def build(config: Mapping[str, Any]) -> Generator:
    """The generator of a card's configuration, random. Raises ModelRefused where it describes none."""
    settings = settings_of(config)
    return StyleGan2(settings) if isinstance(settings, StyleGan2Config) else AliasFree(settings)


def filled(config: Mapping[str, Any], state: Mapping[str, Tensor], source: str) -> Generator:
    """The generator with these weights, whose memory it shares; no other is taken. Raises ModelRefused."""
    with torch.device("meta"):
        net = build(config)
    whole = {name: tensor.float() for name, tensor in fitting(net, state, source).items()}
    net.load_state_dict(whole, assign=True)
    return net.eval().requires_grad_(False)

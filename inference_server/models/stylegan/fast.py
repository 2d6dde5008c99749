"""The generators on the processor: the same weights and pictures, faster.

Most of the plain networks' time is not in their convolutions: every filter, noise, bias and activation writes and reads
all features, and filters of single channels are what libraries do worst. Here a transposed convolution is one product
of pixels and taps, and one loop each along x and y adds it up, filters it and ends the layer; another one ends those
that keep their size, adds the colours and enlarges the picture on the way. An alias-free layer is bent band by band,
its finer samples are never all there. What a layer makes is stored times the next one's styles. Weights are laid out
once, memory is taken once, and every picture of a batch is painted by itself: alone it has the same bits.

Tensors are (1, C, h, w) in memory as (h, w, C); channels are filled up to a multiple of `lanes.WIDTH` with zeros.
Float32; only the order of additions differs from the plain networks, which are the reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference_server.models.lanes import WIDTH
from inference_server.models.processor import Convolution, Product, Scratch, filled
from inference_server.models.stylegan import alias_free, loops, network
from inference_server.models.stylegan.mapping import Dense, Generator, Mapping

BAND = 4 * 2**20  # bytes of products at once: they stay in the cache


class Affine:
    """Styles (C, filled) of a w."""

    def __init__(self, dense: Dense, times: float = 1.0) -> None:
        self.weight = filled(dense.weight * (dense.rate / dense.weight.shape[1] ** 0.5) * times, 0)
        self.bias = filled(dense.bias * dense.rate * times, 0)

    def __call__(self, w: Tensor) -> Tensor:  # (w_dim) -> (C)
        return F.linear(w, self.weight, self.bias)


class Layer:
    """A modulated convolution. energy (Cout, Cin): of its weights, for their demodulation."""

    def __init__(self, layer: network.Layer) -> None:
        weight = filled(layer.weight, 0, 1)
        self.up, self.affine = layer.up, Affine(layer.affine)
        self.energy = weight.square().sum((2, 3))
        self.outer = len(weight)
        self.vectors = torch.zeros(7, self.outer)
        self.vectors[loops.BIAS] = filled(layer.bias, 0)
        self.strength = float(layer.noise_strength)
        self.limits = np.full(WIDTH, math.inf if layer.clamp is None else layer.clamp, np.float32)
        if layer.up:
            self.product = Product(weight.permute(2, 3, 0, 1), torch.float32, True)
        else:
            self.convolution = Convolution(weight, None, torch.float32, True)

    def prepared(self, styles: Tensor, following: Tensor | None, noisy: bool) -> Tensor:
        """The vectors (7, C) of a frame; following: the styles of the layer that reads this one."""
        vectors = self.vectors
        vectors[loops.SCALE] = torch.rsqrt(self.energy @ styles.square() + 1e-8) / (16 if self.up else 1)
        vectors[loops.STRENGTH] = self.strength if noisy else 0
        vectors[loops.NEXT] = 0 if following is None else following
        return vectors


class Colours:
    """Features to colours."""

    def __init__(self, colours: network.ToRgb) -> None:
        self.affine = Affine(colours.affine, colours.weight.shape[1] ** -0.5)
        self.weight = filled(colours.weight[:, :, 0, 0], 1)  # (3, C)
        self.bias = colours.bias.numpy()
        self.limit = math.inf if colours.clamp is None else float(colours.clamp)


class FastStyleGan2(Generator):
    """StyleGAN2 as `draw` paints it on a processor, not to be learnt from."""

    def __init__(self, net: network.StyleGan2) -> None:
        super().__init__(net.z_dim, net.c_dim, net.w_dim, 0, net.num_ws, net.resolution)
        self.mapping: Mapping = net.mapping
        self.noise_sizes, self.noise = net.noise_sizes, [noise.contiguous() for noise in net.stored_noise()]
        blocks = net.synthesis.blocks()
        self.first = filled(blocks[0].const.permute(1, 2, 0)[None], 3).permute(0, 3, 1, 2)  # (1, C, 4, 4)
        self.layers = [Layer(layer) for block in blocks for layer in block.layers()]
        self.colours = [Colours(block.torgb) for block in blocks]
        self.scratch = Scratch(torch.float32, torch.device("cpu"))

    def stored_noise(self) -> list[Tensor]:
        return self.noise

    @torch.inference_mode()
    def draw(self, ws: Tensor, noise: Sequence[Tensor] | None = None, view: Tensor | None = None) -> Tensor:
        def own(number: int) -> list[Tensor] | None:
            return None if noise is None else [map[number % len(map), 0] for map in noise]

        return torch.stack([self.one(w, own(number)) for number, w in enumerate(ws)])

    def one(self, ws: Tensor, noise: Sequence[Tensor] | None) -> Tensor:
        """(num_ws, w_dim), maps (r, r) -> (3, R, R)."""
        styles = [layer.affine(w) for layer, w in zip(self.layers, ws, strict=False)]
        x, picture = self.first * styles[0][:, None, None], np.empty((0, 0, 3), np.float32)
        for number, (layer, r) in enumerate(zip(self.layers, self.noise_sizes, strict=True)):
            map = torch.zeros(r, r) if noise is None else noise[number]
            following = styles[number + 1] if number + 1 < len(styles) else None
            vectors = layer.prepared(styles[number], following, noise is not None)
            if layer.up:
                x = self.enlarged(x, layer, vectors, map)
                continue
            colours = self.colours[(number + 1) // 2]
            vectors[loops.COLOURS :] = colours.weight * colours.affine(ws[number + 1])
            y = self.scratch.take("even", layer.outer, r, r)
            x = layer.convolution(x, onto=y.zero_())
            before, picture = picture, np.empty((r, r, 3), np.float32)
            limits = layer.limits, before, colours.bias, colours.limit
            loops.finish(pixels(x), vectors.numpy(), map.numpy(), *limits, picture)
        return torch.from_numpy(picture).permute(2, 0, 1)

    def enlarged(self, x: Tensor, layer: Layer, vectors: Tensor, noise: Tensor) -> Tensor:
        """(1, Cin, h, w) -> (1, Cout, 2h, 2w)."""
        height, width = x.shape[2:]
        source = x[0].permute(1, 2, 0)  # (h, w, Cin)
        wide = self.scratch.take("wide", layer.outer, (height + 2) * 3, 2 * width)[0].permute(1, 2, 0)
        wide = wide.view(height + 2, 3, 2 * width, layer.outer)
        wide[0], wide[-1] = 0, 0
        step = max(1, BAND // (4 * 9 * layer.outer * width))
        for start in range(0, height, step):
            band = source[start : start + step]
            products = layer.product(band.reshape(-1, band.shape[2])).view(len(band), width, 3, 3, layer.outer)
            loops.widen(products.numpy(), wide[start + 1 : start + 1 + len(band)].numpy())
        out = self.scratch.take("odd", layer.outer, 2 * height, 2 * width)
        loops.heighten(wide.numpy(), vectors.numpy(), noise.numpy(), layer.limits, pixels(out))
        return out


class BentLayer:
    """A layer of an alias-free generator that is bent."""

    def __init__(self, layer: alias_free.BentLayer) -> None:
        own = layer.config
        weight = layer.weight * torch.rsqrt(layer.weight.square().mean((1, 2, 3), keepdim=True))
        self.config, self.affine = own, Affine(layer.affine)
        self.energy = filled(weight.square().sum((2, 3)), 0, 1)
        self.magnitude = layer.magnitude_ema
        self.outer = len(self.energy)
        self.vectors = torch.zeros(4, self.outer)
        self.vectors[loops.BIAS] = filled(layer.bias, 0)
        self.limits = np.full(WIDTH, math.inf if own.clamp is None else own.clamp, np.float32)
        self.convolution = Convolution(filled(weight, 0, 1), None, torch.float32, True, wide=True)
        one = torch.ones(1)
        up, down = (one if taps is None else taps for taps in (layer.up_filter, layer.down_filter))
        self.up = (up.flip(0) * own.up).contiguous().numpy()
        self.down = (down.flip(0)[:, None] if down.ndim == 1 else down.flip(0, 1)).contiguous().numpy()

    def styles(self, w: Tensor) -> Tensor:  # (w_dim) -> (Cin)
        styles = self.affine(w)
        return styles * torch.rsqrt(styles.square().sum() / self.config.inner)

    def __call__(self, x: Tensor, styles: Tensor, following: Tensor, scratch: Scratch, name: str) -> Tensor:
        """(1, Cin, h, w) -> (1, Cout, h', w'), in the scratch memory of that name, which is not x's."""
        own, vectors, height, width = self.config, self.vectors, *x.shape[2:]
        vectors[loops.SCALE] = torch.rsqrt((self.energy @ styles.square() + 1e-8) * self.magnitude)
        vectors[loops.NEXT] = following
        more = own.kernel - 1
        y = scratch.take("inner", self.outer, height + more, width + more)
        y = self.convolution(x, onto=y.zero_())
        out = scratch.take(name, self.outer, *own.size(height))
        padding = own.padding[0], own.padding[2]
        loops.bend(pixels(y), vectors.numpy(), self.up, own.up, padding, self.down, own.down, self.limits, pixels(out))
        return out


class FastAliasFree(Generator):
    """StyleGAN3 as `draw` paints it on a processor, not to be learnt from."""

    def __init__(self, net: alias_free.AliasFree) -> None:
        super().__init__(net.z_dim, net.c_dim, net.w_dim, 0, net.num_ws, net.resolution)
        self.mapping, self.waves, self.scale = net.mapping, net.synthesis.input, net.config.output_scale
        *layers, last = net.synthesis.layers()
        self.layers = [BentLayer(layer) for layer in layers]
        self.affine = Affine(last.affine, last.config.inner**-0.5)
        self.colours = filled(last.weight[:, :, 0, 0] * torch.rsqrt(last.magnitude_ema), 1)  # (3, C)
        self.bias = last.bias
        self.limit = math.inf if last.config.clamp is None else last.config.clamp
        self.scratch = Scratch(torch.float32, torch.device("cpu"))

    @torch.inference_mode()
    def draw(self, ws: Tensor, noise: Sequence[Tensor] | None = None, view: Tensor | None = None) -> Tensor:
        return torch.stack([self.one(w, view) for w in ws])

    def one(self, ws: Tensor, view: Tensor | None) -> Tensor:  # (num_ws, w_dim) -> (3, R, R)
        styles = [layer.styles(w) for layer, w in zip(self.layers, ws[1:], strict=False)] + [self.affine(ws[-1])]
        waves = filled(self.waves(ws[:1], view)[0].permute(1, 2, 0), 2) * styles[0]
        x = waves[None].permute(0, 3, 1, 2)
        for number, layer in enumerate(self.layers):
            x = layer(x, styles[number], styles[number + 1], self.scratch, ("even", "odd")[number % 2])
        made = F.linear(x[0].permute(1, 2, 0), self.colours, self.bias).clamp_(-self.limit, self.limit)
        return (made * self.scale).permute(2, 0, 1)


def pixels(x: Tensor) -> NDArray[np.float32]:  # (1, C, h, w) -> (h, w, C), the same memory
    return x[0].permute(1, 2, 0).numpy()


def of(net: Generator) -> Generator:
    """The same generator, as fast as it can be painted where it is: elsewhere than on a processor torch's own."""
    if net.w_avg.device.type != "cpu":
        return net
    if isinstance(net, network.StyleGan2):
        return FastStyleGan2(net)
    return FastAliasFree(net) if isinstance(net, alias_free.AliasFree) else net

"""SPADE for hard labels without the work that repeats: same weights, same picture.

Scale and shift of a pixel depend on nothing but the 5x5 labels around it: two 3x3 convolutions over a one-hot map.
Label maps repeat themselves, so these are evaluated once per distinct neighbourhood (`spade_tables`), and each
pixel looks its row up. Normalisation is folded into the rows; one loop enlarges, normalises, modulates and activates.
What is left are the main convolutions, with prepacked weights, channels last.

In float32 only the order of additions differs from the plain network (`spade.py`), which is the reference. In
half precision activations, convolutions, products and tables are bfloat16 (float16 on CUDA), sums float32.

Memory is taken once: large arrays that come and go cost the system as much as the arithmetic (`Scratch`).

Sizes in comments: h x w of a level, C channels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference_server.models import kernels
from inference_server.models.base import Model, PaintInput
from inference_server.models.cards import Card
from inference_server.models.edges import instance_edges
from inference_server.models.lanes import WIDTH
from inference_server.models.precision import is_half
from inference_server.models.processor import Convolution, Scratch, bits_of
from inference_server.models.spade import network as spade
from inference_server.models.spade.network import SpadeBlock, SpadeNet
from inference_server.models.spade.tables import (
    CACHE_BYTES,
    Codes,
    Level,
    Norm,
    Setting,
    bias_of,
    distinct_patches,
    sum_symbols,
    symbol_table,
)


class Block:
    """A residual block: the norms' tables and the three convolutions."""

    def __init__(self, block: SpadeBlock, grow: int, net: FastSpade) -> None:
        self.grow = grow
        self.compiled = net.compiled
        self.scratch = net.scratch
        self.norm_0, self.norm_1 = Norm(block.norm_0, net.setting), Norm(block.norm_1, net.setting)
        self.conv_0 = Convolution(block.conv_0.weight, block.conv_0.bias, net.kind, net.compiled)
        self.conv_1 = Convolution(block.conv_1.weight, block.conv_1.bias, net.kind, net.compiled)
        self.norms = [self.norm_0, self.norm_1]
        self.width = block.conv_1.out_channels
        self.conv_s: Convolution | None = None
        if block.changes_width:
            self.conv_s = Convolution(block.conv_s.weight, block.conv_s.bias, net.kind, net.compiled)
            self.norm_s = Norm(block.norm_s, net.setting)
            self.norms.append(self.norm_s)

    def __call__(self, x: Tensor, numbers: Tensor, name: str) -> Tensor:
        """(1, Cin, h, w) -> (1, Cout, h * grow, w * grow), in the scratch memory of that name, which is not x's."""
        take = self.scratch.take
        out = take(name, self.width, *numbers.shape)
        if self.conv_s is not None:
            self.conv_s(self.modulated(x, numbers, self.norm_s, 1.0), onto=out.zero_())
        else:
            out.copy_(F.interpolate(x, scale_factor=float(self.grow)) if self.grow > 1 else x)
        y = take("inner", self.norm_1.channels, *numbers.shape)
        self.conv_0(self.modulated(x, numbers, self.norm_0, 0.2), onto=y.zero_())
        return self.conv_1(self.modulated(y, numbers, self.norm_1, 0.2), onto=out)

    def modulated(self, x: Tensor, numbers: Tensor, norm: Norm, slope: float) -> Tensor:
        """Enlarged to the size of `numbers`, normalised, modulated and, with a slope below 1, activated."""
        scale, shift = norm.rows(x)
        grow = len(numbers) // x.shape[2]
        out = self.scratch.take("modulated", norm.channels, *numbers.shape)
        pixels, result = x[0].permute(1, 2, 0), out[0].permute(1, 2, 0)  # (h, w, C)
        if self.compiled:
            arrays = (bits_of(value) for value in (numbers, scale, shift))
            kernels.modulate(bits_of(pixels.contiguous()), grow, *arrays, slope, bits_of(result))
            return out
        large = pixels.repeat_interleave(grow, 0).repeat_interleave(grow, 1) if grow > 1 else pixels
        y = torch.addcmul(shift[numbers].float(), large.float(), scale[numbers].float())
        result.copy_(y if slope == 1 else F.leaky_relu_(y, slope))
        return out


class FastSpade:
    """The network of `net`, on the device where that is, for hard labels.

    Args:
        half: compute in bfloat16 on the processor, in float16 on CUDA.
        compiled: use the processor's loops; by default where the network is on the processor.
    """

    def __init__(self, net: SpadeNet, half: bool = False, compiled: bool | None = None) -> None:
        self.config = config = net.config
        net = net.eval().requires_grad_(False)
        self.device = net.conv_img.weight.device
        on_processor = self.device.type == "cpu"
        whole = config.ngf % (WIDTH * (2 if config.layers == "most" else 1)) == 0
        self.compiled = on_processor and whole if compiled is None else compiled
        self.kind = torch.float32 if not half else torch.bfloat16 if on_processor else torch.float16
        self.scratch = Scratch(self.kind, self.device)
        edges = config.instance_edges
        self.symbols = (config.semantic_nc - edges) * (2 if edges else 1)
        self.setting = Setting(self.kind, self.compiled, edges, self.symbols)
        self.fc = net.fc if config.use_vae else None
        if isinstance(net.fc, nn.Conv2d):
            self.fc_table, self.fc_bias = symbol_table(net.fc.weight, edges), bias_of(net.fc)
        more = 2 if config.layers != "normal" else 1
        plan = [(net.head_0, 1), (net.G_middle_0, 2), (net.G_middle_1, more)]
        plan += [(block, 2) for block in (net.up_0, net.up_1, net.up_2, net.up_3)]
        if config.layers == "most":
            plan.append((net.up_4, 2))
        self.blocks = [Block(block, grow, self) for block, grow in plan]
        self.levels: list[Level] = []  # smallest first
        for block in self.blocks:
            if block.grow > 1 or not self.levels:
                self.levels.append(Level([]))
            self.levels[-1].norms += block.norms
        self.conv_img = net.conv_img
        self.last = net.conv_img.weight.permute(2, 3, 0, 1).reshape(9, 3, -1).contiguous()

    @torch.inference_mode()
    def __call__(self, symbols: Codes, style: Tensor | None = None) -> Tensor:
        """Symbols (H, W) to a picture (H, W, 3) in tanh range; H and W multiples of `config.step`."""
        x = self.first(np.ascontiguousarray(symbols[:: self.config.step, :: self.config.step]), style).to(self.kind)
        level = -1
        for place, block in enumerate(self.blocks):
            if block.grow > 1 or level < 0:
                level += 1
                stride = 1 << (len(self.levels) - 1 - level)
                here = np.ascontiguousarray(symbols[::stride, ::stride])
                if self.compiled:
                    numbers = self.levels[level].number(here)
                else:
                    numbers = self.levels[level].number_anew(torch.from_numpy(here).long().to(self.device))
            x = block(x, numbers, ("even", "odd")[place % 2])  # the stream is of the convolutions' kind
        if self.kept_bytes() > CACHE_BYTES:
            self.clear(release=False)
        for each in self.levels:
            each.forget_old()
        if not self.compiled:
            return torch.tanh(self.conv_img(F.leaky_relu(x.float(), 0.2)))[0].permute(1, 2, 0)
        picture = torch.empty(*symbols.shape, 3)
        pixels = bits_of(x[0].permute(1, 2, 0))
        kernels.last_convolution(pixels, 0.2, self.last.numpy(), bias_of(self.conv_img).numpy(), picture.numpy())
        return picture.tanh_()

    def first(self, symbols: Codes, style: Tensor | None) -> Tensor:
        """The first layer (1, 16 ngf, h, w): a convolution of the labels, or a linear map of the style."""
        if self.fc is not None:
            x: Tensor = self.fc(style).view(1, -1, *symbols.shape)
            return x.contiguous(memory_format=torch.channels_last)
        patches, numbers = distinct_patches(torch.from_numpy(symbols).long().to(self.device))
        rows = sum_symbols(self.fc_table, patches, self.symbols) + self.fc_bias
        return rows[numbers].permute(2, 0, 1)[None]

    def kept_bytes(self) -> int:
        return sum(level.kept_bytes() for level in self.levels)

    def clear(self, release: bool = True) -> None:
        """Forget the tables of earlier frames; `release` gives their memory back."""
        for level in self.levels:
            level.clear(release)
        if release:
            self.scratch.clear()


class FastSpadeModel(spade.SpadeModel):
    """The fast network behind the model interface. The plain one's weights go when its own are laid out."""

    def __init__(self, card: Card, net: SpadeNet, folder: Path, device: str) -> None:
        super().__init__(card, net, device)
        self.folder = folder
        self._fast: tuple[bool, FastSpade] | None = None

    def picture(self, request: PaintInput, style: Tensor | None) -> Tensor:
        half = is_half(request.options, self.device)
        if self._fast is None or self._fast[0] != half:
            self._fast = None
            net = self.net or spade.load(self.card, self.folder, self.device).net
            assert net is not None
            self._fast, self.net = (half, FastSpade(net, half)), None
        symbols = request.channels.astype(np.int32)
        if self.config.instance_edges:
            objects = symbols if request.instance is None else request.instance
            symbols = 2 * symbols + instance_edges(objects)
        return self._fast[1](symbols, style)


def load(card: Card, folder: Path, device: str) -> Model:
    """The fast network where its algebra holds (3x3 label convolutions), else the plain one."""
    plain = spade.load(card, folder, device)
    if plain.config.kernel != 3 or plain.net is None:
        return plain
    return FastSpadeModel(card, plain.net, folder, device)

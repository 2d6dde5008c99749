"""SPADE for hard labels without the work that repeats: same weights, same picture.

Scale and shift of a pixel depend on nothing but the 5x5 labels around it: two 3x3 convolutions over a one-hot map.
Label maps repeat themselves, so the distinct 3x3 and 5x5 neighbourhoods of every resolution are numbered
(exactly, by comparing them), the convolutions are evaluated once per distinct one, as sums of table rows, and each
pixel looks its row up. What lies beyond the border is a symbol of its own, so borders need no case of theirs.
Normalisation is folded into the rows; one loop enlarges, normalises, modulates and activates. What is left are
the main convolutions, with prepacked weights, channels last.

In float32 only the order of additions differs from the plain network (`spade.py`), which is the reference. In
half precision activations, convolutions, products and tables are bfloat16 (float16 on CUDA), sums float32.

Memory is taken once: large arrays that come and go cost the system as much as the arithmetic (`Scratch`).

Sizes in comments: h x w of a level, U3 and U5 distinct neighbourhoods, N hidden channels, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.cards import Card
from inference_server.models import kernels, spade
from inference_server.models.base import Model, PaintInput
from inference_server.models.spade import Spade, SpadeBlock, SpadeNet

CACHE_BYTES = 1024 * 2**20  # most that the tables kept between the frames of a layer may take, and
FRAMES_KEPT = 4  # frames' worth of rows: more would take longer to reach than to compute
BORDER = -1
GROUP_BYTES = 128  # of the channels whose products are made and summed at a time, in the processor's cache
PAD_ROWS = 64  # products are made for a multiple of this many rows: the same sums however few are new

Codes = NDArray[np.int32]


class Patches:
    """The distinct 3x3 patches of integer maps, numbered in the order of their appearance, on the processor."""

    def __init__(self) -> None:
        self.count = 0
        self.rows = np.empty((0, 9), np.int32)
        self._slots = np.empty(0, np.int32)

    def number(self, values: Codes) -> Codes:
        """The number (h, w) of the patch around every pixel; new ones are added to `rows`."""
        if self.count + values.size > len(self.rows):
            known, room = self.rows[: self.count], 2 * self.count + values.size
            self.rows = np.empty((room, 9), np.int32)
            self.rows[: self.count] = known
            self._slots = np.full(1 << (2 * room - 1).bit_length(), kernels.EMPTY, np.int32)
            kernels.insert_patches(known, self._slots)
        numbers = np.empty(values.shape, np.int32)
        self.count = kernels.number_patches(values, BORDER, self.rows, self._slots, self.count, numbers)
        return numbers


def distinct_patches(values: Tensor) -> tuple[Tensor, Tensor]:
    """The same with torch alone, for a GPU: patches (U, 9) and numbers (h, w), all int64.

    Exact: first the distinct triples of a row are numbered, then the distinct triples of those.
    """
    padded = F.pad(values + 1, (1, 1, 1, 1))  # 0 is beyond the border
    base = int(padded.max()) + 1
    triples = (padded[:, :-2] * base + padded[:, 1:-1]) * base + padded[:, 2:]  # (h + 2, w)
    rows, triples = torch.unique(triples, return_inverse=True)
    count = len(rows)
    patches, numbers = torch.unique((triples[:-2] * count + triples[1:-1]) * count + triples[2:], return_inverse=True)
    lines = torch.stack([patches // count**2, patches // count % count, patches % count], 1)  # (U, 3)
    triple = rows[lines]
    return torch.stack([triple // base**2, triple // base % base, triple % base], 2).reshape(-1, 9) - 1, numbers


class Norm:
    """One normalisation: tables instead of convolutions.

    `scale` and `shift` (U5, C) hold a row for every distinct 5x5 neighbourhood numbered so far, batch statistics
    folded in.
    """

    def __init__(self, norm: Spade, net: FastSpade) -> None:
        first = norm.mlp_shared[0]
        assert isinstance(first, nn.Conv2d)
        self.shared = symbol_table(first.weight, net.config.instance_edges)  # (9 * (symbols + 1), N)
        self.shared_bias = bias_of(first)
        self.symbols = net.symbols
        gamma, beta = norm.mlp_gamma.weight, norm.mlp_beta.weight  # (C, N, 3, 3)
        self.channels = len(gamma)
        group = GROUP_BYTES // net.kind.itemsize
        self.group = group if self.channels <= 256 else 4 * group  # wide norms have few rows
        self.products = [  # N -> 9 * 2 * group, for the channels from c on
            Product(torch.cat([gamma[c : c + self.group], beta[c : c + self.group]]).permute(2, 3, 0, 1), net)
            for c in range(0, self.channels, self.group)
        ]
        self.bias = torch.stack([bias_of(norm.mlp_gamma) + 1, bias_of(norm.mlp_beta)])  # (2, C)
        self.compiled = net.compiled
        self.kind = net.kind
        self.eps = 1e-5  # torch's own, of both kinds of normalisation
        self.statistics: tuple[Tensor, Tensor] | None = None  # of the frame itself, where None
        stats = norm.param_free_norm
        if isinstance(stats, nn.BatchNorm2d):
            assert stats.running_mean is not None and stats.running_var is not None
            self.statistics = statistics(stats.running_mean, stats.running_var, stats.eps)
        self.clear()

    def clear(self, release: bool = True) -> None:
        """Forget all rows; `release` gives their memory back."""
        if release:
            none = torch.empty(0, self.channels, dtype=self.kind, device=self.shared.device)
            self._room = (none, none)
        self.scale, self.shift = (room[:0] for room in self._room)

    @property
    def bytes(self) -> int:
        """What the rows take; room that was never filled is none of the system's memory."""
        return 2 * self.scale.nbytes

    def extend(self, patches: Tensor, used: Tensor, taps: Tensor, room: int) -> None:
        """Rows for new neighbourhoods.

        Args:
            patches: (U3, 9) all 3x3 ones, of symbols.
            used: (u,) int64 numbers of those that the new 5x5 ones are made of; BORDER is beyond the border.
            taps: (new, 9) the new 5x5 ones, as places in `used`.
            room: rows to make room for, should there be too little.
        """
        if not len(taps):
            return
        hidden = torch.empty(
            -(-len(used) // PAD_ROWS) * PAD_ROWS, len(self.shared_bias), dtype=self.kind, device=used.device
        )
        if self.compiled:
            arrays = (value.numpy() for value in (self.shared, patches, used))
            kernels.sum_symbols(*arrays, BORDER, self.shared_bias.numpy(), bits_of(hidden))
        else:
            sums = sum_symbols(self.shared, patches[used.clamp(min=0)], self.symbols) + self.shared_bias
            sums[used == BORDER] = 0
            hidden[: len(used)], hidden[len(used) :] = sums.relu_(), 0
        ones, none = self.bias.new_ones(self.channels), self.bias.new_zeros(self.channels)
        inverse, offset = self.statistics or (ones, none)
        rows = self._next_rows(len(taps), room)
        for number, product in enumerate(self.products):
            start = number * self.group
            table = product(hidden).view(len(hidden), 9, -1)
            if self.compiled:
                values = (bits_of(value) for value in (table, taps, self.bias, inverse, offset))
                kernels.sum_taps(*values, start, bits_of(rows[0]), bits_of(rows[1]))
            else:
                part = slice(start, start + self.group)
                sum_taps(
                    table, taps, self.bias[:, part], inverse[part], offset[part], rows[0][:, part], rows[1][:, part]
                )

    def _next_rows(self, new: int, room: int) -> tuple[Tensor, Tensor]:
        """The next `new` rows of scale and shift, to be filled."""
        count = len(self.scale)
        if count + new > len(self._room[0]):
            size = (2, max(room, count + new), self.channels)
            large = torch.empty(size, dtype=self.kind, device=self.shared.device)
            large[0, :count], large[1, :count] = self.scale, self.shift
            self._room = (large[0], large[1])
        self.scale, self.shift = (rows[: count + new] for rows in self._room)
        return self.scale[count:], self.shift[count:]

    def rows(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift of every neighbourhood for this frame, whose x is (1, C, h, w)."""
        if self.statistics is not None:
            return self.scale, self.shift
        variance, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
        return folded(self.scale.float(), self.shift.float(), *statistics(mean, variance, self.eps))


def sum_taps(
    table: Tensor, taps: Tensor, bias: Tensor, inverse: Tensor, offset: Tensor, scale: Tensor, shift: Tensor
) -> None:
    """The same as `kernels.sum_taps` with torch alone."""
    index = taps * 9 + torch.arange(9, device=taps.device)
    sums = F.embedding_bag(index, table.flatten(0, 1).float(), mode="sum").view(len(taps), 2, -1) + bias
    scale.copy_(sums[:, 0] * inverse)
    shift.copy_(sums[:, 1] + sums[:, 0] * offset)


def bits_of(tensor: Tensor) -> NDArray[Any]:
    """The same memory as an array; bfloat16, which NumPy does not know, as uint16."""
    return (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def bias_of(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias


def statistics(mean: Tensor, variance: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Normalisation as one product and one sum."""
    inverse = torch.rsqrt(variance + eps)
    return inverse, -mean * inverse


def folded(scale: Tensor, shift: Tensor, inverse: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """(x * inverse + offset) * scale + shift as one scale and one shift."""
    return scale * inverse, scale * offset + shift


def symbol_table(weight: Tensor, edges: bool) -> Tensor:
    """What a symbol at a tap adds to a 3x3 convolution (C, S, 3, 3): (9 * (symbols + 1), C).

    A symbol is a label, or twice the label plus the edge bit; the last of each tap, beyond the border, adds nothing.
    """
    labels = weight.shape[1] - edges
    taps = weight[:, :labels].permute(2, 3, 1, 0).reshape(9, labels, -1)  # (9, labels, C)
    if edges:
        edge = weight[:, labels].permute(1, 2, 0).reshape(9, 1, -1)
        taps = torch.stack([taps, taps + edge], 2).reshape(9, 2 * labels, -1)
    return torch.cat([taps, taps.new_zeros(9, 1, taps.shape[2])], 1).reshape(9 * (taps.shape[1] + 1), -1).contiguous()


def sum_symbols(table: Tensor, patches: Tensor, symbols: int) -> Tensor:
    """The convolution's sums (patches, C) of 3x3 patches (patches, 9) of symbols."""
    index = torch.where(patches == BORDER, symbols, patches)
    return F.embedding_bag(index + torch.arange(9, device=index.device) * (symbols + 1), table, mode="sum")


class Product:
    """A product with the taps of a weight (3, 3, out, in); on the processor oneDNN's, several times torch's own."""

    def __init__(self, weight: Tensor, net: FastSpade) -> None:
        self.weight = weight.reshape(-1, weight.shape[3]).to(net.kind).contiguous()  # (3, 3, out, in) -> (9 * out, in)
        self.packed: Tensor | None = None
        if net.compiled and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
            self.packed = torch.ops.mkldnn._reorder_linear_weight(self.weight, 512)
            self.weight = self.weight.new_empty(0)

    def __call__(self, x: Tensor) -> Tensor:  # (n, in) -> (n, 9 * out)
        if self.packed is None:
            return F.linear(x.to(self.weight.dtype), self.weight)
        x = x.to(self.packed.dtype)
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, None, "none", [], "")
        return result


class Convolution:
    """A main convolution, on the processor with weights in the order that its library likes best."""

    def __init__(self, conv: nn.Conv2d, kind: torch.dtype, compiled: bool) -> None:
        self.compiled = compiled and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
        side = conv.kernel_size[0] // 2
        self.padding = [side, side]
        self.weight = conv.weight.to(kind).contiguous(memory_format=torch.channels_last)
        self.bias = None if conv.bias is None else conv.bias.to(kind)
        self._packed: Tensor | None = None

    def __call__(self, x: Tensor, onto: Tensor) -> Tensor:
        """(1, Cin, h, w) channels last -> (1, Cout, h, w), added to `onto` in its place."""
        if not self.compiled:
            return onto.add_(F.conv2d(x, self.weight, self.bias, padding=self.padding))
        ones = [1, 1]
        if self._packed is None:
            pack = torch.ops.mkldnn._reorder_convolution_weight
            self._packed = pack(self.weight, self.padding, ones, ones, 1, list(x.shape))
            self.weight = self.weight.new_empty(0)
        add = torch.ops.mkldnn._convolution_pointwise_.binary
        how = (self._packed, self.bias, self.padding, ones, ones, 1)
        added: Tensor = add(onto, x, *how, "add", 1.0, None, [], None)
        return added


class Scratch:
    """Memory for what lives within one frame, taken once: new pages cost more than what is written to them."""

    def __init__(self, kind: torch.dtype, device: torch.device) -> None:
        self._empty = torch.empty(0, dtype=kind, device=device)
        self._taken: dict[str, Tensor] = {}

    def take(self, name: str, channels: int, height: int, width: int) -> Tensor:
        """(1, C, h, w) channels last, with whatever was in it; its last use under this name ends."""
        size = channels * height * width
        if name not in self._taken or len(self._taken[name]) < size:
            self._taken[name] = self._empty.new_empty(size)
        return self._taken[name][:size].view(1, height, width, channels).permute(0, 3, 1, 2)

    def clear(self) -> None:
        self._taken.clear()


@dataclass
class Level:
    """One resolution: its neighbourhoods, and the norms that live on it."""

    norms: list[Norm]
    patches_3: Patches = field(default_factory=Patches)
    patches_5: Patches = field(default_factory=Patches)
    one_frame: int = 0  # neighbourhoods of the first frame in the tables

    def number(self, symbols: Codes) -> Tensor:
        """The number (h, w) of every pixel's 5x5 neighbourhood; the norms have a row for each."""
        known = self.patches_5.count
        numbers = self.patches_5.number(self.patches_3.number(symbols))
        if known == 0:
            self.one_frame = self.patches_5.count
        room = self.patches_5.count if known == 0 else (FRAMES_KEPT + 1) * self.one_frame
        new = self.patches_5.rows[known : self.patches_5.count]
        places = np.empty_like(new)
        used = kernels.places_of(new, BORDER, self.patches_3.count, places)
        for norm in self.norms:
            norm.extend(*(torch.from_numpy(array) for array in (self.patches_3.rows, used, places)), room)
        return torch.from_numpy(numbers)

    def number_anew(self, symbols: Tensor) -> Tensor:
        """The same without the processor's loops; nothing is kept between frames."""
        self.clear(release=False)
        patches_3, numbers_3 = distinct_patches(symbols)
        patches_5, numbers = distinct_patches(numbers_3)
        used, taps = torch.unique(patches_5, return_inverse=True)
        for norm in self.norms:
            norm.extend(patches_3, used, taps, len(taps))
        return numbers

    def forget_old(self, frames: int) -> None:
        """Forget everything if there are more rows than `frames` of them need."""
        if self.patches_5.count > frames * self.one_frame:
            self.clear(release=False)

    def clear(self, release: bool = True) -> None:
        self.patches_3, self.patches_5 = Patches(), Patches()
        for norm in self.norms:
            norm.clear(release)


class Block:
    """A residual block: the norms' tables and the three convolutions."""

    def __init__(self, block: SpadeBlock, grow: int, net: FastSpade) -> None:
        self.grow = grow
        self.compiled = net.compiled
        self.scratch = net.scratch
        self.norm_0, self.norm_1 = Norm(block.norm_0, net), Norm(block.norm_1, net)
        self.conv_0 = Convolution(block.conv_0, net.kind, net.compiled)
        self.conv_1 = Convolution(block.conv_1, net.kind, net.compiled)
        self.norms = [self.norm_0, self.norm_1]
        self.width = block.conv_1.out_channels
        self.conv_s: Convolution | None = None
        if block.changes_width:
            self.conv_s = Convolution(block.conv_s, net.kind, net.compiled)
            self.norm_s = Norm(block.norm_s, net)
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
        whole = config.ngf % (kernels.WIDTH * (2 if config.layers == "most" else 1)) == 0
        self.compiled = on_processor and whole if compiled is None else compiled
        self.kind = torch.float32 if not half else torch.bfloat16 if on_processor else torch.float16
        self.scratch = Scratch(self.kind, self.device)
        edges = config.instance_edges
        self.symbols = (config.semantic_nc - edges) * (2 if edges else 1)
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
            each.forget_old(FRAMES_KEPT)
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
        return sum(norm.bytes for level in self.levels for norm in level.norms)

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
        half = request.options.get("precision") == "half"
        if self._fast is None or self._fast[0] != half:
            self._fast = None
            net = self.net or spade.load(self.card, self.folder, self.device).net
            assert net is not None
            self._fast, self.net = (half, FastSpade(net, half)), None
        symbols = request.channels.astype(np.int32)
        if self.config.instance_edges:
            objects = symbols if request.instance is None else request.instance
            symbols = 2 * symbols + spade.instance_edges(objects)
        return self._fast[1](symbols, style)


memory = spade.memory


def load(card: Card, folder: Path, device: str) -> Model:
    """The fast network where its algebra holds (3x3 label convolutions), else the plain one."""
    plain = spade.load(card, folder, device)
    if plain.config.kernel != 3 or plain.net is None:
        return plain
    return FastSpadeModel(card, plain.net, folder, device)

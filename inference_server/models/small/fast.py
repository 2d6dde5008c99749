"""The default model's network on the processor: the same weights and picture, several times as fast.

Most of the plain network's time (`small.py`) is not in its convolutions: scale and shift of every pixel are made by
convolutions over a one-hot map, and every step of every normalisation writes and reads the whole picture. Here
scale and shift are rows of a table, one loop enlarges, normalises, modulates and activates, the encoder's features
are not copied beside the decoder's, and the first convolution adds table rows up.

Tensors are (1, C, h, w) in memory as (h, w, C); channels are filled up to a multiple of `lanes.WIDTH` with zeros,
which changes nothing. Sizes in comments: h x w of a level, C channels, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models import kernels
from inference_server.models.base import Model
from inference_server.models.cards import Card
from inference_server.models.lanes import WIDTH
from inference_server.models.processor import Convolution, Scratch, bits_of, filled
from inference_server.models.small import guides
from inference_server.models.small import network as small
from inference_server.models.small.network import (
    FORMS,
    SLOPE,
    ClassNorm,
    DecoderBlock,
    EncoderBlock,
    SmallModel,
    SmallNet,
)


def convolution(conv: nn.Conv2d, kind: torch.dtype, parts: tuple[int, ...] = ()) -> Convolution:
    """With filled channels; `parts`: the widths of the inputs that lie beside each other, each filled on its own."""
    split = torch.split(conv.weight, list(parts) or [conv.in_channels], 1)
    weight = torch.cat([filled(part, 0, 1) for part in split], 1)
    bias = None if conv.bias is None else filled(conv.bias, 0)
    return Convolution(weight, bias, kind, True, conv.stride[0])


def folded(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Fixed statistics as one scale and one shift (C)."""
    assert norm.running_mean is not None and norm.running_var is not None
    scale = torch.rsqrt(norm.running_var + norm.eps)
    shift = -norm.running_mean * scale
    return (scale * norm.weight, shift * norm.weight + norm.bias) if norm.affine else (scale, shift)


def class_table(norm: ClassNorm, classes: int, part: slice) -> NDArray[np.float32]:
    """(K + n, 2, C) scale and shift of every class, and of the planes in the last rows, for some of the channels."""
    inverse, offset = folded(norm.norm)
    gamma, beta = (conv.weight[:, :, 0, 0].T for conv in (norm.gamma, norm.beta))  # (K + n, C)
    assert norm.gamma.bias is not None and norm.beta.bias is not None
    once = torch.cat([torch.ones(classes, 1), torch.zeros(len(gamma) - classes, 1)])  # planes only add
    gamma = gamma + once * (1 + norm.gamma.bias)
    beta = beta + once * norm.beta.bias
    table = torch.stack([gamma * inverse, gamma * offset + beta], 1)
    return filled(table[..., part], 2).numpy()


@dataclass
class Conditions:
    """What a level is painted from."""

    labels: NDArray[np.int32]  # (h, w)
    planes: NDArray[np.float32]  # (h, w, n): noise, and of a guided network the features of its guides


class First:
    """A 3x3 convolution of what a picture is painted from: rows (9, inputs, C) that are added up, a bias (C), and what
    is done with the guides, where `seen` of the last inputs are such."""

    def __init__(self, conv: nn.Conv2d, seen: int, kind: torch.dtype) -> None:
        assert conv.bias is not None
        rows = conv.weight.permute(2, 3, 1, 0).reshape(9, conv.in_channels, -1)
        self.rows, self.bias = filled(rows[:, : conv.in_channels - seen], 2), filled(conv.bias, 0)
        self.guides = Convolution(filled(conv.weight[:, -seen:], 0, 1), None, kind, True) if seen else None


class Encoder:
    def __init__(self, block: EncoderBlock, kind: torch.dtype) -> None:
        self.down = convolution(block.down, kind)
        self.conv_0, self.conv_1 = convolution(block.conv_0, kind), convolution(block.conv_1, kind)
        norms = [torch.stack(folded(norm)) for norm in (block.norm_0, block.norm_1)]
        self.norms = [filled(norm, 1).numpy()[None] for norm in norms]  # (1, 2, C): a table without classes or noise
        self.width = self.down.weight.shape[0]


class Decoder:
    """`below` channels from the level below, the others from the encoder; none from below in the middle."""

    def __init__(self, block: DecoderBlock, below: int, classes: int, kind: torch.dtype) -> None:
        inner, outer = block.conv_0.in_channels, block.conv_0.out_channels
        parts = (below, inner - below) if below else (inner,)
        self.conv_0, self.conv_1 = convolution(block.conv_0, kind, parts), convolution(block.conv_1, kind)
        edges = [slice(0, below), slice(below, inner)] if below else [slice(0, inner)]
        self.tables_0 = [class_table(block.norm_0, classes, edge) for edge in edges]
        self.table_1 = class_table(block.norm_1, classes, slice(0, outer))
        self.width = self.conv_1.weight.shape[0]
        self.shortcuts: list[Convolution] = []
        if isinstance(block.shortcut, nn.Conv2d):
            weights = torch.split(block.shortcut.weight, list(parts), 1)
            # Of the part from below at its own size: a 1x1 convolution and enlarging may change places.
            biases = [None] * (len(weights) - 1) + [block.shortcut.bias]
            for weight, bias in zip(weights, biases, strict=True):
                whole = None if bias is None else filled(bias, 0)
                self.shortcuts.append(Convolution(filled(weight, 0, 1), whole, kind, True))


class FastSmall:
    """`net` for the processor. half: bfloat16 between the sums."""

    def __init__(self, net: SmallNet, half: bool = False) -> None:
        config, kind = net.config, torch.bfloat16 if half else torch.float32
        net = net.eval().requires_grad_(False)
        self.kind, self.classes = kind, config.classes
        self.scratch = Scratch(kind, torch.device("cpu"))
        self.planes = Scratch(torch.float32, torch.device("cpu"))
        self.stem = First(net.stem, config.seen, kind)  # of classes, noise, looks, height
        self.forms = [First(form, config.seen, kind) for form in net.forms]  # type: ignore[arg-type]
        self.encoder = [Encoder(block, kind) for block in net.encoder]  # type: ignore[arg-type]
        self.middle = Decoder(net.middle, 0, config.classes, kind)
        widths = config.widths
        self.decoder = [
            Decoder(block, below, config.classes, kind)  # type: ignore[arg-type]
            for block, below in zip(net.decoder, widths[:0:-1], strict=True)
        ]
        self.last = filled(net.picture.weight.permute(2, 3, 0, 1).reshape(9, 3, -1), 2)
        assert net.picture.bias is not None
        self.last_bias = net.picture.bias

    @torch.inference_mode()
    def __call__(
        self,
        labels: NDArray[np.int32],
        look: int,
        noise: NDArray[np.float32],
        rows: Tensor | None = None,
        seen: NDArray[np.float32] | None = None,
    ) -> Tensor:
        """labels (H, W), noise (H, W), rows (H), seen (H, W, config.seen) as for `SmallNet` -> a picture (H, W, 3).

        H and W are multiples of 16.
        """
        height, width = labels.shape
        rows = torch.linspace(-1, 1, height) if rows is None else rows
        labels = np.ascontiguousarray(labels)
        features = [self.first(labels, look, noise, rows, seen)]
        for number, block in enumerate(self.encoder):
            features.append(self.encode(block, features[-1], f"features {number + 1}"))
        levels = self.levels(labels, noise, seen)
        x = self.decode(self.middle, None, features[-1], levels[-1], "middle")
        for number in reversed(range(len(self.decoder))):
            x = self.decode(
                self.decoder[len(self.decoder) - 1 - number],
                x,
                features[number],
                levels[number],
                ("even", "odd")[number % 2],
            )
        picture = torch.empty(height, width, 3)
        kernels.last_convolution(pixels(x), SLOPE, self.last.numpy(), self.last_bias.numpy(), picture.numpy())
        return picture.tanh_()

    def levels(
        self, labels: NDArray[np.int32], noise: NDArray[np.float32], seen: NDArray[np.float32] | None
    ) -> list[Conditions]:
        """What every level is painted from, the finest first."""
        levels = []
        for number in range(len(self.encoder) + 1):
            if number:
                labels, noise = np.ascontiguousarray(labels[::2, ::2]), noise[::2, ::2]
                seen = None if seen is None else guides.halved(seen)
            planes = np.ascontiguousarray(noise[..., None])
            if self.forms:
                features = self.formed(self.forms[number], labels, seen)
                planes = self.planes.take(f"level {number}", 1 + FORMS, *labels.shape)[0].permute(1, 2, 0).numpy()
                kernels.beside_noise(noise, pixels(features), SLOPE, planes)
            levels.append(Conditions(labels, planes))
        return levels

    def formed(self, form: First, labels: NDArray[np.int32], seen: NDArray[np.float32] | None) -> Tensor:
        """The features (1, FORMS, h, w) of the guides at one level, before they are activated."""
        features = self.scratch.take("forms", form.bias.shape[0], *labels.shape)
        nothing = np.zeros((*labels.shape, 0), np.float32)
        kernels.first_convolution(
            labels, nothing, form.rows.numpy(), form.rows[:, :0].numpy(), form.bias.numpy(), pixels(features)
        )
        self.see(form, seen, features)
        return features

    def see(self, first: First, seen: NDArray[np.float32] | None, onto: Tensor) -> None:
        """What a first convolution makes of the guides, added in its place; of none it makes nothing."""
        if seen is None or first.guides is None:
            return
        planes = seen.shape[2]
        shown = self.scratch.take("guides", -(-planes // WIDTH) * WIDTH, *seen.shape[:2])
        shown.zero_()[0, :planes].permute(1, 2, 0).copy_(torch.from_numpy(seen))
        first.guides(shown, onto=onto)

    def first(
        self,
        labels: NDArray[np.int32],
        look: int,
        noise: NDArray[np.float32],
        rows: Tensor,
        seen: NDArray[np.float32] | None,
    ) -> Tensor:
        """The first convolution: of labels, look, noise, height in the picture and guides."""
        after = self.classes + 1
        table = self.stem.rows[:, : self.classes] + self.stem.rows[:, after + look, None]  # (9, K, C)
        by_plane = self.stem.rows[:, [self.classes, -1]]  # of noise and height
        planes = np.stack([noise, np.broadcast_to(rows.numpy()[:, None], noise.shape)], 2)
        out = self.scratch.take("features 0", table.shape[2], *labels.shape)
        kernels.first_convolution(labels, planes, table.numpy(), by_plane.numpy(), self.stem.bias.numpy(), pixels(out))
        self.see(self.stem, seen, out)
        return out

    def encode(self, block: Encoder, x: Tensor, name: str) -> Tensor:  # (1, C, h, w) -> (1, C', h / 2, w / 2)
        height, width = x.shape[2] // 2, x.shape[3] // 2
        nowhere = Conditions(np.zeros((height, width), np.int32), np.zeros((height, width, 0), np.float32))
        out = block.down(x, onto=self.scratch.take(name, block.width, height, width).zero_())
        y = block.conv_0(
            self.modulated([out], [block.norms[0]], nowhere), onto=self.scratch.take("inner", *out.shape[1:]).zero_()
        )
        return block.conv_1(self.modulated([y], [block.norms[1]], nowhere), onto=out)

    def decode(self, block: Decoder, x: Tensor | None, skip: Tensor, level: Conditions, name: str) -> Tensor:
        """(1, Cx, h / 2, w / 2) from below and (1, Cs, h, w) from the encoder -> (1, C, h, w)."""
        size = level.labels.shape
        out = self.scratch.take(name, block.width, *size)
        if x is None:
            out.copy_(skip)
        else:
            below, beside = block.shortcuts
            small = below(x, onto=self.scratch.take("small", block.width, *x.shape[2:]).zero_())
            kernels.enlarge(pixels(small), pixels(out))
            beside(skip, onto=out)
        inputs = [skip] if x is None else [x, skip]
        y = block.conv_0(
            self.modulated(inputs, block.tables_0, level), onto=self.scratch.take("inner", block.width, *size).zero_()
        )
        return block.conv_1(self.modulated([y], [block.table_1], level), onto=out)

    def modulated(self, inputs: list[Tensor], tables: list[NDArray[np.float32]], level: Conditions) -> Tensor:
        """Inputs beside each other: enlarged to the level where smaller, normalised, modulated and activated."""
        out = self.scratch.take("modulated", sum(x.shape[1] for x in inputs), *level.labels.shape)
        start = 0
        for x, table in zip(inputs, tables, strict=True):
            grow = len(level.labels) // x.shape[2]
            kernels.modulate_classes(pixels(x), grow, level.labels, level.planes, table, SLOPE, start, pixels(out))
            start += x.shape[1]
        return out


def pixels(x: Tensor) -> NDArray[np.float32] | NDArray[np.uint16]:  # (1, C, h, w) -> (h, w, C)
    return bits_of(x[0].permute(1, 2, 0))


class FastSmallModel(SmallModel):
    """The fast network behind the model interface, on the processor."""

    def __init__(self, card: Card, net: SmallNet) -> None:
        super().__init__(card, net, "cpu")
        self._fast: tuple[bool, FastSmall] | None = None

    def picture(
        self,
        labels: NDArray[np.int32],
        look: int,
        noise: NDArray[np.float32],
        rows: Tensor,
        seen: NDArray[np.float32] | None,
        half: bool,
    ) -> Tensor:
        if self._fast is None or self._fast[0] != half:
            self._fast = (half, FastSmall(self.net, half))
        return self._fast[1](labels, look, noise, rows, seen)


def load(card: Card, folder: Path, device: str) -> Model:
    """The fast network on the processor, the plain one elsewhere."""
    plain = small.load(card, folder, device)
    return FastSmallModel(card, plain.net) if device == "cpu" else plain

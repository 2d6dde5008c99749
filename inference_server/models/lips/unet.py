"""The network of MuseTalk: latents of a face whose lower half is hidden, and what is heard, become those of the face.

Written from "MuseTalk: Real-Time High-Fidelity Video Dubbing via Spatio-Temporal Sampling" (Zhang et al., 2024, arXiv
2410.10122), which takes the network of Stable Diffusion (arXiv 2112.10752) once and without noise, and from the layout
of the published weights, whose names the modules have. Sizes in comments: N faces, C features, s places a side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference_server.models.lips.latents import Larger, Resnet, Smaller
from shared.values import Value

EPSILON, OF_PLACES = 1e-5, 1e-6  # of the norms of layers; of those before attention
LONGEST = 10_000.0  # of the waves in which a number is told to a network
Layer: TypeAlias = "tuple[nn.Module, nn.Module | None]"


class Sizes(Value):
    """As `musetalk.json` has them. attends: whether a size listens, the finest first."""

    widths: tuple[int, ...]
    attends: tuple[bool, ...]
    layers: int
    heads: int
    groups: int
    heard: int
    latents_in: int
    latents: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Sizes:
        """Raises KeyError or ValueError for what is no configuration of such a network."""
        attends = tuple(str(kind) == "CrossAttnDownBlock2D" for kind in config["down_block_types"])
        rising = tuple(str(kind) == "CrossAttnUpBlock2D" for kind in config["up_block_types"])
        widths = tuple(int(width) for width in config["block_out_channels"])
        if rising[::-1] != attends or len(widths) != len(attends):
            raise ValueError(f"The ways down and up differ: {config['down_block_types']}, {config['up_block_types']}")
        numbers = ("layers_per_block", "attention_head_dim", "norm_num_groups", "cross_attention_dim")
        return cls(widths, attends, *(int(config[name]) for name in (*numbers, "in_channels", "out_channels")))


class Attention(nn.Module):
    """Of places to others, or to what is heard."""

    def __init__(self, width: int, heads: int, other: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k, self.to_v = nn.Linear(other, width, bias=False), nn.Linear(other, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor, other: Tensor) -> Tensor:  # (N, places, C), (N, others, C')
        read = (self.to_q(x), self.to_k(other), self.to_v(other))
        parts = (one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in read)
        y = F.scaled_dot_product_attention(*parts)
        found: Tensor = self.to_out[0](y.transpose(1, 2).flatten(2))
        return found


class Gated(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        kept, gate = self.proj(x).chunk(2, -1)
        found: Tensor = kept * F.gelu(gate)
        return found


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.ModuleList([Gated(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.net[2](self.net[0](x))
        return found


class Block(nn.Module):
    def __init__(self, width: int, heads: int, heard: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.attn1, self.attn2 = Attention(width, heads, width), Attention(width, heads, heard)
        self.ff = FeedForward(width)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attn1(y, y)
        x = x + self.attn2(self.norm2(x), heard)
        found: Tensor = x + self.ff(self.norm3(x))
        return found


class Listening(nn.Module):
    """The places of a picture look at one another and listen."""

    def __init__(self, width: int, sizes: Sizes) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(sizes.groups, width, OF_PLACES)
        self.proj_in, self.proj_out = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.transformer_blocks = nn.ModuleList([Block(width, sizes.heads, sizes.heard)])

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        y = self.proj_in(self.norm(x))
        places = self.transformer_blocks[0](y.flatten(2).transpose(1, 2), heard)  # (N, s s, C)
        found: Tensor = x + self.proj_out(places.transpose(1, 2).unflatten(2, x.shape[2:]))
        return found


class Stage(nn.Module):
    """Layers of one size. beside: features that each layer is given beside those that came, where it goes up."""

    def __init__(self, inner: int, outer: int, beside: list[int], attends: bool, sizes: Sizes) -> None:
        super().__init__()
        before = [inner, *[outer] * (len(beside) - 1)]
        time = 4 * sizes.widths[0]
        self.resnets = nn.ModuleList(
            Resnet(came + more, outer, sizes.groups, EPSILON, time) for came, more in zip(before, beside, strict=True)
        )
        if attends:
            self.attentions = nn.ModuleList(Listening(outer, sizes) for _ in beside)

    def layers(self) -> Iterator[Layer]:
        listening = getattr(self, "attentions", None)
        for place, resnet in enumerate(self.resnets):
            yield resnet, None if listening is None else listening[place]


class Down(Stage):
    """A size on the way down: what comes of each layer is kept for the way up."""

    def forward(self, x: Tensor, time: Tensor, heard: Tensor, kept: list[Tensor]) -> Tensor:
        for resnet, listening in self.layers():
            x = resnet(x, time)
            x = x if listening is None else listening(x, heard)
            kept.append(x)
        for smaller in getattr(self, "downsamplers", ()):
            x = smaller(x)
            kept.append(x)
        return x


class Up(Stage):
    def forward(self, x: Tensor, time: Tensor, heard: Tensor, kept: list[Tensor]) -> Tensor:
        for resnet, listening in self.layers():
            x = resnet(torch.cat([x, kept.pop()], 1), time)
            x = x if listening is None else listening(x, heard)
        for larger in getattr(self, "upsamplers", ()):
            x = larger(x)
        return x


class Middle(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, time = sizes.widths[-1], 4 * sizes.widths[0]
        self.resnets = nn.ModuleList(Resnet(width, width, sizes.groups, EPSILON, time) for _ in range(2))
        self.attentions = nn.ModuleList([Listening(width, sizes)])

    def forward(self, x: Tensor, time: Tensor, heard: Tensor) -> Tensor:
        found: Tensor = self.resnets[1](self.attentions[0](self.resnets[0](x, time), heard), time)
        return found


class Time(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, 4 * width)

    def forward(self, waves: Tensor) -> Tensor:
        found: Tensor = self.linear_2(F.silu(self.linear_1(waves)))
        return found


class Network(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        widths, last = sizes.widths, len(sizes.widths) - 1
        self.conv_in = nn.Conv2d(sizes.latents_in, widths[0], 3, padding=1)
        self.time_embedding = Time(widths[0])
        down, up = [], []
        kept = [widths[0]]  # features of all that the way up is given
        for level, width in enumerate(widths):
            stage = Down(widths[max(0, level - 1)], width, [0] * sizes.layers, sizes.attends[level], sizes)
            kept += [width] * sizes.layers
            if level < last:
                stage.downsamplers = nn.ModuleList([Smaller(width, even=True)])
                kept.append(width)
            down.append(stage)
        self.down_blocks = nn.ModuleList(down)
        self.mid_block = Middle(sizes)
        for level, width in reversed(list(enumerate(widths))):
            beside = [kept.pop() for _ in range(sizes.layers + 1)]
            rising = Up(widths[min(last, level + 1)], width, beside, sizes.attends[level], sizes)
            if level > 0:
                rising.upsamplers = nn.ModuleList([Larger(width)])
            up.append(rising)
        self.up_blocks = nn.ModuleList(up)
        self.conv_norm_out = nn.GroupNorm(sizes.groups, widths[0], EPSILON)
        self.conv_out = nn.Conv2d(widths[0], sizes.latents, 3, padding=1)

    def forward(self, x: Tensor, heard: Tensor) -> Tensor:
        """Latents of the faces (N, 4, s, s).

        x: (N, 8, s, s) latents of the faces with their lower half hidden, and of faces of the same persons. heard:
        (N, steps, C), of which each has its place told by `placed`.
        """
        width: int = self.time_embedding.linear_1.in_features
        waves = torch.cat([torch.ones(1, width // 2), torch.zeros(1, width // 2)], 1)  # of the moment 0: cos, then sin
        time = self.time_embedding(waves.to(x))  # (1, 4 C): no noise is left, so it is always the same
        x = self.conv_in(x)
        kept = [x]
        for stage in self.down_blocks:
            x = stage(x, time, heard, kept)
        x = self.mid_block(x, time, heard)
        for stage in self.up_blocks:
            x = stage(x, time, heard, kept)
        found: Tensor = self.conv_out(F.silu(self.conv_norm_out(x)))
        return found


def placed(heard: Tensor) -> Tensor:
    """What is heard (N, steps, C) with sine and cosine waves of the place of each step added (arXiv 1706.03762)."""
    steps, width = heard.shape[1:]
    turns = torch.arange(steps)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(LONGEST) / width))
    waves = torch.stack([turns.sin(), turns.cos()], 2).flatten(1)  # (steps, C)
    return heard + waves.to(heard)

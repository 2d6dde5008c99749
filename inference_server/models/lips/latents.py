"""The autoencoder of Stable Diffusion: a picture as a small one of four channels, in which MuseTalk works, and back.

Written from "High-Resolution Image Synthesis with Latent Diffusion Models" (Rombach et al., 2022, arXiv 2112.10752) and
the layout of the published weights (sd-vae-ft-mse), whose names the modules have. Sizes in comments: N pictures,
C features, s pixels a side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from shared.values import Value

SCALE = 0.18215  # of the latents, so that their spread is one
EPSILON = 1e-6
OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}  # of files before 2023


class Sizes(Value):
    """As `config.json` of the weights has them."""

    widths: tuple[int, ...]  # features at each size, the finest first
    layers: int  # of each size
    groups: int
    latents: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Sizes:
        """Raises KeyError for what is no configuration of such an autoencoder."""
        widths = tuple(int(width) for width in config["block_out_channels"])
        return cls(widths, *(int(config[name]) for name in ("layers_per_block", "norm_num_groups", "latent_channels")))


class Resnet(nn.Module):
    """Two convolutions beside what they are added to; `time`, where there is one, is a vector that is added between."""

    def __init__(self, inner: int, outer: int, groups: int, epsilon: float = EPSILON, time: int = 0) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, inner, epsilon), nn.GroupNorm(groups, outer, epsilon)
        self.conv1, self.conv2 = nn.Conv2d(inner, outer, 3, padding=1), nn.Conv2d(outer, outer, 3, padding=1)
        self.time_emb_proj = nn.Linear(time, outer) if time else None
        self.conv_shortcut = nn.Conv2d(inner, outer, 1) if inner != outer else None

    def forward(self, x: Tensor, time: Tensor | None = None) -> Tensor:  # (N, inner, s, s) -> (N, outer, s, s)
        y = self.conv1(F.silu(self.norm1(x)))
        if self.time_emb_proj is not None and time is not None:
            y = y + self.time_emb_proj(F.silu(time))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        found: Tensor = y + (x if self.conv_shortcut is None else self.conv_shortcut(x))
        return found


class Attention(nn.Module):
    """Of every place of a picture to every other, with one head."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, width, EPSILON)
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor) -> Tensor:
        places = self.group_norm(x).flatten(2).transpose(1, 2)  # (N, s s, C)
        y = F.scaled_dot_product_attention(self.to_q(places), self.to_k(places), self.to_v(places))
        found: Tensor = x + self.to_out[0](y).transpose(1, 2).unflatten(2, x.shape[2:])
        return found


class Smaller(nn.Module):
    """Half as large; `even`: a row and a column are added on both sides, not only behind."""

    def __init__(self, width: int, even: bool) -> None:
        super().__init__()
        self.even = even
        self.conv = nn.Conv2d(width, width, 3, 2, 1 if even else 0)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv(x if self.even else F.pad(x, (0, 1, 0, 1)))
        return found


class Larger(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return found


class Stage(nn.Module):
    """The layers of one size, and what leads to the next."""

    def __init__(self, widths: Sequence[int], groups: int, down: bool = False, up: bool = False) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(inner, outer, groups) for inner, outer in pairwise(widths))
        if down:
            self.downsamplers = nn.ModuleList([Smaller(widths[-1], even=False)])
        if up:
            self.upsamplers = nn.ModuleList([Larger(widths[-1])])

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.resnets, *getattr(self, "downsamplers", ()), *getattr(self, "upsamplers", ())):
            x = layer(x)
        return x


class Middle(nn.Module):
    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(width, width, groups) for _ in range(2))
        self.attentions = nn.ModuleList([Attention(width, groups)])

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.resnets[1](self.attentions[0](self.resnets[0](x)))
        return found


class Encoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        widths, last = sizes.widths, len(sizes.widths) - 1
        self.conv_in = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            Stage([widths[max(0, level - 1)], *[width] * sizes.layers], sizes.groups, down=level < last)
            for level, width in enumerate(widths)
        )
        self.mid_block = Middle(widths[-1], sizes.groups)
        self.conv_norm_out = nn.GroupNorm(sizes.groups, widths[-1], EPSILON)
        self.conv_out = nn.Conv2d(widths[-1], 2 * sizes.latents, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:  # (N, 3, s, s) -> (N, 2 latents, s / 8, s / 8) with four sizes
        x = self.conv_in(x)
        for stage in self.down_blocks:
            x = stage(x)
        found: Tensor = self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))
        return found


class Decoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        widths, last = sizes.widths[::-1], len(sizes.widths) - 1
        self.conv_in = nn.Conv2d(sizes.latents, widths[0], 3, padding=1)
        self.mid_block = Middle(widths[0], sizes.groups)
        self.up_blocks = nn.ModuleList(
            Stage([widths[max(0, level - 1)], *[width] * (sizes.layers + 1)], sizes.groups, up=level < last)
            for level, width in enumerate(widths)
        )
        self.conv_norm_out = nn.GroupNorm(sizes.groups, widths[-1], EPSILON)
        self.conv_out = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mid_block(self.conv_in(x))
        for stage in self.up_blocks:
            x = stage(x)
        found: Tensor = self.conv_out(F.silu(self.conv_norm_out(x)))
        return found


class Autoencoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(sizes), Decoder(sizes)
        self.quant_conv = nn.Conv2d(2 * sizes.latents, 2 * sizes.latents, 1)
        self.post_quant_conv = nn.Conv2d(sizes.latents, sizes.latents, 1)

    def encoded(self, picture: Tensor) -> Tensor:
        """Latents (N, 4, s / 8, s / 8) of pictures (N, 3, s, s), -1..1: the likeliest, where training took a chance."""
        found: Tensor = self.quant_conv(self.encoder(picture)).chunk(2, 1)[0] * SCALE
        return found

    def decoded(self, latents: Tensor) -> Tensor:
        """Pictures (N, 3, s, s), about -1..1, of latents (N, 4, s / 8, s / 8)."""
        found: Tensor = self.decoder(self.post_quant_conv(latents / SCALE))
        return found


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """With today's names, and attention's weights as of a matrix, where a file has those of a convolution."""
    found = {}
    for key, tensor in state.items():
        parts = key.split(".")
        if "attentions" in parts and parts[-2] in OLD_NAMES:
            parts[-2] = OLD_NAMES[parts[-2]]
        linear = "attentions" in parts and parts[-1] == "weight" and tensor.ndim == 4
        found[".".join(parts)] = tensor[:, :, 0, 0] if linear else tensor
    return found

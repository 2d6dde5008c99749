"""The default model: a small label-to-image network, all of it in this file.

An encoder-decoder over the label map. The encoder sees which classes lie where (down to a sixteenth of
the size); every decoder block is normalised with fixed statistics and then scaled and shifted per pixel by
its class, after "Efficient Semantic Image Synthesis via Class-Adaptive Normalization" (Tan et al.,
arXiv 2012.04644), without the spatial part: no statistic of the frame enters, so a pixel depends
only on the labels around it and a locked camera gives a locked picture. Fine texture comes from one fixed
noise plane, a function of seed and position alone (after StyleGAN's noise inputs, arXiv 1812.04948).

A guided network also sees how things stand: planes of normals, depth, light and parts (`guides`) enter at the first
convolution, and at every level through a few features, which scale and shift beside class and noise. That is
the modulation by geometry of "Enhancing Photorealism Enhancement" (Richter et al., arXiv 2105.04619), made small.

Sizes in comments: B frames, H x W painting size (a multiple of 16), C channels.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models.base import Model, PaintInput, Place, checked_weights, fill, fitting
from inference_server.models.cards import Card
from inference_server.models.precision import is_half
from inference_server.models.small import guides
from shared.errors import ModelRefused
from shared.values import Value

NOISE_SIZE = 512  # the noise plane repeats after this many pixels
FORMS = 16  # features of the guides at every level
SLOPE = 0.2  # of activations, where they are negative
MARGIN = 16  # pixels painted around the frame and cut off: convolutions see nothing beyond their border


class SmallConfig(Value):
    classes: int = 24
    looks: int = 4
    widths: tuple[int, ...] = (24, 48, 96, 144, 192)  # full, 1/2, 1/4, 1/8, 1/16 of the size
    guided: bool = False
    parts: bool = False  # of a guided one: it is told where the parts of things end
    whole: tuple[int, ...] = ()  # channels that have no parts, whatever a pass says: grass is not its blades
    shading: bool = False  # of a guided one: it is told where light and shadow fall
    unlit: tuple[int, ...] = ()  # channels that have no shading, whatever a pass says: the sky is no clay

    @property
    def seen(self) -> int:
        """Planes of the guides."""
        if not self.guided:
            return 0
        if self.shading:
            return guides.PLANES
        return guides.WITHOUT_SHADING if self.parts else guides.WITHOUT_PARTS

    @property
    def conditions(self) -> int:
        """Channels that scale and shift: classes, noise, and of a guided network the features of its guides."""
        return self.classes + 1 + (FORMS if self.guided else 0)


class ClassNorm(nn.Module):
    """Batch normalisation with fixed statistics, then scale and shift by class, noise and guides.

    A 1x1 convolution over the one-hot labels is the table of class values; the noise is one channel more.
    """

    def __init__(self, channels: int, conditions: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gamma = nn.Conv2d(conditions, channels, 1)
        self.beta = nn.Conv2d(conditions, channels, 1)
        nn.init.zeros_(self.gamma.weight)
        nn.init.zeros_(self.beta.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:  # (B, C, H, W), (B, conditions, H, W)
        x = self.norm(x)
        result: Tensor = x + x * self.gamma(condition) + self.beta(condition)
        return result


class DecoderBlock(nn.Module):
    """Residual block: class norm, convolution, twice; the shortcut changes the width."""

    def __init__(self, inner: int, outer: int, conditions: int) -> None:
        super().__init__()
        self.norm_0 = ClassNorm(inner, conditions)
        self.norm_1 = ClassNorm(outer, conditions)
        self.conv_0 = nn.Conv2d(inner, outer, 3, padding=1)
        self.conv_1 = nn.Conv2d(outer, outer, 3, padding=1)
        self.shortcut = nn.Conv2d(inner, outer, 1) if inner != outer else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        y = self.conv_0(F.leaky_relu(self.norm_0(x, condition), SLOPE))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, condition), SLOPE))
        result: Tensor = y + self.shortcut(x)
        return result


class EncoderBlock(nn.Module):
    """Halve the size, then one residual block; batch normalisation with fixed statistics."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(inner, outer, 3, stride=2, padding=1)
        self.norm_0 = nn.BatchNorm2d(outer)
        self.conv_0 = nn.Conv2d(outer, outer, 3, padding=1)
        self.norm_1 = nn.BatchNorm2d(outer)
        self.conv_1 = nn.Conv2d(outer, outer, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        y = self.conv_0(F.leaky_relu(self.norm_0(x), SLOPE))
        result: Tensor = x + self.conv_1(F.leaky_relu(self.norm_1(y), SLOPE))
        return result


class SmallNet(nn.Module):
    """Labels to picture. Input class indices, look index, noise, guides; output tanh range (-1, 1)."""

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        given = config.classes + config.looks + 2 + config.seen  # 2: noise and height
        self.stem = nn.Conv2d(given, widths[0], 3, padding=1)
        self.forms = nn.ModuleList(
            nn.Conv2d(config.classes + config.seen, FORMS, 3, padding=1) for _ in widths if config.guided
        )
        self.encoder = nn.ModuleList(EncoderBlock(inner, outer) for inner, outer in pairwise(widths))
        self.middle = DecoderBlock(widths[-1], widths[-1], config.conditions)
        self.decoder = nn.ModuleList(
            DecoderBlock(below + skip, skip, config.conditions)
            for below, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.picture = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(
        self, labels: Tensor, look: Tensor, noise: Tensor, rows: Tensor | None = None, seen: Tensor | None = None
    ) -> Tensor:
        """labels (B, H, W) int64, look (B,) int64, noise (B, H, W) float -> (B, 3, H, W).

        rows (H,): height in the picture, -1 at the top to 1; None where this is all of it. seen (B, config.seen, H,
        W): of a guided network, of `guides.planes`; None is the same as zeros.
        """
        batch, height, width = labels.shape
        if torch.is_autocast_enabled(noise.device.type):  # once, instead of before every convolution that reads it
            noise = noise.to(torch.get_autocast_dtype(noise.device.type))
        condition = noise.new_zeros(batch, height, width, self.config.classes + 1)  # one-hot labels and noise
        condition.scatter_(3, labels[..., None], 1)[..., -1] = noise
        condition = condition.permute(0, 3, 1, 2)  # (B, classes + 1, H, W)
        mood = F.one_hot(look, self.config.looks).to(noise.dtype)[:, :, None, None]
        rows = torch.linspace(-1, 1, height) if rows is None else rows
        rows = rows.to(noise)[:, None].expand(batch, 1, height, width)
        where = [condition, mood.expand(-1, -1, height, width), rows]
        if self.config.guided:
            seen = noise.new_zeros(batch, self.config.seen, height, width) if seen is None else seen.to(noise)
            where.append(seen)
        x = self.stem(torch.cat(where, 1).contiguous(memory_format=torch.channels_last))

        skips, conditions = [x], [condition]
        for block in self.encoder:
            skips.append(block(skips[-1]))
            # The upper left label of four; the noise stays white.
            small = conditions[-1][:, :, ::2, ::2]
            conditions.append(small.contiguous(memory_format=torch.channels_last))
        if seen is not None:
            conditions = self._formed(conditions, seen)
        x = self.middle(skips[-1], conditions[-1])
        for level, block in zip(range(len(skips) - 2, -1, -1), self.decoder, strict=True):
            # Doubled rows and columns would show as a grid on calm surfaces.
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skips[level]], 1), conditions[level])
        return torch.tanh(self.picture(F.leaky_relu(x, SLOPE)))

    def _formed(self, conditions: list[Tensor], seen: Tensor) -> list[Tensor]:
        """The conditions of every level with the features of what is seen there."""
        result = []
        for condition, form in zip(conditions, self.forms, strict=True):
            features = form(torch.cat([condition[:, : self.config.classes], seen], 1))
            result.append(torch.cat([condition, F.leaky_relu(features, SLOPE).to(condition)], 1))
            lines = [line for line in guides.LINES if line < self.config.seen]
            thin = F.max_pool2d(seen[:, lines], 2)
            seen = F.avg_pool2d(seen, 2)
            seen[:, lines] = thin
        return result


def noise_plane(seed: int, height: int, width: int, top: int = 0, left: int = 0) -> NDArray[np.float32]:
    """White noise (height, width) from (top, left) on, a function of seed and pixel position alone."""
    tile = np.random.Generator(np.random.PCG64(seed)).standard_normal((NOISE_SIZE, NOISE_SIZE), np.float32)
    rows, columns = np.arange(top, top + height), np.arange(left, left + width)
    return tile[(rows % NOISE_SIZE)[:, None], columns % NOISE_SIZE]


class SmallModel(Model):
    """The network behind the model interface, as it stands here; on the processor `small_fast` takes its place."""

    def __init__(self, card: Card, net: SmallNet, device: str) -> None:
        super().__init__(card, device)
        self.net = net.to(device).eval()
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.looks = [look for option in card.options if option.name == "look" for look in option.choices]

    @torch.inference_mode()
    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        labels = np.pad(request.channels.astype(np.int32), MARGIN, "edge")
        place = request.place or Place(0, 0, *request.channels.shape[::-1])
        height, width = labels.shape
        noise = noise_plane(request.seed, height, width, place.top, place.left)
        rows = torch.linspace(-1, 1, place.height + 2 * MARGIN)[place.top : place.top + height]
        look = self.looks.index(request.options["look"]) if self.looks else 0
        seen = None
        if self.net.config.guided:
            made = seen_by(self.net.config, request)
            seen = np.pad(made[..., : self.net.config.seen], ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")
        picture = self.picture(labels, look, noise, rows, seen, is_half(request.options, self.device))
        inner = picture[MARGIN:-MARGIN, MARGIN:-MARGIN]
        result: NDArray[np.float32] = ((inner + 1) / 2).clamp(0, 1).cpu().numpy()
        return result

    def picture(
        self,
        labels: NDArray[np.int32],
        look: int,
        noise: NDArray[np.float32],
        rows: Tensor,
        seen: NDArray[np.float32] | None,
        half: bool,
    ) -> Tensor:
        """(H, W, 3) in tanh range."""
        indices, grain = (torch.from_numpy(values)[None].to(self.device) for values in (labels, noise))
        shown = None if seen is None else torch.from_numpy(seen).permute(2, 0, 1)[None].to(self.device)
        kind = torch.bfloat16 if self.device == "cpu" else torch.float16
        with torch.autocast(torch.device(self.device).type, kind, enabled=half):
            made: Tensor = self.net(indices.long(), torch.tensor([look], device=self.device), grain, rows, shown)
        return made[0].permute(1, 2, 0).float()


def seen_by(config: SmallConfig, request: PaintInput) -> NDArray[np.float32]:
    """The guides (H, W, guides.PLANES) of what the network is told of."""
    parts = guides.joined(request.instance, request.channels, config.whole) if config.parts else None
    shading = guides.lit(request.shading, request.channels, config.unlit) if config.shading else None
    return guides.planes(request.channels.shape, request.normal, request.depth, request.sun, parts, shading)


def config_of(card: Card) -> SmallConfig:
    """Raises KeyError or TypeError for a card of another network."""
    config: dict[str, Any] = dict(card.config)
    told = (config.get("guided", False), config.get("parts", False), tuple(config.get("whole", ())))
    shaded = (config.get("shading", False), tuple(config.get("unlit", ())))
    return SmallConfig(config["classes"], config["looks"], tuple(config["widths"]), *told, *shaded)


def load(card: Card, folder: Path, device: str) -> SmallModel:
    """Build the network from its card and fill it; half-precision weights are widened to float32."""
    try:
        shape = config_of(card)
        with torch.device("meta"):
            net = SmallNet(shape)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelRefused("the configuration in the card describes no network", file=folder) from error
    if card.labels.channels.count != net.config.classes:
        raise ModelRefused("the card's channels are not the network's classes", file=folder)
    state = {name: tensor.float() for name, tensor in checked_weights(card, folder).items()}
    fitting(net, state, str(folder))  # no more memory than the weights' own is taken
    net = SmallNet(shape)
    fill(net, state, str(folder))
    return SmallModel(card, net, device)

"""SPADE: the generator of "Semantic Image Synthesis with Spatially-Adaptive Normalization", all of it in this file.

Written from the paper (Park, Liu, Wang, Zhu, CVPR 2019, arXiv 1903.07291; figures 2 and 4, appendix A). The
names of the modules are those of the published `latest_net_G.pth`, so that its weights fit by name: `fc`,
`head_0`, `G_middle_0`, `G_middle_1`, `up_0` to `up_4`, `conv_img`. This is the plain, readable network; spectral
normalisation is folded into the weights when a checkpoint is added (`checkpoint.py`).

Sizes in comments: B frames, S label channels, C channels, H x W painting size.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from inference_server.models.base import Model, PaintInput, checked_weights, fill, fitting
from inference_server.models.cards import Card
from inference_server.models.edges import instance_edges
from shared.errors import ModelRefused
from shared.values import Value

UPSAMPLINGS = {"normal": 5, "more": 6, "most": 7}  # how often the size doubles from the first layer to the picture


class SpadeConfig(Value):
    """semantic_nc: input channels, edges included; layers: "normal", "more" or "most"."""

    semantic_nc: int
    ngf: int = 64
    layers: str = "normal"
    instance_edges: bool = False  # the last channel marks where neighbouring pixels belong to different objects
    norm: str = "batch"  # parameter-free: "batch" (with stored statistics) or "instance"
    kernel: int = 3  # of the convolutions that turn labels into scale and shift
    hidden: int = 128  # their hidden channels
    use_vae: bool = False  # the first layer is a linear map of a style vector instead of the labels
    z_dim: int = 256
    width: int = 256  # native size; with use_vae the only one
    height: int = 256

    @property
    def step(self) -> int:
        """The painting size is a multiple of this."""
        return 1 << UPSAMPLINGS[self.layers]


class Spade(nn.Module):
    """Normalise without parameters, then scale and shift each pixel by what the labels around it say."""

    def __init__(self, channels: int, config: SpadeConfig) -> None:
        super().__init__()
        self.param_free_norm: nn.Module
        if config.norm == "batch":
            self.param_free_norm = nn.BatchNorm2d(channels, affine=False)
        else:
            self.param_free_norm = nn.InstanceNorm2d(channels, affine=False)
        padding = config.kernel // 2
        self.mlp_shared = nn.Sequential(
            nn.Conv2d(config.semantic_nc, config.hidden, config.kernel, padding=padding), nn.ReLU()
        )
        self.mlp_gamma = nn.Conv2d(config.hidden, channels, config.kernel, padding=padding)
        self.mlp_beta = nn.Conv2d(config.hidden, channels, config.kernel, padding=padding)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:  # (B, C, h, w), (B, S, H, W)
        labels = F.interpolate(labels, x.shape[2:], mode="nearest")  # (B, S, h, w)
        hidden = self.mlp_shared(labels)  # (B, hidden, h, w)
        result: Tensor = self.param_free_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
        return result


class SpadeBlock(nn.Module):
    """Residual block of two SPADE convolutions; a third on the shortcut where the width changes (figure 4a)."""

    def __init__(self, inner: int, outer: int, config: SpadeConfig) -> None:
        super().__init__()
        middle = min(inner, outer)
        self.conv_0 = nn.Conv2d(inner, middle, 3, padding=1)
        self.conv_1 = nn.Conv2d(middle, outer, 3, padding=1)
        self.norm_0 = Spade(inner, config)
        self.norm_1 = Spade(middle, config)
        self.changes_width = inner != outer
        if self.changes_width:
            self.conv_s = nn.Conv2d(inner, outer, 1, bias=False)
            self.norm_s = Spade(inner, config)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:  # (B, inner, h, w) -> (B, outer, h, w)
        shortcut = self.conv_s(self.norm_s(x, labels)) if self.changes_width else x
        y = self.conv_0(F.leaky_relu(self.norm_0(x, labels), 0.2))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, labels), 0.2))
        result: Tensor = shortcut + y
        return result


class SpadeNet(nn.Module):
    """Labels (B, S, H, W) and, with use_vae, style (B, z) to a picture (B, 3, H, W) in tanh range."""

    def __init__(self, config: SpadeConfig) -> None:
        super().__init__()
        self.config = config
        n = config.ngf
        self.fc: nn.Module
        if config.use_vae:
            cells = (config.width // config.step) * (config.height // config.step)
            self.fc = nn.Linear(config.z_dim, 16 * n * cells)
        else:
            self.fc = nn.Conv2d(config.semantic_nc, 16 * n, 3, padding=1)
        self.head_0 = SpadeBlock(16 * n, 16 * n, config)
        self.G_middle_0 = SpadeBlock(16 * n, 16 * n, config)
        self.G_middle_1 = SpadeBlock(16 * n, 16 * n, config)
        self.up_0 = SpadeBlock(16 * n, 8 * n, config)
        self.up_1 = SpadeBlock(8 * n, 4 * n, config)
        self.up_2 = SpadeBlock(4 * n, 2 * n, config)
        self.up_3 = SpadeBlock(2 * n, n, config)
        last = n
        if config.layers == "most":
            self.up_4 = SpadeBlock(n, n // 2, config)
            last = n // 2
        self.conv_img = nn.Conv2d(last, 3, 3, padding=1)

    def forward(self, labels: Tensor, style: Tensor | None = None) -> Tensor:
        step = self.config.step
        size = (labels.shape[2] // step, labels.shape[3] // step)
        if self.config.use_vae:
            x = self.fc(style).view(labels.shape[0], 16 * self.config.ngf, *size)
        else:
            x = self.fc(F.interpolate(labels, size, mode="nearest"))  # (B, 16 ngf, H / step, W / step)
        x = self.head_0(x, labels)
        x = self.G_middle_0(double(x), labels)
        if self.config.layers != "normal":
            x = double(x)
        x = self.G_middle_1(x, labels)
        for block in (self.up_0, self.up_1, self.up_2, self.up_3):
            x = block(double(x), labels)
        if self.config.layers == "most":
            x = self.up_4(double(x), labels)
        return torch.tanh(self.conv_img(F.leaky_relu(x, 0.2)))  # (B, 3, H, W)


def double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def network_input(request: PaintInput, config: SpadeConfig) -> Tensor:
    """The one-hot labels and, where the network has it, the edge map: (1, S, H, W) float32.

    Without an instance pass the classes stand in for the objects, so edges are class borders only.
    """
    labels = config.semantic_nc - config.instance_edges
    channels = torch.from_numpy(request.channels.astype(np.int64))
    one_hot = F.one_hot(channels, labels).permute(2, 0, 1).float()
    if config.instance_edges:
        objects = request.channels.astype(np.int32) if request.instance is None else request.instance
        one_hot = torch.cat([one_hot, torch.from_numpy(instance_edges(objects))[None].float()])
    return one_hot[None]


class SpadeModel(Model):
    """The plain network behind the model interface, float32."""

    def __init__(self, card: Card, net: SpadeNet, device: str) -> None:
        super().__init__(card, device)
        self.config = net.config
        self.net: SpadeNet | None = net.to(device).eval()

    @torch.inference_mode()
    def paint(self, request: PaintInput) -> NDArray[np.float32]:
        config = self.config
        height, width = request.channels.shape
        if height % config.step or width % config.step:
            raise ModelRefused(f"{self.card.name} paints multiples of {config.step} pixels, not {width}x{height}")
        if config.use_vae and (width, height) != (config.width, config.height):
            raise ModelRefused(
                f"{self.card.name} takes a style vector and so paints {config.width}x{config.height} only",
                remedy="Leave out --size",
            )
        style = None
        if config.use_vae:
            numbers = np.random.Generator(np.random.PCG64(request.seed)).standard_normal((1, config.z_dim), np.float32)
            style = torch.from_numpy(numbers).to(self.device)
        result: NDArray[np.float32] = ((self.picture(request, style) + 1) / 2).clamp(0, 1).cpu().numpy()
        return result

    def picture(self, request: PaintInput, style: Tensor | None) -> Tensor:
        """The painting (H, W, 3) in tanh range."""
        assert self.net is not None
        picture: Tensor = self.net(network_input(request, self.config).to(self.device), style)
        return picture[0].permute(1, 2, 0)


def load(card: Card, folder: Path, device: str) -> SpadeModel:
    """Build the network from its card and fill it; every weight must be used and every parameter filled."""
    return SpadeModel(card, filled(card_config(card), checked_weights(card, folder), str(folder)), device)


def card_config(card: Card) -> SpadeConfig:
    """The configuration in a card, checked. Raises ModelRefused."""
    try:
        config = SpadeConfig(**card.config)
        numbers = (
            config.semantic_nc,
            config.ngf,
            config.kernel,
            config.hidden,
            config.z_dim,
            config.width,
            config.height,
        )
        sound = all(isinstance(n, int) and 0 < n <= 65536 for n in numbers) and config.layers in UPSAMPLINGS
        sound = sound and config.norm in ("batch", "instance")
    except TypeError:
        sound = False
    if not sound or card.labels.channels.count != config.semantic_nc - config.instance_edges:
        raise ModelRefused(
            f"the configuration in the card of {card.name} describes no network",
            file=card.folder,
            remedy="Add the model again",
        )
    return config


def check_state(config: SpadeConfig, state: dict[str, Tensor], source: str) -> None:
    """Whether a state is that of the network, found out without its memory. Raises ModelRefused."""
    with torch.device("meta"):
        net = SpadeNet(config)
    fitting(net, state, source)


def filled(config: SpadeConfig, state: dict[str, Tensor], source: str) -> SpadeNet:
    """The network of a configuration with these weights; no more memory than theirs is taken. Raises ModelRefused."""
    check_state(config, state, source)
    net = SpadeNet(config)
    fill(net, state, source)
    return net

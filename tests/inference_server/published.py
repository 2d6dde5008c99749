"""Checkpoints in the published layout, made small, and a second reading of the paper to compare paintings with.

Names and shapes are written out from the description of `latest_net_G.pth`; nothing comes from the product.
"""

import itertools
import json
import math
from dataclasses import dataclass

import torch

from shared import places


@dataclass(frozen=True)
class Kind:
    """One published configuration; `first` is the size (rows, columns) of the first layer."""

    inputs: int = 5
    edges: bool = True
    ngf: int = 2
    layers: str = "normal"
    norm: str = "batch"
    kernel: int = 3
    hidden: int = 4
    spectral: bool = True
    vae: bool = False
    z: int = 6
    first: tuple[int, int] = (2, 3)

    @property
    def size(self) -> tuple[int, int]:
        """Native (width, height)."""
        step = {"normal": 32, "more": 64, "most": 128}[self.layers]
        return self.first[1] * step, self.first[0] * step


def blocks(kind):
    """(name, channels in, channels out, whether the size doubles before it)."""
    n = kind.ngf
    big = kind.layers != "normal"
    found = [
        ("head_0", 16 * n, 16 * n, False),
        ("G_middle_0", 16 * n, 16 * n, True),
        ("G_middle_1", 16 * n, 16 * n, big),
        ("up_0", 16 * n, 8 * n, True),
        ("up_1", 8 * n, 4 * n, True),
        ("up_2", 4 * n, 2 * n, True),
        ("up_3", 2 * n, n, True),
    ]
    return [*found, ("up_4", n, n // 2, True)] if kind.layers == "most" else found


def published_state(kind=Kind(), seed=0):
    """A state dict with seeded random weights under the published names."""
    generator = torch.Generator().manual_seed(seed)
    state = {}

    def layer(name, *shape, bias=True, spectral=False):
        weight = torch.randn(shape, generator=generator) / math.sqrt(math.prod(shape[1:]))
        if spectral:
            matrix = weight.flatten(1)
            u = torch.nn.functional.normalize(torch.randn(shape[0], generator=generator), dim=0)
            v = torch.nn.functional.normalize(matrix.T @ u, dim=0)
            state[f"{name}.weight_orig"] = weight
            state[f"{name}.weight_u"] = torch.nn.functional.normalize(matrix @ v, dim=0)
            state[f"{name}.weight_v"] = v
        else:
            state[f"{name}.weight"] = weight
        if bias:
            state[f"{name}.bias"] = 0.3 * torch.randn(shape[0], generator=generator)

    def spade(name, channels):
        if kind.norm == "batch":
            state[f"{name}.param_free_norm.running_mean"] = 0.3 * torch.randn(channels, generator=generator)
            state[f"{name}.param_free_norm.running_var"] = 0.5 + torch.rand(channels, generator=generator)
            state[f"{name}.param_free_norm.num_batches_tracked"] = torch.tensor(7)
        layer(f"{name}.mlp_shared.0", kind.hidden, kind.inputs, kind.kernel, kind.kernel)
        layer(f"{name}.mlp_gamma", channels, kind.hidden, kind.kernel, kind.kernel)
        layer(f"{name}.mlp_beta", channels, kind.hidden, kind.kernel, kind.kernel)

    if kind.vae:
        layer("fc", 16 * kind.ngf * kind.first[0] * kind.first[1], kind.z)
    else:
        layer("fc", 16 * kind.ngf, kind.inputs, 3, 3)
    for name, inner, outer, _ in blocks(kind):
        middle = min(inner, outer)
        layer(f"{name}.conv_0", middle, inner, 3, 3, spectral=kind.spectral)
        layer(f"{name}.conv_1", outer, middle, 3, 3, spectral=kind.spectral)
        spade(f"{name}.norm_0", inner)
        spade(f"{name}.norm_1", middle)
        if inner != outer:
            layer(f"{name}.conv_s", outer, inner, 1, 1, bias=False, spectral=kind.spectral)
            spade(f"{name}.norm_s", inner)
    layer("conv_img", 3, blocks(kind)[-1][2], 3, 3)
    return state


def painted(state, kind, labels, style=None):
    """The picture (3, H, W) in tanh range by a plain reading of the paper; labels (S, H, W) one-hot and edges."""

    def conv(name, x):
        weight = state.get(f"{name}.weight")
        if weight is None:
            weight = state[f"{name}.weight_orig"]
            sigma = torch.einsum("o,oi,i->", state[f"{name}.weight_u"], weight.flatten(1), state[f"{name}.weight_v"])
            weight = weight / sigma
        return torch.nn.functional.conv2d(x, weight, state.get(f"{name}.bias"), padding=weight.shape[-1] // 2)

    def resized(height, width):
        rows = torch.arange(height) * labels.shape[1] // height
        columns = torch.arange(width) * labels.shape[2] // width
        return labels[:, rows][:, :, columns][None]

    def normalised(name, x):
        if kind.norm == "batch":
            mean = state[f"{name}.param_free_norm.running_mean"][:, None, None]
            variance = state[f"{name}.param_free_norm.running_var"][:, None, None]
        else:
            mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)
        hidden = conv(f"{name}.mlp_shared.0", resized(*x.shape[2:])).clamp(min=0)
        scale, shift = conv(f"{name}.mlp_gamma", hidden), conv(f"{name}.mlp_beta", hidden)
        return (x - mean) / (variance + 1e-5).sqrt() * (1 + scale) + shift

    def bent(x):
        return torch.where(x > 0, x, 0.2 * x)

    if kind.vae:
        x = (state["fc.weight"] @ style + state["fc.bias"]).reshape(1, 16 * kind.ngf, *kind.first)
    else:
        x = conv("fc", resized(*kind.first))
    for name, inner, outer, doubles in blocks(kind):
        if doubles:
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        y = conv(f"{name}.conv_0", bent(normalised(f"{name}.norm_0", x)))
        y = conv(f"{name}.conv_1", bent(normalised(f"{name}.norm_1", y)))
        x = y + (x if inner == outer else conv(f"{name}.conv_s", normalised(f"{name}.norm_s", x)))
    return conv("conv_img", bent(x)).tanh()[0]


def edges(instance):
    """Pixel by pixel: does a neighbour left, right, above or below belong to another object?"""
    height, width = instance.shape
    found = torch.zeros(height, width)
    for row, column in itertools.product(range(height), range(width)):
        around = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
        inside = [instance[r, c] for r, c in around if 0 <= r < height and 0 <= c < width]
        found[row, column] = any(other != instance[row, column] for other in inside)
    return found


def own_label_set(name="toys", classes=4, unlabeled=None):
    """A label set of the user's with the ids 0 to classes - 1."""
    colours = {str(i): [10 + 20 * i, 200 - 20 * i, 40] for i in range(classes)}
    data = {
        "format": 1,
        "name": name,
        "version": 1,
        "labels": [{"id": i, "name": f"toy {i}"} for i in range(classes)],
        "unlabeled": unlabeled,
        "palettes": {"plain": {"source": "made up", "colors": colours}},
    }
    folder = places.label_sets_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(data))
    return name

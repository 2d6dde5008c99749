"""What is found in a published file: a generator's configuration, and its weights under the names of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from inference_server.models.stylegan.published.arrays import Tensor
from shared.errors import ModelRefused
from shared.values import Value

RATE = 0.01  # of the layers of the mapping, as ours are reckoned

Numbers = NDArray[np.float32]
Change = Callable[[Numbers], Numbers]


class Weight(Value):
    """A tensor of the file, and what makes ours of its numbers."""

    tensor: Tensor
    change: Change = lambda values: values

    @property
    def shape(self) -> tuple[int, ...]:
        return self.change(np.broadcast_to(np.float32(0), self.tensor.shape)).shape

    def numbers(self) -> Numbers:
        return np.asarray(self.change(self.tensor.numbers()), np.float32, order="C")


class Constant(Value):
    """One number everywhere: of what a file has as a number, or need not have."""

    shape: tuple[int, ...]
    value: float = 0.0

    def numbers(self) -> Numbers:
        return np.full(self.shape, self.value, np.float32)


Weights = Mapping[str, "Weight | Constant"]


class Found(Value):
    """layout: in words; nvidia: whether a program of theirs wrote it; psi: that its program truncates by, where nothing
    else is asked for."""

    config: Mapping[str, Any]
    weights: Weights
    layout: str
    nvidia: bool
    psi: float = 1.0


def other(what: str, remedy: str = "") -> NoReturn:
    """Refuse a file that is sound, and no generator of ours."""
    raise ModelRefused(what, remedy=remedy or READ)


READ = "What is read: StyleGAN2 and 3 as NVIDIA's programs (.pkl) and rosinality's stylegan2-pytorch (.pt) write them"


def scaled(weight: Weight, by: float) -> Weight:
    """A weight times a number; as it is where that is 1."""
    if abs(by - 1) < 1e-6:
        return weight

    @np.errstate(all="ignore")
    def change(values: Numbers) -> Numbers:
        return weight.change(values) * np.float32(by)

    return Weight(weight.tensor, change)


def mapping_of(weights: Weights) -> dict[str, int]:
    """The part of a configuration that the mapping's shapes say."""
    layers = sum(1 for name in weights if re.fullmatch(r"mapping\.fc\d+\.weight", name))
    shapes = [weights[name].shape for n in range(layers) if (name := f"mapping.fc{n}.weight") in weights]
    if not shapes or len(shapes) < layers or any(len(shape) != 2 for shape in shapes):
        other("its mapping has no layers that one could follow", READ)
    embed = weights["mapping.embed.weight"].shape if "mapping.embed.weight" in weights else (0, 0)
    return {
        "z_dim": shapes[0][1] - embed[0],
        "w_dim": shapes[-1][0],
        "c_dim": embed[1],
        "mapping_layers": layers,
    }


def stylegan2(weights: Weights, clamp: Any) -> dict[str, Any]:
    """The configuration of a StyleGAN2 with these weights. Raises ModelRefused for what only looks like one."""
    blocks = [re.fullmatch(r"synthesis\.b(\d+)\.conv1\.weight", name) for name in weights]
    sizes = sorted(int(found[1]) for found in blocks if found)
    if not sizes or sizes != [4 * 2**n for n in range(len(sizes))]:
        other(f"it has the blocks {sizes}, no StyleGAN2 (4, 8, 16 and so on)")
    if skips := [name for name in weights if ".skip." in name]:
        other(f"it is a StyleGAN2 of the architecture resnet: it has {skips[0]}", "Only the architecture skip is read")
    bare = [size for size in sizes if f"synthesis.b{size}.torgb.weight" not in weights]
    if bare:
        what = f"it is a StyleGAN2 of the architecture orig: its block of {bare[0]} pixels paints no colours"
        other(what, "Only the architecture skip is read")
    const = weights["synthesis.b4.const"].shape if "synthesis.b4.const" in weights else ()
    if len(const) != 3 or const[1:] != (4, 4):
        what = f"it paints no squares: the constant that it begins with is {const}" if const else "it has no constant"
        other(what, "Only square pictures, which begin with 4x4, are read")
    colours = weights["synthesis.b4.torgb.weight"].shape[:1]
    if colours != (3,):
        other(f"it paints {colours[0] if colours else 0} channels, not red, green and blue", "Only colours are read")
    channels = {str(size): (*weights[f"synthesis.b{size}.conv1.weight"].shape, 0)[0] for size in sizes}
    if clamp is not None and (not isinstance(clamp, int | float) or not clamp > 0):
        other(f"its features are cut off beyond {str(clamp)[:50]}, which is no number above 0")
    found = {"network": "stylegan2", "resolution": sizes[-1], **mapping_of(weights), "channels": channels}
    return {**found, "conv_clamp": None if clamp is None else float(clamp)}


def quiet(weights: Weights) -> dict[str, Weight | Constant]:
    """The same with noise of the strength 0 where a layer has none."""
    filled = dict(weights)
    for name, weight in weights.items():
        found = re.fullmatch(r"synthesis\.b(\d+)\.conv[01]\.weight", name)
        if found and len(weight.shape) == 4:
            layer = name.removesuffix("weight")
            if f"{layer}noise_strength" not in weights:
                size = int(found[1])
                filled[f"{layer}noise_strength"] = Constant(())
                filled[f"{layer}noise_const"] = Constant((size, size))
    return filled


@np.errstate(all="ignore")
def smooth(values: Numbers) -> bool:
    """Whether a filter enlarges as ours does: 1, 3, 3, 1 along both axes, in whatever measure."""
    row = np.array([1, 3, 3, 1], np.float32)
    wanted = np.outer(row, row) if values.ndim == 2 else row
    return values.shape == wanted.shape and bool(np.allclose(values * (wanted.sum() / values.sum()), wanted, atol=1e-4))

"""Checkpoints of rosinality's stylegan2-pytorch: `g_ema`, a state dict, and where there is one `latent_avg`.

Converted files hold nothing else; training adds `g`, `d`, the optimisers and `args`, and no `latent_avg`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from inference_server.models.stylegan.published import found
from inference_server.models.stylegan.published.arrays import Tensor
from inference_server.models.stylegan.published.found import Change, Found, Weight, other

# What follows a layer's name there, what it is called here, how many axes it has, and what makes ours of it.
PARTS: dict[str, tuple[str, int, Change]] = {
    "conv.weight": ("weight", 5, lambda values: values[0]),
    "conv.modulation.weight": ("affine.weight", 2, lambda values: values),
    "conv.modulation.bias": ("affine.bias", 1, lambda values: values),
    "noise.weight": ("noise_strength", 1, lambda values: values.reshape(-1)[:1].reshape(())),
    "activate.bias": ("bias", 1, lambda values: values),
    "bias": ("bias", 4, lambda values: values.reshape(-1)),
}
FILTERS = ("conv.blur.kernel", "upsample.kernel")


def read(value: Any) -> Found:
    """The generator of a checkpoint: its g_ema. Raises ModelRefused saying what else it is."""
    if not isinstance(value, dict):
        other(f"it holds a {type(value).__name__.lower()}, no generator")
    state = value.get("g_ema")
    if not isinstance(state, dict):
        _say(value)
    weights: dict[str, Weight] = {}
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            other(f"its g_ema has {str(name)[:60]}, which is no tensor")
        if name.endswith(FILTERS):
            if not found.smooth(tensor.numbers()):
                other(f"its filter {name} is not the 1, 3, 3, 1 of StyleGAN2")
        else:
            ours, weight = _ours(name, tensor)
            weights[ours] = weight
    if (average := value.get("latent_avg")) is not None:
        if not isinstance(average, Tensor) or average.shape[:-1] not in ((), (1,)):
            other("its latent_avg is no average w")
        weights["mapping.w_avg"] = Weight(average, lambda values: values.reshape(-1))
    config = found.stylegan2(weights, None)
    return Found(config, weights, "StyleGAN2 of rosinality's stylegan2-pytorch", nvidia=False)


def _ours(name: str, tensor: Tensor) -> tuple[str, Weight]:
    """A weight by the name of ours. Raises ModelRefused for one that no StyleGAN2 has."""

    def weight(axes: int, change: Change) -> Weight:
        if len(tensor.shape) != axes or 0 in tensor.shape:
            other(f"its {name} has the shape {tensor.shape}, unlike any StyleGAN2")
        return Weight(tensor, change)

    if mapped := re.fullmatch(r"style\.(\d{1,3})\.(weight|bias)", name):
        axes = 2 if mapped[2] == "weight" else 1
        return f"mapping.fc{int(mapped[1]) - 1}.{mapped[2]}", weight(axes, lambda values: values)
    if name == "input.input":
        return "synthesis.b4.const", weight(4, lambda values: np.asarray(values[0]))
    if noise := re.fullmatch(r"noises\.noise_(\d{1,2})", name):
        number = int(noise[1])
        layer = f"b{2 ** ((number + 5) // 2)}.conv{1 - number % 2}"
        return f"synthesis.{layer}.noise_const", weight(4, lambda values: np.asarray(values[0, 0]))
    if layer_of := re.fullmatch(r"(conv1|convs\.(\d{1,2})|to_rgb1|to_rgbs\.(\d{1,2}))\.(.+)", name):
        stem, rest = layer_of[1], PARTS.get(layer_of[4])
        if rest is not None:
            size = 4 if layer_of[2] is layer_of[3] is None else 8 * 2 ** int(layer_of[3] or int(layer_of[2] or 0) // 2)
            if stem.startswith("to_rgb"):
                layer = f"b{size}.torgb"
            else:
                layer = f"b{size}.conv{1 if layer_of[2] is None else int(layer_of[2]) % 2}"
            return f"synthesis.{layer}.{rest[0]}", weight(rest[1], rest[2])
    other(f"its g_ema has {name[:60]}, which no StyleGAN2 of rosinality's has")


def _say(value: Mapping[Any, Any]) -> NoReturn:
    """Refuse a checkpoint without g_ema by what it is. Raises ModelRefused."""
    names = [str(name)[:40] for name in value]
    if "fc.weight" in value and any(name.startswith("head_0.") for name in names):
        other("this is a SPADE checkpoint, which does not say its label set", "Say it with --label-set")
    if "GAN" in value:
        other("this is a checkpoint of lucidrains' stylegan2_pytorch, another network")
    if "style.1.weight" in value and "input.input" in value:
        other(
            "this is the state of one generator, and does not say whether it is the average that paints (g_ema)",
            "Give the file that training wrote, which has both, or save it as {'g_ema': state}",
        )
    what = ", ".join(names[:6]) or "nothing"
    other(f"there is no g_ema in it, the average that paints: it holds {what}", "Give the file that training wrote")

"""Files of stylegan2-ada-pytorch and stylegan3: a table of networks, of which G_ema paints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from inference_server.models.stylegan.published import alias_free, found
from inference_server.models.stylegan.published.found import RATE, Found, Weight, other
from inference_server.models.stylegan.published.machine import Text
from inference_server.models.stylegan.published.modules import Module, modules, tensors


def read(value: Mapping[str, Any]) -> Found:
    """The generator of a file: its G_ema. Raises ModelRefused."""
    net = value.get("G_ema")
    if net is None:
        there = ", ".join(str(name)[:40] for name, one in value.items() if one is not None) or "nothing"
        other(
            f"there is no G_ema in it, the average that paints: it holds {there}", "Give the file that training wrote"
        )
    if not isinstance(net, Module):
        other(f"its G_ema is no generator but a {type(net).__name__.lower()}")
    named = dict(modules(net))
    synthesis = named.get("synthesis.")
    if synthesis is None or "mapping." not in named:
        parts = ", ".join(str(name)[:30] for name in list(net.table("_modules"))[:6])
        other(f"its G_ema is a {net.name} of {parts or 'no parts'}, no StyleGAN2 or 3")
    newer = "synthesis.input." in named and "layer_names" in synthesis.state
    if not newer and "synthesis.b4." not in named:
        parts = ", ".join(str(name)[:30] for name in list(synthesis.table("_modules"))[:4])
        other(f"its G_ema is a {net.name} whose {synthesis.name} has {parts or 'no parts'}, no StyleGAN2 or 3")
    weights = {
        path + name: ours(module, Weight(tensor), path, name)
        for path, module in named.items()
        for name, tensor in tensors(module).items()
        if name != "resample_filter"
    }
    _check(named)
    if newer:
        config = alias_free.config(named, weights)
        return Found(config, weights, f"{net.name} of stylegan3", nvidia=True)
    whole = found.quiet(weights)
    clamp = named["synthesis.b4.conv1."].get("conv_clamp") if "synthesis.b4.conv1." in named else None
    return Found(found.stylegan2(whole, clamp), whole, f"{net.name} of stylegan2-ada-pytorch or stylegan3", nvidia=True)


def ours(module: Module, weight: Weight, path: str, name: str) -> Weight:
    """A weight as our layers reckon: theirs say in `weight_gain` and `bias_gain` by what it is multiplied."""
    gain = module.get(f"{name}_gain")
    shape = weight.tensor.shape
    if name not in ("weight", "bias") or "bias_gain" not in module.state or not isinstance(gain, int | float):
        return weight
    rate = RATE if path.startswith("mapping.fc") else 1.0
    if name == "weight" and len(shape) == 2:
        rate /= math.sqrt(max(1, shape[1]))
    return found.scaled(weight, gain / rate)


def _check(named: Mapping[str, Module]) -> None:
    """That what shapes do not say is as ours. Raises ModelRefused."""
    for path, module in named.items():
        activation, wanted = module.get("activation"), "linear" if path.endswith(("affine.", "embed.")) else "lrelu"
        if activation not in (None, wanted):
            what = "a text" if isinstance(activation, Text) else str(activation)[:30]
            other(f"its {path}activation is {what}, not {wanted}")
        taps = tensors(module).get("resample_filter")
        if taps is not None and not found.smooth(taps.numbers()):
            values = np.array2string(taps.numbers().ravel()[:4], precision=3)
            other(f"its {path}resample_filter begins with {values}, not with the 1, 3, 3, 1 of StyleGAN2")
        architecture = module.get("architecture")
        if path.startswith("synthesis.b") and architecture not in (None, "skip"):
            other(
                f"it is a StyleGAN2 of the architecture {str(architecture)[:20]}", "Only the architecture skip is read"
            )

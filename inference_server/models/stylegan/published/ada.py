"""Files of stylegan2-ada-pytorch and stylegan3: modules of torch, pickled with the source of their classes.

A module stands there as `torch_utils.persistence._reconstruct_persistent_obj(meta)`, with `class_name`, `module_src`,
which is never looked at, and `state`, the attributes of the module: `_parameters`, `_buffers` and `_modules` by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from inference_server.models.stylegan.published import arrays, found
from inference_server.models.stylegan.published.arrays import Tensor
from inference_server.models.stylegan.published.found import RATE, Found, Weight, other
from inference_server.models.stylegan.published.machine import Text, refuse

MODULES = 5000  # at most of one generator: an attack repeats one within itself
DEPTH = 8


class Module:
    """A pickled module: its class's name and its attributes."""

    __slots__ = ("meta",)

    def __init__(self, arguments: Sequence[Any]) -> None:
        (self.meta,) = arguments
        if not isinstance(self.meta, dict):
            refuse("it has an object without attributes (torch_utils.persistence)")

    @property
    def name(self) -> str:
        return str(self.meta.get("class_name"))[:100]

    @property
    def state(self) -> Mapping[str, Any]:
        state = self.meta.get("state")
        if not isinstance(state, dict):
            refuse(f"its {self.name} has no attributes")
        return state

    def table(self, name: str) -> Mapping[str, Any]:
        table = self.state.get(name)
        if not isinstance(table, dict):
            refuse(f"its {self.name} has no {name}, and is no module of torch's")
        return table

    def get(self, name: str, otherwise: Any = None) -> Any:
        return arrays.plain(self.state.get(name, otherwise))


def modules(top: Module) -> Iterator[tuple[str, Module]]:
    """A module and all below it, with their names as torch joins them."""
    waiting, count = [("", top, 0)], 0
    while waiting:
        path, module, depth = waiting.pop()
        count += 1
        if count > MODULES or depth > DEPTH:
            refuse(f"its {top.name} holds more modules within modules than any generator")
        yield path, module
        for name, child in module.table("_modules").items():
            if isinstance(child, Module):
                waiting.append((f"{path}{name}.", child, depth + 1))
            elif child is not None:
                refuse(f"its {module.name} has a module {str(name)[:50]} that is none")


def tensors(module: Module) -> dict[str, Tensor]:
    """The weights of one module, without those below it."""
    whole = {**module.table("_parameters"), **module.table("_buffers")}
    if wrong := [name for name, one in whole.items() if one is not None and not isinstance(one, Tensor)]:
        refuse(f"its {module.name} has a weight {str(wrong[0])[:50]} that is no tensor")
    return {str(name): one for name, one in whole.items() if one is not None}


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
    if "synthesis.b4." not in named:
        parts = ", ".join(str(name)[:30] for name in list(synthesis.table("_modules"))[:4])
        other(f"its G_ema is a {net.name} whose {synthesis.name} has {parts or 'no parts'}, no StyleGAN2 or 3")
    weights = {
        path + name: ours(module, Weight(tensor), path, name)
        for path, module in named.items()
        for name, tensor in tensors(module).items()
        if name != "resample_filter"
    }
    _check(named)
    whole = found.quiet(weights)
    clamp = named["synthesis.b4.conv1."].get("conv_clamp") if "synthesis.b4.conv1." in named else None
    layout = f"StyleGAN2 of stylegan2-ada-pytorch or stylegan3 ({net.name})"
    return Found(found.stylegan2(whole, clamp), whole, layout, nvidia=True)


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

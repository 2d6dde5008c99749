"""Modules of torch as NVIDIA's programs pickle them, with the source of their classes.

One stands there as `torch_utils.persistence._reconstruct_persistent_obj(meta)`, with `class_name`, `module_src`, which
is never looked at, and `state`, the attributes of the module: `_parameters`, `_buffers` and `_modules` by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inference_server.models.stylegan.published import arrays
from inference_server.models.stylegan.published.arrays import Tensor
from inference_server.models.stylegan.published.machine import refuse

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

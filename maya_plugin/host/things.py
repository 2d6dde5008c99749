"""Everything that can be rendered, with all that decides how it looks in a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from maya import cmds

from maya_plugin.core import policy
from maya_plugin.core.contract import Settings
from maya_plugin.core.looks import Traits
from maya_plugin.core.members import Span
from maya_plugin.host import objects, rescue

Key = TypeVar("Key")


@dataclass(frozen=True)
class Thing:
    """A shape to be rendered, with all that decides how it looks in a pass."""

    path: str
    kind: str
    treatment: str  # core.policy
    materials: Mapping[Traits, tuple[Span, ...] | None]
    groups: Mapping[str, tuple[Span, ...] | None]  # shading groups


def outlines(settings: Settings) -> list[Thing]:
    """Everything that can be rendered, without asking what it wears."""
    found = objects.shapes()
    return [Thing(path, kind, policy.treatment(kind, False, settings.policies), {}, {}) for path, kind in found]


def things(settings: Settings) -> list[Thing]:
    """Everything that can be rendered, also what is hidden now: other layers and frames may show it."""
    found = objects.shapes()
    shading = rescue.own_shading()
    worn = objects.by_shape(shading, [path for path, _ in found])
    traits = {group.node: objects.traits(group) for group in shading}
    result = []
    for path, kind in found:
        groups = worn.get(path, [])
        how = policy.treatment(kind, any(traits[group.node].cutout for group, _ in groups), settings.policies)
        materials: dict[Traits, tuple[Span, ...] | None] = {}
        wears: dict[str, tuple[Span, ...] | None] = {}
        for group, span in groups:
            own = traits[group.node]
            _add(materials, own if how == policy.CUT else Traits(own.displacement), span)
            _add(wears, group.node, span)
        result.append(Thing(path, kind, how, materials, wears))
    return result


def _add(faces: dict[Key, tuple[Span, ...] | None], key: Key, span: Span | None) -> None:
    before = faces.get(key, ())
    faces[key] = None if span is None or before is None else (*before, span)


def reshaped(found: Iterable[Thing]) -> list[str]:
    """Paths of things whose outline Hardware 2.0 does not draw: displaced, or subdivided by Arnold.

    Commands: pluginInfo, getAttr.
    """
    by_arnold = cmds.pluginInfo("mtoa", query=True, loaded=True)
    result = []
    for thing in found:
        displaced = any(traits.displacement for traits in thing.materials)
        if displaced or (by_arnold and thing.kind == "mesh" and cmds.getAttr(f"{thing.path}.aiSubdivType")):
            result.append(thing.path)
    return result

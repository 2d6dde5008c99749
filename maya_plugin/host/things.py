"""Everything that can be rendered, with all that decides how it looks in a pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maya_plugin.core import policy
from maya_plugin.core.contract import Settings
from maya_plugin.core.looks import Traits
from maya_plugin.core.members import Span
from maya_plugin.host import look, objects


@dataclass(frozen=True)
class Thing:
    """A shape to be rendered, with all that decides how it looks in a pass."""

    path: str
    kind: str
    treatment: str  # core.policy
    materials: Mapping[Traits, tuple[Span, ...] | None]


def things(settings: Settings) -> list[Thing]:
    """Everything that can be rendered, also what is hidden now: other layers and frames may show it."""
    found = objects.shapes()
    shading = look.own_shading()
    worn = objects.by_shape(shading, [path for path, _ in found])
    traits = {group.node: objects.traits(group) for group in shading}
    result = []
    for path, kind in found:
        groups = worn.get(path, [])
        how = policy.treatment(kind, any(traits[group.node].cutout for group, _ in groups), settings.policies)
        materials: dict[Traits, tuple[Span, ...] | None] = {}
        for group, span in groups:
            own = traits[group.node]
            cut = own if how == policy.CUT else Traits(own.displacement)
            before = materials.get(cut, ())
            materials[cut] = None if span is None or before is None else (*before, span)
        result.append(Thing(path, kind, how, materials))
    return result


def displaced() -> bool:
    """Whether materials displace what they are on, which Hardware 2.0 does not draw."""
    return any(objects.traits(group).displacement for group in look.own_shading())

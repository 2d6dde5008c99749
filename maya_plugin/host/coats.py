"""Class shaders on the scene, and the artist's own look back. For a copy: nothing here survives a crash.

A coat is a flat surfaceShader with the displacement and the cut-out of the material that it stands in for. It is worn
once; from one kind of pass to the next only its colour changes, or what draws its colour; for the light on the scene a
grey that takes light draws instead, the clay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from maya import cmds

from maya_plugin.core.classes import chunks
from maya_plugin.core.looks import Traits
from maya_plugin.core.members import is_component
from maya_plugin.core.passes import CLAY, SHADING, Color, shader_value
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import rescue
from maya_plugin.host.cutouts import cut_out
from maya_plugin.host.objects import shading

Worn = list[tuple[str, Sequence[str]]]  # shading group -> members

# What a coat shows of the surface instead of a colour: plugs of a samplerInfo, of three channels or of one each.
SHOWS = {"normal": ("normalCamera",), "depth": ("pointCameraZ",) * 3}


@dataclass(frozen=True)
class Coat:
    """How a part of a thing looks in each pass of colours, and what it keeps of its material."""

    colors: tuple[tuple[str, Color], ...]  # pass -> codes
    traits: Traits


class Wardrobe:
    """All coats of a scene: made when first worn, gone after `close`."""

    def __init__(self, coats: Mapping[Coat, Sequence[str]]) -> None:
        self._before: Worn = [(group.node, group.members) for group in shading()]
        self._own: Worn = [(group.node, group.members) for group in rescue.own_shading()]
        self._coats = coats
        self._shaders: dict[str, Coat] = {}
        self._groups: dict[str, str] = {}  # shader -> its shading group
        self._clays: dict[Traits, str] = {}
        self._worn: Worn = []
        self._made: list[str] = []
        self._sampler_node = ""
        self._shown = ""
        self.on = False

    def wear(self) -> None:
        """Everything wears its coat. Raises HostRefused where Maya keeps a shading."""
        if not self._worn:
            for coat, members in self._coats.items():
                self._worn.append((self._make(coat), members))
        self.on = True
        _force(self._worn)

    def own_look(self) -> None:
        """Everything wears the artist's own look."""
        self.on = False
        _force(self._own)

    def show(self, kind: str) -> None:
        """The coats show a pass: colours of their own, what a samplerInfo says of the surface, or light on clay."""
        if kind == self._shown:
            return
        if SHADING in (kind, self._shown):
            for shader, coat in self._shaders.items():
                drawn = self._clay(coat.traits) if kind == SHADING else shader
                cmds.connectAttr(f"{drawn}.outColor", f"{self._groups[shader]}.surfaceShader", force=True)
        if self._shown in SHOWS:
            for shader in self._shaders:
                for source, target in _wires(self._sampler(), self._shown, shader):
                    cmds.disconnectAttr(source, target)
        for shader, coat in self._shaders.items():
            if kind in SHOWS:
                for source, target in _wires(self._sampler(), kind, shader):
                    cmds.connectAttr(source, target)
            elif kind != SHADING:
                cmds.setAttr(f"{shader}.outColor", *shader_value(dict(coat.colors)[kind]), type="double3")
        self._shown = kind

    def close(self) -> None:
        """What was worn before, and no node of ours. Raises HostRefused where a shading does not come back."""
        try:
            if self._worn or self._own != self._before:
                _force(self._before)
        finally:
            if self._made:
                cmds.delete(self._made)

    def _sampler(self) -> str:
        if not self._sampler_node:
            self._sampler_node = self._add(cmds.shadingNode("samplerInfo", asUtility=True, name="semrender_sampler"))
        return self._sampler_node

    def _clay(self, traits: Traits) -> str:
        """Without gloss, the same for all that are cut out alike: the group moves what is displaced."""
        alike = replace(traits, displacement="")
        if alike not in self._clays:
            clay = self._add(cmds.shadingNode("lambert", asShader=True, name="semrender_clay"))
            cmds.setAttr(f"{clay}.color", CLAY, CLAY, CLAY, type="double3")
            cmds.setAttr(f"{clay}.diffuse", 1.0)
            self._made += cut_out(f"{clay}.transparency", alike)
            self._clays[alike] = clay
        return self._clays[alike]

    def _add(self, node: str) -> str:
        self._made.append(node)
        return node

    def _make(self, coat: Coat) -> str:
        """The shading group of a coat."""
        shader = self._add(cmds.shadingNode("surfaceShader", asShader=True, name="semrender_SHD"))
        group = self._add(cmds.sets(name="semrender_SG", renderable=True, noSurfaceShader=True, empty=True))
        cmds.connectAttr(f"{shader}.outColor", f"{group}.surfaceShader", force=True)
        self._shaders[shader], self._groups[shader] = coat, group
        if coat.traits.displacement:
            cmds.connectAttr(coat.traits.displacement, f"{group}.displacementShader", force=True)
        self._made += cut_out(f"{shader}.outTransparency", coat.traits)
        return group


def _wires(sampler: str, kind: str, shader: str) -> Iterable[tuple[str, str]]:
    plugs = SHOWS[kind]
    targets = [f"{shader}.outColor{letter}" for letter in "RGB"] if len(plugs) == 3 else [f"{shader}.outColor"]
    return [(f"{sampler}.{plug}", target) for plug, target in zip(plugs, targets)]


def _force(worn: Worn) -> None:
    """Faces after the shapes that they are exceptions of; what refuses is told when all others are done."""
    refused: list[tuple[str, str]] = []
    for whole in (True, False):
        for group, members in worn:
            wanted = [member for member in members if is_component(member) != whole]
            for part in chunks(wanted):
                try:
                    cmds.sets(part, edit=True, forceElement=group)
                except (RuntimeError, ValueError) as error:
                    refused.append((group, str(error)))
    if refused:
        groups = list(dict.fromkeys(group for group, _ in refused))
        raise HostRefused(
            f"the shading group {', '.join(groups[:3])} takes no members",
            cause=refused[0][1],
            remedy="It is locked, or comes from a reference that locks it: unlock it (lockNode) and try again",
        )

"""Class shaders on the scene, and the artist's own look back.

A coat is a flat surfaceShader in the colour of a class, with the displacement and the cut-out of the material that it
stands in for. While coats are on, every shading group's members are remembered by an objectSet (a keeper) that is
connected to it, so that renaming, saving and reopening lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maya import cmds

from maya_plugin.core.classes import chunks
from maya_plugin.core.looks import Traits
from maya_plugin.core.members import Span, is_component, merged, split
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host.objects import Shading, long_names, shading

KEPT = "semrenderKept"  # message attribute of a keeper, from the shading group
COAT = "semrenderCoat"  # tag of all nodes that coats consist of

Shader = tuple[float, float, float]  # value of outColor, 0 to 1


@dataclass(frozen=True)
class Coat:
    color: Shader
    traits: Traits


def is_on() -> bool:
    """Whether the scene wears class colours. Commands: ls."""
    return bool(cmds.ls(f"*.{KEPT}", objectsOnly=True))


def put_on(coats: Mapping[Coat, Sequence[str]]) -> None:
    """Dress shapes (full paths) and faces; remembers what they wear. Commands: sets, shadingNode, connectAttr ...

    Raises HostRefused where Maya does not let go of a shape's shading.
    """
    for group in shading():
        _keep(group)
    dressed = {_make(coat): members for coat, members in coats.items()}
    for whole in (True, False):  # faces after the shapes that they are exceptions of
        for node, members in dressed.items():
            _force([member for member in members if is_component(member) != whole], node)


def take_off() -> None:
    """The artist's look back, and no trace of coats. Commands: ls, sets, listConnections, delete."""
    keepers = cmds.ls(f"*.{KEPT}", objectsOnly=True)
    kept = []
    for keeper in keepers:
        group = cmds.listConnections(f"{keeper}.{KEPT}", source=True, destination=False)
        if group:  # the artist may have deleted it meanwhile
            kept.append((group[0], long_names(cmds.sets(keeper, query=True) or [])))
    for whole in (True, False):
        for node, members in kept:
            _force([member for member in members if is_component(member) != whole], node)
    ours = keepers + cmds.ls(f"*.{COAT}", objectsOnly=True)
    if ours:
        cmds.delete(ours)


def worn() -> dict[str, dict[str, list[Span] | None]]:
    """Who wears what, to compare before and after: group -> node -> its faces, None for the whole."""
    found: dict[str, dict[str, list[Span] | None]] = {}
    for group in shading():
        nodes: dict[str, list[Span] | None] = found.setdefault(group.node, {})
        for member in group.members:
            node, span = split(member)
            if span is None:
                nodes[node] = None
            else:
                nodes[node] = merged([*(nodes.get(node) or []), span])
    return found


def _keep(group: Shading) -> None:
    keeper = cmds.sets(name=f"semrender_kept_{group.node.replace(':', '_')}", empty=True)
    cmds.addAttr(keeper, longName=KEPT, attributeType="message")
    cmds.connectAttr(f"{group.node}.message", f"{keeper}.{KEPT}")
    for part in chunks(group.members):
        cmds.sets(part, edit=True, addElement=keeper)


def _make(coat: Coat) -> str:
    """The shading group of a coat."""
    shader = cmds.shadingNode("surfaceShader", asShader=True, name="semrender_SHD")
    group = cmds.sets(name="semrender_SG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.connectAttr(f"{shader}.outColor", f"{group}.surfaceShader", force=True)
    cmds.setAttr(f"{shader}.outColor", *coat.color, type="double3")
    made = [shader, group]
    if coat.traits.displacement:
        cmds.connectAttr(coat.traits.displacement, f"{group}.displacementShader", force=True)
    if coat.traits.cutout:
        clear = coat.traits.cutout
        if coat.traits.inverted:
            reverse = cmds.shadingNode("reverse", asUtility=True, name="semrender_reverse")
            cmds.connectAttr(clear, f"{reverse}.input", force=True)
            clear = f"{reverse}.output"
            made.append(reverse)
        cmds.connectAttr(clear, f"{shader}.outTransparency", force=True)
    for node in made:
        cmds.addAttr(node, longName=COAT, attributeType="bool")
    return group


def _force(members: Sequence[str], group: str) -> None:
    try:
        for part in chunks(members):
            cmds.sets(part, edit=True, forceElement=group)
    except RuntimeError as error:
        raise HostRefused(
            f"the shading of {members[0]} cannot be changed in this scene",
            cause=str(error),
            remedy="It is locked by its reference or a render layer: render the shot, which works on a copy",
        ) from None

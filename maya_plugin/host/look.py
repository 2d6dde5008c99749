"""Class shaders on the scene, and the artist's own look back.

A coat is a flat surfaceShader in the colour of a class, with the displacement and the cut-out of the material that it
stands in for. While coats are on, every shading group's members are remembered by an objectSet (a keeper) that is
connected to it, so that renaming, saving and reopening lose nothing. A render puts its coats over what is worn, be it
the artist's look or shown classes, with keepers of its own: nodes that undo steps know of are never deleted by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from maya import cmds

from maya_plugin.core.classes import chunks
from maya_plugin.core.looks import Traits
from maya_plugin.core.members import Span, is_component, merged, split
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host.cutouts import cut_out
from maya_plugin.host.objects import Shading, long_names, material_of, shading

SHOWN, PASS = "semrenderShown", "semrenderPass"  # what coats are on for; names of tags
# A keeper has the message attribute <purpose>Kept from its shading group, the nodes of coats have <purpose>Coat.

Shader = tuple[float, float, float]  # value of outColor, 0 to 1
Worn = list[tuple[str, list[str]]]  # shading group -> members


@dataclass(frozen=True)
class Coat:
    color: Shader
    traits: Traits


def is_on() -> bool:
    """Whether the scene shows class colours. Commands: ls."""
    return bool(_tagged(f"{SHOWN}Kept"))


def show(coats: Mapping[Coat, Sequence[str]]) -> None:
    """Dress shapes (full paths) and faces until `take_off`. Raises HostRefused where Maya keeps their shading."""
    _keep(SHOWN)
    _dress(coats, SHOWN)


def take_off() -> None:
    """The artist's look back, and no trace of coats. Commands: ls, sets, listConnections, delete."""
    _wear(_kept(SHOWN))
    _forget(SHOWN)


@contextmanager
def worn_for_a_pass(coats: Mapping[Coat, Sequence[str]] | None) -> Iterator[None]:
    """Things wear these coats in the block, or with None the artist's own look; then what they wore before.

    Raises HostRefused as `show` does.
    """
    if coats is None and not is_on():
        yield
        return
    try:
        _keep(PASS)
        if coats is None:
            _wear(_kept(SHOWN))
        else:
            _dress(coats, PASS)
        yield
    finally:
        _wear(_kept(PASS))
        _forget(PASS)


def own_shading() -> list[Shading]:
    """The artist's own shading, also while class colours are shown."""
    if not is_on():
        return shading()
    return [Shading(group, tuple(members), material_of(group)) for group, members in _kept(SHOWN)]


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


def _tagged(tag: str) -> list[str]:
    return cmds.ls(f"*.{tag}", objectsOnly=True)


def _keep(purpose: str) -> None:
    """A keeper for every shading group that has members."""
    for group in shading():
        keeper = cmds.sets(name=f"semrender_kept_{group.node.replace(':', '_')}", empty=True)
        cmds.addAttr(keeper, longName=f"{purpose}Kept", attributeType="message")
        cmds.connectAttr(f"{group.node}.message", f"{keeper}.{purpose}Kept")
        for part in chunks(group.members):
            cmds.sets(part, edit=True, addElement=keeper)


def _kept(purpose: str) -> Worn:
    found = []
    for keeper in _tagged(f"{purpose}Kept"):
        group = cmds.listConnections(f"{keeper}.{purpose}Kept", source=True, destination=False)
        if group:  # the artist may have deleted it meanwhile
            found.append((group[0], long_names(cmds.sets(keeper, query=True) or [])))
    return found


def _forget(purpose: str) -> None:
    ours = _tagged(f"{purpose}Kept") + _tagged(f"{purpose}Coat")
    if ours:
        cmds.delete(ours)


def _dress(coats: Mapping[Coat, Sequence[str]], purpose: str) -> None:
    _wear([(_make(coat, purpose), list(members)) for coat, members in coats.items()])


def _wear(worn_by: Worn) -> None:
    """Faces after the shapes that they are exceptions of."""
    for whole in (True, False):
        for group, members in worn_by:
            _force([member for member in members if is_component(member) != whole], group)


def _make(coat: Coat, purpose: str) -> str:
    """The shading group of a coat."""
    shader = cmds.shadingNode("surfaceShader", asShader=True, name="semrender_SHD")
    group = cmds.sets(name="semrender_SG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.connectAttr(f"{shader}.outColor", f"{group}.surfaceShader", force=True)
    cmds.setAttr(f"{shader}.outColor", *coat.color, type="double3")
    made = [shader, group]
    if coat.traits.displacement:
        cmds.connectAttr(coat.traits.displacement, f"{group}.displacementShader", force=True)
    made += cut_out(shader, coat.traits)
    for node in made:
        cmds.addAttr(node, longName=f"{purpose}Coat", attributeType="bool")
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

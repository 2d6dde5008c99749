"""What older versions, and a render that was killed, left on an artist's materials; and how it goes away again.

Until 0.1 this plug-in swapped materials in the open scene. Every shading group's members were remembered by an
objectSet (a keeper) that is connected to it; flat shading groups (coats) held the members meanwhile. All of them have
tags. Nothing here makes such nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from maya import cmds

from maya_plugin.core.classes import chunks
from maya_plugin.core.contract import Fix
from maya_plugin.core.members import is_component
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host.keep import undo_step
from maya_plugin.host.objects import Shading, long_names, material_of, shading
from shared.wording import counted

# A pass went over shown classes and remembered those: it is taken off first.
PURPOSES = ("semrenderPass", "semrenderShown")
PUT_BACK = Fix("put_back", "Put the look back")
LEFT = "class colours were left on materials of this scene, or nodes of a label pass in it"
REMEDY = "Put the look back before you save or render"


def left() -> list[str]:
    """Nodes that were of use to a render alone: those that hold or remember materials first. Commands: ls."""
    return [*_all_tagged(), *_strays()]


def _all_tagged() -> list[str]:
    return _tagged(*(f"{purpose}{what}" for purpose in PURPOSES for what in ("Kept", "Coat")))


def check() -> None:
    """Raises HostRefused, with a button, where something was left. Commands: ls."""
    if left():
        raise HostRefused(
            LEFT,
            cause="An older version showed classes so, or a render in this scene was killed",
            remedy=REMEDY,
            fix=PUT_BACK,
        )


def put_back() -> None:
    """Every member that can go back to its material goes, and what is empty then goes away; one undo step.

    Raises HostRefused naming what did not; it is remembered on, so that this can be tried again. Commands: ls, sets,
    listConnections, delete.
    """
    stuck: dict[str, str] = {}  # shading group -> why
    with undo_step("Put the look back"):
        for purpose in PURPOSES:
            kept = _kept(purpose)
            for whole in (True, False):  # faces after the shapes that they are exceptions of
                for _, group, members in kept:
                    some = [member for member in members if is_component(member) != whole]
                    if group and some:
                        stuck.update(_force(some, group))
            done = [keeper for keeper, group, _ in kept if group not in stuck]
            if not stuck:
                done += _tagged(f"{purpose}Coat")
            _delete(done)
        _delete(_strays())
    if stuck:
        group, why = next(iter(stuck.items()))
        raise HostRefused(
            f"{counted(len(stuck), 'material', 'materials')} did not come back, such as that of {group}",
            cause=why,
            remedy="Unlock it, or load its reference, and put the look back again",
            fix=PUT_BACK,
        )


def own_shading() -> list[Shading]:
    """The artist's own shading, also where something of ours is on it."""
    if not _all_tagged():
        return shading()
    kept = [one for purpose in PURPOSES[::-1] for one in _kept(purpose) if one[1]]  # classes went over his look
    ours = set(_tagged(*(f"{purpose}Coat" for purpose in PURPOSES)))
    found = {group: Shading(group, tuple(members), material_of(group)) for _, group, members in kept[::-1]}
    return [one for one in found.values() if one.node not in ours] or shading()


def _tagged(*tags: str) -> list[str]:
    """Without those that come with an asset: they are put back in the asset's own file."""
    found = cmds.ls([f"*.{tag}" for tag in tags], objectsOnly=True, recursive=True)
    return [node for node in found if not cmds.referenceQuery(node, isNodeReferenced=True)]


def _strays() -> list[str]:
    """Boxes and AOVs of a pass, which had names of ours and no tag."""
    named = cmds.ls("semrender_*", recursive=True, long=True, showType=True)
    return [
        node
        for node, kind in zip(named[::2], named[1::2])
        if kind in ("aiAOV", "aiAOVFilter")
        or (kind == "transform" and re.fullmatch(r"\|(\w+:)*semrender_box\d*", node))
    ]


def _kept(purpose: str) -> list[tuple[str, str, list[str]]]:
    """(keeper, shading group or "" where it is gone, members)."""
    found = []
    for keeper in _tagged(f"{purpose}Kept"):
        group = cmds.listConnections(f"{keeper}.{purpose}Kept", source=True, destination=False) or [""]
        found.append((keeper, group[0], long_names(cmds.sets(keeper, query=True) or [])))
    return found


def _force(members: Sequence[str], group: str) -> dict[str, str]:
    """Give members their material; the group and Maya's words where it takes not all of them."""
    stuck = {}
    for part in chunks(members):
        try:
            cmds.sets(part, edit=True, forceElement=group)
        except RuntimeError as error:
            stuck[group] = str(error).strip()
    return stuck


def _delete(nodes: Iterable[str]) -> None:
    for node in nodes:
        if cmds.objExists(node) and not cmds.lockNode(node, query=True, lock=True)[0]:
            cmds.delete(node)

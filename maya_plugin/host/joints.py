"""Chains of joints in the scene, made of a tracks file or moved by a newer one.

What is made is known by the string attribute `semrenderJoints`, never by its name: {"person": id, ...} as JSON, on the
person's group with the names of its joints, on each joint with its name and which keys it was given. So the artist may
rename it, constrain it, and move or scale what holds it; an import takes only keys away that the one before has set.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core.contract import Changed
from maya_plugin.core.joints import Figure, Joint, When, figures, moves, rate_beside, when
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import scene
from maya_plugin.host.keep import in_root, undo_step
from shared.errors import InputRefused
from shared.tracks import read_tracks
from shared.wording import counted

TAG = "semrenderJoints"
SURE = "confidence"
BASE = "BaseAnimation"  # Maya's lowest layer of animation; the artist's lie above it

Tag = dict[str, Any]


def bring_in(file: str) -> Changed:
    """Make the joints of a tracks file, or move those that are there; one undo step.

    Raises InputRefused, HostRefused. Commands: ls, getAttr, createNode, addAttr, setAttr, listConnections, setKeyframe,
    cutKey, currentUnit.
    """
    tracks = read_tracks(Path(file))
    people, notes = figures(tracks)
    if not people:
        raise InputRefused("there are no joints in it", file=file, remedy='It needs "people" with "joints"')
    facts = scene.scene()
    own, rate = (facts.fps_num, facts.fps_den), rate_beside(Path(file))
    frames = when(tracks, own, rate)
    if rate is not None and rate[0] * own[1] != rate[1] * own[0]:
        notes += (f"the file has {rate[0] / rate[1]:.5g} frames a second, the scene {own[0] / own[1]:.5g}: "
                  "keys lie between frames, at the same seconds",)  # fmt: skip
    have = _tagged()
    with undo_step("Import joints"), in_root():
        made = [_figure(one, frames, have) for one in people]
    return Changed(sum(count for count, _ in made), (*notes, *(note for _, some in made for note in some)))


def _tagged() -> dict[tuple[int, str], str]:
    """(person, joint or "" for the group) -> node, of all that an import has made."""
    found: dict[tuple[int, str], str] = {}
    for node in cmds.ls(f"*.{TAG}", objectsOnly=True, recursive=True, long=True):
        try:
            tag = _read(node)
            found[int(tag["person"]), str(tag.get("joint", ""))] = node
        except (ValueError, TypeError, KeyError):  # somebody else's attribute
            continue
    return found


def _figure(figure: Figure, frames: When, have: dict[tuple[int, str], str]) -> tuple[int, list[str]]:
    """How many joints were made or moved, and notes."""
    group = have.get((figure.id, ""))
    known: list[str] = []
    try:
        if group is None:
            group = _new("transform", figure.name, "", {"person": figure.id})
        else:
            known = [str(name) for name in _read(group).get("joints", ())]
        nodes: dict[str, str] = {"": group}
        held: list[str] = []
        for joint in figure.joints:
            node = have.get((figure.id, joint.name))
            if node is None and joint.name in known:  # the artist has deleted it
                nodes[joint.name] = nodes[joint.parent]
                continue
            if node is None:
                tag = {"person": figure.id, "joint": joint.name}
                node = _new("joint", f"{figure.name}_{joint.name}", nodes[joint.parent], tag)
                cmds.addAttr(node, longName=SURE, attributeType="double")
            nodes[joint.name] = node
            held += _move(node, joint, frames)
        tag = {"person": figure.id, "joints": [joint.name for joint in figure.joints]}
        cmds.setAttr(f"{group}.{TAG}", json.dumps(tag), type="string")
    except (RuntimeError, ValueError) as error:
        raise HostRefused(f"the joints of {figure.name} cannot be made", cause=str(error)) from None
    notes = [f"{counted(len(held), 'channel is', 'channels are')} locked or driven and kept: {held[0]}"] if held else []
    return sum(joint.name in nodes and nodes[joint.name] != group for joint in figure.joints), notes


def _new(kind: str, name: str, parent: str, tag: Tag) -> str:
    more = {"parent": parent} if parent else {}
    made = cmds.createNode(kind, name=re.sub(r"\W+", "_", name), skipSelect=True, **more)
    node = cmds.ls(made, long=True)[0]
    cmds.addAttr(node, longName=TAG, dataType="string")
    cmds.setAttr(f"{node}.{TAG}", json.dumps(tag), type="string")
    return node


def _move(node: str, joint: Joint, frames: When) -> list[str]:
    """Set a joint's keys; the channels that cannot have them."""
    tag = _read(node)
    unit = scene.CENTIMETRES[cmds.currentUnit(query=True, linear=True)]
    channels = [(f"translate{axis}", [place[at] / unit for place in joint.places]) for at, axis in enumerate("XYZ")]
    before, moved = tag.get("keys"), []
    held = []
    for name, values in [*channels, (SURE, list(joint.sure))]:
        if _held(f"{node}.{name}"):
            held.append(f"{node}.{name}")
            continue
        moving = moves(values)
        moved += [name] if moving else []
        keyed = list(zip(frames.times(moving), values))
        old = set(_given(before, name)) - {time for time, _ in keyed}
        if old:
            cmds.cutKey(node, attribute=name, time=[(time, time) for time in sorted(old)], clear=True, option="keys")
        tangent = "step" if name == SURE else "linear"
        layer = {"animLayer": BASE} if cmds.objExists(BASE) else {}
        for time, value in keyed:
            cmds.setKeyframe(
                node,
                attribute=name,
                time=time,
                value=value,
                inTangentType="linear",
                outTangentType=tangent,
                **layer,
            )
    tag["keys"] = {**asdict(frames), "moved": moved}
    cmds.setAttr(f"{node}.{TAG}", json.dumps(tag), type="string")
    return held


def _given(before: Any, name: str) -> list[float]:
    """The times of the keys that an import has set on a channel."""
    if before is None:
        return []
    return When(before["first"], before["last"], before["ratio"]).times(name in before["moved"])


def _held(plug: str) -> bool:
    """Whether it is locked, or driven by anything but keys."""
    if cmds.getAttr(plug, lock=True):
        return True
    drivers = cmds.listConnections(plug, source=True, destination=False) or []
    return bool(drivers) and not cmds.ls(drivers, type="animCurve")


def _read(node: str) -> Tag:
    tag = json.loads(cmds.getAttr(f"{node}.{TAG}") or "")
    if not isinstance(tag, dict):
        raise ValueError(node)
    return tag

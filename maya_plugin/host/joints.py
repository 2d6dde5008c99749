"""Chains of joints in the scene, made of a file or moved by a newer one.

What is made is known by the string attribute `semrenderJoints`, never by its name: {"person": id, ...} as JSON, on the
person's group with the names of its joints, on each joint with its name and which keys and values it was given. So the
artist may rename it, constrain it, and move or scale what holds it. Keys are replaced within the frames of the file;
outside only those go that the import before has set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core import people, timing
from maya_plugin.core.chains import PICTURE, SPACE, Chain, Channel, Link, moves
from maya_plugin.core.contract import Changed, Wishes
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.time_units import unit_of
from maya_plugin.core.timing import When
from maya_plugin.host import human_ik, keying, plugin, scene, tracks
from maya_plugin.host.human_ik import Made
from maya_plugin.host.keep import in_root, undo_step
from shared.errors import InputRefused
from shared.wording import counted

TAG = "semrenderJoints"

Tag = dict[str, Any]
Known = dict[tuple[str, str, int, str], str]  # kind, file, person, joint or "" for the group -> node


def bring_in(file: str, wishes: Wishes) -> Changed:
    """Make the joints of a file, or move those that are there; one undo step.

    Raises InputRefused, HostRefused. Commands: ls, getAttr, createNode, addAttr, setAttr, listConnections, currentUnit,
    namespace, pluginInfo, loadPlugin and those of host.keying.
    """
    document = people.read(Path(file))
    facts = scene.scene()
    own = (facts.fps_num, facts.fps_den)
    plugin.load()
    with undo_step("Import joints"), in_root():
        if wishes.time == timing.UNIT and document.rate is not None and not timing.same(own, document.rate):
            _set_unit(document.rate)
            own = document.rate
        view = _view(document, wishes.camera, own)
        chains, notes = people.chains(document, wishes, view, cmds.upAxis(query=True, axis=True))
        if not chains:
            raise InputRefused("there are no joints in it", file=file, remedy='It needs "people" with "joints"')
        builder = _Builder(own)
        for chain in chains:
            frames, more = timing.when(chain.first, chain.last, own, document.rate, wishes.time)
            notes += tuple(one for one in more if one not in notes)
            builder.make(chain, frames)
        _key(builder.keys, file)
    if wishes.characterize:
        notes += human_ik.characterize([one for one in builder.made if one.stance is not None])
    held = builder.held
    if held:
        what = counted(len(held), "channel is", "channels are")
        notes += (f"{what} locked, driven or changed by hand and kept: {held[0]}",)
    return Changed(builder.count, notes)


def _view(document: people.Document, camera: str, own: timing.Rate) -> list[list[float]] | None:
    """Where a camera stands on each frame of the file; the scene does not move in time."""
    rate, content = document.rate or own, document.content
    if not camera:
        return None
    if not cmds.objExists(camera):
        raise HostRefused(f"there is no camera {camera} any more", remedy="Choose another one")
    by = timing.ratio(own, rate)
    return [tracks.matrix(camera, frame * by) for frame in range(content.first, content.last + 1)]


def _set_unit(rate: timing.Rate) -> None:
    try:
        cmds.currentUnit(time=unit_of(rate))
    except RuntimeError as error:
        raise HostRefused(
            f"Maya has no time unit of {timing.words(rate)} frames a second",
            cause=str(error),
            remedy="Keep the scene's rate, with keys between its frames or one on each",
        ) from None


def _key(keys: Sequence[keying.Keys], file: str) -> None:
    try:
        keying.apply(keys)
    except RuntimeError as error:
        raise HostRefused("the joints cannot have their keys", file=file, cause=str(error)) from None


def tagged() -> Known:
    """All that an import has made."""
    found: Known = {}
    for node in cmds.ls(f"*.{TAG}", objectsOnly=True, recursive=True, long=True):
        try:
            tag = read(node)
            key = (str(tag.get("kind", PICTURE)), str(tag.get("of", "")), int(tag["person"]), str(tag.get("joint", "")))
            found[key] = node
        except (ValueError, TypeError, KeyError):  # somebody else's attribute
            continue
    return found


def read(node: str) -> Tag:
    """What an import has kept on a node. Raises ValueError for what is none of it."""
    tag = json.loads(cmds.getAttr(f"{node}.{TAG}") or "")
    if not isinstance(tag, dict):
        raise ValueError(node)
    return tag


def write(node: str, tag: Tag) -> None:
    cmds.setAttr(f"{node}.{TAG}", json.dumps(tag, ensure_ascii=True), type="string")


def keyed(kept: Tag, rate: timing.Rate) -> tuple[When, float]:
    """When an import has set keys, by what it has kept; and how many frames of now one of the scene's then is."""
    when = When(kept["first"], kept["last"], kept["ratio"], kept.get("whole", False))
    return when, timing.ratio(rate, kept.get("scene", rate))


class _Builder:
    """Makes nodes and gathers the keys of all of them, to be set at once."""

    def __init__(self, rate: timing.Rate) -> None:
        self.keys: list[keying.Keys] = []
        self.held: list[str] = []
        self.made: list[Made] = []
        self.count = 0
        self._rate = rate
        self._have = tagged()
        self._unit = scene.CENTIMETRES[cmds.currentUnit(query=True, linear=True)]

    def make(self, chain: Chain, frames: When) -> None:
        try:
            self._make(chain, frames)
        except (RuntimeError, ValueError) as error:
            raise HostRefused(f"the joints of {chain.title} cannot be made", cause=str(error)) from None

    def _make(self, chain: Chain, frames: When) -> None:
        group, known = self._found(chain, ""), []
        if group is None:
            space = _namespace(chain.namespace)
            group = _new("transform", f"{space}{_plain(chain.group)}", "", _identity(chain, ""))
            if chain.up:
                cmds.setAttr(f"{group}.rotate", *chain.up, type="double3")
        else:
            space = group.rpartition("|")[2].rpartition(":")[0]
            space = f":{space}:" if space else ":"
            known = [str(name) for name in read(group).get("joints", ())]
        nodes = {"": group}
        for link in chain.links:
            node = self._found(chain, link.name)
            if node is None and link.name in known:  # the artist has deleted it
                nodes[link.name] = nodes[link.parent]
                continue
            if node is None:
                name = f"{space}{_plain(link.node or link.name)}"
                node = _new(link.type, name, nodes[link.parent], _identity(chain, link.name))
            nodes[link.name] = node
            self.count += link.type == "joint"
            self._move(node, link, frames)
        stands = any(channel.before is not None for link in chain.links for channel in link.channels)
        own = {name: node for name, node in nodes.items() if name and node != group}
        if chain.kind == SPACE:
            self.made.append(Made(chain.namespace, group, own, frames.before if stands else None))
        write(group, {**_identity(chain, ""), **chain.about, "joints": [link.name for link in chain.links]})

    def _found(self, chain: Chain, joint: str) -> str | None:
        have = self._have.get((chain.kind, chain.of, chain.id, joint))
        return have or self._have.get((chain.kind, "", chain.id, joint))  # of before files were told apart

    def _move(self, node: str, link: Link, frames: When) -> None:
        tag = read(node)
        tag["still"] = {**tag.get("still", {}), **self._stand(node, link, tag.get("still", {}))}
        before, moved = tag.get("keys"), []
        for channel in link.channels:
            if channel.own and not cmds.attributeQuery(channel.attribute, node=node, exists=True):
                cmds.addAttr(node, longName=channel.attribute, attributeType="double")
            curve = keying.curve_for(node, channel.attribute, channel.kind)
            if not curve:
                self.held.append(f"{node}.{channel.attribute}")
                continue
            moving = moves(channel.values)
            moved += [channel.attribute] if moving else []
            self.keys.append(self._keys(curve, channel, frames, moving, self._given(before, channel.attribute)))
        stands = [frames.before] if any(one.before is not None for one in link.channels) else []
        tag["keys"] = {**asdict(frames), "scene": list(self._rate), "moved": moved, "stance": stands}
        write(node, tag)

    def _keys(self, curve: str, channel: Channel, frames: When, moving: bool, given: Sequence[float]) -> keying.Keys:
        times = frames.times(moving)
        values = frames.values(channel.values, channel.step) if moving else [channel.values[0]]
        if channel.before is not None:
            times, values = [frames.before, *times], [channel.before, *values]
        return keying.Keys(curve, channel.kind, times, values, frames.span, given, channel.step)

    def _given(self, before: Any, name: str) -> list[float]:
        """The times of the keys that an import has set on a channel, in the scene's unit of now."""
        if before is None:
            return []
        was, by = keyed(before, self._rate)
        times = [*before.get("stance", ()), *was.times(name in before["moved"])]
        return [time * by for time in times]

    def _stand(self, node: str, link: Link, given: Tag) -> dict[str, list[float]]:
        """Give values that do not move, where they are as an import left them; what it was given."""
        done = {}
        for name, values in link.still.items():
            plug = f"{node}.{name}"
            told = [one / self._unit for one in values] if name == "translate" else list(values)
            now = cmds.getAttr(plug)
            now = list(now[0]) if isinstance(now, list) else [now]
            if name in given and not _same(now, given[name]):
                self.held.append(plug)
                continue
            try:
                if len(told) == 3:
                    cmds.setAttr(plug, *told, type="double3")
                else:
                    cmds.setAttr(plug, told[0])
                done[name] = told
            except RuntimeError:  # locked or driven
                self.held.append(plug)
        return done


def _same(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) < 1e-4 for a, b in zip(one, other))


def _identity(chain: Chain, joint: str) -> Tag:
    return {"kind": chain.kind, "of": chain.of, "person": chain.id, **({"joint": joint} if joint else {})}


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def _namespace(wanted: str) -> str:
    """A new one of this name, or of the next that is free, as it stands before a node's name; ":" for none."""
    if not wanted:
        return ":"
    name, number = _plain(wanted), 2
    if name[0].isdigit():
        name = f"person_{name}"
    base = name
    while cmds.namespace(exists=f":{name}"):
        name, number = f"{base}_{number}", number + 1
    cmds.namespace(addNamespace=f":{name}")
    return f":{name}:"


def _new(kind: str, name: str, parent: str, tag: Tag) -> str:
    more = {"parent": parent} if parent else {}
    made = cmds.createNode(kind, name=name, skipSelect=True, **more)
    node = str(cmds.ls(made, long=True)[0])
    cmds.addAttr(node, longName=TAG, dataType="string")
    write(node, tag)
    return node

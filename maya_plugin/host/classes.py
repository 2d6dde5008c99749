"""Class sets in the scene: one tagged objectSet per class. Identity is in the tag, never in the name.

The tag is the string attribute `semrenderClass`, {"label_set", "id", "name"} as JSON. A member belongs to one of the
scene's own class sets at most: whatever takes it into one takes it out of the others first, in the same undo step. Sets
that come with a referenced asset cannot lose members; the scene's own win over them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from maya import cmds

from maya_plugin.core.classes import ClassSet, Membership, chunks, to_remove
from maya_plugin.core.contract import Assignment, Changed
from maya_plugin.core.members import face_count, is_component, is_prim, split
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import usd
from maya_plugin.host.keep import in_root, undo_step
from maya_plugin.host.objects import long_names
from shared.label_set import LabelSet
from shared.wording import counted

TAG = "semrenderClass"


def class_sets() -> list[ClassSet]:
    """All class sets with their members. Commands: ls, and three per set."""
    found = []
    for node in cmds.ls(f"*.{TAG}", objectsOnly=True, recursive=True):
        try:
            tag = json.loads(cmds.getAttr(f"{node}.{TAG}") or "")
            label_set, identity, name = str(tag["label_set"]), int(tag["id"]), str(tag["name"])
        except (ValueError, TypeError, KeyError):  # a set that somebody else tagged so
            continue
        members = long_names(cmds.sets(node, query=True) or [])
        referenced = ":" in node and cmds.referenceQuery(node, isNodeReferenced=True)
        found.append(ClassSet(node, label_set, identity, name, tuple(members), referenced))
    return found


def membership(label_set: LabelSet) -> Membership:
    return Membership(class_sets(), label_set)


def assignments(label_set: LabelSet) -> tuple[Assignment, ...]:
    """What every class has, by id; classes that the label set does not know come last with the id -1."""
    totals: dict[tuple[int, str], tuple[int, int]] = {}
    for prim_class in usd.labelled(label_set).values():
        key = (prim_class, label_set.by_id(prim_class).name)
        totals[key] = (totals.get(key, (0, 0))[0] + 1, 0)
    for own in class_sets():
        identity = own.resolved(label_set)
        key = (-1, own.name) if identity is None else (identity, label_set.by_id(identity).name)
        objects, faces = totals.get(key, (0, 0))
        whole = sum(not is_component(member) for member in own.members)
        totals[key] = (objects + whole, faces + face_count(own.members))
    found = [Assignment(i, name, whole, faces, i < 0) for (i, name), (whole, faces) in totals.items() if whole + faces]
    return tuple(sorted(found, key=lambda one: (one.missing, one.class_id, one.name)))


def assign(members: Mapping[int, Sequence[str]], label_set: LabelSet) -> Changed:
    """Give members their class; one undo step. Commands: ls, sets, and getAttr per set; sets per 500 members."""
    prims, nodes = _apart(members)
    with undo_step("Assign class"):
        given, notes = _existing(nodes)
        have = class_sets()
        notes += _take_out([member for some in given.values() for member in some], have)
        for identity, some in given.items():
            if some:
                target = _set_of(identity, have, label_set)
                for part in chunks(some):
                    cmds.sets(part, edit=True, addElement=target)
        done = 0
        for identity, some in prims.items():
            count, more = usd.give(some, label_set.by_id(identity).name, label_set.name)
            done, notes = done + count, [*notes, *more]
        return Changed(done + sum(map(len, given.values())), tuple(notes))


def unassign(members: Sequence[str], label_set: LabelSet) -> Changed:
    """Take members, and what is below them, out of every class set; one undo step."""
    prims, nodes = _apart({-1: members})
    with undo_step("Remove class"):
        given, notes = _existing(nodes)
        notes += _take_out(given[-1], class_sets())
        done, more = usd.take(prims[-1], label_set.name) if prims else (0, [])
        return Changed(done + len(given[-1]), (*notes, *more))


def selected() -> list[str]:
    """The selected nodes, faces and prims that can have a class. Commands: ls."""
    return [name for name in cmds.ls(selection=True, long=True) if _can_have_class(name)] + usd.selected()


def members_of(identity: int, label_set: LabelSet) -> list[str]:
    """The members of a class, -1 for those of classes that the label set does not know."""
    wanted = None if identity < 0 else identity
    prims = [prim for prim, own in usd.labelled(label_set).items() if own == identity]
    return [member for own in class_sets() if own.resolved(label_set) == wanted for member in own.members] + prims


def _apart(members: Mapping[int, Sequence[str]]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """The prims of USD, and all else, by class."""
    prims = {identity: [one for one in some if is_prim(one)] for identity, some in members.items()}
    nodes = {identity: [one for one in some if not is_prim(one)] for identity, some in members.items()}
    return {identity: some for identity, some in prims.items() if some}, nodes


def _existing(members: Mapping[int, Sequence[str]]) -> tuple[dict[int, list[str]], list[str]]:
    """The members that are in the scene by their full names, each in one class, and a note on the others."""
    found: dict[int, list[str]] = {}
    taken: set[str] = set()
    gone = 0
    for identity, some in members.items():
        names = long_names(dict.fromkeys(some))
        usable = [name for name in names if _can_have_class(name) and name not in taken]
        taken.update(usable)
        found[identity] = usable
        gone += len(set(some)) - len(usable)
    return found, [f"{gone} of what was named is not in the scene or cannot have a class"] if gone else []


def _can_have_class(member: str) -> bool:
    return member.startswith("|") and (not is_component(member) or split(member)[1] is not None)


def _take_out(members: Sequence[str], have: Sequence[ClassSet]) -> list[str]:
    notes = []
    for own in have:
        gone = to_remove(members, own.members)
        if gone and own.referenced:
            notes.append(
                counted(
                    len(gone),
                    f"member of {own.node} comes with an asset and stays in it; this scene's classes win",
                    f"members of {own.node} come with an asset and stay in it; this scene's classes win",
                )
            )
        elif gone:
            for part in chunks(gone):
                cmds.sets(part, edit=True, remove=own.node)
    return notes


def _set_of(identity: int, have: Sequence[ClassSet], label_set: LabelSet) -> str:
    """The scene's own set of a class, made where there is none."""
    for own in have:
        if not own.referenced and own.resolved(label_set) == identity:
            return own.node
    label = label_set.by_id(identity)
    slug = re.sub(r"\W+", "_", label.name)
    try:
        with in_root():
            node = cmds.sets(name=f"semrender_{label_set.name}_{label.id:03d}_{slug}", empty=True)
        cmds.addAttr(node, longName=TAG, dataType="string")
        tag = {"label_set": label_set.name, "id": label.id, "name": label.name}
        cmds.setAttr(f"{node}.{TAG}", json.dumps(tag), type="string")
    except RuntimeError as error:
        raise HostRefused(f"the set of the class {label.name} cannot be made", cause=str(error)) from None
    return node

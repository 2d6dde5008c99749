"""Joints of people in a tracks file as chains of joints: who hangs on whom, and where.

A person is in the picture's plane: a pixel is a centimetre, the picture's middle is the origin, y is up. So a chain is
seen through a camera that sees the picture's plane whole, at any size: what holds the chain is the artist's to scale.
Where a joint is not seen it stays where it was seen last, as in the comp. Pure: no maya, no Qt.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from maya_plugin.core.chains import LENGTH, PICTURE, SURE, Chain, Channel, Link, file_key, three
from shared.delivery import FILE_NAME as DELIVERY
from shared.delivery import read_delivery
from shared.errors import SemrenderError
from shared.layouts import BONES
from shared.shot import FILE_NAME as SHOT
from shared.shot import read_shot
from shared.tracks import Person, Row, Rows, Tracks

ROOTS = ("hips", "pelvis", "hip", "root", "mid_hip", "left_hip")
# Of a known layout, what no bone leads to hangs on these: the head on the body, the rest of the face on the head.
HEAD, NECK = "nose", "left_shoulder"


def figures(tracks: Tracks, file: Path) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
    """The people of a tracks file, and notes on joints that are never seen."""
    made, notes = [], []
    for person in tracks.people:
        places = {name: _places(rows, tracks) for name, rows in person.joints.items()}
        seen = {name: found for name, found in places.items() if found}
        lost = [name for name in places if name not in seen]
        if lost:
            notes.append(f"{person.label} has joints that are never seen: {', '.join(lost)}")
        if seen:
            made.append(_chain(tracks, person, seen, file))
    return tuple(made), tuple(notes)


def rate_beside(file: Path) -> tuple[int, int] | None:
    """Frames a second of the delivery or shot that a tracks file belongs to: beside it, or a folder above."""
    for folder in (file.parent, file.parent.parent):
        try:
            if (folder / DELIVERY).is_file():
                comp = read_delivery(folder).shot
                return comp.fps_num, comp.fps_den
            if (folder / SHOT).is_file():
                return read_shot(folder)[0].rate
        except SemrenderError:  # a file of somebody else's by that name
            continue
    return None


def _places(rows: Rows, tracks: Tracks) -> tuple[Row, ...]:
    """x, y, z of every frame; empty where it is seen on none."""
    seen = [row for row in rows if row[2] > 0]
    if not seen:
        return ()
    last, found = seen[0], []
    for row in rows:
        last = row if row[2] > 0 else last
        found.append(((last[0] - tracks.width / 2) * tracks.pixel_aspect, tracks.height / 2 - last[1], 0.0))
    return tuple(found)


def _chain(tracks: Tracks, person: Person, places: Mapping[str, tuple[Row, ...]], file: Path) -> Chain:
    """Parents first: the tree of the bones, from the hips or else the joint that most bones meet in."""
    known = BONES.get(person.layout, ())
    bones = person.bones or known
    near: dict[str, list[str]] = {name: [] for name in places}
    for one, other in bones:
        if one in near and other in near:
            near[one].append(other)
            near[other].append(one)
    order = sorted(places, key=lambda name: (name.lower() not in ROOTS, name != HEAD, -len(near[name])))
    parents: dict[str, str] = {}
    for root in order:
        waiting = [] if root in parents else [root]
        above = NECK if root == HEAD else HEAD
        parents.setdefault(root, above if known and above in parents else "")
        while waiting:
            here = waiting.pop(0)
            for there in near[here]:
                if there not in parents:
                    parents[there] = here
                    waiting.append(there)
    return Chain(
        of=file_key(file),
        id=person.id,
        kind=PICTURE,
        title=person.label,
        group=person.label,
        first=tracks.first,
        last=tracks.last,
        links=tuple(
            Link(
                name,
                parent,
                (*three("translate", _from(places[name], places.get(parent)), LENGTH), _sure(person.joints[name])),
                node=f"{person.label}_{name}",
            )
            for name, parent in parents.items()
        ),
        about={
            "picture": [tracks.width, tracks.height, tracks.pixel_aspect],
            "bones": [list(bone) for bone in bones],
            "layout": person.layout,
        },
    )


def _sure(rows: Rows) -> Channel:
    return Channel(SURE, tuple(row[2] for row in rows), step=True, own=True)


def _from(places: tuple[Row, ...], parent: tuple[Row, ...] | None) -> tuple[Row, ...]:
    if parent is None:
        return places
    count = max(len(places), len(parent))
    wide = places * count if len(places) == 1 else places
    above = parent * count if len(parent) == 1 else parent
    return tuple(tuple(a - b for a, b in zip(one, other)) for one, other in zip(wide, above))

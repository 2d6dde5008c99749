"""Joints of people in a tracks file as chains of joints: who hangs on whom, where, and when.

A person is in the picture's plane: a pixel is a centimetre, the picture's middle is the origin, y is up. So a chain is
seen through a camera that sees the picture's plane whole, at any size: what holds the chain is the artist's to scale.
Where a joint is not seen it stays where it was seen last, as in the comp. Pure: no maya, no Qt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.delivery import FILE_NAME as DELIVERY
from shared.delivery import read_delivery
from shared.errors import SemrenderError
from shared.shot import FILE_NAME as SHOT
from shared.shot import read_shot
from shared.tracks import Person, Row, Rows, Tracks

ROOTS = ("hips", "pelvis", "hip", "root", "mid_hip", "left_hip")
COCO_BONES = (
    *(("left_hip", "right_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("right_hip", "right_knee")),
    *(("right_knee", "right_ankle"), ("left_hip", "left_shoulder"), ("right_hip", "right_shoulder")),
    *(("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"), ("right_shoulder", "right_elbow")),
    *(("right_elbow", "right_wrist"), ("left_shoulder", "nose"), ("nose", "left_eye"), ("nose", "right_eye")),
    *(("left_eye", "left_ear"), ("right_eye", "right_ear")),
)  # for a file that says coco17 and no bones


@dataclass(frozen=True)
class Joint:
    """One joint: its place from its parent's, centimetres, and how sure, 0..1; a value a frame, or one alone."""

    name: str
    parent: str  # a joint's name, "" for one that hangs on the person
    places: tuple[Row, ...]
    sure: Row


@dataclass(frozen=True)
class Figure:
    """A person: the joints, each after the one that it hangs on."""

    id: int
    name: str
    joints: tuple[Joint, ...]


def figures(tracks: Tracks) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """The people of a tracks file, and notes on joints that are never seen."""
    made, notes = [], []
    for person in tracks.people:
        places = {name: _places(rows, tracks) for name, rows in person.joints.items()}
        seen = {name: found for name, found in places.items() if found}
        lost = [name for name in places if name not in seen]
        if lost:
            notes.append(f"{person.label} has joints that are never seen: {', '.join(lost)}")
        if seen:
            made.append(Figure(person.id, person.label, _joints(person, seen)))
    return tuple(made), tuple(notes)


@dataclass(frozen=True)
class When:
    """Frames of a file as times of the scene, in the scene's frames."""

    first: int
    last: int
    ratio: float = 1.0  # frames of the scene in one of the file

    def times(self, moving: bool) -> list[float]:
        """Of every frame, or, for what stands still, of the first."""
        last = self.last if moving else self.first
        return [round(frame * self.ratio, 6) for frame in range(self.first, last + 1)]


def when(tracks: Tracks, scene_rate: tuple[int, int], rate: tuple[int, int] | None) -> When:
    """At the same second as in the file; without a rate at the same number."""
    ratio = 1.0 if rate is None else scene_rate[0] * rate[1] / (scene_rate[1] * rate[0])
    return When(tracks.first, tracks.last, ratio)


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


def moves(values: Sequence[float]) -> bool:
    return any(one != values[0] for one in values)


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


def _joints(person: Person, places: Mapping[str, tuple[Row, ...]]) -> tuple[Joint, ...]:
    """Parents first: the tree of the bones, from the hips or else the joint that most bones meet in."""
    bones = person.bones or (COCO_BONES if person.layout == "coco17" else ())
    near: dict[str, list[str]] = {name: [] for name in places}
    for one, other in bones:
        if one in near and other in near:
            near[one].append(other)
            near[other].append(one)
    order = sorted(places, key=lambda name: (name.lower() not in ROOTS, -len(near[name])))
    parents: dict[str, str] = {}
    for root in order:
        waiting = [] if root in parents else [root]
        parents.setdefault(root, "")
        while waiting:
            here = waiting.pop(0)
            for there in near[here]:
                if there not in parents:
                    parents[there] = here
                    waiting.append(there)
    return tuple(
        Joint(name, parent, _from(places[name], places.get(parent)), tuple(row[2] for row in person.joints[name]))
        for name, parent in parents.items()
    )


def _from(places: tuple[Row, ...], parent: tuple[Row, ...] | None) -> tuple[Row, ...]:
    if parent is None:
        return places
    count = max(len(places), len(parent))
    wide = places * count if len(places) == 1 else places
    above = parent * count if len(parent) == 1 else parent
    return tuple(tuple(a - b for a, b in zip(one, other)) for one, other in zip(wide, above))

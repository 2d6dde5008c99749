"""What was measured of people in space: of a model's prepared file, or of a poses file that was written before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.joints import ABSENT, FILLED, HIDDEN, OUTSIDE, SEEN, WORDS
from inference_server.motion.solving.turning import HEAD, HIPS, needs
from shared.layouts import LAYOUTS, SIDES
from shared.poses import PARENTS, Poses
from shared.tracks import Gap
from shared.values import Value

METRE = 100.0  # centimetres
DIGITS = 3  # of a centimetre, and of how sure
WANTED = {*HIPS, *HEAD, *(name for joint in PARENTS for name in needs(joint))}
NAMED = {  # points by the names of other layouts: of hands the knuckles of index and little finger
    f"{side}_{other}": f"{side}_{name}"
    for side in SIDES
    for other, name in (("big_toe", "foot_index"), ("hand_5", "index"), ("hand_17", "pinky"))
}
WORST = (SEEN, FILLED, HIDDEN, OUTSIDE, ABSENT)

Rows = NDArray[np.float64]


class Measured(Value):
    """A person. points: name -> (F, 4) centimetres from the middle of the hips, x right, y up, z towards the camera,
    and how sure, 0 where it is not seen; of every frame from `first` on. gaps: of the joints of a skeleton.
    """

    id: int
    name: str | None
    first: int
    points: Mapping[str, Rows]
    gaps: tuple[Gap, ...]

    @property
    def frames(self) -> int:
        return len(next(iter(self.points.values())))


def measured(prepared: Mapping[str, NDArray[Any]], before: int) -> list[Measured]:
    """Of the family `pose`; none where its model measures nothing in space.

    before: how many people of other layers have numbers.
    """
    names = LAYOUTS[str(prepared["layout"])]
    made = []
    frames = prepared["frames"]
    wanted = np.arange(frames[0], frames[-1] + 1)
    where = np.searchsorted(frames, wanted)
    there = frames[where] == wanted
    for number, (space, sure, states) in enumerate(
        zip(prepared["space"], prepared["sure"], prepared["states"], strict=True), 1
    ):
        now = np.where(there[:, None], states[where], ABSENT)
        here = np.flatnonzero((now != ABSENT).any(1))
        if not len(here) or not np.isfinite(space).any():
            continue
        part = slice(here[0], here[-1] + 1)
        made.append(
            _person(before + number, int(wanted[part][0]), names, space[where][part], sure[where][part], now[part])
        )
    return made


def _person(number: int, first: int, names: Sequence[str], space: Rows, sure: Rows, states: NDArray[Any]) -> Measured:
    points, reasons = {}, {}
    for at, name in enumerate(names):
        called = NAMED.get(name, name)
        if called not in WANTED or not np.isfinite(space[:, at]).any():
            continue
        seen = (states[:, at] == SEEN) & np.isfinite(space[:, at]).all(1)
        place = np.where(seen[:, None], space[:, at] * METRE * [1.0, -1.0, -1.0], 0.0)
        points[called] = np.column_stack([place, np.where(seen, sure[:, at], 0.0)]).round(DIGITS) + 0.0
        reasons[called] = np.where((states[:, at] == SEEN) & ~seen, HIDDEN, states[:, at])
    gaps = tuple(gap for joint in PARENTS for gap in _gaps(joint, first, reasons, len(space)))
    return Measured(number, None, first, points, gaps)


def _gaps(joint: str, first: int, reasons: Mapping[str, NDArray[Any]], frames: int) -> Iterator[Gap]:
    """Frames on which a point is not seen that the joint's turn is found from."""
    wanted = needs(joint, reasons)
    if not wanted:
        return
    own = [reasons.get(name, np.full(frames, HIDDEN)) for name in wanted]
    worst = np.max([[WORST.index(int(state)) for state in row] for row in own], 0)
    start = 0
    for place in range(1, frames + 1):
        if place == frames or worst[place] != worst[start]:
            if worst[start]:
                yield Gap(joint, first + start, first + place - 1, WORDS[WORST[worst[start]]])
            start = place


def of_poses(poses: Poses) -> list[Measured]:
    """What was measured, as it stands in a poses file."""
    made = []
    for person in poses.people:
        if person.points:
            points = {
                name: np.broadcast_to(np.array(rows), (person.frames, 4)).copy() for name, rows in person.points.items()
            }
            made.append(Measured(person.id, person.name, person.first, points, person.gaps))
    return made

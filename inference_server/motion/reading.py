"""A clip's people are read twice: followed roughly, then joint by joint in a square that moves as smoothly as they."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import steadied
from inference_server.datasets.tracks import seen
from inference_server.motion import following, joints
from inference_server.motion.bodies import Body, Region, names_of
from inference_server.motion.following import Bodies, Look, Sighting
from inference_server.motion.sides import exchanged
from shared.values import Value

STEADY = 0.085  # seconds: the deviation of the Gaussian that steadies the square
STRAYED = 0.35  # torsos from what was seen roughly: further away it is somebody else
LOST = 0.7  # the same where somebody was not seen, from where they are taken to be
OTHER_DRESS = 0.5  # of 1, between the colours of two torsos: more is somebody else
ALONE = 0.7  # torsos from everybody else, that somebody must have who was not seen

Pixels = NDArray[np.uint8]
Person = Sequence[tuple[int, Sighting]]  # on which frames somebody was seen, and as what


class Read(Value):
    """A person of a clip of F frames.

    raw: (F, K, 2) pixels as read; places: the same, filled and smoothed; sure: (F, K) 0..1; states: (F, K) of
    `joints`; space: (F, K, 3) metres from the middle of the hips, x right, y down, z away; swapped: (F, K) whether a
    joint was read for that of the other side, which only `raw` shows. There is NaN where nothing was read.
    """

    raw: NDArray[np.float64]
    places: NDArray[np.float64]
    sure: NDArray[np.float64]
    states: NDArray[np.int8]
    space: NDArray[np.float64]
    swapped: NDArray[np.bool_]


def read_people(pictures: Iterable[Pixels], bodies: Bodies, fps: Fraction, smoothing: str) -> list[Read]:
    """Everybody in a clip, in the order of appearance.

    pictures: (H, W, 3) uint8 sRGB of one size, gone through twice, one at a time in memory.
    """
    shown: list[str] = []
    looks: list[Look] = []
    size = (0, 0)
    for number, picture in enumerate(pictures):
        size = (picture.shape[1], picture.shape[0])
        shown.append(seen(picture))
        cut = number == 0 or following.changed(shown[-2], shown[-1])
        looks.append(following.look(number, looks[-1] if looks else Look(), cut, picture, bodies))
    if not looks:
        return []
    frames = [look.people for look in looks]
    people = following.followed(shown, frames, lambda shot: following.linked(shot, float(fps)))
    squares = [_squares(mine, float(fps)) for mine in people]
    found: list[list[Body | None]] = [[None] * len(frames) for _ in people]
    for number, picture in enumerate(pictures):
        for person, mine in enumerate(people):
            first, last = mine[0][0], mine[-1][0]
            if first <= number <= last:
                others = [one for one in frames[number] if not any(one is own for _, own in mine)]
                square = squares[person][number - first]
                found[person][number] = _read(picture, square, mine, number, others, bodies)
    return [finished(mine, size, fps, smoothing) for mine in found]


def _squares(mine: Person, fps: float) -> list[Region]:
    """Of each frame from the first on which somebody was seen to the last."""
    places = [place for place, _ in mine]
    wanted = list(range(places[0], places[-1] + 1))
    angles = np.unwrap([one.next.angle for _, one in mine])
    rows = [(one.next.x, one.next.y, math.log(one.next.side)) for _, one in mine]
    steady = steadied(places, np.column_stack([np.array(rows), angles]), wanted, STEADY * fps)
    return [Region(float(x), float(y), math.exp(size), float(angle)) for x, y, size, angle in steady]


def _read(
    picture: Pixels, square: Region, mine: Person, number: int, others: Sequence[Sighting], bodies: Bodies
) -> Body | None:
    """The joints in a square, None where they are not those of the person who is looked for.

    A body that stands behind another is read as the other one's: it is known by its colours, and by where it is.
    """
    known = next((one for place, one in mine if place == number), None)
    colours = np.median([one.colours for _, one in mine], 0)
    body = bodies.read(picture, square)
    if body is not None and _is_own(body, colours, picture, others):
        if known is not None:
            if following.apart(body.places, known.places, known.torso) <= STRAYED:
                return body
        else:
            near = min(mine, key=lambda one: abs(one[0] - number))[1]
            moved = near.places - near.hips + (square.x, square.y)
            alone = all(following.apart(body.places, one.places, one.torso) > ALONE for one in others)
            return body if alone and following.apart(body.places, moved, near.torso) <= LOST else None
    if known is None:
        return None
    body = bodies.read(picture, known.next)
    return body if body is not None and _is_own(body, colours, picture, others) else None


def _is_own(body: Body, colours: NDArray[np.float64], picture: Pixels, others: Sequence[Sighting]) -> bool:
    one = following.sighting(body, picture)
    if any(following.apart(one.places, other.places, other.torso) < following.TWICE for other in others):
        return False
    return following.unlike_colours(one.colours, colours) < OTHER_DRESS


def finished(mine: Sequence[Body | None], size: tuple[int, int], fps: Fraction, smoothing: str) -> Read:
    """What can be delivered of somebody's bodies on frames in a row, None where they were not read."""
    there = np.array([one is not None for one in mine])
    count = next(len(one.places) for one in mine if one is not None)
    raw, space = np.full((len(mine), count, 2), np.nan), np.full((len(mine), count, 3), np.nan)
    sure = np.zeros((len(mine), count))
    for place, one in enumerate(mine):
        if one is not None:
            raw[place], sure[place], space[place] = one.places, one.visible, one.space
    sides = exchanged(raw, sure, there, names_of(count))
    rows = np.arange(len(mine))[:, None]
    sure, space = sure[rows, sides], space[rows, sides]
    held = _held(raw[rows, sides], there)
    states = joints.states_of(held, sure, there, size)
    places, states = joints.filled(held, states, math.floor(joints.GAP * fps))
    sure = _sure(sure, states)
    where = np.flatnonzero(there)
    states[: where[0]] = states[where[-1] + 1 :] = joints.ABSENT
    swapped = sides != np.arange(count)
    return Read(raw, joints.smoothed(places, states, smoothing), sure, states, space, swapped)


def _held(places: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Where nothing was read the last that was, before that the first."""
    last = np.maximum.accumulate(np.where(there, np.arange(len(there)), -1))
    last[last < 0] = int(np.flatnonzero(there)[0])
    held: NDArray[np.float64] = places[last]
    return held


def _sure(sure: NDArray[np.float64], states: NDArray[np.int8]) -> NDArray[np.float64]:
    """0 where a joint is not seen; half as sure as the ends of its gap where it was filled in."""
    made = np.where(states >= joints.HIDDEN, 0.0, sure)
    for joint in range(sure.shape[1]):
        ends = np.flatnonzero(states[:, joint] == joints.SEEN)
        for place in np.flatnonzero(states[:, joint] == joints.FILLED):
            at = int(np.searchsorted(ends, place))
            made[place, joint] = min(sure[ends[at - 1], joint], sure[ends[at], joint]) / 2
    return made

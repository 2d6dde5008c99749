"""A clip's people are gone through twice: followed roughly, then read in a square that moves as smoothly as they."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import steadied
from inference_server.motion import following, joints
from inference_server.motion.bodies import Body, Region, body_of, names_of
from inference_server.motion.following import Bodies, Sighting
from inference_server.motion.sides import exchanged
from shared.values import Value

STEADY = 0.085  # seconds: the deviation of the Gaussian that steadies the square
STRAYED = 0.35  # torsos from what was seen roughly: further away it is somebody else
SMALLER = 0.9  # of the square: the side of the one in which a body is read again
LOST = 0.7  # the same where somebody was not seen, from where they are taken to be
OTHER_DRESS = 0.5  # of 1, between the colours of two torsos: more is somebody else
ALONE = 0.7  # torsos from everybody else, that somebody must have who was not seen

Pixels = NDArray[np.uint8]
Row = Any  # plain data: what JSON holds
Person = Mapping[int, Sighting]  # on which frames somebody was seen, in order, and as what


class Clip(Protocol):
    """Pictures (H, W, 3) uint8 sRGB of one size, one at a time in memory."""

    def each(self, about: str, look: Callable[[int, Pixels, Row | None], Row], block: int = 1) -> Iterator[Row]:
        """What `look` finds of each picture, by its place and what was found of the one before in its block."""


class Pictures:
    """A clip of pictures that are in memory."""

    def __init__(self, pictures: Sequence[Pixels]) -> None:
        self._pictures = pictures

    def each(self, about: str, look: Callable[[int, Pixels, Row | None], Row], block: int = 1) -> Iterator[Row]:
        before: Row | None = None
        for place, picture in enumerate(self._pictures):
            before = look(place, picture, before if place % block else None)
            yield before


class Read(Value):
    """A person of a clip of F frames.

    raw: (F, K, 2) pixels as read; places: the same, short gaps filled; sure: (F, K) 0..1; states: (F, K) of `joints`,
    which smooths; space: (F, K, 3) metres from the middle of the hips, x right, y down, z away; swapped: (F, K) whether
    a joint was read for that of the other side, which only `raw` shows. There is NaN where nothing was read.
    """

    raw: NDArray[np.float64]
    places: NDArray[np.float64]
    sure: NDArray[np.float64]
    states: NDArray[np.int8]
    space: NDArray[np.float64]
    swapped: NDArray[np.bool_]


def read_people(clip: Clip, size: tuple[int, int], bodies: Bodies, fps: Fraction) -> list[Read]:
    """Everybody in a clip, in the order of appearance. It is gone through twice.

    size: (width, height) of its pictures.
    """
    shown: list[str] = []
    frames: list[Sequence[Sighting]] = []
    for row in clip.each("people", lambda n, one, before: following.looked(n, one, before, bodies), following.GROUP):
        shown.append(row["seen"])
        frames.append(following.look_of(row).people)
    if not frames:
        return []
    people = [dict(mine) for mine in following.followed(shown, frames, lambda one: following.linked(one, float(fps)))]
    if not people:
        return []
    squares = [_squares(mine, float(fps)) for mine in people]
    dresses = [np.median([one.colours for one in mine.values()], 0) for mine in people]

    def read(place: int, picture: Pixels, _: Row | None) -> Row:
        found: list[Row | None] = [None] * len(people)
        for number, (mine, wanted, colours) in enumerate(zip(people, squares, dresses, strict=True)):
            if place in wanted:
                others = [one for one in frames[place] if one is not mine.get(place)]
                body = _read(picture, wanted[place], mine, place, others, colours, bodies)
                found[number] = None if body is None else body.row
        return found

    made: list[list[Body | None]] = [[] for _ in people]
    for rows in clip.each("joints", read):
        for mine, row in zip(made, rows, strict=True):
            mine.append(None if row is None else body_of(row))
    return [finished(mine, size, fps) for mine in made if any(one is not None for one in mine)]


def _squares(mine: Person, fps: float) -> dict[int, Region]:
    """Of each frame from the first on which somebody was seen to the last."""
    places = list(mine)
    wanted = list(range(places[0], places[-1] + 1))
    angles = np.unwrap([one.next.angle for one in mine.values()])
    rows = [(one.next.x, one.next.y, math.log(one.next.side)) for one in mine.values()]
    steady = steadied(places, np.column_stack([np.array(rows), angles]), wanted, STEADY * fps)
    squares = [Region(float(x), float(y), math.exp(size), float(angle)) for x, y, size, angle in steady]
    return dict(zip(wanted, squares, strict=True))


def _read(
    picture: Pixels,
    square: Region,
    mine: Person,
    number: int,
    others: Sequence[Sighting],
    colours: NDArray[np.float64],
    bodies: Bodies,
) -> Body | None:
    """The joints in a square, None where they are not those of the person who is looked for.

    A body that stands behind another is read as the other one's: it is known by its colours, and by where it is.
    """
    known = mine.get(number)
    body = _steadily(picture, square, bodies)
    if body is not None and _is_own(body, colours, picture, others):
        if known is not None:
            if following.apart(body.places, known.places, known.torso) <= STRAYED:
                return body
        else:
            near = mine[min(mine, key=lambda place: abs(place - number))]
            moved = near.places - near.hips + (square.x, square.y)
            alone = all(following.apart(body.places, one.places, one.torso) > ALONE for one in others)
            return body if alone and following.apart(body.places, moved, near.torso) <= LOST else None
    if known is None:
        return None
    body = _steadily(picture, known.next, bodies)
    return body if body is not None and _is_own(body, colours, picture, others) else None


def _steadily(picture: Pixels, square: Region, bodies: Bodies) -> Body | None:
    """The mean of two readings, in the square and in a smaller one: what a network errs in each differs.

    A joint that either of them sees outside the picture is there: a mean would bring it back in.
    """
    body = bodies.read(picture, square)
    if body is None:
        return None
    other = bodies.read(picture, replace(square, side=square.side * SMALLER))
    if other is None or following.apart(body.places, other.places, max(1.0, body.torso)) > following.TWICE:
        return body
    both = np.stack([body.places, other.places])
    one, two = np.any((both < 0) | (both > picture.shape[1::-1]), axis=2, keepdims=True)
    places = np.where(one, both[0], np.where(two, both[1], both.mean(0)))
    means = {name: (getattr(body, name) + getattr(other, name)) / 2 for name in ("visible", "present", "space")}
    return replace(body, places=places, **means)


def _is_own(body: Body, colours: NDArray[np.float64], picture: Pixels, others: Sequence[Sighting]) -> bool:
    one = following.sighting(body, picture)
    if any(following.apart(one.places, other.places, other.torso) < following.TWICE for other in others):
        return False
    return following.unlike_colours(one.colours, colours) < OTHER_DRESS


def finished(mine: Sequence[Body | None], size: tuple[int, int], fps: Fraction) -> Read:
    """What can be delivered of somebody on frames in a row, None where they were not read."""
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
    return Read(raw, places, sure, states, space, swapped)


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

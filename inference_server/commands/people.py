"""Everybody who was seen in a clip, numbered in the order of appearance, and the sheet that shows them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets import tracks
from inference_server.datasets.detector import Face, face_of
from inference_server.datasets.sheets import COLUMNS, PEOPLE, SIDE, evenly, packed
from inference_server.motion import following
from inference_server.motion.following import Sighting
from inference_server.motion.footage import Footage
from inference_server.motion.normalising import TALL, drawn
from shared.values import Value

FACE = 0.85  # score, least
FEET, HEAD = (27, 28), (0, 7, 8)  # joints, by which it is judged whether somebody is cut off
SHOWN = 0.8  # of a tile's height, that a body takes

Pixels = NDArray[np.uint8]


class Person(Value):
    """places: (N, 4) centre x, y and size (height of the body or the face), pixels, and how they are turned, radians,
    clockwise; whole: not cut off."""

    id: int
    frames: tuple[int, ...]
    places: NDArray[np.float64]
    whole: tuple[bool, ...]
    scores: tuple[float, ...]


class Seen(Value):
    """Somebody on one frame."""

    place: tuple[float, float, float, float]
    whole: bool
    score: float


def people_in(of: str, footage: Footage, rows: Sequence[Mapping[str, Any]]) -> list[Person]:
    """Who is seen in a clip, in the order of appearance; `of` is that of a template, `rows` what was seen of frames."""
    sort: Any = _Faces() if of == "face" else _People(footage.fps)
    found = [sort.found(row) for row in rows]
    people: list[Person] = []
    for mine in following.followed([row["seen"] for row in rows], found, sort.linked):
        seen = [sort.seen(one, footage.size) for _, one in mine]
        people.append(
            Person(
                id=len(people) + 1,
                frames=tuple(footage.frames[place] for place, _ in mine),
                places=np.array([one.place for one in seen]),
                whole=tuple(one.whole for one in seen),
                scores=tuple(one.score for one in seen),
            )
        )
    return people


class _Faces:
    def found(self, row: Mapping[str, Any]) -> list[Face]:
        return [face for one in row["faces"] if (face := face_of(one)).score >= FACE]

    def linked(self, frames: Sequence[Sequence[Face]]) -> list[list[int]]:
        return tracks.linked(frames)

    def seen(self, face: Face, size: tuple[int, int]) -> Seen:
        x, y, width, height = face.box
        whole = x >= 0 and y >= 0 and x + width <= size[0] and y + height <= size[1]
        (left, high), (right, low) = face.points[:2]
        return Seen((x + width / 2, y + height / 2, height, math.atan2(low - high, right - left)), whole, face.score)


class _People:
    def __init__(self, fps: Fraction) -> None:
        self._fps = float(fps)

    def found(self, row: Mapping[str, Any]) -> list[Sighting]:
        return list(following.look_of(row).people)

    def linked(self, frames: Sequence[Sequence[Sighting]]) -> list[list[int]]:
        return following.linked(frames, self._fps)

    def seen(self, one: Sighting, size: tuple[int, int]) -> Seen:
        ends = one.places[[*FEET, *HEAD]]
        whole = bool((ends >= 0).all() and (ends <= size).all())
        (x, y), (across, up) = one.hips, one.shoulders - one.hips
        return Seen((float(x), float(y), TALL * one.torso, math.atan2(across, -up)), whole, one.sure)


def people_sheet(footage: Footage, people: Sequence[Person]) -> Pixels | None:
    """Under the number to name in --people, some frames of each, those sixty who are seen most."""
    longest = sorted(people, key=lambda one: (-len(one.frames), one.id))[:PEOPLE]
    shown: dict[int, list[tuple[int, Callable[[Pixels], tuple[Pixels, str]]]]] = {}
    for person in sorted(longest, key=lambda one: one.id):
        places = evenly(range(len(person.frames)), COLUMNS)
        shown[person.id] = [(person.frames[place], _tile_of(person, place)) for place in places]
    tiles: dict[int, list[tuple[Pixels, str]]] = {number: [] for number in shown}
    for frame in sorted({frame for mine in shown.values() for frame, _ in mine}):  # in the order of the clip
        picture = footage.picture(frame)
        for number, mine in shown.items():
            tiles[number] += [draw(picture) for one, draw in mine if one == frame]
    counts = {person.id: len(person.frames) for person in people}
    return packed([(f"person {number}: {counts[number]}", mine) for number, mine in tiles.items()])


def _tile_of(person: Person, place: int) -> Callable[[Pixels], tuple[Pixels, str]]:
    x, y, size, _ = person.places[place]
    scale = SHOWN * SIDE / size
    way = np.array([[scale, 0, SIDE / 2 - scale * x], [0, scale, SIDE / 2 - scale * y]])
    words = f"frame {person.frames[place]} {person.scores[place]:.2f}"
    return lambda picture: (drawn(picture, way, (SIDE, SIDE), "replicate"), words)

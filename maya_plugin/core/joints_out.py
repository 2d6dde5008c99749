"""Joints of a scene as people of a tracks file, in pixels: the way back of `core.joints`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maya_plugin.core.tracks import Lens, seen_film
from shared.errors import InputRefused
from shared.layouts import LAYOUTS
from shared.tracks import Gap, Person, Row, Tracks

Matrix = Sequence[float]  # 16, row by row, for row vectors


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    pixel_aspect: float = 1.0


@dataclass(frozen=True)
class Eye:
    """The camera that people in space are seen by: a matrix and a focal length for each frame."""

    matrices: Sequence[Matrix]
    lens: Lens


@dataclass(frozen=True)
class Seen:
    """A person of the scene: places in space for each frame and joint, in centimetres.

    `plane`: the world matrices of what holds joints that lie in the picture's plane; None for those in space.
    """

    id: int
    title: str
    layout: str
    bones: tuple[tuple[str, str], ...]
    places: Mapping[str, Sequence[Row]]
    sure: Mapping[str, Sequence[float]]
    plane: Sequence[Matrix] | None = None


def document(people: Sequence[Seen], picture: Picture, first: int, last: int, eye: Eye | None) -> Tracks:
    """Raises InputRefused where there is nobody, or people in space and no camera."""
    if not people:
        raise InputRefused("there are no joints of people in the scene", remedy="Import some first")
    if eye is None and any(one.plane is None for one in people):
        raise InputRefused(
            "joints in space are seen by a camera, and none is chosen", remedy="Choose one on the page Paint"
        )
    return Tracks(
        first=first,
        last=last,
        width=picture.width,
        height=picture.height,
        pixel_aspect=picture.pixel_aspect,
        people=tuple(_person(one, number, picture, first, eye) for number, one in zip(_numbers(people), people)),
    )


def _numbers(people: Sequence[Seen]) -> Sequence[int]:
    """Their own, where those of several files do not meet."""
    own = [one.id for one in people]
    return own if len(set(own)) == len(own) else range(1, len(own) + 1)


def _person(seen: Seen, number: int, picture: Picture, first: int, eye: Eye | None) -> Person:
    joints, gaps = {}, []
    for name, places in seen.places.items():
        rows: list[Row] = []
        for at, (place, sure) in enumerate(zip(places, seen.sure[name])):
            if seen.plane is not None:
                x, y = in_plane(place, seen.plane[at], picture)
                rows.append((x, y, sure))
                continue
            assert eye is not None
            found = through(place, eye.matrices[at], eye.lens, at, picture)
            inside = found is not None and 0 <= found[0] <= picture.width and 0 <= found[1] <= picture.height
            if not inside:
                gaps += [Gap(joint=name, first=first + at, last=first + at, why="outside")]
            rows.append((*(found or (0.0, 0.0)), sure if inside else 0.0))
        joints[name] = tuple(rows)
    layout = seen.layout if set(LAYOUTS.get(seen.layout, ())) == set(joints) else "free"
    return Person(
        id=number,
        name=seen.title,
        joints=joints,
        layout=layout,
        bones=tuple(bone for bone in seen.bones if set(bone) <= set(joints)),
        gaps=_joined(gaps),
    )


def in_plane(place: Row, plane: Matrix, picture: Picture) -> tuple[float, float]:
    """Pixels of a place in space, in what holds the picture's plane: a pixel is a centimetre of it."""
    x, y, _ = _inside(place, plane)
    return x / picture.pixel_aspect + picture.width / 2, picture.height / 2 - y


def through(place: Row, camera: Matrix, lens: Lens, at: int, picture: Picture) -> tuple[float, float] | None:
    """Pixels at which a camera sees a place; None for what is behind it. The camera has no scale that counts."""
    back = [place[i] - camera[12 + i] for i in range(3)]
    axes = [camera[0:3], camera[4:7], camera[8:11]]
    x, y, z = (sum(a * b for a, b in zip(back, axis)) / (sum(a * a for a in axis) ** 0.5 or 1.0) for axis in axes)
    if z >= 0:
        return None
    film, centre = seen_film(lens, picture.width, picture.height, picture.pixel_aspect)
    middle = centre or (picture.width / 2, picture.height / 2)
    wide = lens.focal[min(at, len(lens.focal) - 1)] / film * picture.width
    return middle[0] + x / -z * wide, middle[1] - y / -z * wide * picture.pixel_aspect


def _inside(place: Row, matrix: Matrix) -> Row:
    """A place as what has this matrix counts it; its axes need not be of one length nor upright."""
    a, b, c = matrix[0:3], matrix[4:7], matrix[8:11]
    away = [place[i] - matrix[12 + i] for i in range(3)]
    whole = _volume(a, b, c)
    if abs(whole) < 1e-12:
        raise InputRefused("what holds the joints is scaled to nothing", remedy="Give it a size again")
    return _volume(away, b, c) / whole, _volume(a, away, c) / whole, _volume(a, b, away) / whole


def _volume(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> float:
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])


def _joined(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Gaps of a frame each as spans."""
    found: list[dict[str, Any]] = []
    for gap in gaps:
        if found and found[-1]["joint"] == gap.joint and found[-1]["last"] == gap.first - 1:
            found[-1]["last"] = gap.last
        else:
            found.append({"joint": gap.joint, "first": gap.first, "last": gap.last, "why": gap.why})
    return tuple(Gap(**one) for one in found)

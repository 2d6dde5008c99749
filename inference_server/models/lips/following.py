"""One face through a clip: on which frames it is, by their places in it from 0 on. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.detector import Face
from inference_server.datasets.tracks import linked

MISSED = 3  # frames in a row on which a face may be missed between two on which it was seen
RETURNS, ALIKE = 2.0, 1.5  # widths, and times of it, within which a face that returns is the one that went


def follow(faces: Sequence[Sequence[Face]], shots: Sequence[int], number: int) -> list[dict[int, Face]]:
    """Of every shot its number-th largest face, by place; a shot without it is left out.

    faces: all of each frame; shots: of each the number, as `tracks.shots` counts them; number: from 1 on.
    """
    numbers = np.array(shots, np.int64)
    found = [_face(np.flatnonzero(numbers == shot), faces, number) for shot in sorted(set(shots))]
    return [one for one in found if one]


def _face(places: NDArray[np.int64], faces: Sequence[Sequence[Face]], number: int) -> dict[int, Face]:
    """The face of a shot, by the frame's place: of all its people the number-th by the area that it covers in all."""
    tracks: dict[int, dict[int, Face]] = {}
    for place, names in zip(places, linked([faces[place] for place in places]), strict=True):
        for face, name in zip(faces[place], names, strict=True):
            tracks.setdefault(name, {})[int(place)] = face
    people = _people(list(tracks.values()))
    largest = sorted(people, key=lambda one: -sum(face.box[2] * face.box[3] for face in one.values()))
    return dict(sorted(largest[number - 1].items())) if number <= len(largest) else {}


def _people(tracks: list[dict[int, Face]]) -> list[dict[int, Face]]:
    """Tracks that follow one another, where one begins near the place and the size with which one before it ended."""
    people: list[dict[int, Face]] = []
    for track in sorted(tracks, key=min):
        before = [one for one in people if max(one) < min(track) and _near(one[max(one)], track[min(track)])]
        if before:
            max(before, key=max).update(track)
        else:
            people.append(dict(track))
    return people


def _near(one: Face, other: Face) -> bool:
    width = (one.box[2] + other.box[2]) / 2
    centres = [np.array(face.box[:2]) + np.array(face.box[2:]) / 2 for face in (one, other)]
    apart = float(np.hypot(*(centres[0] - centres[1])))
    return apart < RETURNS * width and max(one.box[2], other.box[2]) < ALIKE * min(one.box[2], other.box[2])


def runs(places: Mapping[int, object]) -> list[list[int]]:
    """Places in order, cut where the face was missed for longer than MISSED."""
    found: list[list[int]] = []
    for place in sorted(places):
        if found and place - found[-1][-1] <= MISSED + 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found

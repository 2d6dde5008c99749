"""One face through a clip: where it is on every frame, steadily. Pure functions.

A box depends on the frames within a finite window alone, equally on both sides: it neither leads nor lags.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import smoothed
from inference_server.datasets.detector import Face
from inference_server.datasets.tracks import linked, shots

MISSED = 3  # frames in a row on which a face may be missed between two on which it was seen
DEVIATION = 1.0  # frames, of the Gaussian that steadies the box
RETURNS, ALIKE = 2.0, 1.5  # widths, and times of it, within which a face that returns is the one that went
CHIN = 0.06  # of its height, that a box is longer below, where detectors cut chins off

Boxes = NDArray[np.float64]  # (N, 4): left, top, right, bottom, in pixels


def follow(
    frames: Sequence[int], faces: Sequence[Sequence[Face]], seen: Sequence[str], number: int
) -> tuple[NDArray[np.int64], Boxes, NDArray[np.float64]]:
    """Where the number-th largest face of every shot is: its frames (N,), boxes (N, 4) and points (N, 5, 2).

    frames: in order; faces: all of each; seen: of each what `tracks.seen` remembers. number: from 1 on. A frame on
    which the face is not is left out, but for gaps of MISSED. Nothing crosses a cut.
    """
    found: list[tuple[NDArray[np.int64], Boxes, NDArray[np.float64]]] = []
    numbers = np.array(shots(seen), np.int64)
    for shot in sorted(set(numbers)):
        places = np.flatnonzero(numbers == shot)
        own = _face(places, faces, number)
        for run in _runs(sorted(own)):
            wanted = list(range(run[0], run[-1] + 1))
            rows = np.array([_corners(own[place]) for place in run])  # (n, 4, 2) each
            points = np.array([own[place].points for place in run])
            quads = smoothed(run, rows, wanted, DEVIATION)
            steady = _points(run, points, wanted)
            boxes = np.concatenate([quads[:, 0], quads[:, 2]], 1)
            found.append((np.array(frames)[wanted], boxes, steady))
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros((0, 5, 2))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def _face(places: NDArray[np.int64], faces: Sequence[Sequence[Face]], number: int) -> dict[int, Face]:
    """The face of a shot, by the frame's place: of all its people the number-th by the area that it covers in all."""
    tracks: dict[int, dict[int, Face]] = {}
    for place, names in zip(places, linked([faces[place] for place in places]), strict=True):
        for face, name in zip(faces[place], names, strict=True):
            tracks.setdefault(name, {})[int(place)] = face
    people = _people(list(tracks.values()))
    largest = sorted(people, key=lambda one: -sum(face.box[2] * face.box[3] for face in one.values()))
    return largest[number - 1] if number <= len(largest) else {}


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


def _runs(places: list[int]) -> list[list[int]]:
    """Cut where the face was missed for longer than MISSED."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place - runs[-1][-1] <= MISSED + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _corners(face: Face) -> list[list[float]]:
    x, y, width, height = face.box
    bottom = y + height * (1 + CHIN)
    return [[x, y], [x, bottom], [x + width, bottom], [x + width, y]]


def _points(run: list[int], points: NDArray[np.float64], wanted: list[int]) -> NDArray[np.float64]:
    """The five points (n, 5, 2), steadied as the corners of a box are."""
    five = np.concatenate([points, points[:, -1:].repeat(3, 1)], 1)  # in eights, as corners come in fours
    halves = [smoothed(run, five[:, part], wanted, DEVIATION) for part in (slice(0, 4), slice(4, 8))]
    return np.concatenate(halves, 1)[:, :5]

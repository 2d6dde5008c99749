"""What was read of a layer's people, as tracks that After Effects and Maya take (docs/tracks.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.joints import ABSENT, FILLED, SEEN, WORDS, smoothed
from inference_server.motion.layouts import joints_in
from shared.layouts import BONES, LAYOUTS
from shared.tracks import Gap, Person, Row, Tracks

DIGITS = 3  # of a pixel, behind the point
SURE_DIGITS = 3


def tracks_of(
    prepared: Mapping[str, NDArray[Any]], layout: str, smoothing: str, pixel_aspect: float, before: int
) -> Tracks:
    """The joints of everybody, one row for each frame from the first that was read to the last.

    prepared: of the family `pose`. layout: of `shared.layouts`. smoothing: of `shared.poses`. before: how many
    people of other layers have numbers.
    """
    frames, (width, height) = prepared["frames"], prepared["size"].tolist()
    first, last = int(frames[0]), int(frames[-1])
    where = np.searchsorted(frames, np.arange(first, last + 1))
    there = frames[where] == np.arange(first, last + 1)
    steady = [smoothed(*one, smoothing) for one in zip(prepared["places"], prepared["states"], strict=True)]
    read = np.array(steady), prepared["sure"], prepared["states"]
    of = str(prepared["layout"])
    people = tuple(
        _person(
            before + number, first, layout, places[where], sure[where], np.where(there[:, None], states[where], ABSENT)
        )
        for number, (places, sure, states) in enumerate(zip(*joints_in(layout, of, *read), strict=True), 1)
    )
    return Tracks(first=first, last=last, width=width, height=height, pixel_aspect=pixel_aspect, people=people)


def _person(
    number: int,
    first: int,
    layout: str,
    places: NDArray[np.float64],
    sure: NDArray[np.float64],
    states: NDArray[np.int8],
) -> Person:
    joints: dict[str, tuple[Row, ...]] = {}
    gaps: list[Gap] = []
    seen = (states == SEEN) | (states == FILLED)
    for joint, name in enumerate(LAYOUTS[layout]):
        known = np.where(seen[:, joint], sure[:, joint], 0.0)
        rows = np.column_stack([places[:, joint].round(DIGITS), known.round(SURE_DIGITS)])
        joints[name] = tuple(tuple(row) for row in rows.tolist())
        gaps += _gaps(name, first, states[:, joint].tolist())
    return Person(id=number, joints=joints, layout=layout, bones=BONES[layout], gaps=tuple(gaps))


def _gaps(name: str, first: int, states: Sequence[int]) -> Iterator[Gap]:
    start = 0
    for place in range(1, len(states) + 1):
        if place == len(states) or states[place] != states[start]:
            if states[start] != SEEN:
                yield Gap(name, first + start, first + place - 1, WORDS[states[start]])
            start = place

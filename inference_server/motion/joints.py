"""From what was read of a person to joints that can be delivered: what is not seen is said, short gaps are filled, the
rest is smoothed. Pure functions of arrays: F frames, K joints.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import steadied
from inference_server.motion.bodies import SURE

SEEN, FILLED, HIDDEN, OUTSIDE = range(4)  # of a joint on a frame; the last two are not seen
ABSENT = -1  # of a person who is not there
WORDS = {SEEN: "seen", FILLED: "filled", HIDDEN: "hidden", OUTSIDE: "outside", ABSENT: "absent"}
GAP = 0.25  # seconds that are filled, at most
STEADY = 1.0  # frames: the deviation of the Gaussian over how sure a joint is
LIGHT = np.array([-3, 12, 17, 12, -3]) / 35  # Savitzky-Golay, 5 frames, a parabola: no lag, and corners stay
STRONG = 1.5  # frames: the deviation of the Gaussian
REACH = round(3 * STRONG)  # frames to each side that are looked at, at most

Places = NDArray[np.float64]  # (F, K, 2) pixels
States = NDArray[np.int8]  # (F, K)


def states_of(places: Places, sure: NDArray[np.float64], there: NDArray[np.bool_], size: tuple[int, int]) -> States:
    """What is known of each joint on each frame.

    sure: (F, K), 0..1. there: (F,) whether the person was read. size: (width, height), beyond which all is a guess.
    """
    frames = list(range(len(places)))
    steady = steadied(frames, sure, frames, STEADY)
    states = np.where(steady < SURE, HIDDEN, SEEN).astype(np.int8)
    states[((places < 0) | (places > size)).any(2)] = OUTSIDE
    states[~there] = HIDDEN
    return states


def filled(places: Places, states: States, most: int) -> tuple[Places, States]:
    """Gaps of up to `most` frames between seen ones, joint by joint, bridged by a cubic through its two ends."""
    places, states = places.copy(), states.copy()
    for joint in range(places.shape[1]):
        for start, end in _runs(states[:, joint] == HIDDEN):
            if (
                start == 0
                or end == len(states)
                or end - start > most
                or (states[[start - 1, end], joint] > FILLED).any()
            ):
                continue
            first, last = places[start - 1, joint], places[end, joint]
            span = end - start + 1
            leave = _speed(places, states, joint, start - 1, -1) * span
            arrive = _speed(places, states, joint, end, 1) * span
            t = (np.arange(1, span) / span)[:, None]
            places[start:end, joint] = (
                (2 * t**3 - 3 * t**2 + 1) * first
                + (t**3 - 2 * t**2 + t) * leave
                + (3 * t**2 - 2 * t**3) * last
                + (t**3 - t**2) * arrive
            )
            states[start:end, joint] = FILLED
    return places, states


def _speed(places: Places, states: States, joint: int, at: int, way: int) -> NDArray[np.float64]:
    """Pixels a frame beside the end of a gap; 0 where nothing is seen there."""
    beside = at + way
    if not 0 <= beside < len(states) or states[beside, joint] != SEEN:
        return np.zeros(2)
    speed: NDArray[np.float64] = (places[at, joint] - places[beside, joint]) * -way
    return speed


def smoothed(places: Places, states: States, how: str) -> Places:
    """Places of the joints that are seen or filled, smoothed over the frames around; the others as they are.

    Zero-phase, each of a finite window, which is smaller, and the same to both sides, towards the end of what is seen.
    """
    if how == "off":
        return places
    kernel = LIGHT if how == "light" else _gaussian(STRONG)
    made = places.copy()
    for joint in range(places.shape[1]):
        for start, end in _runs(states[:, joint] <= FILLED):
            made[start:end, joint] = _convolved(places[start:end, joint], kernel, how == "light")
    return made


def smoothed_at(places: Places, states: States, how: str, at: int) -> NDArray[np.float64]:
    """(K, 2): one frame as `smoothed` makes it of all, from those that it looks at."""
    first = max(0, at - REACH)
    around = slice(first, at + REACH + 1)
    made: NDArray[np.float64] = smoothed(places[around], states[around], how)[at - first]
    return made


def _convolved(values: NDArray[np.float64], kernel: NDArray[np.float64], fits: bool) -> NDArray[np.float64]:
    """(N, 2). fits: whether the kernel fits parabolas, which through less than five points are exact."""
    reach = len(kernel) // 2
    made = values.copy()
    for place in range(len(values)):
        room = min(place, len(values) - 1 - place, reach)
        if room < reach and fits:
            continue
        part = kernel[reach - room : reach + room + 1]
        made[place] = part @ values[place - room : place + room + 1] / part.sum()
    return made


def _gaussian(deviation: float) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / deviation) ** 2)
    return np.asarray(weights / weights.sum(), np.float64)


def _runs(where: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(first, behind the last) of what is true in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    yield from ((int(start), int(end)) for start, end in edges.reshape(-1, 2))

"""Left and right that a network took for one another are put back. Pure functions of arrays.

For trunk, arms and legs a clip's frames are each read as they are or exchanged, so that all together move most evenly
(Viterbi over the whole clip): a joint is compared with where the two frames before say that it goes, each in both
readings. Limbs that truly cross keep their speed; a reading that changes sides jumps there and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.bodies import torso_of
from shared.layouts import SIDES

PAIRS: tuple[
    tuple[tuple[str, ...], Mapping[str, str]], ...
] = (  # the joints, and what they hang on where it is theirs to see whether they are on its side
    (("shoulder", "hip"), {}),
    (("elbow", "wrist", "pinky", "index", "thumb"), {"elbow": "shoulder"}),
    (("knee", "ankle", "heel", "foot_index", "big_toe", "small_toe"), {"knee": "hip"}),
)
CHANGE = 0.25  # torsos of unevenness that a change of sides must save
STAY = 0.02  # torsos a frame that are exchanged: where nothing else says so, what was read stays
HANGS = 0.1  # of how much longer the bone is to the other side's joint
MOST = 1.0  # torsos, of one joint on one frame: what is thrown about says no more
BOTH = (0, 1)

Values = NDArray[np.float64]


def exchanged(places: Values, sure: Values, there: NDArray[np.bool_], names: Sequence[str]) -> NDArray[np.intp]:
    """(F, K): for each joint on each frame the one that was read for it; itself where sides were not exchanged.

    places: (F, K, 2) pixels; sure: (F, K); there: (F,) whether somebody was read; names: of the K joints.
    """
    index = np.tile(np.arange(len(names)), (len(places), 1))
    if there.sum() < 3:
        return index
    sizes = np.array([max(1.0, torso_of(one)) if known else 1.0 for one, known in zip(places, there, strict=True)])
    rows = np.arange(len(places))[:, None]
    for joints, bones in PAIRS:
        mine = [joint for joint in joints if f"left_{joint}" in names]
        pairs = np.array([[names.index(f"{side}_{joint}") for joint in mine] for side in SIDES])
        hang = {mine.index(joint): [names.index(f"{side}_{on}") for side in SIDES] for joint, on in bones.items()}
        now = places[rows, index]  # the trunk is put right before what hangs on it
        swap = _swaps(now[:, pairs], sure[:, pairs].min(1), there, sizes, {at: now[:, on] for at, on in hang.items()})
        left, right = pairs
        where = np.flatnonzero(swap)[:, None]
        index[where, left], index[where, right] = index[where, right], index[where, left]
    return index


def _swaps(
    places: Values, sure: Values, there: NDArray[np.bool_], sizes: Values, hang: dict[int, Values]
) -> NDArray[np.bool_]:
    """(F,) whether the sides of pairs (F, 2, J, 2) are exchanged. hang: by joint where its bones begin, (F, 2, 2)."""
    count = len(places)
    read = np.stack([places, places[:, ::-1]])  # as it was read, and exchanged
    alone = np.zeros((count, 2))
    alone[:, 1] = STAY
    for joint, on in hang.items():
        for state in BOTH:
            length = np.linalg.norm(read[state][:, :, joint] - on, axis=-1).sum(1) / sizes
            alone[:, state] += HANGS * sure[:, joint] * length
    uneven = np.zeros((count, 2, 2, 2))  # of a frame, by the states of the two before and its own
    linked = there[2:] & there[1:-1] & there[:-2]
    for first, second, third in product(BOTH, BOTH, BOTH):
        bend = (
            np.linalg.norm(read[third][2:] - 2 * read[second][1:-1] + read[first][:-2], axis=-1) / sizes[2:, None, None]
        )
        weight = np.minimum(np.minimum(sure[2:], sure[1:-1]), sure[:-2])
        cost = (np.minimum(bend, MOST).sum(1) * weight).mean(1)
        uneven[2:, first, second, third] = np.where(linked, cost, 0.0)
    alone[~there] = 0
    return _cheapest(alone, uneven)


def _cheapest(alone: Values, uneven: Values) -> NDArray[np.bool_]:
    """(F,) states of the cheapest way: alone (F, 2) is the cost of a state, uneven (F, 2, 2, 2) of three in a row."""
    change = np.array([[0, CHANGE], [CHANGE, 0]])
    count = len(alone)
    cost = alone[0][:, None] + alone[1] + change  # of the states of two frames
    origins = np.zeros((count, 2, 2), np.intp)
    for time in range(2, count):
        ways = cost[:, :, None] + uneven[time]
        origins[time] = ways.argmin(0)
        cost = ways.min(0) + change + alone[time]
    second, third = np.unravel_index(int(cost.argmin()), cost.shape)
    states = [int(third), int(second)]
    for time in range(count - 1, 1, -1):
        states.append(int(origins[time][states[-1], states[-2]]))
    return np.array(states[::-1], bool)

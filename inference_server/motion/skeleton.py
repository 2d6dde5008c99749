"""A picture of people's joints and bones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference_server.motion.bodies import torso_of
from inference_server.motion.drawing import LEFT, MIDDLE, RIGHT, Pixels, Sheet
from inference_server.motion.joints import FILLED, SEEN
from shared.layouts import BONES, LAYOUTS, SIDES

THICK = 0.045  # of the torso
FINE = 0.4  # of that, for face, hands and toes
SMALL = 1.0  # pixels, least
MAIN = {
    *(f"{side}_{joint}" for side in SIDES for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
    *("neck", "hip"),
}
RING = 2  # of a joint that was filled in: its line, in pixels

Joints = NDArray[np.float64]


def skeletons(size: tuple[int, int], people: Sequence[tuple[Joints, NDArray[np.int8]]], layout: str) -> Pixels:
    """(H, W, 4) uint8, straight alpha: the joints (K, 2) of a layout and their states (K,) of people.

    What is not seen is not drawn. The person's left is blue, their right orange; a joint that was filled in is a ring.
    """
    sheet = Sheet(*size)
    index = {name: LAYOUTS[layout].index(name) for bone in BONES[layout] for name in bone}
    for places, states in people:
        torso = torso_of(places)
        thick = max(SMALL, THICK * torso)
        known = (states == SEEN) | (states == FILLED)
        for one, other in BONES[layout]:
            ends = [index[one], index[other]]
            if known[ends].all():
                fine = FINE if {one, other} - MAIN else 1
                sheet.line(places[ends], _colour(one, other), max(1, round(thick * fine)))
        for name, joint in index.items():
            if known[joint]:
                radius = thick * (1 if name in MAIN else FINE)
                line = (RING,) if states[joint] == FILLED else ()
                sheet.dot(places[joint], _colour(name, name), max(SMALL, radius), *line)
    return sheet.picture


def _colour(one: str, other: str) -> tuple[int, int, int]:
    sides = {name.partition("_")[0] for name in (one, other)}
    return LEFT if sides == {"left"} else RIGHT if sides == {"right"} else MIDDLE

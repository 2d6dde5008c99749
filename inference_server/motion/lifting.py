"""Joints of the picture become points in space, by a network that is given them over time. Pure functions of arrays.

Joints go in Human3.6M's order, x and y by the square around all that somebody did, -1 to 1, as MotionBERT's authors do;
once as they are and once mirrored, of which the mean is taken. A clip longer than the network sees goes in parts that
overlap by half, and fade into each other. What comes out has no size: it is that of somebody 1.70 metres tall, frame by
frame, since bones do not grow when somebody comes nearer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.crops import steadied
from inference_server.motion.joints import FILLED, SEEN
from inference_server.motion.layouts import converted
from shared.layouts import H36M_17, SIDES

TALL = 1.70  # metres
BONES = (  # one way from the ankle up to the head, with their lengths by the body's height, of adults
    *(("ankle", "knee", 0.246), ("knee", "hip", 0.245)),
    *(("hip", "spine", 0.140), ("spine", "neck", 0.150), ("neck", "nose", 0.075), ("nose", "head_top", 0.070)),
)
STEADY = 4.0  # frames: the deviation of the Gaussian over the size
FEWEST = 4  # joints, of all frames: fewer are no body

Points = NDArray[np.float64]


def lifted(
    places: Points,
    sure: Points,
    states: NDArray[np.int8],
    names: Sequence[str],
    network: Callable[[Points], Points],
    frames: int,
) -> Points:
    """(F, K, 3) metres from the middle of the hips, x right, y down, z away; NaN for joints that no network lifts.

    places: (F, K, 2) pixels; sure: (F, K); states: (F, K) of `joints`; names: of the K joints. network: of (T, 17, 3),
    T up to `frames`.
    """
    known = np.where((states == SEEN) | (states == FILLED), sure, 0.0)
    rows = converted(places, names, H36M_17, np.mean)
    weights = converted(known[..., None], names, H36M_17, np.min)
    given = squared(np.concatenate([rows, weights], -1))
    if given is None:
        return np.full((*places.shape[:2], 3), np.nan)
    made = over_time(given, lambda part: (network(part) + mirrored(network(mirrored(part)))) / 2, frames)
    made = in_metres(made - made[:, :1])
    space = np.full((*places.shape[:2], 3), np.nan)
    for joint, name in enumerate(names):
        if name in H36M_17:
            space[:, joint] = made[:, H36M_17.index(name)]
    return space


def squared(points: Points) -> Points | None:
    """(F, 17, 3) with x and y -1 to 1 in the square around those that are seen; None where hardly any are."""
    seen = points[points[..., 2] > 0][:, :2]
    if len(seen) < FEWEST:
        return None
    low, high = seen.min(0), seen.max(0)
    half = max(1e-6, float((high - low).max()) / 2)
    made = points.copy()
    made[..., :2] = (points[..., :2] - (low + high) / 2) / half
    clipped: Points = np.clip(made, -1, 1)
    return clipped


def mirrored(points: Points) -> Points:
    """Left and right exchanged, and x turned round."""
    other = [H36M_17.index(_other(name)) for name in H36M_17]
    turned: Points = points[:, other] * np.array([-1.0, 1, 1])
    return turned


def over_time(points: Points, network: Callable[[Points], Points], frames: int) -> Points:
    """What a network makes of (F, 17, 3) that it sees so many frames of at once."""
    count = len(points)
    if count <= frames:
        return network(points)
    parts = math.ceil((count - frames) / max(1, frames // 2)) + 1
    starts = [round(place) for place in np.linspace(0, count - frames, parts)]
    made, weights = np.zeros_like(points), np.zeros(count)
    fade = np.minimum(np.arange(1, frames + 1), np.arange(frames, 0, -1)).astype(np.float64)
    for start in starts:
        part = slice(start, start + frames)
        made[part] += network(points[part]) * fade[:, None, None]
        weights[part] += fade
    result: Points = made / weights[:, None, None]
    return result


def in_metres(points: Points) -> Points:
    """(F, 17, 3) of any size as somebody TALL is."""
    lengths = np.zeros(len(points))
    for one, other, _ in BONES:
        ways = [(f"{side}_{one}", f"{side}_{other}") for side in SIDES]
        ways = [way for way in ways if {*way} <= {*H36M_17}] or [(one, other)]
        parts = [points[:, H36M_17.index(a)] - points[:, H36M_17.index(b)] for a, b in ways]
        lengths += np.mean([np.linalg.norm(part, axis=-1) for part in parts], 0)
    order = list(range(len(points)))
    sizes = steadied(order, np.log(np.maximum(lengths, 1e-9))[:, None], order, STEADY)[:, 0]
    metres: Points = points * (TALL * sum(part for _, _, part in BONES) / np.exp(sizes))[:, None, None]
    return metres


def _other(name: str) -> str:
    """The same joint of the other side."""
    for side, opposite in (("left_", "right_"), ("right_", "left_")):
        if name.startswith(side):
            return opposite + name.removeprefix(side)
    return name

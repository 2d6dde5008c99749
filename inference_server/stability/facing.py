"""Whether normals are what they are said to be: what is seen faces the viewer, the ground looks up, depth agrees.

Each convention of `shared.shot.NORMALS` is tried, and what of the surface contradicts it is counted. On 20 frames of
varied scenes, with labels and depth, 0 to 3 % of the surface contradict the right convention, 26 to 94 % y turned over,
54 to 97 % z turned over, 17 to 83 % normals of the world taken for the camera's; without either 0 to 1, 0 to 27, 54 to
97 and 0 to 31 %.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shared.passes.data_pass import FAR
from shared.passes.normal_pass import AXES, turned
from shared.shot import NORMALS
from shared.values import Value

Mask = NDArray[np.bool_]  # (H, W)
Ids = NDArray[np.uint16]  # (H, W)
Plane = NDArray[np.float32]  # (H, W) or (H, W, 3)

AWAY = -0.1  # cosine to the viewer; what is rounded turns a little beyond its outline
AGREES = 0.3  # cosine to the normal that the depth pass makes; less is another surface
SMOOTH = 0.02  # relative change of depth between neighbours, beyond which it is an edge or seen too flat
MOST_PIXELS = 2**15  # of a frame that is looked at; larger ones are thinned out, which also steadies a rounded depth
USUAL_FOCAL = 1.0  # in widths of the picture: 36 mm on 36 mm
ENOUGH = 100  # pixels of surface
CLEAR = 0.08  # share that contradicts, of a convention that is right beyond doubt
DOUBTFUL = 3  # times as much, and CLEAR more, contradicts one that is wrong beyond doubt
FAR_OFF = 8  # pixels by which a pass may be shifted
ELSEWHERE = 1.3  # times as much turns at the labels' borders, where a pass belongs; it is twice, a pixel off


class Seen(Value):
    """A frame's normals in the axes of the file, and what else is known of it.

    vectors (H, W, 3), of length 1 or 0; depth (H, W), FAR where nothing is; flat (H, W): what lies on the ground;
    to_world (3, 3): the camera's axes in the world, in columns; focal: in widths of the picture.
    """

    vectors: Plane
    depth: Plane | None = None
    flat: Mask | None = None
    to_world: Plane | None = None
    focal: float = USUAL_FOCAL

    def thinned(self) -> Seen:
        every = max(1, round(float(np.sqrt(self.vectors[..., 0].size / MOST_PIXELS))))
        part = (slice(None, None, every), slice(None, None, every))
        depth = None if self.depth is None else self.depth[part]
        flat = None if self.flat is None else self.flat[part]
        return Seen(self.vectors[part], depth, flat, self.to_world, self.focal)


def contradicting(frames: list[Seen]) -> dict[str, float]:
    """Convention -> the share of the surface that contradicts it, 0..1; without those that nobody can try.

    Empty where there is too little surface.
    """
    counts: dict[str, int] = {}
    surface = 0
    for seen in (one.thinned() for one in frames):
        there = seen.vectors.any(2)
        surface += int(there.sum())
        height, width = there.shape
        viewer = towards_viewer(height, width, seen.focal)
        by_depth = None if seen.depth is None else of_depth(seen.depth, seen.focal)
        for name in NORMALS if all(one.to_world is not None for one in frames) else AXES:
            normals = turned(seen.vectors, name, seen.to_world)
            against = np.einsum("hwc,hwc->hw", normals, viewer) < AWAY
            if seen.flat is not None:
                against |= seen.flat & (normals[..., 1] < AWAY)
            if by_depth is not None:
                against |= by_depth.any(2) & (np.einsum("hwc,hwc->hw", normals, by_depth) < AGREES)
            counts[name] = counts.get(name, 0) + int((against & there).sum())
    return {name: count / surface for name, count in counts.items()} if surface >= ENOUGH else {}


def better(shares: Mapping[str, float], declared: str) -> str | None:
    """A convention that is right where the declared one is wrong, both beyond doubt; None where there is none."""
    best = min(shares, key=lambda name: shares[name], default=None)
    if best is None or declared not in shares or shares[best] > CLEAR:
        return None
    return best if shares[declared] > DOUBTFUL * shares[best] + CLEAR else None


def turns(vectors: Plane, ids: Ids, across: int = 0, down: int = 0) -> float:
    """How much normals turn where labels (H, W) change, 0..2: half as much a pixel or a frame off. NaN: few borders.

    across, down: pixels by which the normals are moved first.
    """
    total, count = 0.0, 0
    for axis in (0, 1):
        here = np.take(ids, range(1, ids.shape[axis]), axis) != np.take(ids, range(ids.shape[axis] - 1), axis)
        rows, columns = np.nonzero(here)
        a = _moved(vectors, rows + (axis == 0), columns + (axis == 1), across, down)
        b = _moved(vectors, rows, columns, across, down)
        there = a.any(1) | b.any(1)
        total += float((1 - np.einsum("nc,nc->n", a, b))[there].sum())
        count += int(there.sum())
    return total / count if count >= ENOUGH else float("nan")


def _moved(vectors: Plane, rows: NDArray[np.intp], columns: NDArray[np.intp], across: int, down: int) -> Plane:
    height, width = vectors.shape[:2]
    moved: Plane = vectors[np.clip(rows - down, 0, height - 1), np.clip(columns - across, 0, width - 1)]
    return moved


def shifted(vectors: Plane, ids: Ids) -> tuple[int, int] | None:
    """(x, y) in pixels by which normals would have to be moved to lie on the labels; None where they do."""
    steps = [2**power * sign for power in range(FAR_OFF.bit_length()) for sign in (1, -1)]
    places = [(0, 0), *((step, 0) for step in steps), *((0, step) for step in steps)]
    found = {place: turns(vectors, ids, *place) for place in places}
    best = max(found, key=lambda place: found[place])
    return best if found[best] > ELSEWHERE * found[0, 0] else None


def towards_viewer(height: int, width: int, focal: float) -> Plane:
    """(H, W, 3): from what is seen at a pixel to the camera, in its space."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = (columns + 0.5 - width / 2) / (focal * width), (height / 2 - rows - 0.5) / (focal * width)
    to = np.dstack([-x, -y, np.ones_like(x)])
    unit: Plane = to / np.linalg.norm(to, axis=2, keepdims=True)
    return unit


def of_depth(depth: Plane, focal: float) -> Plane:
    """(H, W, 3): the normals of the surfaces that a depth pass (H, W) describes, 0 at their edges."""
    height, width = depth.shape
    viewer = towards_viewer(height, width, focal)
    places = viewer / -viewer[..., 2:] * np.where(depth < FAR, depth, 0)[..., None]
    made = np.zeros((height, width, 3), np.float32)
    across, upwards = places[1:-1, 2:] - places[1:-1, :-2], places[:-2, 1:-1] - places[2:, 1:-1]
    normals = np.cross(across, upwards)
    here, around = depth[1:-1, 1:-1], (depth[1:-1, 2:], depth[1:-1, :-2], depth[:-2, 1:-1], depth[2:, 1:-1])
    smooth = np.all([np.abs(one - here) < SMOOTH * here for one in around], axis=0) & (here < FAR) & (here > 0)
    lengths = np.linalg.norm(normals, axis=2, keepdims=True)
    made[1:-1, 1:-1] = np.where(smooth[..., None] & (lengths > 0), normals / np.maximum(lengths, 1e-20), 0)
    return made

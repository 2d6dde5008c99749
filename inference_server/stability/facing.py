"""Whether normals are what they are said to be: what is seen faces the viewer, the ground looks up, depth agrees.

Each convention of `shared.shot.NORMALS` is tried, and what of the surface contradicts it is counted. The ground is one
witness, not many: rough ground has slopes of every kind, but in the mean it looks up, by the camera where it is known,
else towards the sky where some is seen. On 116 frames of varied scenes 0 to 2 % of the surface contradict the right
convention; by normals and labels alone y turned over is told on 115, by the camera, too, normals of the world that are
taken for the camera's on all 116, and those of a world with another axis up, taken for this world's, on 112.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shared.label_set import NOTHING
from shared.passes.data_pass import FAR
from shared.passes.normal_pass import AXES, turned
from shared.shot import NORMALS
from shared.values import Value

Mask = NDArray[np.bool_]  # (H, W)
Ids = NDArray[np.uint16]  # (H, W)
Plane = NDArray[np.float32]  # (H, W) or (H, W, 3)

ANOTHER_UP = "world, another axis up"  # than the tracks have; not to be painted with

AWAY = -0.1  # cosine to the viewer; what is rounded turns a little beyond its outline
AGREES = 0.3  # cosine to the normal that the depth pass makes; less is another surface
RISES = 0.5  # cosine of the ground's mean normal to what is up; of hillsides alone it is more
TO_SKY = 0.3  # the same in the picture, to the direction in which the sky lies
OF_ONE_MIND = 0.2  # the length of the ground's mean normal, below which it points nowhere
SMOOTH = 0.02  # relative change of depth between neighbours, beyond which it is an edge or seen too flat
MOST_PIXELS = 2**15  # of a frame that is looked at; larger ones are thinned out, which also steadies a rounded depth
USUAL_FOCAL = 1.0  # in widths of the picture: 36 mm on 36 mm
ENOUGH = 100  # pixels of surface
CLEAR = 0.08  # share that contradicts, of a convention that is right beyond doubt
DOUBTFUL, MORE = 3, 0.04  # times as much, and so much more, contradicts one that is wrong beyond doubt
AS_GOOD = 0.02  # share by which two that are right may differ
FAR_OFF = 8  # pixels by which a pass may be shifted
ELSEWHERE = 1.3  # times as much turns at the labels' borders, where a pass belongs; it is twice, a pixel off


class Seen(Value):
    """A frame's normals in the axes of the file, and what else is known of it.

    vectors (H, W, 3), of length 1 or 0; depth (H, W), FAR where nothing is; ground (H, W): the class of what lies on
    the ground, NOTHING elsewhere; sky (H, W): what is behind everything; to_world (3, 3): the camera's axes in the
    world, in columns, whose axis `up` points up; focal: in widths of the picture.
    """

    vectors: Plane
    depth: Plane | None = None
    ground: Ids | None = None
    sky: Mask | None = None
    to_world: Plane | None = None
    up: str = "y"
    focal: float = USUAL_FOCAL

    def thinned(self) -> Seen:
        """A part of it that is enough, in memory of its own."""
        every = max(1, round(float(np.sqrt(self.vectors[..., 0].size / MOST_PIXELS))))
        part = (slice(None, None, every), slice(None, None, every))
        planes = ("depth", "ground", "sky")
        thin = {name: plane[part].copy() for name in planes if (plane := getattr(self, name)) is not None}
        return replace(self, vectors=self.vectors[part].copy(), **thin)


def contradicting(frames: list[Seen]) -> dict[str, float]:
    """Convention -> the share of the surface that contradicts it, 0..1; without those that nobody can try.

    Where the cameras are known, ANOTHER_UP is tried, too. Empty where there is too little surface.
    """
    counts: dict[str, int] = {}
    surface = 0
    for seen in (one.thinned() for one in frames):
        there = seen.vectors.any(2)
        surface += int(there.sum())
        height, width = there.shape
        viewer = towards_viewer(height, width, seen.focal)
        by_depth = None if seen.depth is None else of_depth(seen.depth, seen.focal)
        for name in (*NORMALS, ANOTHER_UP) if all(one.to_world is not None for one in frames) else AXES:
            normals = _for_camera(seen, name)
            against = np.einsum("hwc,hwc->hw", normals, viewer) < AWAY
            if by_depth is not None:
                against |= by_depth.any(2) & (np.einsum("hwc,hwc->hw", normals, by_depth) < AGREES)
            if seen.ground is not None and _is_no_ground(normals[(ground := seen.ground != NOTHING) & there], seen):
                against |= ground
            counts[name] = counts.get(name, 0) + int((against & there).sum())
    return {name: count / surface for name, count in counts.items()} if surface >= ENOUGH else {}


def without_a_class(frames: list[Seen]) -> Iterator[tuple[int, list[Seen]]]:
    """Each class of the ground, the largest first, and the frames as if it could stand as well as lie.

    Water falls and grass grows on cliffs: what a single class says alone is no proof.
    """
    thin = [one.thinned() for one in frames]
    ground = np.concatenate([np.empty(0, np.uint16), *(one.ground.ravel() for one in thin if one.ground is not None)])
    numbers, counts = np.unique(ground[ground != NOTHING], return_counts=True)
    for number in numbers[np.argsort(-counts)]:
        yield int(number), [_standing(one, number) for one in thin]


def _standing(seen: Seen, number: np.uint16) -> Seen:
    if seen.ground is None:
        return seen
    return replace(seen, ground=np.where(seen.ground == number, np.uint16(NOTHING), seen.ground))


def _for_camera(seen: Seen, name: str) -> Plane:
    if name != ANOTHER_UP:
        return turned(seen.vectors, name, seen.to_world)
    x, y, z = np.moveaxis(seen.vectors, 2, 0)
    return turned(np.dstack([x, -z, y] if seen.up == "z" else [x, z, -y]), "world", seen.to_world)


def _is_no_ground(normals: Plane, seen: Seen) -> bool:
    """Whether what is called ground stands or hangs, by its normals (N, 3) in the camera's space."""
    mean = normals.mean(0) if len(normals) >= ENOUGH else np.zeros(3, np.float32)
    length = float(np.linalg.norm(mean))
    if length < OF_ONE_MIND:
        return False
    if seen.to_world is not None:
        return float(mean @ seen.to_world["xyz".index(seen.up)]) < RISES * length
    sky = _where_the_sky_lies(seen)
    return float(mean[1]) < AWAY * length if sky is None else float(mean[:2] @ sky) < TO_SKY * length


def _where_the_sky_lies(seen: Seen) -> Plane | None:
    """(2,) from the middle of the ground to that of the sky, x to the right, y up, of length 1; None: none is seen."""
    if seen.sky is None or seen.ground is None or seen.sky.sum() < ENOUGH:
        return None
    (sky_row, sky_column), (row, column) = (np.argwhere(mask).mean(0) for mask in (seen.sky, seen.ground != NOTHING))
    away = np.array([sky_column - column, row - sky_row], np.float32)
    unit: Plane = away / max(float(np.linalg.norm(away)), 1e-6)
    return unit


def better(shares: Mapping[str, float], declared: str) -> str | None:
    """A convention that is right where the declared one is wrong, both beyond doubt; None where there is none.

    ANOTHER_UP only where no other is as good: a level camera along an axis of the world sees hardly a difference.
    """
    best = min(shares, key=lambda name: shares[name] + (name == ANOTHER_UP) * AS_GOOD, default=None)
    if best is None or declared not in shares or shares[best] > CLEAR:
        return None
    return best if shares[declared] > DOUBTFUL * shares[best] + MORE else None


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

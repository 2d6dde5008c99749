"""Skeletons of people in a clip, of what was measured of them and of where they were seen in the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.motion import joints
from inference_server.motion.solving import feet
from inference_server.motion.solving.body import Points, Rest, rest_of
from inference_server.motion.solving.level import level
from inference_server.motion.solving.path import View, path_of
from inference_server.motion.solving.people import Measured
from inference_server.motion.solving.turning import HIPS, Turns, hanging, local, places, turned_to
from inference_server.motion.solving.turns import Array, eulers, frame
from shared.layouts import SIDES
from shared.poses import PARENTS, Bone, Poses, Reader, Skeleton
from shared.tracks import Camera, Row, Tracks
from shared.values import Value

GUESS = 35.0  # millimetres, of a lens that nobody knows: that of a new camera in Maya
FILM = 36.0  # millimetres that the width of the picture covers, by which lenses are named
STEP = 0.5  # seconds, in which one foot or the other stands
DIGITS = 4  # of a degree and of a centimetre, behind the point
EXACT = 9  # of a camera
SEEN_AS = {  # joints that are looked for in the picture, and the tracks' points between which they lie
    "Head": ("left_ear", "right_ear"),
    **{
        f"{side.capitalize()}{joint}": (f"{side}_{point}",)
        for side in SIDES
        for joint, point in (
            ("Arm", "shoulder"),
            ("ForeArm", "elbow"),
            ("Hand", "wrist"),
            ("UpLeg", "hip"),
            ("Leg", "knee"),
            ("Foot", "ankle"),
        )
    },
}


class Ask(Value):
    """What an artist says. height: centimetres from sole to crown of everybody, of some by their ids, None as measured;
    lens: millimetres as if the picture were 36 wide, 0 not known.
    """

    height: float | Mapping[int, float] | None = None
    lens: float = 0.0
    feet: str = "auto"
    smoothing: str = "light"

    def height_of(self, person: int) -> float | None:
        return self.height.get(person) if isinstance(self.height, Mapping) else self.height


class _Figure(Value):
    """A person on the way: turns and path in the camera's axes."""

    of: Measured
    rest: Rest
    turns: Turns
    path: Array
    seen: Mapping[str, NDArray[np.bool_]]  # legs, by side


def solve(
    people: Sequence[Measured],
    tracks: Tracks,
    shot: Tracks | None,
    rate: tuple[int, int],
    ask: Ask,
    model: Reader | None = None,
) -> tuple[Poses | None, list[str]]:
    """Poses, None where nobody's shoulders were ever measured, and notes for the artist.

    tracks: where the same people are seen in the picture. shot: tracks with the camera that saw them, where one is
    known: then skeletons stand in its space. rate: frames a second, as a fraction.
    """
    notes: list[str] = []
    fps = rate[0] / rate[1]
    frames = np.arange(tracks.first, tracks.last + 1)
    camera, lens_from = _lens(shot, frames, tracks.width, ask)
    if lens_from == "guess":
        notes.append(
            f"nobody says how long the lens is: {GUESS:g} mm are taken, so how far away people are is a guess;"
            " say it by the option lens, or give the shot its camera"
        )
    figures = []
    for person in people:
        if not _together(person, HIPS[2:]):
            notes.append(f"person {person.id} has no skeleton: both shoulders are never seen together")
            continue
        if not _together(person, HIPS):
            notes.append(f"person {person.id} is seen without hips: they are taken to be upright below the shoulders")
        figures.append(_figure(person, tracks, camera, fps, ask))
    if not figures:
        return None, notes
    if shot is None:
        turn = _level(figures, fps)
        matrix = np.eye(4)
        matrix[:3, :3] = turn.T
        toes = [_toes(one, turn) for one in figures]
        matrix[3, 1] = -feet.floor_of(*map(list, zip(*(pair for one in toes for pair in one), strict=True)))
        matrices = np.broadcast_to(matrix, (len(frames), 4, 4))
        camera = Camera(camera.name, (_row(matrix.ravel(), EXACT),), camera.focal, camera.film, camera.centre)
    else:
        matrices = np.array(camera.matrix).reshape(-1, 4, 4)
    skeletons = [_skeleton(one, matrices[one.of.first - tracks.first :][: one.of.frames], fps, ask) for one in figures]
    return (
        Poses(
            first=tracks.first,
            last=tracks.last,
            fps_num=rate[0],
            fps_den=rate[1],
            width=tracks.width,
            height=tracks.height,
            pixel_aspect=tracks.pixel_aspect,
            camera=Camera(camera.name, _alike(camera.matrix), _alike(camera.focal), camera.film, camera.centre),
            people=tuple(skeletons),
            space="floor" if shot is None else "world",
            lens_from=lens_from,
            feet=ask.feet,
            smoothing=ask.smoothing,
            model=model,
        ),
        notes,
    )


def _lens(shot: Tracks | None, frames: NDArray[Any], width: int, ask: Ask) -> tuple[Camera, str]:
    """The camera, of each frame, y up and in centimetres, and who says how long its lens is."""
    if shot is None or shot.camera is None:
        still = Camera("camera", (_row(np.eye(4).ravel(), EXACT),), (ask.lens or GUESS,), FILM)
        return still, "artist" if ask.lens else "guess"
    own = shot.camera
    at = np.clip(frames - shot.first, 0, None)
    matrices = np.array(own.matrix).reshape(-1, 4, 4)[np.minimum(at, len(own.matrix) - 1)]
    if shot.up == "z":
        matrices = matrices @ np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    matrices[:, 3, :3] *= shot.centimetres
    focal = np.array(own.focal)[np.minimum(at, len(own.focal) - 1)]
    film, lens_from = own.film, "camera"
    if ask.lens:
        focal, film, lens_from = np.full(len(frames), ask.lens), FILM, "artist"
    centre = None if own.centre is None else (own.centre[0] * width / shot.width, own.centre[1] * width / shot.width)
    return Camera(
        own.name, tuple(_row(one.ravel(), EXACT) for one in matrices), _row(focal, EXACT), film, centre
    ), lens_from


def _together(person: Measured, names: Sequence[str]) -> bool:
    """Whether these points are seen on one frame."""
    return all(name in person.points for name in names) and bool(
        np.all([person.points[name][:, 3] > 0 for name in names], 0).any()
    )


def _figure(person: Measured, tracks: Tracks, camera: Camera, fps: float, ask: Ask) -> _Figure:
    names = list(person.points)
    rows = np.stack([person.points[name] for name in names], 1)
    known = rows[..., 3] > 0
    states = np.where(known, joints.SEEN, joints.HIDDEN).astype(np.int8)
    smooth = np.where(known[..., None], joints.smoothed(rows[..., :3], states, ask.smoothing), np.nan)
    points = {name: smooth[:, at] for at, name in enumerate(names)}
    sure = {name: rows[:, at, 3] for at, name in enumerate(names)}
    if not _together(person, HIPS):
        points = hanging(points)
        sure = {**dict.fromkeys(HIPS[:2], np.zeros(person.frames)), **sure}
    rest = rest_of(points, sure, ask.height_of(person.id))
    turns = turned_to(points, rest)
    here = np.arange(person.first - tracks.first, person.first - tracks.first + person.frames)
    own = next(one for one in tracks.people if one.id == person.id)
    found = {name: np.array(row)[np.minimum(here, len(row) - 1)] for name, row in own.joints.items()}
    looked = {joint: parts for joint, parts in SEEN_AS.items() if all(part in found for part in parts)}
    image = np.stack([np.mean([found[part] for part in parts], 0)[:, :2] for parts in looked.values()], 1)
    weights = np.stack([np.min([found[part][:, 2] for part in parts], 0) for parts in looked.values()], 1)
    square = np.array([tracks.pixel_aspect, 1.0])
    focal = np.array(camera.focal)[np.minimum(here, len(camera.focal) - 1)]
    middle = camera.centre or (tracks.width / 2, tracks.height / 2)
    view = View(focal / camera.film * tracks.width * tracks.pixel_aspect, np.array(middle) * square)
    at = places(turns, rest, np.zeros((person.frames, 3)))
    path = path_of(np.stack([at[joint] for joint in looked], 1), image * square, weights, view, fps)
    seen = {side: _leg_seen(points, side.lower(), person.frames) for side in feet.SIDES}
    return _Figure(person, rest, turns, path, seen)


def _leg_seen(points: Points, side: str, frames: int) -> NDArray[np.bool_]:
    """(F,): on which frames hip, knee and ankle are."""
    parts = [points.get(f"{side}_{part}", np.full((frames, 3), np.nan)) for part in ("hip", "knee", "ankle")]
    return np.asarray(np.isfinite(parts).all((0, 2)))


def _level(figures: Sequence[_Figure], fps: float) -> Array:
    """(3, 3) from the camera's axes to upright ones: first as bodies stand, then as feet stand so."""
    bodies = [_upright(one) for one in figures]
    turn = level(bodies, [])
    for _ in range(2):
        turn = level(bodies, [_ground(one, turn, fps) for one in figures])
    return turn


def _upright(figure: _Figure) -> Array:
    at = places(figure.turns, figure.rest, figure.path)
    stood = figure.seen["Left"] & figure.seen["Right"]
    ways = at["Neck"] - (at["LeftFoot"] + at["RightFoot"]) / 2 if stood.any() else at["Neck"] - at["Hips"]
    return np.asarray(np.median(ways[stood] if stood.any() else ways, 0))


def _ground(figure: _Figure, turn: Array, fps: float) -> Array:
    """(N, 3) in the camera's axes: of every half second where the lower foot was, in the middle."""
    (left, right), seen = zip(*_toes(figure, turn), strict=True)
    known = np.flatnonzero(seen[0] | seen[1])
    lower = np.where((seen[0] & (~seen[1] | (left[:, 1] < right[:, 1])))[:, None], left, right)
    parts = np.array_split(known, max(1, round(len(known) / (STEP * fps)))) if len(known) else []
    return np.array([np.median(lower[part], 0) @ turn for part in parts]).reshape(-1, 3)


def _toes(figure: _Figure, turn: Array) -> list[tuple[Array, NDArray[np.bool_]]]:
    at = places(figure.turns, figure.rest, figure.path)
    return [(at[feet.toe_of(figure.rest, side)] @ turn.T, figure.seen[side]) for side in feet.SIDES]


def _skeleton(figure: _Figure, matrices: Array, fps: float, ask: Ask) -> Skeleton:
    person, rest = figure.of, figure.rest
    axes = frame(matrices[:, 0, :3], matrices[:, 1, :3])
    turns = {joint: axes @ turn for joint, turn in figure.turns.items()}
    path = np.einsum("fij,fj->fi", axes, figure.path) + matrices[:, 3, :3]
    stood = feet.standing(turns, rest, path, figure.seen, fps, ask.feet)
    between = local(stood.turns)
    bones = tuple(
        Bone(
            name=joint,
            parent=PARENTS[joint] or None,
            offset=_row(offset),
            rotation=_alike(tuple(_row(row) for row in eulers(between[joint]))),
            end=_row(rest.ends[joint]) if joint in rest.ends else None,
        )
        for joint, offset in rest.offsets.items()
    )
    spans: dict[str, tuple[tuple[int, ...], ...]] = {
        f"{side}Foot": tuple((person.first + one, person.first + other) for one, other in stood.spans[side])
        for side in feet.SIDES
        if stood.spans[side]
    }
    return Skeleton(
        id=person.id,
        first=person.first,
        last=person.first + person.frames - 1,
        root=tuple(_row(row) for row in stood.root),
        joints=bones,
        name=person.name,
        height=round(rest.height, DIGITS),
        height_from="read" if ask.height_of(person.id) is None else "artist",
        floor=round(stood.floor, DIGITS) + 0.0,
        contacts=spans,
        gaps=tuple(gap for gap in person.gaps if gap.joint in rest.offsets),
        points={name: _alike(tuple(map(tuple, rows.tolist()))) for name, rows in person.points.items()},
    )


def _row(values: Array, digits: int = DIGITS) -> Row:
    return tuple((np.asarray(values).round(digits) + 0.0).tolist())


def _alike(rows: tuple[Any, ...]) -> Any:
    """One row of what stands still."""
    return rows[:1] if all(row == rows[0] for row in rows) else rows

"""The camera of a shot and its marked points as tracks, from what Maya says of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maya_plugin.core.contract import Scene, ShotRequest
from shared.file_names import name_fault
from shared.tracks import Camera, Null, Row, Tracks

FILE = "tracks.json"  # beside shot.json
MARKED = "semrenderNulls"  # a set: what is in it becomes points
INCH = 25.4  # millimetres; Maya measures film in inches
FILL, HORIZONTAL, VERTICAL, OVERSCAN = range(4)  # camera.filmFit


@dataclass(frozen=True)
class Lens:
    """A camera's own numbers: millimetres the focal lengths of all frames, inches the film, as Maya has them."""

    focal: Row
    aperture: tuple[float, float]  # horizontal, vertical; scaled and squeezed
    offset: tuple[float, float]  # of the film, to the right and up
    fit: int


def build(
    request: ShotRequest,
    last: int,
    scene: Scene,
    up: str,
    name: str,
    matrices: Sequence[Sequence[float]],
    lens: Lens,
    points: Mapping[str, Sequence[Sequence[float]]],
) -> Tracks:
    """The tracks of frames request.first to `last`.

    Args:
        up: "y" or "z".
        matrices: of the camera, a world matrix of 16 numbers for each frame, centimetres.
        points: name -> a world matrix for each frame, of what is marked.
    """
    width, height = request.width or scene.width, request.height or scene.height
    film, centre = seen_film(lens, width, height, scene.pixel_aspect)
    return Tracks(
        first=request.first,
        last=last,
        width=width,
        height=height,
        pixel_aspect=scene.pixel_aspect,
        up=up,
        camera=Camera(
            name=usable(name),
            matrix=_once(tuple(rigid(one) for one in matrices)),
            focal=_once(lens.focal),
            film=film,
            centre=centre,
        ),
        nulls=tuple(Null(name, _once(tuple(tuple(one[12:15]) for one in rows))) for name, rows in points.items()),
    )


def seen_film(lens: Lens, width: int, height: int, pixel_aspect: float) -> tuple[float, Row | None]:
    """How many millimetres of film the picture's width covers, and where the axis meets it, None for the middle."""
    across, down = (INCH * side for side in lens.aperture)
    ratio = width / height * pixel_aspect
    wide = ratio > across / down
    horizontal = lens.fit == HORIZONTAL or (lens.fit == FILL and wide) or (lens.fit == OVERSCAN and not wide)
    film = across if horizontal else down * ratio
    right, up = (INCH * one for one in lens.offset)
    if not right and not up:
        return film, None
    return film, (width * (0.5 - right / film), height * (0.5 + up * ratio / film))


def rigid(matrix: Sequence[float]) -> Row:
    """The matrix without scale and shear: the direction of view stays, up stays upright on it."""
    back = _unit(matrix[8:11])
    along = sum(a * b for a, b in zip(matrix[4:7], back))
    up = _unit([a - along * b for a, b in zip(matrix[4:7], back)])
    right = (up[1] * back[2] - up[2] * back[1], up[2] * back[0] - up[0] * back[2], up[0] * back[1] - up[1] * back[0])
    return (*right, 0.0, *up, 0.0, *back, 0.0, *(float(one) for one in matrix[12:15]), 1.0)


def _unit(row: Sequence[float]) -> Row:
    size = math.sqrt(sum(one * one for one in row)) or 1.0
    return tuple(one / size for one in row)


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """One value of what stands still."""
    return values[:1] if all(one == values[0] for one in values) else values


def usable(name: str) -> str:
    """A node's name as the name of a layer: a namespace stands before an underline."""
    plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(" .") or "null"
    return f"_{plain}"[:80] if name_fault(plain) else plain

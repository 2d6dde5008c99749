"""What the camera of a shot does, and what is marked to be followed, asked without moving the scene in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core import tracks
from maya_plugin.core.contract import Scene, ShotRequest
from maya_plugin.core.members import is_component, parent, short
from shared.errors import SemrenderError
from shared.tracks import write_tracks

Matrix = list[float]


def write(request: ShotRequest, last: int, scene: Scene, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the tracks from request.first to `last` beside shot.json; their file as shot.json names it, and notes.

    That there are none is a note: the passes are there. Commands: getAttr, sets, upAxis, ls.
    """
    camera = request.camera
    if cmds.getAttr(f"{camera}.orthographic"):
        return (), (f"the camera {short(parent(camera))} is orthographic, which no comp has: it gets none",)
    frames = range(request.first, last + 1)
    marked, others = _marked()
    notes = (f"in {tracks.MARKED} only transforms become nulls, not {', '.join(others)}",) if others else ()
    try:
        made = tracks.build(
            request,
            last,
            scene,
            cmds.upAxis(query=True, axis=True),
            short(parent(camera)),
            [matrix(camera, frame) for frame in frames],
            lens(camera, frames),
            {name: [matrix(node, frame) for frame in frames] for name, node in marked.items()},
        )
        write_tracks(folder / tracks.FILE, made)
    except SemrenderError as error:
        return (), (f"the camera was not written for the comp: {error}", *notes)
    return (tracks.FILE,), notes


def matrix(node: str, frame: float) -> Matrix:
    """Row by row, for row vectors, in centimetres whatever the scene's unit."""
    return [float(one) for one in cmds.getAttr(f"{node}.worldMatrix[0]", time=frame)]


def lens(camera: str, frames: range) -> tracks.Lens:
    def get(name: str) -> Any:
        return cmds.getAttr(f"{camera}.{name}", time=frames[0])

    scale = get("cameraScale")
    return tracks.Lens(
        focal=tuple(float(cmds.getAttr(f"{camera}.focalLength", time=frame)) for frame in frames),
        aperture=(
            get("horizontalFilmAperture") * get("lensSqueezeRatio") * scale,
            get("verticalFilmAperture") * scale,
        ),
        offset=(get("horizontalFilmOffset"), get("verticalFilmOffset")),
        fit=int(get("filmFit")),
    )


def _marked() -> tuple[dict[str, str], list[str]]:
    """Name -> node of the transforms in the set, two of one name numbered; and what else is in it."""
    found: dict[str, str] = {}
    others: list[str] = []
    for member in (cmds.sets(tracks.MARKED, query=True) or []) if cmds.objExists(tracks.MARKED) else []:
        nodes = [] if is_component(member) else cmds.ls(member, type="transform", long=True)
        if not nodes:
            others.append(short(member))
        for node in nodes:
            base = name = tracks.usable(short(node))
            number = 2
            while name in found:
                name, number = f"{base}_{number}", number + 1
            found[name] = node
    return found, others

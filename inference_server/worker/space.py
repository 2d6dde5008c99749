"""The geometry of a frame as models take it: normals in the space of its camera, depth in metres."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.roots import inside
from inference_server.stability.facing import Seen, better, contradicting
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused, SemrenderError
from shared.passes.data_pass import FAR, read_depth
from shared.passes.normal_pass import NormalPass, read_normals, turned

Picture = NDArray[np.float32]
State = tuple[Path, int, int]  # a file, when it was changed, its size
View = tuple[tuple[float, ...], float]  # a camera's matrix, as in tracks, and its focal length in widths of the picture

KINDS = ("normal", "depth")
CENTIMETRES = 100.0  # of a unit of the scene where neither shot nor tracks say
TRIED = 3  # frames whose normals are looked at for what their axes are


def normals(plan: Plan, own: LayerPlan, frame: int) -> Picture:
    """(H, W, 3) as `PaintInput.normal`. Raises MissingInput or InputRefused."""
    convention = normal_is(plan, own)
    return turned(normal_pass(own, frame).vectors, convention, to_world(plan, frame) if convention == "world" else None)


def normal_pass(own: LayerPlan, frame: int) -> NormalPass:
    return read_normals(own.inputs["normal"].file(frame), own.layer.normal_layer)


def normal_is(plan: Plan, own: LayerPlan) -> str:
    """What the axes of a layer's normals are, the same for all its frames, whichever are painted.

    As the layer says, else as they are found out by some frames of the shot, else as the file's names say.
    """
    if own.layer.normal_is is not None:
        return own.layer.normal_is
    source, depths = own.inputs["normal"], own.inputs.get("depth")
    there = [frame for frame in plan.shot.frames if source.still or frame in source.files]
    frames = []
    for frame in spread(there[:1] if source.still else there, TRIED):
        depth_too = depths is not None and (depths.still or frame in depths.files)
        beside = _state(plan, depths.file(frame)) if depths is not None and depth_too else None
        frames.append((_state(plan, source.file(frame)), beside, view(plan, frame)))
    return _found_out(tuple(frames), own.layer.normal_layer, own.layer.depth_layer)


@lru_cache(maxsize=64)
def _found_out(
    frames: tuple[tuple[State, State | None, View | None], ...], normal_layer: str | None, depth_layer: str | None
) -> str:
    """One of `NORMALS`; a file that is as old and long as it was is the same.

    What cannot be read here is not asked: it may be of a frame that is still being rendered, and nobody paints it now.
    """
    seen, named = [], "camera"
    for (file, _, _), depth, at in frames:
        with contextlib.suppress(SemrenderError):
            found = read_normals(file, normal_layer)
            seen.append(seen_of(found, None if depth is None else read_depth(depth[0], depth_layer).values, at))
            named = "world" if found.of_the_world else "camera"
    return better(contradicting(seen), named) or named


def _state(plan: Plan, file: Path) -> State:
    path = inside(file, plan.roots)
    about = path.stat()
    return path, about.st_mtime_ns, about.st_size


def seen_of(found: NormalPass, depth: Picture | None, at: View | None, flat: NDArray[np.bool_] | None = None) -> Seen:
    """A frame as it is tried; of a depth pass of another size nothing is known here."""
    same = depth if depth is not None and depth.shape == found.vectors.shape[:2] else None
    if at is None:
        return Seen(found.vectors, same, flat)
    return Seen(found.vectors, same, flat, _columns(at[0]), at[1])


def spread(frames: Iterable[int], count: int) -> list[int]:
    """At most `count` of the frames, first and last among them."""
    every = list(frames)
    places = np.linspace(0, len(every) - 1, min(count, len(every)))
    return [every[round(float(place))] for place in places]


def depth(plan: Plan, own: LayerPlan, frame: int) -> Picture:
    """(H, W) as `PaintInput.depth`. Raises MissingInput or InputRefused."""
    values = read_depth(own.inputs["depth"].file(frame), own.layer.depth_layer).values
    return np.where(values < FAR, values * np.float32(metres(plan)), FAR)


def metres(plan: Plan) -> float:
    """How long a unit of the scene is."""
    if plan.shot.centimetres is not None:
        return plan.shot.centimetres / 100
    return (CENTIMETRES if plan.filmed is None else plan.filmed.centimetres) / 100


def view(plan: Plan, frame: int) -> View | None:
    """The camera of a frame, where the shot's tracks have it."""
    if plan.filmed is None or plan.filmed.camera is None:
        return None
    camera = plan.filmed.camera
    place = min(max(frame - plan.filmed.first, 0), len(camera.focal) - 1)
    return plan.filmed.view(frame), camera.focal[place] / camera.film


def to_world(plan: Plan, frame: int) -> Picture:
    """(3, 3): where the axes of a frame's camera point in the world, in columns. Raises InputRefused without one."""
    if plan.filmed is None:
        raise InputRefused(
            "the normals are those of the world, and the shot has no camera to see them by",
            remedy='Name the file of the camera in "tracks" of the shot, or as --tracks FILE; or render the normals in'
            ' the space of the camera, and say so: "normal_is": "camera"',
        )
    return _columns(plan.filmed.view(frame))


def _columns(matrix: tuple[float, ...]) -> Picture:
    return np.array(matrix, np.float32).reshape(4, 4)[:3, :3].T


def content(plan: Plan, own: LayerPlan, kind: str, frame: int) -> dict[str, Any]:
    """What the plane of a kind depends on beside its file, for keys."""
    if kind == "depth":
        unit = metres(plan)
        return {"depth_layer": own.layer.depth_layer} | ({} if unit == 1 else {"metres": unit})
    convention = normal_is(plan, own)
    camera = {"camera": to_world(plan, frame).tolist()} if convention == "world" else {}
    return {"normal_is": convention, "normal_layer": own.layer.normal_layer, **camera}

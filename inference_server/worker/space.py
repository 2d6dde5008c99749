"""The geometry of a frame as models take it: normals in the space of its camera, depth in metres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused
from shared.passes.data_pass import FAR, read_depth
from shared.passes.normal_pass import NormalPass, read_normals, turned

Picture = NDArray[np.float32]

KINDS = ("normal", "depth")
CENTIMETRES = 100.0  # of a unit of the scene where neither shot nor tracks say


def normals(plan: Plan, own: LayerPlan, frame: int) -> Picture:
    """(H, W, 3) as `PaintInput.normal`. Raises MissingInput or InputRefused."""
    convention = normal_is(plan, own)
    camera = to_world(plan, frame) if convention == "world" else None
    return turned(normal_pass(own, frame).vectors, convention, camera)


def normal_pass(own: LayerPlan, frame: int) -> NormalPass:
    return read_normals(own.inputs["normal"].file(frame), own.layer.normal_layer)


def normal_is(plan: Plan, own: LayerPlan) -> str:
    """What the axes of a layer's normals are, the same for all frames."""
    if own.layer.normal_is is not None:
        return own.layer.normal_is
    return "world" if normal_pass(own, min(own.inputs["normal"].files)).of_the_world else "camera"


def depth(plan: Plan, own: LayerPlan, frame: int) -> Picture:
    """(H, W) as `PaintInput.depth`. Raises MissingInput or InputRefused."""
    values = read_depth(own.inputs["depth"].file(frame), own.layer.depth_layer).values
    return np.where(values < FAR, values * np.float32(metres(plan)), FAR)


def metres(plan: Plan) -> float:
    """How long a unit of the scene is."""
    if plan.shot.centimetres is not None:
        return plan.shot.centimetres / 100
    return (CENTIMETRES if plan.filmed is None else plan.filmed.centimetres) / 100


def to_world(plan: Plan, frame: int) -> Picture:
    """(3, 3): where the axes of a frame's camera point in the world, in columns. Raises InputRefused without one."""
    if plan.filmed is None:
        raise InputRefused(
            "the normals are those of the world, and the shot has no camera to see them by",
            remedy='Name the file of the camera in "tracks" of the shot, or as --tracks FILE; or render the normals in'
            ' the space of the camera, and say so: "normal_is": "camera"',
        )
    return np.array(plan.filmed.view(frame), np.float32).reshape(4, 4)[:3, :3].T


def content(plan: Plan, own: LayerPlan, kind: str, frame: int) -> dict[str, Any]:
    """What the plane of a kind depends on beside its file, for keys."""
    if kind == "depth":
        unit = metres(plan)
        return {"depth_layer": own.layer.depth_layer} | ({} if unit == 1 else {"metres": unit})
    convention = normal_is(plan, own)
    camera = {"camera": to_world(plan, frame).tolist()} if convention == "world" else {}
    return {"normal_is": convention, "normal_layer": own.layer.normal_layer, **camera}

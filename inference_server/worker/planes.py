"""What a layer's model takes beside labels, read from its passes: one plane for each type of input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability.motion import read_vectors
from inference_server.worker import space
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused
from shared.frames import OF_CLIPS
from shared.passes.clip_pass import read_picture
from shared.passes.instance_pass import InstancePass, read_instances
from shared.passes.shading_pass import ShadingPass, read_shading
from shared.shot import OF_ANY_SIZE

Plane = NDArray[Any]  # (H, W) or (H, W, n)


def read_planes(plan: Plan, own: LayerPlan, frame: int, coverage: Plane | None) -> tuple[dict[str, Plane], Plane]:
    """The planes by the names that `PaintInput` has for them, and the layer's coverage (H, W), 0..1.

    coverage: by the labels; None for a layer without: it is where its picture is, else everywhere. Raises InputRefused.
    """
    if own.outline is None:
        return {}, np.ones(plan.size[::-1], np.float32)
    passes = {kind: one for kind, one in own.inputs.items() if kind not in OF_ANY_SIZE}
    planes: dict[str, Plane] = {}
    if coverage is None:
        found = read_picture(passes.pop("picture"), frame)
        planes["picture"], coverage = found.colour, found.alpha
    for kind, one in passes.items():
        if kind in OF_CLIPS:
            planes[kind] = read_picture(one, frame).colour
        else:
            planes[kind] = READERS[kind](plan, own, frame)
    height, width = coverage.shape
    for kind, one in passes.items():
        if planes[kind].shape[:2] != coverage.shape:
            raise InputRefused(
                f"the {kind} pass is {planes[kind].shape[1]}x{planes[kind].shape[0]}",
                file=one.file(frame),
                remedy=f"Give one of {width}x{height}, as {own.outline.pattern} is",
            )
    return {kind: plane for kind, plane in planes.items() if kind in own.card.uses}, coverage


def _motion(plan: Plan, own: LayerPlan, frame: int) -> Plane:
    """Pixels to where the surface was a frame before."""
    file = own.inputs["motion"].file(frame)
    vectors = read_vectors(file, own.layer.motion_is, motion_layer=own.layer.motion_layer)
    if vectors.leads_to != -1:
        raise InputRefused(
            f"the motion pass leads to the next frame ({vectors.convention}), and the model wants the one before",
            file=file,
            remedy='Render vectors to the previous frame, or say with "motion_is" that they are',
        )
    return vectors.field


def instance_pass(own: LayerPlan, frame: int) -> InstancePass:
    return read_instances(own.inputs["instance"].file(frame), own.layer.instance_layer)


def _instances(plan: Plan, own: LayerPlan, frame: int) -> Plane:
    return instance_pass(own, frame).numbers


def shading_pass(own: LayerPlan, frame: int) -> ShadingPass:
    return read_shading(own.inputs["shading"].file(frame), own.layer.shading_layer)


def _shading(plan: Plan, own: LayerPlan, frame: int) -> Plane:
    return shading_pass(own, frame).plane(own.layer.shading_white)


READERS: dict[str, Callable[[Plan, LayerPlan, int], Plane]] = {
    "motion": _motion,
    "depth": space.depth,
    "normal": space.normals,
    "instance": _instances,
    "shading": _shading,
}

"""What a layer's model takes beside labels, read from its passes: one plane for each type of input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability.motion import Vectors, read_vectors
from inference_server.worker import space
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused
from shared.frames import OF_CLIPS
from shared.passes.clip_pass import read_picture
from shared.passes.data_pass import read_depth
from shared.passes.instance_pass import read_instances
from shared.passes.normal_pass import read_normals
from shared.passes.shading_pass import read_shading
from shared.shot import OF_ANY_SIZE, ShotLayer

Plane = NDArray[Any]  # (H, W) or (H, W, n)


def read_planes(
    plan: Plan, own: LayerPlan, frame: int, coverage: Plane | None, read: Callable[[str], Any]
) -> tuple[dict[str, Plane], Plane]:
    """The planes by the names that `PaintInput` has for them, and the layer's coverage (H, W), 0..1.

    coverage: by the labels; None for a layer without: it is where its picture is, else everywhere. read: gives a pass
    of this frame as `read_pass` does. Raises InputRefused.
    """
    planes: dict[str, Plane] = {}
    for kind, found in read_sized(own, frame, coverage, read):
        coverage = found.alpha if coverage is None else coverage
        planes[kind] = MAKERS[kind](plan, own, frame, found)
    used = {kind: plane for kind, plane in planes.items() if kind in own.card.uses}
    return used, np.ones(plan.size[::-1], np.float32) if coverage is None else coverage


def read_sized(
    own: LayerPlan, frame: int, coverage: Plane | None, read: Callable[[str], Any]
) -> Iterator[tuple[str, Any]]:
    """A layer's passes that lie on its coverage, each as it was read; its picture first, where that is the coverage.

    As for `read_planes`. Raises InputRefused where one is of another size.
    """
    kinds = [kind for kind in own.inputs if kind not in OF_ANY_SIZE] if own.outline is not None else []
    size = None if coverage is None else coverage.shape
    for kind in sorted(kinds, key=lambda kind: coverage is None and kind != "picture"):
        found = read(kind)
        height, width = getattr(found, PLANES[kind]).shape[:2]
        size = size or (height, width)
        if (height, width) != size:
            assert own.outline is not None
            raise InputRefused(
                f"the {kind} pass is {width}x{height}",
                file=own.inputs[kind].file(frame),
                remedy=f"Give one of {size[1]}x{size[0]}, as {own.outline.pattern} is",
            )
        yield kind, found


def read_pass(own: LayerPlan, kind: str, frame: int) -> Any:
    """What the file of a pass holds on a frame, as its reader gives it. Raises MissingInput or InputRefused."""
    if kind in OF_CLIPS:
        return read_picture(own.inputs[kind], frame)
    return READERS[kind](own.inputs[kind].file(frame), own.layer)


def _motion(file: Path, layer: ShotLayer) -> Vectors:
    """To where the surface was a frame before."""
    vectors = read_vectors(file, layer.motion_is, motion_layer=layer.motion_layer)
    if vectors.leads_to != -1:
        raise InputRefused(
            f"the motion pass leads to the next frame ({vectors.convention}), and the model wants the one before",
            file=file,
            remedy='Render vectors to the previous frame, or say with "motion_is" that they are',
        )
    return vectors


READERS: dict[str, Callable[[Path, ShotLayer], Any]] = {
    "motion": _motion,
    "depth": lambda file, layer: read_depth(file, layer.depth_layer),
    "normal": lambda file, layer: read_normals(file, layer.normal_layer),
    "instance": lambda file, layer: read_instances(file, layer.instance_layer),
    "shading": lambda file, layer: read_shading(file, layer.shading_layer),
}
PLANES = {  # the name of the plane in what was read
    **dict.fromkeys(OF_CLIPS, "colour"),
    "motion": "field",
    "depth": "values",
    "normal": "vectors",
    "instance": "numbers",
    "shading": "there",
}
MAKERS: dict[str, Callable[[Plan, LayerPlan, int, Any], Plane]] = {  # of what was read
    **dict.fromkeys(OF_CLIPS, lambda plan, own, frame, read: read.colour),
    "motion": lambda plan, own, frame, read: read.field,
    "depth": lambda plan, own, frame, read: space.depth(plan, read),
    "normal": space.normals,
    "instance": lambda plan, own, frame, read: read.numbers,
    "shading": lambda plan, own, frame, read: read.plane(own.layer.shading_white),
}

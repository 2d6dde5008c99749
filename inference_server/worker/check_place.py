"""Whether a pass lies on the labels of its layer: it is of the same camera and of the same frames.

With what all checks of passes read of labels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability import edges
from inference_server.worker.plan import LayerPlan
from inference_server.worker.reading import read_labels
from shared.errors import InputRefused
from shared.label_set import NOTHING, SKY

Ids = NDArray[np.uint16]


def labels_of(own: LayerPlan, frame: int) -> Ids | None:
    """The ids (H, W) of a frame's labels; None for a layer that has none."""
    return read_labels(own, frame).ids if own.labels else None


def solid(own: LayerPlan, ids: Ids) -> NDArray[np.bool_]:
    """Where labels (H, W) say that something stands, and neither sky nor nothing is."""
    return np.asarray((ids != NOTHING) & ~np.isin(ids, own.label_set.beginning(*SKY)))


def judge_place(
    own: LayerPlan,
    kind: str,
    frame: int,
    plane: NDArray[Any],
    ids: Ids | None,
    steps_of: Callable[[NDArray[Any]], edges.Mask],
    told: Callable[[Ids], Ids] = lambda ids: ids,
) -> None:
    """Raises InputRefused where a plane (H, W) lies on the labels of a frame beside better, or when it is moved.

    ids: the labels of its frame, None for a layer that has none. told: what of labels the plane can tell apart.
    """
    source, labels = own.inputs[kind], own.labels
    if labels is None or ids is None:
        return
    found = edges.lies(plane, told(ids), steps_of) if plane.shape == ids.shape else None
    if found is None:
        return
    for step in () if labels.still or source.still else (-1, 1):
        there = read_labels(own, frame + step).ids if frame + step in labels.files else None
        also = edges.lies(plane, told(there), steps_of) if there is not None and there.shape == plane.shape else None
        if also is not None and edges.elsewhere(found, also.here):
            raise InputRefused(
                f"the {kind} pass is of another frame: its numbers are one off",
                file=source.file(frame),
                frame=frame,
                cause=f"Its steps lie on the labels of frame {frame + step}",
                remedy="Give its files the numbers of the frames that they belong to",
            )
    if edges.elsewhere(found, found.best):
        raise InputRefused(
            "the {} pass does not lie on the labels, but would if it were moved by {:+d}, {:+d} pixels".format(
                kind, *found.moved
            ),
            file=source.file(frame),
            frame=frame,
            cause=f"Its steps fit the labels' borders to {found.here:.2f} as they are, to {found.best:.2f} then",
            remedy="Render both with the same camera, size and overscan",
        )

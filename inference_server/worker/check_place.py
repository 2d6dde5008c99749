"""Whether a pass lies on the labels of its layer: it is of the same camera and of the same frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability import edges
from inference_server.worker.check_tried import Ids, Tried
from inference_server.worker.plan import LayerPlan
from shared.errors import InputRefused
from shared.label_set import NOTHING, SKY


def solid(own: LayerPlan, ids: Ids) -> NDArray[np.bool_]:
    """Where labels (H, W) say that something stands, and neither sky nor nothing is."""
    return np.asarray((ids != NOTHING) & ~np.isin(ids, own.label_set.beginning(*SKY)))


def misplaced(
    one: Tried,
    kind: str,
    plane: NDArray[Any],
    steps_of: Callable[[NDArray[Any]], edges.Mask],
    told: Callable[[Ids], Ids] = lambda ids: ids,
) -> InputRefused | None:
    """What is to be said where a plane (H, W) lies on the labels of a frame beside better, or when it is moved.

    told: what of labels the plane can tell apart.
    """
    source, frame, ids = one.own.inputs[kind], one.frame, one.ids
    found = edges.lies(plane, told(ids), steps_of) if ids is not None and plane.shape == ids.shape else None
    if found is None:
        return None
    for step in () if source.still else (-1, 1):
        there = one.beside(step)
        also = edges.lies(plane, told(there), steps_of) if there is not None and there.shape == plane.shape else None
        if also is not None and edges.elsewhere(found, also.here):
            return InputRefused(
                f"the {kind} pass is of another frame: its numbers are one off",
                file=source.file(frame),
                frame=frame,
                cause=f"Its steps lie on the labels of frame {frame + step}",
                remedy="Give its files the numbers of the frames that they belong to",
            )
    if edges.elsewhere(found, found.best):
        return InputRefused(
            "the {} pass does not lie on the labels, but would if it were moved by {:+d}, {:+d} pixels".format(
                kind, *found.moved
            ),
            file=source.file(frame),
            frame=frame,
            cause=f"Its steps fit the labels' borders to {found.here:.2f} as they are, to {found.best:.2f} then",
            remedy="Render both with the same camera, size and overscan",
        )
    return None


def refuse(faults: Iterable[InputRefused | None]) -> None:
    """Raises the first of the faults that were found."""
    for fault in faults:
        if fault is not None:
            raise fault

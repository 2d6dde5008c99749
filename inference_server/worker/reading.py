"""The first half of a frame's way: its passes become what the network is given.

The worker calls `decode` from a thread, so that the next frame is read while the device paints.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.models.base import PaintInput
from inference_server.models.cards import painting_size
from inference_server.models.needs import REMEMBERS
from inference_server.stability.tiles import Tile, choose_tiles
from inference_server.worker import walking
from inference_server.worker.copying import Finished, settled
from inference_server.worker.fitting import fit_planes, inside_box
from inference_server.worker.keys import before, key_with, mark, prepared_of
from inference_server.worker.plan import Ids, LayerPlan, Plan
from inference_server.worker.planes import read_pass, read_planes
from inference_server.worker.sun import sun_of
from shared.errors import InputRefused, SemrenderError
from shared.label_set import NOTHING, SKY
from shared.passes import LabelPass, read_label_pass, shading_pass
from shared.shot import resolved
from shared.values import Value

Prepares = Mapping[str, NDArray[Any]]  # what `Model.prepare` found


class Decoded(Value):
    """A frame ready to be painted; `request` is None where the layer is empty on this frame, or is held.

    coverage: (H, W) of the layer, 0..1; labels: None for a layer without; channels: (H, W) as in the request, at the
    size of the pass; tiles: of the request.
    """

    layer: str
    frame: int
    key: str
    coverage: NDArray[np.float32]
    labels: LabelPass | None
    request: PaintInput | None
    stage: str = "paint"
    channels: Ids | None = None
    tiles: tuple[Tile, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.coverage.any() if self.labels is None else bool((self.labels.ids == NOTHING).all())


def decode(
    plan: Plan, layer: str, frame: int, key: str | None = None, source: dict[str, Any] | None = None
) -> Decoded | Finished:
    """Read a frame's passes and prepare them for the network, unless it is already painted.

    Of a layer that is to hold still this is the underpainting.
    key: what the check found; another one now means that a pass was changed meanwhile.
    source: where the picture of this key already is. Raises SourceLost where it is not.
    """
    own = plan.layers[layer]
    stage = "paint" if own.hold == "off" else "underpaint"
    prepared = prepared_of(plan, own)
    found = settled(plan, own, frame, stage, key_with(plan, own, frame, prepared), key, source)
    if isinstance(found, Finished):
        return found
    labels, request = read_frame(plan, own, frame)
    assert request.coverage is not None
    read = Decoded(layer, frame, found, request.coverage, labels, None, stage)
    if read.empty:
        return read
    height, width = request.coverage.shape
    size = painting_size(own.card, width, height, plan.shot.paint_size, plan.shot.scale)
    prepares = {} if prepared is None else load_prepared(prepared.file)
    fitted = fit(plan, own, frame, request, size, prepares)
    if own.card.family in REMEMBERS:
        fitted = replace(fitted, history=Earlier(plan, own, frame, size, prepares))
    tiles = choose_tiles(own.card, size, plan.shot.paint_memory)
    return replace(read, request=fitted, channels=request.channels, tiles=tiles)


def fit(
    plan: Plan, own: LayerPlan, frame: int, request: PaintInput, size: tuple[int, int], prepares: Prepares
) -> PaintInput:
    """A frame as the model is given it, at the painting size."""
    fitted = replace(fit_planes(request, size, own.card.size.fit), prepared=prepares)
    if own.walk is None:
        return fitted
    walk = walking.stops_on(plan, own, frame, prepares)
    turn = walking.turn_of(plan, frame)
    return replace(fitted, prepared={}, walk=walk, rows=walking.rows_of(plan, own), turn=turn)


class Earlier:
    """The frames before one that a model remembers, as `base.History` says."""

    def __init__(self, plan: Plan, own: LayerPlan, frame: int, size: tuple[int, int], prepares: Prepares) -> None:
        self.plan, self.own, self.size, self.prepares = plan, own, size, prepares
        self.frames = before(plan, own, frame)
        self.marks = [*(one for _, one in self.frames), mark(plan, own, frame)]

    def frame(self, place: int) -> PaintInput | None:
        number, known = self.frames[place]
        if mark(self.plan, self.own, number) != known:
            raise InputRefused(
                f"a pass of frame {number}, which the model remembers, was changed after the job was accepted",
                remedy="Run the same command again when nothing writes it any more",
            )
        labels, request = read_frame(self.plan, self.own, number)
        assert request.coverage is not None
        if Decoded(self.own.layer.name, number, known, request.coverage, labels, None).empty:
            return None
        return fit(self.plan, self.own, number, request, self.size, self.prepares)


def read_frame(plan: Plan, own: LayerPlan, frame: int) -> tuple[LabelPass | None, PaintInput]:
    """A layer's labels, and what its model takes, at the size of the passes."""
    labels = read_labels(own, frame) if own.labels else None
    covered = None if labels is None else labels.coverage
    read, coverage = read_planes(plan, own, frame, covered, lambda kind: read_pass(own, kind, frame))
    if own.card.unbound:
        coverage = coverage * inside_box((coverage.shape[0], coverage.shape[1]), own.card.size, plan.pixel_aspect)
    planes: dict[str, Any] = read
    if labels is not None and "shading" in planes:  # a sky shows what lights others, whatever a renderer writes there
        sky = np.isin(labels.ids, own.label_set.beginning(*SKY))
        planes["shading"] = np.where(sky, shading_pass.NOTHING, planes["shading"])
    channels: Ids = np.zeros(coverage.shape, np.uint16)
    if labels is not None and own.table is not None and (labels.ids != NOTHING).any():
        ids = in_context(plan, own, labels.ids, frame)
        channels = own.table[ids]
        unknown = np.unique(ids[channels == NOTHING])
        if unknown.size:  # the card knows every id of its label set, so this is a damaged card
            raise InputRefused(f"the model {own.card.name} has no channel for the ids {unknown.tolist()}")
    seed = resolved(plan.shot, own.layer).seed or 0
    moment = None if own.sound is None else frame - own.sound.start
    sun = sun_of(plan, own, frame)
    return labels, PaintInput(
        channels,
        seed=seed,
        options=own.options,
        coverage=coverage,
        moment=moment,
        frame=frame,
        fps=Fraction(*plan.shot.rate),
        sun=sun,
        **planes,
    )


def read_labels(own: LayerPlan, frame: int) -> LabelPass:
    """The labels of a layer that has some."""
    assert own.labels is not None
    return read_label_pass(own.labels.file(frame), own.label_set, own.read)


def load_prepared(path: Path) -> Mapping[str, NDArray[Any]]:
    """What the model found out of a layer before. Raises SemrenderError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SemrenderError(
            "what was prepared of the layer is not there", file=path, remedy="Run the same command again"
        ) from error


def in_context(plan: Plan, own: LayerPlan, ids: Ids, frame: int) -> Ids:
    """Fill what is outside the layer: from the full label pass, else a chosen class, else the nearest class."""
    outside = ids == NOTHING
    if not outside.any():
        return ids
    ids = ids.copy()
    if plan.context is not None:
        around = read_label_pass(plan.context.file(frame), own.label_set, plan.context_read).ids
        if around.shape != ids.shape:
            raise InputRefused(
                f"the context is {around.shape[1]}x{around.shape[0]}, the layer {ids.shape[1]}x{ids.shape[0]}",
                file=plan.context.file(frame),
                remedy="Render both at the same size",
            )
        ids[outside] = around[outside]
        outside = ids == NOTHING
    if plan.shot.fill is not None:
        ids[outside] = own.label_set.find(plan.shot.fill).id
    elif outside.any():
        ids[outside] = nearest(ids, outside)[outside]
    return ids


def nearest(ids: Ids, outside: NDArray[np.bool_]) -> Ids:
    """For every pixel the id of the nearest pixel that is not outside."""
    import cv2

    _, index = cv2.distanceTransformWithLabels(outside.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, np.uint16)
    table[index[~outside]] = ids[~outside]
    result: Ids = table[index]
    return result

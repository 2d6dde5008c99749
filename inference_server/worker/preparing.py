"""What a model finds out once of a layer, before its first frame: a small file, whose key is in the frames' keys."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from inference_server.models.base import Audio, Model, PaintInput
from inference_server.models.cards import painting_size
from inference_server.worker import outputs, walking
from inference_server.worker.fitting import fit_planes
from inference_server.worker.keys import prepared_key, prepared_path
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.provenance import place
from inference_server.worker.reading import load_prepared, read_frame
from shared.errors import SemrenderError
from shared.passes.picture_pass import read_picture_pass


def prepare(plan: Plan, own: LayerPlan, model: Model, step: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Look at the layer's frames and keep what was found, unless it is there already; returns the event's body.

    step: called with every frame; it raises where nobody wants to know any more.
    """
    prepared = prepared_key(plan, own)
    assert prepared is not None  # of the models that prepare nothing nobody asks it
    path = prepared_path(plan, own, prepared)
    try:
        load_prepared(path)
        return {"state": "kept"}
    except SemrenderError:
        content = io.BytesIO()
        found: dict[str, Any] = walking.curves(plan, own) if own.driven else model.prepare(_Frames(plan, own, step))
        np.savez(content, **found)
        place(plan, path)
        outputs.place(path, content.getvalue())
        return {"state": "prepared"}


class _Frames:
    """The frames that are looked at, one at a time in memory, each with the reference and the sound."""

    def __init__(self, plan: Plan, own: LayerPlan, step: Callable[[], None]) -> None:
        self._plan, self._own, self._step = plan, own, step

    def __iter__(self) -> Iterator[PaintInput]:
        for frame in _frames(self._plan, self._own):
            self._step()
            yield frame


def _frames(plan: Plan, own: LayerPlan) -> Iterator[PaintInput]:
    reference = own.inputs.get("reference")
    colours = None if reference is None else read_picture_pass(reference.file(plan.shot.first)).colour
    sound = None
    if own.sound is not None:
        start = own.sound.start
        sound = Audio(own.sound.file, Fraction(*plan.shot.rate), plan.shot.first - start, plan.shot.last - start)
    for frame in own.prepared_from:
        _, request = read_frame(plan, own, frame)
        height, width = request.channels.shape
        size = painting_size(own.card, width, height, plan.shot.paint_size, plan.shot.scale)
        yield replace(fit_planes(request, size, own.card.size.fit), reference=colours, audio=sound)

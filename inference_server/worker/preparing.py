"""What a model finds out once of a layer, before its first frame: a small file, whose key is in the frames' keys.

On the way it keeps beside that file what it found of single frames: stopped or killed, it does not read them again.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.journal import Journal
from inference_server.models.base import Audio, Model, PaintInput
from inference_server.models.cards import painting_size
from inference_server.models.looking import Frames
from inference_server.worker import outputs, walking
from inference_server.worker.fitting import fit_planes
from inference_server.worker.keys import prepared_of
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.provenance import place
from inference_server.worker.reading import load_prepared, read_frame
from shared.errors import SemrenderError
from shared.passes.picture_pass import read_picture_pass

Step = Callable[[int, int], None]


def prepare(plan: Plan, own: LayerPlan, model: Model, step: Step = lambda done, total: None) -> dict[str, Any]:
    """Look at the layer's frames and keep what was found, unless it is there already; returns the event's body.

    step: told with every frame how many looks were begun, and of how many; it raises where nobody wants to know any
    more.
    """
    prepared = prepared_of(plan, own)
    assert prepared is not None  # of the models that prepare nothing nobody asks it
    path = prepared.file
    try:
        load_prepared(path)
        return {"state": "kept"}
    except SemrenderError:
        place(plan, path)
        content = io.BytesIO()
        found: dict[str, Any] = walking.curves(plan, own) if own.driven else _looked(plan, own, model, path, step)
        np.savez(content, **found)
        outputs.place(path, content.getvalue())
        return {"state": "prepared"}


def _looked(plan: Plan, own: LayerPlan, model: Model, path: Path, step: Step) -> dict[str, NDArray[Any]]:
    began, total = 0, model.rounds * len(own.prepared_from)

    def look() -> None:
        nonlocal began
        began += 1
        step(began, total)

    notes = path.with_suffix(".jsonl")
    with Journal(notes) as journal:
        found = model.prepare(Frames(own.prepared_from, _reader(plan, own), journal, look))
    with suppress(OSError):  # another process writes there, too
        notes.unlink()
    return found


def _reader(plan: Plan, own: LayerPlan) -> Callable[[int], PaintInput]:
    """What reads a frame by its number, with the reference and the sound."""
    reference = own.inputs.get("reference")
    colours = None if reference is None else read_picture_pass(reference.file(plan.shot.first)).colour
    sound = None
    if own.sound is not None:
        start = own.sound.start
        sound = Audio(own.sound.file, Fraction(*plan.shot.rate), plan.shot.first - start, plan.shot.last - start)

    def read(frame: int) -> PaintInput:
        _, request = read_frame(plan, own, frame)
        height, width = request.channels.shape
        size = painting_size(own.card, width, height, plan.shot.paint_size, plan.shot.scale)
        return replace(fit_planes(request, size, own.card.size.fit), reference=colours, audio=sound)

    return read

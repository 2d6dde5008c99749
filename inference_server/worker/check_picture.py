"""What holds a layer still by its pictures: their flow, or the motion pass of a layer without labels, tried on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from inference_server.stability.flow import Grey
from inference_server.stability.motion import CONVENTIONS, Field, Vectors, grid, sampled
from inference_server.worker.holding import Passes
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused, MissingInput

TRIED = 3  # frames of a shot
NOTHING_MOVES = 1.0  # codes by which a picture differs from the one beside it, of which nothing can be told
BETTER = 0.15  # of what changes in a picture, that another convention must explain beyond the one that is said


def check_on_picture(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """As `check_passes.check_motion`, of a layer without labels or without a motion pass. Raises InputRefused."""
    if own.shown is not None:
        unused = f"layer {own.layer.name}: its depth pass is not used without motion"
        warnings = [unused] if own.depth is not None and not own.before else []
        return {"follows": f"what moves in its {own.shown[0]}, by optical flow", "warnings": warnings}
    assert own.motion is not None
    source = Passes(plan, own)
    frames = spread(plan.frames, TRIED)
    first = source.vectors(frames[0])
    shares = {name: [_explains(source, frame, name, plan) for frame in frames] for name in CONVENTIONS}
    known = {name: [one for one in some if one is not None] for name, some in shares.items()}
    means = {name: float(np.mean(some)) for name, some in known.items() if some}
    share = means.get(first.convention)
    best = max(means, key=lambda name: means[name], default="")
    if share is not None and means[best] > share + BETTER:
        raise InputRefused(
            f"the motion pass explains {max(share, 0):.0%} of what moves in the picture",
            file=own.motion.file(frames[0]),
            cause=f"As {best} it explains {means[best]:.0%}; it was read as {first.convention}",
            remedy=f'Give "motion_is": "{best}" (--motion-is {best})',
        )
    warnings = []
    if share is not None and share <= 0:
        warnings.append(f"layer {own.layer.name}: the motion pass explains nothing of what moves in the picture")
    about = {"channels": list(first.channels), "is": first.convention, "of": "picture", "explains": share}
    return {"motion": about, "warnings": warnings}


def spread(frames: tuple[int, ...], count: int) -> list[int]:
    """At most `count` of the frames, first and last among them."""
    places = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return [frames[round(float(place))] for place in places]


def _explains(source: Passes, frame: int, name: str, plan: Plan) -> float | None:
    """The share of a picture's change that its vectors, read as `name` says, explain; None where it cannot be told."""
    to = CONVENTIONS[name][0]
    if frame + to not in plan.shot.frames:
        return None
    try:
        here, there = source.grey(frame), source.grey(frame + to)
    except MissingInput:
        return None
    still = _left(here, there, np.zeros((*here.shape, 2), np.float32))
    if still < NOTHING_MOVES:
        return None
    return 1 - _left(here, there, _read_as(source.vectors(frame), name)) / still


def _read_as(vectors: Vectors, name: str) -> Field:
    """The field as it were if the pass had another convention."""
    (_, said), (_, other) = CONVENTIONS[vectors.convention], CONVENTIONS[name]
    return vectors.field * np.array([said[0] * other[0], said[1] * other[1]], np.float32)


def _left(here: Grey, there: Grey, field: Field) -> float:
    """What two pictures differ by, in codes, where the field leads from the one into the other."""
    height, width = here.shape
    at = grid(height, width) + field
    inside = (at >= 0).all(2) & (at[..., 0] <= width - 1) & (at[..., 1] <= height - 1)
    return float(np.abs(sampled(there, at).astype(np.float32) - here)[inside].mean()) if inside.any() else 255.0

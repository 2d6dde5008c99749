"""The instance pass that a model takes, before anything is painted: are these numbers, and do they fit the labels?"""

from __future__ import annotations

from typing import Any

import numpy as np

from inference_server.stability import edges
from inference_server.worker.check_place import misplaced, refuse
from inference_server.worker.check_tried import Ids, Tried
from inference_server.worker.plan import LayerPlan
from shared.errors import InputRefused
from shared.passes.instance_pass import NOTHING, REMEDY, InstancePass, Numbers, slopes
from shared.values import Value

# Share of pixels unlike a neighbour; of 78 frames of numbered parts 0.3 at most, of renders 0.92 and more.
NO_PARTS = 0.7
AVERAGED = 0.12  # of `slopes`
ENOUGH = 100  # steps, below which nothing is said
FEW = 0.5  # share of the labels' borders at which no part ends that is worth a warning


class Parts(Value):
    """What was found on a frame. most: numbers on it; even: whether it is one number; slope: of `slopes`, None where
    too little steps; borders: as in `judge_parts`; fault: of its place."""

    frame: int
    kind: str
    most: int
    even: bool
    slope: float | None
    borders: float | None
    fault: InputRefused | None


def look_at_parts(one: Tried) -> Parts:
    """Raises InputRefused where values are those of a picture."""
    found: InstancePass = one.read("instance")
    numbers, ids, slope = found.numbers, one.ids, None
    if found.raw is not None:
        steps = edges.of_numbers(numbers)
        if steps.mean() > NO_PARTS:
            raise InputRefused(
                f"the instance pass holds no numbers of objects: {steps.mean():.0%} of its pixels differ from their"
                " neighbours",
                file=one.own.inputs["instance"].file(one.frame),
                frame=one.frame,
                cause="This is a picture, or noise (one sample of a filtered pass, dither, JPEG)",
                remedy="Give object ids or a Cryptomatte; of an EXR with several passes --instance-layer names one",
            )
        slope = slopes(found.raw) if steps.sum() >= ENOUGH else None
    return Parts(
        frame=one.frame,
        kind=found.kind,
        most=len(np.unique(numbers[numbers != NOTHING])),
        even=bool((numbers == numbers[0, 0]).all()),
        slope=slope,
        borders=None if ids is None else _borders(ids, numbers),
        fault=misplaced(one, "instance", numbers, edges.of_numbers),
    )


def judge_parts(own: LayerPlan, tried: list[Parts]) -> dict[str, Any]:
    """Whether the instance pass of a layer whose model takes it can be right.

    Returns for the report {"parts": {"kind", "most": numbers on a frame, "borders": share 0..1 of the labels' borders
    at which a number ends, None where there are too few}, "warnings": [words]}. Raises InputRefused.
    """
    _judge_slopes(own, tried)
    words = []
    if all(one.even for one in tried):
        words.append("the instance pass is one number everywhere: it tells nothing apart")
    refuse(one.fault for one in tried)
    shares = [one.borders for one in tried if one.borders is not None]
    share = float(np.mean(shares)) if shares else None
    if share is not None and share < FEW and not words:
        words.append(
            f"of the borders between classes only {share:.0%} are borders of the instance pass: is it of this layer and"
            " of these frames?"
        )
    about = {"kind": tried[0].kind, "most": max(one.most for one in tried), "borders": share}
    return {"parts": about, "warnings": words}


def _judge_slopes(own: LayerPlan, tried: list[Parts]) -> None:
    """Raises InputRefused where values were averaged."""
    sloping = [(one.frame, one.slope) for one in tried if one.slope is not None]
    if sloping and min(share for _, share in sloping) > AVERAGED:
        frame, share = sloping[0]
        raise InputRefused(
            f"the numbers of the instance pass were mixed: {share:.0%} of its steps go over a pixel in between",
            file=own.inputs["instance"].file(frame),
            frame=frame,
            cause="Anti-aliasing, motion blur or a resize averages ids; between 3 and 9 lies the id of another object",
            remedy=REMEDY,
        )


def _borders(ids: Ids, numbers: Numbers) -> float | None:
    """The share of a frame's borders of classes beside which a number ends; None where there are too few."""
    if ids.shape != numbers.shape:
        return None
    borders, steps = edges.of_numbers(ids), edges.of_numbers(numbers)
    if borders.sum() < ENOUGH:
        return None
    near = steps.copy()
    near[1:] |= steps[:-1]
    near[:-1] |= steps[1:]
    near[:, 1:] |= near[:, :-1]
    near[:, :-1] |= near[:, 1:]
    return float(near[borders].mean())

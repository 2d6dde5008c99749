"""The instance pass that a model takes, before anything is painted: are these numbers, and do they fit the labels?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability import edges
from inference_server.worker import space
from inference_server.worker.check_place import judge_place, labels_of
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.planes import instance_pass
from shared.errors import InputRefused
from shared.passes.instance_pass import NOTHING, REMEDY, InstancePass, slopes

# Share of pixels unlike a neighbour; of 78 frames of numbered parts 0.3 at most, of renders 0.92 and more.
NO_PARTS = 0.7
AVERAGED = 0.12  # of `slopes`
ENOUGH = 100  # steps, below which nothing is said
FEW = 0.5  # share of the labels' borders at which no part ends that is worth a warning


def check_parts(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """Try the instance pass of a layer whose model takes it, on a few frames of those that are painted.

    Returns for the report {"parts": {"kind", "most": numbers on a frame, "borders": share 0..1 of the labels' borders
    at which a number ends, None where there are too few}, "warnings": [words]}. Raises InputRefused.
    """
    if "instance" not in own.inputs:
        return {"warnings": []}
    frames = space.spread(plan.frames, space.TRIED)
    tried = [(frame, instance_pass(own, frame)) for frame in frames]
    _judge_values(own, tried)
    most = max(len(np.unique(found.numbers[found.numbers != NOTHING])) for _, found in tried)
    words = []
    if all((found.numbers == found.numbers[0, 0]).all() for _, found in tried):
        words.append("the instance pass is one number everywhere: it tells nothing apart")
    shares = []
    for frame, found in tried:
        ids = labels_of(own, frame)
        judge_place(own, "instance", frame, found.numbers, ids, edges.of_numbers)
        shares += [] if ids is None else _borders(ids, found)
    share = float(np.mean(shares)) if shares else None
    if share is not None and share < FEW and not words:
        words.append(
            f"of the borders between classes only {share:.0%} are borders of the instance pass: is it of this layer and"
            " of these frames?"
        )
    about = {"kind": tried[0][1].kind, "most": most, "borders": share}
    return {"parts": about, "warnings": [f"layer {own.layer.name}: {one}" for one in words]}


def _judge_values(own: LayerPlan, tried: list[tuple[int, InstancePass]]) -> None:
    """Raises InputRefused where values are those of a picture, or were averaged."""
    stored = [(frame, found.raw, edges.of_numbers(found.numbers)) for frame, found in tried if found.raw is not None]
    for frame, _, steps in stored:
        if steps.mean() > NO_PARTS:
            raise InputRefused(
                f"the instance pass holds no numbers of objects: {steps.mean():.0%} of its pixels differ from their"
                " neighbours",
                file=own.inputs["instance"].file(frame),
                frame=frame,
                cause="This is a picture, or noise (one sample of a filtered pass, dither, JPEG)",
                remedy="Give object ids or a Cryptomatte; of an EXR with several passes --instance-layer names one",
            )
    sloping = [(frame, slopes(raw)) for frame, raw, steps in stored if steps.sum() >= ENOUGH]
    if sloping and min(share for _, share in sloping) > AVERAGED:
        frame, share = sloping[0]
        raise InputRefused(
            f"the numbers of the instance pass were mixed: {share:.0%} of its steps go over a pixel in between",
            file=own.inputs["instance"].file(frame),
            frame=frame,
            cause="Anti-aliasing, motion blur or a resize averages ids; between 3 and 9 lies the id of another object",
            remedy=REMEDY,
        )


def _borders(ids: NDArray[np.uint16], found: InstancePass) -> list[float]:
    """The share of a frame's borders of classes beside which a number ends; none where there are too few."""
    if ids.shape != found.numbers.shape:
        return []
    borders, steps = edges.of_numbers(ids), edges.of_numbers(found.numbers)
    if borders.sum() < ENOUGH:
        return []
    near = steps.copy()
    near[1:] |= steps[:-1]
    near[:-1] |= steps[1:]
    near[:, 1:] |= near[:, :-1]
    near[:, :-1] |= near[:, 1:]
    return [float(near[borders].mean())]

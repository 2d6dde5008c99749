"""Motion and depth passes before anything is painted: which channels were read, and whether they are right."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability.follows import ENOUGH, Witness, check_depth, check_time, explained
from inference_server.stability.motion import Ids
from inference_server.worker.check_picture import check_on_picture, spread
from inference_server.worker.check_tried import Tried
from inference_server.worker.holding import Passes
from inference_server.worker.holdout import Before
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused
from shared.label_set import NOTHING, SKY, LabelSet
from shared.passes import read_label_pass
from shared.passes.data_pass import FAR, DepthPlane, read_depth
from shared.sequences import Sequence

TRIED = 3  # frames of a shot whose motion is tried on the labels
RISES = 0.3  # of a correlation; a landscape's distances have about -0.8, inverted 0.8
EXPECTED = 0.4  # share of the labels' movement; a pass that explains less is worth a warning


def check_motion(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """Try the layer's motion and depth on its labels, or else on its picture, on a few frames that will be painted.

    Returns for the report {"motion": {"channels", "is", "of": what it was tried on, "explains": 0..1 or None where
    nothing moves enough to tell}, "follows": what is followed where there is no such pass,
    "depth": {"channel", "mended", "before": {layer: channel} of what holds it out}, "warnings": [words]}, each where
    there is such a pass. Raises InputRefused.
    """
    layer = own.layer
    if own.hold == "off":
        cuts = layer.holdout or any(layer.name in other.holdout for other in plan.shot.layers)
        unused = [name for name in ("motion", "depth") if getattr(layer, name) and not (name == "depth" and cuts)]
        unused = [name for name in unused if name not in (*own.inputs, *plan.shot.passes)]
        words = f"layer {layer.name}: its {' and '.join(unused)} changes nothing without hold, such as --hold strong"
        return {"warnings": [words] if unused else []}
    if own.labels is None or own.shown is not None:
        return check_on_picture(plan, own)
    if own.motion is None:
        words = "hold follows the labels by optical flow, which is much worse than the renderer's motion or its beauty"
        more = "; its depth pass is not used without motion" if own.depth is not None and not own.before else ""
        return {
            "warnings": [f"layer {layer.name} has no motion pass: {words}; give it with --motion or --beauty{more}"]
        }
    source = Passes(plan, own)
    witnesses = [source.witness(frame) for frame in spread(plan.frames, TRIED)]
    first = witnesses[0].vectors
    share = _explained(own.motion, witnesses)
    middle = witnesses[len(witnesses) // 2]
    near = [step for step in (-1, 1) if not own.motion.still and middle.frame + step in own.motion.files]
    try:
        check_time(middle, {step: source.vectors(middle.frame + step) for step in near}, own.motion.file(middle.frame))
    except InputRefused as error:
        raise error.located(frame=middle.frame) from None
    for one in witnesses:
        _check_depth(source, one)
    found: dict[str, Any] = {
        "motion": {"channels": list(first.channels), "is": first.convention, "of": "labels", "explains": share},
        "warnings": [],
    }
    if share is not None and share < EXPECTED:
        found["warnings"].append(
            f"layer {own.layer.name}: the motion pass explains only {share:.0%} of how the labels move;"
            " is it of these frames, and are the labels free of noise?"
        )
    if first.depth is not None:
        channel, ids = first.depth.channel, witnesses[0].ids
        span = _range(first.depth, ids, (own.depth or own.motion).file(witnesses[0].frame))
        if span is not None and span[0] == span[1] and len(np.unique(ids)) > 1:
            found["warnings"].append(
                f"layer {layer.name}: the depth {channel} is {span[0]:g} everywhere: it tells nothing apart"
            )
        found["depth"] = {"channel": first.depth.channel, "mended": list(first.depth.mended), "before": {}}
        if "sign" in first.depth.mended:
            found["warnings"].append(
                f"layer {own.layer.name}: the depth pass {first.depth.channel} is negative; its sign is dropped"
            )
    return found


def _explained(motion: Sequence, witnesses: list[Witness]) -> float | None:
    """As `explained`; where one frame alone is wrong, the refusal is about that one."""
    first = witnesses[0].frame
    try:
        return explained(witnesses, motion.file(first))
    except InputRefused as error:
        refused = error.located(frame=first)
    for one in witnesses:
        with contextlib.suppress(InputRefused):
            if explained([other for other in witnesses if other is not one], motion.file(first)) is not None:
                try:
                    explained([one], motion.file(one.frame))
                except InputRefused as error:
                    refused = error.located(frame=one.frame)
    raise refused


def _check_depth(source: Passes, witness: Witness) -> None:
    own, there = source.own, witness.frame + witness.vectors.leads_to
    assert own.motion is not None
    if witness.vectors.leads_to not in witness.beside or not (own.motion.still or there in own.motion.files):
        return
    if own.depth is not None and not (own.depth.still or there in own.depth.files):
        return
    here, other = witness.vectors.depth, source.vectors(there).depth
    if here is not None and other is not None:
        file = (own.depth or own.motion).file(witness.frame)
        try:
            check_depth(witness, witness.beside[witness.vectors.leads_to], here.values, other.values, file)
        except InputRefused as error:
            raise error.located(frame=witness.frame) from None


def check_depths(one: Tried) -> dict[str, Any]:
    """Look at the depth passes that hold a layer out, on its first frame. As `check_motion`. Raises InputRefused."""
    own, frame = one.own, one.frame
    found: dict[str, Any] = {"warnings": []}
    if own.depth is None or own.labels is None or not own.before:
        return found
    mine = Before(own.layer.name, own.label_set, own.read, own.labels, own.depth, own.layer.depth_layer)
    ranges = {}
    for layer in (mine, *own.before):
        file = layer.depth.file(frame)
        depth = one.read("depth") if layer is mine and "depth" in own.inputs else read_depth(file, layer.depth_layer)
        ids = one.ids if layer is mine else read_label_pass(layer.labels.file(frame), layer.label_set, layer.read).ids
        assert ids is not None
        try:
            ranges[layer.name] = distances(depth, ids, layer.label_set, file)
        except InputRefused as error:
            raise error.located(layer=layer.name, frame=frame) from None
        if layer is mine:
            found["depth"] = {"channel": depth.channel, "mended": list(depth.mended), "before": {}}
        else:
            found["depth"]["before"][layer.name] = depth.channel
        if "sign" in depth.mended:
            found["warnings"].append(f"layer {layer.name}: the depth {depth.channel} is negative; its sign is dropped")
    seen = {name: range_ for name, range_ in ranges.items() if range_ is not None}
    small = [name for name, (_, most) in seen.items() if most <= 1]
    if small and len(small) < len(seen):
        other = next(name for name in seen if name not in small)
        raise InputRefused(
            f"the depth of this layer runs from 0 to 1, that of {other} does not",
            layer=small[0],
            frame=frame,
            cause="One of them was scaled to its own range, so the two cannot be compared",
            remedy="Render both as distances from the camera, in the same unit",
        )
    if small:
        found["warnings"].append(
            f"the depth of {', '.join(small)} runs from 0 to 1: what is nearer is right only if both layers were scaled"
            " by the same range, with 0 near the camera"
        )
    return found


def distances(depth: DepthPlane, ids: Ids, label_set: LabelSet, file: Path) -> tuple[float, float] | None:
    """Least and greatest distance of what a layer (H, W) covers; None where it covers nothing. Raises InputRefused."""
    found = _range(depth, ids, file)
    if found is None:
        return None
    covered = ids != NOTHING
    sky = np.isin(ids, label_set.beginning(*SKY))
    raw = np.abs(depth.raw.astype(np.float64))
    small = found[1] <= 1  # then zero is the far end of white for near, else no surface at all
    known = covered & ~np.isnan(raw) & (small | (raw > 0))
    ground, above = raw[known & ~sky], raw[known & sky]
    cause = ""
    if ground.size and above.size >= ENOUGH and np.median(above) < np.quantile(ground, 0.1):
        cause = "By it the sky is nearer than nine tenths of everything else"
    elif small and ground.size >= ENOUGH and _rises(raw, known & ~sky) > RISES:
        cause = "It runs from 0 to 1, and what is low in the picture is farther than what is high"
    if cause:
        raise InputRefused(
            f"the depth {depth.channel} grows towards the camera",
            cause=cause,
            file=file,
            remedy="Render the distance from the camera, neither 1/distance nor white for near",
        )
    return found


def _range(depth: DepthPlane, ids: Ids, file: Path) -> tuple[float, float] | None:
    if depth.values.shape != ids.shape:
        return None  # said, with both sizes, by who compares them
    covered = ids != NOTHING
    if not covered.any():
        return None
    surface = depth.values[covered & (depth.values < FAR)]
    if not surface.size:
        raise InputRefused(
            f"the depth {depth.channel} has no distance where the layer is",
            file=file,
            remedy="Switch the depth pass on in the renderer, and render it again",
        )
    return float(surface.min()), float(surface.max())


def _rises(depth: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    """-1..1: how surely depth grows from the upper edge of the picture (H, W) to the lower (a rank correlation)."""
    rows, values = np.nonzero(where)[0], depth[where]
    ranks = np.stack([np.unique(one, return_inverse=True)[1] for one in (rows, values)])
    return float(np.asarray(np.corrcoef(ranks))[0, 1]) if ranks.any(1).all() else 0.0

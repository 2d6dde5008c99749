"""Normals and depth that a model takes, before anything is painted: what was read, and whether it can be right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability import edges
from inference_server.stability.facing import (
    ANOTHER_UP,
    ELSEWHERE,
    Seen,
    better,
    contradicting,
    shifted,
    turns,
    without_a_class,
)
from inference_server.worker import space
from inference_server.worker.check_place import Ids, judge_place, labels_of, solid
from inference_server.worker.plan import LayerPlan, Plan
from shared.errors import InputRefused, SemrenderError
from shared.label_set import SKY
from shared.passes.data_pass import FAR, read_depth
from shared.passes.normal_pass import NormalPass, cut_at_zero, uneven_by_gamma

NONE = 0.5  # share of lengths that are no normal's, or of a solid class without one, beyond which a pass is none
SOME = 0.05  # the same that is worth a warning
HOPELESS = 0.3  # share of the surface that contradicts a convention that cannot be painted with
AGAINST = "of the surfaces turn away from the camera, or contradict the depth or the ground"
NEAR, DISTANT = 0.3, 20_000  # metres; what is nearer or farther in the middle is rarely meant


def check_space(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """Try the normals and the depth of a layer whose model takes them, on a few frames of those that are painted.

    Returns for the report {"normal": {"channels", "is", "how": "said" or "found out", "against": share 0..1 or None,
    "sky": share of the sky that has some},
    "metres": the middle distance, "warnings": [words]}, each where there is such a pass. Raises InputRefused.
    """
    found: dict[str, Any] = {"warnings": []}
    if "depth" in own.inputs:
        found |= _check_depth(plan, own)
    if "normal" in own.inputs:
        normals = _check_normals(plan, own)
        found = {**found, **normals, "warnings": found["warnings"] + normals["warnings"]}
    return {**found, "warnings": [f"layer {own.layer.name}: {words}" for words in found["warnings"]]}


def _check_depth(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    frame = plan.frames[0]
    depth = space.depth(plan, own, frame)
    surface = depth[depth < FAR]
    if not surface.size:
        return {"warnings": [f"the depth has no distance on frame {frame}"]}
    for tried in space.spread(plan.frames, space.TRIED):
        values = read_depth(own.inputs["depth"].file(tried), own.layer.depth_layer).values
        judge_place(own, "depth", tried, values, labels_of(own, tried), edges.of_depth)
    middle = float(np.median(surface))
    words = []
    if not NEAR <= middle <= DISTANT:
        unit = 100 * space.metres(plan)
        words.append(
            f"the depth is {middle:.3g} m in the middle, which is rarely meant: say how long a unit of the scene is"
            f' with "centimetres" in the shot or --centimetres (now {unit:g}; Maya has 1, Blender 100)'
        )
    return {"metres": middle, "warnings": words}


def _check_normals(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    frames = space.spread(plan.frames, space.TRIED)
    tried = [(frame, space.normal_pass(own, frame), labels_of(own, frame)) for frame in frames]
    words: list[str] = []
    for frame, found, _ in tried:
        _judge_lengths(own, frame, found)
    first, ids = tried[0][1], tried[0][2]
    if any(found.odd > SOME for _, found, _ in tried):
        most = max(found.odd for _, found, _ in tried)
        words.append(
            f"{most:.0%} of the normals are of another length than the others, as where an edge was smoothed: they are"
            " made 1 long; render the pass without a filter (closest, no anti-aliasing)"
        )
    if abs(first.length - 1) > 1e-3:
        words.append(f"the normals are {first.length:.3g} long and are made 1 long")
    declared = space.normal_is(plan, own)
    shares, standing = _judge_axes(own, declared, [_seen(plan, own, *one) for one in tried], frames[0])
    words += standing
    against = shares.get(declared)
    if against is not None and against > 2 * SOME:
        words.append(
            f'by "{declared}" {against:.0%} of the normals look away from the camera, or contradict the depth or the'
            " ground: are they of these frames, and is that what their axes are?"
        )
    if ids is not None:
        words += _beside_labels(own, first, ids, frames[0])
    frame, found, labels = tried[len(tried) // 2]
    if labels is not None:
        _judge_place(own, frame, found, labels)
    how = "said" if own.layer.normal_is else "found out"
    sky = None if ids is None else np.isin(ids, own.label_set.beginning(*SKY))
    dome = float(np.asarray(first.vectors.any(2))[sky].mean()) if sky is not None and sky.any() else 0.0
    about = {"channels": list(first.channels), "is": declared, "how": how, "against": against, "sky": dome}
    return {"normal": about, "warnings": words}


def _seen(plan: Plan, own: LayerPlan, frame: int, found: NormalPass, ids: Ids | None) -> Seen:
    depth = own.inputs.get("depth")
    values = None if depth is None else read_depth(depth.file(frame), own.layer.depth_layer).values
    return space.seen_of(found, values, space.view(plan, frame), own.label_set, ids)


def _judge_lengths(own: LayerPlan, frame: int, found: NormalPass) -> None:
    if cut_at_zero(found):
        raise InputRefused(
            "the normals are not of one length: what is below zero was cut off",
            file=own.inputs["normal"].file(frame),
            frame=frame,
            cause="Floats from -1 to 1 were saved as colours from 0 to 1",
            remedy="Write the pass as a float EXR, or as colours in which 0 to 1 stands for -1 to 1",
        )
    if found.odd <= NONE:
        return
    gamma = uneven_by_gamma(found)
    raise InputRefused(
        f"the normal pass holds no normals: {found.odd:.0%} of its vectors are not of one length",
        file=own.inputs["normal"].file(frame),
        frame=frame,
        cause="They are of length 1 once an sRGB curve is taken out: the picture was colour-managed"
        if gamma
        else "A normal is 1 long; colours, positions and what was filtered widely are not",
        remedy="Write it raw (Non-Color, no view transform), or as EXR"
        if gamma
        else "Give the renderer's normal pass, or name its layer with normal_layer",
    )


def _judge_axes(own: LayerPlan, declared: str, seen: list[Seen], frame: int) -> tuple[dict[str, float], list[str]]:
    """`contradicting`, and what is to be said of it. Raises InputRefused where the axes are wrong.

    A refusal stands without any one class of the ground; what only one says is a warning.
    """
    try:
        return _judged(own, declared, seen, frame), []
    except InputRefused as refused:
        for number, rest in without_a_class(seen):
            try:
                shares = _judged(own, declared, rest, frame)
            except InputRefused:
                continue
            return shares, [
                f"{own.label_set.by_id(number).name} does not look up by the normals, and all else fits: that is right"
                f" if it stands, as a waterfall or a cliff does. If it lies, {refused.what}. {refused.cause}."
                f" {refused.remedy}"
            ]
        raise


def _judged(own: LayerPlan, declared: str, seen: list[Seen], frame: int) -> dict[str, float]:
    shares = contradicting(seen)
    _judge_convention(own, declared, shares, frame)
    _judge_up(declared, shares, seen, frame)
    _judge_camera(own, declared, shares, frame)
    return shares


def _judge_convention(own: LayerPlan, declared: str, shares: dict[str, float], frame: int) -> None:
    right = better(shares, declared)
    if right is None:
        return
    moved = right == ANOTHER_UP
    reading = "the world's with another axis up than the tracks have" if moved else f'"{right}"'
    raise InputRefused(
        f'the normals are not as "{declared}" says',
        file=own.inputs["normal"].file(frame),
        frame=frame,
        cause=f"So {shares[declared]:.0%} {AGAINST}; as {reading} {shares[right]:.0%}",
        remedy="Export the tracks with the same axis up as the normals, or render the normals in the camera's space"
        if moved
        else f'Write "normal_is": "{right}" into the layer of shot.json, or --normal-is {right}',
    )


def _judge_up(declared: str, shares: dict[str, float], seen: list[Seen], frame: int) -> None:
    """Raises InputRefused where all fits but the axis that the tracks call up."""
    if any(one.to_world is None for one in seen):
        return
    up = seen[0].up
    other = "z" if up == "y" else "y"
    also = contradicting([replace(one, up=other) for one in seen]).get(declared, 1.0)
    if better({declared: shares.get(declared, 0.0), other: also}, declared) == other:
        raise InputRefused(
            f"the tracks say that {up} is up, and by the normals the ground looks along {other}",
            frame=frame,
            cause=f'So {shares[declared]:.0%} {AGAINST}; with "up": "{other}" {also:.0%}',
            remedy=f'Write "up": "{other}" into the file of the tracks, or export it with {up} up',
        )


def _judge_camera(own: LayerPlan, declared: str, shares: dict[str, float], frame: int) -> None:
    if not shares or min(share for name, share in shares.items() if name != ANOTHER_UP) <= HOPELESS:
        return
    known = "world" in shares
    raise InputRefused(
        "the normals do not fit the camera of these frames" if known else "the normals fit no camera",
        file=own.inputs["normal"].file(frame),
        frame=frame,
        cause=f'As "{declared}" {shares[declared]:.0%} {AGAINST}'
        + ("" if known else "; they may be the world's, which only the camera can tell"),
        remedy="Give the normals and the tracks of the frames that are painted"
        if known
        else 'Name the camera\'s file in "tracks" of the shot, or with --tracks; or render them in its space',
    )


def _beside_labels(own: LayerPlan, found: NormalPass, ids: Ids, frame: int) -> list[str]:
    """Where normals and labels contradict each other. Raises InputRefused where nearly all does."""
    there = np.asarray(found.vectors.any(2))
    stands = solid(own, ids)
    words = []
    lacking = float((~there)[stands].mean()) if stands.any() else 0.0
    if lacking > NONE:
        raise InputRefused(
            f"{lacking:.0%} of what the labels cover has no normal",
            file=own.inputs["normal"].file(frame),
            frame=frame,
            cause="The pass is of another layer or another frame, or most of it is empty",
            remedy="Render the normals together with the labels",
        )
    if lacking > SOME:
        numbers, counts = np.unique(ids[stands & ~there], return_counts=True)
        name = own.label_set.by_id(int(numbers[counts.argmax()])).name
        words.append(f"{lacking:.0%} of what the labels cover has no normal, most of it {name}: it is painted without")
    return words


def _beside(own: LayerPlan, frame: int) -> NDArray[np.float32] | None:
    """The normals of a frame that nobody asked for; None where it cannot be read, as while it is rendered."""
    try:
        return space.normal_pass(own, frame).vectors
    except SemrenderError:
        return None


def _judge_place(own: LayerPlan, frame: int, found: NormalPass, ids: Ids) -> None:
    """Raises InputRefused where normals that are moved, or of a frame beside, lie on the labels better."""
    source = own.inputs["normal"]
    here = turns(found.vectors, ids)
    for step in (-1, 1):
        if source.still or frame + step not in source.files:
            continue
        beside = _beside(own, frame + step)
        if beside is not None and beside.shape == found.vectors.shape and turns(beside, ids) > ELSEWHERE * here:
            raise InputRefused(
                "the normal pass is of another frame: its numbers are one off",
                file=source.file(frame),
                frame=frame,
                cause=f"The normals of frame {frame + step} turn where these labels change",
                remedy="Give its files the numbers of the frames that they belong to",
            )
    if (place := shifted(found.vectors, ids)) is not None:
        raise InputRefused(
            f"the normal pass does not lie on the labels: it is off by about {max(map(abs, place))} pixels",
            file=source.file(frame),
            frame=frame,
            cause=f"Moved by {place[0]}, {place[1]} it turns where the labels change",
            remedy="Render both with the same camera, size and overscan",
        )

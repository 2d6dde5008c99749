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
from inference_server.worker.check_place import misplaced, refuse, solid
from inference_server.worker.check_tried import Ids, Tried
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.planes import read_pass
from shared.errors import InputRefused, SemrenderError
from shared.label_set import SKY
from shared.passes.data_pass import FAR, DepthPlane
from shared.passes.normal_pass import NormalPass, cut_at_zero, uneven_by_gamma
from shared.values import Value

NONE = 0.5  # share of lengths that are no normal's, or of a solid class without one, beyond which a pass is none
SOME = 0.05  # the same that is worth a warning
HOPELESS = 0.3  # share of the surface that contradicts a convention that cannot be painted with
AGAINST = "of the surfaces turn away from the camera, or contradict the depth or the ground"
NEAR, DISTANT = 0.3, 20_000  # metres; what is nearer or farther in the middle is rarely meant


class Away(Value):
    """What was found of the depth on a frame. middle: in metres, on the first one, where it has any; fault: of its
    place."""

    frame: int
    middle: float | None
    fault: InputRefused | None


class Covered(Value):
    """How normals lie on what the labels cover. lacking: the share of it without any; most: the class that most of that
    is; sky: the share of the sky with some."""

    lacking: float = 0.0
    most: str = ""
    sky: float = 0.0


class Facing(Value):
    """What was found of the normals on a frame. channels, length, odd: as of `NormalPass`; covered: of the first one;
    fault: of the place of the middle one."""

    frame: int
    channels: tuple[str, ...]
    length: float
    odd: float
    looked: space.Looked
    covered: Covered
    fault: InputRefused | None


def look_at_depth(one: Tried) -> Away:
    read: DepthPlane = one.read("depth")
    middle = _middle(space.depth(one.plan, read)) if one.is_first else None
    return Away(one.frame, middle, misplaced(one, "depth", read.values, edges.of_depth))


def _middle(depth: NDArray[np.float32]) -> float | None:
    surface = depth[depth < FAR]
    return float(np.median(surface)) if surface.size else None


def judge_depth(plan: Plan, tried: list[Away]) -> dict[str, Any]:
    """Whether the depth of a layer whose model takes it can be right.

    Returns for the report {"metres": the middle distance of its first frame, where it has one, "warnings": [words]}.
    Raises InputRefused.
    """
    middle = tried[0].middle
    if middle is None:
        return {"warnings": [f"the depth has no distance on frame {tried[0].frame}"]}
    refuse(one.fault for one in tried)
    words = []
    if not NEAR <= middle <= DISTANT:
        unit = 100 * space.metres(plan)
        words.append(
            f"the depth is {middle:.3g} m in the middle, which is rarely meant: say how long a unit of the scene is"
            f' with "centimetres" in the shot or --centimetres (now {unit:g}; Maya has 1, Blender 100)'
        )
    return {"metres": middle, "warnings": words}


def look_at_normals(one: Tried) -> Facing:
    """Raises InputRefused where these are no normals."""
    own, ids = one.own, one.ids
    found: NormalPass = one.read("normal")
    _judge_lengths(own, one.frame, found)
    depth = one.read("depth").values if "depth" in own.inputs else None
    return Facing(
        frame=one.frame,
        channels=found.channels,
        length=found.length,
        odd=found.odd,
        looked=space.looked_at(one.plan, own, one.frame, found, depth, ids),
        covered=_covered(own, found, ids) if ids is not None and one.is_first else Covered(),
        fault=_misplaced(one, found, ids) if ids is not None and one.is_middle else None,
    )


def judge_normals(plan: Plan, own: LayerPlan, began: space.States, tried: list[Facing]) -> dict[str, Any]:
    """Whether the normals of a layer whose model takes them can be right. began: their states before they were read.

    Returns for the report {"normal": {"channels", "is", "how": "said" or "found out", "against": share 0..1 or None,
    "sky": share of the sky that has some}, "warnings": [words]}. Raises InputRefused.
    """
    first = tried[0]
    words: list[str] = []
    most = max(one.odd for one in tried)
    if most > SOME:
        words.append(
            f"{most:.0%} of the normals are of another length than the others, as where an edge was smoothed: they are"
            " made 1 long; render the pass without a filter (closest, no anti-aliasing)"
        )
    if abs(first.length - 1) > 1e-3:
        words.append(f"the normals are {first.length:.3g} long and are made 1 long")
    known = {one.frame: one.looked for one in tried}
    declared = own.layer.normal_is or space.found_out(plan, own, began, known)
    if declared == "world":
        space.to_world(plan, first.frame)
    shares, standing = _judge_axes(own, declared, [one.looked.seen for one in tried], first.frame)
    words += standing
    against = shares.get(declared)
    if against is not None and against > 2 * SOME:
        words.append(
            f'by "{declared}" {against:.0%} of the normals look away from the camera, or contradict the depth or the'
            " ground: are they of these frames, and is that what their axes are?"
        )
    words += _judge_lacking(own, first)
    refuse(one.fault for one in tried)
    how = "said" if own.layer.normal_is else "found out"
    about = {"channels": list(first.channels), "is": declared, "how": how, "against": against, "sky": first.covered.sky}
    return {"normal": about, "warnings": words}


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


def _covered(own: LayerPlan, found: NormalPass, ids: Ids) -> Covered:
    there = np.asarray(found.vectors.any(2))
    stands, sky = solid(own, ids), np.isin(ids, own.label_set.beginning(*SKY))
    dome = float(there[sky].mean()) if sky.any() else 0.0
    bare = stands & ~there
    if not bare.any():
        return Covered(sky=dome)
    numbers, counts = np.unique(ids[bare], return_counts=True)
    return Covered(float(bare[stands].mean()), own.label_set.by_id(int(numbers[counts.argmax()])).name, dome)


def _judge_lacking(own: LayerPlan, one: Facing) -> list[str]:
    """Words where normals are lacking. Raises InputRefused where nearly all are."""
    share = one.covered.lacking
    if share > NONE:
        raise InputRefused(
            f"{share:.0%} of what the labels cover has no normal",
            file=own.inputs["normal"].file(one.frame),
            frame=one.frame,
            cause="The pass is of another layer or another frame, or most of it is empty",
            remedy="Render the normals together with the labels",
        )
    if share <= SOME:
        return []
    return [f"{share:.0%} of what the labels cover has no normal, most of it {one.covered.most}: it is painted without"]


def _beside(own: LayerPlan, frame: int) -> NDArray[np.float32] | None:
    """The normals of a frame that nobody asked for; None where it cannot be read, as while it is rendered."""
    try:
        vectors: NDArray[np.float32] = read_pass(own, "normal", frame).vectors
    except SemrenderError:
        return None
    return vectors


def _misplaced(one: Tried, found: NormalPass, ids: Ids) -> InputRefused | None:
    """What is to be said where normals that are moved, or of a frame beside, lie on the labels better."""
    source, frame = one.own.inputs["normal"], one.frame
    here = turns(found.vectors, ids)
    for step in (-1, 1):
        if source.still or frame + step not in source.files:
            continue
        beside = _beside(one.own, frame + step)
        if beside is not None and beside.shape == found.vectors.shape and turns(beside, ids) > ELSEWHERE * here:
            return InputRefused(
                "the normal pass is of another frame: its numbers are one off",
                file=source.file(frame),
                frame=frame,
                cause=f"The normals of frame {frame + step} turn where these labels change",
                remedy="Give its files the numbers of the frames that they belong to",
            )
    if (place := shifted(found.vectors, ids)) is not None:
        return InputRefused(
            f"the normal pass does not lie on the labels: it is off by about {max(map(abs, place))} pixels",
            file=source.file(frame),
            frame=frame,
            cause=f"Moved by {place[0]}, {place[1]} it turns where the labels change",
            remedy="Render both with the same camera, size and overscan",
        )
    return None

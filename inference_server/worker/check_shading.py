"""The shading pass that a model takes, before anything is painted: is this light on clay, and how bright is it?"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability import edges
from inference_server.worker import space
from inference_server.worker.check_place import Ids, judge_place, labels_of, solid
from inference_server.worker.plan import LayerPlan, Plan, make_layer_plan
from inference_server.worker.planes import shading_pass
from shared.errors import InputRefused, SemrenderError
from shared.passes.shading_pass import ShadingPass
from shared.values import Value

FULL = 98  # percentile of what is there that counts as full light; so are the pictures normalised that models learn
OFF = 2.0  # times: farther from white than this full light is refused
EVEN = 1e-3  # of full light; what varies less is one value
CLIPPED, RUINED = 0.05, 0.25  # share of the surface at a picture's full white that is warned of, refused
DARK = 0.05  # of full light; the hue of what is darker is noise
# Spread of hues across their main direction. Two lights mix along a line: of 74 clay renders 0.006 at most, of the same
# views in colours 0.023 at least.
COLOURFUL = 0.015
ENOUGH = 100  # lit pixels, of which hues are told
EXPOSURE = "render it as EXR, in linear light without a view transform, or with less exposure"


class Tried(Value):
    """A frame that is tried. ids: of its labels, None where there are none; surface: (H, W) where something is lit, by
    the pass, and by labels of its size."""

    frame: int
    found: ShadingPass
    ids: Ids | None
    surface: NDArray[np.bool_]


def check_shading(plan: Plan, own: LayerPlan) -> dict[str, Any]:
    """Try the shading pass of a layer whose model takes it, on a few frames of those that are painted.

    Returns for the report {"shading": {"kind", "white": as the layer says, "light": of what is fully lit, None where
    nothing tells}, "warnings": [words]}. Raises InputRefused.
    """
    if "shading" not in own.inputs:
        return {"warnings": []}
    frames = space.spread(plan.frames, space.TRIED)
    tried = [_try(own, frame) for frame in frames]
    mine = np.concatenate([one.found.light[one.surface] for one in tried])
    about: dict[str, Any] = {"kind": tried[0].found.kind, "white": own.layer.shading_white, "light": None}
    words = []
    if not mine.size:
        words.append("the shading pass holds nothing where the layer is")
    elif mine.max() <= 0:
        raise InputRefused(
            "the shading pass is black everywhere",
            file=own.inputs["shading"].file(frames[0]),
            frame=frames[0],
            cause="It was rendered without the shot's lights, or of another layer",
            remedy="Render it with the lights of the shot, and one grey diffuse material on everything",
        )
    elif mine.max() - mine.min() < EVEN * mine.max():
        words.append("the shading pass is one value everywhere: it shows neither light nor shadow")
    else:
        words += _judge_clipped(own, tried)
        for one in tried:
            there = one.found.there
            judge_place(own, "shading", one.frame, there, one.ids, edges.of_numbers, lambda ids: _stands(own, ids))
        about["light"] = _judge_white(plan, own, frames, mine)
        if max(_colours(one) for one in tried) > COLOURFUL:
            words.append(
                "the shading pass has the colours of many things, as a beauty has: give one with the same grey diffuse"
                " material on everything"
            )
    return {"shading": about, "warnings": [f"layer {own.layer.name}: {one}" for one in words]}


def _try(own: LayerPlan, frame: int) -> Tried:
    found, ids = shading_pass(own, frame), labels_of(own, frame)
    surface = found.there
    if ids is not None and ids.shape == surface.shape:
        surface = surface & solid(own, ids)
    return Tried(frame, found, ids, surface)


def _stands(own: LayerPlan, ids: Ids) -> Ids:
    """1 where something stands, 0 elsewhere: what of labels light can tell apart.

    Light falls as it will within a class, but ends where nothing is: of 154 clay renders that had such a border all lay
    best where they belong, and of the same moved by (6, 3) pixels 153 were known.
    """
    return solid(own, ids).astype(np.uint16)


def _judge_clipped(own: LayerPlan, tried: list[Tried]) -> list[str]:
    """Words where part of the surface was cut off at full white. Raises InputRefused where much was."""
    shares = [(float((one.found.clipped & one.surface).sum()) / max(1, one.surface.sum()), one.frame) for one in tried]
    share, frame = max(shares)
    if share > RUINED:
        raise InputRefused(
            f"{share:.0%} of the surface in the shading pass is cut off at white: nothing tells its light apart",
            file=own.inputs["shading"].file(frame),
            frame=frame,
            cause="What is brighter than the white of a picture is lost when it is saved",
            remedy=f"R{EXPOSURE[1:]}",
        )
    if share <= CLIPPED:
        return []
    return [f"{share:.0%} of the surface in the shading pass is cut off at white: {EXPOSURE}"]


def _judge_white(plan: Plan, own: LayerPlan, frames: list[int], mine: NDArray[np.float32]) -> float:
    """How bright full light is, of all layers that share this white: one may lie in shadow. Raises InputRefused."""
    white = own.layer.shading_white
    light = float(np.percentile(np.concatenate([mine, *_beside(plan, own, frames)]), FULL))
    if white / OFF <= light <= white * OFF:
        return light
    right = f"{float(f'{light:.2g}'):g}"
    raise InputRefused(
        f"full light in the shading pass is {right}, and its white is said to be {white:g}",
        file=own.inputs["shading"].file(frames[0]),
        frame=frames[0],
        cause=f"{FULL}% of its surfaces are darker than {right}; the model counts full light as 1",
        remedy=f'Write "shading_white": {right} into the layers of shot.json, or --shading-white {right}',
    )


def _beside(plan: Plan, own: LayerPlan, frames: list[int]) -> list[NDArray[np.float32]]:
    """The light of the shot's other layers that have the same white; what cannot be read is said of that layer."""
    found = []
    for layer in plan.shot.layers:
        if layer.name == own.layer.name or layer.shading is None or layer.shading_white != own.layer.shading_white:
            continue
        with contextlib.suppress(SemrenderError):
            other = plan.layers.get(layer.name) or make_layer_plan(plan, layer.name)
            if "shading" in other.inputs:
                for frame in frames:
                    one = _try(other, frame)
                    found.append(one.found.light[one.surface])
    return found


def _colours(one: Tried) -> float:
    """How far hues spread across the line on which two lights mix; 0 where too little is lit."""
    colours = np.maximum(one.found.colour[one.surface], 0)
    most = colours.max(1, initial=0)
    lit = colours[most > DARK * np.percentile(most, FULL)] if most.any() else colours[:0]
    if len(lit) < ENOUGH:
        return 0.0
    shares = lit / lit.sum(1, keepdims=True)
    spread = np.linalg.eigvalsh(np.cov(shares, rowvar=False))
    return float(np.sqrt(max(0.0, spread[-2])))

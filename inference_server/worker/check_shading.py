"""The shading pass that a model takes, before anything is painted: is this light on clay, and how bright is it?"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.stability import edges
from inference_server.worker.check_place import misplaced, refuse, solid
from inference_server.worker.check_tried import Ids, Tried
from inference_server.worker.plan import LayerPlan, Plan, make_layer_plan
from shared.errors import InputRefused, SemrenderError
from shared.passes.shading_pass import ShadingPass
from shared.values import Value

Light = NDArray[np.float32]  # (N,)

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


class Lit(Value):
    """What was found on a frame. clipped: the share of what is lit at full white; colours: how far its hues spread;
    fault: of its place."""

    frame: int
    kind: str
    clipped: float
    colours: float
    fault: InputRefused | None


def light_of(one: Tried) -> Light:
    """Of what is lit on a frame. Raises MissingInput or InputRefused."""
    found: ShadingPass = one.read("shading")
    return found.light[_surface(one, found)]


def look_at_shading(one: Tried) -> Lit:
    found: ShadingPass = one.read("shading")
    surface = _surface(one, found)
    return Lit(
        frame=one.frame,
        kind=found.kind,
        clipped=float((found.clipped & surface).sum()) / max(1, int(surface.sum())),
        colours=_colours(found.colour[surface]),
        fault=misplaced(one, "shading", found.there, edges.of_numbers, lambda ids: _stands(one.own, ids)),
    )


def judge_shading(own: LayerPlan, tried: list[Lit], mine: Light, beside: list[Light]) -> dict[str, Any]:
    """Whether the shading pass of a layer whose model takes it can be right.

    mine: `light_of` the layer on all frames; beside: of the shot's other layers that have the same white.
    Returns for the report {"shading": {"kind", "white": as the layer says, "light": of what is fully lit, None where
    nothing tells}, "warnings": [words]}. Raises InputRefused.
    """
    about: dict[str, Any] = {"kind": tried[0].kind, "white": own.layer.shading_white, "light": None}
    words = []
    if not mine.size:
        words.append("the shading pass holds nothing where the layer is")
    elif mine.max() <= 0:
        raise InputRefused(
            "the shading pass is black everywhere",
            file=own.inputs["shading"].file(tried[0].frame),
            frame=tried[0].frame,
            cause="It was rendered without the shot's lights, or of another layer",
            remedy="Render it with the lights of the shot, and one grey diffuse material on everything",
        )
    elif mine.max() - mine.min() < EVEN * mine.max():
        words.append("the shading pass is one value everywhere: it shows neither light nor shadow")
    else:
        words += _judge_clipped(own, tried)
        refuse(one.fault for one in tried)
        about["light"] = _judge_white(own, tried[0].frame, np.concatenate([mine, *beside]))
        if max(one.colours for one in tried) > COLOURFUL:
            words.append(
                "the shading pass has the colours of many things, as a beauty has: give one with the same grey diffuse"
                " material on everything"
            )
    return {"shading": about, "warnings": words}


def lit_with(plan: Plan) -> list[LayerPlan]:
    """The shot's layers that the job does not paint and that have the same white as one that it does.

    What cannot be read of them is said when they are painted.
    """
    whites = {own.layer.shading_white for own in plan.layers.values() if "shading" in own.inputs}
    found = []
    for layer in plan.shot.layers:
        if layer.name not in plan.layers and layer.shading is not None and layer.shading_white in whites:
            with contextlib.suppress(SemrenderError):
                found.append(make_layer_plan(plan, layer.name))
    return [other for other in found if "shading" in other.inputs]


def _surface(one: Tried, found: ShadingPass) -> NDArray[np.bool_]:
    """(H, W) where something is lit, by the pass, and by labels of its size."""
    ids = one.ids
    return found.there if ids is None or ids.shape != found.there.shape else found.there & solid(one.own, ids)


def _stands(own: LayerPlan, ids: Ids) -> Ids:
    """1 where something stands, 0 elsewhere: what of labels light can tell apart.

    Light falls as it will within a class, but ends where nothing is: of 154 clay renders that had such a border all lay
    best where they belong, and of the same moved by (6, 3) pixels 153 were known.
    """
    return solid(own, ids).astype(np.uint16)


def _judge_clipped(own: LayerPlan, tried: list[Lit]) -> list[str]:
    """Words where part of the surface was cut off at full white. Raises InputRefused where much was."""
    share, frame = max((one.clipped, one.frame) for one in tried)
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


def _judge_white(own: LayerPlan, first: int, every: Light) -> float:
    """How bright full light is, of all layers that share this white: one may lie in shadow. Raises InputRefused."""
    white = own.layer.shading_white
    light = float(np.percentile(every, FULL))
    if white / OFF <= light <= white * OFF:
        return light
    right = f"{float(f'{light:.2g}'):g}"
    raise InputRefused(
        f"full light in the shading pass is {right}, and its white is said to be {white:g}",
        file=own.inputs["shading"].file(first),
        frame=first,
        cause=f"{FULL}% of its surfaces are darker than {right}; the model counts full light as 1",
        remedy=f'Write "shading_white": {right} into the layers of shot.json, or --shading-white {right}',
    )


def _colours(surface: NDArray[np.float32]) -> float:
    """How far hues (N, 3) spread across the line on which two lights mix; 0 where too little is lit."""
    colours = np.maximum(surface, 0)
    most = colours.max(1, initial=0)
    lit = colours[most > DARK * np.percentile(most, FULL)] if most.any() else colours[:0]
    if len(lit) < ENOUGH:
        return 0.0
    shares = lit / lit.sum(1, keepdims=True)
    spread = np.linalg.eigvalsh(np.cov(shares, rowvar=False))
    return float(np.sqrt(max(0.0, spread[-2])))

"""Keys of animation. A key's time is in the scene's unit of time, its value in the units of the panel [docs].

Keys lie on nodes of their own, the curves, which drive the attribute; where it is in a layer of animation, a node that
blends the layers drives it and the curves drive that one [scene files].
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from maya import schema
from maya.command import command, flat
from maya.scene import NO, SCENE, Node

FULL_TANGENTS = ("linear", "step", "flat", "spline", "auto", "clamped", "plateau")
BASE = "BaseAnimation"
UNITS = {"game": 15, "film": 24, "pal": 25, "ntsc": 30, "show": 48, "palf": 50, "ntscf": 60}
EXACT = {
    **{f"{name}fps": Fraction(frames, 1001) for name, frames in (("23.976", 24000), ("29.97", 30000))},
    **{f"{name}fps": Fraction(frames, 1001) for name, frames in (("47.952", 48000), ("59.94", 60000))},
    "29.97df": Fraction(30000, 1001),
    **{"hour": Fraction(1, 3600), "min": Fraction(1, 60), "sec": Fraction(1), "millisec": Fraction(1000)},
}


@command()
def setKeyframe(*nodes, attribute, time, value, inTangentType="", outTangentType="", animLayer=""):
    """Keys that are set. Locked: none, with a warning that no script sees; driven by something else: blended."""
    if {inTangentType, outTangentType} - {"", *FULL_TANGENTS} or inTangentType == "step":  # "step" goes out only
        raise RuntimeError(f"Invalid tangent type: {inTangentType} {outTangentType}")
    if animLayer and not SCENE.find(animLayer):
        raise ValueError(f"No object matches name: {animLayer}")  # [open] whether Maya minds
    count = 0
    for name in flat(nodes):
        node = SCENE.one(name)[-1]
        if not SCENE.has(node, attribute):
            raise RuntimeError(f"No attribute was found to key: {name}.{attribute}")  # [open] the words
        if attribute in node.locks:
            continue
        driver = SCENE.source(node, attribute)
        if driver is not None and not driver[0].kind.startswith(("animCurve", "animBlendNode")):
            # a pairBlend comes between: the constraint is no more alone
            SCENE.blended.add((node.name, attribute))
            continue
        curve = curve_of(node, attribute, animLayer or SCENE.chosen_layer) or _made(
            node, attribute, animLayer or SCENE.chosen_layer
        )
        for one in time if isinstance(time, (list, tuple)) else [time]:
            when = ticked(Fraction(one), rate(SCENE.time_unit))
            put(curve, {**curve.keys, when: inner(attribute, float(value))})
            curve.tangents[when] = (inTangentType, outTangentType)
            count += 1
    return count


@command()
def cutKey(*nodes, attribute, time, clear, option="keys"):
    """Take keys away that lie in a range; a curve without keys goes, and the attribute keeps its value [docs]."""
    assert clear and option == "keys"
    count = 0
    for name in flat(nodes):
        node = SCENE.one(name)[-1]
        curve = curve_of(node, attribute, SCENE.chosen_layer)
        for first, last in (time if isinstance(time, list) else [time]) if curve is not None else []:
            gone = [one for one in curve.keys if first <= one <= last]
            count += len(gone)
            if gone and len(gone) == len(curve.keys):
                kept = SCENE.value(node, attribute)
                SCENE.delete([curve])
                SCENE.put(node, attribute, kept)
                break
            if gone:
                put(curve, {t: v for t, v in curve.keys.items() if t not in gone})
    return count


@command(undoable=False)
def keyframe(*nodes, query, attribute, timeChange=NO, valueChange=NO):
    """Of the lowest layer."""
    node = SCENE.one(nodes[0])[-1]
    curve = curve_of(node, attribute, BASE)
    found = sorted(node.curves.get(attribute, {}).items() if curve is None else curve.keys.items())
    if timeChange:
        return [time for time, _ in found] or None
    return [outer(attribute, value) for _, value in found] or None


@command(undoable=False)
def animLayer(name, /, *, query, findCurveForPlug):
    """The curves of a plug in a layer [docs]; a list, also of one, None for none [open]."""
    if not SCENE.find(name):
        raise RuntimeError(f"No object matches name: {name}")
    node, attribute = SCENE.plug(findCurveForPlug)
    curve = curve_of(node, attribute, name)
    return [curve.name] if curve is not None else None


@command()
def currentUnit(*, query=NO, time=NO, linear=NO, updateAnimation=True):
    """Keys stay at their seconds when the unit of time changes, unless told otherwise [docs]; the slider too [open]."""
    if query:
        return SCENE.linear_unit if linear else SCENE.time_unit
    if time not in UNITS and time not in EXACT and not str(time).endswith("fps"):
        raise RuntimeError(f"Invalid time unit: {time}")
    before, ratio = SCENE.time_unit, rate(time) / rate(SCENE.time_unit)

    def to(unit: str, by: Fraction) -> None:
        SCENE.time_unit = unit
        SCENE.slider = tuple(float(one * by) for one in map(Fraction, SCENE.slider))
        SCENE.time = float(Fraction(SCENE.time) * by)
        if updateAnimation:
            for node in SCENE.all():
                node.keys = {ticked(Fraction(t) * by, rate(unit)): v for t, v in node.keys.items()}
                node.tangents = {ticked(Fraction(t) * by, rate(unit)): v for t, v in node.tangents.items()}
                node.curves = {a: {float(Fraction(t) * by): v for t, v in c.items()} for a, c in node.curves.items()}

    SCENE.change(lambda: to(time, ratio), lambda: to(before, 1 / ratio))
    return time


def rate(unit: str) -> Fraction:
    """Frames a second."""
    return EXACT.get(unit) or Fraction(UNITS[unit] if unit in UNITS else unit.replace("fps", ""))


def ticked(frames: Fraction, by: Fraction) -> float:
    """A time in frames as Maya keeps it: 141,120,000 ticks are a second [docs MTime]."""
    return float(Fraction(round(frames / by * 141_120_000), 141_120_000) * by)


def curve_of(node: Node, attribute: str, layer: str) -> Node | None:
    """The curve's node; in the layer that is named or chosen, for what is a member of it, else in the lowest."""
    found = SCENE.source(node, attribute)
    while found is not None and found[0].kind.startswith("animBlendNode"):
        mine = layer not in ("", BASE) and found[0].values.get("layer") == layer
        found = SCENE.source(found[0], "inputB" if mine else "inputA")
        if mine:
            break
    return found[0] if found is not None and found[0].kind.startswith("animCurve") else None


def put(curve: Node, now: dict[float, float]) -> None:
    before = curve.keys

    def to(keys: dict[float, float]) -> None:
        curve.keys = keys

    SCENE.change(lambda: to(now), lambda: to(before))


def kind_for(attribute: str) -> str:
    if attribute.startswith("translate"):
        return "animCurveTL"
    return "animCurveTA" if attribute.startswith(("rotate", "jointOrient")) else "animCurveTU"


def _made(node: Node, attribute: str, layer: str) -> Node:
    """A new curve, and where it drives: the attribute, or its side of the node that blends."""
    curve = SCENE.create(kind_for(attribute), f"{node.name}_{attribute}")
    target, side = node, attribute
    while (found := SCENE.source(target, side)) is not None and found[0].kind.startswith("animBlendNode"):
        mine = layer not in ("", BASE) and found[0].values.get("layer") == layer
        target, side = found[0], "inputB" if mine else "inputA"
        if mine:
            break
    SCENE.connect(curve, "output", target, side)
    return curve


def _length(attribute: str) -> float:
    return schema.CENTIMETRES[SCENE.linear_unit] if attribute.startswith("translate") else 1.0


def inner(attribute: str, value: Any) -> Any:
    """What is kept of a value of the panel: lengths in centimetres [docs]."""
    by = _length(attribute)
    return tuple(one * by for one in value) if isinstance(value, tuple) else value if by == 1.0 else value * by


def outer(attribute: str, value: Any) -> Any:
    by = _length(attribute)
    return tuple(one / by for one in value) if isinstance(value, tuple) else value if by == 1.0 else value / by

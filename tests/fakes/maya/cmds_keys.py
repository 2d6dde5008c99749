"""Keys of animation. A key's time is in the scene's unit of time, its value in the units of the panel [docs]."""

from __future__ import annotations

from typing import Any

from maya import schema
from maya.command import command, flat
from maya.scene import NO, SCENE, Node

FULL_TANGENTS = ("linear", "step", "flat", "spline", "auto", "clamped", "plateau")


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
        if driver is not None and not driver[0].kind.startswith("animCurve"):
            # a pairBlend comes between: the constraint is no more alone
            SCENE.blended.add((node.name, attribute))
            continue
        curves = _curves(node, animLayer)
        if curves is node.curves and driver is None:
            kind = "animCurveTL" if attribute.startswith("translate") else "animCurveTU"
            SCENE.connect(SCENE.create(kind, f"{node.name}_{attribute}"), "output", node, attribute)
        for one in time if isinstance(time, (list, tuple)) else [time]:
            _put(curves, attribute, float(one), _inner(attribute, float(value)), outTangentType)
            count += 1
    return count


@command()
def cutKey(*nodes, attribute, time, clear, option="keys"):
    """Take keys away that lie in a range; a curve without keys goes, and the attribute keeps its value [docs]."""
    assert clear and option == "keys"
    count = 0
    for name in flat(nodes):
        curves = SCENE.one(name)[-1].curves
        for first, last in time if isinstance(time, list) else [time]:
            gone = [one for one in curves.get(attribute, {}) if first <= one <= last]
            count += len(gone)
            if gone:
                left = {t: v for t, v in curves[attribute].items() if t not in gone}
                _replace(curves, attribute, left)
    return count


@command(undoable=False)
def keyframe(*nodes, query, attribute, timeChange=NO, valueChange=NO):
    found = sorted(SCENE.one(nodes[0])[-1].curves.get(attribute, {}).items())
    if timeChange:
        return [time for time, _ in found] or None
    return [_outer(attribute, value) for _, value in found] or None


def _curves(node: Node, layer: str) -> dict[str, Any]:
    """Keys go into the layer that is chosen, for what is a member of it, unless a layer is named [public code]."""
    if SCENE.chosen_layer and node in SCENE.layered and layer != "BaseAnimation":
        return SCENE.layered[node]
    return node.curves


def _put(curves: dict[str, Any], attribute: str, time: float, value: float, tangent: str) -> None:
    _replace(curves, attribute, {**curves.get(attribute, {}), time: value})


def _replace(curves: dict[str, Any], attribute: str, now: dict[float, float]) -> None:
    before = curves.get(attribute)

    def put(value: Any) -> None:
        if value:
            curves[attribute] = value
        else:
            curves.pop(attribute, None)

    SCENE.change(lambda: put(now), lambda: put(before))


def _length(attribute: str) -> float:
    return schema.CENTIMETRES[SCENE.linear_unit] if attribute.startswith("translate") else 1.0


def _inner(attribute: str, value: float) -> float:
    return value * _length(attribute)


def _outer(attribute: str, value: float) -> float:
    return value / _length(attribute)

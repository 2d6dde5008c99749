"""Keys by the thousand, through Maya's API, and undone with the step that they belong to.

The API changes curves beside the undo queue: so it is done inside a command of the plug-in that knows how to take it
back, `semrenderKeys NUMBER`. What it is to do waits here, since commands of Maya take no Python objects.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from maya import cmds, mel
from maya.api import OpenMaya, OpenMayaAnim

from maya_plugin.core.chains import ANGLE, LENGTH, NUMBER

NAME = "semrenderKeys"
BASE = "BaseAnimation"  # Maya's lowest layer of animation; the artist's lie above it
CURVES = {LENGTH: "animCurveTL", ANGLE: "animCurveTA", NUMBER: "animCurveTU"}
NEAR = 1e-3  # frames within which two times are one


@dataclass(frozen=True)
class Keys:
    """What becomes of a curve: its keys at `times`, none else within `span` and none at `gone`.

    Times are in the scene's unit of time; values in centimetres, degrees or as they are. `span` () is empty.
    """

    curve: str
    kind: str
    times: Sequence[float]
    values: Sequence[float]
    span: tuple[float, ...] = ()
    gone: Sequence[float] = ()
    step: bool = False


@dataclass
class _Work:
    keys: Sequence[Keys]
    change: OpenMayaAnim.MAnimCurveChange = field(default_factory=OpenMayaAnim.MAnimCurveChange)


_waiting: dict[int, _Work] = {}
_numbers = itertools.count(1)


def apply(keys: Sequence[Keys]) -> None:
    """Give curves their keys; part of the undo step that is open. The plug-in must be loaded. Raises RuntimeError."""
    number = next(_numbers)
    _waiting[number] = _Work(keys)
    try:
        mel.eval(f"{NAME} {number}")
    finally:
        _waiting.pop(number, None)


class SetKeys(OpenMaya.MPxCommand):
    def doIt(self, arguments: OpenMaya.MArgList) -> None:  # noqa: N802, Maya's name
        number = OpenMaya.MArgParser(self.syntax(), arguments).commandArgumentInt(0)
        self._work = _waiting.pop(number)
        for one in self._work.keys:
            _set(one, self._work.change)

    def isUndoable(self) -> bool:  # noqa: N802, Maya's name
        return True

    def undoIt(self) -> None:  # noqa: N802, Maya's name
        self._work.change.undoIt()

    def redoIt(self) -> None:  # noqa: N802, Maya's name
        self._work.change.redoIt()


def make_syntax() -> OpenMaya.MSyntax:
    syntax = OpenMaya.MSyntax()
    syntax.addArg(OpenMaya.MSyntax.kLong)
    return syntax


def _set(keys: Keys, change: OpenMayaAnim.MAnimCurveChange) -> None:
    """New keys first: a curve that lost its last one may go."""
    curve = OpenMayaAnim.MFnAnimCurve(OpenMaya.MSelectionList().add(keys.curve).getDependNode(0))
    unit = OpenMaya.MTime.uiUnit()
    have = [curve.input(index).asUnits(unit) for index in range(curve.numKeys)]
    # Maya counts in ticks: what is nearly at the same time is replaced
    times = [time if (there := _nearest(have, time)) is None else there for time in keys.times]
    values = map(math.radians, keys.values) if keys.kind == ANGLE else keys.values
    curve.addKeys(
        OpenMaya.MTimeArray([OpenMaya.MTime(time, unit) for time in times]),
        OpenMaya.MDoubleArray(list(values)),
        OpenMayaAnim.MFnAnimCurve.kTangentLinear,
        OpenMayaAnim.MFnAnimCurve.kTangentStep if keys.step else OpenMayaAnim.MFnAnimCurve.kTangentLinear,
        True,
        change,
    )
    gone = sorted(keys.gone)
    for index in reversed(range(curve.numKeys)):  # from the end: those behind a removed one move up
        time = curve.input(index).asUnits(unit)
        inside = bool(keys.span) and keys.span[0] - NEAR <= time <= keys.span[1] + NEAR
        if (inside or _nearest(gone, time) is not None) and _nearest(times, time) is None:
            curve.remove(index, change)


def _nearest(times: Sequence[float], time: float) -> float | None:
    """Which of these, ascending, is the same time; None where none is."""
    at = bisect.bisect_left(times, time - NEAR)
    return times[at] if at < len(times) and times[at] <= time + NEAR else None


def curve_for(node: str, attribute: str, kind: str) -> str:
    """The curve that an attribute's keys are on, made where nothing drives it; "" where something else does.

    Of an attribute in layers of animation it is the one of the lowest layer. Commands: getAttr, listConnections, ls,
    animLayer, createNode, connectAttr, setKeyframe.
    """
    plug = f"{node}.{attribute}"
    if cmds.getAttr(plug, lock=True):
        return ""
    drivers = cmds.listConnections(plug, source=True, destination=False) or []
    if not drivers:
        name = f":{node.rpartition('|')[2]}_{attribute}"
        curve = cmds.createNode(CURVES[kind], name=name, skipSelect=True)
        cmds.connectAttr(f"{curve}.output", plug)
        return str(curve)
    curves = cmds.ls(drivers, type="animCurve")
    if curves:
        return str(curves[0])
    if not cmds.ls(drivers, type="animBlendNodeBase"):
        return ""
    found = cmds.animLayer(BASE, query=True, findCurveForPlug=plug)
    if not found:  # in a layer before it ever had a key
        cmds.setKeyframe(node, attribute=attribute, time=0, value=0, animLayer=BASE)
        found = cmds.animLayer(BASE, query=True, findCurveForPlug=plug)
    return str(found[0]) if found else ""

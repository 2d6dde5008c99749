"""maya.api.OpenMayaAnim: keys of a curve, all at once. Nothing of it reaches the undo queue by itself."""

from __future__ import annotations

import math
from typing import Callable

from maya.api.OpenMaya import MDoubleArray, MObject, MTime, MTimeArray
from maya.scene import SCENE


class MAnimCurveChange:
    """What was done to curves, for whoever undoes it [docs]."""

    def __init__(self) -> None:
        self._steps: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def undoIt(self) -> MAnimCurveChange:
        for _, undo in reversed(self._steps):
            undo()
        return self

    def redoIt(self) -> MAnimCurveChange:
        for redo, _ in self._steps:
            redo()
        return self


class MFnAnimCurve:
    """Values in centimetres and radians, whatever the panel shows [docs]."""

    kTangentGlobal, kTangentFixed, kTangentLinear, kTangentFlat, kTangentSmooth, kTangentStep = range(6)
    _NAMES = {2: "linear", 3: "flat", 5: "step"}

    def __init__(self, node: MObject) -> None:
        if not node.node.kind.startswith("animCurve"):
            raise RuntimeError("(kInvalidParameter): Object is incompatible with this method")
        self._node = node.node

    @property
    def numKeys(self) -> int:
        return len(self._node.keys)

    def find(self, at: MTime) -> int | None:
        wanted = at._frames()
        near = [n for n, time in enumerate(sorted(self._node.keys)) if abs(time - wanted) < 1e-6]
        return near[0] if near else None

    def input(self, index: int) -> MTime:
        return MTime(sorted(self._node.keys)[index], MTime.kUi)

    def value(self, index: int) -> float:
        return self._node.keys[sorted(self._node.keys)[index]] * self._unit()

    def remove(self, index: int, change: MAnimCurveChange | None = None) -> MFnAnimCurve:
        """The keys after it move up by one."""
        time = sorted(self._node.keys)[index]
        self._put({t: v for t, v in self._node.keys.items() if t != time}, dict(self._node.tangents), change)
        return self

    def addKeys(
        self,
        times: MTimeArray,
        values: MDoubleArray,
        tangentInType: int = 0,
        tangentOutType: int = 0,
        keepExistingKeys: bool = False,
        change: MAnimCurveChange | None = None,
    ) -> MFnAnimCurve:
        if not isinstance(times, MTimeArray) or not isinstance(values, MDoubleArray) or len(times) != len(values):
            raise TypeError("addKeys takes an MTimeArray and an MDoubleArray of one length")
        if tangentInType == self.kTangentStep:
            raise ValueError("step goes out only")
        placed = [time._frames() for time in times]
        if placed != sorted(placed):
            raise RuntimeError("(kFailure): times must ascend")  # [open]
        kept = dict(self._node.keys)
        if not keepExistingKeys:
            kept = {} if SCENE.cuts_all_keys else {t: v for t, v in kept.items() if not placed[0] <= t <= placed[-1]}
        now = {**kept, **{time: value / self._unit() for time, value in zip(placed, values)}}
        named = (self._NAMES.get(tangentInType, ""), self._NAMES.get(tangentOutType, ""))
        self._put(now, {**self._node.tangents, **dict.fromkeys(placed, named)}, change)
        return self

    def _unit(self) -> float:
        """Of a value as it is told, one as it is kept: degrees."""
        return math.pi / 180 if self._node.kind == "animCurveTA" else 1.0

    def _put(
        self,
        keys: dict[float, float],
        tangents: dict[float, tuple[str, str]],
        change: MAnimCurveChange | None,
    ) -> None:
        node, before = self._node, (self._node.keys, self._node.tangents)

        def to(state: tuple[dict[float, float], dict[float, tuple[str, str]]]) -> None:
            node.keys, node.tangents = state
            SCENE.modified = True

        to((keys, tangents))
        if change is not None:
            change._steps.append((lambda: to((keys, tangents)), lambda: to(before)))

"""maya.api.OpenMayaAnim: keys of a curve, all at once. Nothing of it reaches the undo queue by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Callable

from maya.api.OpenMaya import MDoubleArray, MObject, MTime, MTimeArray
from maya.scene import SCENE

Key = tuple[float, tuple[str, str]]  # value, tangents in and out


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
        self._put({}, [sorted(self._node.keys)[index]], change)
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
        gone: list[float] = []
        if not keepExistingKeys:
            gone = [t for t in self._node.keys if SCENE.cuts_all_keys or placed[0] <= t <= placed[-1]]
        named = (self._NAMES.get(tangentInType, ""), self._NAMES.get(tangentOutType, ""))
        self._put({time: (value / self._unit(), named) for time, value in zip(placed, values)}, gone, change)
        return self

    def _unit(self) -> float:
        """Of a value as it is told, one as it is kept: degrees."""
        return math.pi / 180 if self._node.kind == "animCurveTA" else 1.0

    def _put(self, made: dict[float, Key], gone: list[float], change: MAnimCurveChange | None) -> None:
        """What a change takes back is these keys and no others."""
        node = self._node
        before = {t: (node.keys[t], node.tangents.get(t, ("", ""))) for t in (*made, *gone) if t in node.keys}

        def to(away: Iterable[float], there: dict[float, Key]) -> None:
            keys, tangents = dict(node.keys), dict(node.tangents)
            for time in away:
                keys.pop(time, None)
            for time, (value, named) in there.items():
                keys[time], tangents[time] = value, named
            node.keys, node.tangents, SCENE.modified = keys, tangents, True

        to(gone, made)
        if change is not None:
            change._steps.append((lambda: to(gone, made), lambda: to(made, before)))

"""maya.OpenMayaUI of the fake (API 1.0)."""

from __future__ import annotations

from typing import Any

from maya import windows


class MQtUtil:
    @staticmethod
    def getCurrentParent() -> int:
        """The address of the widget that is being filled."""
        return _address(windows.filling[-1])

    @staticmethod
    def findControl(name: str) -> int | None:
        control = windows.controls.get(name)
        return None if control is None or control.widget is None else _address(control.widget)


def _address(widget: Any) -> int:
    try:
        from shiboken6 import getCppPointer
    except ImportError:
        from shiboken2 import getCppPointer
    return int(getCppPointer(widget)[0])

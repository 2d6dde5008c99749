"""maya.OpenMayaUI of the fake (API 1.0)."""

from __future__ import annotations

from maya import windows


class MQtUtil:
    @staticmethod
    def getCurrentParent() -> int:
        """The address of the widget that is being filled."""
        try:
            from shiboken6 import getCppPointer
        except ImportError:
            from shiboken2 import getCppPointer
        return int(getCppPointer(windows.filling[-1])[0])

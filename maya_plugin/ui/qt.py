"""One name for both bindings: PySide6 (Maya 2025 and later) and PySide2 (Maya 2023 and 2024).

Written to PySide6's names; what PySide2 has elsewhere is put under them here. Use fully scoped enums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from PySide6 import QtCore, QtGui, QtWidgets
    from shiboken6 import wrapInstance
else:
    try:
        from PySide6 import QtCore, QtGui, QtWidgets
        from shiboken6 import wrapInstance
    except ImportError:
        from PySide2 import QtCore, QtGui, QtWidgets
        from shiboken2 import wrapInstance

        QtGui.QAction = QtWidgets.QAction
        QtGui.QActionGroup = QtWidgets.QActionGroup
        QtGui.QShortcut = QtWidgets.QShortcut

Qt = QtCore.Qt
Signal = QtCore.Signal


def widget_at(address: int) -> QtWidgets.QWidget:
    """The widget that the host made and told the address of."""
    return cast(QtWidgets.QWidget, wrapInstance(address, QtWidgets.QWidget))


__all__ = ["Qt", "QtCore", "QtGui", "QtWidgets", "Signal", "widget_at"]

"""One name for both bindings: PySide6 (Maya 2025 and later) and PySide2 (Maya 2023 and 2024).

Written to PySide6's names; what PySide2 has elsewhere is put under them here. Use fully scoped enums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6 import QtCore, QtGui, QtWidgets
else:
    try:
        from PySide6 import QtCore, QtGui, QtWidgets
    except ImportError:
        from PySide2 import QtCore, QtGui, QtWidgets

        QtGui.QAction = QtWidgets.QAction
        QtGui.QActionGroup = QtWidgets.QActionGroup
        QtGui.QShortcut = QtWidgets.QShortcut

Qt = QtCore.Qt
Signal = QtCore.Signal
Slot = QtCore.Slot

__all__ = ["Qt", "QtCore", "QtGui", "QtWidgets", "Signal", "Slot"]

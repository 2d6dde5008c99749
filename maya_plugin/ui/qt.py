"""One name for both bindings: PySide6 (Maya 2025 and later) and PySide2 (Maya 2023 and 2024).

Written to PySide6's names; what PySide2 has elsewhere is a name of this module, since others ask PySide2 itself what it
has. Use fully scoped enums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from PySide6 import QtCore, QtGui, QtWidgets
    from PySide6.QtGui import QShortcut
    from shiboken6 import isValid, wrapInstance
else:
    try:
        from PySide6 import QtCore, QtGui, QtWidgets
        from PySide6.QtGui import QShortcut
        from shiboken6 import isValid, wrapInstance
    except ImportError:
        from PySide2 import QtCore, QtGui, QtWidgets
        from PySide2.QtWidgets import QShortcut
        from shiboken2 import isValid, wrapInstance

Qt = QtCore.Qt
Signal = QtCore.Signal


def widget_at(address: int) -> QtWidgets.QWidget:
    """The widget that the host made and told the address of."""
    return cast(QtWidgets.QWidget, wrapInstance(address, QtWidgets.QWidget))


def alive(thing: QtCore.QObject) -> bool:
    """Whether Qt still has what Python has a name for."""
    return bool(isValid(thing))


__all__ = ["QShortcut", "Qt", "QtCore", "QtGui", "QtWidgets", "Signal", "alive", "widget_at"]

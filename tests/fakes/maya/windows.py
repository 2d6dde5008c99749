"""The fake's windows: workspace controls with a real Qt widget in them, and shelves. No Maya has this module.

Standard: a control runs its script at once when it is loaded immediately, and again when Maya restores its workspace
[facts 2.7]; a script with a line break is a syntax error [facts 2.7]; an empty shelf answers None [facts 2.6].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TOP = "MayaWindow|toolBar2|MainShelfLayout|formLayout18|ShelfLayout"


@dataclass
class Control:
    label: str
    script: str
    close_command: str
    widget: Any = None
    raised: int = 0


controls: dict[str, Control] = {}
shelves: dict[str, dict[str, dict[str, Any]]] = {"Polygons": {}}
front = ["Polygons"]
filling: list[Any] = []  # the widget that the script running now should fill


def reset() -> None:
    for name in list(controls):
        close(name, run_script=False)
    shelves.clear()
    shelves["Polygons"] = {}
    front[0] = "Polygons"


def fill(name: str, width: int, height: int) -> None:
    """Make the control's widget and run its script, as Maya does."""
    try:
        from PySide6 import QtWidgets
    except ImportError:
        from PySide2 import QtWidgets

    control = controls[name]
    if "\n" in control.script:
        raise SyntaxError("EOL while scanning string literal")
    control.widget = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(control.widget)
    column.setContentsMargins(0, 0, 0, 0)
    control.widget.resize(width, height)
    control.widget.show()
    filling.append(control.widget)
    try:
        exec(control.script, {})
    finally:
        filling.pop()


def close(name: str, run_script: bool = True) -> None:
    """What the cross in the corner does: with retain=False the widgets are gone afterwards."""
    control = controls.pop(name)
    if run_script:
        exec(control.close_command, {})
    control.widget.close()
    control.widget.deleteLater()


def button(path: str) -> dict[str, Any] | None:
    shelf, _, name = path.partition("|")
    return shelves.get(shelf, {}).get(name)


def press(shelf: str, title: str) -> None:
    """What a click on a shelf button does."""
    from maya import mel

    found = next(one for one in shelves[shelf].values() if one["label"] == title)
    assert found["sourceType"] == "mel"
    mel.eval(found["command"])

"""The fake's windows: workspace controls with a real Qt widget in them, and shelves. No Maya has this module.

Standard: a control runs its script at once when it is loaded immediately, and again when Maya restores its workspace
[facts 2.7]; a script with a line break is a syntax error [facts 2.7]; an empty shelf answers None [facts 2.6]. A tab of
the shelves is known by its position in a table of preferences and filled from its file when first shown [public code].
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from maya.scene import SCENE

TOP = "MayaWindow|toolBar2|MainShelfLayout|formLayout18|ShelfLayout"
KEYS = ("shelfName", "shelfFile", "shelfAlign", "shelfLoad", "shelfVersion")


@dataclass
class Control:
    label: str
    script: str
    close_command: str
    widget: Any = None
    raised: int = 0
    filled: bool = True  # whether its script has run


controls: dict[str, Control] = {}
states: dict[str, tuple[str, str, str]] = {}  # what Maya keeps of controls in its workspaces
shelves: dict[str, dict[str, dict[str, Any]]] = {}  # tabs from left to right; without buttons until they are filled
front = [""]
filling: list[Any] = []  # the widget that the script running now should fill
deferred: list[Callable[[], None]] = []  # what evalDeferred was given
up = [True]  # whether Maya's windows exist already
kiosk = [False]  # a Maya without shelves
keeps_doc_tag = [True]  # whether a saved shelf has it: open
restores = ["filled"]  # how a kept control comes back: "filled", "empty", or as a "hidden" tab that is filled later
_folder = [""]


def reset() -> None:
    """An artist's desk: the first tab is in front, the others have not been shown yet."""
    for name in list(controls):
        close(name, run_script=False)
    states.clear()
    deferred.clear()
    up[0], kiosk[0], keeps_doc_tag[0], restores[0] = True, False, True, "filled"
    _folder[0] = SCENE.app_dir or tempfile.mkdtemp()
    for key in [key for key in SCENE.options if key.startswith("shelf")]:
        del SCENE.options[key]
    for name in ("Polygons", "Rigging", "Mine"):
        save(name, {"1": {"label": name, "command": "print 1", "docTag": "", "sourceType": "mel", "image1": ""}})
    write_table(["Polygons", "Rigging", "Mine"])
    build_shelves()


# --- shelves --------------------------------------------------------------------------------------------------------


def shelf_folder() -> Path:
    folder = Path(_folder[0] or tempfile.gettempdir()) / "2023" / "prefs" / "shelves"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save(name: str, buttons: dict[str, dict[str, Any]]) -> None:
    kept = {key: {**one, "docTag": one["docTag"] if keeps_doc_tag[0] else ""} for key, one in buttons.items()}
    (shelf_folder() / f"shelf_{name}.mel").write_text(json.dumps(kept), encoding="utf-8")


def write_table(names: list[str]) -> None:
    for number, name in enumerate(names, 1):
        SCENE.options.update(
            {f"shelfName{number}": name, f"shelfFile{number}": f"shelf_{name}", f"shelfLoad{number}": 1}
        )
        SCENE.options[f"shelfAlign{number}"] = "left"
    SCENE.options["numShelves"] = len(names)


def build_shelves() -> None:
    """At Maya's start: a tab for every row, the front one filled."""
    shelves.clear()
    for number in range(1, SCENE.options.get("numShelves", 0) + 1):
        shelves[SCENE.options[f"shelfName{number}"]] = {}
    show_tab(next(iter(shelves)))


def show_tab(name: str) -> None:
    """The artist's click on a tab."""
    front[0] = name
    load_shelf(list(shelves).index(name) + 1)


def load_shelf(position: int) -> None:
    """Maya's loadShelf: by the position of the tab, and only where it is empty [public code]."""
    name = SCENE.options.get(f"shelfName{position}", "")
    file = shelf_folder() / f"{SCENE.options.get(f'shelfFile{position}', '')}.mel"
    if name in shelves and not shelves[name] and file.is_file():
        shelves[name].update(json.loads(file.read_text("utf-8")))


def add_tab(name: str) -> str:
    """Maya's addNewShelfTab: a tab with its row, in front, with what a file of that name holds [public code]."""
    shelves[name] = {}
    position = len(shelves)
    SCENE.options.update({f"shelfName{position}": name, f"shelfFile{position}": f"shelf_{name}"})
    SCENE.options.update({f"shelfLoad{position}": 1, f"shelfAlign{position}": "left", "numShelves": position})
    show_tab(name)
    return name


def delete_tab(name: str) -> None:
    del shelves[name]
    if shelves:
        show_tab(next(iter(shelves)))


def button(path: str) -> dict[str, Any] | None:
    shelf, _, name = path.partition("|")
    return shelves.get(shelf, {}).get(name)


def press(shelf: str, title: str) -> None:
    """What a click on a shelf button does."""
    from maya import mel

    found = next(one for one in shelves[shelf].values() if one["label"] == title)
    assert found["sourceType"] == "mel"
    mel.eval(found["command"])


# --- Maya's end and its next start ----------------------------------------------------------------------------------


def idle() -> None:
    """Maya has nothing else to do."""
    while deferred:
        deferred.pop(0)()


def leave() -> None:
    """Maya is closed: preferences, shelves and workspaces are written."""
    for name, buttons in shelves.items():
        if buttons:
            save(name, buttons)
    write_table(list(shelves))
    for name in list(controls):
        close(name, run_script=False)
    shelves.clear()
    up[0] = False


def start(*folders: Path) -> list[str]:
    """Maya starts with these on its Python's path: what it warned of."""
    from maya import plugins

    up[0] = False
    warned = plugins.load_kept()
    space: dict[str, Any] = {"__name__": "__main__"}
    for folder in folders:
        if (folder / "userSetup.py").is_file():
            exec((folder / "userSetup.py").read_text("utf-8"), space)
    up[0] = True
    if not kiosk[0]:
        build_shelves()
    for name, (label, script, close_command) in states.items():
        controls[name] = Control(label, script, close_command, filled=False)
        make(name, 420, 780)
        if restores[0] == "filled":
            fill(name)
    idle()
    return warned


# --- workspace controls ---------------------------------------------------------------------------------------------


def make(name: str, width: int, height: int) -> None:
    """The control's widget, empty."""
    try:
        from PySide6 import QtWidgets
    except ImportError:
        from PySide2 import QtWidgets

    control = controls[name]
    control.widget = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(control.widget)
    column.setContentsMargins(0, 0, 0, 0)
    control.widget.resize(width, height)
    control.widget.show()


def fill(name: str) -> None:
    """Run the control's script, as Maya does."""
    control = controls[name]
    if "\n" in control.script:
        raise SyntaxError("EOL while scanning string literal")
    control.filled = True
    filling.append(control.widget)
    try:
        exec(control.script, {})
    finally:
        filling.pop()


def close(name: str, run_script: bool = True) -> None:
    """What the cross in the corner does: with retain=False the widgets are gone afterwards."""
    control = controls.pop(name)
    if run_script:
        states.pop(name, None)
        exec(control.close_command, {})
    control.widget.close()
    control.widget.deleteLater()

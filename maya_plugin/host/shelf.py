"""The shelf: five buttons, kept up to date and never made twice. It outlives the plug-in; uninstalling removes it.

Maya knows its shelves by their position: the tab n belongs to the preferences shelfName<n>, shelfFile<n> and so on, and
a tab is filled from its file when it is first shown. A tab that comes or goes behind that table leaves later ones
empty. So a tab is added by Maya's own procedure, filled by it before it is changed, and removed together with its row.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from maya import cmds, mel

NAME = "semrender"
TAG = "semrender"  # in docTag, by which a button of ours is known whatever the artist did to it
PLUGIN = "semrender_plugin"
ROW = ("shelfName", "shelfFile", "shelfAlign", "shelfLoad", "shelfVersion")  # preferences of a tab, numbered from 1


@dataclass(frozen=True)
class Button:
    action: str  # of host.commands
    title: str
    tip: str
    icon: str  # file name


BUTTONS = (
    Button("panel", "Classes", "semrender: open the panel and give classes", "semrender_classes.svg"),
    Button("showClasses", "Show", "semrender: show the classes' colours, or your own look again", "semrender_show.svg"),
    Button("paintFrame", "Frame", "semrender: paint this frame", "semrender_paint.svg"),
    Button("renderShot", "Shot", "semrender: render and paint the shot", "semrender_shot.svg"),
    Button("sendToAfterEffects", "To AE", "semrender: send the painting to After Effects", "semrender_send.svg"),
)


def ready(icons: Path) -> None:
    """Make the shelf now, or when Maya's windows are up; without shelves (hidden, or a kiosk) there is none.

    Commands: evalDeferred, and those of `build`.
    """
    if _top():
        build(icons)
    else:
        cmds.evalDeferred(lambda: build(icons), lowestPriority=True)


def build(icons: Path) -> None:
    """Make the shelf, or bring its buttons up to date; the shelf that was in front stays there.

    Commands: shelfTabLayout, shelfLayout, shelfButton, optionVar. Leaves no undo.
    """
    top = _top()
    if not top:
        return
    front = cmds.shelfTabLayout(top, query=True, selectTab=True)
    try:
        _make_or_fill(top)
        _bring_up_to_date(icons)
    except RuntimeError as error:  # the panel works without
        logging.getLogger("semrender").warning("the shelf could not be made: %s", error)
    if front:
        cmds.shelfTabLayout(top, edit=True, selectTab=front)


def remove() -> None:
    """Take the shelf away with its preferences; its file is kept as Maya keeps deleted ones, `.deleted`.

    Commands: shelfTabLayout, optionVar, deleteUI, internalVar.
    """
    top = _top()
    if not top or not cmds.shelfLayout(NAME, query=True, exists=True):
        return
    count = len(cmds.shelfTabLayout(top, query=True, childArray=True) or [])
    position = next((n for n in range(1, count + 1) if cmds.optionVar(query=f"shelfName{n}") == NAME), 0)
    if position:
        for number in range(position, count):
            for key in ROW:
                _set_option(f"{key}{number}", f"{key}{number + 1}")
        for key in ROW:
            cmds.optionVar(remove=f"{key}{count}")
        if cmds.optionVar(query="numShelves") == count:
            cmds.optionVar(intValue=("numShelves", count - 1))
    cmds.deleteUI(f"{top}|{NAME}", layout=True)  # after its row: Maya fills the tab that is then in front
    for folder in cmds.internalVar(userShelfDir=True).split(os.pathsep):
        file = Path(folder) / f"shelf_{NAME}.mel"
        if file.is_file():
            os.replace(file, f"{file}.deleted")


def _make_or_fill(top: str) -> None:
    if not cmds.shelfLayout(NAME, query=True, exists=True):
        mel.eval(f'addNewShelfTab "{NAME}"')
    elif not cmds.shelfLayout(NAME, query=True, childArray=True):
        # Its file may hold more than our buttons; what is not loaded would be lost when Maya saves its shelves.
        position = (cmds.shelfTabLayout(top, query=True, childArray=True) or []).index(NAME) + 1
        if cmds.optionVar(query=f"shelfName{position}") == NAME:
            mel.eval(f"loadShelf({position})")


def _bring_up_to_date(icons: Path) -> None:
    ours = _buttons()
    for button in BUTTONS:
        path = ours.get(button.action, "")
        image = (icons / button.icon).as_posix()
        tag = f"{TAG}:{button.action}"
        if path:
            cmds.shelfButton(path, edit=True, command=_command(button), image1=image, docTag=tag)
        else:
            cmds.shelfButton(
                parent=NAME,
                label=button.title,
                annotation=button.tip,
                image1=image,
                sourceType="mel",
                command=_command(button),
                style="iconOnly",
                docTag=tag,
                noDefaultPopup=True,
            )


def _buttons() -> dict[str, str]:
    """Our buttons on the shelf, action -> path: by their tag, or by what they do where Maya did not keep that."""
    found: dict[str, str] = {}
    for name in cmds.shelfLayout(NAME, query=True, childArray=True) or []:
        path = f"{NAME}|{name}"
        if not cmds.shelfButton(path, query=True, exists=True):  # a separator, or something else
            continue
        tag = cmds.shelfButton(path, query=True, docTag=True) or ""
        does = cmds.shelfButton(path, query=True, command=True) or ""
        for button in BUTTONS:
            if tag == f"{TAG}:{button.action}" or f'{NAME} "{button.action}"' in does:
                found.setdefault(button.action, path)
    return found


def _top() -> str:
    """Maya's layout of all shelves; "" where it has none."""
    return str(mel.eval("$semrenderTop = $gShelfTopLevel") or "")


def _set_option(name: str, source: str) -> None:
    value = cmds.optionVar(query=source) if cmds.optionVar(exists=source) else None
    if isinstance(value, str):
        cmds.optionVar(stringValue=(name, value))
    elif value is not None:
        cmds.optionVar(intValue=(name, int(value)))
    else:
        cmds.optionVar(remove=name)


def _command(button: Button) -> str:
    """MEL, which works whatever the package is called; Maya keeps it in its preferences beyond the plug-in."""
    return (
        f'if (!`pluginInfo -query -loaded "{PLUGIN}"` && catch(`loadPlugin "{PLUGIN}"`)) warning '
        f'"semrender is not installed in this Maya, or Maya does not trust its folder (Preferences > Security). '
        f'To remove this shelf: right-click its tab, Delete Shelf."; else {NAME} "{button.action}";'
    )

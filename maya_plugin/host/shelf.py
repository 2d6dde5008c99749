"""The shelf: five buttons, kept up to date and never made twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maya import cmds, mel

NAME = "semrender"
TAG = "semrender"  # in docTag, by which a button of ours is known whatever the artist did to it
PLUGIN = "semrender_plugin"


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


def build(icons: Path) -> None:
    """Make the shelf, or bring its buttons up to date; the shelf that was in front stays there.

    Commands: shelfTabLayout, shelfLayout, shelfButton. Leaves no undo.
    """
    top = mel.eval("$semrenderTop = $gShelfTopLevel")
    front = cmds.shelfTabLayout(top, query=True, selectTab=True)
    if not cmds.shelfLayout(NAME, query=True, exists=True):
        cmds.shelfLayout(NAME, parent=top)
    ours = {}
    for name in cmds.shelfLayout(NAME, query=True, childArray=True) or []:
        path = f"{NAME}|{name}"
        tag = cmds.shelfButton(path, query=True, docTag=True) if cmds.shelfButton(path, query=True, exists=True) else ""
        if tag and tag.startswith(f"{TAG}:"):
            ours[tag] = path
    for button in BUTTONS:
        path = ours.get(f"{TAG}:{button.action}", "")
        image = (icons / button.icon).as_posix()
        if path:
            cmds.shelfButton(path, edit=True, command=_command(button), image1=image)
        else:
            cmds.shelfButton(
                parent=NAME,
                label=button.title,
                annotation=button.tip,
                image1=image,
                sourceType="mel",
                command=_command(button),
                style="iconOnly",
                docTag=f"{TAG}:{button.action}",
                noDefaultPopup=True,
            )
    if front:
        cmds.shelfTabLayout(top, edit=True, selectTab=front)


def remove() -> None:
    """Take the shelf away. Commands: shelfLayout, deleteUI."""
    if cmds.shelfLayout(NAME, query=True, exists=True):
        cmds.deleteUI(NAME, layout=True)


def _command(button: Button) -> str:
    """MEL, which works whatever the package is called; Maya keeps it in its preferences beyond the plug-in."""
    return f'if (!`pluginInfo -query -loaded "{PLUGIN}"`) loadPlugin "{PLUGIN}"; semrender "{button.action}";'

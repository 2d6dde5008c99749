"""What Maya keeps of us beyond the plug-in: a shelf, a place among its windows, options. Uninstalling removes them."""

from __future__ import annotations

from maya import cmds

from maya_plugin.host import dock, shelf

OPTIONS = "semrender"  # how the names of our options begin


def remove() -> None:
    """Leave nothing. Commands: optionVar, and those of shelf and dock."""
    shelf.remove()
    dock.forget()
    for name in cmds.optionVar(list=True):
        if name.startswith(OPTIONS):
            cmds.optionVar(remove=name)

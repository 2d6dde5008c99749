"""The place of the panel in Maya's windows: a workspace control, which Maya restores at its next start."""

from __future__ import annotations

from typing import Callable

from maya import OpenMayaUI, cmds

CONTROL = "semrenderPanelControl"
WIDTH, HEIGHT, LEAST = 420, 780, 320  # of a new one, in Maya's own pixels


def show(title: str, fill: str, closed: str) -> None:
    """Open the control, or bring it to the front. Commands: workspaceControl. Leaves no undo.

    Maya keeps `fill` and runs it again when it restores the control, whether or not the plug-in is there then; so it
    says by itself what it needs. (`requiredPlugin` leaves a blank tab where the plug-in comes later.)

    Args:
        fill, closed: Python in one line that Maya runs when it has made the control, and when it was closed.
    """
    if cmds.workspaceControl(CONTROL, query=True, exists=True):
        cmds.workspaceControl(CONTROL, edit=True, restore=True)
        return
    cmds.workspaceControl(
        CONTROL,
        label=title,
        retain=False,
        floating=True,
        loadImmediately=True,
        uiScript=fill,
        closeCommand=closed,
        initialWidth=WIDTH,
        initialHeight=HEIGHT,
        minimumWidth=LEAST,
    )


def being_filled() -> int:
    """The address of the widget that Maya wants filled now; only while it runs `fill`."""
    return int(OpenMayaUI.MQtUtil.getCurrentParent())


def address() -> int:
    """The address of the control's widget, 0 where there is none yet."""
    return int(OpenMayaUI.MQtUtil.findControl(CONTROL) or 0)


def later(action: Callable[[], None]) -> None:
    """Do it when Maya has nothing else to do. Commands: evalDeferred."""
    cmds.evalDeferred(action, lowestPriority=True)


def close() -> None:
    """Take the control away. Commands: workspaceControl, deleteUI."""
    if cmds.workspaceControl(CONTROL, query=True, exists=True):
        cmds.deleteUI(CONTROL, control=True)


def forget() -> None:
    """Take it out of Maya's workspaces, too. Commands: workspaceControlState."""
    close()
    if cmds.workspaceControlState(CONTROL, query=True, exists=True):
        cmds.workspaceControlState(CONTROL, remove=True)

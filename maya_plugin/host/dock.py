"""The place of the panel in Maya's windows: a workspace control, which Maya restores at its next start."""

from __future__ import annotations

from maya import OpenMayaUI, cmds

CONTROL = "semrenderPanelControl"
PLUGIN = "semrender_plugin"
WIDTH, HEIGHT, LEAST = 420, 780, 320  # of a new one, in Maya's own pixels


def show(title: str, fill: str, closed: str) -> None:
    """Open the control, or bring it to the front. Commands: workspaceControl. Leaves no undo.

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
        requiredPlugin=PLUGIN,
        checksPlugins=True,
        initialWidth=WIDTH,
        initialHeight=HEIGHT,
        minimumWidth=LEAST,
    )


def being_filled() -> int:
    """The address of the widget that Maya wants filled now; only while it runs `fill`."""
    return int(OpenMayaUI.MQtUtil.getCurrentParent())


def close() -> None:
    """Take the control away. Commands: workspaceControl, deleteUI."""
    if cmds.workspaceControl(CONTROL, query=True, exists=True):
        cmds.deleteUI(CONTROL, control=True)

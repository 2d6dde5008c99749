"""What the plug-in file starts and stops: command and callbacks. Whatever it starts it also ends."""

from __future__ import annotations

from maya import cmds
from maya.api import OpenMaya

from maya_plugin.host import callbacks, commands, showing, viewport

NAME = "semrender_plugin"


def start(plugin: OpenMaya.MObject, version: str) -> None:
    commands.register(plugin, version)


def stop(plugin: OpenMaya.MObject) -> None:
    if interactive():
        showing.end()
        viewport.end()
    callbacks.stop_all()
    commands.deregister(plugin)


def load() -> None:
    """Load it where it is not. Commands: pluginInfo, loadPlugin."""
    if not cmds.pluginInfo(NAME, query=True, loaded=True):
        cmds.loadPlugin(NAME)


def interactive() -> bool:
    """Whether this Maya has a window."""
    return OpenMaya.MGlobal.mayaState() == OpenMaya.MGlobal.kInteractive

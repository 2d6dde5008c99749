"""The commands of the plug-in: `semrender "action"`, so that shelf buttons and hotkeys need not know the package's
name, and `semrenderKeys`, which nobody types."""

from __future__ import annotations

from typing import Callable

from maya.api import OpenMaya

from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import keying

NAME = "semrender"
ACTIONS: dict[str, Callable[[], None]] = {}  # filled by who offers them


class Semrender(OpenMaya.MPxCommand):
    """Runs an action. Not undoable itself: what an action does to the scene is an undo step of its own."""

    def doIt(self, arguments: OpenMaya.MArgList) -> None:  # noqa: N802, Maya's name
        name = OpenMaya.MArgParser(self.syntax(), arguments).commandArgumentString(0)
        if name not in ACTIONS:
            raise HostRefused(f"semrender has no action {name!r}", remedy=f"It has {', '.join(sorted(ACTIONS))}")
        ACTIONS[name]()


def make_syntax() -> OpenMaya.MSyntax:
    syntax = OpenMaya.MSyntax()
    syntax.addArg(OpenMaya.MSyntax.kString)
    return syntax


def register(plugin: OpenMaya.MObject, version: str) -> None:
    ours = OpenMaya.MFnPlugin(plugin, "semrender", version)
    ours.registerCommand(NAME, Semrender, make_syntax)
    ours.registerCommand(keying.NAME, keying.SetKeys, keying.make_syntax)


def deregister(plugin: OpenMaya.MObject) -> None:
    for name in (keying.NAME, NAME):
        OpenMaya.MFnPlugin(plugin).deregisterCommand(name)
    ACTIONS.clear()

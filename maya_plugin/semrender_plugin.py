"""The plug-in file that Maya loads. It registers, and nothing else: Maya runs its text, so state kept here is lost."""

from __future__ import annotations

from maya.api import OpenMaya

from maya_plugin import VERSION
from maya_plugin.host import plugin as ours


def maya_useNewAPI() -> None:  # noqa: N802, Maya's name
    """Its presence tells Maya that this plug-in uses API 2.0."""


def initializePlugin(plugin: OpenMaya.MObject) -> None:  # noqa: N802, Maya's name
    ours.start(plugin, VERSION)
    if ours.interactive():
        from maya_plugin import interactive

        try:
            interactive.start()
        except Exception:
            ours.stop(plugin)
            raise


def uninitializePlugin(plugin: OpenMaya.MObject) -> None:  # noqa: N802, Maya's name
    if ours.interactive():
        from maya_plugin import interactive

        interactive.stop()
    ours.stop(plugin)

"""Model panels."""

from __future__ import annotations

from maya import viewport
from maya.command import command
from maya.scene import NO


@command(undoable=False)
def getPanel(*, type):
    assert type == "modelPanel"
    return list(viewport.panels) or None


@command(undoable=False)
def modelEditor(panel, /, *, rendererOverrideName, query=NO, edit=NO):
    if panel not in viewport.panels:
        raise RuntimeError(f"Object '{panel}' not found.")
    if query:
        return viewport.panels[panel]
    if rendererOverrideName and rendererOverrideName not in viewport.overrides:
        raise RuntimeError(f"{rendererOverrideName} is no render override")
    viewport.panels[panel] = rendererOverrideName
    return panel


@command(undoable=False)
def refresh(*, force=NO):
    viewport.refreshed.append(dict(viewport.panels))

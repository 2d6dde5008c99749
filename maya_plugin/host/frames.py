"""Ranges of frames as Maya's time slider and render settings have them."""

from __future__ import annotations

from maya import cmds, mel

from maya_plugin.core import ranges
from maya_plugin.core.contract import Span


def slider() -> tuple[float, float]:
    """What the time slider shows. Commands: playbackOptions."""
    return cmds.playbackOptions(query=True, minTime=True), cmds.playbackOptions(query=True, maxTime=True)


def marked() -> Span | None:
    """What is marked in the time slider. Commands: about, timeControl."""
    name = "" if cmds.about(batch=True) else mel.eval("$semrenderSlider = $gPlayBackSlider")
    if not name or not cmds.timeControl(name, query=True, rangeVisible=True):
        return None
    first, end = cmds.timeControl(name, query=True, rangeArray=True)  # the end is the frame after the last
    return round(first), max(round(first), round(end) - 1)


def rendered() -> tuple[float, float]:
    """What the render settings say. Commands: getAttr."""
    return cmds.getAttr("defaultRenderGlobals.startFrame"), cmds.getAttr("defaultRenderGlobals.endFrame")


def fractions() -> tuple[str, ...]:
    """Which of these ranges do not lie on whole frames."""
    found = {ranges.SLIDER: slider(), ranges.RENDERED: rendered()}
    return tuple(source for source, ends in found.items() if any(end != round(end) for end in ends))

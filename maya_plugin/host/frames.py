"""Ranges of frames as Maya's time slider and render settings have them."""

from __future__ import annotations

from maya import cmds, mel

from maya_plugin.core import ranges
from maya_plugin.core.contract import Sound, Span


def slider() -> tuple[float, float]:
    """What the time slider shows. Commands: playbackOptions."""
    return cmds.playbackOptions(query=True, minTime=True), cmds.playbackOptions(query=True, maxTime=True)


def marked() -> Span | None:
    """What is marked in the time slider. Commands: about, timeControl."""
    name = _control()
    if not name or not cmds.timeControl(name, query=True, rangeVisible=True):
        return None
    first, end = cmds.timeControl(name, query=True, rangeArray=True)  # the end is the frame after the last
    return round(first), max(round(first), round(end) - 1)


def sound() -> Sound | None:
    """What the time slider plays. Commands: about, timeControl, getAttr."""
    name = _control()
    node = cmds.timeControl(name, query=True, sound=True) if name else ""
    file = cmds.getAttr(f"{node}.filename") if node else ""
    return Sound(file, round(cmds.getAttr(f"{node}.offset"))) if file else None


def _control() -> str:
    """The time slider; "" in a Maya without windows."""
    return "" if cmds.about(batch=True) else str(mel.eval("$semrenderSlider = $gPlayBackSlider"))


def rendered() -> tuple[float, float]:
    """What the render settings say. Commands: getAttr."""
    return cmds.getAttr("defaultRenderGlobals.startFrame"), cmds.getAttr("defaultRenderGlobals.endFrame")


def fractions() -> tuple[str, ...]:
    """Which of these ranges do not lie on whole frames."""
    found = {ranges.SLIDER: slider(), ranges.RENDERED: rendered()}
    return tuple(source for source, ends in found.items() if any(end != round(end) for end in ends))

"""Which frames a shot has: as the time slider shows them, as marked in it, as the render settings say, or by hand."""

from __future__ import annotations

from maya_plugin.core.contract import Scene, Span

SLIDER, MARKED, RENDERED, CUSTOM = "slider", "marked", "rendered", "custom"
TITLES = {SLIDER: "Time slider", MARKED: "Marked in the slider", RENDERED: "Render settings", CUSTOM: "Custom"}


def span(scene: Scene, source: str) -> Span | None:
    """First and last frame; None where this source has none: nothing is marked, or it is the artist's own."""
    if source == SLIDER:
        return scene.slider
    if source == MARKED:
        return scene.marked
    return (scene.first, scene.last) if source == RENDERED else None


def words(scene: Scene, source: str) -> str:
    """What the artist should know of it; "" for nothing."""
    if source == MARKED and scene.marked is None:
        return "Nothing is marked: drag in the time slider with Shift held"
    said = []
    if source == RENDERED and scene.step != 1:
        said.append(f"Every frame is rendered; the render settings' step of {scene.step:g} is not followed")
    if source in scene.fractions:
        said.append("Its ends lie between frames: they were rounded, and sub-frames are not rendered")
    return ". ".join(said)

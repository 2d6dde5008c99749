"""Transparency of a material on the shader that stands in for it."""

from __future__ import annotations

from collections.abc import Sequence

from maya import cmds

from maya_plugin.core.looks import Traits


def cut_out(transparency: str, traits: Traits) -> list[str]:
    """Let a shader, by its plug of three channels, be transparent where the material is; returns the nodes that were
    made for it.

    Commands: connectAttr, shadingNode.
    """
    if not traits.cutout:
        return []
    if not traits.inverted:
        _join(traits.cutout, transparency, "RGB")
        return []
    reverse = cmds.shadingNode("reverse", asUtility=True, name="semrender_reverse")
    _join(traits.cutout, f"{reverse}.input", "XYZ")
    cmds.connectAttr(f"{reverse}.output", transparency, force=True)
    return [reverse]


def _join(sources: Sequence[str], target: str, letters: str) -> None:
    """One plug of three channels into one, or single channels into its children: Maya refuses one into three."""
    if len(sources) == 1:
        cmds.connectAttr(sources[0], target, force=True)
        return
    for source, letter in zip(sources, letters):
        if source:
            cmds.connectAttr(source, f"{target}{letter}", force=True)

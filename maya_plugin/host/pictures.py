"""Painted pictures on image planes of cameras."""

from __future__ import annotations

from pathlib import Path

from maya import cmds

from maya_plugin.core import color_spaces
from maya_plugin.core.contract import Played
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host.keep import undo_step

TAG = "semrenderPicture"


def place(file: str, camera: str, played: Played | None, color: str) -> str:
    """Put a picture on our image plane of a camera; one undo step. What the artist should know, or "".

    Args:
        played: how the numbered files of a sequence lie in time; None for a still, which is seen on every frame.
        color: of the picture, in the words of its delivery.

    Raises HostRefused where the file is not there. Commands: imagePlane, addAttr, setAttr, connectAttr,
    listConnections, attributeQuery, colorManagementPrefs.
    """
    if not Path(file).is_file():
        raise HostRefused("the painted picture is not there", file=file, remedy="Paint the frame again")
    with undo_step("Place painted picture"):
        plane = _ours(camera) or _make(file, camera)
        cmds.setAttr(f"{plane}.imageName", file.replace("\\", "/"), type="string")
        cmds.setAttr(f"{plane}.useFrameExtension", played is not None)
        if played is not None:
            _play(plane, played)
        return set_color_space(plane, color)


def set_color_space(node: str, color: str = "sRGB") -> str:
    """Have an image plane or a file texture read a painting as what it is. What the artist should know, or "".

    Commands: attributeQuery, setAttr, colorManagementPrefs.
    """
    if not cmds.attributeQuery("colorSpace", node=node, exists=True):
        return ""
    name = color_spaces.named(color, cmds.colorManagementPrefs(query=True, inputSpaceNames=True) or [])
    cmds.setAttr(f"{node}.ignoreColorSpaceFileRules", bool(name))
    if not name:
        return f"This Maya's colour configuration has no space that is known as {color}: its file rules decide"
    cmds.setAttr(f"{node}.colorSpace", name, type="string")
    return ""


def _play(plane: str, played: Played) -> None:
    """Show the file of each frame. Maya would connect an expression by itself, some time later."""
    if not cmds.listConnections(f"{plane}.frameExtension", source=True, destination=False):
        cmds.connectAttr("time1.outTime", f"{plane}.frameExtension")
    cmds.setAttr(f"{plane}.frameOffset", played.first - played.start)
    cmds.setAttr(f"{plane}.frameIn", played.first)
    cmds.setAttr(f"{plane}.frameOut", played.last)


def remove(camera: str) -> None:
    """Take our picture off a camera; image planes of others stay. Commands: delete, listRelatives."""
    plane = _ours(camera)
    if plane:
        with undo_step("Remove painted picture"):
            cmds.delete(cmds.listRelatives(plane, parent=True, fullPath=True) or [plane])


def _ours(camera: str) -> str:
    planes = cmds.listConnections(f"{camera}.imagePlane", source=True, destination=False) or []
    shapes = cmds.ls(planes, long=True, type="imagePlane") if planes else []
    shapes += (cmds.listRelatives(planes, shapes=True, fullPath=True, type="imagePlane") or []) if planes else []
    return next((shape for shape in shapes if cmds.attributeQuery(TAG, node=shape, exists=True)), "")


def _make(file: str, camera: str) -> str:
    made = cmds.imagePlane(camera=camera, fileName=file, showInAllViews=False, name="semrender_picture")
    plane = cmds.ls(made[-1], long=True)[0]
    cmds.addAttr(plane, longName=TAG, attributeType="bool")
    return plane

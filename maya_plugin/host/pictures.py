"""Painted pictures on image planes of cameras."""

from __future__ import annotations

import re
from pathlib import Path

from maya import cmds

from maya_plugin.core.refusal import HostRefused
from maya_plugin.host.keep import undo_step

TAG = "semrenderPicture"


def place(file: str, camera: str) -> None:
    """Put a picture, or the first of a numbered sequence, on our image plane of a camera; one undo step.

    Raises HostRefused where the file is not there. Commands: imagePlane, addAttr, setAttr, listConnections.
    """
    if not Path(file).is_file():
        raise HostRefused("the painted picture is not there", file=file, remedy="Paint the frame again")
    with undo_step("Place painted picture"):
        plane = _ours(camera) or _make(file, camera)
        cmds.setAttr(f"{plane}.imageName", file.replace("\\", "/"), type="string")
        numbered = re.search(r"[._]-?\d{3,}\.\w+$", file) is not None
        cmds.setAttr(f"{plane}.useFrameExtension", numbered)
        set_color_space(plane)


def set_color_space(node: str) -> None:
    """Have an image plane or a file texture read a painting as what it is. Commands: attributeQuery, setAttr."""
    if cmds.attributeQuery("colorSpace", node=node, exists=True):
        cmds.setAttr(f"{node}.ignoreColorSpaceFileRules", True)
        cmds.setAttr(f"{node}.colorSpace", "sRGB", type="string")


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

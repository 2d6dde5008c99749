"""What the open scene is: path, time, size, cameras, and the settings that are kept in it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core.contract import Camera, Scene, Settings
from maya_plugin.core.members import parent, short
from maya_plugin.core.time_units import rational
from maya_plugin.host.keep import undo_step
from shared.label_set import LabelSet, load_label_set

SETTINGS = "semrenderSettings"  # the node and its attribute


def scene() -> Scene:
    """Facts of the open scene. Commands: file, workspace, currentUnit, currentTime, getAttr."""
    path = cmds.file(query=True, sceneName=True)
    name = Path(path).stem if path else "untitled"
    where = Path(path).parent if path else Path(cmds.workspace(query=True, rootDirectory=True))
    fps_num, fps_den = rational(cmds.currentUnit(query=True, time=True))
    return Scene(
        path=path,
        name=name,
        folder=(where / "semrender" / name).as_posix(),
        modified=cmds.file(query=True, modified=True),
        frame=round(cmds.currentTime(query=True)),
        first=round(cmds.getAttr("defaultRenderGlobals.startFrame")),
        last=round(cmds.getAttr("defaultRenderGlobals.endFrame")),
        fps_num=fps_num,
        fps_den=fps_den,
        width=cmds.getAttr("defaultResolution.width"),
        height=cmds.getAttr("defaultResolution.height"),
        pixel_aspect=cmds.getAttr("defaultResolution.pixelAspect"),
    )


def cameras() -> tuple[Camera, ...]:
    """All cameras, those that render first. Commands: ls, getAttr."""
    found = [
        Camera(shape, short(parent(shape)), bool(cmds.getAttr(f"{shape}.renderable")))
        for shape in cmds.ls(type="camera", long=True)
    ]
    return tuple(sorted(found, key=lambda one: not one.renderable))


def settings() -> Settings:
    """What the scene keeps, or the defaults. Commands: objExists, getAttr."""
    if not cmds.objExists(SETTINGS):
        return Settings()
    try:
        data = json.loads(cmds.getAttr(f"{SETTINGS}.{SETTINGS}") or "{}")
    except ValueError:  # somebody wrote into the attribute
        return Settings()
    known = asdict(Settings())
    usable: dict[str, Any] = {key: value for key, value in data.items() if isinstance(value, type(known.get(key)))}
    return replace(Settings(), **usable)


def save_settings(new: Settings) -> None:
    """Keep settings in the scene, one undo step. Commands: createNode, addAttr, lockNode, setAttr."""
    with undo_step("semrender settings"):
        if not cmds.objExists(SETTINGS):
            cmds.createNode("network", name=SETTINGS, skipSelect=True)
            cmds.addAttr(SETTINGS, longName=SETTINGS, dataType="string")
            cmds.lockNode(SETTINGS, lock=True)  # Optimize Scene Size deletes what nothing uses
        cmds.setAttr(f"{SETTINGS}.{SETTINGS}", json.dumps(asdict(new), ensure_ascii=True), type="string")


def label_set() -> LabelSet:
    """The scene's label set. Raises MissingInput where it is not on this machine."""
    return load_label_set(settings().label_set)

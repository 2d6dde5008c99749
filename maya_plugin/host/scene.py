"""What the open scene is: path, time, size, cameras, and the settings that are kept in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core import results
from maya_plugin.core.contract import Camera, Scene, Settings
from maya_plugin.core.members import parent, short
from maya_plugin.core.time_units import rational
from maya_plugin.host import frames
from maya_plugin.host.keep import in_root, undo_step, unrecorded
from shared.label_set import LabelSet, load_label_set

SETTINGS = "semrenderSettings"  # the node, in the root, and its attribute
PLUG = f":{SETTINGS}.{SETTINGS}"
OPTION = "semrenderPanel"  # the artist's preferences, one JSON text
CENTIMETRES = {"mm": 0.1, "cm": 1.0, "m": 100.0, "km": 1e5, "in": 2.54, "ft": 30.48, "yd": 91.44}  # of linear units
ARTISTS = ("recent", "divide", "format")  # of what the panel remembers: nothing of them is in the picture


def scene() -> Scene:
    """Facts of the open scene. Commands: file, workspace, currentUnit, currentTime, getAttr, and those of frames."""
    path = cmds.file(query=True, sceneName=True)
    name = Path(path).stem if path else "untitled"
    project = cmds.workspace(query=True, rootDirectory=True)
    fps_num, fps_den = rational(cmds.currentUnit(query=True, time=True))
    first, last = frames.rendered()
    begin, end = frames.slider()
    found = Scene(
        path=path,
        name=name,
        folder="",
        modified=cmds.file(query=True, modified=True),
        frame=round(cmds.currentTime(query=True)),
        first=round(first),
        last=round(last),
        fps_num=fps_num,
        fps_den=fps_den,
        width=cmds.getAttr("defaultResolution.width"),
        height=cmds.getAttr("defaultResolution.height"),
        pixel_aspect=cmds.getAttr("defaultResolution.pixelAspect"),
        shot=results.shot_of(name),
        project=Path(project).as_posix(),
        images=(Path(project) / (cmds.workspace(fileRuleEntry="images") or "images")).as_posix(),
        slider=(round(begin), round(end)),
        marked=frames.marked(),
        step=cmds.getAttr("defaultRenderGlobals.byFrameStep"),
        fractions=frames.fractions(),
        unit=CENTIMETRES[cmds.currentUnit(query=True, linear=True)],
    )
    return replace(found, folder=results.folder(found).as_posix())


def cameras() -> tuple[Camera, ...]:
    """All cameras, those that render first. Commands: ls, getAttr."""
    found = [
        Camera(shape, short(parent(shape)), bool(cmds.getAttr(f"{shape}.renderable")))
        for shape in cmds.ls(type="camera", long=True)
    ]
    return tuple(sorted(found, key=lambda one: not one.renderable))


def settings() -> Settings:
    """What the scene keeps, or the defaults. Commands: objExists, getAttr."""
    if not cmds.objExists(PLUG):
        return Settings()
    try:
        data = json.loads(cmds.getAttr(PLUG) or "{}")
    except ValueError:  # somebody wrote into the attribute
        return Settings()
    known = asdict(Settings())
    usable: dict[str, Any] = {key: value for key, value in data.items() if isinstance(value, type(known.get(key)))}
    return replace(Settings(), **usable)


def remembered() -> dict[str, Any]:
    """What the panel was set to. Commands: optionVar, and those of `settings`."""
    return {**settings().panel, **_option()}


def remember(panel: Mapping[str, Any]) -> None:
    """Keep what the panel is set to; no undo step, and the scene is as saved as before.

    Commands: optionVar, undoInfo, file, and those of `save_settings`.
    """
    own = {name: value for name, value in panel.items() if name in ARTISTS}
    if own:
        cmds.optionVar(stringValue=(OPTION, json.dumps({**_option(), **own}, ensure_ascii=True)))
    have = settings()
    changed = {**have.panel, **{name: value for name, value in panel.items() if name not in ARTISTS}}
    if changed != dict(have.panel):
        with unrecorded():
            _write(replace(have, panel=changed))


def _option() -> dict[str, Any]:
    try:
        data = json.loads(cmds.optionVar(query=OPTION) or "{}")
    except (TypeError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def save_settings(new: Settings) -> bool:
    """Keep settings in the scene, one undo step; returns whether they are others than before.

    Commands: createNode, addAttr, lockNode, setAttr.
    """
    if new == settings():
        return False
    with undo_step("semrender settings"):
        _write(new)
    return True


def _write(new: Settings) -> None:
    if not cmds.objExists(PLUG):
        with in_root():
            cmds.createNode("network", name=SETTINGS, skipSelect=True)
        cmds.addAttr(f":{SETTINGS}", longName=SETTINGS, dataType="string")
    elif cmds.lockNode(f":{SETTINGS}", query=True, lock=True)[0]:
        cmds.lockNode(f":{SETTINGS}", lock=False)  # as versions before did: merging a namespace stumbled over it
    cmds.setAttr(PLUG, json.dumps(asdict(new), ensure_ascii=True), type="string")


def label_set() -> LabelSet:
    """The scene's label set. Raises MissingInput where it is not on this machine."""
    return load_label_set(settings().label_set)

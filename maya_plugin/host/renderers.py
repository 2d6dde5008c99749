"""One frame by Maya Hardware 2.0 or by Arnold, into a file of our choosing."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from maya import cmds

from maya_plugin.core import render_settings as rs
from maya_plugin.core.contract import ARNOLD, HARDWARE, Fix
from maya_plugin.core.passes import Color, shader_value
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host.keep import changed, set_value

NAMES = {HARDWARE: "mayaHardware2", ARNOLD: "arnold"}
LOAD_ARNOLD = Fix("load_arnold", "Load Arnold")
AOVS = {"depth": "Z", "motion": "motionvector"}
_OUTPUT = "Render Settings > Common > File Output"


def check(renderer: str) -> None:
    """Raises HostRefused where the renderer is not there."""
    if renderer == ARNOLD and not cmds.pluginInfo("mtoa", query=True, loaded=True):
        raise HostRefused(
            "Arnold is not loaded",
            remedy="Load the plug-in mtoa in Windows > Settings/Preferences > Plug-in Manager, or use Hardware 2.0",
            fix=LOAD_ARNOLD,
        )


def load_arnold() -> None:
    """Raises HostRefused where it is not installed. Commands: loadPlugin."""
    try:
        cmds.loadPlugin("mtoa", quiet=True)
    except RuntimeError as error:
        raise HostRefused("Arnold is not installed for this Maya", cause=str(error)) from None


@contextmanager
def ready(renderer: str, camera: str, size: tuple[int, int], kind: str, background: Color) -> Iterator[None]:
    """Maya is set up for passes of one kind in the block: "label" (or instance), "beauty", "depth" or "motion"."""
    with ExitStack() as back:
        if renderer == ARNOLD:
            _options()
        back.enter_context(changed(_common(renderer, camera, size)))
        if kind != "beauty":
            back.enter_context(changed(_table(renderer, kind)))
            back.enter_context(changed(_camera(camera)))
            back.enter_context(_background(camera, background))
            if renderer == HARDWARE:
                back.enter_context(_only_surfaces())
        elif renderer == ARNOLD:
            back.enter_context(changed([Setting("defaultArnoldDriver.aiTranslator", "exr", EXTRAS, _OUTPUT)]))
        if kind in AOVS:
            back.enter_context(_aov(AOVS[kind]))
        yield


def render(renderer: str, camera: str, frame: int, size: tuple[int, int], layer: str, target: Path) -> None:
    """Render one frame of the visible layer into `target`; its folder is made. Commands: currentTime, ogsRender.

    Raises HostRefused where Maya renders nothing.
    """
    cmds.currentTime(frame, edit=True)  # deformers and expressions, which the renderer's own frame does not update
    target.parent.mkdir(parents=True, exist_ok=True)
    token = f"semrender_{uuid.uuid4().hex}"  # nothing of the artist's is overwritten
    with tempfile.TemporaryDirectory(prefix="semrender_") as folder:
        # Hardware 2.0 builds the path from the project whatever the prefix; Arnold takes a whole path.
        prefix = f"{Path(folder).as_posix()}/{token}" if renderer == ARNOLD else token
        try:
            with changed([Setting("defaultRenderGlobals.imageFilePrefix", prefix, EXTRAS, _OUTPUT)]):
                if renderer == ARNOLD:
                    cmds.arnoldRender(batch=True, seq=str(frame), camera=camera, width=size[0], height=size[1])  # noqa: MAF100
                    made = _found(Path(folder), token)
                else:
                    made = _hardware(camera, frame, size, layer, token)
        except RuntimeError as error:
            raise HostRefused(
                f"{renderer} did not render", frame=frame, cause=str(error), remedy="See Maya's Script Editor"
            ) from None
        if made is None:
            raise HostRefused(
                f"{renderer} rendered no file",
                frame=frame,
                cause="Without a graphics card there is no Hardware 2.0" if renderer == HARDWARE else "",
                remedy="See Maya's Script Editor",
            )
        beside = target.with_name(f".{target.name}.tmp")
        shutil.move(str(made), str(beside))
        beside.replace(target)


def _hardware(camera: str, frame: int, size: tuple[int, int], layer: str, token: str) -> Path | None:
    """The file that ogsRender wrote: its answer is a text or a list, and where it is not trusted, the project."""
    width, height = size
    answer = cmds.ogsRender(camera=camera, frame=frame, width=width, height=height, layer=layer, noRenderView=True)
    for name in [answer] if isinstance(answer, str) else answer or []:
        if Path(name).is_file():
            return Path(name)
    return _found(Path(cmds.workspace(query=True, rootDirectory=True)) / "images", token)


def _found(folder: Path, token: str) -> Path | None:
    return next((file for file in sorted(folder.rglob(f"*{token}*")) if file.is_file()), None)


def _options() -> None:
    """Arnold's option nodes do not exist before they are asked for."""
    if not cmds.objExists("defaultArnoldRenderOptions"):
        from mtoa.core import createOptions

        createOptions()


def _common(renderer: str, camera: str, size: tuple[int, int]) -> list[Setting]:
    """One camera, one frame, this size, a PNG where the renderer asks Maya."""
    width, height = size
    aspect = width / height * float(cmds.getAttr("defaultResolution.pixelAspect"))
    rg = "defaultRenderGlobals"
    others = [shape for shape in cmds.ls(type="camera", long=True) if shape != camera]
    return [
        Setting(
            f"{rg}.currentRenderer", "arnold" if renderer == ARNOLD else "mayaHardware2", EXTRAS, "Render Settings"
        ),
        Setting(f"{rg}.imageFormat", 32, EXTRAS, _OUTPUT),
        Setting(f"{rg}.animation", False, EXTRAS, _OUTPUT),
        Setting(f"{rg}.gammaCorrection", 1.0, rs.COLOUR, _OUTPUT),
        Setting("defaultResolution.width", width, EXTRAS, "Render Settings > Common > Image Size"),
        Setting("defaultResolution.height", height, EXTRAS, "Render Settings > Common > Image Size"),
        Setting("defaultResolution.deviceAspectRatio", aspect, EXTRAS, "Render Settings > Common > Image Size"),
        Setting(f"{camera}.renderable", True, EXTRAS, "Render Settings > Common > Renderable Cameras"),
        *(Setting(f"{shape}.renderable", False, EXTRAS, "Renderable Cameras") for shape in others),
    ]


def _table(renderer: str, kind: str) -> Sequence[Setting]:
    if renderer == HARDWARE:
        return rs.HARDWARE_LABELS
    return {"depth": rs.ARNOLD_VALUES, "motion": rs.ARNOLD_MOTION}.get(kind, rs.ARNOLD_LABELS)


def _camera(camera: str) -> list[Setting]:
    """Film fit, overscan and lens stay the beauty's; image planes would be drawn as if they were things."""
    return [
        Setting(f"{camera}.depthOfField", False, rs.BLUR, "the camera's attributes"),
        *(
            Setting(f"{plane}.displayMode", 0, EXTRAS, "the image plane")
            for plane in cmds.ls(type="imagePlane", long=True)
        ),
    ]


@contextmanager
def _background(camera: str, color: Color) -> Iterator[None]:
    plug = f"{camera}.backgroundColor"
    before = cmds.getAttr(plug)
    try:
        set_value(plug, [shader_value(color)])
    except RuntimeError as error:
        raise HostRefused(
            f"{plug} cannot be set for the label pass", cause=str(error), remedy="Unlock the camera's background colour"
        ) from None
    try:
        yield
    finally:
        set_value(plug, before)


@contextmanager
def _only_surfaces() -> Iterator[None]:
    """Curves, locators, lights and the like are not drawn; the list is read by name, its order differs."""
    node = "hardwareRenderingGlobals"
    names = cmds.getAttr(f"{node}.objectTypeFilterNameArray") or []
    before = cmds.getAttr(f"{node}.objectTypeFilterValueArray") or []
    plug = f"{node}.objectTypeFilterValueArray"
    if names:
        cmds.setAttr(plug, [int(name in rs.HARDWARE_DRAWN) for name in names], type="Int32Array")
    try:
        yield
    finally:
        if names:
            cmds.setAttr(plug, before, type="Int32Array")


@contextmanager
def _aov(name: str) -> Iterator[None]:
    """One AOV, unfiltered, as the only one that is rendered beside the beauty."""
    made = [cmds.createNode("aiAOV", name=f"semrender_{name}", skipSelect=True)]
    try:
        cmds.setAttr(f"{made[0]}.name", name, type="string")
        made.append(cmds.createNode("aiAOVFilter", name=f"semrender_{name}_filter", skipSelect=True))
        cmds.setAttr(f"{made[1]}.aiTranslator", "closest", type="string")
        cmds.connectAttr("defaultArnoldDriver.message", f"{made[0]}.outputs[0].driver")
        cmds.connectAttr(f"{made[1]}.message", f"{made[0]}.outputs[0].filter")
        others = cmds.ls(type="aiAOV")
        off = [Setting(f"{one}.enabled", False, EXTRAS, "Arnold > AOVs") for one in others if one != made[0]]
        with changed(off):
            cmds.connectAttr(f"{made[0]}.message", "defaultArnoldRenderOptions.aovList", nextAvailable=True)
            yield
    finally:
        cmds.delete(made)

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
from maya_plugin.core.passes import SHADING
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host import aovs
from maya_plugin.host.keep import changed

LOAD_ARNOLD = Fix("load_arnold", "Load Arnold")
CODES = ("label", "instance")  # passes of colours that are numbers
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
def ready(renderer: str, size: tuple[int, int], kind: str) -> Iterator[None]:
    """Maya is set up for passes of one kind in the block: core.contract.EXTRA_PASSES, or "label"."""
    with ExitStack() as back:
        if renderer == ARNOLD:
            _options()
        back.enter_context(changed(_common(renderer, size)))
        back.enter_context(changed(_table(renderer, kind)))
        if kind != "beauty" and renderer == HARDWARE:
            back.enter_context(_only_surfaces())
        if renderer == ARNOLD:
            back.enter_context(aovs.rendered(kind))
        yield


def render(renderer: str, camera: str, frame: int, size: tuple[int, int], layer: str, target: Path) -> None:
    """Render the present frame of the visible layer into `target`; its folder is made.

    Commands: ogsRender, arnoldRender, workspace.

    Raises HostRefused where Maya renders nothing.
    """
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


def _common(renderer: str, size: tuple[int, int]) -> list[Setting]:
    """One frame of this size, whole, a PNG where the renderer asks Maya; other cameras are not asked."""
    width, height = size
    aspect = width / height * float(cmds.getAttr("defaultResolution.pixelAspect"))
    rg = "defaultRenderGlobals"
    place = "Render Settings > Common > Image Size"
    found = [
        Setting(f"{rg}.imageFormat", 32, EXTRAS, _OUTPUT),
        Setting(f"{rg}.animation", False, EXTRAS, _OUTPUT),
        Setting(f"{rg}.gammaCorrection", 1.0, rs.COLOUR, _OUTPUT),
        Setting("defaultResolution.width", width, EXTRAS, place),
        Setting("defaultResolution.height", height, EXTRAS, place),
        Setting("defaultResolution.deviceAspectRatio", aspect, EXTRAS, place),
    ]
    if renderer == ARNOLD:
        found.append(Setting(f"{rg}.currentRenderer", "arnold", EXTRAS, "Render Settings"))
        edges = {"regionMinX": 0, "regionMaxX": width - 1, "regionMinY": 0, "regionMaxY": height - 1}
        for name, value in edges.items():
            found.append(Setting(f"defaultArnoldRenderOptions.{name}", value, EXTRAS, "Arnold RenderView", True))
    return found


def _table(renderer: str, kind: str) -> Sequence[Setting]:
    if renderer == HARDWARE:
        own = {"beauty": (), SHADING: rs.HARDWARE_SHADING}
        return rs.HARDWARE_LABELS if kind in CODES else own.get(kind, rs.HARDWARE_VALUES)
    tables = {"beauty": rs.ARNOLD_BEAUTY, SHADING: rs.ARNOLD_SHADING, "motion": rs.ARNOLD_MOTION}
    return rs.ARNOLD_LABELS if kind in CODES else tables.get(kind, rs.ARNOLD_VALUES)


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

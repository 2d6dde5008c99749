"""Flat colours on shapes, drawn by Viewport 2.0 and by nothing in the scene.

A render override (`MRenderOverride`) has one scene operation per colour: `objectSetOverride` says which shapes it
draws, `shaderOverride` with the stock solid shader in which colour. No material is swapped, no attribute set, nothing
hidden and nothing recorded, so that nothing can stay behind: neither edits of references, nor groupId nodes, nor meshes
of several materials that the viewport draws green after a swap. What an operation does not list it does not draw,
whatever locks it has. Autodesk's own examples are made so (devkit: viewObjectSetOverride, py2ViewRenderOverride). The
other way, a second Maya that keeps a copy open, would show every change late by the time of a save, and take a licence.

An object set has whole shapes only, and may not tell instances of one shape apart. Meshes whose faces or instances
differ are drawn as triangles by the draw manager, as they are deformed at that moment, without smoothing; so are boxes.

A picture is drawn into targets of our own: 8 bits, one sample, no view transform. So the settings of Hardware 2.0 and
of colour management do not matter to it and stay untouched. It is started by `ogsRender`, which brings camera, film fit
and size. On panels the names of overrides are saved with the scene's windows: `covered` is for the time of a save.
"""

from __future__ import annotations

import ctypes
import uuid
from collections.abc import Sequence
from pathlib import Path

from maya import cmds
from maya.api import OpenMaya, OpenMayaRender

from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host.keep import changed
from maya_plugin.host.overrides import Color, Drawing, Override, Scene, listed, no_graphics

omr = OpenMayaRender
LABELS, CLASSES = "semrenderLabels", "semrenderClasses"  # the overrides for pictures and for panels

_ours: dict[str, Override] = {}
_from_below: list[bool] = []  # whether this Maya's rows come from below, once it is known
_by_attribute: list[bool] = []  # that ogsRender heeds the attribute alone, once it is known


def picture(
    camera: str, frame: float, size: tuple[int, int], layer: str, clear: Color, drawing: Drawing
) -> list[bytes]:
    """The rows of a picture from above, RGBA of 8 bits; alpha is 0 where nothing is. Commands: ogsRender.

    Args:
        camera: full path of its shape.
        layer: the render layer that is visible now.
        clear: the colour of emptiness.

    Raises HostRefused where Viewport 2.0 draws nothing.
    """
    if not _from_below:
        _from_below.append(_rows_from_below(camera, frame, layer))
    rows = _rows(camera, frame, size, layer, clear, drawing)
    return rows[::-1] if _from_below[0] else rows


def show(drawing: Drawing, others: Sequence[str]) -> None:
    """Draw in every panel of the viewport, among the other shapes as they look; grid, wires and handles stay.

    Panels that show another override keep it. Commands: getPanel, modelEditor, refresh.
    """
    own = _registered(CLASSES, "Classes (semrender)")
    scene = omr.MSceneRender
    below = Scene(f"{CLASSES}Others", scene.kRenderPreSceneUIItems | scene.kRenderShadedItems)
    below.mClearOperation.setMask(omr.MClearOperation.kClearAll)  # in the artist's own colours
    below.objects = listed(others)
    above = Scene(f"{CLASSES}Windows", scene.kRenderPostSceneUIItems)
    flats = own.flats(drawing, None)
    own.operations = [below, *flats, above, omr.MHUDRender(), omr.MPresentTarget(f"{CLASSES}Present")]
    uncover([panel for panel in panels() if _override_of(panel) in ("", CLASSES)])


def hide() -> None:
    """The panels as they were. Commands: getPanel, modelEditor, refresh."""
    if covered():
        cmds.refresh(force=True)
    if CLASSES in _ours:
        _ours[CLASSES].release()


def covered() -> list[str]:
    """Take the colours off the panels, without drawing; answers which had them. Commands: getPanel, modelEditor."""
    ours = [panel for panel in panels() if _override_of(panel) == CLASSES]
    for panel in ours:
        cmds.modelEditor(panel, edit=True, rendererOverrideName="")
    return ours


def uncover(ours: Sequence[str]) -> None:
    """Give panels their colours, and draw. Commands: getPanel, modelEditor, refresh."""
    some = [panel for panel in panels() if panel in ours]
    for panel in some:
        cmds.modelEditor(panel, edit=True, rendererOverrideName=CLASSES)
    if some:
        cmds.refresh(force=True)


def is_on() -> bool:
    """Whether a panel shows class colours. Commands: getPanel, modelEditor."""
    return any(_override_of(panel) == CLASSES for panel in panels())


def panels() -> list[str]:
    """The panels of the viewport, none in a Maya without windows. Commands: getPanel."""
    return cmds.getPanel(type="modelPanel") or []


def end() -> None:
    """Before the plug-in goes: no panel and no renderer knows of us. Commands: getPanel, modelEditor."""
    covered()
    for name, own in _ours.items():
        own.release()
        if omr.MRenderer.findRenderOverride(name) is not None:
            omr.MRenderer.deregisterOverride(own)
    _ours.clear()


def _override_of(panel: str) -> str:
    return cmds.modelEditor(panel, query=True, rendererOverrideName=True) or ""


def _registered(name: str, title: str) -> Override:
    """The override of a name; one that an older copy of this module left is replaced."""
    old = omr.MRenderer.findRenderOverride(name)
    if name not in _ours or old is None:
        if old is not None:
            omr.MRenderer.deregisterOverride(old)
        _ours[name] = Override(name, title)
        omr.MRenderer.registerOverride(_ours[name])
    return _ours[name]


def _rows_from_below(camera: str, frame: float, layer: str) -> bool:
    """Which row of a target is the first differs by graphics API: seen by a picture whose upper half is white."""
    x, y, z, here = _axes(camera)
    near, far = cmds.getAttr(f"{camera}.nearClipPlane"), cmds.getAttr(f"{camera}.farClipPlane")
    away = (near * far) ** 0.5
    side = 100 * away
    corners = []
    for u, v in ((-1, 0), (1, 0), (1, 1), (-1, 0), (1, 1), (-1, 1)):
        a, b, c = (here[i] + u * side * x[i] + v * side * y[i] - away * z[i] for i in range(3))
        corners.append((a, b, c))
    white = Drawing(triangles={(1.0, 1.0, 1.0): corners})
    rows = _rows(camera, frame, (16, 16), layer, (0.0, 0.0, 0.0), white)
    above, below = rows[0][:3] == b"\xff\xff\xff", rows[-1][:3] == b"\xff\xff\xff"
    if above == below:
        raise no_graphics("a test picture, white above and black below, came out otherwise")
    return below


def _axes(camera: str) -> list[list[float]]:
    matrix = cmds.getAttr(f"{camera}.worldMatrix[0]")
    return [list(matrix[4 * row : 4 * row + 3]) for row in range(4)]


def _rows(camera: str, frame: float, size: tuple[int, int], layer: str, clear: Color, drawing: Drawing) -> list[bytes]:
    manager = omr.MRenderer.getRenderTargetManager()
    if manager is None:
        raise no_graphics("its targets are not there")
    own = _registered(LABELS, "Label pass (semrender)")
    targets: list[omr.MRenderTarget] = []
    try:
        for raster in (omr.MRenderer.kR8G8B8A8_UNORM, omr.MRenderer.kD24S8):
            name = f"semrender_{uuid.uuid4().hex}"  # a name that is taken gives no target
            target = manager.acquireRenderTarget(omr.MRenderTargetDescription(name, *size, 1, raster, 1, False))
            if target is None:
                raise no_graphics(f"it has no memory for a picture of {size[0]} x {size[1]}")
            targets.append(target)
        empty = Scene(f"{LABELS}Clear", omr.MSceneRender.kRenderShadedItems, flat=True, clear=clear)
        empty.objects, empty.targets = OpenMaya.MSelectionList(), targets
        flats = own.flats(drawing, targets)
        present = omr.MPresentTarget(f"{LABELS}Present")
        own.operations = [empty, *flats, present]
        before = own.drew
        cause = _start(own, camera, frame, size, layer)
        if own.drew == before:
            raise no_graphics(cause or "the render did not ask our override")
        return _read(targets[0], size)
    finally:
        own.release()
        for target in targets:
            manager.releaseRenderTarget(target)


def _start(own: Override, camera: str, frame: float, size: tuple[int, int], layer: str) -> str:
    """Have our override asked; what Maya complains of.

    Nobody here knows whether `ogsRender` heeds the renderer's own setting or the attribute of the render settings. The
    first leaves every node alone; only where it is of no use is the second set, for the moment of a render.
    """
    before, asked = omr.MRenderer.renderOverrideName(), own.drew
    complaint = ""
    if not _by_attribute:
        omr.MRenderer.setRenderOverrideName(LABELS)
        try:
            complaint = _render(camera, frame, size, layer)
        finally:
            omr.MRenderer.setRenderOverrideName(before)
    if own.drew == asked:
        place = "Render Settings > Maya Hardware 2.0 > Render Override"
        with changed([Setting("hardwareRenderingGlobals.renderOverrideName", LABELS, EXTRAS, place, optional=True)]):
            complaint = _render(camera, frame, size, layer)
        if own.drew != asked:
            _by_attribute[:] = [True]
    return complaint


def _render(camera: str, frame: float, size: tuple[int, int], layer: str) -> str:
    """ogsRender; what it complains of. Its own file is of no use, and goes where it is new."""
    folder = Path(cmds.workspace(query=True, rootDirectory=True)) / "images" / "tmp"
    had = {file.name for file in folder.glob("*")}
    made: str | list[str] = []
    complaint = ""
    try:
        width, height = size
        made = cmds.ogsRender(camera=camera, frame=frame, width=width, height=height, layer=layer, noRenderView=True)
    except RuntimeError as error:  # a folder of images that cannot be written is no matter
        complaint = str(error)
    for file in map(Path, [made] if isinstance(made, str) else made or []):
        if file.parent == folder and file.name not in had and file.is_file():
            file.unlink()
    return complaint


def _read(target: omr.MRenderTarget, size: tuple[int, int]) -> list[bytes]:
    """The rows as they lie in memory."""
    address, pitch, length = target.rawData()
    try:
        data = ctypes.string_at(address, length)
    finally:
        omr.MRenderTarget.freeRawData(address)
    return [data[y * pitch : y * pitch + 4 * size[0]] for y in range(size[1])]

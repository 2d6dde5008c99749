"""The render overrides of Viewport 2.0 that draw flat colours, and what one of them draws; `viewport` uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maya.api import OpenMaya, OpenMayaRender

from maya_plugin.core.members import Span
from maya_plugin.core.refusal import HostRefused

omr = OpenMayaRender

Color = tuple[float, float, float]  # what the target holds, 0 to 1
Corner = tuple[float, float, float]  # world space, centimetres


@dataclass(frozen=True)
class Drawing:
    """What is drawn in which colour, on top of nothing else."""

    shapes: Mapping[Color, Sequence[str]] = field(default_factory=dict)  # full paths of shapes
    meshes: Mapping[str, Sequence[tuple[Color, Span | None]]] = field(default_factory=dict)  # the last word counts
    triangles: Mapping[Color, Sequence[Corner]] = field(default_factory=dict)  # three corners each


class Scene(omr.MSceneRender):
    """Shapes of the scene: all as they look, or `objects` flat, without lights, shadows and effects."""

    def __init__(self, name: str, filtered: int, flat: bool = False, clear: Color | None = None) -> None:
        super().__init__(name)
        self.filtered, self.flat = filtered, flat
        self.shader: omr.MShaderInstance | None = None
        self.objects: OpenMaya.MSelectionList | None = None
        self.targets: list[omr.MRenderTarget] | None = None
        operation = self.mClearOperation
        operation.setMask(omr.MClearOperation.kClearNone if clear is None else omr.MClearOperation.kClearAll)
        if clear is not None:
            operation.setClearGradient(False)
            operation.setOverridesColors(True)
            operation.setClearColor((*clear, 0.0))

    def renderFilterOverride(self) -> int:
        return self.filtered

    def objectSetOverride(self) -> OpenMaya.MSelectionList | None:
        return self.objects

    def shaderOverride(self) -> omr.MShaderInstance | None:
        return self.shader

    def displayModeOverride(self) -> int:
        return self.kShaded if self.flat else self.kNoDisplayModeOverride

    def lightModeOverride(self) -> int:
        return self.kNoLight if self.flat else self.kNoLightingModeOverride

    def postEffectsOverride(self) -> int:
        return self.kPostEffectDisableAll if self.flat else self.kPostEffectDisableNone

    def shadowEnableOverride(self) -> bool | None:
        return False if self.flat else None

    def targetOverrideList(self) -> list[omr.MRenderTarget] | None:
        return self.targets


class Triangles(omr.MUserRenderOperation):
    """Meshes whose faces differ, and boxes."""

    def __init__(self, name: str, drawing: Drawing) -> None:
        super().__init__(name)
        self.targets: list[omr.MRenderTarget] | None = None
        self._meshes = [_Mesh(path, parts) for path, parts in drawing.meshes.items()]
        self._fixed = {
            color: OpenMaya.MPointArray([OpenMaya.MPoint(*corner) for corner in corners])
            for color, corners in drawing.triangles.items()
        }

    def hasUIDrawables(self) -> bool:
        return True

    def addUIDrawables(self, drawManager: omr.MUIDrawManager, frameContext: Any) -> None:
        for color, points in self._fixed.items():
            _draw(drawManager, color, points, None)
        for mesh in self._meshes:
            mesh.draw(drawManager)

    def execute(self, drawContext: Any) -> None:
        """Nothing beside the drawables."""

    def targetOverrideList(self) -> list[omr.MRenderTarget] | None:
        return self.targets


class _Mesh:
    """The triangles of a mesh by colour, counted out once, and drawn where its points are at the moment."""

    def __init__(self, path: str, parts: Sequence[tuple[Color, Span | None]]) -> None:
        self._path, self._parts = path, parts
        self._size = (-1, -1)
        self._corners: dict[Color, OpenMaya.MUintArray] = {}

    def draw(self, manager: omr.MUIDrawManager) -> None:
        found = OpenMaya.MSelectionList()
        try:
            mesh = OpenMaya.MFnMesh(found.add(self._path).getDagPath(0))
        except RuntimeError:  # renamed or deleted since; the next drawing has it right
            return
        size = (mesh.numPolygons, mesh.numVertices)
        if size != self._size:
            self._size, self._corners = size, self._sorted(mesh)
        points = mesh.getPoints(OpenMaya.MSpace.kWorld)
        for color, corners in self._corners.items():
            _draw(manager, color, points, corners)

    def _sorted(self, mesh: OpenMaya.MFnMesh) -> dict[Color, OpenMaya.MUintArray]:
        counts, corners = mesh.getTriangles()
        colors: list[Color | None] = [None] * mesh.numPolygons
        for own, span in self._parts:
            first, last = (0, len(colors) - 1) if span is None else (span[0], min(span[1], len(colors) - 1))
            colors[first : last + 1] = [own] * (last + 1 - first)
        listed, at = list(corners), 0
        found: dict[Color, list[int]] = {}
        for color, count in zip(colors, counts):
            if color is not None:
                found.setdefault(color, []).extend(listed[at : at + 3 * count])
            at += 3 * count
        return {color: OpenMaya.MUintArray(some) for color, some in found.items()}


def _draw(
    manager: omr.MUIDrawManager, color: Color, points: OpenMaya.MPointArray, corners: OpenMaya.MUintArray | None
) -> None:
    manager.beginDrawable()
    manager.setColor(OpenMaya.MColor((*color, 1.0)))
    if corners is None:
        manager.mesh(manager.kTriangles, points)
    else:
        manager.mesh(manager.kTriangles, points, index=corners)
    manager.endDrawable()


class Override(omr.MRenderOverride):
    """A list of operations. Maya keeps no hold of it or of them: whoever makes it must."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name)
        self._title = title
        self.operations: list[omr.MRenderOperation] = []
        self.drew = 0  # how often it was asked
        self._at = 0
        self._shaders: list[omr.MShaderInstance] = []

    def uiName(self) -> str:
        return self._title

    def supportedDrawAPIs(self) -> int:
        return omr.MRenderer.kAllDevices

    def setup(self, destination: str) -> None:
        self.drew += 1

    def startOperationIterator(self) -> bool:
        self._at = 0
        return bool(self.operations)

    def renderOperation(self) -> omr.MRenderOperation | None:
        return self.operations[self._at] if self._at < len(self.operations) else None

    def nextRenderOperation(self) -> bool:
        self._at += 1
        return self._at < len(self.operations)

    def flats(self, drawing: Drawing, targets: list[omr.MRenderTarget] | None) -> list[omr.MRenderOperation]:
        """The operations of a drawing; those before are given back. Raises HostRefused without graphics."""
        manager = shader_manager()
        self.release()
        made: list[omr.MRenderOperation] = []
        for color, paths in drawing.shapes.items():
            one = Scene(f"{self.name()}{len(made)}", omr.MSceneRender.kRenderShadedItems, flat=True)
            one.shader = manager.getStockShader(omr.MShaderManager.k3dSolidShader)
            one.shader.setParameter("solidColor", (*color, 1.0))
            one.objects = listed(paths)
            one.targets = targets
            self._shaders.append(one.shader)
            made.append(one)
        if drawing.meshes or drawing.triangles:
            rest = Triangles(f"{self.name()}Triangles", drawing)
            rest.targets = targets
            made.append(rest)
        return made

    def release(self) -> None:
        self.operations = []
        while self._shaders:
            shader_manager().releaseShader(self._shaders.pop())


def listed(paths: Sequence[str]) -> OpenMaya.MSelectionList:
    found = OpenMaya.MSelectionList()
    for path in paths:
        found.add(path)
    return found


def shader_manager() -> omr.MShaderManager:
    manager = omr.MRenderer.getShaderManager()
    if manager is None:
        raise no_graphics("its shaders are not there")
    return manager


def no_graphics(cause: str) -> HostRefused:
    return HostRefused(
        "Viewport 2.0 draws nothing here",
        cause=cause,
        remedy="It needs a graphics card and a Maya with windows; render the shot with Arnold instead",
    )

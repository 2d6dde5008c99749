"""Viewport 2.0 as render overrides see it: which are registered, which panels use one, and what they draw.

An override is asked for its operations one by one and drawn into its own targets or into the picture of the panel.
Sources: Autodesk's devkit examples py2ViewRenderOverride and viewObjectSetOverride, the Python API 2.0 reference of
OpenMayaRender, and what public tools say that they saw (BEHAVIOURS.md).
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from maya import raster, renderers
from maya.scene import Path, Scene

overrides: dict[str, Any] = {}
batch_override = [""]  # of ogsRender
panels: dict[str, str] = {}  # model panel -> name of its override
refreshed: list[dict[str, str]] = []
LIT_BY_SHADERS = ("mesh", "nurbsSurface")  # what wears a shader override; other shapes draw themselves


def reset() -> None:
    overrides.clear()
    batch_override[0] = ""
    panels.clear()
    panels.update({f"modelPanel{n}": "" for n in range(1, 5)})
    refreshed.clear()
    from maya.api import OpenMayaRender

    OpenMayaRender.MShaderManager.held = OpenMayaRender.MRenderTarget.lent = 0
    OpenMayaRender.MRenderTargetManager.names.clear()


panels.update({f"modelPanel{n}": "" for n in range(1, 5)})


class Picture(renderers._View):
    """What an override draws of a scene from a camera, by and by, into targets and into the panel."""

    def __init__(self, scene: Scene, camera: Path, width: int, height: int, layer: str) -> None:
        super().__init__(scene, camera, width, height, layer, 1)
        self.own = raster.Canvas(width, height, self._focal(), 1, (0.35, 0.35, 0.35))
        self.color: tuple[float, ...] | None = None
        self.displaced = False
        get = renderers._getter(scene, renderers.HW)
        self.cut = lambda clear: 1.0 - 0.5 * clear if self.color is None else 1.0  # an override knows no transparency
        self.effects = get("ssaoEnable") or get("motionBlurEnable") or get("renderDepthOfField")
        self.log: list[str] = []

    def run(self, override: Any, destination: str) -> raster.Picture:
        """Ask the override for its operations and do them."""
        override.setup(destination)
        assert override.startOperationIterator(), "it has no operations"
        while True:
            self._do(override.renderOperation())
            if not override.nextRenderOperation():
                break
        override.cleanup()
        return self.own.resolved()

    def _do(self, operation: Any) -> None:
        from maya.api import OpenMayaRender as omr

        self.log.append(operation.name())
        targets = operation.targetOverrideList()
        canvas = self._canvas(targets)
        if isinstance(operation, omr.MSceneRender):
            clear = operation.clearOperation().kept
            if clear["mask"] != omr.MClearOperation.kClearNone:
                color = clear["color"] if clear["own"] else (0.35, 0.35, 0.35, 1.0)
                canvas.__init__(self.width, self.height, self._focal(), 1, color[:3])
            if operation.renderFilterOverride() & omr.MSceneRender.kRenderShadedItems:
                self._scene(operation, canvas)
        elif isinstance(operation, omr.MUserRenderOperation) and operation.hasUIDrawables():
            manager = omr.MUIDrawManager()
            operation.addUIDrawables(manager, None)
            operation.execute(None)
            for color, corners in manager.drawn:
                for start in range(0, len(corners), 3):
                    self._polygon(canvas, corners[start : start + 3], color.values[:3])

    def _canvas(self, targets: Any) -> raster.Canvas:
        if targets is None:
            return self.own
        if targets[0].canvas is None:
            assert targets[0].samples == 1 and (targets[0].width, targets[0].height) == (self.width, self.height)
            targets[0].canvas = raster.Canvas(self.width, self.height, self._focal(), 1, (0.5, 0.5, 0.5))
        return targets[0].canvas

    def _scene(self, operation: Any, canvas: raster.Canvas) -> None:
        from maya.api import OpenMayaRender as omr

        objects, shader = operation.objectSetOverride(), operation.shaderOverride()
        only = None if objects is None else set(objects.paths)
        if only is not None and self.scene.instances_alike:
            nodes = {path[-1] for path in only}
            only = {path for node in nodes for path in self.scene.paths(node)}
        soiled = self.effects and operation.postEffectsOverride() != omr.MSceneRender.kPostEffectDisableAll
        self.color = None if shader is None else tuple(c * 0.9 if soiled else c for c in shader.color[:3])
        by, near = renderers.world(self.scene, self.camera), self.scene.value(self.camera[-1], "nearClipPlane")
        for node in list(self.scene.all()):
            if node.kind not in self.kinds or node.values.get("intermediateObject"):
                continue
            for path in self.scene.paths(node):
                wanted = only is None or path in only
                if wanted and renderers.is_visible(self.scene, path) and self._in_layer(path):
                    self._shape(canvas, path, by, near, self._moved())

    def _moved(self) -> tuple[float, float]:
        lens = self.camera[-1]
        by = 25.4 / self.scene.value(lens, "focalLength")
        return (
            self.scene.value(lens, "horizontalFilmOffset") * by,
            self.scene.value(lens, "verticalFilmOffset") * by,
        )

    def _shading(self, path: Path, face: int) -> tuple[raster.Color, bool, float]:
        if self.color is not None and path[-1].kind in LIT_BY_SHADERS:
            return self.color, False, 0.0  # type: ignore[return-value]
        if path in self.scene.green:
            return (0.0, 1.0, 0.0), False, 0.0
        return super()._shading(path, face)

    def _polygon(self, canvas: raster.Canvas, corners: Any, color: Any) -> None:
        by, near = renderers.world(self.scene, self.camera), self.scene.value(self.camera[-1], "nearClipPlane")
        seen = [raster.seen_from(corner, by) for corner in corners]
        x, y = self._moved()
        seen = [(a - x * -c, b - y * -c, c) for a, b, c in seen]
        canvas.quad([*seen, seen[-1]], color, lambda u, v: 1.0, near)


def of_panel(scene: Scene, panel: str, camera: Path, width: int, height: int) -> raster.Picture:
    """What the artist sees in a panel."""
    view = Picture(scene, camera, width, height, scene.current_layer)
    if not panels[panel]:
        return view.draw()
    return view.run(overrides[panels[panel]], panel)


def of_render(scene: Scene) -> Any:
    """The override that ogsRender asks: that of the renderer, or of the attribute, by mood."""
    by_attribute = scene.value(scene.nodes[renderers.HW][0], "renderOverrideName")
    return overrides.get({"renderer": batch_override[0], "attribute": by_attribute}.get(scene.override_by, ""))


def rendered(scene: Scene, override: Any, camera: Path, width: int, height: int, layer: str) -> str:
    """ogsRender with an override: the picture is its own affair, the file is written whatever it did."""
    if not scene.has_gpu:
        raise RuntimeError("Graphics hardware feature level insufficient")
    Picture(scene, camera, width, height, layer).run(override, "")
    folder = FilePath(scene.project, "images", "tmp")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{FilePath(scene.path or 'untitled').stem}.iff"
    file.write_bytes(b"FOR4")
    return str(file)

"""maya.api.OpenMayaRender: render overrides, their operations, shaders and targets, as far as the plug-in uses them.

Standard: an override's targets have names of their own, an equal name gives none; memory of `rawData` is given back;
rows may be longer than the picture and may come from below [BEHAVIOURS].
"""

from __future__ import annotations

import ctypes
from typing import Any

from maya import raster, viewport
from maya.scene import SCENE


class MRenderOperation:
    def __init__(self, name: str) -> None:
        if not name:
            raise ValueError("an operation needs a name")
        self._name = name

    def name(self) -> str:
        return self._name

    def targetOverrideList(self) -> Any:
        return None


class MClearOperation(MRenderOperation):
    kClearNone = 0
    kClearAll = -1

    def __init__(self, name: str = "clear") -> None:
        super().__init__(name)
        self.kept: dict[str, Any] = {"mask": -1, "color": (0.0, 0.0, 0.0, 1.0), "gradient": True, "own": False}

    def setMask(self, mask: int) -> MClearOperation:
        self.kept["mask"] = mask
        return self

    def setClearColor(self, color: Any) -> MClearOperation:
        if len(color) != 4:
            raise ValueError("setClearColor takes four numbers")
        self.kept["color"] = tuple(color)
        return self

    def setClearGradient(self, on: bool) -> MClearOperation:
        self.kept["gradient"] = on
        return self

    def setOverridesColors(self, on: bool) -> MClearOperation:
        self.kept["own"] = on
        return self


class MSceneRender(MRenderOperation):
    kRenderPreSceneUIItems = 1
    kRenderShadedItems = 6
    kRenderPostSceneUIItems = 8
    kNoSceneFilterOverride = 0
    kShaded = 2
    kNoDisplayModeOverride = 0
    kNoLight = 1
    kNoLightingModeOverride = 0
    kPostEffectDisableAll = -1
    kPostEffectDisableNone = 0

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.mClearOperation = MClearOperation()

    def clearOperation(self) -> MClearOperation:
        return self.mClearOperation

    def displayModeOverride(self) -> int:
        return self.kNoDisplayModeOverride

    def lightModeOverride(self) -> int:
        return self.kNoLightingModeOverride

    def objectSetOverride(self) -> Any:
        return None

    def postEffectsOverride(self) -> int:
        return self.kPostEffectDisableNone

    def renderFilterOverride(self) -> int:
        return self.kNoSceneFilterOverride

    def shaderOverride(self) -> Any:
        return None

    def shadowEnableOverride(self) -> bool | None:
        return None


class MUserRenderOperation(MRenderOperation):
    def hasUIDrawables(self) -> bool:
        return False

    def addUIDrawables(self, drawManager: Any, frameContext: Any) -> Any:
        return self

    def execute(self, drawContext: Any) -> Any:
        raise NotImplementedError


class MHUDRender(MRenderOperation):
    def __init__(self) -> None:
        super().__init__("HUD")


class MPresentTarget(MRenderOperation):
    pass


class MRenderOverride:
    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        return self._name

    def uiName(self) -> str:
        return self._name

    def supportedDrawAPIs(self) -> int:
        return 0

    def setup(self, destination: str) -> Any:
        return self

    def cleanup(self) -> Any:
        return self

    def startOperationIterator(self) -> bool:
        return False

    def renderOperation(self) -> Any:
        return None

    def nextRenderOperation(self) -> bool:
        return False


class MUIDrawManager:
    kTriangles = 3

    def __init__(self) -> None:
        self.drawn: list[tuple[Any, list[tuple[float, float, float]]]] = []  # colour, corners of triangles
        self._color: Any = None
        self._open = False

    def beginDrawable(self) -> MUIDrawManager:
        self._open, self._color = True, None
        return self

    def endDrawable(self) -> MUIDrawManager:
        self._open = False
        return self

    def setColor(self, color: Any) -> MUIDrawManager:
        self._color = color
        return self

    def mesh(
        self, mode: int, position: Any, normal: Any = None, color: Any = None, index: Any = None
    ) -> MUIDrawManager:
        assert self._open and mode == self.kTriangles and self._color is not None
        corners = [position[i] for i in index] if index is not None else list(position)
        assert len(corners) % 3 == 0
        self.drawn.append((self._color, [(one.x, one.y, one.z) for one in corners]))
        return self


class MShaderInstance:
    def __init__(self) -> None:
        self.color: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)

    def setParameter(self, name: str, value: Any) -> MShaderInstance:
        if name != "solidColor":
            raise RuntimeError(f"no parameter {name}")
        self.color = tuple(float(one) for one in value)
        return self


class MShaderManager:
    k3dSolidShader = 0
    held = 0  # shaders that nobody released

    def getStockShader(self, kind: int) -> MShaderInstance:
        assert kind == self.k3dSolidShader
        MShaderManager.held += 1
        return MShaderInstance()

    def releaseShader(self, shader: MShaderInstance) -> None:
        MShaderManager.held -= 1


class MRenderTargetDescription:
    def __init__(
        self, name: str, width: int, height: int, samples: int, format: int, slices: int, is_cube_map: bool, /
    ) -> None:
        self.own = (name, width, height, samples, format)


class MRenderTarget:
    lent = 0  # pieces of memory that nobody gave back

    def __init__(self, description: MRenderTargetDescription) -> None:
        self.name, self.width, self.height, self.samples, self.format = description.own
        self.canvas: Any = None
        self._memory: list[Any] = []

    def rawData(self) -> list[int]:
        assert self.canvas is not None, "nothing was drawn into it"
        pitch = 4 * self.width + 12
        rows = []
        for row in raster.smoothed(self.canvas.resolved()) if SCENE.smoothed_by_driver else self.canvas.resolved():
            data = b"".join(bytes(max(0, min(255, int(v * 255 + 0.5))) for v in pixel) for pixel in row)
            rows.append(data + b"\xee" * 12)
        body = b"".join(reversed(rows) if SCENE.rows_from_below else rows)
        buffer = ctypes.create_string_buffer(body, len(body))
        self._memory.append(buffer)
        MRenderTarget.lent += 1
        return [ctypes.addressof(buffer), pitch, len(body)]

    @staticmethod
    def freeRawData(address: int, /) -> None:
        MRenderTarget.lent -= 1


class MRenderTargetManager:
    names: set[str] = set()

    def acquireRenderTarget(self, description: MRenderTargetDescription, /) -> MRenderTarget | None:
        if description.own[0] in self.names or not SCENE.has_gpu:
            return None
        self.names.add(description.own[0])
        return MRenderTarget(description)

    def releaseRenderTarget(self, target: MRenderTarget, /) -> None:
        self.names.discard(target.name)


class MRenderer:
    kR8G8B8A8_UNORM = 49
    kD24S8 = 0
    kAllDevices = 7

    @staticmethod
    def registerOverride(override: MRenderOverride, /) -> None:
        viewport.overrides[override.name()] = override

    @staticmethod
    def deregisterOverride(override: MRenderOverride, /) -> None:
        del viewport.overrides[override.name()]

    @staticmethod
    def findRenderOverride(name: str, /) -> MRenderOverride | None:
        return viewport.overrides.get(name)

    @staticmethod
    def setRenderOverrideName(name: str, /) -> bool:
        viewport.batch_override[0] = name
        return True

    @staticmethod
    def renderOverrideName() -> str:
        return viewport.batch_override[0]

    @staticmethod
    def getShaderManager() -> MShaderManager | None:
        return MShaderManager() if SCENE.has_gpu else None

    @staticmethod
    def getRenderTargetManager() -> MRenderTargetManager | None:
        return MRenderTargetManager() if SCENE.has_gpu else None

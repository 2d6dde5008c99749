"""A camera of our own that sees what the shot's camera sees: that one may be locked, referenced, or both."""

from __future__ import annotations

from maya import cmds

from maya_plugin.core.members import parent

# What decides where a point of the world lies in the picture.
LENS = (
    *("focalLength", "horizontalFilmAperture", "verticalFilmAperture", "filmFit", "filmFitOffset"),
    *("horizontalFilmOffset", "verticalFilmOffset", "lensSqueezeRatio", "cameraScale", "overscan"),
    *("preScale", "postScale", "filmTranslateH", "filmTranslateV", "filmRollValue", "filmRollOrder"),
    *("horizontalRollPivot", "verticalRollPivot", "shakeEnabled", "horizontalShake", "verticalShake"),
    *("shakeOverscanEnabled", "shakeOverscan", "renderPanZoom", "panZoomEnabled", "horizontalPan", "verticalPan"),
    *("zoom", "nearClipPlane", "farClipPlane", "orthographic", "orthographicWidth"),
)
LENS_OF_ARNOLD = ("aiTranslator", "aiFov", "aiFovOffset", "aiRadialDistortion", "aiUvRemap", "motionBlurOverride")


class Follower:
    """A camera below the shot's own, connected to its lens: also between frames, where motion is measured."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        transform = cmds.createNode("transform", name="semrender_camera", parent=parent(camera), skipSelect=True)
        self.transform = cmds.ls(transform, long=True)[0]
        shape = cmds.createNode("camera", name="semrender_cameraShape", parent=self.transform, skipSelect=True)
        self.shape = cmds.ls(shape, long=True)[0]
        self._copied: list[str] = []
        for name in (*LENS, *LENS_OF_ARNOLD):
            if cmds.attributeQuery(name, node=camera, exists=True) and cmds.attributeQuery(
                name, node=self.shape, exists=True
            ):
                self._follow(name)
        cmds.setAttr(f"{self.shape}.renderable", True)
        cmds.setAttr(f"{self.shape}.depthOfField", False)

    def _follow(self, name: str) -> None:
        try:
            cmds.connectAttr(f"{self._camera}.{name}", f"{self.shape}.{name}")
        except RuntimeError:  # of a locked node
            self._copied.append(name)

    def update(self) -> None:
        """What could not be connected is copied, at the present frame. Commands: getAttr, setAttr."""
        for name in self._copied:
            value = cmds.getAttr(f"{self._camera}.{name}")
            if isinstance(value, str):
                cmds.setAttr(f"{self.shape}.{name}", value, type="string")
            elif value is not None:
                cmds.setAttr(f"{self.shape}.{name}", value)

    def close(self) -> None:
        cmds.delete(self.transform)

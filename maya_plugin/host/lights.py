"""The lights of the scene: whether there are any, and its sun, which shines from one direction or is made to be one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from maya import cmds

from maya_plugin.core import sun
from maya_plugin.core.contract import ARNOLD, HARDWARE
from maya_plugin.core.members import parent, short
from maya_plugin.core.sun import Light, Sun
from maya_plugin.host import usd
from maya_plugin.host.tracks import matrix

DIRECTIONAL, DOME, SKY = "directionalLight", "aiSkyDomeLight", "aiPhysicalSky"
REDSHIFT, VRAY, VRAY_TARGET = "RedshiftPhysicalSun", "VRaySunShape", "VRaySunTarget"
# What a renderer is lit by; light from everywhere alone (ambientLight) shades nothing.
MAYAS = (DIRECTIONAL, "pointLight", "spotLight", "areaLight", "volumeLight")
LIGHTS = {HARDWARE: MAYAS, ARNOLD: (*MAYAS, DOME, "aiAreaLight", "aiPhotometricLight", "aiMeshLight")}
SWITCHES = ("enabled", "on")  # of lights of other renderers


def sun_at(frame: int) -> Sun | None:
    """The sun as it stands on a frame; None where nothing in the scene could be one.

    Commands: allNodeTypes, ls, getAttr, attributeQuery, listConnections, listRelatives, upAxis.
    """
    known = set(cmds.allNodeTypes())  # ls refuses types of plug-ins that are not loaded
    found: list[Light] = []
    for kind, read in ((DIRECTIONAL, _directional), (REDSHIFT, _redshift), (VRAY, _vray), (DOME, _skies)):
        for shape in cmds.ls(type=kind, long=True, visible=True) if kind in known else []:
            if all(_get(shape, name, frame, True) for name in SWITCHES):
                found += read(shape, frame)
    return sun.chosen([*found, *usd.distant_lights(frame)], _up())


def shine(renderer: str) -> bool:
    """Whether a renderer finds a visible light in the scene. Commands: allNodeTypes, ls."""
    known = set(cmds.allNodeTypes())
    return any(cmds.ls(type=kind, long=True, visible=True) for kind in LIGHTS[renderer] if kind in known)


def heading(camera: str, frame: int) -> float:
    """Where a camera looks on a frame, as `core.sun.heading_of`. Commands: getAttr, upAxis."""
    return sun.heading_of(matrix(camera, frame), _up())


def _up() -> str:
    return str(cmds.upAxis(query=True, axis=True))


def _directional(shape: str, frame: int) -> Iterator[Light]:
    """It shines along its -z. MtoA adds an exposure."""
    (color,) = cmds.getAttr(f"{shape}.color", time=frame)
    strength = cmds.getAttr(f"{shape}.intensity", time=frame) * max(color) * 2 ** _get(shape, "aiExposure", frame, 0.0)
    yield Light(_name(shape), matrix(shape, frame)[8:11], strength)


def _redshift(shape: str, frame: int) -> Iterator[Light]:
    yield Light(_name(shape), matrix(shape, frame)[8:11], 1.0, made_for_it=True)


def _vray(shape: str, frame: int) -> Iterator[Light]:
    """It shines from where it stands onto its target, which hangs on the node above it."""
    above = parent(parent(shape))
    targets = cmds.listRelatives(above, shapes=True, fullPath=True, type=VRAY_TARGET) or [] if above else []
    aim = matrix(targets[0], frame)[12:15] if targets else [0.0, 0.0, 0.0]
    yield Light(_name(shape), [a - b for a, b in zip(matrix(shape, frame)[12:15], aim)], 1.0, made_for_it=True)


def _skies(dome: str, frame: int) -> Iterator[Light]:
    """A sky with its sun switched on, as its dome is turned."""
    for sky in cmds.listConnections(f"{dome}.color", source=True, destination=False, type=SKY) or []:
        if _get(sky, "enableSun", frame, True):
            yield Light(short(sky), sun.turned(_in_sky(sky, frame), matrix(dome, frame)), 1.0, made_for_it=True)


def _in_sky(sky: str, frame: int) -> Iterable[float]:
    if not _get(sky, "useDegrees", frame, True):
        ((x, y, z),) = cmds.getAttr(f"{sky}.sunDirection", time=frame)
        return x, y, z
    azimuth, elevation = (cmds.getAttr(f"{sky}.{name}", time=frame) for name in ("azimuth", "elevation"))
    return sun.in_sky(azimuth, elevation, _up())


def _get(node: str, name: str, frame: int, otherwise: Any) -> Any:
    """The value of an attribute that not every version has."""
    exists = cmds.attributeQuery(name, node=node, exists=True)
    return cmds.getAttr(f"{node}.{name}", time=frame) if exists else otherwise


def _name(shape: str) -> str:
    return short(parent(shape))

"""A painted frame thrown onto things from the camera it was painted for.

The projector is a camera of its own that stands where the shot's camera stood on that frame, so that moving on in
time or moving the shot's camera leaves the painting where it is. Its film is cut to the picture's own field of view:
whichever of the projection node's ways of fitting a picture into a film gate is on, all of them agree. What the things
wore before is kept on the projector and comes back when the projection is taken off.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from maya import cmds

from maya_plugin.core.classes import chunks
from maya_plugin.core.members import faces, is_component, short
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.tracks import INCH, rigid, seen_film
from maya_plugin.host import pictures, scene, tracks
from maya_plugin.host.keep import in_root, undo_step
from maya_plugin.host.objects import by_shape, long_names, shading

TAG = "semrenderProjection"  # string on every node of a projection: {"id"}, on the projector {"id", "worn"} as JSON
SHAPES = ("mesh", "nurbsSurface")  # what carries a texture
PERSPECTIVE = 8  # projection.projType

Worn = list[tuple[str, list[str]]]  # UUID of a shading group, its members that the painting covers


def project(file: str, camera: str, frame: int, members: Sequence[str]) -> int:
    """Throw a picture onto what is at or below the members; one undo step. How many shapes it covers.

    Args:
        camera: full path of the shape of the camera that the picture was painted for.
        frame: of the shot; the projector stands where the camera stands then.

    Raises HostRefused where nothing is selected, picture or perspective is missing, or shading is locked.
    Commands: ls, sets, shadingNode, createNode, xform, connectAttr.
    """
    if not Path(file).is_file():
        raise HostRefused("the painted picture is not there", file=file, remedy="Paint the frame again")
    if cmds.getAttr(f"{camera}.orthographic"):
        raise HostRefused(f"{short(camera)} is orthographic and throws no picture", remedy="Use a perspective camera")
    paths = _below(members)
    if not paths:
        raise HostRefused("nothing is selected to throw the painting onto", remedy="Select meshes or their groups")
    with undo_step("Project painting"), in_root():
        _take_off(paths)
        worn = _worn(paths)
        group = _make(file, camera, frame, worn)
        try:
            for part in chunks(paths):
                cmds.sets(part, edit=True, forceElement=group)
        except RuntimeError as error:
            _take_off(paths)
            raise HostRefused(
                "the painting cannot be thrown onto all of the selection",
                cause=f"The shading of some of it is locked: {error}",
                remedy="Select what no reference and no render layer locks",
            ) from None
    return len(paths)


def remove() -> int:
    """Take every projection off: things wear what they wore before. One undo step; how many projections there were."""
    with undo_step("Remove projected painting"):
        return _take_off(None)


def _below(members: Sequence[str]) -> list[str]:
    """Full paths of the shapes at and below the members, each once; a face stands for its whole shape."""
    nodes = list(dict.fromkeys(member.partition(".")[0] for member in members))
    if not nodes:
        return []
    own = cmds.ls(nodes, long=True, type=list(SHAPES), noIntermediate=True)
    below = cmds.listRelatives(nodes, allDescendents=True, fullPath=True, type=list(SHAPES), noIntermediate=True)
    return list(dict.fromkeys([*own, *(below or [])]))


def _worn(paths: Sequence[str]) -> Worn:
    found: dict[str, list[str]] = {}
    for path, parts in by_shape(shading(), paths).items():
        for group, span in parts:
            found.setdefault(group.node, []).append(path if span is None else faces(path, span))
    return [(cmds.ls(node, uuid=True)[0], members) for node, members in found.items()]


def _make(file: str, camera: str, frame: int, worn: Worn) -> str:
    """The shading group of a new projection."""
    identity = uuid.uuid4().hex
    transform, projector = _projector(camera, frame)
    picture = cmds.shadingNode("file", asTexture=True, isColorManaged=True, name="semrender_painting")
    cmds.setAttr(f"{picture}.fileTextureName", file.replace("\\", "/"), type="string")
    pictures.set_color_space(picture)
    thrown = cmds.shadingNode("projection", asTexture=True, name="semrender_projection")
    cmds.setAttr(f"{thrown}.projType", PERSPECTIVE)
    cmds.connectAttr(f"{projector}.message", f"{thrown}.linkedCamera")
    cmds.connectAttr(f"{picture}.outColor", f"{thrown}.image")
    shader = cmds.shadingNode("surfaceShader", asShader=True, name="semrender_projected")
    cmds.connectAttr(f"{thrown}.outColor", f"{shader}.outColor")
    group = cmds.sets(name="semrender_projectedSG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.connectAttr(f"{shader}.outColor", f"{group}.surfaceShader")
    for node in (transform, picture, thrown, shader, group):
        _tag(node, {"id": identity})
    _tag(projector, {"id": identity, "worn": worn})
    return str(group)


def _projector(camera: str, frame: int) -> tuple[str, str]:
    """A camera that sees what `camera` sees of the picture on a frame: its transform and shape, by full paths."""
    size, lens = scene.scene(), tracks.lens(camera, range(frame, frame + 1))
    film, _ = seen_film(lens, size.width, size.height, size.pixel_aspect)
    made = cmds.createNode("transform", name="semrender_projector", skipSelect=True)
    transform = cmds.ls(made, long=True)[0]
    shape = cmds.createNode("camera", name="semrender_projectorShape", parent=transform, skipSelect=True)
    shape = cmds.ls(shape, long=True)[0]
    cmds.xform(transform, worldSpace=True, matrix=list(rigid(tracks.matrix(camera, frame))))
    ratio = size.width / size.height * size.pixel_aspect
    for attribute, value in (
        ("focalLength", lens.focal[0]),
        ("horizontalFilmAperture", film / INCH),
        ("verticalFilmAperture", film / INCH / ratio),
        ("horizontalFilmOffset", lens.offset[0]),
        ("verticalFilmOffset", lens.offset[1]),
    ):
        cmds.setAttr(f"{shape}.{attribute}", value)
    cmds.setAttr(f"{transform}.visibility", False)
    return transform, shape


def _tag(node: str, value: dict[str, object]) -> None:
    cmds.addAttr(node, longName=TAG, dataType="string")
    cmds.setAttr(f"{node}.{TAG}", json.dumps(value), type="string")


def _take_off(paths: Sequence[str] | None) -> int:
    """Give shapes (None: all) what they wore before; projections that cover nothing then go. How many went.

    What the artist has assigned meanwhile stays.
    """
    made: dict[str, list[str]] = {}
    worn: dict[str, Worn] = {}
    for node in cmds.ls(f"*.{TAG}", objectsOnly=True, recursive=True, long=True):
        data = json.loads(cmds.getAttr(f"{node}.{TAG}"))
        made.setdefault(data["id"], []).append(node)
        if "worn" in data:
            worn[data["id"]] = data["worn"]
    gone = 0
    for identity, nodes in made.items():
        group = next((node for node in nodes if cmds.objectType(node) == "shadingEngine"), "")
        covered = set(long_names(cmds.sets(group, query=True) or [])) if group else set()
        back = covered if paths is None else covered & set(paths)
        for whole in (True, False):
            for before, members in worn.get(identity, []):
                mine = [m for m in members if m.partition(".")[0] in back and is_component(m) != whole]
                target = cmds.ls(before) or ["initialShadingGroup"]
                for part in chunks(mine):
                    cmds.sets(part, edit=True, forceElement=target[0])
        if covered <= back:
            for node in nodes:
                if cmds.objExists(node):  # a shape goes with its transform
                    cmds.delete(node)
            gone += 1
    return gone

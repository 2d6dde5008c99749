"""What a camera can see: shapes once per instance, with their materials and the asset they come from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from maya import cmds
from maya.api import OpenMaya

from maya_plugin.core import policy
from maya_plugin.core.classes import Membership
from maya_plugin.core.contract import MaterialPart, SceneObject
from maya_plugin.core.looks import Traits
from maya_plugin.core.members import Span, parent, split

CACHE_FILES = {"gpuCache": "cacheFileName", "aiStandIn": "dso", "mayaUsdProxyShape": "filePath"}
# Attributes of materials that cut out, and whether they are opacities: Maya's, Arnold's, standardSurface and
# usdPreviewSurface, OpenPBR, Redshift, V-Ray, RenderMan.
CUTOUTS = (
    *(("transparency", False), ("outTransparency", False), ("opacity", True), ("geometryOpacity", True)),
    *(("opacity_color", True), ("opacityMap", True), ("presence", True)),
)
SURFACES = ("surfaceShader", "aiSurfaceShader", "rsSurfaceShader", "rman__surface")  # a shading group's, by renderer
CHANNELS = (("R", "G", "B"), ("X", "Y", "Z"))


@dataclass(frozen=True)
class Shading:
    """A shading group: its members, full paths or faces of them, and its material."""

    node: str
    members: tuple[str, ...]
    material: str


def shapes() -> list[tuple[str, str]]:
    """(full path, type) of everything that a renderer may draw, per instance, hidden or not, of whatever plug-in.

    Commands: ls.
    """
    found: list[tuple[str, str]] = []
    for listed in (
        cmds.ls(shapes=True, long=True, noIntermediate=True, allPaths=True, showType=True),
        cmds.ls(type="instancer", long=True, noIntermediate=True, allPaths=True, showType=True),  # a transform
    ):
        found += zip(listed[::2], listed[1::2])
    return [one for one in found if policy.seen(one[1])]


def visible_shapes() -> list[tuple[str, str]]:
    """(full path, type) of what can be seen now and is known here. Commands: allNodeTypes, ls."""
    known = set(cmds.allNodeTypes())
    types = [kind for kind in policy.TYPES if kind in known]  # ls refuses types of plug-ins that are not loaded
    listed = cmds.ls(type=types, long=True, noIntermediate=True, allPaths=True, showType=True, visible=True)
    return list(zip(listed[::2], listed[1::2]))


def shading() -> list[Shading]:
    """Every shading group that has members. Commands: ls, and three per group."""
    found = []
    for group in cmds.ls(type="shadingEngine"):
        members = long_names(cmds.sets(group, query=True) or [])
        if members:
            found.append(Shading(group, tuple(members), material_of(group)))
    return found


def face_count(mesh: str) -> int:
    """How many faces a mesh has now."""
    return OpenMaya.MFnMesh(OpenMaya.MSelectionList().add(mesh).getDagPath(0)).numPolygons


def material_of(group: str) -> str:
    """The material of a shading group, or that of another renderer alone. Commands: listConnections, attributeQuery."""
    for name in SURFACES:
        if name == SURFACES[0] or cmds.attributeQuery(name, node=group, exists=True):
            found = _source(f"{group}.{name}").partition(".")[0]
            if found:
                return found
    return ""


def long_names(members: Iterable[str]) -> list[str]:
    """Full paths of members as Maya tells them. Commands: ls."""
    named = list(members)
    return cmds.ls(named, long=True) if named else []  # without a name ls lists everything


def by_shape(groups: Iterable[Shading], paths: Iterable[str]) -> dict[str, list[tuple[Shading, Span | None]]]:
    """The shading of every shape in `paths`: (group, faces or None for the whole).

    Maya tells faces under the name of the shape or of the transform above it.
    """
    below: dict[str, list[str]] = {}
    for path in paths:
        below.setdefault(path, []).append(path)
        below.setdefault(parent(path), []).append(path)
    found: dict[str, list[tuple[Shading, Span | None]]] = {}
    for group in groups:
        for member in group.members:
            node, span = split(member)
            for path in below.get(node, ()):
                found.setdefault(path, []).append((group, span))
    return found


def scene_objects(membership: Membership, groups: Iterable[Shading]) -> tuple[SceneObject, ...]:
    """Everything visible with its class, and its materials in `groups`.

    Commands: some per shading group and reference, none per object but caches.
    """
    found = visible_shapes()
    materials = by_shape(groups, [path for path, _ in found])
    assets = _assets()
    result = []
    for path, kind in found:
        own = membership.of(path)
        names = dict.fromkeys(group.material for group, _ in materials.get(path, ()) if group.material)
        asset = assets.get(path) or _cache(path, kind)
        node = path if kind == "instancer" else parent(path)  # an instancer is its own transform
        parts = dict.fromkeys(
            MaterialPart(group.material, group.node, identity)
            for group, span in materials.get(path, ())
            for identity in own.on(span)
        )
        result.append(SceneObject(path, node, kind, tuple(names), asset, own.whole, bool(own.faces), tuple(parts)))
    return tuple(result)


def _source(plug: str) -> str:
    return (cmds.listConnections(plug, source=True, destination=False, plugs=True) or [""])[0]


def traits(group: Shading) -> Traits:
    """What a class shader takes over from a group's material. Commands: listConnections, attributeQuery."""
    displacement = _source(f"{group.node}.displacementShader")
    for attribute, inverted in CUTOUTS if group.material else ():
        if cmds.attributeQuery(attribute, node=group.material, exists=True):
            cutout = _cutout(f"{group.material}.{attribute}")
            if cutout:
                return Traits(displacement, cutout, inverted)
    return Traits(displacement)


def _cutout(plug: str) -> tuple[str, ...]:
    """What drives an attribute: one plug of three channels, three of one each, or nothing.

    Maya tells a compound's own source alone, or those of its children too: both are asked.
    """
    source = _source(plug)
    if source and cmds.getAttr(source, type=True) in ("float3", "double3"):
        return (source,)
    node, _, attribute = plug.partition(".")
    for letters in CHANNELS:
        if cmds.attributeQuery(f"{attribute}{letters[0]}", node=node, exists=True):
            children = tuple(_source(f"{plug}{letter}") for letter in letters)
            if any(children):
                return children
    return (source,) * 3 if source else ()


def unloaded_references() -> list[str]:
    """Reference nodes whose files are not loaded. Commands: ls, referenceQuery."""
    found = []
    for reference in cmds.ls(references=True):
        with contextlib.suppress(RuntimeError):  # sharedReferenceNode and its like stand for no file
            if not cmds.referenceQuery(reference, isLoaded=True):
                found.append(reference)
    return found


def unknown_nodes() -> list[str]:
    """Nodes of plug-ins that are not loaded. Commands: allNodeTypes, ls."""
    known = set(cmds.allNodeTypes())
    types = [kind for kind in ("unknown", "unknownDag", "unknownTransform") if kind in known]
    return cmds.ls(type=types) if types else []


def _assets() -> dict[str, str]:
    """Full path of a shape -> name of the reference file it comes from. Commands: ls, referenceQuery."""
    found: dict[str, str] = {}
    for reference in cmds.ls(references=True):
        try:
            if not cmds.referenceQuery(reference, isLoaded=True):
                continue
            file = cmds.referenceQuery(reference, filename=True, withoutCopyNumber=True)
            nodes = cmds.referenceQuery(reference, nodes=True, dagPath=True) or []
        except RuntimeError:  # sharedReferenceNode and its like stand for no file
            continue
        for path in cmds.ls(nodes, long=True, allPaths=True, shapes=True) if nodes else ():
            found[path] = PurePath(file).stem
    return found


def _cache(path: str, kind: str) -> str:
    attribute = CACHE_FILES.get(kind)
    return PurePath(cmds.getAttr(f"{path}.{attribute}") or "").stem if attribute else ""

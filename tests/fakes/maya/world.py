"""Scenes for the tests, made of commands where Maya has one, of the fake's own state where it takes many."""

from __future__ import annotations

from maya import cmds
from maya.scene import SCENE, Node


def camera(name: str = "shotcam", distance: float = 10.0, height: float = 0.0) -> str:
    """A renderable camera that looks along -z; its shape's full path."""
    transform = cmds.createNode("transform", name=name, skipSelect=True)
    shape = cmds.createNode("camera", name=f"{name}Shape", parent=transform, skipSelect=True)
    cmds.move(0.0, height, distance, transform)
    cmds.setAttr(f"{shape}.renderable", True)
    cmds.setAttr("perspShape.renderable", False)
    return cmds.ls(shape, long=True)[0]


def resolution(width: int, height: int) -> None:
    cmds.setAttr("defaultResolution.width", width)
    cmds.setAttr("defaultResolution.height", height)
    cmds.setAttr("defaultResolution.deviceAspectRatio", width / height)


def shader(name: str, *members: str, kind: str = "lambert", color: tuple = (0.8, 0.4, 0.2)) -> str:
    """A material on members; its shading group."""
    node = cmds.shadingNode(kind, asShader=True, name=name)
    if kind == "lambert":
        cmds.setAttr(f"{node}.color", *color, type="double3")
    group = cmds.sets(name=f"{name}SG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.connectAttr(f"{node}.outColor", f"{group}.surfaceShader")
    if members:
        cmds.sets(list(members), edit=True, forceElement=group)
    return group


def layer(name: str, *members: str, setup: bool = True) -> str:
    """A render layer; with `setup` one of Render Setup, with its legacy layer rs_name (facts 3.5)."""
    legacy = cmds.createNode("renderLayer", name=f"rs_{name}" if setup else name, skipSelect=True)
    SCENE.link_layer(legacy)
    if setup:
        own = cmds.createNode("renderSetupLayer", name=name, skipSelect=True)
        cmds.connectAttr(f"{legacy}.message", f"{own}.legacyRenderLayer")
    SCENE.layer_members[legacy] = [SCENE.one(member) for member in members]
    return legacy


def material_override(name: str, legacy_layer: str, group: str) -> str:
    node = cmds.createNode("materialOverride", name=name, skipSelect=True)
    SCENE.overrides[node] = (legacy_layer, group)
    return node


def shape(kind: str, name: str) -> str:
    """A shape that is no mesh, with its transform; the transform's name."""
    transform = cmds.createNode("transform", name=name, skipSelect=True)
    cmds.createNode(kind, name=f"{name}Shape", parent=transform, skipSelect=True)
    return transform


def animate(node: str, attribute: str, keys: dict) -> None:
    SCENE.one(node)[-1].curves[attribute] = {float(t): float(v) for t, v in keys.items()}


def layer_of_animation(name: str, node: str, *attributes: str) -> None:
    """A layer with attributes of a node in it: what drove each comes into the node that blends [scene files]."""
    for layer in ("BaseAnimation", name):  # the lowest comes with the first
        if not cmds.objExists(layer):
            cmds.createNode("animLayer", name=layer, skipSelect=True)
    for attribute in attributes:
        kind = {"t": "animBlendNodeAdditiveDL", "r": "animBlendNodeAdditiveDA"}.get(
            attribute[0], "animBlendNodeAdditive"
        )
        blend = cmds.createNode(kind, name=f"{attribute}_{name}", skipSelect=True)
        SCENE.one(blend)[-1].values["layer"] = name
        for driver in cmds.listConnections(f"{node}.{attribute}", source=True, destination=False, plugs=True) or []:
            cmds.disconnectAttr(driver, f"{node}.{attribute}")
            cmds.connectAttr(driver, f"{blend}.inputA")
        cmds.connectAttr(f"{blend}.output", f"{node}.{attribute}")


def many_meshes(count: int, name: str) -> None:
    """Meshes without the cost of a command each."""
    group = SCENE.nodes["initialShadingGroup"][0]
    for index in range(count):
        transform, mesh = Node("transform", f"{name}{index}"), Node("mesh", f"{name}{index}Shape")
        transform.children.append(mesh)
        mesh.parents.append(transform)
        mesh.points, mesh.faces = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [(0, 1, 2, 3)]
        for node in (transform, mesh):
            SCENE._add(node)
        group.members[transform, mesh] = None

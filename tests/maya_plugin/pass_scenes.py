"""Scenes for the tests of passes, and what a scene is made of."""

from tests.maya_plugin.conftest import coco, decoded, request


def worn():
    """Who wears what: shading group -> node -> its faces, None for the whole."""
    from maya_plugin.core.members import merged, split
    from maya_plugin.host.objects import shading

    found = {}
    for group in shading():
        nodes = found.setdefault(group.node, {})
        for member in group.members:
            node, span = split(member)
            nodes[node] = None if span is None else merged([*(nodes.get(node) or []), span])
    return found


def rendered(asked, frames=None):
    """A shot's frames, else its first, as the process renders them that has a copy of the scene for itself."""
    from maya_plugin.host import passes

    wanted = frames or [asked.first]
    return passes.render_passes(asked, wanted, wanted[-1], lambda layer, frame: None)


def labels_of(host, camera, tmp_path, **more):
    report = rendered(request(camera, tmp_path, **more))
    return decoded(next(iter(report.labels.values())))


def state(scene, copy=False):
    """All that a render may not change; `copy`: in a copy nobody minds what Maya remembers of faces in sets."""
    from maya import cmds, schema, viewport

    def minded(node):
        return not copy or node.kind not in ("groupId", "groupParts")

    values = {
        f"{node.name}.{name}": scene.value(node, name) or ""  # a text that was never set is None, and then empty
        for node in scene.all()
        if minded(node)
        for name in {*node.values, *node.added, *schema.TYPES[node.kind]}
        if scene.source(node, name) is None
    }
    return {
        "values": values,
        "nodes": sorted(node.name for node in scene.all() if minded(node)),
        "connections": {(a.name, b, c.name, d) for a, b, c, d in scene.connections if minded(a)},
        "locks": sorted((node.name, tuple(sorted(node.locks))) for node in scene.all() if minded(node)),
        "worn": worn(),
        "selection": cmds.ls(selection=True, long=True),
        "time": cmds.currentTime(query=True),
        "layer": scene.current_layer,
        "modified": scene.modified,
        "recording": scene.recording,
        "undo": [name for name, _ in scene.undo_queue],
        "panels": dict(viewport.panels),
        "namespace": scene.namespace,
    }


def busy_scene(scene, camera, host):
    """A scene in the middle of work: locks, drivers, a selection, a layer, undo steps, class colours shown."""
    from maya import cmds, world

    world.shader("paint", "crate.f[0:1]")
    legacy = world.layer("front", "tree", "crate")
    host.show_classes(True)
    cmds.setAttr("hardwareRenderingGlobals.multiSampleEnable", True)
    cmds.setAttr("hardwareRenderingGlobals.multiSampleEnable", lock=True)
    plane = cmds.imagePlane(camera=camera, fileName="plate.1001.png", name="plate")
    cmds.setAttr(f"{plane[1]}.displayMode", 3)
    cmds.addAttr("tree", longName="driver", attributeType="bool")
    cmds.setAttr("tree.driver", True)
    cmds.connectAttr("tree.driver", f"{camera}.depthOfField")
    cmds.currentTime(7)
    cmds.select(["crate.f[2:3]", "tree"], replace=True)
    from maya.app.renderSetup.model import renderSetup

    renderSetup.instance().switchToLayer(renderSetup.instance().getRenderLayer("front"))
    return legacy


def painted(rows, name):
    identity = coco(name)
    return {(y, x) for y, row in enumerate(rows) for x, one in enumerate(row) if one == identity}

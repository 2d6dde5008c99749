"""Caches opened as meshes. Alembic files of the fake are .usda text under Alembic's suffix."""

from __future__ import annotations

from maya import usda
from maya.cmds_models import _mesh
from maya.cmds_nodes import choose
from maya.command import command
from maya.scene import NO, SCENE, Node


@command()
def AbcImport(path, /, *, mode="open", reparent=""):
    """The name of the AlembicNode. mode is "open" unasked, which throws the scene away [docs]."""
    if "AbcImport" not in SCENE.plugins:
        raise AttributeError("module 'maya.cmds' has no attribute 'AbcImport'")
    if mode == "open":
        SCENE.reset()
    above = SCENE.one(reparent)[-1] if reparent else None
    for prim in usda.read(path).root.children:
        _make(prim, above)
    return SCENE.create("AlembicNode", "alembic_AlembicNode").name


@command()
def mayaUSDImport(*, file, parent="", primPath="", readAnimData=NO, useAsAnimationCache=NO, shadingMode=NO):
    """Full paths of the highest prims; without primPath the default prim alone [maya-usd: commands/Readme]."""
    if "mayaUsdPlugin" not in SCENE.plugins:
        raise AttributeError("module 'maya.cmds' has no attribute 'mayaUSDImport'")
    stage = usda.read(file)
    above = SCENE.one(parent)[-1] if parent else None
    start = stage.prim(primPath or f"/{stage.root.children[0].name}")
    if start is None:
        raise RuntimeError(f"Unable to find prim {primPath}")  # [open] the words
    made = [_make(prim, above) for prim in (start.children if start is stage.root else [start])]
    return [SCENE.full(SCENE.paths(node)[0]) for node in made]


def _make(prim: usda.Prim, above: Node | None) -> Node:
    """A transform, for a mesh with its shape; names may be the same below different nodes."""
    if prim.kind == "Mesh":
        before = SCENE.selection
        _mesh(prim.name, *_box(prim.values["extent"]))
        node = SCENE.selection[0][0][-1]
        choose(before)
    else:
        node = SCENE.create("transform", prim.name)
    _rename(node, SCENE.placed(prim.name))
    if above is not None:
        _hang(node, above)
    if "xformOp:translate" in prim.values:
        SCENE.put(node, "translate", tuple(map(float, prim.values["xformOp:translate"])))
    for child in prim.children:
        _make(child, node)
    return node


def _box(extent):
    low, high = extent
    points = [(x, y, z) for z in (high[2], low[2]) for y in (low[1], high[1]) for x in (low[0], high[0])]
    return points, [(0, 1, 3, 2), (2, 3, 7, 6), (6, 7, 5, 4), (4, 5, 1, 0), (1, 5, 7, 3), (4, 0, 2, 6)]


def _rename(node: Node, name: str) -> None:
    SCENE._remove(node)
    node.name = name
    SCENE._add(node)


def _hang(node: Node, above: Node) -> None:
    before = SCENE.paths(node)[0]
    above.children.append(node)
    node.parents = [above]
    after = SCENE.paths(node)[0]
    SCENE.rewrite_paths(lambda p: (*after, *p[len(before) :]) if p[: len(before)] == before else p)

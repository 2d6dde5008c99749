"""Meshes, groups, instances, image planes and where they are."""

from __future__ import annotations

import math
import re
from typing import Any

from maya import renderers
from maya.cmds_nodes import below, choose
from maya.command import command
from maya.scene import NO, SCENE


@command()
def duplicate(*nodes, name=""):
    """Shading is copied; membership in other sets is, where SCENE.copies_stay_in_sets says so [open]."""
    made = []
    for some in nodes:
        path = SCENE.one(some)
        node = path[-1]
        copies = {node: _copy(node, name or f"{node.name}1", path[-2] if len(path) > 1 else None)}
        for child in node.children:
            copies[child] = _copy(child, f"{copies[node].name}Shape", copies[node])
        for owner in [one for one in SCENE.all() if one.members]:
            if owner.kind == "shadingEngine" or SCENE.copies_stay_in_sets:
                kept = [(tuple(copies.get(n, n) for n in p), f) for p, f in owner.members.items() if p[-1] in copies]
                SCENE.set_members(owner, {**owner.members, **dict(kept)})
        made.append(SCENE.short(SCENE.paths(copies[node])[0]))
    return made


def _copy(node, name, above):
    made = SCENE.create(node.kind, name, above)
    made.values, made.added = dict(node.values), dict(node.added)
    made.points, made.faces = list(node.points), list(node.faces)
    return made


@command(undoable=False)
def exactWorldBoundingBox(*nodes):
    points = [p for name in nodes for path in below(SCENE.one(name)) for p in renderers.world_points(SCENE, path)]
    return [*(min(p[i] for p in points) for i in range(3)), *(max(p[i] for p in points) for i in range(3))]


@command()
def group(*nodes, name="group1", empty=NO, parent=""):
    above = SCENE.one(parent)[-1] if parent else None
    made = SCENE.create("transform", name, above)
    for some in nodes:
        path = SCENE.one(some)
        node = path[-1]
        if node.reference is not None:
            raise RuntimeError(f"{some} is from a referenced file and cannot be parented")
        old = list(node.parents)

        def redo(node=node, old=old):
            for one in old:
                one.children.remove(node)
            made.children.append(node)
            node.parents = [made]

        def undo(node=node, old=old):
            made.children.remove(node)
            node.parents = list(old)
            for one in old:
                one.children.append(node)

        SCENE.change(redo, undo)
        new = (*SCENE.paths(made)[0], node)
        SCENE.rewrite_paths(lambda p, path=path, new=new: (*new, *p[len(path) :]) if p[: len(path)] == path else p)
    return SCENE.short(SCENE.paths(made)[0])


@command()
def imagePlane(*, camera, fileName, showInAllViews=True, name="imagePlane1"):
    lens = SCENE.one(camera)[-1]
    if lens.kind != "camera":
        raise RuntimeError(f"{camera} is no camera")
    transform = SCENE.create("transform", name, lens)
    shape = SCENE.create("imagePlane", f"{name}Shape", transform)
    SCENE.put(shape, "imageName", fileName)
    count = len([c for c in SCENE.connections if c[2] is lens and c[3].startswith("imagePlane[")])
    SCENE.connect(shape, "message", lens, f"imagePlane[{count}]")
    return [SCENE.short(SCENE.paths(transform)[0]), SCENE.short(SCENE.paths(shape)[0])]


@command()
def instance(*nodes, name=""):
    made = []
    for some in nodes:
        original = SCENE.one(some)
        copy = SCENE.create("transform", name or original[-1].name)
        for child in original[-1].children:

            def redo(copy=copy, child=child):
                copy.children.append(child)
                child.parents.append(copy)

            def undo(copy=copy, child=child):
                copy.children.remove(child)
                child.parents.remove(copy)

            SCENE.change(redo, undo)
            for group_ in SCENE.shading_sets():
                members = dict(group_.members)
                for path, faces in group_.members.items():
                    if path[: len(original) + 1] == (*original, child):
                        members[(copy, child, *path[len(original) + 1 :])] = faces
                SCENE.set_members(group_, members)
        made.append(SCENE.short(SCENE.paths(copy)[0]))
    return made


@command()
def move(x, y, z, node, /, *, absolute=NO):
    SCENE.put(SCENE.one(node)[-1], "translate", (x, y, z))


@command()
def polyCube(*, name="pCube1", width=1.0, height=1.0, depth=1.0, constructionHistory=True):
    x, y, z = width / 2, height / 2, depth / 2
    points = [(a * x, b * y, c * z) for c in (1, -1) for b in (-1, 1) for a in (-1, 1)]
    faces = [(0, 1, 3, 2), (2, 3, 7, 6), (6, 7, 5, 4), (4, 5, 1, 0), (1, 5, 7, 3), (4, 0, 2, 6)]
    return _mesh(name, points, faces)


@command()
def polyPlane(*, name="pPlane1", width=1.0, height=1.0, subdivisionsX=10, subdivisionsY=10, constructionHistory=True):
    nx, ny = subdivisionsX, subdivisionsY
    points = [(width * (i / nx - 0.5), 0.0, height * (0.5 - j / ny)) for j in range(ny + 1) for i in range(nx + 1)]
    faces = [
        (j * (nx + 1) + i, j * (nx + 1) + i + 1, (j + 1) * (nx + 1) + i + 1, (j + 1) * (nx + 1) + i)
        for j in range(ny)
        for i in range(nx)
    ]
    return _mesh(name, points, faces)


def _mesh(name: str, points: list[Any], faces: list[Any]) -> list[str]:
    transform = SCENE.create("transform", name)
    shape = SCENE.create("mesh", re.sub(r"(\d*)$", r"Shape\1", transform.name), transform)
    shape.points, shape.faces = points, faces
    group_ = SCENE.nodes["initialShadingGroup"][0]
    SCENE.set_members(group_, {**group_.members, (transform, shape): None})
    choose([((transform,), None)])
    return [SCENE.short((transform,)), "polyPrimitive1"]


@command()
def scale(x, y, z, node, /, *, absolute=NO):
    SCENE.put(SCENE.one(node)[-1], "scale", (x, y, z))


@command()
def xform(node, /, *, worldSpace, query=NO, translation=NO, matrix=NO):
    path = SCENE.one(node)
    if query:
        return list(renderers.world(SCENE, path)[3][:3])
    if len(path) > 1 or not worldSpace:
        raise RuntimeError("the fake sets world matrices of what has no parent only")
    if matrix is NO or len(matrix) != 16:
        raise RuntimeError("xform: matrix takes sixteen numbers")
    rows = [matrix[at : at + 3] for at in range(0, 16, 4)]
    turned = (
        math.atan2(rows[1][2], rows[2][2]),
        math.asin(max(-1.0, min(1.0, -rows[0][2]))),
        math.atan2(rows[0][1], rows[0][0]),
    )
    SCENE.put(path[-1], "translate", tuple(rows[3]))
    SCENE.put(path[-1], "rotate", tuple(math.degrees(one) for one in turned))
    SCENE.put(path[-1], "scale", tuple(math.sqrt(sum(one * one for one in row)) for row in rows[:3]))

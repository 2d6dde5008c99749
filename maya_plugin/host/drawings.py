"""What the viewport draws of a scene: each thing by the means that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from maya import cmds
from maya.api import OpenMaya

from maya_plugin.core import policy
from maya_plugin.core.members import Span
from maya_plugin.host.overrides import Color, Corner, Drawing
from maya_plugin.host.things import Thing

Paint = Sequence[tuple[Color, "Span | None"]]  # the whole first, then the faces that differ
SIDES = ((0, 2, 6, 4), (1, 5, 7, 3), (0, 4, 5, 1), (2, 3, 7, 6), (0, 1, 3, 2), (4, 6, 7, 5))  # of a box, by corners


def drawing(things: Iterable[Thing], paint: Callable[[Thing], Paint], others: Color | None = None) -> Drawing:
    """Things in their colours; what is left out, or has no paint, is not drawn.

    others: the colour of instances without paint of a shape that has some, where they must be drawn, too.

    Commands: exactWorldBoundingBox per box.
    """
    shapes: dict[Color, list[str]] = {}
    meshes: dict[str, Paint] = {}
    triangles: dict[Color, list[Corner]] = {}
    painted: dict[str, Paint] = {}
    kinds: dict[str, str] = {}
    for thing in things:
        colors = paint(thing)
        if not colors or thing.treatment == policy.SKIP:
            continue
        if thing.treatment == policy.BOX:
            triangles.setdefault(colors[0][0], []).extend(box(thing.path))
        else:
            painted[thing.path], kinds[thing.path] = colors, thing.kind
    apart = _apart(painted)
    for path, colors in painted.items():
        if kinds[path] == "mesh" and (len(colors) > 1 or path in apart):
            meshes[path] = colors
        else:
            shapes.setdefault(colors[0][0], []).append(path)
    if others is not None:
        meshes.update({path: [(others, None)] for path in apart if path not in painted})
    return Drawing(shapes, meshes, triangles)


def box(path: str) -> list[Corner]:
    """The bounding box of a node at the present time, as triangles. Commands: exactWorldBoundingBox."""
    x0, y0, z0, x1, y1, z1 = cmds.exactWorldBoundingBox(path)
    corners = [(x, y, z) for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)]
    return [corners[i] for a, b, c, d in SIDES for i in (a, b, c, a, c, d)]


def _apart(painted: Mapping[str, Paint]) -> set[str]:
    """All paths of shapes whose instances are not of one colour; an object set may draw all of them or none."""
    found: set[str] = set()
    for path in painted:
        if path in found:
            continue
        dag = OpenMaya.MSelectionList().add(path).getDagPath(0)
        if not dag.isInstanced():
            continue
        paths = [one.fullPathName() for one in OpenMaya.MDagPath.getAllPathsTo(dag.node())]
        if any(painted.get(one) != painted[path] for one in paths):
            found.update(paths)
    return found

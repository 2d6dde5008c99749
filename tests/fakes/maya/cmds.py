"""maya.cmds of the fake: the flags of typings/maya/cmds.pyi over the state in `scene`. Unknown flags are TypeErrors.

Returns and errors as facts/maya.md 6.6 lists them: None where Maya answers None, [] where it answers a list.
"""

from __future__ import annotations

import functools
import re
import threading
from pathlib import Path as FilePath
from typing import Any, Callable, TypeVar

from maya import files, renderers, schema
from maya.cmds_ui import *  # noqa: F403
from maya.scene import NO, SCENE, Faces, Node, Path

F = TypeVar("F", bound=Callable[..., Any])


def _command(undoable: bool = True) -> Callable[[F], F]:
    """Count the call, refuse other threads [facts 2.9], make it one undo entry where it is undoable."""

    def wrap(function: F) -> F:
        name = function.__name__

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                raise RuntimeError(f"maya.cmds.{name} was called outside the main thread")
            SCENE.calls[name] = SCENE.calls.get(name, 0) + 1
            if name in SCENE.hooks:
                SCENE.hooks[name](*args, **kwargs)
            if not undoable:
                return function(*args, **kwargs)
            SCENE.begin(name)
            try:
                return function(*args, **kwargs)
            finally:
                SCENE.end()

        return run  # type: ignore[return-value]

    return wrap


def _names(names: tuple[Any, ...]) -> list[str]:
    return [name for some in names for name in ([some] if isinstance(some, str) else some)]


@_command(undoable=False)
def about(*, apiVersion=NO, batch=NO, version=NO, majorVersion=NO):
    if apiVersion:
        return 20230000
    if batch:
        return SCENE.hooks.get("interactive") is None
    return "2023"


@_command()
def addAttr(*nodes, longName, dataType="", attributeType="", niceName="", hidden=NO):
    for name in nodes:
        node = SCENE.one(name)[-1]
        if SCENE.has(node, longName):
            raise RuntimeError(f"Found no valid items to add the attribute to: {longName} exists")  # [open] the words
        if node.locked:
            raise RuntimeError(f"{name} is locked")
        kind = dataType or attributeType
        SCENE.change(
            functools.partial(node.added.__setitem__, longName, kind), functools.partial(node.added.pop, longName)
        )


@_command(undoable=False)
def allNodeTypes():
    return [kind for kind in schema.TYPES if kind not in schema.ARNOLD or "mtoa" in SCENE.plugins]


@_command(undoable=False)
def attributeQuery(attribute, /, *, node, exists):
    return SCENE.has(SCENE.one(node)[-1], attribute)


@_command(undoable=False)
def arnoldRender(*, batch, seq, camera, width, height):
    if "mtoa" not in SCENE.plugins:
        raise AttributeError("module 'maya.cmds' has no attribute 'arnoldRender'")
    renderers.arnold(SCENE, SCENE.one(camera), float(seq), width, height)


@_command(undoable=False)
def colorManagementPrefs(*, query, cmEnabled):
    return SCENE.value(SCENE.nodes["defaultColorMgtGlobals"][0], "cmEnabled")


@_command()
def connectAttr(source, destination, /, *, force=NO, nextAvailable=NO):
    a, b = SCENE.plug(source)
    c, d = SCENE.plug(destination)
    if nextAvailable:
        d = f"{d}[{len([one for one in SCENE.connections if one[2] is c and one[3].startswith(d + '[')])}]"
    if c.locked or a.locked:
        raise RuntimeError(f"{c.name} is locked")
    old = SCENE.source(c, d)
    if old is not None:
        if old == (a, b):
            raise RuntimeError(f"'{source}' is already connected to '{destination}'.")
        if not force:
            raise RuntimeError(f"The attribute '{destination}' already has an incoming connection.")
        SCENE.disconnect((*old, c, d))
    SCENE.connect(a, b, c, d)
    return f"Connected {source} to {destination}."


@_command()
def createNode(kind, /, *, name="", parent="", skipSelect=NO):
    above = SCENE.one(parent)[-1] if parent else None
    if kind in schema.SHAPES and above is None:
        above = SCENE.create("transform", name.replace("Shape", "") or kind)
    node = SCENE.create(kind, name or f"{kind}1", above)
    if not skipSelect:
        _select([(SCENE.paths(node)[0], None)])
    return SCENE.short(SCENE.paths(node)[0])


@_command()
def currentTime(time=NO, /, *, query=NO, edit=NO):
    if query:
        return SCENE.time
    before, now = SCENE.time, float(time)

    def put(value):
        SCENE.time = value

    modified = SCENE.modified
    SCENE.change(lambda: put(now), lambda: put(before))
    SCENE.modified = modified  # moving in time does not make a scene unsaved [open]
    return now


@_command(undoable=False)
def currentUnit(*, query=NO, time):
    if query:
        return SCENE.time_unit
    SCENE.time_unit = time
    return time


@_command()
def delete(*nodes):
    found = [SCENE.one(name)[-1] for name in _names(nodes)]
    if not found and not SCENE.selection:
        raise RuntimeError("Nothing is selected to delete.")
    SCENE.delete(found)


@_command()
def disconnectAttr(source, destination, /):
    one = (*SCENE.plug(source), *SCENE.plug(destination))
    if one not in SCENE.connections:
        raise RuntimeError(f"There is no connection from '{source}' to '{destination}' to disconnect")
    SCENE.disconnect(one)
    return f"Disconnect {source} from {destination}."


@_command(undoable=False)
def editRenderLayerGlobals(*, query=NO, currentRenderLayer):
    if query:
        return SCENE.current_layer
    layer = SCENE.one(currentRenderLayer)[-1]
    if any(c[0] is layer and c[2].kind == "renderSetupLayer" for c in SCENE.connections):
        raise RuntimeError("a layer of Render Setup is switched by Render Setup")  # [open] Maya half-switches
    SCENE.current_layer = layer.name
    return layer.name


@_command()
def editRenderLayerMembers(layer, /, *members, query=NO, fullNames=NO, noRecurse=NO):
    name = SCENE.one(layer)[-1].name
    have = SCENE.layer_members.setdefault(name, [])
    if query:
        return [SCENE.full(path) if fullNames else SCENE.short(path) for path in have] or None
    new = [SCENE.one(member) for member in _names(members)]
    SCENE.change(lambda: have.extend(new), lambda: have.__delitem__(slice(len(have) - len(new), None)))
    return None


@_command(undoable=False)
def exactWorldBoundingBox(*nodes):
    points = [p for name in nodes for path in _below(SCENE.one(name)) for p in renderers.world_points(SCENE, path)]
    return [*(min(p[i] for p in points) for i in range(3)), *(max(p[i] for p in points) for i in range(3))]


@_command(undoable=False)
def file(
    path="",
    /,
    *,
    query=NO,
    sceneName=NO,
    modified=NO,
    newFile=NO,
    force=NO,
    exportAll=NO,
    type="",
    preserveReferences=NO,
    open=NO,
    reference=NO,
    namespace="",
    rename="",
    save=NO,
):
    if query:
        return SCENE.modified if modified else SCENE.path
    if modified is not NO:
        SCENE.modified = modified
    elif newFile:
        _refuse_loss(force)
        SCENE.reset()
        SCENE.modified = False
    elif exportAll:
        files.write(SCENE, path)
    elif open:
        _refuse_loss(force)
        if not FilePath(path).is_file():
            raise RuntimeError(f"File not found: {path}")
        SCENE.reset()
        files.read(SCENE, path)
        SCENE.path, SCENE.modified = path, False
        SCENE.undo_queue.clear()
    elif reference:
        if not FilePath(path).is_file():
            raise RuntimeError(f"File not found: {path}")
        files.refer(SCENE, path, namespace)
        SCENE.undo_queue.clear()  # not undoable
    elif rename:
        SCENE.path = rename
    elif save:
        if not SCENE.path:
            raise RuntimeError("No file name specified")  # [open] the words
        files.write(SCENE, SCENE.path)
        SCENE.modified = False
    return path or rename


@_command(undoable=False)
def getAttr(plug, /, *, type=NO, lock=NO):
    node, attribute = SCENE.plug(plug)
    if lock:
        return attribute in node.locks
    source = SCENE.source(node, attribute)
    value = SCENE.value(*source) if source and SCENE.has(*source) else SCENE.value(node, attribute)
    if type:
        if isinstance(value, tuple):
            return "double3"
        return node.added.get(attribute) or schema.ATTRIBUTE_TYPES.get(value.__class__, "string")
    if isinstance(value, tuple):
        return list(value) if len(value) != 3 else [value]
    return value


@_command()
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


@_command()
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


@_command()
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


@_command(undoable=False)
def listConnections(
    plug, /, *, source=True, destination=True, plugs=NO, type="", connections=NO, skipConversionNodes=NO
):
    if "." in plug.rpartition("|")[2]:
        node, attribute = SCENE.plug(plug)
    else:
        node, attribute = SCENE.one(plug)[-1], ""

    def fits(one: str) -> bool:
        return not attribute or one == attribute or one.startswith((f"{attribute}[", f"{attribute}."))

    found = []
    for a, b, c, d in SCENE.connections:
        if source and c is node and fits(d):
            found.append(((c, d), (a, b)))
        if destination and a is node and fits(b):
            found.append(((a, b), (c, d)))
    answer = []
    for own, (other, there) in found:
        if type and other.kind != type:
            continue
        if connections:
            answer.append(f"{SCENE.short(SCENE.paths(own[0])[0])}.{own[1]}")
        name = SCENE.short(SCENE.paths(other)[0])
        if not plugs and other.kind in schema.SHAPES and other.parents:
            name = SCENE.short(SCENE.paths(other)[0][:-1])  # without `shapes` Maya tells the transform [docs]
        answer.append(f"{name}.{there}" if plugs else name)
    return answer or None


@_command(undoable=False)
def listRelatives(
    *nodes,
    fullPath=NO,
    shapes=NO,
    children=NO,
    parent=NO,
    noIntermediate=NO,
    allDescendents=NO,
    type="",
):
    answer = []
    for name in _names(nodes):
        path = SCENE.one(name)
        if parent:
            found = [path[:-1]] if len(path) > 1 else []
        elif allDescendents:
            found = _below(path)[1:]
        else:
            found = [(*path, child) for child in path[-1].children if not shapes or child.kind in schema.SHAPES]
        for one in found:
            if noIntermediate and one[-1].values.get("intermediateObject"):
                continue
            if not type or one[-1].kind == type:
                answer.append(SCENE.full(one) if fullPath else SCENE.short(one))
    return answer or None


@_command()
def lockNode(node, /, *, lock):
    one = SCENE.one(node)[-1]
    before = one.locked
    SCENE.change(lambda: setattr(one, "locked", lock), lambda: setattr(one, "locked", before))


@_command(undoable=False)
def ls(
    *names,
    long=NO,
    type=NO,
    selection=NO,
    noIntermediate=NO,
    allPaths=NO,
    objectsOnly=NO,
    recursive=NO,
    references=NO,
    showType=NO,
    visible=NO,
    shapes=NO,
    uuid=NO,
):
    types = None if type is NO else [type] if isinstance(type, str) else list(type)
    for kind in types or ():
        if kind not in schema.TYPES or (kind in schema.ARNOLD and "mtoa" not in SCENE.plugins):
            raise RuntimeError(f"Unknown object type: {kind}")
    found: list[tuple[Path, Faces, str]] = []
    if selection:
        found = [(path, faces, "") for path, faces in SCENE.selection]
    elif names:
        for name in _names(names):
            found += _listed(name, recursive, objectsOnly)
    else:
        found = [(path, None, "") for node in SCENE.all() for path in SCENE.paths(node)]
    answer, seen = [], set()
    for path, faces, attribute in found:
        node = path[-1]
        if (types is not None and node.kind not in types) or (references and node.kind != "reference"):
            continue
        if (noIntermediate and node.values.get("intermediateObject")) or (shapes and node.kind not in schema.SHAPES):
            continue
        if visible and not renderers.is_visible(SCENE, path):
            continue
        if not allPaths and not names and not selection and node in seen:
            continue
        seen.add(node)
        told = SCENE.told(path, faces, long)
        for one in told:
            answer.append(one + attribute)
            if showType:
                answer.append(node.kind)
    return answer


@_command()
def move(x, y, z, node, /, *, absolute=NO):
    SCENE.put(SCENE.one(node)[-1], "translate", (x, y, z))


@_command(undoable=False)
def objExists(name, /):
    if "." in name.rpartition("|")[2]:
        node, _, attribute = name.partition(".")
        found = SCENE.find(node)
        return bool(found) and SCENE.has(found[0][-1], attribute)
    return bool(SCENE.find(name))


@_command(undoable=False)
def ogsRender(
    *,
    camera,
    frame,
    width,
    height,
    layer,
    noRenderView,
    enableMultisample=NO,
    enableFloatingPointRenderTarget=NO,
):
    made = renderers.hardware(SCENE, SCENE.one(camera), frame, width, height, layer)
    return [made] if SCENE.answer_style == "list" else made


@_command()
def polyCube(*, name="pCube1", width=1.0, height=1.0, depth=1.0, constructionHistory=True):
    x, y, z = width / 2, height / 2, depth / 2
    points = [(a * x, b * y, c * z) for c in (1, -1) for b in (-1, 1) for a in (-1, 1)]
    faces = [(0, 1, 3, 2), (2, 3, 7, 6), (6, 7, 5, 4), (4, 5, 1, 0), (1, 5, 7, 3), (4, 0, 2, 6)]
    return _mesh(name, points, faces)


@_command()
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
    _select([((transform,), None)])
    return [SCENE.short((transform,)), "polyPrimitive1"]


@_command(undoable=False)
def redo():
    SCENE.redo()


@_command(undoable=False)
def referenceQuery(
    node,
    /,
    *,
    isNodeReferenced=NO,
    isLoaded=NO,
    filename=NO,
    withoutCopyNumber=NO,
    nodes=NO,
    dagPath=NO,
):
    one = SCENE.one(node)[-1]
    if isNodeReferenced:
        return one.reference is not None
    if one.kind != "reference" or "file" not in one.values:
        raise RuntimeError(f"{node} is not associated with a file")
    if isLoaded:
        return True
    if filename:
        return one.values["file"]
    return [SCENE.short(SCENE.paths(n)[0]) for n in SCENE.all() if n.reference is one] or None


@_command()
def rename(node, name, /):
    one = SCENE.one(node)[-1]
    if one.reference is not None:
        raise RuntimeError(f"Cannot rename a node from a referenced file: {node}")
    if one.locked:
        raise RuntimeError(f"Cannot rename a locked node: {node}")
    before, now = one.name, SCENE.free_name(name)

    def put(value: str) -> None:
        SCENE._remove(one)
        one.name = value
        SCENE._add(one)

    SCENE.change(lambda: put(now), lambda: put(before))
    return SCENE.short(SCENE.paths(one)[0])


@_command()
def scale(x, y, z, node, /, *, absolute=NO):
    SCENE.put(SCENE.one(node)[-1], "scale", (x, y, z))


@_command()
def select(*members, replace=True, add=NO, noExpand=NO, clear=NO):
    if clear:
        _select([])
        return
    found = []
    for name in _names(members):
        path, faces = SCENE.member(name)
        if path[-1].kind in ("objectSet", "shadingEngine") and not noExpand:
            found += list(path[-1].members.items())
        else:
            found.append((path, faces))
    _select([*SCENE.selection, *found] if add else found)


def _select(found: list[tuple[Path, Faces]]) -> None:
    before, modified = SCENE.selection, SCENE.modified

    def put(value: list[tuple[Path, Faces]]) -> None:
        SCENE.selection = value

    SCENE.change(lambda: put(list(found)), lambda: put(before))
    SCENE.modified = modified


@_command()
def setAttr(plug, /, *values, type="", lock=NO, keyable=NO, channelBox=NO):
    node, attribute = SCENE.plug(plug)
    if lock is not NO:
        if node.reference is not None and not lock and attribute in node.locks:
            raise RuntimeError(f"{plug} is locked in its reference")
        change = node.locks.add if lock else node.locks.discard
        back = node.locks.discard if lock else node.locks.add
        SCENE.change(lambda: change(attribute), lambda: back(attribute))
    if not values:
        return
    present = SCENE.value(node, attribute)
    if type == "double3":
        if len(values) != 3:
            raise RuntimeError("setAttr: double3 takes three values")
        value: Any = tuple(float(one) for one in values)
    elif type == "string":
        if not isinstance(values[0], str):
            raise RuntimeError("setAttr: string takes a text")
        value = values[0]
    elif type == "Int32Array":
        value = tuple(values[0])
    elif isinstance(present, (str, tuple)) or isinstance(values[0], str):
        raise RuntimeError(f"setAttr: The attribute '{plug}' needs a type")
    else:
        value = values[0] if present is None else present.__class__(values[0])
    SCENE.put(node, attribute, value)


@_command()
def sets(
    members="",
    /,
    *,
    name="set1",
    empty=NO,
    renderable=NO,
    noSurfaceShader=NO,
    query=NO,
    edit=NO,
    addElement="",
    forceElement="",
    remove="",
):
    if query:
        owner = _set(members)
        return [one for path, faces in owner.members.items() for one in SCENE.told(path, faces)] or None
    if not edit:
        kind = "shadingEngine" if renderable else "objectSet"
        return SCENE.create(kind, name).name
    owner = _set(addElement or forceElement or remove)
    found = [SCENE.member(one) for one in _names((members,))]
    if not found:
        raise RuntimeError("sets: nothing was given")
    if owner.kind == "shadingEngine":
        found = [(SCENE.shape(path), faces) for path, faces in found]
        found = [(path, faces) for path, faces in found if path[-1].kind != "camera"]
    if owner.kind == "shadingEngine" and not remove:
        _leave_others(owner, found, bool(forceElement))
    result = dict(owner.members)
    for path, faces in found:
        if remove:
            if owner.reference is not None:
                raise RuntimeError(f"Cannot remove members from the referenced set {owner.name}")
            _take(result, path, faces)
        elif faces is None:
            result[path] = None
        elif result.get(path, frozenset()) is not None:
            result[path] = result.get(path, frozenset()) | faces
    SCENE.set_members(owner, result)
    return owner.name


def _set(name: str) -> Node:
    node = SCENE.one(name)[-1]
    if node.kind not in ("objectSet", "shadingEngine"):
        raise TypeError(f"{name} is no set")
    return node


def _leave_others(owner: Node, found: list[tuple[Path, Faces]], force: bool) -> None:
    """Shading groups share a partition: who enters one leaves the others, or is refused [docs sets]."""
    locked = {
        SCENE.overrides[n.name][0]
        for n in SCENE.all()
        if n.kind == "materialOverride" and SCENE.value(n, "selfEnabled")
    }
    if SCENE.current_layer in locked and any(faces is not None for _, faces in found):
        raise RuntimeError(
            "Material assignment of faces is not possible while a material override is applied"
        )  # [facts 3.1]
    for other in SCENE.shading_sets():
        if other is owner:
            continue
        members = dict(other.members)
        for path, faces in found:
            if path in members:
                if not force:
                    raise RuntimeError(
                        f"{SCENE.full(path)} is in {other.name}, which shares a partition with {owner.name}"
                    )
                _take(members, path, faces)
        if members != other.members:
            SCENE.set_members(other, members)


def _take(members: dict[Path, Faces], path: Path, faces: Faces) -> None:
    """Remove; a whole that loses faces becomes the faces that are left."""
    if path not in members:
        return
    have = members[path]
    left = frozenset() if faces is None else (frozenset(range(len(path[-1].faces))) if have is None else have) - faces
    if left:
        members[path] = left
    else:
        del members[path]


@_command()
def shadingNode(kind, /, *, asShader=NO, asUtility=NO, asTexture=NO, name=""):
    if not (asShader or asUtility or asTexture):
        raise RuntimeError("shadingNode: say what the node is for")
    return SCENE.create(kind, name or f"{kind}1").name


@_command(undoable=False)
def undo():
    SCENE.undo()


@_command(undoable=False)
def undoInfo(*, openChunk=NO, chunkName="", closeChunk=NO, stateWithoutFlush=NO, query=NO, state=NO, undoName=NO):
    if query:
        return SCENE.recording if state else (SCENE.undo_queue[-1][0] if SCENE.undo_queue else "")
    if openChunk:
        SCENE.begin(chunkName)
    elif closeChunk:
        SCENE.end()
    elif stateWithoutFlush is not NO:
        SCENE.recording = stateWithoutFlush
    return None


@_command(undoable=False)
def workspace(path="", /, *, query=NO, rootDirectory=NO, openWorkspace=NO):
    if query:
        return SCENE.project
    SCENE.project = path
    return None


def _refuse_loss(force: bool) -> None:
    if SCENE.modified and not force:
        raise RuntimeError("Unsaved changes.")


def _below(path: Path) -> list[Path]:
    return [path, *(one for child in path[-1].children for one in _below((*path, child)))]


def _listed(name: str, recursive: bool, objectsOnly: bool) -> list[tuple[Path, Faces, str]]:
    """What a name given to ls stands for: nodes, faces, or nodes that have an attribute."""
    if re.search(r"\.f\[", name):
        try:
            return [(*SCENE.member(name), "")]
        except ValueError:
            return []
    node, dot, attribute = name.partition(".")
    found = SCENE.find(node, recursive)
    if not dot:
        return [(path, None, "") for path in found]
    suffix = "" if objectsOnly else f".{attribute}"
    return [(path, None, suffix) for path in found if SCENE.has(path[-1], attribute)]

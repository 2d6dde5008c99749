"""Nodes, attributes, connections, names and the selection."""

from __future__ import annotations

import functools
import re
from typing import Any

from maya import cmds_keys, renderers, schema
from maya.command import command, flat
from maya.renderers import world
from maya.scene import NO, SCENE, Faces, Path

ABSTRACT = {"animCurve": "animCurve", "animBlendNodeBase": "animBlendNode"}  # `ls` finds what derives from a type


@command()
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


@command(undoable=False)
def allNodeTypes():
    return [kind for kind in schema.TYPES if kind not in schema.ARNOLD or "mtoa" in SCENE.plugins]


@command(undoable=False)
def attributeQuery(attribute, /, *, node, exists):
    return SCENE.has(SCENE.one(node)[-1], attribute)


@command()
def connectAttr(source, destination, /, *, force=NO, nextAvailable=NO):
    a, b = SCENE.plug(source)
    c, d = SCENE.plug(destination)
    if nextAvailable:
        d = f"{d}[{len([one for one in SCENE.connections if one[2] is c and one[3].startswith(d + '[')])}]"
    if c.locked or a.locked:
        raise RuntimeError(f"{c.name} is locked")
    if a.kind.startswith("animCurve") and c.in_dag and a.kind != cmds_keys.kind_for(d):
        raise RuntimeError(f"a unitConversion would come between {a.kind} and {destination}")  # Maya makes one, unasked
    if (
        not nextAvailable
        and SCENE.channels(a, b) != SCENE.channels(c, d)
        and None not in (SCENE.channels(a, b), SCENE.channels(c, d))
    ):  # one number does not go into three, nor three into one [docs connectAttr]
        raise RuntimeError(f"The attribute '{source}' cannot be connected to '{destination}'.")
    old = SCENE.source(c, d)
    if old is not None:
        if old == (a, b):
            raise RuntimeError(f"'{source}' is already connected to '{destination}'.")
        if not force:
            raise RuntimeError(f"The attribute '{destination}' already has an incoming connection.")
        SCENE.disconnect((*old, c, d))
    SCENE.connect(a, b, c, d)
    return f"Connected {source} to {destination}."


@command()
def createNode(kind, /, *, name="", parent="", skipSelect=NO):
    above = SCENE.one(parent)[-1] if parent else None
    if kind in schema.SHAPES and above is None:
        above = SCENE.create("transform", name.replace("Shape", "") or kind)
    space = name.strip(":").rpartition(":")[0]
    if space and space not in SCENE.namespaces and not name.startswith("|"):
        raise RuntimeError(f"Namespace '{space}' does not exist")  # [open]: Maya may make it, or drop it from the name
    node = SCENE.create(kind, name or f"{kind}1", above)
    if not skipSelect:
        choose([(SCENE.paths(node)[0], None)])
    return SCENE.short(SCENE.paths(node)[0])


@command()
def delete(*nodes):
    found = [SCENE.one(name)[-1] for name in flat(nodes)]
    if not found and not SCENE.selection:
        raise RuntimeError("Nothing is selected to delete.")
    SCENE.delete(found)


@command()
def disconnectAttr(source, destination, /):
    one = (*SCENE.plug(source), *SCENE.plug(destination))
    if one not in SCENE.connections:
        raise RuntimeError(f"There is no connection from '{source}' to '{destination}' to disconnect")
    SCENE.disconnect(one)
    return f"Disconnect {source} from {destination}."


@command(undoable=False)
def getAttr(plug, /, *, type=NO, lock=NO, time=NO):
    node, attribute = SCENE.plug(plug)
    if lock:
        return attribute in node.locks
    if time is not NO:  # of another time, which the scene does not go to [docs]
        with SCENE.at(float(time)):
            return getAttr(plug, type=type)
    if attribute == "worldMatrix[0]":  # in centimetres, whatever the unit [open]
        return [one for row in world(SCENE, SCENE.one(plug.partition(".")[0])) for one in row]
    source = SCENE.source(node, attribute)
    value = SCENE.value(*source) if source and SCENE.has(*source) else SCENE.value(node, attribute)
    if type:
        if isinstance(value, tuple):
            return "float3" if attribute.lower().endswith(("color", "outtransparency", "outvalue")) else "double3"
        return node.added.get(attribute) or schema.ATTRIBUTE_TYPES.get(value.__class__, "string")
    value = cmds_keys.outer(attribute, value) if attribute.startswith("translate") else value
    if isinstance(value, tuple):
        return list(value) if len(value) != 3 else [value]
    return value


@command(undoable=False)
def listConnections(
    plug, /, *, source=True, destination=True, plugs=NO, type="", connections=NO, skipConversionNodes=NO
):
    if "." in plug.rpartition("|")[2]:
        node, attribute = SCENE.plug(plug)
    else:
        node, attribute = SCENE.one(plug)[-1], ""

    def fits(one: str) -> bool:
        child = SCENE.tells_children and one[:-1] == attribute and one[-1] in "XYZRGB"
        return not attribute or child or one == attribute or one.startswith((f"{attribute}[", f"{attribute}."))

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


@command(undoable=False)
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
    for name in flat(nodes):
        path = SCENE.one(name)
        if parent:
            found = [path[:-1]] if len(path) > 1 else []
        elif allDescendents:
            found = below(path)[1:]
        else:
            found = [(*path, child) for child in path[-1].children if not shapes or child.kind in schema.SHAPES]
        for one in found:
            if noIntermediate and one[-1].values.get("intermediateObject"):
                continue
            if not type or one[-1].kind in ([type] if isinstance(type, str) else type):
                answer.append(SCENE.full(one) if fullPath else SCENE.short(one))
    return answer or None


@command()
def lockNode(node, /, *, lock, query=NO, lockUnpublished=NO):
    one = SCENE.one(node)[-1]
    if query:
        return [one.locked]
    before = one.locked
    if one.reference is not None and before and not lock:
        raise RuntimeError(f"{node} is locked in its reference")
    SCENE.change(lambda: setattr(one, "locked", lock), lambda: setattr(one, "locked", before))


@command(undoable=False)
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
    ufeObjects=NO,
):
    types = None if type is NO else [type] if isinstance(type, str) else list(type)
    for kind in types or ():
        if kind not in schema.TYPES or (kind in schema.ARNOLD and "mtoa" not in SCENE.plugins):
            raise RuntimeError(f"Unknown object type: {kind}")
    found: list[tuple[Path, Faces, str]] = []
    if selection:
        found = [(path, faces, "") for path, faces in SCENE.selection]
    elif names:
        for name in flat(names):
            found += _listed(name, recursive, objectsOnly)
    else:
        found = [(path, None, "") for node in SCENE.all() for path in SCENE.paths(node)]
    answer, seen = [], set()
    for path, faces, attribute in found:
        node = path[-1]
        kinds = {node.kind}
        kinds |= {above for above, below in ABSTRACT.items() if node.kind.startswith(below)}
        if types is not None and not kinds & set(types):
            continue
        if references and node.kind != "reference":
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
    return answer + (SCENE.prims if selection and ufeObjects and types is None else [])  # else they are left out


@command()
def namespace(*, addNamespace="", exists=""):
    """Undoable where it adds, unlike MNamespace [docs]."""
    if exists:
        return exists.strip(":") in {"", *SCENE.namespaces}
    bare = addNamespace.strip(":")
    new = f"{SCENE.namespace}:{bare}" if SCENE.namespace and not addNamespace.startswith(":") else bare
    if new in SCENE.namespaces:
        raise RuntimeError(f"The namespace '{new}' already exists")
    SCENE.change(lambda: SCENE.namespaces.add(new), lambda: SCENE.namespaces.discard(new))
    return new


@command(undoable=False)
def objectType(node, /):
    return SCENE.one(node)[-1].kind


@command(undoable=False)
def objExists(name, /):
    if "." in name.rpartition("|")[2]:
        node, _, attribute = name.partition(".")
        found = SCENE.find(node)
        return bool(found) and SCENE.has(found[0][-1], attribute)
    return bool(SCENE.find(name))


@command()
def rename(node, name, /):
    one = SCENE.one(node)[-1]
    if one.reference is not None:
        raise RuntimeError(f"Cannot rename a node from a referenced file: {node}")
    if one.locked:
        raise RuntimeError(f"Cannot rename a locked node: {node}")
    before, now = one.name, SCENE.free_name(SCENE.placed(name))

    def put(value: str) -> None:
        SCENE._remove(one)
        one.name = value
        SCENE._add(one)

    SCENE.change(lambda: put(now), lambda: put(before))
    return SCENE.short(SCENE.paths(one)[0])


@command()
def select(*members, replace=True, add=NO, noExpand=NO, clear=NO):
    prims = [name for name in flat(members) if "," in name]
    SCENE.prims = [*SCENE.prims, *prims] if add else prims
    if clear:
        choose([])
        return
    found = []
    for name in flat(members):
        if name in prims:
            continue
        path, faces = SCENE.member(name)
        if path[-1].kind in ("objectSet", "shadingEngine") and not noExpand:
            found += list(path[-1].members.items())
        else:
            found.append((path, faces))
    choose([*SCENE.selection, *found] if add else found)


@command()
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
    SCENE.put(node, attribute, cmds_keys.inner(attribute, value) if attribute.startswith("translate") else value)


@command()
def shadingNode(kind, /, *, asShader=NO, asUtility=NO, asTexture=NO, isColorManaged=NO, name=""):
    if not (asShader or asUtility or asTexture):
        raise RuntimeError("shadingNode: say what the node is for")
    return SCENE.create(kind, name or f"{kind}1").name


def choose(found: list[tuple[Path, Faces]]) -> None:
    before, modified = SCENE.selection, SCENE.modified

    def put(value: list[tuple[Path, Faces]]) -> None:
        SCENE.selection = value

    SCENE.change(lambda: put(list(found)), lambda: put(before))
    SCENE.modified = modified


def below(path: Path) -> list[Path]:
    return [path, *(one for child in path[-1].children for one in below((*path, child)))]


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

"""The state of the fake: nodes, plugs, sets, layers, time, and one undo queue of reversible steps."""

from __future__ import annotations

import fnmatch
import os
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Callable, Optional

from maya import schema

Path = tuple["Node", ...]  # a DAG path, root first
Faces = Optional[frozenset]  # None: the whole
Members = dict  # Path or (Node,) -> Faces


class _No:
    """The default of a flag that was not given; of no type that a stub could know."""

    def __bool__(self) -> bool:
        return False


NO: Any = _No()
ANIMATION = ("animCurve", "animBlendNode")


class Node:
    """A node of the graph; identity is the object."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name  # with namespace
        self.parents: list[Node] = []
        self.children: list[Node] = []
        self.values: dict[str, Any] = {}
        self.added: dict[str, str] = {}  # attributes that addAttr made -> type
        self.locks: set[str] = set()
        self.locked = False
        self.reference: Node | None = None
        self.members: Members = {}  # of a set
        self.faces: list[tuple[int, ...]] = []  # of a mesh
        self.points: list[tuple[float, float, float]] = []
        self.curves: dict[str, dict[float, float]] = {}  # attribute -> time -> value: animation without a curve's node
        self.driven = False  # whether something may drive one of its numbers: spares the search
        self.keys: dict[float, float] = {}  # of an animCurve: time -> value, in degrees and centimetres
        self.tangents: dict[float, tuple[str, str]] = {}  # of its keys, in and out
        self.edits: list[str] = []  # of a reference: what the scene changed on its nodes; nothing takes them away

    @property
    def in_dag(self) -> bool:
        return self.kind in schema.DAG

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


class Scene:
    """One open scene. `calls` counts the commands that ran, by name."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.plugins: set[str] = set()
        self.component_style = "transform"  # how faces are told: the transform's name, or "shape" [facts 3.4]
        self.answer_style = "text"  # what ogsRender returns, or "list" [facts 4.1]
        self.copies_stay_in_sets = False  # what Duplicate does with memberships [open]
        self.human_ik: set[str] = {"mayaHIK", "mayaCharacterization", "setCharacterObject"}  # what this Maya has of it
        self.cuts_all_keys = (
            False  # whether addKeys without keepExistingKeys takes all keys away, or those between [open]
        )
        self.has_gpu = True
        self.program = "maya"  # with windows; "mayabatch" and "mayapy" have none
        # [open]: Autodesk skips its own ogsRender tests in mayapy; a mood, also of processes
        self.hardware_draws_in = set(os.environ.get("SEMRENDER_FAKE_DRAWS", "maya,mayabatch").split(","))
        self.tells_children = False  # whether a compound's sources are told with those of its children [open]
        self.missing_plugins: set[str] = set()  # node types that a scene which is opened needs and this Maya lacks
        self.missing_files: set[str] = set()  # references whose file is not there when a scene is opened
        self.motion_up = True  # which way Arnold's motion vectors count [open]
        self.file_type = "mayaAscii"  # of the open scene
        self.smoothed_by_driver = False  # anti-aliasing that the control panel of a graphics card forces on all
        self.override_by = "renderer"  # or "attribute": what ogsRender asks for its override [open]
        self.rows_from_below = False  # of a render target, by graphics API [open]
        self.instances_alike = True  # whether an object set draws all instances of a shape that it has one of [open]
        self.has_arnold = os.environ.get("SEMRENDER_FAKE_ARNOLD") != "none"
        self.app_dir = ""
        self.options: dict[str, Any] = {}  # optionVars: the user's preferences
        self.modules: list[str] = []  # .mod files that loadModule was told
        self.hooks: dict[str, Callable[..., None]] = {}  # command -> called before it: faults for the tests
        self.color_spaces = ("Raw", "sRGB Encoded Rec.709 (sRGB)", "Linear Rec.709 (sRGB)", "ACEScg")  # of the config
        self.file_rules = {"images": "images"}  # of the project
        self.project = "/project"  # Maya's, not the scene's [docs workspace]
        self.reset()

    def reset(self) -> None:
        self.nodes: dict[str, list[Node]] = {}
        self.connections: list[tuple[Node, str, Node, str]] = []
        self.selection: list[tuple[Path, Faces]] = []
        self.time = 1.0
        self.slider = (1.0, 24.0)  # what the time slider shows
        self.marked: tuple[float, float] | None = None  # what is marked in it, up to the frame after the last
        self.heard = ""  # the node whose sound the time slider plays
        self.time_unit = "film"
        self.linear_unit = "cm"  # of the panels and of commands; matrices stay in centimetres
        self.prims: list[str] = []  # what is selected of USD, as the Universal Front End names it
        self.stages: dict[Node, Any] = {}  # proxy shape -> its stage, with what was edited
        self.chosen_layer = ""  # of animation: where keys go that no layer is named for
        self.blended: set[tuple[str, str]] = set()  # driven attributes that keys were set on
        self.up = "y"
        self.path = ""
        self.modified = False
        self.namespace = ""  # the current one, where new nodes go
        self.namespaces: set[str] = set()
        self.characters: dict[str, dict[int, str]] = {}  # of HumanIK -> its slots -> joints
        self.locked_characters: dict[str, dict[str, list[float]]] = {}  # -> the stance that was kept, world matrices
        self.regrouped: set[Path] = set()  # meshes of several materials that were given a whole one since Maya idled
        self.green: set[Path] = set()  # ... and then faces again: drawn green until the scene is opened anew
        self.current_layer = "defaultRenderLayer"
        self.undo_queue: list[tuple[str, list[Any]]] = []
        self.redo_queue: list[tuple[str, list[Any]]] = []
        self.recording = True
        self._entry: list[Any] | None = None
        self._depth = 0
        self.layer_order: list[str] = []  # Render Setup's, top first; none: as they were made
        self.layer_members: dict[str, list[Path]] = {}
        self.overrides: dict[str, tuple[str, str]] = {}  # materialOverride -> (legacy layer, shading group)
        for name, kind in schema.DEFAULT_NODES:
            self._add(Node(kind, name))
        self.connections.append(
            (self.nodes["lambert1"][0], "outColor", self.nodes["initialShadingGroup"][0], "surfaceShader")
        )
        self.link_layer("defaultRenderLayer")
        if "mtoa" in self.plugins:
            self.make_arnold()
        for name, position in (("persp", (28.0, 21.0, 28.0)), ("top", (0.0, 1000.1, 0.0))):
            transform, camera = Node("transform", name), Node("camera", f"{name}Shape")
            transform.values["translate"] = position
            camera.values["renderable"] = name == "persp"
            for one in (transform, camera):
                self._add(one)
            transform.children.append(camera)
            camera.parents.append(transform)

    def make_arnold(self) -> None:
        for name, kind in schema.MADE_BY_ARNOLD:
            if name not in self.nodes:
                self._add(Node(kind, name))

    def link_layer(self, name: str) -> None:
        index = len([c for c in self.connections if c[0].kind == "renderLayerManager"])
        manager, layer = self.nodes["renderLayerManager"][0], self.nodes[name][0]
        self.connections.append((manager, f"renderLayerId[{index}]", layer, "identification"))

    # --- undo ---------------------------------------------------------------------------------------------------

    def change(self, redo: Callable[[], None], undo: Callable[[], None]) -> None:
        """Do something that can be undone."""
        redo()
        self.modified = True
        if self.recording and self._entry is not None:
            self._entry.append((redo, undo))

    def begin(self, name: str) -> None:
        self._depth += 1
        if self._depth == 1:
            self._entry = []
            self._name = name

    def end(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            if self._entry and self.recording:
                self.undo_queue.append((self._name, self._entry))
                self.redo_queue.clear()
            self._entry = None

    def undo(self) -> None:
        if not self.undo_queue:
            raise RuntimeError("There are no more commands to undo.")
        name, entry = self.undo_queue.pop()
        for _, undo in reversed(entry):
            undo()
        self.redo_queue.append((name, entry))

    def redo(self) -> None:
        if not self.redo_queue:
            raise RuntimeError("There are no more commands to redo.")
        name, entry = self.redo_queue.pop()
        for redo, _ in entry:
            redo()
        self.undo_queue.append((name, entry))

    # --- nodes --------------------------------------------------------------------------------------------------

    def all(self) -> Iterator[Node]:
        for nodes in list(self.nodes.values()):
            yield from nodes

    def create(self, kind: str, name: str, parent: Node | None = None, reference: Node | None = None) -> Node:
        if kind not in schema.TYPES or (kind in schema.ARNOLD and "mtoa" not in self.plugins):
            raise RuntimeError(f"Unknown object type: {kind}")
        node = Node(kind, self.free_name(self.placed(re.sub(r"[^\w:]", "_", name))))
        node.reference = reference

        def redo() -> None:
            self._add(node)
            if parent is not None:
                parent.children.append(node)
                node.parents = [parent]

        def undo() -> None:
            self._remove(node)
            if parent is not None:
                parent.children.remove(node)

        self.change(redo, undo)
        return node

    def placed(self, name: str) -> str:
        """A new name where Maya puts it: into the current namespace, unless it says which."""
        if name.startswith(":"):
            return name[1:]
        return f"{self.namespace}:{name}" if self.namespace and ":" not in name else name

    def free_name(self, name: str) -> str:
        """Maya numbers a name that is taken: name1, name2 ..."""
        if name not in self.nodes:
            return name
        base = name.rstrip("0123456789")
        number = 1
        while f"{base}{number}" in self.nodes:
            number += 1
        return f"{base}{number}"

    def delete(self, nodes: Iterable[Node]) -> None:
        doomed: list[Node] = []

        def collect(node: Node) -> None:
            if node not in doomed:
                doomed.append(node)
                for child in node.children:
                    if all(parent in doomed for parent in child.parents):
                        collect(child)

        for node in nodes:
            if node.reference is not None:
                raise RuntimeError(
                    f"Cannot delete {node.name}: it is from a referenced file, or is in a locked container."
                )
            if node.locked:
                raise RuntimeError(f"{node.name} is locked and cannot be deleted.")
            collect(node)
        gone = set(doomed)
        connections = list(self.connections)
        kept = [c for c in connections if c[0] not in gone and c[2] not in gone]
        families = {parent: list(parent.children) for node in doomed for parent in node.parents}
        for owner in [one for one in self.all() if one.members]:
            left = {path: faces for path, faces in owner.members.items() if not gone.intersection(path)}
            if len(left) != len(owner.members):
                self.set_members(owner, left)
        selection = list(self.selection)

        def redo() -> None:
            self.connections[:] = kept
            self.selection = [one for one in selection if not gone.intersection(one[0])]
            for parent in families:
                parent.children = [child for child in parent.children if child not in gone]
            for node in doomed:
                self._remove(node)

        def undo() -> None:
            for node in doomed:
                self._add(node)
            for parent, children in families.items():
                parent.children = list(children)
            self.connections[:] = connections
            self.selection = selection

        self.change(redo, undo)

    def _add(self, node: Node) -> None:
        self.nodes.setdefault(node.name, []).append(node)

    def _remove(self, node: Node) -> None:
        self.nodes[node.name].remove(node)
        if not self.nodes[node.name]:
            del self.nodes[node.name]

    # --- names --------------------------------------------------------------------------------------------------

    def paths(self, node: Node) -> list[Path]:
        """Every DAG path of a node; one of itself for others."""
        if not node.in_dag or not node.parents:
            return [(node,)]
        return [(*above, node) for parent in node.parents for above in self.paths(parent)]

    def full(self, path: Path) -> str:
        return "".join(f"|{node.name}" for node in path) if path[-1].in_dag else path[-1].name

    def short(self, path: Path) -> str:
        """The shortest name that is unique."""
        node = path[-1]
        if not node.in_dag:
            return node.name
        others = [p for same in self.nodes[node.name] for p in self.paths(same) if p != path]
        for length in range(1, len(path) + 1):
            tail = path[-length:]
            if not any([n.name for n in p[-length:]] == [n.name for n in tail] for p in others):
                return "|".join(n.name for n in tail)
        return self.full(path)

    def find(self, name: str, recursive: bool = False) -> list[Path]:
        """Paths that a name, a partial path or a pattern stands for."""
        wanted = [one[1:] if one.startswith(":") else one for one in name.lstrip("|").split("|")]  # :a is the root's a
        last = wanted[-1]
        if "*" in last or "?" in last:
            matching = [
                node
                for node in self.all()
                if fnmatch.fnmatchcase(node.name.rpartition(":")[2] if recursive else node.name, last)
                and (recursive or ":" in last or ":" not in node.name)
            ]
        else:
            matching = list(self.nodes.get(last, ()))
        found = [path for node in matching for path in self.paths(node)]
        if name.startswith("|"):
            return [p for p in found if len(p) == len(wanted) and _same(p, wanted)]
        return [p for p in found if _same(p[-len(wanted) :], wanted)]

    def one(self, name: str) -> Path:
        """The one path of a name. Raises as Maya does where there is none, or more than one."""
        found = self.find(name)
        if not found:
            raise ValueError(f"No object matches name: {name}")
        if len(found) > 1 and len({path[-1] for path in found}) > 1:
            raise ValueError(f"More than one object matches name: {name}")
        return found[0]

    def member(self, name: str) -> tuple[Path, Faces]:
        """A node or faces of it by name."""
        match = re.fullmatch(r"(.+)\.f\[(\d+)(?::(\d+))?\]", name)
        if match is None:
            if "." in name.rpartition("|")[2]:
                raise ValueError(f"No object matches name: {name}")
            return self.one(name), None
        path = self.shape(self.one(match[1]))
        first, last = int(match[2]), int(match[3] or match[2])
        if last >= len(path[-1].faces):
            raise ValueError(f"No object matches name: {name}")
        return path, frozenset(range(first, last + 1))

    def shape(self, path: Path) -> Path:
        """A transform's shape; a shape is its own."""
        if path[-1].kind not in schema.TRANSFORMS:
            return path
        for child in path[-1].children:
            if child.kind in schema.SHAPES and not child.values.get("intermediateObject"):
                return (*path, child)
        raise ValueError(f"No object matches name: {self.full(path)}")

    def told(self, path: Path, faces: Faces, long: bool = False) -> list[str]:
        """A member by name; faces as few ranges as possible, under the transform's or the shape's name."""
        say = self.full if long else self.short
        if faces is None:
            return [say(path)]
        name = say(path if self.component_style == "shape" else path[:-1])
        return [f"{name}.f[{a}]" if a == b else f"{name}.f[{a}:{b}]" for a, b in _ranges(faces)]

    # --- plugs --------------------------------------------------------------------------------------------------

    def plug(self, name: str) -> tuple[Node, str]:
        node_name, dot, attribute = name.partition(".")
        if "|" in attribute or not dot:
            raise ValueError(f"No attribute was specified: {name}")
        node = self.one(node_name)[-1]
        if not self.has(node, attribute):
            raise ValueError(f"No object matches name: {name}")
        return node, attribute

    def has(self, node: Node, attribute: str) -> bool:
        top = re.split(r"[\[.]", attribute)[0]
        known = schema.TYPES[node.kind]
        return top in known or top in node.added or (top[-1:] in "XYZRGB" and top[:-1] in known)

    @contextmanager
    def at(self, time: float) -> Iterator[None]:
        """Values of another time in the block."""
        before, self.time = self.time, time
        try:
            yield
        finally:
            self.time = before

    def value(self, node: Node, attribute: str) -> Any:
        """The value at the present time."""
        if attribute == "output" and node.kind.startswith("animCurve"):
            return (
                _at(node.keys, self.time, node.tangents) if node.keys else 0.0
            )  # without a key it is 0, not the old value
        if attribute == "output" and node.kind.startswith("animBlendNode"):
            return sum(self.now(node, side) for side in ("inputA", "inputB"))
        curve = node.curves.get(attribute)
        if curve is not None:
            return _at(curve, self.time)
        source = self.source(node, attribute) if node.driven else None
        if source is not None and source[0].kind.startswith(ANIMATION):
            return self.value(*source)
        if attribute in node.values:
            return node.values[attribute]
        known = schema.TYPES[node.kind]
        if attribute in known:
            return known[attribute]
        if attribute[:-1] in known:
            return self.value(node, attribute[:-1])[
                "XYZ".find(attribute[-1]) if attribute[-1] in "XYZ" else "RGB".find(attribute[-1])
            ]
        return {"bool": False, "long": 0, "double": 0.0}.get(node.added.get(attribute, ""))

    def now(self, node: Node, attribute: str) -> Any:
        """The value at the present time, through connections."""
        source = self.source(node, attribute)
        return self.now(*source) if source is not None else self.value(node, attribute)

    def channels(self, node: Node, attribute: str) -> int | None:
        """How many numbers a plug holds; None for messages, texts and what is not a number."""
        value = None if "[" in attribute else self.value(node, attribute)
        if isinstance(value, tuple):
            return len(value)
        return 1 if isinstance(value, (bool, int, float)) else None

    def vector(self, node: Node, attribute: str) -> tuple[float, float, float]:
        """Three numbers with the animation of each."""
        base = self.value(node, attribute)
        return tuple(
            self.now(node, attribute + axis)
            if attribute + axis in node.curves or (node.driven and self.source(node, attribute + axis))
            else v
            for axis, v in zip("XYZ", base)
        )

    def put(self, node: Node, attribute: str, value: Any) -> None:
        """A child of three numbers is one of them; the three are set together only where each can be [docs]."""
        whole = attribute[:-1] if attribute[-1:] in "XYZ" and attribute[:-1] in schema.TYPES[node.kind] else attribute
        parts = [f"{attribute}{axis}" for axis in "XYZ"] if isinstance(value, tuple) else [whole]
        for one in (attribute, *parts):
            taken = any(c[2] is node and c[3] == one for c in self.connections) or one in node.curves
            if one in node.locks or taken:
                raise RuntimeError(
                    f"setAttr: The attribute '{node.name}.{attribute}' is locked or connected and cannot be modified."
                )
        if whole != attribute:
            three = list(self.value(node, whole))
            three["XYZ".index(attribute[-1])] = value
            attribute, value = whole, tuple(three)
        if attribute in schema.FLOAT32:  # what is read back is not quite what was set
            value = tuple(map(_float32, value)) if isinstance(value, tuple) else _float32(value)
        had, before = attribute in node.values, node.values.get(attribute)
        self.edited(node, f"setAttr {node.name}.{attribute}")

        def undo() -> None:
            if had:
                node.values[attribute] = before
            else:
                node.values.pop(attribute, None)

        self.change(lambda: node.values.__setitem__(attribute, value), undo)

    def source(self, node: Node, attribute: str) -> tuple[Node, str] | None:
        for a, b, c, d in self.connections:
            if c is node and d == attribute:
                return a, b
        return None

    def edited(self, node: Node, words: str) -> None:
        """A change to a node that comes with a reference stays with it as an edit, also when it is changed back."""
        if node.reference is not None:
            node.reference.edits.append(words)

    def connect(self, a: Node, b: str, c: Node, d: str) -> None:
        one = (a, b, c, d)
        for node in (a, c):
            self.edited(node, f"connectAttr {a.name}.{b} {c.name}.{d}")
        c.driven = c.driven or a.kind.startswith(ANIMATION) or d[:-1] in ("translate", "rotate", "scale")
        self.change(lambda: self.connections.append(one), lambda: self.connections.remove(one))

    def disconnect(self, one: tuple[Node, str, Node, str]) -> None:
        index = self.connections.index(one)
        for node in (one[0], one[2]):
            self.edited(node, f"disconnectAttr {one[0].name}.{one[1]} {one[2].name}.{one[3]}")
        self.change(lambda: self.connections.remove(one), lambda: self.connections.insert(index, one))

    # --- sets ---------------------------------------------------------------------------------------------------

    def set_members(self, owner: Node, members: Members) -> None:
        before = owner.members
        for path in {*before, *members}:
            if path[-1].reference is not owner.reference and before.get(path, 0) != members.get(path, 0):
                verb = "disconnectAttr" if path in before else "connectAttr"
                self.edited(path[-1], f"{verb} {path[-1].name}.instObjGroups {owner.name}.dagSetMembers")

        def put(value: Members) -> None:
            owner.members = value

        self.change(lambda: put(members), lambda: put(before))

    def shading_sets(self) -> list[Node]:
        """Members of renderPartition: exclusive [facts 6.6]."""
        return [node for node in self.all() if node.kind == "shadingEngine"]

    def rewrite_paths(self, new: Callable[[Path], Path]) -> None:
        """Members and layers follow a node that was moved under another."""
        for owner in [node for node in self.all() if node.members]:
            self.set_members(owner, {new(path): faces for path, faces in owner.members.items()})


def _float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _same(path: Path, wanted: list[str]) -> bool:
    return len(path) == len(wanted) and all(fnmatch.fnmatchcase(n.name, w) for n, w in zip(path[:-1], wanted[:-1]))


def _ranges(faces: Iterable[int]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for face in sorted(faces):
        if result and face == result[-1][1] + 1:
            result[-1] = (result[-1][0], face)
        else:
            result.append((face, face))
    return result


def _at(curve: dict[float, float], time: float, tangents: dict[float, tuple[str, str]] | None = None) -> float:
    times = sorted(curve)
    if time <= times[0]:
        return curve[times[0]]
    for a, b in zip(times, times[1:]):
        if time < b and (tangents or {}).get(a, ("", ""))[1] == "step":
            return curve[a]
        if time <= b:
            return curve[a] + (curve[b] - curve[a]) * (time - a) / (b - a)
    return curve[times[-1]]


SCENE = Scene()

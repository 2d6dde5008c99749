"""Scene files of the fake: JSON under Maya's suffixes. What a real file holds and this not is open."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any

from maya import viewport
from maya.scene import Node, Scene

# Maya's own words [ynput/ayon-maya#228]
UNKNOWN_DATA = "This file contains unknown data which is preventing Maya from changing the file format."


def left_out(scene: Scene) -> bool:
    """Take out what this Maya does not have: nodes of plug-ins become unknown ones, references stay empty [docs].

    Maya raises after it, with the scene open and named [public code].
    """
    lost = False
    for node in list(scene.all()):
        if node.kind in scene.missing_plugins:
            node.kind, lost = "unknownDag" if node.in_dag else "unknown", True
        if node.reference is not None and node.reference.values["file"] in scene.missing_files:
            lost = True
            scene._remove(node)
            for parent in node.parents:
                parent.children.remove(node)
            for owner in scene.all():
                owner.members = {path: faces for path, faces in owner.members.items() if node not in path}
            scene.connections[:] = [c for c in scene.connections if node not in (c[0], c[2])]
    return lost


def write(scene: Scene, path: str) -> None:
    """exportAll and save: everything with its connections, the references as references."""
    nodes = list(scene.all())
    number = {node: index for index, node in enumerate(nodes)}
    data = {
        "time": scene.time,
        "unit": scene.time_unit,
        "plugins": sorted(scene.plugins),
        "panels": dict(viewport.panels),  # what the windows show is saved with the scene, overrides included
        "layer_members": {name: [[number[n] for n in p] for p in paths] for name, paths in scene.layer_members.items()},
        "overrides": scene.overrides,
        "nodes": [_node(node, number) for node in nodes],
        "connections": [[number[a], b, number[c], d] for a, b, c, d in scene.connections],
    }
    try:
        FilePath(path).write_text(json.dumps(data), encoding="utf-8")
    except OSError as error:
        raise RuntimeError(str(error)) from None


def _node(node: Node, number: dict[Node, int]) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "name": node.name,
        "parents": [number[parent] for parent in node.parents],
        "values": node.values,
        "added": node.added,
        "locks": sorted(node.locks),
        "locked": node.locked,
        "reference": None if node.reference is None else number[node.reference],
        "members": [[[number[n] for n in p], None if f is None else sorted(f)] for p, f in node.members.items()],
        "faces": node.faces,
        "points": node.points,
        "curves": {name: sorted(curve.items()) for name, curve in node.curves.items()},
        "keys": sorted(node.keys.items()),
    }


def read(scene: Scene, path: str, namespace: str = "", reference: Node | None = None) -> None:
    """Open into an empty scene, or, with a namespace, beside what is there."""
    data = json.loads(FilePath(path).read_text(encoding="utf-8"))
    if not namespace:
        scene.time, scene.time_unit = data["time"], data["unit"]
        scene.plugins.update(name for name in data["plugins"] if name != "mtoa" or scene.has_arnold)
        scene.nodes.clear()
        scene.connections.clear()
    made: list[Node] = []
    for entry in data["nodes"]:
        shared = namespace and entry["name"] in scene.nodes and ":" not in entry["name"] and _default(entry)
        node = scene.nodes[entry["name"]][0] if shared else Node(entry["kind"], namespace + entry["name"])
        made.append(node)
        if not shared:
            node.values = {key: _tuple(value) for key, value in entry["values"].items()}
            node.added, node.locks, node.locked = entry["added"], set(entry["locks"]), entry["locked"]
            node.faces = [tuple(face) for face in entry["faces"]]
            node.points = [tuple(point) for point in entry["points"]]
            node.curves = {key: {float(t): v for t, v in curve} for key, curve in entry["curves"].items()}
            scene.namespaces.update(node.name.rpartition(":")[:1] if ":" in node.name else ())
            node.driven = True
            node.keys = {float(time): value for time, value in entry.get("keys", ())}
            node.reference = reference
            scene._add(node)
    for node, entry in zip(made, data["nodes"]):
        if reference is None and entry["reference"] is not None:
            node.reference = made[entry["reference"]]
        for parent in entry["parents"]:
            if made[parent] not in node.parents:
                node.parents.append(made[parent])
                made[parent].children.append(node)
        for chain, faces in entry["members"]:
            node.members[tuple(made[n] for n in chain)] = None if faces is None else frozenset(faces)
    for a, b, c, d in data["connections"]:
        one = (made[a], b, made[c], d)
        if one not in scene.connections:
            scene.connections.append(one)
    if not namespace:
        scene.overrides = {name: tuple(value) for name, value in data["overrides"].items()}
        scene.layer_members = {
            name: [tuple(made[n] for n in chain) for chain in paths] for name, paths in data["layer_members"].items()
        }


def refer(scene: Scene, path: str, namespace: str) -> None:
    reference = Node("reference", f"{namespace}RN")
    reference.values["file"] = path
    scene._add(reference)
    read(scene, path, f"{namespace}:", reference)
    scene.modified = True


def _default(entry: dict[str, Any]) -> bool:
    """Nodes of every scene are not referenced a second time; nor are its cameras here."""
    return entry["kind"] not in ("mesh", "transform", "objectSet", "network") or entry["name"] in ("persp", "top")


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

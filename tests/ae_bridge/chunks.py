"""After Effects projects read chunk by chunk, without py_aep; and the same by the parser of python-lottie.

What an item looks like was found out from projects that After Effects wrote (`test_foreign_aep.py`), its comment from
github.com/yueli-fx/aep-parser, docs/knowledge/layer/layer-setcomment-cmta-append-position.md.
"""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

TYPES = {1: "folder", 4: "composition", 7: "footage"}
HOLD_ITEMS = {"Fold", "Sfdr"}
NO_CHUNKS = {"btdk"}  # a list by its name, of text in another format
ITEM_HAS_COMMENT, LAYER_HAS_COMMENT = 0x39, 0x3C
UNNAMED = "-_0_/-"

Node = dict[str, Any]  # {"kind", "data"} or, of a list, {"kind", "inside"}
Outline = list[Any]


def tree(path: Path) -> list[Node]:
    """All chunks of a project."""
    file = path.read_bytes()
    (length,) = struct.unpack(">4xI", file[:8])
    assert file[:4] == b"RIFX" and file[8:12] == b"Egg!"
    return _nodes(memoryview(file)[12 : 8 + length])


def _nodes(data: memoryview) -> list[Node]:
    found, left = [], data
    while left:
        (length,) = struct.unpack(">I", left[4:8])
        kind, content = bytes(left[:4]).decode("latin-1"), left[8 : 8 + length]
        assert len(content) == length, f"{kind} is cut off"
        if kind == "LIST":
            kind, content = bytes(content[:4]).decode("latin-1"), content[4:]
            found.append({"kind": kind, "inside": [] if kind in NO_CHUNKS else _nodes(content)})
        else:
            found.append({"kind": kind, "data": bytes(content)})
        left = left[8 + length + (length & 1) :]
    return found


def items(nodes: list[Node]) -> list[Node]:
    """Every item, those of folders too."""
    found = []
    for node in nodes:
        if node["kind"] == "Item":
            found.append(node)
        if node["kind"] in (*HOLD_ITEMS, "Item"):
            found += items(node["inside"])
    return found


def layers(item: Node) -> list[Node]:
    return [node for node in item["inside"] if node["kind"] == "Layr"]


def faults(path: Path) -> list[str]:
    """What After Effects would refuse or lose of the comments of a project, in words."""
    found = []
    for item in items(tree(path)):
        kinds = [node["kind"] for node in item["inside"]]
        header = item["inside"][kinds.index("idta")]["data"]
        name = kinds.index("Utf8")
        comments = [at for at, kind in enumerate(kinds) if kind == "cmta"]
        if comments not in ([], [name + 1]):
            found.append(f"item {_text(item['inside'][name])}: the comment is not behind the name: {kinds}")
        if header[ITEM_HAS_COMMENT] != len(comments):
            found.append(f"item {_text(item['inside'][name])}: the header says of a comment {header[ITEM_HAS_COMMENT]}")
        for layer in layers(item):
            kinds = [node["kind"] for node in layer["inside"]]
            if kinds[0] != "ldta" or layer["inside"][0]["data"][LAYER_HAS_COMMENT] != kinds.count("cmta"):
                found.append(f"a layer of {_text(item['inside'][name])}: the header and the comment disagree: {kinds}")
        for holder in (item, *layers(item)):
            for node in holder["inside"]:
                if node["kind"] == "cmta" and not node["data"].endswith(b"\0\0"):
                    found.append("a comment does not end with two zeros")
    return found


def outline(path: Path) -> Outline:
    """[type, id, name, comment, [[name, comment] of each layer], [the items in it]] of each item."""
    return [_item(node) for top in tree(path) if top["kind"] == "Fold" for node in _of(top, "Item")]


def _item(item: Node) -> list[Any]:
    kind, number = struct.unpack(">H14xI", _of(item, "idta")[0]["data"][:20])
    held = [node for holder in _of(item, "Sfdr") for node in _of(holder, "Item")]
    return [TYPES[kind], number, *_told(item), [_told(layer) for layer in layers(item)], [_item(one) for one in held]]


def _told(node: Node) -> list[str]:
    names, comments = _of(node, "Utf8"), _of(node, "cmta")
    return [_text(names[0]), _text(comments[0]) if comments else ""]


def _of(node: Node, kind: str) -> list[Node]:
    return [one for one in node["inside"] if one["kind"] == kind]


def _text(node: Node) -> str:
    text: str = node["data"].split(b"\0")[0].decode("utf-8")
    return "" if text == UNNAMED else text


def outline_of_lottie(path: Path) -> Outline:
    """The same, as python-lottie reads it."""
    from lottie.parsers.aep.aep_riff import AepParser

    def text(holder: Any, kind: str) -> str:
        found = next((one for one in holder.data.children if one.header == kind), None)
        return "" if found is None or found.data == UNNAMED else str(found.data)

    def lists(holder: Any, kind: str) -> list[Any]:
        return [one for one in holder.data.children if one.header == "LIST" and one.data.type == kind]

    def item(node: Any) -> list[Any]:
        header = next(one for one in node.data.children if one.header == "idta").data
        held = [one for holder in lists(node, "Sfdr") for one in lists(holder, "Item")]
        told = [[text(layer, "Utf8"), text(layer, "cmta")] for layer in lists(node, "Layr")]
        return [header.type_name, header.id, text(node, "Utf8"), text(node, "cmta"), told, [item(one) for one in held]]

    root = AepParser(BytesIO(path.read_bytes())).parse()
    return [item(node) for top in lists(root, "Fold") for node in lists(top, "Item")]

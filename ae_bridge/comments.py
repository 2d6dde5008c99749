"""Comments of project items, stored where After Effects stores them.

In the list of an item its comment comes directly behind its name, and the item's header says that there is one. py_aep
appends the comment and leaves the header: After Effects 2020 and 2025 then refuse to open the project
(github.com/yueli-fx/aep-parser, layer-setcomment-cmta-append-position.md). What stands right already stays as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Chunk = tuple[bytes, bytes]  # kind and content
HAS_COMMENT = 0x39  # of idta
FOLDERS = (b"Fold", b"Sfdr")  # the lists that hold items


def settle_comments(file: bytes) -> bytes:
    """The same project file with the comment of every item in its place."""
    (length,) = struct.unpack(">4xI", file[:8])
    root = file[8:12] + b"".join(_pack(*_settled(*chunk)) for chunk in _chunks(file[12 : 8 + length]))
    return file[:4] + struct.pack(">I", len(root)) + root + file[8 + length :]


def _settled(kind: bytes, content: bytes) -> Chunk:
    """A chunk with all items in it in order."""
    of = content[:4] if kind == b"LIST" else b""
    if of not in (*FOLDERS, b"Item"):
        return kind, content
    inside = [_settled(*chunk) for chunk in _chunks(content[4:])]
    if of == b"Item":
        inside = _with_comment(inside)
    return kind, of + b"".join(_pack(*chunk) for chunk in inside)


def _with_comment(item: list[Chunk]) -> list[Chunk]:
    kinds = [kind for kind, _ in item]
    if b"cmta" not in kinds:
        return item
    at = kinds.index(b"cmta")
    comment, rest = item[at], item[:at] + item[at + 1 :]
    name = next(n for n, (kind, _) in enumerate(rest) if kind == b"Utf8")
    return [*map(_flagged, rest[: name + 1]), comment, *rest[name + 1 :]]


def _flagged(chunk: Chunk) -> Chunk:
    kind, content = chunk
    return (kind, content[:HAS_COMMENT] + b"\1" + content[HAS_COMMENT + 1 :]) if kind == b"idta" else chunk


def _chunks(data: bytes) -> Iterator[Chunk]:
    at = 0
    while at < len(data):
        kind, length = struct.unpack(">4sI", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _pack(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">I", len(content)) + content + b"\0" * (len(content) % 2)

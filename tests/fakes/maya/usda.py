"""A stage of USD from hand-written .usda: `def Type "name" (apiSchemas) { type name = value, children }`, no more.

The tests' own reader: the real library takes 30 MB. What is edited lies in memory, as in Maya's session; `references`
stand for layers that are not edited, so what they say can be overridden and not removed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PRIM = re.compile(r'\s*def\s+(?:(\w+)\s+)?"(\w+)"\s*(?:\(([^)]*)\))?\s*\{')
_VALUE = re.compile(r"\s*(?:custom |uniform )*([\w\[\]]+)\s+([\w:]+)\s*=\s*(\[[^\]]*\]|\([^)]*\)|\"[^\"]*\"|[\w.+-]+)")
_LISTED = re.compile(r"apiSchemas\s*=\s*\[([^\]]*)\]")


class Prim:
    def __init__(self, stage: Stage, path: str, kind: str, schemas: list[str]) -> None:
        self.stage, self.path, self.kind, self.schemas = stage, path, kind, schemas
        self.values: dict[str, Any] = {}
        self.types: dict[str, str] = {}
        self.instance_proxy = False
        self.children: list[Prim] = []

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def below(self) -> Iterator[Prim]:
        """The prim and all below it."""
        yield self
        for child in self.children:
            yield from child.below()


class Stage:
    def __init__(self, text: str) -> None:
        self.root = Prim(self, "/", "", [])
        self.editable = True
        body = re.sub(r"#.*", "", text)
        head = re.match(r"\s*\([^)]*\)", body)
        self._read(body, head.end() if head else 0, self.root)

    def prim(self, path: str) -> Prim | None:
        return next((one for one in self.root.below() if one.path == path), None)

    def _read(self, text: str, at: int, parent: Prim) -> int:
        while at < len(text):
            prim, value, end = _PRIM.match(text, at), _VALUE.match(text, at), re.match(r"\s*\}", text[at:])
            if prim:
                listed = _LISTED.search(prim[3] or "")
                schemas = re.findall(r'"([^"]+)"', listed[1]) if listed else []
                made = Prim(self, f"{parent.path.rstrip('/')}/{prim[2]}", prim[1] or "", schemas)
                made.instance_proxy = "instanceable" in (prim[3] or "")
                parent.children.append(made)
                at = self._read(text, prim.end(), made)
            elif value:
                parent.types[value[2]], parent.values[value[2]] = value[1], ast.literal_eval(value[3])
                at = value.end()
            elif end:
                return at + end.end()
            elif not text[at:].strip():
                return len(text)
            else:
                raise RuntimeError(f"this is no .usda that the fake reads: {text[at : at + 40]!r}")
        return at


def read(file: str) -> Stage:
    if not Path(file).is_file():
        raise RuntimeError(f"Failed to open layer @{file}@")
    return Stage(Path(file).read_text("utf-8"))

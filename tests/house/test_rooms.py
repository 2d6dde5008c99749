"""The house: no two files import each other, every room says what lives there, and a file is read in one sitting."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("semrender", "shared", "inference_server", "ae_bridge", "maya_plugin")
LONGEST = 400  # lines
FILES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {name_of(file): file for file in FILES}


@cache
def imports(module: str) -> frozenset[str]:
    """The files that this one imports, at its top, within functions, or for its types."""
    found = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in modules() else node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return frozenset(found & set(modules()) - {module})


def reached(module: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(imports(module))
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting.extend(imports(one))
    return seen


def test_no_circle() -> None:
    assert [module for module in modules() if module in reached(module)] == []


@pytest.mark.parametrize("tree", [*ROOMS, "tests", "benchmarks", "tools"])
def test_every_file_is_read_in_one_sitting(tree: str) -> None:
    files = [file for file in (ROOT / tree).rglob("*.py") if not file.is_relative_to(ROOT / "tests" / "fakes")]
    lines = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_every_room_says_what_lives_there() -> None:
    rooms = [file for file in FILES if file.name == "__init__.py"]
    assert [name_of(file) for file in rooms if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))] == []
    folders = {file.parent for file in FILES}
    assert [str(folder.relative_to(ROOT)) for folder in folders if folder / "__init__.py" not in rooms] == []

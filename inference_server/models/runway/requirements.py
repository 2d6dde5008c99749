"""Which packages a model asks for, and what its author would have run to build it: read, never run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from shared.values import Value

MAX_FILE = 2**20  # bytes
NEEDED = ("numpy", "Pillow")  # by the shim, for pictures
# What the Model SDK served models with: it is not on PyPI any more, and there is no server in a model's process here.
LEFT_OUT = {"runway-python", "runway", "flask", "flask-cors", "flask-compress", "flask-sockets", "gevent", "cerberus"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Asked(Value):
    """packages: requirements, one each; left_out: those that are of no use here; build_steps: of a shell, not run;
    python: the version that it was made for, empty where it does not say."""

    packages: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    build_steps: tuple[str, ...] = ()
    python: str = ""


def read(folder: Path) -> Asked:
    """Of requirements.txt and runway.yml, as far as they are there."""
    lines = [_bare(line) for line in _lines(folder / "requirements.txt")]
    wanted = [line for line in lines if line]
    left_out = [line for line in wanted if plain(line) in LEFT_OUT or line.startswith("-")]
    yml = _lines(folder / "runway.yml")
    python = next((line.partition(":")[2].strip() for line in yml if line.startswith("python:")), "")
    return Asked(tuple(one for one in wanted if one not in left_out), tuple(left_out), tuple(_steps(yml)), python)


def to_install(asked: Iterable[str], instead: Iterable[str], without: Iterable[str] = ()) -> tuple[str, ...]:
    """The packages asked for but `without` these, those named `instead` in the place of others of their name, and what
    pictures need."""
    named, dropped = {plain(one): one for one in instead}, {plain(one) for one in without}
    found = [named.pop(plain(one), one) for one in asked if plain(one) not in dropped] + list(named.values())
    there = {plain(one) for one in found}
    return (*found, *(one for one in NEEDED if plain(one) not in there))


def plain(requirement: str) -> str:
    """The name of a package as indexes compare it."""
    found = NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0] if found else requirement).lower()


def _bare(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).strip()


def _steps(lines: Iterable[str]) -> list[str]:
    """The build steps of a runway.yml, each as it stands."""
    found, inside = [], False
    for line in lines:
        if line.startswith("build_steps:"):
            inside = True
        elif inside and line.strip() and not line.startswith((" ", "-", "\t", "#")):
            inside = False
        elif inside and line.strip().startswith("-"):
            found.append(line.strip().lstrip("- "))
    return found


def _lines(file: Path) -> list[str]:
    try:
        if not file.is_file() or file.stat().st_size > MAX_FILE:
            return []
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []

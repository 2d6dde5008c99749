"""A project that was made without After Effects becomes a file: whole, under a name that no other has."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import py_aep

from ae_bridge.comments import settle_comments
from ae_bridge.projects import versions
from shared.errors import InputRefused, SemrenderError


def wanted(name: str, folder: Path, out: Path | None) -> Path:
    if out is None or out.is_dir():
        return _next_version((out or folder).absolute(), name)
    if out.suffix.lower() != ".aep":
        raise InputRefused("an After Effects project is named *.aep", file=out, remedy="Give such a name or a folder")
    return out.absolute()


def save(project: py_aep.Project, at: Path) -> Path:
    """Write beside, then give it the first free name; no other file is ever replaced."""
    # In the folder of the real one: After Effects finds moved footage relative to the project file.
    beside = at.with_name(f".semrender-{secrets.token_hex(8)}.aep")
    try:
        at.parent.mkdir(parents=True, exist_ok=True)
        try:
            project.save(beside)
            beside.write_bytes(settle_comments(beside.read_bytes()))
            return next(path for path in _names(at) if _place(beside, path))
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SemrenderError(
            "the project could not be written",
            file=at,
            cause=error.strerror or str(error),
            remedy="Free space, allow writing, or choose another place with --out",
        ) from error


def _names(wanted: Path) -> Iterator[Path]:
    """The name itself, then, each time it is found taken, one above the highest version there is."""
    yield wanted
    base = re.sub(r"_v[0-9]+$", "", wanted.stem)
    while True:
        yield _next_version(wanted.parent, base)


def _next_version(folder: Path, base: str) -> Path:
    """`<base>_v001.aep`, or one above the highest version in the folder; no number counts as the first."""

    highest = max(versions(folder, base), default=0)
    return folder / f"{base}_v{highest + 1:03d}.aep"


def _place(beside: Path, path: Path) -> bool:
    """Give the file its name unless that exists."""
    try:
        os.link(beside, path)
        return True
    except FileExistsError:
        return False
    except OSError:  # no hard links here, as on FAT and some network drives: claim the name first
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            return False
        os.replace(beside, path)
        return True

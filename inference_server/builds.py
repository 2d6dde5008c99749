"""Which build of semrender this is: two of one version may paint differently, as those of a clone that was changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import shared

ROOMS = (Path(shared.__file__).parent, Path(__file__).parent)  # what paints, and finds the keys of what it paints
KINDS = (".py", ".json")


@cache
def own() -> str:
    """Of this process: SHA-256 over the files of its code, as they were when it was first asked. Some milliseconds."""
    return build_of(ROOMS)


def build_of(rooms: Iterable[Path]) -> str:
    """Of the code in some folders, wherever they are; ends of lines are no difference."""
    digest = hashlib.sha256()
    for room in rooms:
        found = {path.relative_to(room).as_posix(): path for path in room.rglob("*") if path.suffix in KINDS}
        for name in sorted(found):
            content = found[name].read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{room.name}/{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()

"""What the logs of server and workers say of a job: the last lines that name it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared import places

TAIL = 2 * 2**20  # bytes that are looked at, of each log


def lines_of(folder: Path, job: str, most: int) -> list[dict[str, Any]]:
    """The last lines about a job in the logs of a folder, the oldest first: {"time", "level", "from", "what"}.

    Raises OSError where the folder cannot be read.
    """
    found = []
    for file in folder.glob("*.log"):
        for line in _tail(file).split(b"\n"):
            if job.encode() in line and (read := _line(line)) is not None:
                found.append(read)
    return sorted(found, key=lambda one: one["time"])[-most:]


def _tail(file: Path) -> bytes:
    try:
        with places.open_file(file) as opened:
            opened.seek(max(0, file.stat().st_size - TAIL))
            return opened.read(TAIL)
    except OSError:  # it was turned over meanwhile
        return b""


def _line(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
        return {name: str(read[name]) for name in ("time", "level", "from", "what")}
    except (ValueError, KeyError, TypeError):  # the first one of a tail is half a line
        return None

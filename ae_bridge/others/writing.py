"""What is written is new: a script that somebody worked on since is never replaced."""

from __future__ import annotations

from pathlib import Path

from shared import places
from shared.errors import InputRefused


def claim(out: Path, *suffixes: str) -> None:
    """Raises InputRefused for a name of another kind of file, and for one that is taken."""
    if out.suffix.lower() not in suffixes:
        raise InputRefused(f"its name ends in {' or '.join(suffixes)}", file=out, remedy="Give such a name with --out")
    if out.exists():
        raise InputRefused("there is a file of this name", file=out, remedy="Give another name, or remove that one")


def keep(out: Path, content: str | bytes) -> None:
    """Write it whole or not at all. Raises SemrenderError where the disk refuses."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with places.whole(out, remedy="Free space or allow writing") as beside:
        beside.write_bytes(data)

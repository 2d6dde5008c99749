"""The folders that a server may touch: every path that a client names is asked for, at every use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from shared.errors import InputRefused
from shared.shot import Shot, named_files


def patterns_inside(shot: Shot, base: Path, roots: Sequence[str] | None) -> None:
    """Refuse a shot whose passes lie elsewhere, before any folder is listed or file opened. Raises InputRefused."""
    for _, pattern in named_files(shot):
        inside((base / pattern).parent, roots)
        inside(base / pattern, roots)  # a clip or folder may itself be a link


def inside(path: Path, roots: Sequence[str] | None) -> Path:
    """`path`, if it lies in one of the roots after all links were followed; None allows all. Raises InputRefused."""
    if roots is None:
        return path
    real = Path(os.path.realpath(path))  # of links in a circle too, which cannot be opened anyway
    if not any(real.is_relative_to(Path(os.path.realpath(root))) for root in roots):
        raise InputRefused(
            "this path is outside the folders that the server may use",
            file=path,
            cause="It leads there by a link" if real != path.absolute() else "",
            remedy="Move it into one of them, or start the server with another --root",
        )
    return path

"""Files of frames that hold nothing."""

from __future__ import annotations

from pathlib import Path


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def numbered(folder: Path, shape: str, frames: range = range(1001, 1004)) -> Path:
    return touch(folder, *(shape % frame for frame in frames))

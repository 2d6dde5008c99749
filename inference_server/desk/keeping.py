"""Folders of the desk's own in the state folder: what nobody touched for long goes, when something new comes."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from shared import places

NAME = re.compile(r"[A-Za-z0-9_-]{16,40}")  # of what is kept: nobody guesses it, and it is no path


def kept_folder(name: str, seconds: float) -> Path:
    """The folder, made where it is not, without what was changed last before so many seconds."""
    folder = places.private_folder(places.home() / name)
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - seconds:
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.unlink(missing_ok=True)
    return folder

"""The folders and files that the user opened in the page: nothing else of this machine is read or listed for it.

What is opened gets a name that says nothing of where it is; pages name it and a path below, and links that lead out of
it are refused like any other way out.
"""

from __future__ import annotations

import secrets
import threading
from pathlib import Path

from shared.errors import InputRefused, MissingInput


class Opened:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: dict[str, Path] = {}

    def open(self, path: Path) -> str:
        """The name of a folder or file of this machine from now on. Raises MissingInput or InputRefused."""
        if not path.is_absolute():
            raise InputRefused("this is no whole path", file=path, remedy="Begin it at the root of the disk")
        if not path.exists():
            raise MissingInput("there is nothing of that name", file=path)
        with self._lock:
            for name, known in self._paths.items():
                if known == path:
                    return name
            name = secrets.token_urlsafe(12)
            self._paths[name] = path
        return name

    def path(self, name: str, below: str = "") -> Path:
        """Where it is, or what lies `below` it. Raises MissingInput for what was not opened or leads out of it."""
        root = self._paths.get(name)
        if root is None:
            raise MissingInput("this was not opened here", remedy="Open the folder again")
        if not below:
            return root
        return inside(root, below)

    def known(self) -> dict[str, Path]:
        with self._lock:
            return dict(self._paths)


def inside(folder: Path, below: str) -> Path:
    """A file in a folder, after all links were followed. Raises MissingInput for what is not there or leads out."""
    real = folder.resolve()
    try:
        path = (real / below).resolve()
        if "\0" in below or not path.is_relative_to(real) or not path.exists():
            raise MissingInput("there is no such file", file=below[:200])
    except (OSError, ValueError) as error:
        raise MissingInput("there is no such file", file=below[:200]) from error
    return path

"""What a run found out, a line of JSON for each thing: an interrupted run goes on from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.errors import unwritable


class Journal:
    """Rows by key, kept in a file to which each new one is added at once. A line that was cut short is passed over.

    In memory is only where each row stands: of a long clip they are many.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, int] = {}
        with self._in_words():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
            self._file.seek(0)
            end, last = 0, b"\n"
            for last in self._file:
                if (found := _row(last)) is not None:
                    self._places[found[0]] = end
                end += len(last)
            if not last.endswith(b"\n"):
                self._file.write(b"\n")

    def get(self, key: str) -> Any:
        """The newest row of a key, None where there is none."""
        if key not in self._places:
            return None
        with self._in_words():
            self._file.seek(self._places[key])
            found = _row(self._file.readline())
        return found[1] if found is not None and found[0] == key else None

    def add(self, key: str, row: Any) -> None:
        """Raises DiskFull or SemrenderError where the disk refuses."""
        with self._in_words():
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(json.dumps([key, row], ensure_ascii=False).encode() + b"\n")
            self._file.flush()
        self._places[key] = place

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._places))

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        with self._in_words():
            self._file.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            cause = error.strerror or str(error)
            words = "what was found cannot be kept"
            raise unwritable(error)(words, file=self._path, cause=cause, remedy="Free space") from error


def _row(line: bytes) -> tuple[str, Any] | None:
    """Key and row of a line, None where it is none."""
    try:
        key, row = json.loads(line.decode(errors="replace"))
    except (ValueError, TypeError):
        return None
    return str(key), row

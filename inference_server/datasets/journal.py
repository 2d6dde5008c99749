"""What a run found out, a line of JSON for each thing: an interrupted run goes on from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from shared.errors import SemrenderError


class Journal:
    """Rows by key, kept in a file to which each new one is added at once. A line that was cut short is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Any] = {}
        with self._in_words():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            self._file: IO[str] = path.open("a", encoding="utf-8")
            if text and not text.endswith("\n"):
                self._file.write("\n")
        for line in text.splitlines():
            with suppress(ValueError, TypeError):
                key, row = json.loads(line)
                self._rows[str(key)] = row

    def get(self, key: str) -> Any:
        """The newest row of a key, None where there is none."""
        return self._rows.get(key)

    def add(self, key: str, row: Any) -> None:
        """Raises SemrenderError where the disk refuses."""
        self._rows[key] = row
        with self._in_words():
            self._file.write(json.dumps([key, row], ensure_ascii=False) + "\n")
            self._file.flush()

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows))

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
            raise SemrenderError("what was found cannot be kept", file=self._path, cause=cause) from error

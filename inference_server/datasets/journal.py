"""What a run found out, a line of JSON for each thing: an interrupted run goes on from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


class Journal:
    """Rows by key, kept in a file to which each new one is added at once. A line that was cut short is passed over."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._rows: dict[str, Any] = {}
        whole = True
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            whole = not text or text.endswith("\n")
            for line in text.splitlines():
                try:
                    key, row = json.loads(line)
                except (ValueError, TypeError):
                    continue
                self._rows[str(key)] = row
        self._file: IO[str] = path.open("a", encoding="utf-8")
        if not whole:
            self._file.write("\n")

    def get(self, key: str) -> Any:
        """The newest row of a key, None where there is none."""
        return self._rows.get(key)

    def add(self, key: str, row: Any) -> None:
        self._rows[key] = row
        self._file.write(json.dumps([key, row], ensure_ascii=False) + "\n")
        self._file.flush()

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows))

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

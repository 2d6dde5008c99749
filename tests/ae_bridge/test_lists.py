"""Lists of deliveries that two write at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from deliveries import deliver, layer, shot

from ae_bridge import inbox

FRAMES = range(1, 2)


def test_what_is_added_while_the_index_is_written_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who add at once each reads the entries before the other's is there: who writes last has seen all."""
    inbox.watch(tmp_path)
    mine, theirs = (deliver(tmp_path / n, shot(FRAMES), layer(tmp_path / n, "train", FRAMES)) for n in ("a", "b"))
    inbox.drop(theirs)
    index = inbox.list_of(tmp_path).index
    [(entry, text)] = [(one, one.read_bytes()) for one in (tmp_path / inbox.ENTRIES).iterdir()]
    entry.unlink()
    index.unlink()
    write = inbox._write

    def slowly(of: inbox.Listing, file: Path, data: dict[str, Any]) -> None:
        if file == index and not entry.exists():
            entry.write_bytes(text)
        write(of, file, data)

    monkeypatch.setattr(inbox, "_write", slowly)
    inbox.drop(mine)
    assert sorted(one["folder"] for one in json.loads(index.read_text("utf-8"))["entries"]) == ["a", "b"]

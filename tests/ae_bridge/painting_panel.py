"""A panel that sees the real disk, with a real server behind its door."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from fake_host import Node
from panel_steps import HOME, LIST, Panel, on_disk

from ae_bridge import doorway, inbox


class Painting(Panel):
    """A panel that sees what is on the real disk: list, door, deliveries and their pictures."""

    def __init__(self, node: Node, **options: Any) -> None:
        super().__init__(node, **options)
        self.see("Refresh")

    def see(self, *clicks: str) -> None:
        files: dict[str, Any] = {}
        places = {f"{HOME}/doorway.json": doorway.doorway_file(), f"{HOME}/watched.json": inbox.watched_file()}
        lists = [inbox.own_list(), *(inbox.list_of(folder) for folder in inbox.watched())]
        places[f"{HOME}/inbox/index.json"] = lists[0].index
        places |= {one.index.as_posix(): one.index for one in lists[1:]}
        for place, file in places.items():
            if file.is_file():
                files[place] = {"text": file.read_text("utf-8"), "modified": file.stat().st_mtime}
            else:
                self.take(place)
        for folder in {Path(entry["folder"]) for one in lists for entry in inbox.entries(one)}:
            files |= {path: {"text": text} for path, text in on_disk(folder).items()}
            for beside in (folder, *folder.parent.glob(f"{folder.name}_preview")):
                self.put(*(file.as_posix() for file in beside.rglob("*.png")))
        self.node.ask(op="disk", put=files)
        self.click(*clicks)

    def until(self, words: str, seconds: float = 60.0) -> list[str]:
        """What is said, click by click, until it says so."""
        seen: list[str] = []
        until = time.monotonic() + seconds
        while not seen or words not in seen[-1]:
            assert time.monotonic() < until, seen
            self.see()
            self.run(f"ui.press({json.dumps(LIST)})")
            seen.append(self.status)
        return seen

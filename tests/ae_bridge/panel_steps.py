"""What the tests of the panel share: a panel in the strict fake, and what an artist does in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fake_host import SRC, AfterEffects, Node, core_sources, pictures

from ae_bridge import build

HOME = "/home/semrender/after_effects"
LIST = "Painted shots, newest first. Double-click to show the comp."
MODEL = "What paints. The list comes from the server."
SEED = "A whole number from 0. The same seed gives the same painting. Empty: every layer keeps its own."
LAYER = "Which layer of the delivery is painted otherwise."
HOLD = "How still the frames hold."
SCALE = "How large the texture is in the frame; of all layers alike."
FIND = "Search: only shots whose name, sequence, folder or state has these words."
PICTURE = "What the model makes another picture of. Selected Layer: the footage of one of the active comp."

MATTES = "The class mattes of the shot in the active comp; several become one."

Data = dict[str, Any]
Sources = dict[str, str]
Open = Callable[..., "Panel"]


@cache
def panel_sources() -> Sources:
    """The files of the panel by name, in the order that panel.jsx gives, without those of the core."""
    folder = SRC.parent / "panel"
    own = [name for name in build.INCLUDE.findall((folder / "panel.jsx").read_text("ascii")) if "/" not in name]
    return {name: (folder / name).read_text("ascii") for name in [*own, "panel.jsx"]}


class Panel(AfterEffects):
    """One session of After Effects with the panel in it; docked where a size is given."""

    def __init__(
        self,
        node: Node,
        sources: Sources | None = None,
        docked: tuple[int, int] | None = None,
        files: Data | None = None,
        **options: Any,
    ) -> None:
        own = dict(sources or panel_sources())
        self.entry = own.pop("panel.jsx")
        super().__init__(node, {**core_sources(), **own}, plugins=["scriptui"], mayTouchFiles=True, **options)
        self.docked = docked
        self.write(files or {})
        self.open()

    def open(self) -> None:
        code = self.entry
        if self.docked:
            self.run(f"ui.dock({self.docked[0]}, {self.docked[1]})")
            code = code.replace("}(this));", "}(new Panel()));")
        self.run(code)

    def write(self, files: Data) -> None:
        """Texts, or what becomes JSON, on the disk of the fake."""
        texts = {path: {"text": one if isinstance(one, str) else json.dumps(one)} for path, one in files.items()}
        self.node.ask(op="disk", put=texts)

    # --- what an artist does ---

    def click(self, *words: str) -> None:
        for one in words:
            self.run(f"ui.click({json.dumps(one)})")

    def type(self, tip: str, text: str) -> None:
        self.run(f"ui.type({json.dumps(tip)}, {json.dumps(text)})")

    def choose(self, tip: str, words: str) -> None:
        """The first entry of a dropdown that begins so."""
        at = next(n for n, row in enumerate(self.named(tip)["rows"]) if row[0].startswith(words))
        self.run(f"ui.find({json.dumps(tip)}).selection = {at};")

    def select(self, *rows: int) -> None:
        """Rows of the list."""
        self.pick(LIST, *rows)

    def pick(self, tip: str, *rows: int) -> None:
        found = json.dumps(tip)
        self.run(f"ui.press({found}); ui.find({found}).selection = null; ui.find({found}).selection = {list(rows)};")

    # --- what an artist sees ---

    @property
    def window(self) -> Data:
        found: Data = self.run("ui.tree()[0]")
        return found

    def controls(self, kind: str) -> list[Data]:
        found, waiting = [], [self.window]
        while waiting:
            one = waiting.pop(0)
            waiting += one["children"]
            found += [one] if one["kind"] == kind else []
        return found

    @property
    def rows(self) -> list[list[str]]:
        """Shot, version and state of each row."""
        return list(self.named(LIST)["rows"])

    @property
    def status(self) -> str:
        return str(self.window["children"][-1]["text"])

    @property
    def report(self) -> str:
        return str(self.window["children"][-2]["text"])

    def named(self, tip: str) -> Data:
        """The control of a tip."""
        kinds = ("dropdownlist", "edittext", "statictext", "checkbox", "button", "listbox", "progressbar")
        return next(one for kind in kinds for one in self.controls(kind) if one["tip"] == tip)

    def enabled(self, words: str) -> bool:
        return bool(next(one for one in self.controls("button") if one["text"] == words)["enabled"])

    # --- deliveries that nobody painted ---

    def put_delivery(self, delivery: Data, folder: str) -> Data:
        """The files of a delivery; returns its entry for an index."""
        self.put(*pictures(delivery, folder))
        self.write({f"{folder}/delivery.json": delivery})
        return entry_of(delivery, folder)

    def put_inbox(self, *entries: Data) -> None:
        self.write({f"{HOME}/inbox/index.json": index(*entries)})


def entry_of(delivery: Data, folder: str) -> Data:
    shot = delivery["shot"]
    found = {name: shot[name] for name in ("uid", "name", "version")}
    return {**found, "deliveryId": delivery["delivery_id"], "created": delivery["created"], "folder": folder}


def index(*entries: Data) -> Data:
    return {"schema": "semrender.inbox", "schema_version": 1, "entries": list(entries)}


def on_disk(folder: Path) -> Data:
    """A painted delivery of the real disk, for `Panel.write`."""
    texts = [folder / "delivery.json", *folder.rglob("*.comp.json")]
    return {file.as_posix(): file.read_text("utf-8") for file in texts if file.is_file()}

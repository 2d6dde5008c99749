"""Layers that walk, repainted from the panel by a real server and a small generator: pixels, sound, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fake_host import Node
from painting_panel import Painting
from panel_steps import LAYER, MODEL, PICTURE
from PIL import Image
from scenarios_walk import DRIVE, EASE, KEYS, NUMBER, POINT, SOUND, WAY, shown, table

from ae_bridge import inbox
from shared.client import Client
from shared.delivery import read_delivery
from tests.inference_server import runway_models
from tests.inference_server.servers import running_server
from tests.inference_server.walkers import add_generator
from tests.shared.sound_files import click, clip_with_sound, sound_file

TRUNCATION = "below 1 nearer to the average: less odd, less various"
CLASS = "of seeds that name none"


@pytest.fixture
def server(state_folder: Path, add_sleep_model: Any) -> Iterator[Client]:
    add_generator()
    add_generator("classes", c_dim=3)
    add_sleep_model()
    with running_server() as client:
        yield client


def paint(server: Client, out: Path, **more: Any) -> None:
    """A shot of six frames whose layer walks from seed 1 to 5."""
    layer = {"name": "a", "model": "face", "walk": {"keys": [{"seed": 1}, {"seed": 5}]}}
    shot = {"name": "s", "fps": 24, "first": 1001, "last": 1006, "layers": [layer], **more}
    job = server.submit({"shot": shot, "base": str(out.parent), "out": str(out)})
    assert list(server.watch(job))[-1]["event"] == "done"
    inbox.drop(out)


def picture(folder: Path, frame: int, layer: str = "a") -> npt.NDArray[Any]:
    return np.asarray(Image.open(folder / layer / f"s_{layer}.{frame}.png"))


def test_a_walk_is_changed_and_painted_again(node: Node, server: Client, tmp_path: Path) -> None:
    out = tmp_path / "sh"
    paint(server, out)
    session = Painting(node, docked=(250, 400))
    session.click("Import", "Repaint", "Connect", "Walk")
    assert table(session) == [["1001", "seed 1", ""], ["1006", "seed 5", ""]]
    session.choose(WAY, "At Frames")
    session.artist("item('s').openInViewer(); item('s').time = 3 / 24;")
    session.type(NUMBER, "9")
    session.choose(EASE, "hold")
    session.click("Add")
    assert [row[:2] for row in table(session)] == [["1001", "seed 1"], ["1004", "seed 9"], ["1006", "seed 5"]]

    session.click("Repaint", "Preview Frame")
    assert "frame 1004" in session.status
    session.until("Painted")
    session.click("Paint")
    session.until("Painted")
    take = tmp_path / "sh_take002"
    assert (picture(take, 1001) == picture(out, 1001)).all() and (picture(take, 1006) == picture(out, 1006)).all()
    assert (picture(take, 1004) == picture(take, 1005)).all() and (picture(take, 1004) != picture(out, 1004)).any()
    preview = np.asarray(Image.open(tmp_path / "sh_preview" / "a" / "s_a.1004.png"))
    assert (preview == picture(take, 1004)).all()
    session.click("Shots")
    session.see("Refresh")
    session.select(0)
    session.click("Update", "Repaint", "Connect", "Walk")
    assert session.rows[0][2] == "In project" and [row[2] for row in table(session)] == ["", "hold", ""]

    session.click("Options")
    session.type(TRUNCATION, "0")
    session.click("Repaint", "Paint")
    session.until("Painted")
    flat = tmp_path / "sh_take003"
    assert (picture(flat, 1001) == picture(flat, 1006)).all(), "all of it is the average"


def test_a_w_file_and_a_sound_from_elsewhere(node: Node, server: Client, tmp_path: Path) -> None:
    out, voice = tmp_path / "sh", tmp_path / "voice.wav"
    paint(server, out)
    np.savez(tmp_path / "kirk.npz", w=np.zeros((2, 16), np.float32))
    sound_file(voice, "pcm_s16le", click(9000, 12000, 1), 48000)
    session = Painting(node, docked=(250, 400))
    session.click("Repaint", "Connect", "Walk")
    session.choose(SOUND, "File...")
    assert session.named(SOUND)["chosen"] == "As Painted", "a dialog that was left"
    session.run(f'ui.choose("{voice.as_posix()}")')
    session.choose(SOUND, "File...")
    session.choose(DRIVE, "music")
    session.pick(KEYS, 1)
    session.run(f'ui.choose("{(tmp_path / "kirk.npz").as_posix()}")')
    session.choose(POINT, "W File...")
    session.type(NUMBER, "1")
    session.click("Change", "Repaint", "Paint")
    session.until("Painted")
    take = read_delivery(tmp_path / "sh_take002")
    assert len(take.audio) == 1 and not read_delivery(out).audio
    differs = [n for n in range(1001, 1007) if (picture(tmp_path / "sh_take002", n) != picture(out, n)).any()]
    assert 1006 in differs

    session.click("Shots")
    session.see("Refresh")
    session.select(0)
    session.click("Repaint", "Connect", "Walk")
    assert session.named(SOUND)["chosen"] == "As Painted (voice.wav)" and table(session)[1][1] == "kirk.npz 1"
    assert session.named(DRIVE)["chosen"] == "As Painted (3 routes)"
    session.pick(KEYS, 1)
    session.type(NUMBER, "7")
    session.click("Change", "Repaint", "Paint")
    assert "7" in session.until("failed")[-1], "the file has two rows"


def test_a_layer_of_passes_goes_through_a_generator(
    node: Node, server: Client, colour_frames: Any, tmp_path: Path
) -> None:
    """It is cut by its labels; the other layer stays; a model without labels is listed for what it is."""
    labels = colour_frames(count=6)
    layer = {"model": "stand-in", "labels": str(labels / "shot.####.png")}
    paint(server, tmp_path / "sh", layers=[{**layer, "name": "a"}, {**layer, "name": "b"}])
    session = Painting(node, docked=(250, 400))
    session.click("Repaint", "Connect")
    session.choose(LAYER, "b")
    at = max(n for n, row in enumerate(session.named(MODEL)["rows"]) if row == ["A small generator"])
    session.run(f"ui.find({json.dumps(MODEL)}).selection = {at};")
    session.click("Walk")
    assert table(session) == [["1001", "seed 0", ""]]
    session.click("Repaint", "Paint")
    session.until("Painted")
    take = read_delivery(tmp_path / "sh_take002")
    assert [one.provenance.model for one in take.layers if one.role == "painting"] == ["stand-in", "face"]
    frames = [picture(tmp_path / "sh_take002", n, "b")[..., :3] for n in (1001, 1006)]
    assert (frames[0] == frames[1]).all(), "one keyframe is a still picture"


def test_a_model_of_classes_shows_its_class(node: Node, server: Client, tmp_path: Path) -> None:
    walk = {"keys": [{"seed": 1, "class": 2}, {"seed": 5}]}
    paint(server, tmp_path / "sh", layers=[{"name": "a", "model": "classes", "walk": walk}])
    session = Painting(node, docked=(250, 400))
    session.click("Repaint", "Connect", "Walk")
    assert [row[1] for row in table(session)] == ["seed 1 class 2", "seed 5"]
    session.click("Options")
    assert session.named(CLASS)["text"] == "0"
    session.type(CLASS, "1")
    session.click("Repaint", "Paint")
    session.until("Painted")
    take = tmp_path / "sh_take002"
    assert (picture(take, 1001) == picture(tmp_path / "sh", 1001)).all(), "the seed that names its class"
    assert (picture(take, 1006) != picture(tmp_path / "sh", 1006)).any()


GAIN = """
inputs = {"image": image, "gain": number(default=1, min=0, max=2, step=0.5)}
@runway.command("make", inputs=inputs, outputs={"o": image})
def make(model, inputs):
    return np.array(inputs["image"]) * inputs["gain"]
runway.run()
"""


def test_a_clip_through_a_model_of_runway_shows_its_controls(node: Node, server: Client, tmp_path: Path) -> None:
    """The clip stays the layer's picture; of the model's numbers what was touched is asked for."""
    card, _ = runway_models.add(runway_models.write(tmp_path / "gain", GAIN))
    clip = tmp_path / "plate.mp4"
    clip_with_sound(clip, Fraction(24), 6, 3)
    paint(server, tmp_path / "sh", layers=[{"name": "a", "model": card.name, "picture": "plate.mp4"}])
    session = Painting(node, docked=(250, 400))
    session.click("Import", "Repaint", "Connect", "Walk")
    assert session.named(MODEL)["chosen"] == f"As Painted ({card.title})" and not shown(session, KEYS)
    session.click("Options")
    assert session.named(PICTURE)["chosen"] == "As Before"
    (gain,) = [one for one in session.controls("edittext") if one["text"] == "1" and one["tip"]]
    session.type(gain["tip"], "0")
    session.click("Repaint", "Paint")
    session.until("Painted")
    take = tmp_path / "sh_take002"
    assert picture(take, 1003)[..., :3].max() == 0 and read_delivery(take).audio

"""Pictures become points of a generator: its own come back, others are told how far off they are."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models.base import load_model
from inference_server.models.catalogue import find_card
from inference_server.models.stylegan.projection import Found, Wish, decibels, inside, load
from semrender.commands import main
from shared.w_files import read_points
from tests.conftest import ROOT, semrender
from tests.inference_server.walkers import add_generator, add_reference

FACE = ROOT / "tests" / "data" / "faces" / "astronaut.jpg"


def own_picture(model, seed):
    """(R, R, 3) 0..1 that a generator paints of a seed."""
    z = torch.tensor(np.random.RandomState(seed).randn(1, model.net.z_dim), dtype=torch.float32)
    with torch.inference_mode():
        made = model.net.draw(model.net.truncate(model.net.map(z), 1.0), model.stored)
    return ((made[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0).numpy()


def in_codes(picture):
    return (picture * 255 + 0.5).astype(np.uint8)


@pytest.fixture
def face(state_folder):
    return add_generator()


def project(*arguments):
    return main(["project", *map(str, arguments)])


def test_the_references_own_picture_comes_back(data_folder, state_folder):
    card = find_card(add_reference(data_folder))
    own = in_codes(own_picture(load_model(card), 5)).astype(np.float32) / 255
    found = load(card, "cpu", 0).project(own, Wish(), lambda *_: None)
    assert found.words == "found"
    assert found.decibels >= 35 and np.ptp(found.ws, axis=0).max() == 0


def test_a_picture_is_the_same_point_alone_and_among_others_and_a_walk_paints_it(face, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = load_model(find_card(face))
    Image.fromarray(in_codes(own_picture(model, 3))).save("own.png")
    given = ("--model", face, "--steps", 40)
    assert project("own.png", *given, "--out", "one.npz") == 0
    assert project(FACE, "own.png", *given, "--out", "two.npz") == 0
    one, two = read_points(tmp_path / "one.npz"), read_points(tmp_path / "two.npz")
    assert one.dtype == np.float32 and one.shape == (1, 8, 16) and two.shape == (2, 8, 16)
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if "own.png:" in line and " dB" in line and line.startswith("1"))
    assert np.array_equal(two[int(row[0])], one[0])
    again = (tmp_path / "one.npz").read_bytes()
    assert project("own.png", *given, "--out", "one.npz") == 0 and (tmp_path / "one.npz").read_bytes() == again
    with Image.open("two.png") as sheet:
        assert sheet.width >= 3 * 256
    done = semrender(
        "render",
        "--model",
        face,
        "--seeds",
        "one.npz",
        "--frames",
        "1-1",
        "--option",
        "psi=0.3",
        "--out",
        "out",
        "--no-aep",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    painted = np.asarray(Image.open(next((tmp_path / "out" / face).glob("*.png"))).convert("RGB"))
    with torch.inference_mode():
        wanted = model.net.draw(torch.from_numpy(one), model.stored)[0]
    assert np.abs(in_codes(((wanted + 1) / 2).clamp(0, 1).permute(1, 2, 0).numpy()).astype(int) - painted).max() <= 1


def test_points_for_each_layer_are_nearer_and_another_seed_is_another_search(face):
    projector = load(find_card(face), "cpu", 0)
    picture = np.asarray(Image.open(FACE).convert("RGB").resize((32, 32)), np.float32) / 255
    told = []
    one, layers = (
        projector.project(picture, Wish(space, 120), lambda *words: told.append(words)) for space in ("w", "w+")
    )
    assert layers.decibels > one.decibels and np.ptp(layers.ws, axis=0).max() > 0
    first = told[: len(told) // 2]
    shares, near = zip(*first, strict=True)
    assert list(shares) == sorted(shares) and shares[-1] == 1 and near.count(None) == len(near) - 120
    assert near[-1] > near[-120] + 1
    other = load(find_card(face), "cpu", 1).project(picture, Wish("w", 5), lambda *_: None)
    assert not np.array_equal(other.ws, projector.project(picture, Wish("w", 5), lambda *_: None).ws)


def test_classes_are_all_in_the_world(state_folder):
    projector = load(find_card(add_generator(c_dim=3)), "cpu", 0)
    assert projector.painted.shape == (129, 16)


def test_what_is_brighter_than_white_is_white(face):
    target = torch.tensor([1.0, 1.0, 0.5, -1.0])
    made = inside(torch.tensor([1.7, 0.2, 1.7, -9.0]), target)
    assert made.tolist() == pytest.approx([1.0, 0.2, 1.7, -1.0])


def test_how_far_off_it_is_is_said_in_words():
    words = [Found(np.zeros(1), np.zeros(1), dB).words for dB in (31, 25, 12)]
    assert words == ["found", "near", "not of this model's world"]
    assert decibels(np.zeros((2, 2, 3)), np.full((2, 2, 3), 0.1)) == pytest.approx(20)


def test_any_picture_is_cut_and_what_was_done_is_said(face, tmp_path, capsys):
    square = np.asarray(Image.open(FACE).convert("RGB"))
    Image.fromarray(square[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(square[..., 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(np.dstack([square, np.full(square.shape[:2], 90, np.uint8)])).save(tmp_path / "clear.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(square[:200]).save(tmp_path / "turned.jpg", exif=turned)
    Image.fromarray(square[:9, :9]).save(tmp_path / "tiny.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "grey.png").read_bytes()[:300])
    assert project(tmp_path, "--model", face, "--steps", 1, "--out", tmp_path / "o" / "a.npz", "--json") == 4
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    done = events[-1]
    told = {one["name"]: " ".join(one["told"]) for one in done["points"]}
    assert set(told) == {"grey.png", "deep.png", "clear.png", "turned.jpg", "tiny.png"}
    assert "grey" in told["grey.png"] and "16 bits" in told["deep.png"] and "transparent" in told["clear.png"]
    assert "upright" in told["turned.jpg"] and "200x320 cut to 32x32" in told["turned.jpg"]
    assert "9x9 cut to 32x32" in told["tiny.png"]
    assert "cut.png" in done["faults"][0]["where"] and len(done["walk"]["keys"]) == 5
    assert read_points(tmp_path / "o" / "a.npz").shape == (5, 8, 16)


def test_the_face_is_cut_as_the_model_learnt_it(face, tmp_path, capsys):
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "black.png")
    given = ("--model", face, "--steps", 1, "--crop", "ffhq", "--out", tmp_path / "a.npz")
    assert project(FACE, tmp_path / "black.png", *given) == 4
    said = capsys.readouterr().out
    assert "cut to 32x32 (ffhq)" in said and "black.png: there is no face in this picture" in said
    assert project(tmp_path / "black.png", *given) == 3
    assert "none of the pictures can be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (("gone.png", "--model", "face", "--out", "a.npz"), 3, "gone.png"),
        ((FACE, "--model", "face", "--out", "a.txt"), 2, "is no w file"),
        ((FACE, "--model", "countryside", "--out", "a.npz"), 3, "paints no points, its family is"),
        ((FACE, "--model", "fase", "--out", "a.npz"), 3, "Did you mean face?"),
    ],
)
def test_what_cannot_be_is_said(face, arguments, code, words, capsys):
    assert project(*arguments) == code
    assert words in capsys.readouterr().err


def test_points_and_seeds_together_are_keyframes(face, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "a.npz", w=np.zeros((2, 16), np.float32))
    given = ("check", "--model", face, "--frames", "1-9", "--seeds")
    assert main([*given, "5,a.npz,a.npz:1,7"]) == 0
    assert "walk read from 5 keyframes" in capsys.readouterr().out
    for seeds, code, words in (
        ("a.npz:2", 3, "has 2 points, and number 2 is asked for"),
        ("b.npz", 3, "the w file is not there"),
        ("kirk", 2, "'kirk' is no seed and no w file"),
    ):
        assert main([*given, seeds]) == code
        assert words in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_leaves_nothing_half_written(face, tmp_path):
    command = [sys.executable, "-m", "semrender", "project", str(FACE), "--model", face, "--steps", "1000000"]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--out", str(tmp_path / "a.npz")], cwd=ROOT, **told) as running:
        for line in running.stdout:
            if "%," in line and "dB" in line:
                break
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and "stopped, and nothing was written" in said and "Traceback" not in said
    assert not list(tmp_path.iterdir()) and time.monotonic() - began < 60

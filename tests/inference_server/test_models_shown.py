"""`semrender models show` and `remove`: what a model knows, a picture per look, a question before it goes."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inference_server.models import catalogue
from shared import places
from shared.label_set import load_label_set
from tests.conftest import ROOT, semrender


def test_show_names_every_class_its_relatives_every_option_and_the_licence():
    done = semrender("models", "show", "countryside")
    card, labels = catalogue.find_card("countryside"), load_label_set("coco_stuff")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for identity in (*card.labels.trained, *card.labels.fallbacks):
        assert labels.by_id(identity).name in text
    for words in ("look=summer (summer, overcast, golden, autumn)", "precision=float32 (float32, half, auto)"):
        assert words in text
    assert "Apache-2.0" in text and "256x144" in text and "another grain" in text


def test_show_names_every_input_and_how_it_is_given(add_sleep_model):
    inputs = {"picture": {"needed": True}, "normal": {"needed": True}, "reference": {}, "walk": {}, "audio": {}}
    inputs["shading"] = {}
    amount = {"name": "amount", "kind": "integer", "default": 3, "min": 1}
    add_sleep_model("toy", inputs=inputs, options=[amount, {"name": "soft", "kind": "boolean", "default": True}])
    rows = semrender("models", "show", "toy").stdout.splitlines()
    assert [row.split(maxsplit=1)[1] for row in rows if row.startswith(("input", "option"))] == [
        'picture, needed: the frames that are named, or "picture" of a layer in shot.json',
        'normal, needed: --normal PATTERN, or "normal" of a layer in shot.json',
        'shading, used where it is there: --shading PATTERN, or "shading" of a layer in shot.json',
        'audio, used where it is there: --audio FILE, or "audio" in shot.json',
        'walk, used where it is there: --seeds A,B,C, or "walk" of a layer in shot.json',
        'reference, used where it is there: --reference FILE, or "reference" of a layer in shot.json',
        "amount=3 (integer, 1..)",
        "soft=true (true, false)",
    ]
    assert "picture, normal, (shading), (audio), (walk), (reference)" in semrender("models").stdout


def test_a_picture_of_every_look(tmp_path):
    """Each is painted by the model itself: the looks differ from each other."""
    out = tmp_path / "looks" / "countryside.png"
    done = semrender("models", "show", "countryside", "--out", out)
    assert done.returncode == 0 and str(out) in done.stdout, done.stderr
    with Image.open(out) as sheet:
        pixels = np.asarray(sheet, float)
    looks = np.array_split(pixels[24:, : pixels.shape[1]], 5, axis=1)  # labels and four looks
    means = [part.mean((0, 1)) for part in looks]
    assert all(abs(a - b).max() > 3 for n, a in enumerate(means) for b in means[:n])
    assert list(out.parent.iterdir()) == [out]


def test_a_model_is_not_removed_without_being_asked(add_sleep_model):
    folder = places.models_folder() / add_sleep_model("mine")
    done = semrender("models", "remove", "mine", stdin=subprocess.DEVNULL)
    assert done.returncode == 3 and "Say --yes" in done.stderr and folder.is_dir()
    done = semrender("--json", "models", "remove", "mine")
    assert done.returncode == 3 and folder.is_dir()
    assert semrender("models", "remove", "mine", "--yes").returncode == 0 and not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no terminal to imitate")
@pytest.mark.parametrize(("answer", "code"), [("n", 130), ("", 130), ("yes", 0)])
def test_who_sits_at_a_terminal_is_asked(answer, code, add_sleep_model):
    folder = places.models_folder() / add_sleep_model("mine")
    import pty

    there, here = pty.openpty()
    os.write(there, f"{answer}\n".encode())
    command = [sys.executable, "-m", "semrender", "models", "remove", "mine"]
    done = subprocess.run(command, stdin=here, capture_output=True, text=True, cwd=ROOT)
    os.close(there)
    os.close(here)
    assert "for good? [y/N]" in done.stdout and done.returncode == code
    assert folder.is_dir() == (code != 0)

"""Fixtures that several rooms' tests share: a state folder of its own per test, a stand-in model, real data."""

import os
import signal
import subprocess
import sys
from pathlib import Path

# Before numpy and torch look: the suite's processes have one processor each. numba's threads would raise torch's.
os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"
import numpy as np
import pytest
from PIL import Image

from inference_server.models import sleep
from shared.label_set import load_label_set
from tests.npm import node_modules as node_modules

ROOT = Path(__file__).resolve().parent.parent
# The tests start some thousand processes; where the environment forbids to keep compiled modules, as containers like
# to, each would compile the whole product anew, a second of it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background of a script; commands would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def state_folder(tmp_path_factory, monkeypatch):
    """No test sees or touches the user's own models, servers and logs."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("SEMRENDER_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def data_folder():
    """The large reference data; tests that need it say so when it is not there."""
    folder = Path(os.environ.get("SEMRENDER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the reference data is not here: name its folder in SEMRENDER_DATA")
    return folder


@pytest.fixture
def add_sleep_model(state_folder):
    """Adds a stand-in model that sleeps and paints flat colours, quick and torch-free."""

    def add(name="stand-in", seconds=0.0, **changes):
        sleep.add(name, seconds, **changes)
        return name

    return add


@pytest.fixture
def gate(state_folder):
    """How many paintings a stand-in with `config={"seconds": 0, "gate": True}` may begin; None = all.

    So what a test waits for is in that state until the test lets it go on, however busy the machine is.
    """

    def let(count):
        word, beside = state_folder / "gate", state_folder / "gate.new"
        if count is None:
            word.unlink(missing_ok=True)
        else:
            beside.write_text(str(count))
            beside.replace(word)

    let(0)
    return let


@pytest.fixture
def add_gated_model(add_sleep_model, gate):
    """Adds a stand-in that paints as many frames as `gate` lets it, none at first."""
    return lambda name="stand-in", **changes: add_sleep_model(name, config={"seconds": 0, "gate": True}, **changes)


@pytest.fixture
def colour_frames(tmp_path):
    """Writes label frames in the set's own colours: a tree grows over grass under a sky."""

    def write(folder="labels", name="shot", first=1001, count=4, size=(64, 36), only=None):
        labels = load_label_set("coco_stuff")
        colours = labels.palettes["runway"].colors
        grass, sky, tree = (labels.find(n).id for n in ("grass", "sky", "tree"))
        target = tmp_path / folder
        target.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            ids = np.full((size[1], size[0]), sky, np.uint16)
            ids[size[1] // 2 :] = grass
            ids[size[1] // 3 :, 8 + number : 24 + number] = tree
            pixels = np.zeros((*ids.shape, 4), np.uint8)
            for identity in (grass, sky, tree):
                pixels[ids == identity] = (*colours[identity], 255)
            if only is not None:
                pixels[ids != labels.find(only).id] = 0
            Image.fromarray(pixels).save(target / f"{name}.{first + number}.png")
        return target

    return write


def semrender(*arguments, seconds=120, **options):
    """Run the real command; returns the finished process with its text."""
    command = [sys.executable, "-m", "semrender", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, encoding="utf-8", **options)

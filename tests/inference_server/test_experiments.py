"""The recipes of docs/experiments.md: each command as it stands there, with fewer frames."""

import re
import shlex

import pytest

from shared.delivery import read_delivery
from tests.conftest import ROOT, semrender

# What is added to a recipe's command so that it takes seconds; the demo takes no frames: its shot is painted instead.
SHORTER = {
    "Ride the Train": ["--frames", "1001-1002", "--layer", "train"],
    "Put a GAN on it": ["--frames", "11-13"],
}
DEMO = ["render", "examples/ride_the_train/shot.json", "--out", "painted/ride_the_train"]


def recipes():
    """Title -> the first block of commands below it, word by word."""
    page = (ROOT / "docs" / "experiments.md").read_text("utf-8")
    found = {}
    for part in page.split("\n## ")[1:]:
        block = re.search(r"```sh\n(.*?)```", part, re.S)
        found[part.splitlines()[0]] = [shlex.split(line) for line in block[1].splitlines()]
    return found


def test_every_recipe_is_tried():
    assert recipes().keys() == SHORTER.keys()


@pytest.mark.parametrize("title", SHORTER)
def test_a_recipe_makes_what_the_page_says(title, tmp_path, state_folder):
    (command,) = recipes()[title]
    assert command[0] == "semrender"
    words = DEMO if command[1:] == ["demo"] else command[1:]
    done = semrender(*[here(word) for word in [*words, *SHORTER[title]]], cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (out,) = (tmp_path / "painted").iterdir()
    delivery = read_delivery(out)
    assert (out / "movie.mp4").exists() and list(out.glob("*.aep")) and delivery.layers
    assert bool(delivery.audio) == (title != "Ride the Train")


def here(word):
    return str(ROOT / word) if word.startswith("examples/") else word

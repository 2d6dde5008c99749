"""The recipes of docs/experiments.md: each command as it stands there, with less to do."""

import re
import shlex

import pytest

from inference_server.models.catalogue import find_card
from shared.delivery import read_delivery
from tests.conftest import ROOT, semrender

# What a recipe's command says otherwise, so that it takes seconds.
SHORTER = {
    "Ride the Train": {"--frames": "1001-1002", "--layer": "train"},
    "Put a GAN on it": {"--frames": "11-13"},
    "YangGAN": {"--frames": "1-3"},
    "ShatnerGAN": {"--every": "25", "--size": "16", "--hours": "0.001"},
    "Motion": {},
}
DEMO = ["render", "examples/ride_the_train/shot.json", "--out", "painted/ride_the_train"]  # takes no frames itself


def recipes():
    """Title -> the commands of the first block below it, word by word."""
    page = (ROOT / "docs" / "experiments.md").read_text("utf-8")
    found = {}
    for part in page.split("\n## ")[1:]:
        (line,) = re.search(r"```sh\n(.*?)\n```", part, re.S)[1].splitlines()
        found[part.splitlines()[0]] = [shlex.split(command) for command in line.split("&&")]
    return found


def shorter(words, values):
    """The words with other values, of options that are there; those that are nowhere are added to what is rendered."""
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in words]
    for name, value in values.items():
        if name in words:
            words[words.index(name) + 1] = value
        elif words[0] == "render":
            words += [name, value]
    return words


def run(title, folder):
    for name, *words in recipes()[title]:
        assert name == "semrender"
        done = semrender(*shorter(DEMO if words == ["demo"] else words, SHORTER[title]), cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_recipe_is_tried():
    assert recipes().keys() == SHORTER.keys()


@pytest.mark.parametrize("title", ["Ride the Train", "Put a GAN on it", "YangGAN"])
def test_a_recipe_paints_a_comp_with_its_sound(title, tmp_path, state_folder):
    run(title, tmp_path)
    (out,) = (tmp_path / "painted").iterdir()
    delivery = read_delivery(out)
    assert (out / "movie.mp4").exists() and list(out.glob("*.aep")) and delivery.layers
    assert bool(delivery.audio) == (title != "Ride the Train")


def test_a_collection_becomes_a_generator(tmp_path, state_folder):
    run("ShatnerGAN", tmp_path)
    assert len(list((tmp_path / "painted" / "engines" / "pictures").glob("*.png"))) == 32
    assert find_card("engines").family == "stylegan"


def test_somebody_is_brought_to_one_size(tmp_path, state_folder):
    run("Motion", tmp_path)
    assert len(list((tmp_path / "painted" / "motion" / "person_1").glob("*.png"))) == 48

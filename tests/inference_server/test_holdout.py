"""A layer is cut where another one stands before it."""

import json

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.label_set import load_label_set
from shared.shot import Shot
from tests.conftest import semrender

TRAIN, TREE = 6, 168
PALETTE = next(iter(load_label_set("coco_stuff").palettes.values())).colors


def write(folder, name, identity, where, depth):
    pixels = np.zeros((*where.shape, 4), np.uint8)
    pixels[where] = (*PALETTE[identity], 255)
    Image.fromarray(pixels).save(folder / f"{name}.1001.png")
    plane = np.where(where, np.float32(depth), np.float32(1e10))
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {"Z": plane}).write(str(folder / f"{name}_z.1001.exr"))


@pytest.fixture
def shot(tmp_path):
    """A train at 10 m behind a tree at 5 m, both alone in their layers, and a bush of the tree's layer at 20 m."""
    train, tree = np.zeros((36, 64), bool), np.zeros((36, 64), bool)
    train[12:24, 8:56], tree[4:30, 20:28] = True, True
    write(tmp_path, "train", TRAIN, train, 10)
    write(tmp_path, "trees", TREE, tree, 5)
    layers = [
        {"name": "train", "labels": "train.####.png", "depth": "train_z.####.exr", "holdout": ["trees"]},
        {"name": "trees", "labels": "trees.####.png", "depth": "trees_z.####.exr"},
    ]
    about = {"name": "s", "fps": 24, "first": 1001, "last": 1001, "layers": layers}
    (tmp_path / "shot.json").write_text(json.dumps(about))
    return tmp_path, train, tree


def test_what_stands_before_is_cut_out(shot, add_sleep_model, tmp_path):
    folder, train, tree = shot
    out, model = tmp_path / "out", add_sleep_model()
    done = semrender("render", folder / "shot.json", "--out", out, "--model", model, "--no-aep")
    assert done.returncode == 0, done.stderr
    alpha = np.asarray(Image.open(out / "train" / "s_train.1001.png"))[..., 3]
    assert ((alpha == 255) == (train & ~tree)).all() and ((alpha == 0) == ~(train & ~tree)).all()
    assert (np.asarray(Image.open(out / "trees" / "s_trees.1001.png"))[..., 3] == 255 * tree).all()


def test_what_stands_behind_cuts_nothing_and_a_changed_depth_paints_again(shot, add_sleep_model, tmp_path):
    folder, train, tree = shot
    out, model = tmp_path / "out", add_sleep_model()
    semrender("render", folder / "shot.json", "--out", out, "--model", model, "--no-aep")
    write(folder, "trees", TREE, tree, 50)
    done = semrender("render", folder / "shot.json", "--out", out, "--model", model, "--no-aep")
    assert "1 frame painted, 1 kept" in done.stdout + done.stderr
    assert (np.asarray(Image.open(out / "train" / "s_train.1001.png"))[..., 3] == 255 * train).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"holdout": ["tree"]}, r'train: "holdout" names "tree".*Allowed: "trees"'),
        ({"holdout": ["train"]}, r'"holdout" names "train"'),
        ({"holdout": "trees"}, "a list of layers"),
        ({"depth": None}, "needs a depth pass"),
    ],
)
def test_words(shot, change, words):
    data = json.loads((shot[0] / "shot.json").read_text())
    data["layers"][0].update(change)
    with pytest.raises(InputRefused, match=words):
        Shot.from_dict(data)

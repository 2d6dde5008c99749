"""What a model is given of an instance pass: its numbers, at any size, in tiles, over the wire; and its keys."""

import shutil

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.models.base import Place
from inference_server.worker.keys import frame_key
from inference_server.worker.reading import decode
from shared.handing import uploadable
from shared.shot import Shot
from tests.inference_server.taking import planner

SIZE = (64, 36)
COLOUR = (140, 104, 47)  # tree
LAYER = {"name": "a", "labels": "label.png", "instance": "parts.####.png"}


def numbers():
    """Two halves, each of a number of its own, with a window in one of them."""
    made = np.full(SIZE[::-1], 3000, np.uint16)
    made[:, SIZE[0] // 2 :], made[8:16, 8:20] = 4000, 5000
    return made


@pytest.fixture
def passes(tmp_path):
    folder = tmp_path / "passes"
    folder.mkdir()
    Image.new("RGB", SIZE, COLOUR).save(folder / "label.png")
    for frame in (1001, 1002):
        Image.fromarray(numbers()).save(folder / f"parts.{frame}.png")
        depth = {"Z": np.full(SIZE[::-1], 5, np.float32)}
        OpenEXR.File({"type": OpenEXR.scanlineimage}, depth).write(str(folder / f"depth.{frame}.exr"))
    return folder


@pytest.fixture
def plan_of(passes, add_sleep_model, state_folder):
    return planner(add_sleep_model, "instance", passes)


def test_numbers_are_never_averaged_at_any_size_and_a_tile_has_its_own(plan_of):
    for size in ([32, 16], [48, 32], [160, 96], [64, 48]):
        request = decode(plan_of(LAYER, paint_size=size), "a", 1001).request
        assert request.instance.shape == (size[1], size[0]) and request.instance.dtype == np.int32
        assert np.unique(request.instance).tolist() == [3000, 4000, 5000]
    tile = request.tile((slice(0, 16), slice(16, 48)), Place(16, 0, *SIZE))
    assert np.array_equal(tile.instance, numbers()[:16, 16:48])


def test_of_an_instance_pass_the_content_and_the_layer_are_in_the_key(passes, plan_of):
    def key(takes="instance", **more):
        plan = plan_of({**LAYER, **more}, takes=takes)
        return frame_key(plan, plan.layers["a"], 1001)

    plain = key()
    assert key() == plain and key(instance_layer="id") != plain
    assert key("normal") == key("normal", instance_layer="id") == key("normal", instance=None)
    Image.fromarray(numbers() + 1).save(passes / "parts.1001.png")
    assert key() != plain


def test_of_a_layer_that_is_held_out_and_held_the_numbers_are_read_whole(plan_of):
    """Where another layer is before it it is painted too, and cut afterwards."""
    front = {"name": "front", "labels": "label.png", "depth": "depth.####.exr"}
    behind = {**LAYER, "depth": "depth.####.exr", "holdout": ["front"], "hold": "strong"}
    plan = plan_of(front, behind)
    assert np.array_equal(decode(plan, "a", 1001).request.instance[: SIZE[1]], numbers())
    assert decode(plan, "front", 1001).request.instance is None


def test_an_instance_pass_travels_over_the_wire(passes, plan_of, tmp_path):
    shot = Shot.from_dict({"name": "s", "fps": 24, "first": 1001, "last": 1002, "layers": [LAYER]})
    sent, files = uploadable(shot, passes)
    for name, file in files.items():
        (tmp_path / "spool" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "spool" / name)
    plan = plan_of(*sent.to_dict()["layers"], base=tmp_path / "spool", uploaded=True)
    assert np.array_equal(decode(plan, "a", 1002).request.instance[: SIZE[1]], numbers())

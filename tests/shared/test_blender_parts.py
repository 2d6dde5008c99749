"""The example's own scene, rendered by Blender: its parts lie on its labels, its clay is lit and has no sky."""

import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.passes.instance_pass import read_instances
from shared.passes.shading_pass import read_shading

BLENDER = os.environ.get("SEMRENDER_BPY")  # a Python that has bpy (4.2 to 5.0)
SCENE = Path(__file__).resolve().parents[2] / "examples" / "ride_the_train" / "scene" / "make.py"


def scene(*asked):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([str(BLENDER), SCENE, *asked], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not BLENDER, reason="SEMRENDER_BPY names no Python with bpy")
def test_the_example_scene_in_clay_is_lit_grey_and_has_no_sky(tmp_path):
    scene("pairs", "--out", tmp_path, "--count", "1", "--size", "160x90")
    coco = load_label_set("coco_stuff")
    ids = read_label_pass(tmp_path / "00000_label.png", coco).ids
    found = read_shading(tmp_path / "00000_shading.exr")
    assert found.light.shape == ids.shape == (90, 160) and (tmp_path / "00000_image.png").is_file()
    sky = ids == coco.find("sky-other").id
    edge = cv2.dilate(sky.astype(np.uint8), np.ones((5, 5))) != cv2.erode(sky.astype(np.uint8), np.ones((5, 5)))
    assert (~found.there[sky & ~edge]).all() and found.there[~sky & ~edge].all()
    dark, full = np.percentile(found.light[found.there], (2, 98))
    assert 0.3 < full < 2 and dark < 0.5 * full, "one side is lit, the other is in shadow"
    of = {name: found.colour[ids == coco.find(name).id] for name in ("train", "grass")}
    hues = [np.median(colour / colour.sum(1, keepdims=True), axis=0) for colour in of.values()]
    assert np.abs(hues[0] - hues[1]).max() < 0.1, "a red train and green grass are of one material"


@pytest.mark.skipif(not BLENDER, reason="SEMRENDER_BPY names no Python with bpy")
def test_objects_and_windows_of_the_example_scene_are_parts(tmp_path):
    scene("shot", "--out", tmp_path, "--size", "160x90", "--frames", "1", "--passes", "label,guides")
    found = read_instances(tmp_path / "guides" / "ride_guides.1001.exr")
    assert "IndexOB" in found.kind and "IndexMA" in found.kind
    coco = load_label_set("coco_stuff")
    ids = read_label_pass(tmp_path / "label" / "ride_label.1001.png", coco).ids
    assert Image.open(tmp_path / "label" / "ride_label.1001.png").size == found.numbers.shape[::-1] == (160, 90)
    parts = {name: np.unique(found.numbers[ids == coco.find(name).id]) for name in ("train", "tree", "grass")}
    assert len(parts["train"]) == 2, "its body, and its windows"
    assert len(parts["tree"]) > 10 and len(parts["grass"]) == 1
    for axis in (0, 1):
        border = np.diff(ids.astype(int), axis=axis) != 0
        assert (np.diff(found.numbers, axis=axis)[border] != 0).all(), "where a class ends a part ends"

"""The example's own scene, rendered by Blender: what is one part there, by indices, lies on its labels."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.passes.instance_pass import read_instances

BLENDER = os.environ.get("SEMRENDER_BPY")  # a Python that has bpy (4.2 to 5.0)
SCENE = Path(__file__).resolve().parents[2] / "examples" / "ride_the_train" / "scene" / "make.py"


@pytest.mark.skipif(not BLENDER, reason="SEMRENDER_BPY names no Python with bpy")
def test_objects_and_windows_of_the_example_scene_are_parts(tmp_path):
    asked = ["shot", "--out", tmp_path, "--size", "160x90", "--frames", "1", "--passes", "label,guides"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([str(BLENDER), SCENE, *asked], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
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

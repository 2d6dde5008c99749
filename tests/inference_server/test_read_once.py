"""A check reads each file that it tries once, whatever takes it and however many layers share it."""

import json
import shutil
import weakref
from collections import Counter

import numpy as np
import OpenEXR
import pytest

from inference_server.broker.requests import job_spec
from inference_server.models.devices import choose_device
from inference_server.worker import check, check_tried, planes
from shared.errors import from_dict
from shared.passes import exr, pictures
from shared.passes.shading_pass import read_shading
from tests.inference_server.seen_spaces import EXAMPLE, model_of

TRIED = (1001, 1013, 1024)  # of the example's 24
BESIDE = (1002, 1012, 1014, 1023)  # whose labels are compared with


@pytest.fixture
def reads(monkeypatch):
    """File -> how often its pixels were decoded; the look at every file of a job decodes none."""
    counts = Counter()

    def counting(module, name):
        decode = getattr(module, name)
        monkeypatch.setattr(module, name, lambda path, *more: counts.update([path]) or decode(path, *more))

    counting(exr, "_by_library")
    counting(pictures, "_decoded")
    counting(pictures, "read_palette")
    return counts


@pytest.fixture
def guided(add_sleep_model, state_folder):
    return model_of(add_sleep_model, "normal", "depth", "instance", "shading")


def report_of(shot, base, model, **asked):
    spec = job_spec({"shot": {**shot, "model": model, "options": {}}, **asked}, base, base / "out", None, False)
    report = check.check_job({**spec, "only_check": True}, "job", lambda: None, 2**40, choose_device("cpu"))
    assert not report["problems"], [str(from_dict(one)) for one in report["problems"]]
    return report


@pytest.fixture
def with_one_clay(tmp_path):
    """The example, whose layers take the light of one render for both of them."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    for frame in range(1001, 1025):
        colour = read_shading(EXAMPLE / "shading" / f"environment_shading.{frame}.png").colour
        planes = {name: np.ascontiguousarray(colour[..., n]) for n, name in enumerate("RGB")}
        OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(tmp_path / f"clay.{frame}.exr"))
    shot = json.loads((EXAMPLE / "shot.json").read_text())
    return {**shot, "layers": [{**layer, "shading": "clay.####.exr"} for layer in shot["layers"]]}


def by_pass(reads):
    """The start of a file's name -> the frames of it that were read, each as often as it was."""
    found = {}
    for path in reads.elements():
        name, _, rest = path.name.partition(".")
        found.setdefault(name, []).append(int(rest.partition(".")[0]))
    return {name: sorted(frames) for name, frames in found.items()}


def test_of_a_shot_with_all_guides_each_file_that_is_tried_is_read_once(guided, reads):
    shot = json.loads((EXAMPLE / "shot.json").read_text())
    report = report_of(shot, EXAMPLE, guided)
    assert len(report["layers"]) == 2 and all(layer["normal"]["how"] == "found out" for layer in report["layers"])
    found = by_pass(reads)
    for layer in ("train", "environment"):
        for kind in ("depth", "instance", "shading"):
            assert found[f"{layer}_{kind}"] == list(TRIED)
        assert found[f"{layer}_normal"] == sorted([*TRIED, 1012, 1014])  # by those beside it a frame is told
        assert found[f"{layer}_label"] == sorted([*TRIED, *BESIDE])
    assert found["full_frame_label"] == [1001]
    assert len(found) == 11


def test_clay_of_several_layers_is_read_once_whichever_of_them_are_painted(guided, reads, with_one_clay, tmp_path):
    both = report_of(with_one_clay, tmp_path, guided)
    assert by_pass(reads)["clay"] == list(TRIED)
    reads.clear()
    one = report_of(with_one_clay, tmp_path, guided, layers=["train"])
    found = by_pass(reads)
    assert found["clay"] == list(TRIED)  # by it and the labels of the other layer full light is measured
    assert found["environment_label"] == list(TRIED) and "environment_depth" not in found
    assert [layer["name"] for layer in one["layers"]] == ["train"]
    assert one["layers"][0]["shading"] == both["layers"][0]["shading"]


def test_what_is_around_cut_out_layers_is_read_once(guided, reads):
    shot = json.loads((EXAMPLE / "shot.json").read_text())
    train = shot["layers"][0]
    report_of({**shot, "layers": [train, {**train, "name": "again"}]}, EXAMPLE, guided)
    assert by_pass(reads)["full_frame_label"] == [TRIED[0]]


def test_frames_that_follow_one_another_share_their_labels(guided, reads):
    shot = json.loads((EXAMPLE / "shot.json").read_text())
    report_of({**shot, "first": 1004, "last": 1006}, EXAMPLE, guided)
    assert by_pass(reads)["train_label"] == [1003, 1004, 1005, 1006, 1007]


def test_no_more_is_kept_than_a_pass_of_each_kind_and_labels_of_three_frames(guided, monkeypatch):
    """So that a check of 4K passes takes no more memory for more layers or frames."""
    alive, most = {}, Counter()

    def watched(kind, read, part=lambda found: found):
        def watching(*asked):
            found = read(*asked)
            alive[kind] = [one for one in alive.get(kind, []) if one() is not None] + [weakref.ref(part(found))]
            most[kind] = max(most[kind], len(alive[kind]))
            return found

        return watching

    for kind in ("normal", "depth", "instance", "shading"):
        monkeypatch.setitem(planes.READERS, kind, watched(kind, planes.READERS[kind]))
    labels = watched("labels", check_tried.read_labels, lambda found: found.ids)
    monkeypatch.setattr(check_tried, "read_labels", labels)
    report_of(json.loads((EXAMPLE / "shot.json").read_text()), EXAMPLE, guided)
    assert most == {"normal": 2, "depth": 1, "instance": 1, "shading": 1, "labels": 3}  # normals: with those beside

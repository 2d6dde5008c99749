"""The passes of a shot as layers of its delivery."""

import errno
import json

import cv2
import numpy as np
import OpenEXR
import py_aep
import pytest

from inference_server.broker.requests import job_spec
from inference_server.worker.guides import FOLDER, deliver_guides, judge
from inference_server.worker.plan import make_plan
from shared.delivery import DeliveryShot, read_delivery
from shared.delivery_check import validate
from shared.errors import DiskFull, InputRefused
from shared.frames import find_pass
from shared.label_set import load_label_set
from shared.passes.data_pass import read_depth
from shared.shot import Shot
from tests.conftest import semrender

SIZE = (36, 64)
PASSES = ["beauty", "picture", "labels", "normal", "depth", "shading", "motion"]
RAMP = np.linspace(1, 9, 36 * 64, dtype=np.float32).reshape(SIZE)


def exr(file, **channels):
    file.parent.mkdir(parents=True, exist_ok=True)
    named = {name.replace("_", "."): np.broadcast_to(values, SIZE).copy() for name, values in channels.items()}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, named).write(str(file))


def channels(file):
    return {name: one.pixels for name, one in OpenEXR.File(str(file), separate_channels=True).channels().items()}


@pytest.fixture
def shot(colour_frames, add_sleep_model, tmp_path):
    """A shot.json of two frames, with passes of every kind in every spelling."""
    colour_frames(count=2)
    half = np.float16(0.5)
    for number in (1001, 1002):
        exr(tmp_path / "depth" / f"d.{number}.exr", rl_Depth_Z=RAMP * (number - 1000), rl_Combined_R=half)
        exr(tmp_path / "motion" / f"m.{number}.exr", rl_Vector_X=RAMP, rl_Vector_Y=-RAMP)
        exr(tmp_path / "beauty" / f"b.{number}.exr", R=half, G=half, B=half, A=np.float16(1))
        exr(tmp_path / "clay" / f"c.{number}.exr", clay_Y=RAMP, rl_Depth_Z=RAMP * 2)
        exr(tmp_path / "plate" / f"p.{number}.exr", beauty_R=half, beauty_G=half, beauty_B=half, N_X=RAMP)
    cv2.imwrite(str(tmp_path / "normal.png"), np.full((*SIZE, 3), (255, 128, 128), np.uint8))
    layer = {
        **{"name": "train", "labels": "labels", "depth": "depth", "motion": "motion/m.####.exr"},
        **{"beauty": "beauty", "picture": "plate", "normal": "normal.png", "shading": "clay"},
    }
    data = {
        **{"name": "sh", "fps": 24, "first": 1001, "last": 1002, "model": add_sleep_model()},
        "layers": [layer],
    }
    file = tmp_path / "shot.json"
    file.write_text(json.dumps(data))
    return file


def test_passes_are_delivered_beneath_everything(shot, tmp_path):
    out = tmp_path / "out"
    command = ("render", shot, "--out", out, "--movie", "none", "--passes", ",".join(PASSES))
    done = semrender(*command)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stdout  # that depth, motion, normal and picture do nothing: they are delivered
    delivery = read_delivery(out)
    validate(delivery, out)
    found = {layer.role: layer for layer in delivery.layers}
    assert list(found) == ["painting", *PASSES]
    for role, layer in list(found.items())[1:]:
        assert (layer.name, layer.enabled, layer.guide, layer.shy) == (f"train {role}", False, True, True)
        assert layer.footage.data == (role not in ("beauty", "picture", "shading"))
        assert layer.footage.alpha == ("PREMULTIPLIED" if role == "beauty" else "IGNORE")
    files = {role: out / layer.footage.path for role, layer in found.items()}
    assert files["depth"] == out / FOLDER / "train" / "depth" / "sh_train_depth.1001.exr"
    for role, source in (("beauty", "beauty/b.1001.exr"), ("normal", "normal.png"), ("labels", "labels/shot.1001.png")):
        assert files[role].read_bytes() == (tmp_path / source).read_bytes()
    assert not found["normal"].footage.sequence and files["normal"].name == "sh_train_normal.png"
    values = channels(files["depth"])
    assert all((values[name] == RAMP).all() for name in "RGB") and values["R"].dtype == np.float32
    assert (read_depth(files["depth"]).values == RAMP).all()
    values = channels(files["shading"])
    assert sorted(values) == ["B", "G", "R"] and all((values[name] == RAMP).all() for name in "RGB")
    values = channels(files["motion"])
    assert (values["R"] == RAMP).all() and (values["G"] == -RAMP).all() and not values["B"].any()
    assert {name: plane.dtype for name, plane in channels(files["picture"]).items()} == dict.fromkeys("RGB", np.float16)

    project = py_aep.parse(next(out.glob("*.aep"))).project
    layers = list(project.compositions[0].layers)
    assert layers[0].name == "train" and layers[-1].name == "train motion"
    assert all(one.guide_layer and one.shy and not one.enabled for one in layers[1:])
    raw = {one.source.name for one in layers if one.source.main_source.preserve_rgb}
    assert raw == {f"sh_train_{role}" for role in ("labels", "normal", "depth", "motion")}

    before = {file: file.stat().st_mtime_ns for file in (out / FOLDER).rglob("*.*")}
    exr(tmp_path / "depth" / "d.1002.exr", rl_Depth_Z=RAMP * 7)
    assert semrender(*command, "--no-aep").returncode == 0
    now = {file: file.stat().st_mtime_ns for file in (out / FOLDER).rglob("*.*")}
    changed = {file.name for file in now if now[file] != before[file]}
    assert changed == {"passes.json", "sh_train_depth.1002.exr"}
    assert read_delivery(out).shot.version == delivery.shot.version + 1


def test_a_pass_that_no_layer_has_or_that_is_none(shot):
    data = json.loads(shot.read_text())
    del data["layers"][0]["depth"]
    [problem] = judge(Shot.from_dict({**data, "passes": PASSES}))
    assert str(problem).startswith("the depth pass is to be delivered, and no layer has one")
    assert judge(Shot.from_dict({**data, "passes": ["beauty"]})) == []
    with pytest.raises(InputRefused, match=r'"passes\[1\]" is "deph". Perhaps "depth" is meant'):
        Shot.from_dict({**data, "passes": ["beauty", "deph"]})


@pytest.fixture
def guides(shot, tmp_path):
    """Deliver passes of the shot, said a little otherwise, as the end of a job does."""

    def deliver(*passes, **changes):
        data = {**json.loads(shot.read_text()), "passes": passes}
        data["layers"][0].update(changes.pop("layer", {}))
        plan = make_plan(job_spec({"shot": {**data, **changes}}, tmp_path, tmp_path / "out", None, False), "j")
        return deliver_guides(
            plan, list(plan.layers.values()), DeliveryShot("sh", "sh", 64, 36, 24, 24, 1, 1001, 1002, 2)
        )

    return deliver


def grey_ids(folder):
    ids = np.full(SIZE, load_label_set("coco_stuff").find("tree").id, np.uint8)
    ids[:, :9] = 255
    for number in (1001, 1002):
        cv2.imwrite(str(folder / "labels" / f"shot.{number}.png"), ids)


def test_labels_that_no_eye_reads_become_colours(guides, tmp_path):
    """Grey ids are colours of their set in the delivery; a pass with a hole is a note, and the painting is there."""
    grey_ids(tmp_path)
    (tmp_path / "motion" / "m.1002.exr").unlink()
    [layer], hashes, [note] = guides("labels", "motion")
    shown = cv2.imread(str(tmp_path / "out" / layer.footage.path), cv2.IMREAD_UNCHANGED)
    assert shown[0, 20].tolist() == [*shown[0, 20][:3], 255] and shown[0, 0, 3] == 0 and len({*shown[0, 20][:3]}) > 1
    assert len(hashes) == 2 and note.startswith("the motion pass is not delivered: layer train: frames 1002")


def test_a_cryptomatte_is_delivered_as_it_came(guides, tmp_path):
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "cryptomatte/1/name": "object"}
    for number in (1001, 1002):
        file = tmp_path / "crypto" / f"c.{number}.exr"
        file.parent.mkdir(exist_ok=True)
        planes = {f"object00.{channel}": RAMP * number for channel in "RGBA"}
        OpenEXR.File(header, {**planes, "R": RAMP, "G": RAMP, "B": RAMP}).write(str(file))
    [layer], _, [] = guides("labels", layer={"labels": "crypto"})
    assert (layer.role, layer.enabled, layer.guide, layer.shy) == ("cryptomatte", False, True, True)
    assert layer.footage.data and layer.footage.alpha == "IGNORE"
    copied = tmp_path / "out" / layer.footage.path
    assert copied.read_bytes() == (tmp_path / "crypto" / "c.1001.exr").read_bytes()


def test_a_delivered_pass_is_written_anew_where_it_would_be_another(guides, tmp_path, monkeypatch):
    grey_ids(tmp_path)

    def written(**changes):
        before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.1001.*")}
        guides("beauty", "labels", "depth", **changes)
        now = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.1001.*")}
        return {file.parent.name for file in now if now[file] != before.get(file)}

    assert written() == {"beauty", "labels", "depth"}
    assert written() == set()
    assert written(pixel_aspect=2) == {"depth"}
    depth = OpenEXR.File(str(next((tmp_path / "out").rglob("*depth.1001.exr"))))
    assert depth.header()["pixelAspectRatio"] == 2
    assert written(pixel_aspect=2, layer={"read": {"encoding": "ids"}}) == {"labels"}
    monkeypatch.setattr("inference_server.worker.guides.WRITTEN", 2)
    assert written(pixel_aspect=2, layer={"read": {"encoding": "ids"}}) == {"labels", "depth"}


def test_what_goes_wrong_with_a_pass_is_a_note_and_a_full_disk_is_waited_for(guides, tmp_path, monkeypatch):
    def vanishing(*asked):
        found = find_pass(*asked)
        found.files[1002].unlink()
        return found

    with monkeypatch.context() as patched:
        patched.setattr("inference_server.worker.guides.find_pass", vanishing)
        [], hashes, [note] = guides("depth")
    assert (
        note.startswith("the depth pass is not delivered: layer train") and "depth/d.1002.exr: the file cannot" in note
    )
    assert len(hashes) == 1  # of the frame that was written
    (tmp_path / "out" / FOLDER / "train" / "beauty").write_text("in the way")
    [], _, [note] = guides("beauty")
    assert note.startswith("the beauty pass is not delivered: layer train") and "could not be written" in note

    def full(self, **_):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr("pathlib.Path.mkdir", full)
    with pytest.raises(DiskFull):
        guides("normal")

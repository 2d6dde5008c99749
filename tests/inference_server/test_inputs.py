"""A layer is inputs and a model: what a card takes is what a layer must name, what is read and keyed."""

import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.models.base import Place, load_model
from inference_server.models.cards import load_card
from inference_server.stability import tiles
from inference_server.worker.check import check_job
from inference_server.worker.keys import frame_key
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from inference_server.worker.sun import LEVEL
from inference_server.worker.writing import encode
from shared import places
from shared.errors import InputRefused, SemrenderError
from shared.handing import uploadable
from shared.shot import Shot
from shared.tracks import Camera, Tracks, write_tracks
from tests.conftest import semrender

SIZE = (64, 36)
DEVICE = SimpleNamespace(name="cpu", about="a processor", half=SimpleNamespace(factor=None, gains=False))


@pytest.fixture
def passes(tmp_path, colour_frames):
    """Labels of a tree alone and every other pass of two frames, each beside the other in one folder."""
    folder = colour_frames(count=2, only="tree")
    across = np.linspace(0, 1, SIZE[0], dtype=np.float32)[None].repeat(SIZE[1], 0)

    def exr(name, **channels):
        OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(folder / name))

    for frame in (1001, 1002):
        Image.fromarray((np.dstack([across] * 3) * 255).astype(np.uint8)).save(folder / f"plate.{frame}.png")
        Image.fromarray(np.full((SIZE[1], SIZE[0]), 7, np.uint8)).save(folder / f"objects.{frame}.png")
        exr(f"depth.{frame}.exr", Z=across + 1)
        exr(f"normal.{frame}.exr", X=across, Y=0 * across, Z=np.sqrt(1 - across**2))
        exr(f"motion.{frame}.exr", **{"motion.X": across * 0 + 2, "motion.Y": across * 0 - 4})
    Image.new("RGB", (8, 8), (200, 120, 40)).save(folder / "look_2020.png")
    return folder


LAYER = {
    "name": "a",
    "picture": "plate.####.png",
    "normal": "normal.####.exr",
    "depth": "depth.####.exr",
    "motion": "motion.####.exr",
    "motion_is": "to-previous-up",
    "instance": "objects.####.png",
    "beauty": "plate.####.png",
    "reference": "look_2020.png",
}
LABELS = {"labels": "shot.####.png"}


def spec_of(folder, model, layer, **shot):
    body = {"shot": {"name": "s", "fps": 24, "first": 1001, "last": 1002, "model": model, "layers": [layer], **shot}}
    return job_spec(body, folder, folder.parent / "out", None, False)


def plan_of(folder, model, layer, **shot):
    return make_plan(spec_of(folder, model, layer, **shot), "job")


@pytest.fixture
def taking(add_sleep_model, state_folder):
    """A stand-in whose card takes these inputs, and labels where `labels`."""

    def add(*names, name="taking", labels=False, **changes):
        add_sleep_model(name)
        folder = places.models_folder() / name
        card = places.read_json(folder / "card.json")
        own = {"labels": card["inputs"]["labels"]} if labels else {}
        places.write_json(folder / "card.json", {**card, "inputs": {**own, **{n: {} for n in names}}, **changes})
        return load_card(folder).name

    return add


def test_a_model_is_given_what_its_card_takes_at_the_painting_size(passes, taking):
    model = taking("picture", "normal", "depth", "motion", "instance", "beauty", "reference")
    plan = plan_of(passes, model, LAYER, paint_size=[32, 32])
    request = decode(plan, "a", 1001).request
    assert request.channels.shape == (32, 32) and not request.channels.any()
    assert request.normal.shape == (32, 32, 3) and np.allclose(np.linalg.norm(request.normal, axis=2), 1, atol=1e-5)
    for name in ("picture", "beauty"):
        plane = getattr(request, name)
        assert plane.shape == (32, 32, 3) and (np.diff(plane[0, :, 0]) > 0).all()
    assert request.depth.shape == (32, 32) and 1 < request.depth.mean() < 2
    assert np.allclose(request.motion, (2 * 32 / 64, 4 * 32 / 36)), "in pixels of the painting"
    assert (request.instance == 7).all() and (request.coverage == 1).all() and request.reference is None
    tile = request.tile((slice(0, 16), slice(16, 32)), Place(16, 0, 32, 32))
    assert tile.picture.shape == (16, 16, 3) and np.array_equal(tile.depth, request.depth[:16, 16:])


def test_what_the_card_does_not_take_is_neither_read_nor_keyed(passes, taking):
    labels = taking(name="labels", labels=True)
    bare, full = {"name": "a", **LABELS}, {**LAYER, **LABELS}
    keys = {frame_key(plan, plan.layers["a"], 1001) for plan in (plan_of(passes, labels, x) for x in (bare, full))}
    assert len(keys) == 1
    request = decode(plan_of(passes, labels, full), "a", 1001).request
    assert request.picture is None and request.depth is None and request.channels.any()
    both = taking("depth", name="both", labels=True)
    plan = plan_of(passes, both, full)
    before = frame_key(plan, plan.layers["a"], 1001)
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {"Z": np.ones(SIZE[::-1], np.float32)}).write(
        str(passes / "depth.1001.exr")
    )
    assert frame_key(plan, plan.layers["a"], 1001) != before
    assert decode(plan, "a", 1001).request.depth.max() == 1


SIDEWAYS = [0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 9, 9, 9, 1]  # looks along -x of the world, its right is +y, its up +z


def tracks_of(folder, centimetres, name="camera.json"):
    camera = {"name": "c", "matrix": [SIDEWAYS], "focal": [35], "film": 36}
    about = {"first": 1001, "last": 1002, "width": SIZE[0], "height": SIZE[1], "up": "z", "centimetres": centimetres}
    (folder / name).write_text(json.dumps({"format": 1, **about, "camera": camera}))
    return [name]


def test_normals_of_the_world_are_turned_by_the_camera_and_depth_becomes_metres(passes, taking):
    model = taking("normal", "depth", labels=True)
    layer = {"name": "a", **LABELS, "normal": "normal.####.exr", "normal_is": "world", "depth": "depth.####.exr"}
    with pytest.raises(InputRefused, match=r'no camera to see them by.*"tracks".*"normal_is": "camera"'):
        decode(plan_of(passes, model, layer), "a", 1001)
    plan = plan_of(passes, model, layer, tracks=tracks_of(passes, 20))
    request = decode(plan, "a", 1001).request
    across = np.linspace(0, 1, SIZE[0])
    assert np.allclose(request.normal[5], np.stack([0 * across, np.sqrt(1 - across**2), across], -1), atol=1e-6)
    assert np.allclose(request.depth[5], (across + 1) * 0.2, atol=1e-6)
    request = decode(plan_of(passes, model, layer, tracks=tracks_of(passes, 20), centimetres=1), "a", 1001).request
    assert np.allclose(request.depth[5], (across + 1) * 0.01, atol=1e-6), "the shot goes before its tracks"


def test_what_normals_and_depth_are_read_by_is_in_the_key_of_those_that_take_them(passes, taking):
    normals = {"name": "a", **LABELS, "normal": "normal.####.exr", "depth": "depth.####.exr"}

    def key(model, more, **shot):
        plan = plan_of(passes, model, {**normals, **more}, **shot)
        return frame_key(plan, plan.layers["a"], 1001)

    asked = [
        ({}, {}),
        ({"normal_is": "camera-down"}, {}),
        ({"normal_is": "world"}, {"tracks": tracks_of(passes, 100)}),
        ({}, {"centimetres": 1}),
    ]
    blind, both = taking(name="blind", labels=True), taking("normal", "depth", name="both", labels=True)
    deep = taking("depth", name="deep", labels=True)
    assert len({key(blind, more, **shot) for more, shot in asked}) == 1
    assert len({key(both, more, **shot) for more, shot in asked}) == 4
    assert len({key(deep, more, **shot) for more, shot in asked}) == 2
    assert key(both, {}) == key(both, {"normal_is": "camera"}) == key(both, {}, centimetres=100)
    near = key(both, {"normal_is": "world"}, tracks=tracks_of(passes, 100))
    SIDEWAYS[12] += 1  # where the camera stands turns nothing
    assert key(both, {"normal_is": "world"}, tracks=tracks_of(passes, 100)) == near


@pytest.mark.parametrize("given", [(), ("normal",), ("depth",), ("normal", "depth")])
def test_a_shot_with_normals_or_depth_or_both_or_none(passes, taking, given):
    model = taking("normal", "depth", labels=True)
    layer = {"name": "a", **LABELS, **{name: LAYER[name] for name in given}}
    request = decode(plan_of(passes, model, layer), "a", 1001).request
    assert [name for name in ("normal", "depth") if getattr(request, name) is not None] == list(given)


def test_labels_beside_a_picture_say_where_the_layer_is(passes, taking):
    plan = plan_of(passes, taking("picture"), {**LAYER, **LABELS, "mattes": ["tree"]})
    decoded = decode(plan, "a", 1001)
    assert 0 < decoded.coverage.mean() < 0.5 and decoded.labels is not None and decoded.request.picture is not None


def test_the_alpha_of_a_picture_says_where_a_layer_without_labels_is(passes, taking):
    alpha = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    Image.fromarray(alpha).save(passes / "plate.1001.png")
    alpha[:, :32, 3] = 255
    Image.fromarray(alpha).save(passes / "plate.1002.png")
    plan = plan_of(passes, taking("picture"), {"name": "a", "picture": "plate.####.png"})
    assert decode(plan, "a", 1001).request is None, "nothing is there to paint"
    assert decode(plan, "a", 1002).coverage.mean() == 0.5


def test_an_alpha_of_the_models_own_cuts_the_layer_further(passes, taking):
    """The stand-in's rises from left to right; it is brought to the size of the pass as the colours are."""
    model = taking("picture", makes={"alpha": True})
    for size in ({}, {"paint_size": [32, 16]}):
        plan = plan_of(passes, model, {"name": "a", "picture": "plate.####.png", **LABELS}, **size)
        decoded = decode(plan, "a", 1001)
        picture = tiles.paint(load_model(plan.layers["a"].card), decoded.request, decoded.tiles)
        assert picture.shape == (*decoded.request.channels.shape, 4)
        encode(plan, decoded, picture)
        written = np.asarray(Image.open(plan.picture_path("a", 1001)), float)
        wanted = decoded.coverage * np.linspace(0, 255, SIZE[0])
        assert np.abs(written[..., 3] - wanted).max() < 5 and written[..., 3].max() > 60
        inside = decoded.coverage == 1
        assert np.abs(written[..., 0] - 255 * np.linspace(0, 1, SIZE[0]))[inside].max() < 5, "the colours are straight"
        plan.picture_path("a", 1001).unlink()
    held = {"name": "a", "picture": "plate.####.png", **LABELS, "hold": "strong"}
    with pytest.raises(SemrenderError, match="makes an alpha of its own, which cannot be held"):
        plan_of(passes, model, held)


@pytest.mark.parametrize(
    "layer, words",
    [
        (
            {"name": "a", **LABELS},
            "the model needing takes picture and reference.*The layer names no picture and no ref",
        ),
        (
            {"name": "a", "picture": "p"},
            'names no reference. Give "reference" in the shot, or on the command line as --reference FILE; or choose',
        ),
        ({"name": "a", "normal": "n"}, "the layer has neither labels nor a picture"),
        ({**LAYER, "mattes": "all"}, '"mattes" is "all", which are made of labels'),
    ],
)
def test_what_a_layer_lacks_is_said_when_it_is_submitted(passes, taking, layer, words):
    needed = {"picture": {"needed": True}, "reference": {"needed": True}, "depth": {}}
    model = taking(name="needing", inputs=needed)
    with pytest.raises(SemrenderError) as refused:
        spec_of(passes, model, layer)
    assert refused.value.layer == "a"
    assert re.search(words, str(refused.value)), refused.value


@pytest.mark.parametrize(
    "given, words",
    [
        ({"levels": 40}, "40 is no value for the option levels of the model taking.*a whole number from 2 to 16"),
        ({"level": 4}, "the model taking has no option 'level'"),
        ({"far": "x"}, "'x' is no value for the option far.*Allowed is a number from 1[.]$"),
        ({"size": 3}, "'3' is no value for the option size.*Allowed is one of 2, 4"),
    ],
)
def test_a_wrong_option_is_said_with_its_layer_and_model(passes, taking, given, words):
    levels = {"name": "levels", "kind": "integer", "default": 6, "min": 2, "max": 16}
    far = {"name": "far", "kind": "number", "default": 6, "min": 1}
    size = {"name": "size", "kind": "choice", "default": "2", "choices": ["2", "4"]}
    layer = {"name": "a", "picture": "plate.####.png", "options": given}
    with pytest.raises(SemrenderError, match=words) as refused:
        spec_of(passes, taking("picture", options=[levels, far, size]), layer)
    assert refused.value.layer == "a"
    spec = spec_of(passes, "taking", {**layer, "options": {"size": 4}})
    assert spec["models"]["a"]["options"] == {"levels": 6, "far": 6, "size": "4"}, "as --option size=4 reads it"


def test_labels_that_a_model_needs_are_asked_for(passes, add_sleep_model):
    with pytest.raises(InputRefused, match=r'the model stand-in takes labels.*no labels. Give "labels" in the shot'):
        spec_of(passes, add_sleep_model(), LAYER)


def test_a_holdout_needs_labels_of_both():
    layers = [{"name": n, "picture": "p", "depth": "d", "holdout": ["b"] if n == "a" else []} for n in "ab"]
    with pytest.raises(InputRefused, match='layer a: "holdout" of "a" needs a label pass of this layer'):
        Shot.from_dict({"name": "s", "fps": 24, "first": 1, "last": 2, "layers": layers})


def test_the_check_says_what_is_read_and_what_is_not(passes, taking):
    spec = spec_of(passes, taking("picture", "reference"), LAYER)
    report = check_job(spec, "job", lambda: None, 2**40, DEVICE)
    assert report["problems"] == [] and report["size"] == list(SIZE)
    (layer,) = report["layers"]
    assert layer["inputs"] == {"picture": "8-bit RGB PNG", "reference": "8-bit RGB PNG"} and layer["classes"] == []
    assert "layer a: the model taking does not take its normal and instance" in report["warnings"]


@pytest.mark.parametrize(
    "file, words",
    [
        ("motion.####.exr", "the motion pass leads to the next frame"),
        ("small.png", "the motion pass|a motion or depth pass is an EXR"),
    ],
)
def test_a_pass_that_does_not_do_is_refused_by_the_check(passes, taking, file, words):
    Image.new("RGB", SIZE).save(passes / "small.png")
    layer = {"name": "a", "picture": "plate.####.png", "motion": file}
    report = check_job(spec_of(passes, taking("picture", "motion"), layer), "job", lambda: None, 2**40, DEVICE)
    assert re.search(words, str(report["problems"])), report["problems"]


def test_one_picture_is_a_reference_whatever_its_name_and_size(passes, taking):
    model = taking("picture", "reference")
    layer = {"name": "a", "picture": "plate.####.png", "reference": "plate.####.png"}
    report = check_job(spec_of(passes, model, layer), "job", lambda: None, 2**40, DEVICE)
    assert "the reference is a sequence of 2 files" in str(report["problems"])
    own = plan_of(passes, model, {**layer, "reference": "look_2020.png"}).layers["a"]
    assert own.inputs["reference"].file(1002).name == "look_2020.png"


def test_frames_on_the_command_line_are_what_the_model_takes(passes, taking):
    model = taking(inputs={"picture": {"needed": True}, "normal": {"needed": True}, "reference": {}})
    further = ("--normal", passes / "normal.####.exr", "--reference", passes / "look_2020.png")
    done = semrender("check", passes / "plate.####.png", "--model", model, *further)
    assert done.returncode == 0, done.stderr
    assert "picture read from 8-bit RGB PNG" in done.stdout and "labels read" not in done.stdout
    assert "normal read from" in done.stdout and "reference read from" in done.stdout


def test_what_travels_over_the_wire_is_found_where_it_arrives(passes, taking, tmp_path):
    model = taking("picture", "reference")
    layer = {"name": "a", "picture": "plate.####.png", "reference": "look_2020.png"}
    shot = Shot.from_dict({"name": "s", "fps": 24, "first": 1001, "last": 1002, "model": model, "layers": [layer]})
    sent, files = uploadable(shot, passes)
    for name, file in files.items():
        (tmp_path / "spool" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "spool" / name)
    spec = job_spec({"shot": sent.to_dict()}, tmp_path / "spool", tmp_path / "out", None, True)
    plan = make_plan(spec, "job")
    assert plan.layers["a"].inputs["reference"].file(1002).name == "look_2020.png"
    assert decode(plan, "a", 1002).coverage.shape == (36, 64)


SUN = [
    {"name": "sun_azimuth", "kind": "number", "default": 90.0, "min": -360.0, "max": 360.0},
    {"name": "sun_elevation", "kind": "number", "default": 0.0, "min": 0.0, "max": 90.0},
]
RIGHT = (1, 0, 0)
C, S = 0.75**0.5, 0.5
TURNED = (C, 0.0, S, 0.0, 0.0, 1.0, 0.0, 0.0, -S, 0.0, C, 0.0, 0.0, 0.0, 0.0, 1.0)  # to the right by 30 degrees


def test_where_the_sun_stands_is_told_of_every_frame_and_its_key_knows(passes, taking):
    moving = Camera("shotCam", (LEVEL, TURNED), (36.0,), 36.0)
    write_tracks(passes / "tracks.json", Tracks(1001, 1002, 64, 36, camera=moving))
    model = taking(name="lit", labels=True, options=SUN)
    layer = {"name": "a", **LABELS}
    alone, moved = plan_of(passes, model, layer), plan_of(passes, model, layer, tracks=["tracks.json"])
    assert [decode(alone, "a", frame).request.sun for frame in (1001, 1002)] == [RIGHT, RIGHT]
    assert [decode(moved, "a", frame).request.sun for frame in (1001, 1002)] == [RIGHT, (0.866, 0, -0.5)]
    tile = decode(moved, "a", 1002).request.tile((slice(0, 8), slice(0, 8)), Place(0, 0, 64, 36))
    assert tile.sun == (0.866, 0, -0.5)

    def keys(plan):
        return [frame_key(plan, plan.layers["a"], frame) for frame in (1001, 1002)]

    first, second = zip(keys(alone), keys(moved), strict=True)
    assert first[0] == first[1] and second[0] != second[1], "the first frame looks as ever"
    assert keys(plan_of(passes, model, {**layer, "options": {"sun_azimuth": 120}}))[0] != first[0]


def test_no_other_model_is_told_of_the_sun(passes, taking):
    write_tracks(passes / "tracks.json", Tracks(1001, 1002, 64, 36, camera=Camera("c", (TURNED,), (36.0,), 36.0)))
    layer = {"name": "a", **LABELS}
    for model in (taking(name="plain", labels=True), taking(name="half", labels=True, options=SUN[:1])):
        plans = [plan_of(passes, model, layer), plan_of(passes, model, layer, tracks=["tracks.json"])]
        assert len({frame_key(plan, plan.layers["a"], 1001) for plan in plans}) == 1
        assert decode(plans[1], "a", 1001).request.sun is None

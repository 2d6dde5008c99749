"""Motion and depth passes: said in `check`, tried before anything is painted, given without a shot.json."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.commands.cli import shot_from_arguments
from inference_server.commands.progress import passes_in_words
from inference_server.models.devices import choose_device
from inference_server.stability.flow import flow
from inference_server.worker.check import check_job
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from inference_server.worker.writing import encode
from semrender import commands as command
from shared.errors import from_dict
from shared.handing import describe
from shared.label_set import load_label_set
from tests.conftest import semrender

DATA = Path(__file__).resolve().parents[1] / "data" / "motion"
FRAMES = (1001, 1002, 1003)
PALETTE = next(iter(load_label_set("coco_stuff").palettes.values())).colors


def asked_of(*arguments):
    """The description of the job that a command line asks for."""
    parsed = command.parse(["check", *map(str, arguments)])
    shot, base, frames = shot_from_arguments(parsed)
    return job_spec(describe(shot, base, frames, parsed.layer), base, base / "out", None, uploaded=False)


def checked(*arguments):
    """What the worker finds before painting: the report and its problems in words."""
    report = check_job(asked_of(*arguments), "job", lambda: None, 2**40, choose_device("cpu"))
    return report, "; ".join(str(from_dict(problem)) for problem in report["problems"])


def write(path, channels):
    planes = {name: np.ascontiguousarray(one, np.float32) for name, one in channels.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(path))


def planes(frame):
    channels = OpenEXR.File(str(DATA / f"motion.{frame}.exr"), separate_channels=True).parts[0].channels
    return [channels[f"rl.{end}"].pixels.astype(np.float32) for end in ("Vector.X", "Vector.Y", "Depth.Z")]


@pytest.fixture
def moving(tmp_path, add_sleep_model):
    """Writes what `channels` makes of the renderer's x, y, depth beside its labels; the arguments to ask for them."""
    model = add_sleep_model()

    def prepare(channels, *more):
        for frame in FRAMES:
            (tmp_path / "label").mkdir(exist_ok=True)
            shutil.copy(DATA / f"label.{frame}.png", tmp_path / "label")
            write(tmp_path / f"motion.{frame}.exr", channels(*planes(frame)))
        motion = ["--motion", tmp_path / "motion.####.exr"]
        return [tmp_path / "label" / "label.####.png", *motion, "--hold", "strong", "--model", model, *more]

    return prepare


def beauty(x, **others):
    return {"R": 0 * x + 0.5, "G": 0 * x + 0.4, "B": 0 * x + 0.3, "A": 0 * x + 1, **others}


def test_check_says_which_channels_are_read_and_that_they_are_right(moving):
    asked = moving(lambda x, y, z: beauty(x, **{"velocity.R": x, "velocity.G": y, "zDepth.R": -z}))
    report, problems = checked(*asked)
    assert not problems and any("zDepth.R is negative; its sign is dropped" in words for words in report["warnings"])
    layer = report["layers"][0]
    assert layer["motion"]["channels"] == ["velocity.R", "velocity.G"] and layer["motion"]["explains"] > 0.8
    assert layer["depth"] == {"channel": "zDepth.R", "mended": ["sign"], "before": {}}
    motion, depth = passes_in_words(layer)
    assert motion.startswith("motion velocity.R, velocity.G, to-previous-up: explains 9") and depth == "depth zDepth.R"


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        (lambda x, y, z: {"motionvector.X": 0 * x, "motionvector.Y": 0 * y}, "says that nothing moves"),
        (lambda x, y, z: beauty(x), "explains"),
        (lambda x, y, z: {"motionvector.X": x, "motionvector.Y": y}, '"motion_is": "to-previous-up"'),
        (lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y, "rl.Depth.Z": 1 / z}, "grows towards the camera"),
        (lambda x, y, z: {"a.Vector.X": x, "a.Vector.Y": y, "b.Vector.X": x, "b.Vector.Y": y}, "--motion-layer"),
    ],
    ids=["black", "beauty", "convention", "inverted depth", "two layers"],
)
def test_what_is_wrong_is_a_problem_before_painting(moving, channels, words):
    _, problems = checked(*moving(channels))
    assert words in problems and "layer label" in problems and re.search(r"frame (\d+), .*motion\.\1\.exr", problems)


def test_a_depth_that_tells_nothing_is_refused_or_said(moving):
    _, problems = checked(*moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y, "rl.Depth.Z": 0 * z}))
    assert "rl.Depth.Z has no distance where the layer is" in problems and "motion.1001.exr" in problems
    report, problems = checked(*moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y, "rl.Depth.Z": 0 * z + 1}))
    assert not problems and "rl.Depth.Z is 1 everywhere" in report["warnings"][0]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("motion_all_zero", "problem: says that nothing moves, but the labels do"),
        ("motion_beside_a_beauty", "motion velocity.R, velocity.G, to-previous-up: explains"),
        ("motion_forward_refused", "motion motionvector.R, motionvector.G, to-next-up: explains"),
        ("depth_negative", "warning: rl.Depth.Z is negative; its sign is dropped"),
        ("depth_beside_a_beauty", "depth zDepth.R, before it env: zDepth.R"),
    ],
)
def test_what_was_reported(data_folder, case, words):
    report, problems = checked(data_folder / "reported" / case / "shot.json")
    said = [f"problem: {problems}", *(f"warning: {one}" for one in report["warnings"])]
    said += [line for layer in report["layers"] for line in passes_in_words(layer)]
    kind, _, text = words.partition(": ")
    assert any(text in line and line.startswith(kind) for line in said), said
    assert bool(problems) == (kind == "problem")


def test_the_train_that_was_cut_by_the_red_of_its_beauty(data_folder, tmp_path):
    case = data_folder / "reported" / "depth_beside_a_beauty"
    plan = replace(make_plan(asked_of(case / "shot.json"), "job"), out=tmp_path)
    encode(plan, decode(plan, "train", 1001), np.zeros((45, 80, 3), np.float32))
    alpha = np.asarray(Image.open(plan.picture_path("train", 1001)))[..., 3]
    assert (alpha == np.asarray(Image.open(case / "right_alpha_train.png"))).all()


@pytest.mark.parametrize("off", [1, -1])
def test_vectors_of_the_frame_beside_are_refused(moving, tmp_path, off):
    asked = moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y})
    for frame in FRAMES:
        x, y, _ = planes(min(max(frame + off, FRAMES[0]), FRAMES[-1]))
        write(tmp_path / f"motion.{frame}.exr", {"rl.Vector.X": x, "rl.Vector.Y": y})
    _, problems = checked(*asked)
    assert "frame 1002" in problems and f"the vectors of frame {1002 - off}" in problems
    assert "its numbers are one off" in problems


def test_one_black_frame_is_named(moving, tmp_path):
    asked = moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y})
    still = 0 * planes(1003)[0]
    write(tmp_path / "motion.1003.exr", {"rl.Vector.X": still, "rl.Vector.Y": still})
    _, problems = checked(*asked)
    assert "frame 1003" in problems and "motion.1003.exr: the motion pass says that nothing moves" in problems


def test_on_the_command_line_it_is_refused_and_nothing_painted(moving, tmp_path):
    asked = moving(lambda x, y, z: {"motionvector.X": 0 * x, "motionvector.Y": 0 * y})
    done = semrender("render", *asked, "--out", tmp_path / "out", "--no-aep")
    assert done.returncode == 3 and "says that nothing moves" in done.stderr
    assert not list((tmp_path / "out").rglob("*.png"))


def test_the_command_line_names_layer_and_convention(moving):
    asked = moving(
        lambda x, y, z: {"a.mv.X": 0 * x, "a.mv.Y": 0 * y, "b.mv.X": -x, "b.mv.Y": -y},
        *("--motion-layer", "b.mv", "--motion-is", "from-previous-up"),
    )
    report, problems = checked(*asked)
    assert not problems and report["layers"][0]["motion"]["channels"] == ["b.mv.X", "b.mv.Y"]


def test_a_depth_of_its_own_file(moving, tmp_path):
    for frame in FRAMES:
        write(tmp_path / f"depth.{frame}.exr", {"one.Z": planes(frame)[2], "two.Z": planes(frame)[2]})
    more = ["--depth", tmp_path / "depth.####.exr"]
    asked = moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y}, *more)
    _, problems = checked(*asked)
    assert "--depth-layer" in problems and "depth.1001.exr" in problems
    report, problems = checked(*asked, "--depth-layer", "two")
    assert not problems and report["layers"][0]["depth"]["channel"] == "two.Z"


def test_passes_go_to_the_layers_that_are_named(moving, tmp_path):
    moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y})
    layers = [{"name": name, "labels": "label/label.####.png"} for name in ("near", "far")]
    about = {"name": "s", "fps": 24, "first": 1001, "last": 1003, "hold": "strong", "layers": layers}
    (tmp_path / "shot.json").write_text(json.dumps({**about, "model": "stand-in"}))
    motion = ["--motion", tmp_path / "motion.####.exr"]
    both = asked_of(tmp_path / "shot.json", *motion)["shot"]["layers"]
    one = asked_of(tmp_path / "shot.json", *motion, "--layer", "far")["shot"]["layers"]
    assert ["motion" in layer for layer in both] == [True, True]
    assert ["motion" in layer for layer in one] == [False, True]


def test_hold_without_motion_and_motion_without_hold_are_said(moving, tmp_path):
    label, *_ = moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y})
    report, _ = checked(label, "--hold", "strong", "--model", "stand-in")
    assert report["warnings"][0].startswith("layer label has no motion pass: hold follows the labels by optical flow")
    report, _ = checked(label, "--motion", tmp_path / "motion.####.exr", "--model", "stand-in")
    assert report["warnings"][0].startswith("layer label: its motion changes nothing without hold")


def test_a_missing_frame_beside_those_asked_for_is_no_fault(moving, tmp_path):
    """Frames of the shot that nobody asked for may not be there yet."""
    moving(lambda x, y, z: {"rl.Vector.X": x, "rl.Vector.Y": y, "rl.Depth.Z": z})
    for frame in (1000, 1004):
        shutil.copy(DATA / "label.1001.png", tmp_path / "label" / f"label.{frame}.png")
    layer = {"name": "all", "labels": "label/label.1001-1003####.png", "motion": "motion.####.exr"}
    about = {"name": "s", "fps": 24, "first": 1000, "last": 1004, "hold": "strong", "layers": [layer]}
    (tmp_path / "shot.json").write_text(json.dumps({**about, "model": "stand-in"}))
    _, problems = checked(tmp_path / "shot.json")
    assert problems.count("1000") and "1004" in problems and "Traceback" not in problems


@pytest.mark.parametrize("side", [1, 2, 8, 11, 40])
def test_a_frame_of_a_few_pixels_has_a_flow(side):
    ids = np.full((side, side), 6, np.uint16)
    ids[: side // 2] = 123
    assert flow(ids, ids).shape == (side, side, 2) and np.abs(flow(ids, ids)).max() < 0.1


def test_a_frame_of_a_few_pixels_is_held_too(tmp_path, add_sleep_model):
    for frame in range(1, 4):
        Image.new("RGB", (8, 8), PALETTE[6]).save(tmp_path / f"label.{frame:04d}.png")
    model = add_sleep_model()
    done = semrender("render", tmp_path, "--hold", "strong", "--model", model, "--out", tmp_path / "out", "--no-aep")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out" / "label").glob("*.png"))) == 3


# --- holdout ------------------------------------------------------------------------------------------------


@pytest.fixture
def layers(tmp_path, add_sleep_model):
    """A train over the whole width at 30, behind a tree at 10 with grass around it that comes nearer downwards."""
    model = add_sleep_model()
    train, tree = np.zeros((36, 64), bool), np.zeros((36, 64), bool)
    train[12:24, 8:56], tree[4:30, 20:28] = True, True
    ground = np.linspace(200, 40, 36, dtype=np.float32)[:, None] + np.zeros((36, 64), np.float32)
    depths = {"train": np.where(train, np.float32(30), np.float32(1e10)), "env": np.where(tree, np.float32(10), ground)}
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[train] = (*PALETTE[6], 255)
    Image.fromarray(pixels).save(tmp_path / "train.1001.png")
    pixels[...] = (*PALETTE[123], 255)
    pixels[tree] = (*PALETTE[168], 255)
    Image.fromarray(pixels).save(tmp_path / "env.1001.png")
    asked = [
        {"name": "train", "labels": "train.####.png", "depth": "train_z.####.exr", "holdout": ["env"]},
        {"name": "env", "labels": "env.####.png", "depth": "env_z.####.exr"},
    ]
    about = {"name": "s", "fps": 24, "first": 1001, "last": 1001, "model": model, "layers": asked}
    (tmp_path / "shot.json").write_text(json.dumps(about))

    def cut(channels):
        """The report's problems and warnings in words, the train's alpha where there are none, and what is right."""
        for name, depth in depths.items():
            write(tmp_path / f"{name}_z.1001.exr", channels(name, depth))
        report, problems = checked(tmp_path / "shot.json")
        if problems:
            return problems, None, None
        plan = make_plan(asked_of(tmp_path / "shot.json"), "job")
        encode(plan, decode(plan, "train", 1001), np.zeros((36, 64, 3), np.float32))
        alpha = np.asarray(Image.open(plan.picture_path("train", 1001)))[..., 3] > 0
        return "; ".join(report["warnings"]), alpha, train & ~tree

    return cut


@pytest.mark.parametrize(
    "channels",
    [
        lambda name, z: beauty(z, **{"zDepth.R": z, "zDepth.G": z, "zDepth.B": z}),
        lambda name, z: {"Z": -z},
        lambda name, z: {"Z": np.where(z > 1e9, -np.inf, -z) if name == "train" else -z},
        lambda name, z: {"N.X": 0 * z, "N.Y": 0 * z, "N.Z": 1 - 0 * z, "depth.Z": z},
        lambda name, z: {"R": z, "G": z, "B": z},
        lambda name, z: {"Z": np.where(z > 1e9, 0, z)},
        lambda name, z: {"Z": np.where(z > 1e9, np.nan, z)},
    ],
    ids=["beauty beside", "negative", "sky -inf", "normal beside", "R=G=B", "zero is nothing", "NaN is nothing"],
)
def test_the_right_depth_cuts(layers, channels):
    words, alpha, right = layers(channels)
    assert alpha is not None, words
    assert (alpha == right).all()


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        (lambda name, z: beauty(z), "that is a picture, no depth"),
        (lambda name, z: {"Z": 1 / z}, "grows towards the camera"),
        (lambda name, z: {"Z": np.clip(1 - z / 250, 0, 1)}, "grows towards the camera"),
        (lambda name, z: {"Z": np.clip(z / 250, 0, 1) if name == "env" else z}, "runs from 0 to 1"),
        (lambda name, z: {"Z": 0 * z}, "no distance where the layer is"),
        (lambda name, z: {"N.X": z, "N.Y": z, "N.Z": z}, "no depth was found"),
    ],
    ids=["beauty", "1/z", "white for near", "one scaled", "black", "normal"],
)
def test_a_depth_that_is_none_is_a_problem_before_painting(layers, channels, words):
    found, alpha, _ = layers(channels)
    assert words in found and alpha is None


def test_depth_scaled_to_0_1_is_warned_of(layers):
    words, _, _ = layers(lambda name, z: {"Z": np.clip(z / 250, 0, 1)})
    assert "the depth of train, env runs from 0 to 1" in words

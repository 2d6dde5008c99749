"""What headers state of time and pixels, read and written, and what files are called."""

import json
import shutil
from fractions import Fraction

import numpy as np
import OpenEXR
import pytest

from inference_server.broker.requests import job_spec
from inference_server.worker.plan import make_plan
from shared.delivery import read_delivery
from shared.passes.exr_header import read_headers
from shared.passes.stated import Stated, stated
from shared.shot_input import shot_from_input
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import job_of

SAMPLE = ROOT / "tests" / "data" / "stated" / "label.1001.exr"  # pixels of 2:1, as its header says


@pytest.fixture
def passes(tmp_path, add_sleep_model):
    """A folder of one EXR pass; with attributes, its header states these instead."""
    add_sleep_model("nap")
    (tmp_path / "passes").mkdir()

    def write(**attributes):
        target = tmp_path / "passes" / SAMPLE.name
        shutil.copyfile(SAMPLE, target)
        if attributes:
            file = OpenEXR.File(str(SAMPLE), separate_channels=True)
            pixels = {name: channel.pixels for name, channel in file.channels().items()}
            OpenEXR.File({**file.header(), **attributes}, pixels).write(str(target))
        return target

    return write


def rendered(out, *arguments):
    done = semrender("--json", "render", *arguments, "--out", out, "--model", "nap", "--no-aep")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return read_delivery(out).shot, next(line for line in lines if line["event"] == "checked")["warnings"]


def test_what_a_header_states_is_taken_where_the_shot_says_nothing(passes, tmp_path):
    file = passes(framesPerSecond=Fraction(24000, 1001))
    shot, warnings = rendered(tmp_path / "out", file.with_name("label.####.exr"))
    assert (shot.pixel_aspect, shot.fps_num, shot.fps_den) == (2.0, 24000, 1001)
    assert not [words for words in warnings if "header" in words]
    assert {layer.footage.pixel_aspect for layer in read_delivery(tmp_path / "out").layers} == {2.0}


def test_what_the_shot_says_goes_before_the_header_and_is_told(passes, tmp_path):
    file = passes(framesPerSecond=Fraction(30, 1))
    shot = {"name": "sh", "fps": 24, "first": 1001, "last": 1001, "pixel_aspect": 1.0}
    shot.update(project="show", sequence="sq_010")
    shot["layers"] = [{"name": "all", "labels": file.name}]
    file.with_name("shot.json").write_text(json.dumps(shot))
    made, warnings = rendered(tmp_path / "out", file.with_name("shot.json"))
    assert (made.pixel_aspect, made.fps) == (1.0, 24)
    assert (made.uid, made.name) == ("show/sq_010/sh", "sh")
    assert "layer all: its header states pixels of 2:1, the shot 1:1" in warnings
    assert "layer all: its header states 30 fps, the shot 24" in warnings


def test_the_rate_on_the_command_line_goes_first(passes, tmp_path):
    made, warnings = rendered(tmp_path / "out", passes(framesPerSecond=Fraction(25, 1)), "--fps", "23.97")
    assert (made.fps_num, made.fps_den) == (24000, 1001)
    assert "layer label: its header states 25 fps, the shot 24000/1001 (23.976)" in warnings


def test_headers_that_state_nothing_sound(passes, tmp_path):
    assert stated(passes(pixelAspectRatio=1.0)) == Stated()
    assert stated(passes(pixelAspectRatio=100.0, framesPerSecond=Fraction(100_000, 1))) == Stated()
    (tmp_path / "broken.exr").write_bytes(SAMPLE.read_bytes()[:100])
    assert stated(tmp_path / "broken.exr") == stated(tmp_path / "none.exr") == stated(tmp_path / "a.png") == Stated()


def test_painted_exr_states_rate_time_code_aspect_and_owner(passes, tmp_path):
    rendered(tmp_path / "out", passes(framesPerSecond=Fraction(24000, 1001)), "--format", "exr")
    painted = tmp_path / "out" / read_delivery(tmp_path / "out").layers[0].footage.path
    (header,) = read_headers(painted)
    assert header.number("framesPerSecond") == Fraction(24000, 1001) and header.number("pixelAspectRatio") == 2.0
    assert header.text("owner")
    code = OpenEXR.File(str(painted)).header()["timeCode"]
    assert (code.hours, code.minutes, code.seconds, code.frame) == (0, 0, 41, 17)  # 1001 = 41 x 24 + 17
    assert OpenEXR.File(str(painted)).channels()["RGBA"].pixels.dtype == np.float16


def test_a_layer_named_as_its_shot_is_said_once(colour_frames, add_sleep_model, tmp_path):
    add_sleep_model("nap")
    rendered(tmp_path / "out", colour_frames(), "--mattes", "tree")
    assert sorted(path.name for path in (tmp_path / "out" / "shot").iterdir())[0] == "shot.1001.png"
    assert (tmp_path / "out" / "mattes" / "shot" / "tree" / "shot_tree.1001.png").is_file()
    assert [layer.footage.name for layer in read_delivery(tmp_path / "out").layers] == ["shot", "shot_tree"]


def test_files_of_before_whose_names_say_it_twice_go_on(colour_frames, add_sleep_model, tmp_path):
    add_sleep_model("nap")
    labels, out = colour_frames(), tmp_path / "out"
    (out / "shot").mkdir(parents=True)
    (out / "shot" / "shot_shot.1001.png").touch()
    plan = make_plan(job_spec(job_of(labels, out, "nap"), labels, out, None, uploaded=False), "a")
    assert plan.picture_path("shot", 1002).name == "shot_shot.1002.png"
    assert shot_from_input(labels)[0].layers[0].name == "shot"  # the name of the layer in After Effects stays

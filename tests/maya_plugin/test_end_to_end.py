"""From the fake Maya to the real server: the real decoder, the real check, the default model."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.models.catalogue import find_card
from inference_server.models.devices import choose_device
from inference_server.worker.check import check_job
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from maya_plugin import batch
from maya_plugin.core import events, refusal, render_settings
from maya_plugin.core.contract import ARNOLD, ShotRequest
from maya_plugin.core.passes import fed
from shared import places
from shared.errors import InputRefused, ModelRefused, from_dict
from shared.inputs import SUN
from shared.label_set import NOTHING, load_label_set
from shared.passes import ReadOptions, read_label_pass
from shared.shot import read_shot
from tests.maya_plugin.conftest import FAKES, ROOT, SIZE, WHOLE, analytic, coco, maya_programs, request
from tests.maya_plugin.pass_scenes import rendered


def checked(report, tmp_path):
    """What the server's check says of rendered passes, without a socket."""
    written, base = read_shot(Path(report.shot_file))
    spec = job_spec({"shot": written.to_dict()}, base, tmp_path / "painted", None, uploaded=False)
    return check_job(spec, "job", lambda: None, 2**40, choose_device("cpu"))


@pytest.mark.parametrize("renderer", ["hardware", ARNOLD])
def test_the_real_decoder_reads_what_was_rendered(host, scene, shot, tmp_path, renderer):
    report = host.render_preview(request(shot, tmp_path, renderer=renderer))
    found = read_label_pass(
        Path(report.labels["masterLayer"]), load_label_set("coco_stuff"), ReadOptions(palette="code")
    )
    expected = np.array(analytic())
    expected[expected == 255] = NOTHING
    assert np.array_equal(found.ids, expected) and found.facts.guessed == 0
    answer = checked(report, tmp_path)
    assert answer["problems"] == [] and answer["size"] == list(SIZE)
    assert {one["name"] for one in answer["layers"][0]["classes"]} == {"tree", "river"}


@pytest.mark.parametrize("renderer", ["hardware", ARNOLD])
def test_the_beauty_is_the_picture_of_a_model_that_takes_one(host, scene, shot, tmp_path, renderer):
    Image.new("RGB", (8, 8), (200, 120, 40)).save(tmp_path / "Look #1.png")
    asked = request(shot, tmp_path, renderer=renderer, model="match_grade", reference=str(tmp_path / "Look #1.png"))
    card = find_card("match_grade")
    with pytest.raises(ModelRefused, match="needs a reference picture"):
        fed(replace(asked, reference=""), card.title, card.wants)
    with pytest.raises(ModelRefused, match=r"Face needs a walk\. Choose another model"):
        fed(asked, "Face", {"walk": {"needed": True}, "audio": {}})
    report = host.render_preview(fed(asked, card.title, card.wants))
    assert report.labels == {} and not list((tmp_path / "out").rglob("label.*")), "nobody asked for them"
    answer = checked(report, tmp_path)
    assert answer["problems"] == [] and answer["size"] == list(SIZE)
    assert set(answer["layers"][0]["inputs"]) == {"picture", "reference"}
    report = host.render_preview(fed(replace(asked, hold="strong"), card.title, card.wants))
    assert report.labels and checked(report, tmp_path)["problems"] == [], "hold is made by labels"


def test_depth_of_arnold_is_a_float_exr_that_our_reader_reads(host, scene, shot, tmp_path):
    from shared.passes.exr import read_exr

    host.render_preview(request(shot, tmp_path, renderer=ARNOLD, extra=("depth",)))
    (part,) = read_exr(tmp_path / "out" / "masterLayer" / "depth.0001.exr")
    depth = next(pixels for name, pixels in part.channels.items() if name == "Z")
    assert abs(float(depth[27, 30]) - 9.0) < 0.01, "the tree stands 9 in front of the camera"


@pytest.fixture
def guided(add_sleep_model):
    """A card that takes labels, normals and depth, and is told where the sun stands."""
    folder = places.models_folder() / add_sleep_model()
    card = places.read_json(folder / "card.json")
    angle = {"kind": "number", "default": 40.0, "min": -360.0, "max": 360.0}
    options = [{**angle, "name": name} for name in SUN]
    places.write_json(
        folder / "card.json", {**card, "inputs": {**card["inputs"], "normal": {}, "depth": {}}, "options": options}
    )
    return find_card(folder.name)


@pytest.mark.parametrize("unit", ["cm", "m"])
@pytest.mark.parametrize("renderer", ["hardware", ARNOLD])
def test_guides_reach_the_model_in_its_own_space_and_metres(host, scene, shot, tmp_path, guided, renderer, unit):
    """The tree faces the camera, 9 centimetres away; the river behind it stands, which may be, and is said."""
    scene.linear_unit = unit
    asked = fed(request(shot, tmp_path, renderer=renderer, model=guided.name), guided.title, guided.wants)
    assert asked.extra == asked.guides == ("normal", "depth")
    report = rendered(asked)
    answer = checked(report, tmp_path)
    assert answer["problems"] == [] and set(answer["layers"][0]["inputs"]) >= {"normal", "depth"}
    assert "river does not look up by the normals" in "; ".join(answer["warnings"])
    written, base = read_shot(Path(report.shot_file))
    assert written.layers[0].normal_is == "camera"
    plan = make_plan(job_spec({"shot": written.to_dict()}, base, tmp_path / "painted", None, uploaded=False), "job")
    given = decode(plan, "masterLayer", 1).request
    assert given.depth[27, 30] == pytest.approx(0.09, abs=1e-3)
    assert np.allclose(given.normal[27, 30], (0, 0, 1), atol=1e-2)


class Refusing:
    """A server that finds fault with a normal pass."""

    process = object()

    def check(self, job, files):
        wrong = any("normal" in layer for layer in job["shot"]["layers"])
        problems = [InputRefused("the normals look away from the camera").to_dict()] if wrong else []
        return {"problems": problems, "warnings": []}


def test_guides_that_come_out_wrong_are_left_out_with_a_note(host, scene, shot, tmp_path):
    asked = request(shot, tmp_path, renderer=ARNOLD, extra=("normal", "depth"), guides=("normal", "depth"))
    report, notes = rendered(asked), []
    assert batch._checked(Refusing(), report, asked, notes) == replace(asked, extra=(), guides=())
    assert "Painted without normal and depth" in notes[0] and "look away from the camera" in notes[0]
    with pytest.raises(InputRefused, match="look away from the camera"):
        batch._checked(Refusing(), report, replace(asked, guides=("depth",)), [])  # the normals were asked for


FORGOTTEN = [
    ("hardware", "hardwareRenderingGlobals.multiSampleEnable", True, "edges between classes are blended"),
    ("hardware", "defaultColorMgtGlobals", True, "sRGB view transform"),
    ("hardware", "hardwareRenderingGlobals.motionBlurEnable", True, "blended|several"),
    (ARNOLD, "defaultArnoldDriver.dither", True, "dithered"),
    (ARNOLD, "defaultArnoldDriver.colorManagement", 2, "sRGB view transform"),
    (ARNOLD, "defaultArnoldRenderOptions.AASamples", 3, "edges between classes are blended"),
    (ARNOLD, "defaultArnoldFilter.aiTranslator", "gaussian", "edges between classes are blended"),
]


@pytest.mark.parametrize(("renderer", "attribute", "value", "cause"), FORGOTTEN)
def test_a_soiled_pass_is_refused_with_the_maya_setting(
    host,
    scene,
    shot,
    tmp_path,
    monkeypatch,
    renderer,
    attribute,
    value,
    cause,
):
    """Acceptance 2: one setting on, the pass is rejected, and for the right reason."""
    import re

    from maya import cmds, world

    world.animate("tree", "translateX", {1: -1.5, 2: 0.5})
    if "." in attribute:
        cmds.setAttr(attribute, value, **({"type": "string"} if isinstance(value, str) else {}))
    for table in ("HARDWARE_LABELS", "ARNOLD_LABELS"):
        ours = getattr(render_settings, table)
        forgetful = tuple(one for one in ours if not one.attribute.startswith(attribute))
        monkeypatch.setattr(render_settings, table, forgetful)
    report = rendered(request(shot, tmp_path, renderer=renderer, width=192, height=108))
    monkeypatch.undo()
    (problem,) = checked(report, tmp_path)["problems"]
    assert re.search(cause, problem["cause"]), problem
    told = refusal.explain(from_dict(problem), renderer)
    assert told.layer == "masterLayer" and told.frame == 1
    assert attribute.partition(".")[0] in told.remedy and "In Maya look at" in told.remedy


def test_every_cause_of_the_decoder_is_known_here():
    """A cause that nobody maps would reach the artist in the words of the command line."""
    import inspect

    from shared.passes import diagnose

    sentences = [words.casefold() for words in (diagnose.SEVERAL[0], *(view.cause for view in diagnose.VIEWS))]
    for test in diagnose.TESTS:
        # Maya writes PNG: a JPEG is no pass of ours. Another set's colours have their own remedy, which is no setting.
        if test.__name__ not in ("_lossy", "_other_set", "_view"):
            sentences.append(inspect.getsource(test).casefold())
    for sentence in sentences:
        assert any(words in sentence for words, _ in refusal._CAUSES), sentence[:80]


@pytest.fixture
def scene_file(host, scene, shot, tmp_path):
    from maya import cmds, world

    world.animate("tree", "translateX", {1: -1.5, 3: 1.5})
    world.layer("front", "tree")
    world.layer("back", "river")
    cmds.setAttr("defaultRenderGlobals.endFrame", 2)
    cmds.file(rename=str(tmp_path / "shot_010.ma"))
    cmds.file(save=True, type="mayaAscii")
    return tmp_path / "shot_010.ma"


def run(arguments, **environment):
    draws = {"SEMRENDER_FAKE_DRAWS": "maya,mayabatch,mayapy"}
    environment = {**os.environ, "PYTHONPATH": str(FAKES), **draws, **environment}
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300)
    return done, [event for line in done.stdout.splitlines() if (event := events.parse(line))]


def test_a_batch_render_checks_and_paints_with_the_default_model(scene_file, tmp_path):
    """Assign, render with the fake, the real server's check, painted layers and delivery.json on disk."""
    command = [sys.executable, "-m", "maya_plugin.batch", str(scene_file), "--layer", "front", "--layer", "back"]
    done, told = run([*command, "--camera", "shotcam", "--paint"])
    assert done.returncode == 0, (done.stdout, done.stderr)
    names = [event["event"] for event in told]
    assert names[0] == "opened" and names.count("checked") == 1 and names[-1] == "delivered"
    assert names.index("checked") < names.index("rendered", names.index("checked")), "checked after the first frame"
    delivery = json.loads(Path(told[-1]["delivery_file"]).read_text("utf-8"))
    assert [layer["name"] for layer in delivery["layers"]] == ["front", "back"]
    painted = list((tmp_path / "semrender" / "shot_010" / "painted").rglob("*.png"))
    assert {path.name for path in painted} >= {
        f"shot_010_{one}.000{n}.png" for one in ("front", "back") for n in (1, 2)
    }
    passes = next(event for event in told if event["event"] == "passes")
    assert passes["classes"] == ["river", "tree"]
    front = next(path for path in painted if path.parent.name == "front")
    pixels = np.array(Image.open(front).convert("RGBA"))
    assert pixels.shape == (54, 96, 4) and 0 < (pixels[..., 3] > 0).mean() < 0.3


def test_a_batch_render_feeds_a_model_that_takes_a_picture(scene_file, tmp_path):
    """What it needs the server says before anything is rendered."""
    Image.new("RGB", (8, 8), (200, 120, 40)).save(tmp_path / "look.png")
    command = [sys.executable, "-m", "maya_plugin.batch", str(scene_file), "--camera", "shotcam", "--layer", "front"]
    done, told = run([*command, "--model", "match_grade"])
    assert done.returncode == 3 and "needs a reference picture" in told[-1]["what"] and len(told) == 1
    done, told = run([*command, "--model", "match_grade", "--reference", str(tmp_path / "look.png"), "--paint"])
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert [event["event"] for event in told].count("rendered") == 2 and told[-1]["event"] == "delivered"
    assert not list((tmp_path / "semrender").rglob("label.*"))


def test_a_prepared_shot_runs_from_a_copy_and_the_scene_goes_on(host, scene, shot, tmp_path, monkeypatch):
    """An unsaved scene, its copy rendered by a process of its own; exact, and the session untouched."""
    from maya import cmds

    maya_programs(tmp_path / "maya", monkeypatch)
    asked = replace(ShotRequest(str(tmp_path / "out"), shot, 1, 2, (WHOLE,)), seed=5)
    host.show_classes(True)
    undo = list(scene.undo_queue)
    command = host.prepare_shot(asked)
    assert host.shows_classes() and scene.undo_queue == undo and scene.path == ""
    assert "licence" in command.licence
    cmds.delete("tree")  # the artist goes on working
    asked = json.loads(command.environment["SEMRENDER_BATCH"])
    unchecked = json.dumps([*asked, "--unchecked"])
    draws = {"SEMRENDER_FAKE_DRAWS": "maya,mayabatch"}
    done, told = run(command.arguments, **{**command.environment, **draws, "SEMRENDER_BATCH": unchecked})
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert [event["event"] for event in told] == ["opened", "rendered", "rendered", "passes"]
    lines = Path(command.events_file).read_text("utf-8").splitlines()
    assert [events.parse(line) for line in lines] == [*told, {"event": "ended", "code": 0}]
    written, base = read_shot(tmp_path / "out")
    assert (written.name, written.seed, list(written.frames)) == ("untitled", 5, [1, 2])
    found = read_label_pass(base / "masterLayer" / "label.0002.png", load_label_set("coco_stuff"), ReadOptions())
    assert (found.ids == coco("tree")).sum() == sum(row.count(coco("tree")) for row in analytic())


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--camera", "nobody"], 3, "the scene has no camera nobody"),
        (["--layer", "none"], 3, "the scene has no render layer none"),
        (["--frames", "ten"], 3, "'ten' is no range"),
        (["--renderer", "arnold", "--camera", "shotcam"], 0, ""),
        (["--extra", "motion", "--camera", "shotcam"], 3, "hardware cannot render motion"),
        (["--frames", "9-2", "--camera", "shotcam"], 3, "ends"),
    ],
)
def test_batch_says_what_is_wrong_in_one_event(scene_file, tmp_path, more, code, words):
    out = tmp_path / "elsewhere"
    done, told = run(
        [sys.executable, "-m", "maya_plugin.batch", str(scene_file), "--unchecked", "--out", str(out), *more]
    )
    assert done.returncode == code and "Traceback" not in done.stderr, done.stderr
    if code:
        assert [event["event"] for event in told][-1] == "error" and words in told[-1]["what"]
    else:
        assert (out / "shot.json").is_file()


def test_batch_without_scene_or_server_has_its_exit_codes(tmp_path, scene_file):
    done, told = run([sys.executable, "-m", "maya_plugin.batch", str(tmp_path / "gone.ma")])
    assert done.returncode == 3 and told[-1]["what"] == "there is no such scene"
    done, _ = run([sys.executable, "-m", "maya_plugin.batch"])
    assert done.returncode == 2
    command = [
        sys.executable,
        "-m",
        "maya_plugin.batch",
        str(scene_file),
        "--camera",
        "shotcam",
        "--unchecked",
        "--paint",
    ]
    done, told = run(command)
    assert done.returncode == 5 and told[-1]["event"] == "error"


def test_what_nobody_foresaw_is_one_event_too(tmp_path):
    (tmp_path / "broken.ma").write_text("this is no scene of the fake")
    done, told = run([sys.executable, "-m", "maya_plugin.batch", str(tmp_path / "broken.ma"), "--unchecked"])
    assert done.returncode == 1 and "JSONDecodeError" in told[-1]["cause"] and "Traceback" in done.stderr

"""A shot as a job of Open Job Description: what stands in it, that the field's own program takes it, and runs it."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from inference_server.farm import bundle, expected
from shared import places
from shared.shot import read_shot
from tests.conftest import semrender
from tests.inference_server.farm.conftest import farm, files

GOLDEN = Path(__file__).parents[2] / "data" / "farm"
SHOTS = {
    "plain": {"first": 1001, "count": 100},
    "held": {"first": 1001, "count": 60, "hold": "strong"},
    "gentle": {"first": 1, "count": 24, "hold": "gentle"},
    "mixed": {"layers": ("a", "b", "c"), "count": 30, "a": {"hold": "strong"}, "b": {"mattes": "all"}},
    "negative": {"first": -20, "count": 40},
    "one": {"first": 1001, "count": 1},
}
needs_openjd = pytest.mark.skipif(importlib.util.find_spec("openjd") is None, reason="openjd-cli is not installed")


def openjd(*arguments, code=0):
    """The field's own program."""
    import subprocess

    command = [str(Path(sys.executable).with_name("openjd")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.fixture
def exported(farm_shot, tmp_path):
    def export(*more, **shot):
        file = farm_shot(**shot)
        farm("export", file, "--out", tmp_path / "out", "--bundle", tmp_path / "bundle", "--device", "cpu", *more)
        return file, tmp_path / "bundle" / "template.json"

    return export


@pytest.fixture
def program(tmp_path):
    """The command as a job calls it by name."""
    file = tmp_path / "bin" / "semrender"
    file.parent.mkdir()
    file.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m semrender "$@"\n')
    file.chmod(0o755)
    return file


def parameters(folder, **more):
    rows = json.loads((folder / "parameter_values.json").read_text())["parameterValues"]
    values = {row["name"]: row["value"] for row in rows} | more
    return [word for name, value in values.items() for word in ("-p", f"{name}={value}")]


@pytest.mark.parametrize("name", SHOTS)
def test_the_template_of_each_kind_of_shot(name, farm_shot, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "user", lambda: "ada@studio")
    monkeypatch.setattr(expected, "VERSION", "0.0.0")
    file = farm_shot(**SHOTS[name])
    shot, base = read_shot(file)
    asked = bundle.Asked(shot, base, file, tmp_path / "out", None, "png", "gpu", 4, 0)
    made = bundle.files_of_bundle(asked)["template.json"]
    assert made == json.loads((GOLDEN / f"{name}.json").read_text())


def test_what_goes_to_a_machine_without_our_disk_and_what_comes_back(farm_shot, tmp_path):
    clay = {"shading": "a/clay.####.png", "shading_white": 2.0}
    file = farm_shot(count=3, layers=("a", "b"), a={"hold": "strong", **clay})
    for label in (file.parent / "a").glob("label.*.png"):
        shutil.copy(label, label.with_name(label.name.replace("label", "clay")))
    farm("export", file, "--out", tmp_path / "out", "--bundle", tmp_path / "bundle", "--layer", "a")
    found = json.loads((tmp_path / "bundle" / "asset_references.json").read_text())["assetReferences"]
    inputs = [Path(name) for name in found["inputs"]["filenames"]]
    assert {path.relative_to(file.parent).as_posix() for path in inputs if path.is_relative_to(file.parent)} == {
        "shot.json",
        *(f"a/{kind}.{frame}.png" for kind in ("label", "clay") for frame in (1001, 1002, 1003)),
    }
    assert {path.name for path in inputs if path.is_relative_to(places.models_folder())} == {"card.json", "none"}
    assert found["outputs"]["directories"] == [str(tmp_path / "out")]
    template = json.loads((tmp_path / "bundle" / "template.json").read_text())
    assert template["steps"][0]["script"]["actions"]["onRun"]["args"][-2:] == ["--layer", "a"]


def test_a_machine_needs_the_memory_that_the_shots_largest_model_takes(farm_shot, tmp_path):
    """Of the shipped models at two sizes: predicted, a quarter more, the driver, whole GiB."""

    def needed(width, height, device="gpu"):
        file = farm_shot(count=1, model="countryside_3", width=width, height=height)
        shot, base = read_shot(file)
        asked = bundle.Asked(shot, base, file, tmp_path / "out", None, "png", device, 4, 0)
        amounts = bundle.files_of_bundle(asked)["template.json"]["steps"][0]["hostRequirements"]["amounts"]
        return {amount["name"].removeprefix("amount.worker."): amount["min"] for amount in amounts}

    small, large = needed(640, 360), needed(1920, 1080)
    assert small["gpu"] == 1 and 1024 < small["gpu.memory"] <= large["gpu.memory"] < 10 * 1024
    assert needed(1920, 1080, "cpu") == {"memory": large["gpu.memory"]}


@needs_openjd
@pytest.mark.parametrize("name", SHOTS)
def test_the_fields_own_check_takes_it_and_every_block_is_a_task(name, exported):
    _, template = exported(**SHOTS[name])
    assert "passes validation" in openjd("check", template, "--extensions", "TASK_CHUNKING")
    said = openjd("summary", template, *parameters(template.parent))
    assert "Paint" in said and "Deliver" in said


@needs_openjd
@pytest.mark.parametrize("per, rest", [(1, ()), (4, ("--format", "exr"))])
def test_it_runs_from_end_to_end_as_one_machine_paints_it(per, rest, exported, program, tmp_path):
    held = {"a": {"hold": "strong"}, "b": {"mattes": "all"}}
    file, template = exported("--blocks-per-chunk", per, *rest, count=26, layers=tuple(held), **held)
    values = parameters(template.parent, Semrender=program)
    said = openjd("run", template, "--step", "Deliver", "--run-dependencies", *values)
    assert said.count("openjd_progress: 100.0") == -(-3 // per) + 1 and "openjd_fail" not in said
    semrender("render", file, "--out", tmp_path / "whole", *rest)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@needs_openjd
def test_a_queue_of_its_own_runs_it_piece_by_piece_in_any_order(exported, program, tmp_path):
    file, template = exported(count=30, hold="strong")
    values = parameters(template.parent, Semrender=program)
    for tasks in ([{"Block": "85-85"}, {"Block": "83-83"}], [{"Block": "84-85"}]):
        openjd("run", template, "--step", "Paint", *values, "--tasks", json.dumps(tasks))
    farm("deliver", file, "--out", tmp_path / "out", "--progress", "none", "--wait", "0")
    semrender("render", file, "--out", tmp_path / "whole")
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@needs_openjd
def test_where_paths_are_others_the_sessions_rules_reach_into_the_shot(exported, program, tmp_path):
    """The artist's machine has the show at /mnt/show; this one has it elsewhere."""
    file, template = exported(count=2)
    shot = json.loads(file.read_text())
    shot["layers"][0]["labels"] = "/mnt/show/all/label.####.png"
    file.write_text(json.dumps(shot))
    rows = [{"source_path_format": "POSIX", "source_path": "/mnt/show", "destination_path": str(file.parent)}]
    rules = json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": rows})
    values = parameters(template.parent, Semrender=program, Shot="/mnt/show/shot.json")
    said = openjd("run", template, "--step", "Deliver", "--run-dependencies", *values, "--path-mapping-rules", rules)
    assert "openjd_fail" not in said and (tmp_path / "out" / "delivery.json").exists()


@needs_openjd
def test_a_piece_that_cannot_be_painted_ends_the_run_and_the_server_with_it(exported, program, tmp_path):
    file, template = exported(count=12)
    (file.parent / "all" / "label.1003.png").unlink()
    said = openjd("run", template, "--step", "Paint", *parameters(template.parent, Semrender=program), code=1)
    assert "openjd_fail: " in said and "1003" in said and "the server has ended" in said


def test_nothing_of_it_needs_more_than_semrender_and_a_farm_that_is_not_installed_is_said(exported, monkeypatch):
    _, template = exported(count=1)
    monkeypatch.setenv("PATH", "")
    done = farm("submit", template.parent, "--to", "deadline", code=5)
    assert "pip install deadline" in done.stderr
    assert "farm export" in farm("submit", template.parent / "none", "--to", "deadline", code=3).stderr

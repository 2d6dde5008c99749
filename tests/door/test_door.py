"""`import semrender`, as a TD uses it: real servers, the stand-in model."""

import importlib.resources
import subprocess
import sys

import psutil
import pytest

import semrender
from shared import door, places
from shared.changes import changed
from shared.told import Status
from tests.conftest import ROOT
from tests.inference_server.servers import running_server, wait_for


def names(events):
    return [type(event).__name__ for event in events]


def test_a_script_of_ten_lines_paints(colour_frames, add_sleep_model, tmp_path, monkeypatch, capsys):
    labels = colour_frames(count=2)
    monkeypatch.chdir(tmp_path)
    code = (ROOT / "docs" / "python.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    assert len(code.strip().splitlines()) <= 10
    exec(code.replace("renders/sh010/label.####.png", str(labels)).replace("countryside", add_sleep_model()), {})
    said = capsys.readouterr().out.splitlines()
    assert sorted(line.split(":")[0] for line in said[:2]) == ["shot 1001", "shot 1002"]
    assert [line.split(":")[1] for line in said[:2]] == [" 1 of 2", " 2 of 2"]
    painted = tmp_path / "painted" / "sh010"
    assert said[2:4] == [str(painted / "delivery.json"), str(painted / "shot_v001.aep")]
    assert (painted / "shot_v001.aep").is_file()


def test_all_that_docs_and_type_checkers_are_told_of_is_there():
    told = {name for group in semrender.WHERE.values() for name in group} - {"main"} | {"connect"}
    assert sorted(told) == sorted(semrender.__all__) == dir(semrender)
    for name in semrender.__all__:
        assert getattr(semrender, name).__doc__, name
    assert importlib.resources.files("semrender").joinpath("py.typed").is_file()
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = semrender.nothing_such


def test_importing_loads_nothing_that_is_slow():
    code = (
        "import sys, semrender; light = 'zmq' not in sys.modules; semrender.Server;"
        "print(light, [m for m in ('numpy', 'torch', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "True []"


def test_a_server_that_runs_is_found_and_asked(colour_frames, add_gated_model, gate, tmp_path):
    labels, model, out = colour_frames(count=3), add_gated_model(), tmp_path / "out"
    with running_server(), semrender.connect() as server:
        assert not server.private and model in server.models()
        wait_for(lambda: server.client.hello("test")["workers"][0]["ready"])
        with pytest.raises(semrender.ServerError, match="not on cuda"):
            semrender.connect("cuda")

        report = server.check(labels, model=model)
        assert (report.first, report.last, report.size, report.problems) == (1001, 1003, (64, 36), ())
        assert {one.name for one in report.layers[0].classes} == {"grass", "sky-other", "tree"}
        assert sum(one.share for one in report.layers[0].classes) == pytest.approx(1)

        job = server.submit(labels, out, model=model, frames="1001-1002", priority=3)
        events = job.watch()
        assert isinstance(next(events), semrender.Checked)
        gate(1)
        first = next(events)
        assert isinstance(first, semrender.Frame) and (first.state, first.done, first.total) == ("painted", 1, 2)
        status = server.job(job.id[:6]).status()
        assert (status.state, status.done, status.total, status.priority, status.out) == ("painting", 1, 2, 3, out)
        job.pause()
        job.prioritise(5)
        job.resume()
        gate(None)
        assert names(events)[-2:] == ["Frame", "Ended"]
        result = job.result()
        assert (result.painted, result.kept, result.folder, result.seconds > 0) == (2, 0, out, True)
        assert result.comp and result.comp.is_file() and result.delivery and result.preview and result.animation

        again = server.submit(labels, out, model=model, comp=False).result()
        assert (again.painted, again.kept, again.comp) == (1, 2, None)
        late = server.job(job.id)
        next(late.watch())  # and left
        assert names(late.watch())[0] == "Checked" and names(late.watch(since=1))[-1] == "Ended"
        late = server.job(job.id).result()
        assert (late.delivery, late.painted) == (result.delivery, 2)
        assert [one.state for one in server.jobs()] == ["done"] * len(server.jobs())


def test_a_job_is_cancelled_on_the_way(colour_frames, add_gated_model, gate, tmp_path):
    with semrender.connect(private=True) as server:
        assert server.private
        job = server.submit(colour_frames(), tmp_path / "out", model=add_gated_model())
        gate(1)
        for event in job.watch():
            if isinstance(event, semrender.Frame):
                job.cancel()
                gate(None)
        assert isinstance(event, semrender.Ended) and event.name == "cancelled"
        with pytest.raises(semrender.Interrupted, match=r"of 4 frames (is|are) finished"):
            job.result()


def test_what_is_wrong_is_said_in_errors_of_our_own(colour_frames, add_sleep_model, tmp_path):
    labels, model = colour_frames(count=2), add_sleep_model()
    (labels / "shot.1002.png").write_bytes((labels / "shot.1002.png").read_bytes()[:60])
    with semrender.connect(private=True) as server:
        report = server.check(labels, model=model)
        assert [type(problem) for problem in report.problems] == [semrender.InputRefused]
        assert report.problems[0].frame == 1002
        with pytest.raises(semrender.InputRefused, match=r"shot\.1002\.png"):
            server.submit(labels, tmp_path / "out", model=model).result()
        with pytest.raises(semrender.ModelRefused):
            server.submit(labels, tmp_path / "out", model="nobody's")
        with pytest.raises(semrender.MissingInput):
            server.submit(tmp_path / "nothing", tmp_path / "out")
        with pytest.raises(semrender.InputRefused, match="folder of a pass"):
            server.submit(labels, labels)
        with pytest.raises(semrender.InputRefused, match="no job begins"):
            server.job("ffff")


def test_options_of_another_model_are_left_out_and_noted(colour_frames, add_sleep_model, tmp_path):
    model, base = add_sleep_model(), colour_frames(count=1)
    shot = semrender.Shot(
        "sh", (24, 1), 1001, 1001, (semrender.ShotLayer("all", "shot.####.png"),), options={"look": "autumn"}
    )
    with semrender.connect(private=True) as server:
        result = server.submit(shot, tmp_path / "out", base=base, model=model, comp=False).result()
    assert result.notes[0] == "the shot sets look, which this model does not have"
    assert (result.painted, result.animation) == (1, result.animation)


def test_frames_are_pictures_for_a_model_that_takes_those(colour_frames, tmp_path):
    plates = colour_frames("plates", "plate", count=2)
    look = colour_frames("look", "look", count=1) / "look.1001.png"
    with semrender.connect(private=True) as server:
        (layer,) = server.check(plates, model="match_grade", reference=look).layers
        assert layer.body["inputs"] == {"picture": "8-bit RGBA PNG", "reference": "8-bit RGBA PNG"}
        result = server.submit(plates, tmp_path / "out", model="match_grade", reference=look, comp=False).result()
    assert result.delivery == tmp_path / "out" / "delivery.json"


@pytest.mark.parametrize("changes", [{"mattes": "all"}, {"mattes": ["sky"]}])
def test_what_labels_make_is_refused_for_bare_pictures_in_the_words_of_who_asked(changes, tmp_path):
    shot = semrender.Shot.from_dict(
        {"name": "a", "fps": 24, "first": 1, "last": 2, "layers": [{"name": "a", "picture": "a.####.png"}]}
    )
    with pytest.raises(semrender.InputRefused) as refused:
        changed(shot, changes)
    assert "--mattes are made of labels" in str(refused.value) and "shot.json" not in str(refused.value)
    assert refused.value.layer == "a" and "--picture" in refused.value.remedy
    assert changed(shot, {"hold": "off", "mattes": "none"})[0] == shot


def test_a_pass_of_the_shot_may_be_left_out():
    layers = [{"name": name, "labels": f"{name}.#.png", "shading": "clay.#.png", "depth": "z.#.exr"} for name in "ab"]
    shot = semrender.Shot.from_dict({"name": "s", "fps": 24, "first": 1, "last": 2, "layers": layers})
    a, b = changed(shot, {"shading": "none"}, layers=["b"])[0].layers
    assert a == shot.layers[0] and b.shading is None and b.depth == "z.#.exr"


def test_a_server_with_another_disk_is_sent_the_passes(colour_frames, add_sleep_model, tmp_path):
    (tmp_path / "its own").mkdir()
    with running_server("--root", tmp_path / "its own"), semrender.connect() as server:
        job = server.submit(colour_frames(count=2), tmp_path / "out", model=add_sleep_model())
        result = job.result()
        assert result.delivery == tmp_path / "out" / "delivery.json" and result.delivery.is_file()
        assert result.comp == tmp_path / "out" / "shot_v001.aep" and result.comp.is_file()
        assert server.job(job.id, tmp_path / "copy", comp=False).result().folder == tmp_path / "copy"


def test_a_place_is_never_guessed(tmp_path):
    numbers = dict.fromkeys(("priority", "done", "failed", "total", "created"), 0)
    body = {"job": "a", "name": "sh", "state": "done", "out": "/spool", "paused": "", "ended": 1.0, **numbers}
    assert door.place_of(Status.of(body)) == (tmp_path.__class__("/spool"), False)
    asked = {"host": places.HOST, "out": str(tmp_path)}
    assert door.place_of(Status.of({**body, "collect": asked})) == (tmp_path, True)
    assert door.place_of(Status.of({**body, "collect": {**asked, "host": "elsewhere"}})) == (None, True)


@pytest.mark.parametrize("ending", ["pass", "os._exit(3)"])
def test_a_private_server_ends_with_its_process(ending):
    code = f"""
import os, semrender
server = semrender.connect(private=True)
print(server.client.hello('test')['pid'], flush=True)
{ending}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    wait_for(lambda: not psutil.pid_exists(int(done.stdout)))
    assert done.returncode in (0, 3) and not done.stderr, done.stderr

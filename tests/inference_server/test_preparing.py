"""What a model finds out of a layer before it is painted: how far it is, what is kept when it is stopped or killed, and
what reads a clip anew.
"""

import json
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from PIL import Image

from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.requests import job_spec
from inference_server.commands.jobs_cli import table
from inference_server.commands.progress import Teller
from inference_server.models.base import load_model
from inference_server.worker.keys import frame_key, prepared_of
from inference_server.worker.plan import make_plan
from inference_server.worker.preparing import prepare
from inference_server.worker.reading import load_prepared
from inference_server.worker.signs import Dropped, Signs
from maya_plugin.core import jobs as maya
from shared import places
from shared.told import event_of
from tests.conftest import ROOT
from tests.inference_server.speakers import add_known
from tests.shared.sound_files import click, sound_file

WALK = ROOT / "tests" / "data" / "pose" / "walk.####.jpg"
FRAMES = 8


def plan_of(folder, model="blazepose", layer=None, audio="none", **options):
    layer = layer or {"name": "walk", "picture": str(WALK)}
    body = {"name": "s", "fps": 24, "first": 1033, "last": 1040, "model": model, "options": options, "layers": [layer]}
    body["audio"] = audio
    plan = make_plan(job_spec({"shot": body}, folder, folder / "out", None, False), "job")
    return plan, plan.layers["walk"]


def looks_until(most):
    """A step that cancels the job once so many looks were begun, and the numbers that it was told."""
    signs, told = Signs(), []

    def step(done, total):
        if done > most:
            signs.dropped.add("job")
        told.append((done, total))
        signs.prepared("job", "walk", done, total)

    return step, told


def same(one, other):
    return {name: value.tobytes() for name, value in one.items()} == {n: value.tobytes() for n, value in other.items()}


@pytest.fixture
def reads(monkeypatch):
    """The frames that are read from here on."""
    from inference_server.worker import preparing

    made, real = [], preparing.read_frame
    monkeypatch.setattr(preparing, "read_frame", lambda plan, own, n: made.append(n) or real(plan, own, n))
    return made


def test_what_was_read_before_it_was_stopped_is_not_read_again(tmp_path, reads):
    plan, own = plan_of(tmp_path / "a")
    model = load_model(own.card)
    for most in (5, 11):  # amid the first round, amid the second
        step, told = looks_until(most)
        with pytest.raises(Dropped):
            prepare(plan, own, model, step)
        assert told == [(n, 2 * FRAMES) for n in range(1, most + 2)]
    assert reads == [1033, *range(1033, 1038), 1033, *range(1038, 1041), *range(1033, 1036)], "each once, and the first"
    reads.clear()
    assert prepare(plan, own, model) == {"state": "prepared"} and reads == [1033, *range(1036, 1041)]
    path = prepared_of(plan, own).file
    assert [file.name for file in path.parent.iterdir()] == [path.name], "nothing else is left"
    whole, other = plan_of(tmp_path / "b")
    assert prepare(whole, other, model) == {"state": "prepared"} and prepare(plan, own, model) == {"state": "kept"}
    assert same(load_prepared(path), load_prepared(prepared_of(whole, other).file))


def test_a_face_that_was_followed_is_not_followed_again(tmp_path, state_folder, reads):
    add_known(places.models_folder())
    face = Image.open(ROOT / "tests" / "data" / "faces" / "astronaut.jpg").convert("RGB").resize((240, 225))
    for frame in range(1033, 1041):
        plate = Image.new("RGB", (320, 240), (120, 120, 120))
        plate.paste(face, (frame - 1033, 8))
        plate.save(tmp_path / f"plate.{frame}.png")
    sound_file(tmp_path / "voice.wav", "pcm_s16le", click(4000, 16000, 1))
    stated = {"basis": "synthetic-or-fictional"}
    layer = {"name": "walk", "picture": str(tmp_path / "plate.####.png"), "consent": stated}
    known = {"model": "known", "layer": layer, "audio": str(tmp_path / "voice.wav")}
    plan, own = plan_of(tmp_path / "a", **known)
    model = load_model(own.card)
    for most in (3, 12):
        with pytest.raises(Dropped):
            prepare(plan, own, model, looks_until(most)[0])
    assert prepare(plan, own, model) == {"state": "prepared"}
    assert sorted(reads) == sorted([*[1033] * 3, *range(1033, 1041), *range(1033, 1041)]), "each twice, and the first"
    whole, other = plan_of(tmp_path / "b", **known)
    assert prepare(whole, other, model) == {"state": "prepared"}
    assert same(*(load_prepared(prepared_of(*one).file) for one in ((plan, own), (whole, other))))
    for options in ({"offset": -80}, {"keep_colour": False}, {"silence": "keep"}):
        plan, own = plan_of(tmp_path / "b", **known, **options)
        assert prepare(plan, own, model) == {"state": "kept"}, options
    plan, own = plan_of(tmp_path / "b", **known, score=0.7)
    assert prepare(plan, own, model) == {"state": "prepared"}


def test_an_option_that_decides_nothing_of_it_reads_nothing_again(tmp_path, reads):
    plan, own = plan_of(tmp_path)
    assert prepare(plan, own, load_model(own.card)) == {"state": "prepared"}
    other, changed = plan_of(tmp_path, smoothing="strong", layout="coco17")
    reads.clear()
    assert prepare(other, changed, load_model(own.card)) == {"state": "kept"} and not reads
    assert frame_key(other, changed, 1033) != frame_key(plan, own, 1033), "its frames are others"
    assert prepared_of(plan, own).file.stem == prepared_of(plan, own).key, (
        "by the values of the card it is called as before"
    )


def running(command):
    return subprocess.Popen(
        [sys.executable, "-m", "semrender", *map(str, command)], cwd=ROOT, stdout=subprocess.DEVNULL
    )


def kill_all(process):
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for one in family:
        one.kill()
    process.wait()
    psutil.wait_procs(family)


def test_killed_at_any_moment_it_goes_on_and_reads_no_frame_twice(tmp_path, state_folder):
    """kill -9 of the command, its server and its worker, while joints are read of people who were followed."""
    command = ["render", WALK, "--model", "blazepose", "--out", tmp_path / "out", "--no-aep", "--movie", "none"]
    notes = tmp_path / "out" / "prepared" / "walk"
    process, rows = running(command), []
    while len(rows) < FRAMES + 2:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
        rows = [line for file in notes.glob("*.jsonl") for line in file.read_bytes().split(b"\n")[:-1]]
    kill_all(process)
    (file,) = notes.glob("*.jsonl")
    kept = dict(json.loads(line) for line in file.read_bytes().split(b"\n") if line.endswith(b"]"))
    kept["joints 0"][0]["places"][0][0] += 40  # nobody would read it so
    with file.open("ab") as more:
        more.write(b"\n" + json.dumps(["joints 0", kept["joints 0"]]).encode() + b"\n")
    assert running(command).wait() == 0
    plan, own = plan_of(tmp_path / "alone")
    assert prepare(plan, own, load_model(own.card)) == {"state": "prepared"}
    (made,) = notes.iterdir()
    found, wanted = load_prepared(made)["raw"], load_prepared(prepared_of(plan, own).file)["raw"]
    assert found[0, 0, 0, 0] - wanted[0, 0, 0, 0] == pytest.approx(40), "what was kept is not read again"
    assert np.array_equal(found[0, :, 1:], wanted[0, :, 1:])


def test_how_far_it_is_is_told_to_whoever_watches(capsys):
    jobs = Jobs(Ledger(None))
    jobs.open("a", {"shot": {"name": "s"}, "frames": [1, 2, 3], "layers": ["walk", "sky"], "out": "/out"})
    looks = {"layer": "walk", "done": 12, "total": 96}
    jobs.preparing("a", looks)
    number, name, body = jobs.events("a", 0)[-1]
    event = event_of({"event": name, "n": number, "body": body})
    assert (event.layer, event.done, event.total) == ("walk", 12, 96)
    teller = Teller()
    teller.tell(event)
    teller.close()
    assert "looks at walk: 12 of 96" in capsys.readouterr().err
    summary = jobs.summary("a")
    assert summary["preparing"] == looks and "0/6, looked 12/96" in table([summary], 0.0)[1]
    assert maya.words(maya.foreign({**summary, "state": "painting"})) == "Looking at the frames, 12 of 96"
    jobs.cancel("a")
    assert jobs.summary("a")["preparing"] is None


def test_signs_of_life_say_how_far_it_is_once_something_went_on():
    signs = Signs()
    assert signs.news() is None
    signs.prepared("a", "walk", 1, 96)
    assert signs.news()["preparing"] == {"a": {"layer": "walk", "done": 1, "total": 96}} and signs.news() is None

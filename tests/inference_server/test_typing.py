"""What an artist types and reads: where the pictures go, whose options count, what is said while it goes on."""

import argparse
import json
import shutil

import pytest

from inference_server.commands import jobs_cli, render
from inference_server.models import sleep
from inference_server.worker import outputs
from inference_server.worker.answers import in_words
from semrender import commands
from shared.errors import Interrupted
from tests.conftest import ROOT
from tests.inference_server.servers import kill, start_server

LOOK = {"name": "look", "kind": "choice", "choices": ["golden", "overcast"], "default": "golden", "help": ""}
GRAIN = {"name": "grain", "kind": "number", "min": 0, "max": 1, "default": 0, "help": ""}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The state folder of a server that all cases of this file share, with two stand-ins."""
    folder = tmp_path_factory.mktemp("shared-state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMRENDER_HOME", str(folder))
        sleep.add("looks", 0.0, options=[LOOK, GRAIN])
        sleep.add("plain", 0.0)
        process = start_server()
    yield folder
    kill(process)


@pytest.fixture
def run(home, monkeypatch, capsys, tmp_path):
    """Type a command into a folder of one's own; returns what it said."""
    monkeypatch.setenv("SEMRENDER_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def typed(*arguments, code=0):
        returned = commands.main([str(argument) for argument in arguments])
        found = capsys.readouterr()
        assert returned == code, found.err
        return found

    return typed


@pytest.fixture
def shot(colour_frames, tmp_path):
    """A shot.json over two frames with what a test wants of shot and layer."""
    colour_frames(count=2)

    def write(layer=None, **changes):
        layer = {"name": "all", "labels": "labels/shot.####.png", **(layer or {})}
        about = {"name": "sh", "fps": 24, "first": 1001, "last": 1002, "layers": [layer], **changes}
        file = tmp_path / "shot.json"
        file.write_text(json.dumps(about))
        return file

    return write


def painted(folder):
    """Options of the first frame's header."""
    return outputs.read_metadata(min((folder / "all").glob("*.png")))["options"]


@pytest.mark.parametrize("layer", [{"options": {"look": "golden"}}, {"options": {"look": "golden"}, "model": "looks"}])
def test_an_option_of_the_command_line_wins_over_shot_and_layer(run, shot, tmp_path, layer):
    file = shot(layer, model="looks", options={"look": "golden", "grain": 0.5})

    run("render", file, "--option", "look=overcast", "--out", "o", "--no-aep")

    assert painted(tmp_path / "o")["look"] == "overcast"


def test_options_that_another_model_lacks_are_left_out_and_said(run, shot, tmp_path):
    file = shot({"options": {"look": "golden"}}, model="looks", options={"grain": 0.5})

    said = run("render", file, "--model", "plain", "--out", "o", "--no-aep")

    assert painted(tmp_path / "o") == {}
    assert "grain" in said.err and "look" in said.err
    assert "grain" in run("render", file, "--model", "plain", "--option", "grain=1", "--out", "p", code=3).err


def test_without_out_the_pictures_go_into_painted(run, shot, tmp_path):
    said = run("render", shot(model="plain"), "--no-aep")

    assert len(list((tmp_path / "painted" / "sh" / "all").glob("*.png"))) == 2
    assert said.out.splitlines()[0] == "painting into painted/sh"
    assert said.out.splitlines()[1].startswith("the server at tcp://127.0.0.1:")


@pytest.mark.parametrize("out", ["labels", "."])
def test_paintings_never_lie_among_the_passes(run, colour_frames, tmp_path, out):
    labels = colour_frames(count=2)
    before = sorted(labels.iterdir())
    layer = {"name": "labels", "labels": "labels/shot.####.png"}
    shot = {"name": "sh", "fps": 24, "first": 1001, "last": 1002, "model": "plain", "layers": [layer]}
    (tmp_path / "shot.json").write_text(json.dumps(shot))

    assert "folder of a pass" in run("render", "shot.json", "--out", out, code=3).err
    assert sorted(labels.iterdir()) == before


def test_the_paintings_under_held_frames_count(run, shot, tmp_path):
    file = shot(model="plain", hold="gentle")

    said = run("--json", "render", file, "--no-aep", "--out", "o")
    events = [json.loads(line) for line in said.out.splitlines()]

    checked = next(event for event in events if event["event"] == "checked")
    under = [event for event in events if event["event"] == "underpainted"]
    assert checked["under_total"] == len(under) > 0
    assert [event["under_done"] for event in under] == list(range(1, len(under) + 1))
    assert all(event["job"] == checked["job"] and event["schema"] == 1 and event["time"] > 0 for event in events)
    assert events[-2]["underpainted"] == len(under)
    assert (
        f"held still, from {len(under)} paintings" in run("render", file, "--no-aep", "--out", "p", "--seed", "5").out
    )


def test_jobs_have_a_header_an_owner_and_their_time(run, shot, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    run("render", shot(model="plain"), "--out", "o", "--no-aep")

    header, first, *_ = run("jobs").out.splitlines()

    assert header.split() == ["id", "state", "done", "left", "owner", "started", "took", "priority", "name", "out"]
    assert "ada@" in first and "2/2" in first and " sh " in first
    assert header.index("owner") == first.index("ada@")


def test_a_job_is_shown_with_all_that_was_asked(run, shot):
    run("render", shot(model="looks"), "--option", "look=overcast", "--out", "o", "--no-aep")
    job = json.loads(run("jobs", "--json").out)["jobs"][0]

    said = run("jobs", "show", job["job"][:12]).out

    assert job["job"] in said
    assert "looks, look=overcast" in said and "1001-1002, as png" in said
    assert json.loads(run("jobs", "show", job["job"], "--json").out)["asked"]["shot"]["model"] == "looks"


def test_cleaning_says_first_what_it_would_do(run, shot):
    run("render", shot(model="plain"), "--out", "o", "--no-aep")
    before = json.loads(run("jobs", "--json").out)

    would = json.loads(run("jobs", "clean", "--days", "0", "--dry-run", "--json").out)["would"]

    assert {job["job"] for job in would} == {job["job"] for job in before["jobs"]}
    assert json.loads(run("jobs", "--json").out) == before
    assert "no job would be forgotten" in run("jobs", "clean", "--dry-run").out


def test_the_queue_is_listed_as_it_is_worked_on():
    def job(name, created, priority=0, state="painting", ended=None):
        return {"job": name, "created": created, "priority": priority, "state": state, "ended": ended}

    jobs = [
        *(job("old", 1, ended=5.0), job("first", 2), job("waits", 3, 90, "paused"), job("hurry", 4, 20)),
        job("last", 5, ended=9.0),
    ]
    assert [one["job"] for one in jobs_cli.in_order(jobs)] == ["hurry", "first", "waits", "last", "old"]


@pytest.mark.parametrize(("says", "left"), [({"left": 180.0}, "~3:00"), ({"left": None}, "-"), ({}, "-")])
def test_the_time_left_is_as_the_server_says(says, left):
    job = {"job": "a" * 32, "state": "painting", "done": 5, "total": 11, "failed": 0, "painted": 2, "priority": 0}
    job |= {"name": "sh", "out": "/o", "paused": "", "created": 0.0, "began": 40.0, "ended": None}
    row = dict(zip(jobs_cli.HEADER, jobs_cli.row({**job, **says}, 100.0), strict=True))
    assert (row["left"], row["took"]) == (left, "1:00")


def test_without_a_server_its_ledger_tells_the_history(state_folder, capsys):
    """A ledger of the version before, which knows neither owners nor when painting began."""
    shutil.copy(ROOT / "tests" / "data" / "before" / "ledger.sqlite", state_folder)

    assert commands.main(["jobs"]) == 0

    said = capsys.readouterr()
    assert said.out.startswith("id ") and len(said.out.splitlines()) > 1
    assert "no server runs" in said.err


def test_ctrl_c_before_the_first_frame_says_so(tmp_path):
    class Impatient:
        id, out, cancelled = "job", tmp_path, False

        def watch(self):
            raise KeyboardInterrupt

        def cancel(self):
            self.cancelled = True

    job = Impatient()
    asked = argparse.Namespace(json=False, on_done="false", notify=False)

    with pytest.raises(Interrupted, match="before the first frame"):
        render.follow(job, asked, cancels=True)

    assert job.cancelled


def test_a_worker_says_what_nobody_foresaw_in_a_sentence_and_one_report(state_folder):
    def failing():
        try:
            {}["size"]
        except KeyError as error:
            return in_words(error)

    said = [failing(), failing()]

    assert "KeyError" not in str(said[0]) and "nobody foresaw" in str(said[0])
    assert [report.read_text().count("KeyError: 'size'") for report in (state_folder / "reports").iterdir()] == [1]
    assert said[0].file == said[1].file

"""A shot that other machines paint is one job: a row of the ledger for each run of blocks, leases, an end."""

import json
import os
import subprocess
import sys

import pytest

from inference_server.broker.chunks import LEASE_SECONDS, LOST, Chunks
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.members import SILENT_SECONDS, Member
from shared.delivery import read_delivery
from shared.errors import InputRefused, ServerError
from tests.conftest import ROOT, semrender
from tests.inference_server.farm.conftest import files
from tests.inference_server.servers import job_of, wait_for

SPEC = {
    **{"shot": {"name": "s", "first": 1001, "last": 1036}, "layers": ["a", "b"], "frames": list(range(1001, 1037))},
    **{"out": "/out", "base": "/shot", "format": "png", "overwrite": False, "owner": "ada", "models": {}},
    **{"part": "farm", "chunks": [[83, 83], [84, 84], [85, 86]]},
}
WHOLE = {"painted": 24, "kept": 0, "copied": 0}


@pytest.fixture
def jobs():
    return Jobs(Ledger(None))


@pytest.fixture
def chunks(jobs):
    """The runs of one job that was looked at."""
    jobs.open("a", SPEC)
    check = jobs.next_task("a", ())
    jobs.begin(check)
    found = Chunks(jobs)
    assert found.take("one", 0.0) is None, "nothing is painted before the check"
    jobs.finish(check.id, {"problems": [], "frames": []})
    assert jobs.next_task("a", ()) is None, "none of it is for this machine's own workers"
    return found


def events(jobs):
    return [(body["state"], body["machine"], body["done"]) for _, name, body in jobs.events("a", 0) if name == "chunk"]


def test_a_row_for_each_run_whatever_its_frames(jobs, chunks):
    kinds = [row["kind"] for row in jobs.ledger.rows("SELECT kind FROM tasks WHERE job = 'a' ORDER BY id")]
    assert kinds == ["check", "chunk", "chunk", "chunk", "deliver"] and jobs.summary("a")["total"] == 72


def test_a_machine_is_told_all_that_it_needs(chunks):
    first, second = chunks.take("one", 0.0), chunks.take("two", 0.0)
    assert (first["blocks"], first["pictures"], second["blocks"]) == ("83", 16, "84")
    assert {name: first[name] for name in ("job", "base", "out", "layers", "owner")} == {
        **{"job": "a", "base": "/shot", "out": "/out", "layers": ["a", "b"], "owner": "ada"}
    }
    assert chunks.take("one", 0.0)["blocks"] == "85-86" and chunks.take("one", 0.0) is None


def test_the_job_ends_with_its_delivery_after_the_last_run(jobs, chunks):
    taken = [chunks.take(machine, 0.0) for machine in ("one", "two", "one")]
    assert chunks.told(taken[0]["task"], "one", 10, 1.0) and chunks.told(taken[1]["task"], "two", 5, 1.0)
    for run, count in zip(taken, (16, 24, 32), strict=True):
        assert jobs.next_task("a", ()) is None
        chunks.end(run["task"], "one", {"painted": count - 1, "kept": 1, "copied": 0}, 2.0)
    assert events(jobs)[3:] == [
        *[("progress", "one", 10), ("progress", "two", 15)],
        *[("ended", "one", 21), ("ended", "one", 40), ("ended", "one", 72)],
    ]
    assert jobs.summary("a")["state"] == "delivering" and jobs.summary("a")["kept"] == 3
    deliver = jobs.next_task("a", ())
    assert deliver.kind == "deliver"
    jobs.begin(deliver)
    jobs.finish(deliver.id, {"delivery": "delivery.json"})
    assert jobs.summary("a")["state"] == "done"


def test_a_machine_that_is_silent_loses_its_run_and_another_takes_it(jobs, chunks):
    run = chunks.take("one", 0.0)
    chunks.care(LEASE_SECONDS - 1)
    assert chunks.told(run["task"], "one", 3, LEASE_SECONDS - 1), "it was heard: the lease begins anew"
    chunks.care(2 * LEASE_SECONDS - 2)
    assert chunks.take("two", 2 * LEASE_SECONDS - 2)["blocks"] == "84"
    chunks.care(2 * LEASE_SECONDS)
    assert ("lost", "one", 3) in events(jobs), "what is told never goes back"
    again = chunks.take("three", 200.0)
    assert again["blocks"] == "83" and not chunks.told(run["task"], "one", 9, 201.0), "it is to stop"
    assert chunks.told(again["task"], "three", 1, 201.0)


def test_who_hands_a_run_on_says_for_whom_and_what_it_gives_back_is_not_lost(jobs, chunks):
    runs = [chunks.take("farm", 0.0, hands_on=True) for _ in range(2)]
    assert events(jobs) == [], "nobody paints yet"
    for run, machine in zip(runs, ("one", "two"), strict=True):
        assert chunks.told(run["task"], "farm", 0, 1.0, machine) and chunks.told(run["task"], "farm", 5, 2.0)
    assert events(jobs) == [
        *[("started", "one", 0), ("progress", "one", 5)],
        *[("started", "two", 5), ("progress", "two", 10)],
    ]
    chunks.give_back("farm", 1.0, runs[1]["task"])
    assert events(jobs)[4:] == [("lost", "two", 10)] and not chunks.told(runs[1]["task"], "farm", 6, 3.0)
    for _ in range(LOST + 1):
        chunks.take("farm", 0.0, hands_on=True)
        chunks.give_back("farm", 1.0)
    assert jobs.summary("a")["state"] == "painting" and chunks.take("other", 0.0)["blocks"] == "83"


def test_machines_are_there_as_long_as_their_farm_says_so(chunks):
    chunks.care(1000.0)
    assert chunks.there() == []
    chunks.meet([Member("one", 2, devices=("cpu",))], 1000.0)
    chunks.care(1000.0 + SILENT_SECONDS)
    assert [(one["name"], one["slots"], one["hand"]) for one in chunks.there()] == [("one", 2, [])]
    chunks.care(1002.0 + SILENT_SECONDS)
    assert chunks.there() == []


def test_who_was_given_up_and_ends_first_has_ended_the_run(jobs, chunks):
    run = chunks.take("one", 0.0)
    chunks.meet([Member("two", 2)], LEASE_SECONDS)
    chunks.care(LEASE_SECONDS + 1)
    again = chunks.take("two", LEASE_SECONDS + 2)
    chunks.end(run["task"], "one", WHOLE, 2.0)
    assert not chunks.told(again["task"], "two", 1, 101.0)
    chunks.end(again["task"], "two", WHOLE, 2.0)
    assert jobs.summary("a")["painted"] == 24, "counted once"


def test_a_run_that_machines_go_on_losing_has_failed_and_nothing_is_delivered(jobs, chunks):
    others = [chunks.take("good", 0.0)["task"] for _ in range(3)][1:]
    for time in range(LOST):
        now = time * 2 * LEASE_SECONDS
        chunks.meet([Member("good", 2)], now + LEASE_SECONDS)
        chunks.care(now + LEASE_SECONDS + 1)
        for one in others:
            chunks.end(one, "good", WHOLE, 2.0)
        chunks.take("bad", now + 2 * LEASE_SECONDS)
    assert jobs.summary("a")["state"] == "failed" and "silent for 60 s" in jobs.errors("a")[0]["what"]


def test_what_waited_behind_another_run_and_what_goes_on_are_not_why_a_machine_is_lost(jobs, chunks):
    """The power of a room is cut again and again."""
    for time in range(LOST + 2):
        now = time * 2 * LEASE_SECONDS
        painted, waits = (chunks.take("one", now + second) for second in (0, 1))
        assert chunks.told(painted["task"], "one", 2 * time + 1, now + 2)
        lost = [painted, waits] if time % 2 else [waits, painted]
        for run in lost:
            chunks.fail(run["task"], "one", ServerError("one has left"), {}, now + 3, left=True)
        assert [jobs.task_row(run["task"])["deaths"] for run in (painted, waits)] == [0, 0]
    for time in range(LOST):
        assert jobs.summary("a")["state"] != "failed"
        now = 1000.0 + time * LEASE_SECONDS
        run = chunks.take("one", now)
        chunks.fail(run["task"], "one", ServerError("one has left"), {}, now + 1, left=True)
    assert jobs.summary("a")["failed"] == 16, "it never came further"


@pytest.mark.parametrize("error, again", [(ServerError("its server died"), True), (InputRefused("no pass"), False)])
def test_what_one_machine_cannot_another_may_and_what_is_refused_is_refused_everywhere(jobs, chunks, error, again):
    chunks.fail(chunks.take("one", 0.0)["task"], "one", error, {}, 1.0)
    assert (chunks.take("two", 0.0)["blocks"] == "83") is again


def test_cancelled_and_paused_jobs_give_out_nothing_and_whose_run_it_was_hears_of_it(jobs, chunks):
    run = chunks.take("one", 0.0)
    jobs.pause("a", "asked")
    chunks.care(1.0)
    assert chunks.take("two", 1.0) is None and not chunks.told(run["task"], "one", 1, 1.0)
    jobs.resume("a")
    run = chunks.take("two", 2.0)
    jobs.cancel("a")
    chunks.care(2.0)
    assert chunks.take("two", 2.0) is None and not chunks.told(run["task"], "two", 2, 2.0)
    chunks.end(run["task"], "one", WHOLE, 2.0)
    chunks.care(1000.0)
    assert jobs.summary("a")["state"] == "cancelled"


def test_after_a_restart_what_had_ended_has_ended_and_the_rest_is_given_out_again(jobs, chunks):
    done, begun = chunks.take("one", 0.0), chunks.take("two", 0.0)
    chunks.end(done["task"], "one", WHOLE, 2.0)
    jobs.recover()
    later = Chunks(jobs)
    check = jobs.next_task("a", ())
    jobs.begin(check)
    jobs.finish(check.id, {"problems": [], "frames": []})
    assert not later.told(begun["task"], "two", 1, 0.0), "that server gave it out, this one did not"
    assert [later.take("three", 0.0)["blocks"] for _ in range(2)] == ["84", "85-86"] and later.take(
        "three", 0.0
    ) is None
    assert jobs.summary("a")["painted"] == 24
    later.end(begun["task"], "two", WHOLE, 2.0)
    assert jobs.summary("a")["painted"] == 48


def test_whoever_looks_sees_how_far_every_frame_is(jobs, chunks):
    done, _ = chunks.take("one", 0.0), chunks.take("two", 0.0)
    chunks.end(done["task"], "one", WHOLE, 2.0)
    frames, letters = jobs.pictures("a", "b")
    assert frames == list(range(1001, 1037)) and letters == "p" * 8 + "r" * 12 + "w" * 16


def paint(chunk, machine, home):
    """A machine with a state folder of its own paints a run by the command; how many pictures of which outcome."""
    command = ["farm", "chunk", f"{chunk['base']}/shot.json", "--out", chunk["out"], "--blocks", chunk["blocks"]]
    inside = {**os.environ, "SEMRENDER_HOME": str(home / machine), "SEMRENDER_MODELS": str(home / "models")}
    done = semrender(*command, "--progress", "json", "--owner", chunk["owner"], env=inside)
    assert done.returncode == 0, done.stderr
    ended = next(json.loads(line) for line in done.stdout.splitlines() if '"event": "done"' in line)
    return {name: ended[name] for name in ("painted", "kept", "copied")}


def test_a_shot_that_two_machines_paint_is_one_job_in_the_artists_queue(resident, farm_shot, tmp_path, state_folder):
    shot = farm_shot(count=26, hold="strong")
    job = resident.submit({**job_of(shot, tmp_path / "out", "stand-in"), "part": "farm", "per": 1})
    command = [sys.executable, "-m", "semrender", "--json", "jobs", "watch", job]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watching:
        for machine in ("one", "two", "one"):
            ask = {"machine": machine}
            chunk = wait_for(lambda ask=ask: resident.request("take_chunk", ask)[0]["chunk"])
            ask["task"] = chunk["task"]
            assert resident.request("told_chunk", {**ask, "done": 2})[0]["wanted"]
            resident.request("end_chunk", {**ask, **paint(chunk, machine, state_folder)})
        said = [json.loads(line) for line in watching.communicate(timeout=120)[0].splitlines()]
    assert watching.returncode == 0 and said[-1]["event"] == "made"
    told = [(one["machine"], one["state"]) for one in said if one["event"] == "chunk"]
    assert told == [(name, state) for name in ("one", "two", "one") for state in ("started", "progress", "ended")]
    done = [one["done"] for one in said if one["event"] == "chunk"]
    assert done == sorted(done) and done[-1] == 26
    assert read_delivery(tmp_path / "out").shot.version == 1
    semrender("render", shot, "--out", tmp_path / "whole")
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    assert resident.request("take_chunk", {"machine": "one"})[0]["chunk"] is None


@pytest.mark.parametrize("change, words", [({"per": 0}, "number of blocks"), ({"per": True}, "number of blocks")])
def test_what_is_no_farm_is_refused(resident, farm_shot, tmp_path, change, words):
    with pytest.raises(InputRefused, match=words):
        resident.submit({**job_of(farm_shot(), tmp_path / "out", "stand-in"), "part": "farm", **change})
    for verb, body in (("take_chunk", {}), ("end_chunk", {"machine": "x", "error": 5}), ("told_chunk", {"task": "x"})):
        with pytest.raises(InputRefused):
            resident.request(verb, body)
    assert resident.request("told_chunk", {"machine": "x", "task": 99})[0] == {"wanted": False, "held": []}

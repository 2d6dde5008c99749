"""Machines that join when one has begun with a job, or has it in its queue: what is left of it is theirs, too."""

from contextlib import ExitStack

import pytest

from inference_server.broker.chunks import CARE_SECONDS, Chunks
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.members import Member
from inference_server.models import sleep
from shared import places
from shared.client import Client
from shared.errors import InputRefused
from tests.conftest import semrender
from tests.inference_server.farm.conftest import files, paintings
from tests.inference_server.farm.test_farm_lan import SECONDS, ended, line_with, process, there, three_ports
from tests.inference_server.farm.test_farm_one_job import FARM, OWN, take
from tests.inference_server.farm.test_farm_rows import SPEC
from tests.inference_server.servers import job_of, wait_for

FRAMES = list(range(1, 241))  # blocks 0-19
ALONE = {
    **{**SPEC, "part": "whole", "chunks": [], "may_be_cut": True, "holds": {}},
    **{"shot": {"name": "s", "first": 1, "last": 240}, "frames": FRAMES},
}


@pytest.fixture
def jobs():
    found = Jobs(Ledger(None))
    found.open("a", ALONE)
    return found


def looked_at(jobs):
    check = jobs.next_task("a", ())
    jobs.begin(check)
    keys = [[place[0], *place[1:], f"{place}", None] for place in check.places]
    jobs.finish(check.id, {"problems": [], "frames": keys})


def paint(jobs, count):
    for _ in range(count):
        task = jobs.next_task("a", ())
        jobs.begin(task)
        jobs.finish(task.id, {"state": "painted", "file": "x", "mattes": []})


def another_joins(jobs):
    chunks = Chunks(jobs)
    chunks.meet([OWN, Member("two", 2)], 0.0)
    chunks.care(CARE_SECONDS)
    return chunks


def paint_runs(jobs, chunks, kept=lambda run: 0):
    """All that are left; the frames of each. kept: how many pictures of a run were there."""
    found = []
    while (run := chunks.take(FARM, 2.0, hands_on=True)) is not None:
        assert chunks.told(run["task"], FARM, 0, 2.0, "two")
        there = kept(run)
        chunks.end(run["task"], FARM, {"painted": run["pictures"] - there, "kept": there, "copied": 0}, 2.0, "two")
        found.append(run["frames"])
    return found


def test_a_job_that_waits_for_its_turn_is_cut_and_keeps_its_place(jobs):
    jobs.open("b", ALONE)
    chunks = another_joins(jobs)
    assert [row["id"] for row in jobs.active()] == ["a", "b"] and jobs.spec("a")["part"] == "farm"
    looked_at(jobs)
    assert jobs.events("a", 0)[0][1] == "checked"
    assert sorted(frame for run in paint_runs(jobs, chunks) for frame in run) == FRAMES
    assert jobs.summary("a")["painted"] == 480 and jobs.next_task("a", ()).kind == "deliver"


def test_of_one_that_goes_on_what_is_finished_stays_and_what_is_told_never_goes_back(jobs):
    looked_at(jobs)
    paint(jobs, 60)  # 30 frames of two layers: two blocks and a half
    in_hand = jobs.next_task("a", ())
    jobs.begin(in_hand)
    chunks = another_joins(jobs)
    assert jobs.summary("a")["done"] == 60
    jobs.finish(in_hand.id, {"state": "painted", "file": "x", "mattes": []})
    assert jobs.summary("a")["done"] == 60, "it is counted with its run"
    assert jobs.summary("a")["state"] == "painting" and jobs.next_task("a", ()) is None
    assert jobs.pictures("a", "b")[1] == "p" * 24 + "w" * 216
    runs = paint_runs(jobs, chunks, lambda run: 12 if run["frames"][0] == 25 else 0)
    assert sorted(frame for run in runs for frame in run) == FRAMES[24:]
    told = [body["done"] for _, _, body in jobs.events("a", 0) if "done" in body]
    assert told == sorted(told) and told[-1] == 480
    summary = jobs.summary("a")
    assert (summary["painted"], summary["kept"], summary["state"]) == (468, 12, "delivering")
    assert jobs.pictures("a", "b") == (FRAMES, "p" * 240)


@pytest.mark.parametrize(
    "holds, again", [({}, [*range(49, 61), *range(85, 97)]), ({"a": "strong"}, list(range(49, 97)))]
)
def test_what_failed_is_tried_again_and_every_picture_is_counted_once(holds, again):
    """What holds strongly is painted in whole runs of four: what is finished between two that failed is kept."""
    jobs = Jobs(Ledger(None))
    jobs.open("a", {**ALONE, "layers": ["a"], "holds": holds})
    looked_at(jobs)
    while (task := jobs.next_task("a", ())).frame < 145:
        jobs.begin(task)
        if task.frame in (60, 85) and task.kind in ("paint", "hold"):
            jobs.fail(task.id, InputRefused("damaged"))
        else:
            jobs.finish(task.id, {"state": "painted", "file": "x", "mattes": []})
    assert jobs.summary("a")["failed"] == 2
    chunks = another_joins(jobs)
    assert jobs.summary("a")["failed"] == 0
    left = sorted(frame for run in paint_runs(jobs, chunks) for frame in run)
    assert [frame for frame in left if frame <= 96] == again and left[len(again) :] == FRAMES[
        -len(left[len(again) :]) :
    ]
    assert jobs.summary("a")["painted"] == 240 and jobs.pictures("a", "a") == (FRAMES, "p" * 240)


def test_what_is_nearly_done_or_must_be_painted_by_one_stays_as_it_is(jobs):
    jobs.open("b", {**ALONE, "may_be_cut": False})
    looked_at(jobs)
    paint(jobs, 2 * 228)
    another_joins(jobs)
    assert [jobs.spec(job)["part"] for job in "ab"] == ["whole", "whole"]
    assert jobs.next_task("a", ()).kind == "paint"


def test_after_a_restart_it_goes_on_so(jobs):
    looked_at(jobs)
    paint(jobs, 48)
    chunks = another_joins(jobs)
    run = take(chunks, "two")
    chunks.end(run["task"], FARM, {"painted": run["pictures"], "kept": 0, "copied": 0}, 2.0, "two")
    again = Jobs(jobs.ledger)
    again.recover()
    later = Chunks(again)
    later.meet([OWN, Member("two", 2)], 3.0)
    looked_at(again)
    assert again.summary("a")["done"] == 48 + run["pictures"]
    frames = sorted(frame for run in paint_runs(again, later) for frame in run)
    assert frames == sorted({*FRAMES[24:]} - {*run["frames"]}) and again.summary("a")["painted"] == 480


def test_a_machine_that_joins_paints_what_another_one_has_begun(tmp_path_factory, tmp_path, monkeypatch, farm_shot):
    """Real processes: one machine paints alone and is held up, the other joins and paints of it, too."""
    home, other = (tmp_path_factory.mktemp(name) for name in ("home", "two"))
    monkeypatch.setenv("SEMRENDER_HOME", str(home))
    sleep.add("gated", 0, config={"seconds": 0, "gate": True, "tally": True})
    place = f"127.0.0.1:{three_ports()}"
    shot = farm_shot(count=54, hold="gentle", model="gated")
    (home / "gate").write_text("26")
    with ExitStack() as stack:
        serve = stack.enter_context(process("serve", "--device", "cpu", "--farm", place, home=home))
        code = line_with(serve, "semrender join").split()[-1]
        client = stack.enter_context(Client(places.read_json(places.connection_file())))
        job = client.submit(job_of(shot, tmp_path / "out", "gated"))
        wait_for(lambda: client.ask("show", job)["done"] >= 20, SECONDS)
        words, models = ("--name", "two", "--device", "cpu"), {"SEMRENDER_MODELS": str(home / "models")}
        join = stack.enter_context(process("join", place, code, *words, home=other, **models))
        line_with(join, "paints for")
        wait_for(lambda: len(there(client)) == 2, SECONDS)
        wait_for(lambda: paintings(other) >= 6, SECONDS)
        (home / "gate").unlink()
        assert wait_for(lambda: ended(client, job), SECONDS) == "done"
        told = [event["body"]["done"] for event in client.watch(job) if "done" in event["body"]]
        assert told == sorted(told) and told[-1] == 54
    assert paintings(home) + paintings(other) <= 54 + 4 + 6, "what was in hand, and where two met"
    semrender("render", shot, "--out", tmp_path / "whole", "--here", seconds=SECONDS)
    assert files(tmp_path / "out") == files(tmp_path / "whole")

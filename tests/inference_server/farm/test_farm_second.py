"""At the end of a job machines with nothing to do help: a run goes over to them, or is theirs, too, from its end."""

import pytest

from inference_server.broker.chunks import Chunks
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from shared.errors import MachineRefused, SemrenderError, ServerError
from tests.inference_server.farm.test_farm_one_job import FARM, ONE, OWN, TWO, done, enter, machines, take

NOW = 48.0


def whole(run):
    return {"painted": run["pictures"], "kept": 0, "copied": 0}


@pytest.fixture
def jobs():
    return Jobs(Ledger(None))


@pytest.fixture
def chunks(jobs):
    """Machine two has painted its runs of 16 and 32 pictures, one a second; one has the run of 24, and painted none."""
    enter(jobs)
    found = Chunks(jobs)
    found.meet([ONE, TWO, OWN], 0.0)
    runs = [take(found, name) for name in ("two", "one", "two")]
    found.slow = runs[1]
    found.end(runs[0]["task"], FARM, whole(runs[0]), 16.0, "two")
    found.end(runs[2]["task"], FARM, whole(runs[2]), NOW, "two")
    return found


def second(chunks, now=NOW):
    return chunks.take(FARM, now, hands_on=True)


def test_the_run_that_is_furthest_from_its_end_is_anothers_too_and_whoever_ends_it_first_has_ended_it(jobs, chunks):
    slow = chunks.slow
    chunks.told(slow["task"], FARM, 6, NOW)
    again = second(chunks)
    assert (again["frames"], again["job"], again["without"]) == (slow["frames"], "a", ["here", "one"])
    assert (slow["backwards"], again["backwards"]) == (False, True), "they meet"
    assert again["task"] != slow["task"] and second(chunks) is None, "once"
    assert chunks.told(again["task"], FARM, 0, NOW, "two") and chunks.told(again["task"], FARM, 20, NOW + 5)
    assert jobs.summary("a")["done"] == 48 + 20, "as far as the faster one"
    assert machines(jobs) == {"one": (6, 24, "painting"), "two": (68, 24, "painting")}
    assert chunks.told(slow["task"], FARM, 8, NOW + 6) and second(chunks, NOW + 500) is None
    chunks.end(again["task"], FARM, whole(again), NOW + 9, "two")
    assert not chunks.told(slow["task"], FARM, 9, NOW + 9) and chunks.held(FARM) == []
    chunks.end(slow["task"], FARM, whole(slow), NOW + 10, "one")
    told = jobs.summary("a")
    assert (told["state"], told["painted"], told["done"]) == ("delivering", 72, 72), "counted once"
    assert done(jobs) == sorted(done(jobs)) and machines(jobs) == {"two": (72, 0, "waiting")}


def test_who_had_it_first_may_end_it_first(jobs, chunks):
    again = second(chunks)
    chunks.told(again["task"], FARM, 3, NOW + 1, "here")
    chunks.end(chunks.slow["task"], FARM, whole(chunks.slow), NOW + 2, "one")
    assert not chunks.told(again["task"], FARM, 4, NOW + 2) and jobs.summary("a")["painted"] == 72


def test_what_a_machine_has_not_begun_with_goes_over(jobs):
    enter(jobs)
    chunks = Chunks(jobs)
    chunks.meet([ONE, TWO], 0.0)
    begun, other, waits = (take(chunks, name) for name in ("one", "two", "one"))
    chunks.told(begun["task"], FARM, 8, 40.0)
    chunks.end(other["task"], FARM, whole(other), 40.0, "two")
    moved = second(chunks, 40.0)
    assert (moved["task"], moved["without"], moved["backwards"]) == (waits["task"], ["one"], True)
    assert sorted(chunks.held(FARM)) == [begun["task"], waits["task"]] and machines(jobs)["one"] == (8, 16, "painting")
    assert chunks.told(moved["task"], FARM, 0, 41.0, "two") and machines(jobs)["two"] == (24, 32, "painting")
    assert second(chunks, 41.0) is None
    chunks.give_back(FARM, 42.0, moved["task"])
    assert take(chunks, "two", 42.0)["backwards"] is False, "whoever had it was on its way from the other end"


def test_what_was_begun_before_a_restart_is_met_too(jobs, chunks):
    jobs.recover()
    check = jobs.next_task("a", ())
    jobs.begin(check)
    jobs.finish(check.id, {"problems": [], "frames": []})
    again = Chunks(Jobs(jobs.ledger)).take(FARM, NOW, hands_on=True)
    assert again["blocks"] == chunks.slow["blocks"] and again["backwards"]


def test_nothing_is_given_out_again_before_what_waits_nor_to_who_is_busy_or_refuses(jobs, chunks):
    enter(jobs, "b")
    waiting = [take(chunks, name, NOW) for name in ("two", "here", "here")]
    assert {run["job"] for run in waiting} == {"b"} and second(chunks, NOW + 1) is None, "nobody is idle"
    jobs.cancel("b")
    chunks.care(NOW + 1)
    assert jobs.shares.of("b") == []
    for name in ("two", "here"):
        jobs.shares.stands("a", name, "refused", "it has no model")
    assert second(chunks, NOW + 2) is None
    jobs.shares.back("here")
    assert second(chunks, NOW + 2)["without"] == ["one", "two"]


def test_a_machine_that_has_just_left_is_no_help_though_it_was_there_when_machines_were_told(jobs, chunks):
    again = second(chunks)
    chunks.told(again["task"], FARM, 1, NOW, "two")
    chunks.fail(again["task"], FARM, ServerError("two has left"), {}, NOW + 1, "two", left=True)
    assert second(chunks, NOW + 1)["without"] == ["one"], "here is the only one"
    chunks.meet([ONE, TWO, OWN], NOW + 2)
    assert machines(jobs)["two"] == (48, 0, "waiting"), "it has come back"


def test_where_one_of_the_two_is_lost_the_other_goes_on_and_is_helped_itself(jobs, chunks):
    again = second(chunks)
    chunks.told(again["task"], FARM, 0, NOW + 1, "two")
    assert second(chunks, NOW + 2) is None
    chunks.fail(chunks.slow["task"], FARM, ServerError("one has left"), {}, NOW + 2, "one", left=True)
    assert chunks.told(again["task"], FARM, 0, NOW + 3) and jobs.task_row(chunks.slow["task"])["deaths"] == 0
    third = second(chunks, NOW + 3)
    assert third["task"] == chunks.slow["task"] and not third["backwards"], "from its first frame on again"
    chunks.told(third["task"], FARM, 1, NOW + 4, "here")
    for run, machine in ((again, "two"), (third, "here")):
        chunks.fail(run["task"], FARM, ServerError(f"{machine} has left"), {}, NOW + 5, machine, left=True)
    assert take(chunks, "here", NOW + 6)["task"] == chunks.slow["task"]
    assert jobs.task_row(chunks.slow["task"])["deaths"] == 0, "it had come further than before"


def test_a_run_that_ends_whoever_has_it_is_blamed_as_one(jobs, chunks):
    """What was lost of it is known under one number, and forgotten when it ends."""
    again = second(chunks)
    chunks.told(again["task"], FARM, 5, NOW + 1, "two")
    chunks.fail(again["task"], FARM, ServerError("two has left"), {}, NOW + 2, "two", left=True)
    chunks.told(chunks.slow["task"], FARM, 5, NOW + 3)
    chunks.fail(chunks.slow["task"], FARM, ServerError("one has left"), {}, NOW + 30, "one", left=True)
    assert jobs.task_row(chunks.slow["task"])["deaths"] == 1, "it came no further than the second one had"
    last = take(chunks, "here", NOW + 31)
    chunks.end(last["task"], FARM, whole(last), NOW + 40, "here")
    assert chunks._blame._furthest == {}


@pytest.mark.parametrize("error", [ServerError("its server died"), MachineRefused("no model"), SemrenderError("odd")])
def test_where_the_second_is_lost_the_first_goes_on_as_if_nothing_had_been(jobs, chunks, error):
    again = second(chunks)
    chunks.told(again["task"], FARM, 3, NOW + 1, "two")
    chunks.fail(again["task"], FARM, error, {}, NOW + 2, "two")
    assert chunks.told(chunks.slow["task"], FARM, 4, NOW + 3)
    assert jobs.task_row(chunks.slow["task"])["deaths"] == 0
    chunks.end(chunks.slow["task"], FARM, whole(chunks.slow), NOW + 9, "one")
    assert jobs.summary("a")["state"] == "delivering"

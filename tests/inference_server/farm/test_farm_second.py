"""At the end of a job the slowest run is given to a second machine: which, when, once, and whoever ends it first."""

import pytest

from inference_server.broker.chunks import SPARE_SECONDS, Chunks
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
    """Machine two has painted its runs of 16 and 32 pictures, the last one by now; one has the run of 24."""
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
    assert (again["frames"], again["job"], again["without"]) == (slow["frames"], "a", ["one"])
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


@pytest.mark.parametrize(
    "pictures, held, given",
    [
        (0, "", True),  # nothing to be seen for longer than such a run takes
        (11, "", True),  # 57 seconds yet, such a run takes 32
        (16, "", False),  # 24 seconds
        (22, "", False),
        (22, "no space: none", True),
    ],
)
def test_it_is_given_out_again_where_another_is_sooner_through_with_it(chunks, pictures, held, given):
    chunks.told(chunks.slow["task"], FARM, pictures, NOW)
    chunks.held_up(chunks.slow["task"], "one", held, NOW)
    assert (second(chunks) is not None) is given


def test_what_takes_a_moment_yet_is_not_given_out_again(jobs):
    enter(jobs)
    chunks = Chunks(jobs)
    chunks.meet([ONE, TWO], 0.0)
    runs = [take(chunks, name) for name in ("two", "one", "two")]
    for run in (runs[0], runs[2]):
        chunks.end(run["task"], FARM, whole(run), 0.5, "two")
    chunks.told(runs[1]["task"], FARM, 1, 0.4)
    assert second(chunks, 0.4) is None, f"{SPARE_SECONDS} s are what it costs"
    assert second(chunks, 0.5) is not None, "11 more"


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


def test_where_the_first_is_lost_the_second_goes_on_alone_and_no_third_has_it(jobs, chunks):
    again = second(chunks)
    chunks.told(again["task"], FARM, 0, NOW + 1, "two")
    chunks.fail(chunks.slow["task"], FARM, ServerError("one has left"), {}, NOW + 2, "one", left=True)
    assert second(chunks, NOW + 3) is None and chunks.told(again["task"], FARM, 0, NOW + 3)
    chunks.fail(again["task"], FARM, ServerError("two has left"), {}, NOW + 4, "two", left=True)
    assert take(chunks, "here", NOW + 5)["task"] == chunks.slow["task"]
    assert jobs.task_row(chunks.slow["task"])["deaths"] == 1


@pytest.mark.parametrize("error", [ServerError("its server died"), MachineRefused("no model"), SemrenderError("odd")])
def test_where_the_second_is_lost_the_first_goes_on_as_if_nothing_had_been(jobs, chunks, error):
    again = second(chunks)
    chunks.told(again["task"], FARM, 3, NOW + 1, "two")
    chunks.fail(again["task"], FARM, error, {}, NOW + 2, "two")
    assert second(chunks, NOW + 3) is None and chunks.told(chunks.slow["task"], FARM, 4, NOW + 3)
    assert jobs.task_row(chunks.slow["task"])["deaths"] == 0
    chunks.end(chunks.slow["task"], FARM, whole(chunks.slow), NOW + 9, "one")
    assert jobs.summary("a")["state"] == "delivering"

"""Parts of jobs: pictures without a delivery, for one of several machines, and a delivery without pictures."""

import pytest

from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from tests.inference_server.test_jobs import DIED, PAIRS, SPEC, finish_all, keys, take


@pytest.fixture
def jobs():
    return Jobs(Ledger(None))


def test_a_job_that_only_paints_ends_with_its_last_picture(jobs):
    jobs.open("a", {**SPEC, "part": "paint"})
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys(kept=PAIRS[:2])})
    done = finish_all(jobs)
    assert [task.kind for task in done] == ["paint"] * 4
    names = [name for _, name, _ in jobs.events("a", 0)]
    assert names == ["checked", *["frame"] * 6, "done"] and jobs.summary("a")["state"] == "done"
    *_, (_, _, body) = jobs.events("a", 0)
    assert (body["painted"], body["kept"], body["total"]) == (4, 2, 6)


@pytest.mark.parametrize("kept, named", [(PAIRS, "done"), (PAIRS[1:], "failed")])
def test_a_job_that_only_paints_ends_where_nothing_is_to_be_painted_or_a_picture_fails(jobs, kept, named):
    jobs.open("a", {**SPEC, "part": "paint"})
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys(kept=kept)})
    if named == "failed":
        jobs.fail(take(jobs).id, DIED)
    assert take(jobs) is None
    assert [name for _, name, _ in jobs.events("a", 0)].count(named) == 1 and jobs.summary("a")["state"] == named


def test_a_job_that_only_delivers_has_no_picture(jobs):
    jobs.open("a", {**SPEC, "part": "deliver"})
    check = take(jobs)
    assert check.kind == "check" and check.places == () and take(jobs) is None
    jobs.finish(check.id, {"problems": [], "frames": []})
    assert jobs.summary("a")["state"] == "delivering"
    jobs.finish(take(jobs).id, {"delivery": "delivery.json"})
    assert [name for _, name, _ in jobs.events("a", 0)] == ["checked", "done"] and jobs.summary("a")["total"] == 0


@pytest.mark.parametrize("part", ["paint", "deliver"])
def test_a_part_of_a_job_goes_on_after_a_restart_and_is_only_looked_at_where_that_is_asked(jobs, part):
    jobs.open("look", {**SPEC, "part": part}, only_check=True)
    jobs.finish(take(jobs, "look").id, {"problems": [], "frames": []})
    assert [name for _, name, _ in jobs.events("look", 0)] == ["done"]
    jobs.open("a", {**SPEC, "part": part})
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys() if part == "paint" else []})
    take(jobs)
    assert jobs.recover() == 1
    jobs.finish(take(jobs).id, {"problems": [], "frames": keys() if part == "paint" else []})
    finish_all(jobs)
    assert jobs.summary("a")["state"] == "done"

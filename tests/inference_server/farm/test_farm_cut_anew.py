"""Machines that join a job which goes on: what nobody has taken of it is cut for them, and nothing of it twice."""

from collections import Counter

import pytest

from inference_server.broker.chunks import CARE_SECONDS, Chunks
from inference_server.broker.cutting import runs_of, runs_per
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.members import Member
from tests.inference_server.farm.test_farm_one_job import FARM, OWN, take
from tests.inference_server.farm.test_farm_rows import SPEC

FRAMES = list(range(1, 961))  # blocks 0-79
MANY = [Member(f"m{number}", 2) for number in range(9)]


def entered(slots, **more):
    """A job that was looked at, cut for so many runs at once."""
    jobs = Jobs(Ledger(None))
    shot = {"name": "s", "first": 1, "last": 960}
    cut = {"chunks": runs_of(FRAMES, False, slots), "slots": slots, "holds": {}}
    jobs.open("a", {**SPEC, "shot": shot, "layers": ["a"], "frames": FRAMES, **cut, **more})
    looked_at(jobs)
    return jobs, Chunks(jobs)


def looked_at(jobs):
    check = jobs.next_task("a", ())
    jobs.begin(check)
    jobs.finish(check.id, {"problems": [], "frames": []})


def painted(chunks, run):
    chunks.end(run["task"], FARM, {"painted": run["pictures"], "kept": 0, "copied": 0}, 2.0, "m0")
    return run["frames"]


def test_what_nobody_has_taken_is_cut_for_all_and_every_frame_is_painted_once():
    jobs, chunks = entered(4)
    chunks.meet([*MANY[:1], OWN], 0.0)
    first = [take(chunks, "m0"), take(chunks, "here")]
    assert [len(run["frames"]) for run in first] == [48, 48]
    before = jobs.waiting_chunks("a")
    chunks.meet([*MANY, OWN], 1.0)
    chunks.care(1.0 + CARE_SECONDS)
    after = jobs.waiting_chunks("a")
    assert after > before and after >= 2 * len(MANY), "there is some for every slot"
    told = Counter(frame for run in first for frame in painted(chunks, run))
    sizes = []
    while (run := chunks.take(FARM, 2.0, hands_on=True)) is not None:
        assert jobs.summary("a")["state"] == "painting"
        sizes.append(len(run["frames"]))
        told.update(painted(chunks, run))
    assert told == Counter(FRAMES) and sizes[-1] == 12 and sizes == sorted(sizes, reverse=True)
    assert jobs.summary("a")["state"] == "delivering" and jobs.summary("a")["painted"] == 960
    assert jobs.next_task("a", ()).kind == "deliver" and jobs.pictures("a", "a") == (FRAMES, "p" * 960)


def test_it_stays_so_after_a_restart():
    jobs, chunks = entered(4)
    chunks.meet([*MANY, OWN], 0.0)
    chunks.care(CARE_SECONDS)
    waiting = jobs.waiting_chunks("a")
    painted(chunks, take(chunks, "m0"))
    again = Jobs(jobs.ledger)
    again.recover()
    later = Chunks(again)
    looked_at(again)
    assert again.waiting_chunks("a") == waiting - 1
    later.meet([*MANY, OWN], 0.0)
    later.care(CARE_SECONDS)
    assert again.waiting_chunks("a") == waiting - 1, "it was cut for as many"
    while (run := later.take(FARM, 2.0, hands_on=True)) is not None:
        painted(later, run)
    assert again.summary("a")["state"] == "delivering" and again.summary("a")["painted"] == 960


@pytest.mark.parametrize(
    "slots, more, by_itself",
    [
        (4, {"chunks": runs_per(FRAMES, 4)}, False),  # somebody said how large the runs are to be
        (4, {"chunks": runs_of(FRAMES, True, 4), "holds": {"a": "strong"}}, True),  # made of the ends of such runs
        (20, {}, True),
    ],
)
def test_what_must_not_be_smaller_or_is_small_enough_stays_as_it_is(slots, more, by_itself):
    jobs, chunks = entered(slots, **more)
    before = {name: value for name, value in jobs.spec("a").items() if by_itself or name != "slots"}
    jobs.keep_spec("a", before)
    chunks.meet([*MANY, OWN], 0.0)
    chunks.care(CARE_SECONDS)
    assert jobs.spec("a") == before and jobs.waiting_chunks("a") == len(before["chunks"])

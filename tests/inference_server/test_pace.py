"""How long a job takes yet: by what its frames took while it was worked on, never by how long it stood."""

import pytest

from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.pace import RECENT_SECONDS, Pace, Paces
from tests.inference_server.test_jobs import open_checked, painted, take


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jobs(clock):
    """Six pictures of a job "a" that was looked at."""
    found = Jobs(Ledger(None), clock)
    open_checked(found)
    return found


def paint(jobs, clock, pictures, seconds=2.0):
    for _ in range(pictures):
        task = take(jobs)
        clock.now += seconds
        jobs.finish(task.id, painted(task))


def left(jobs):
    return jobs.summary("a")["left"]


def test_nobody_knows_before_the_first_and_there_is_none_at_the_end(jobs, clock):
    assert left(jobs) is None
    first = take(jobs)
    clock.now += 3.0
    assert left(jobs) is None
    jobs.finish(first.id, painted(first))
    assert left(jobs) == pytest.approx(5 * 3.0)
    paint(jobs, clock, 5)
    assert jobs.summary("a")["state"] == "delivering" and left(jobs) is None


def test_a_pause_is_none_of_it(jobs, clock):
    paint(jobs, clock, 2)
    in_hand = take(jobs)
    jobs.pause("a", "asked")
    assert left(jobs) is None, "nothing goes on"
    clock.now += 2.0
    jobs.finish(in_hand.id, painted(in_hand))
    clock.now += 3600.0
    jobs.resume("a")
    assert left(jobs) == pytest.approx(3 * 2.0)
    paint(jobs, clock, 1)
    assert left(jobs) == pytest.approx(2 * 2.0)


def test_neither_is_a_wait_for_what_is_more_urgent_nor_a_worker_that_died(jobs, clock):
    paint(jobs, clock, 2)
    clock.now += 500.0
    lost = take(jobs)
    clock.now += 2.0
    jobs.give_back(lost.id)
    clock.now += 500.0
    assert left(jobs) == pytest.approx(4 * 6.0 / 2), "what it did in vain is a part of it"
    paint(jobs, clock, 3)
    assert left(jobs) == pytest.approx(12.0 / 5)


def test_what_was_there_already_says_nothing(clock):
    jobs = Jobs(Ledger(None), clock)
    open_checked(jobs, kept=[("train", 1), ("sky", 1), ("train", 2)])
    paint(jobs, clock, 1)
    assert left(jobs) == pytest.approx(2 * 2.0)


def test_a_restart_begins_to_measure_anew(jobs, clock):
    paint(jobs, clock, 2)
    again = Jobs(jobs.ledger, clock)
    again.recover()
    assert left(again) is None


def test_only_what_was_done_of_late_counts():
    paces = Paces()
    paces.took("a", 1, 0.0)
    for second in range(1, 101):
        paces.painted("a", 1, 10.0 * second)  # slow
    assert paces.left("a", 10, 1000.0) == pytest.approx(100.0)
    for second in range(1, int(RECENT_SECONDS) + 2):
        paces.painted("a", 1, 1000.0 + second)
    assert paces.left("a", 10, 1001.0 + RECENT_SECONDS) == pytest.approx(10.0)


def test_each_has_a_pace_of_its_own_and_who_has_painted_nothing_is_as_fast_as_all_are():
    paces = Paces()
    assert paces.each("a", "one", 1.0) is None
    for task, who, pictures in ((1, "one", 10), (2, "two", 40)):
        paces.took("a", task, 0.0, who)
        paces.painted("a", pictures, 20.0, who)
    assert [paces.each("a", who, 20.0) for who in ("one", "two", "new")] == pytest.approx([2.0, 0.5, 0.8])
    assert paces.each("b", "one", 20.0) is None, "another job may be of another model"
    assert paces.left("a", 50, 20.0) == pytest.approx(50 / (0.5 + 2.0))
    paces.gave(2, 20.0)
    assert paces.each("a", "two", 500.0) == pytest.approx(0.5), "its watch stands"
    assert paces.left("a", 50, 20.0) == pytest.approx(50 / 0.5), "of those that have something in hand"
    paces.took("a", 1, 20.0, "two")
    assert paces.left("a", 50, 20.0) == pytest.approx(50 / 2.0), "it was handed over"
    paces.forget("a")
    paces.gave(1, 21.0)
    assert paces.each("a", "two", 21.0) is None


def test_its_memory_has_an_end():
    pace = Pace()
    pace.took(1, 0.0)
    for turn in range(10_000):
        pace.painted(1, turn / 100)
    assert len(pace._marks) <= RECENT_SECONDS + 2

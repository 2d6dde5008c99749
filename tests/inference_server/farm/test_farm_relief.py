"""Who helps whom at the end of a job, and that it is never for the worse."""

import pytest

from inference_server.broker.relief import BEGIN_SECONDS, STILL_PICTURES, STILL_SECONDS, Relief, relief
from inference_server.broker.shares import Lease

NOW = 100.0


def run(machine, done=0, pictures=12, quiet=0.0, **more):
    return Lease("a", "farm", machine, NOW, NOW - quiet, NOW + 60.0, (1, 1), pictures, done, **more)


def found(*runs, idle, without=(), **each):
    """What is found of runs 1, 2, and so on; each: seconds a picture of these machines."""
    leases = dict(enumerate(runs, 1))
    return relief(leases, idle, lambda _, machine: each.get(machine), lambda _: without, NOW)


SLOW = (run("slow", 3), run("slow"))  # 21 pictures


def test_the_fastest_that_has_nothing_takes_the_run_that_another_comes_to_last():
    paces = {"slow": 4, "fast": 1, "middling": 2}
    assert found(*SLOW, idle=("middling", "fast"), **paces) == Relief(2, "fast", over=True)
    assert found(*SLOW, idle=("middling",), **paces) == Relief(2, "middling", over=True)
    assert found(*SLOW, run("slow"), idle=("fast",), **paces) == Relief(3, "fast", over=True)


def test_what_is_begun_both_paint_from_its_two_ends():
    assert found(run("slow", 3), idle=("fast",), slow=4, fast=1) == Relief(1, "fast", over=False)
    assert found(run("slow"), idle=("fast",), slow=4, fast=1) == Relief(1, "fast", over=False), "it may have begun"
    assert found(run("slow", 3), run("slow", 1), idle=("fast",), slow=4, fast=1) == Relief(2, "fast", over=False)
    shared = (run("slow", 3, shared=True), run("other", 9, shared=True))
    assert found(*shared, idle=("fast",), slow=4, fast=1, other=1) is None, "two are enough"


@pytest.mark.parametrize(
    ("runs", "fast", "without", "why"),
    [
        ((run("slow", 12, pictures=24), run("slow", pictures=2)), 40.0, (), "it would be done no sooner"),
        ((run("slow", 10),), 1.0, (), "it is through in a moment"),
        ((run("slow", 9),), 4.0, (), "half of what is left is not worth its beginning"),
        (SLOW, 1.0, ("fast",), "it has refused the job"),
        (SLOW, None, (), "nobody knows how fast anybody is"),
    ],
)
def test_what_would_not_help_stays(runs, fast, without, why):
    paces = {} if fast is None else {"slow": 4, "fast": fast}
    assert found(*runs, idle=("fast",), without=without, **paces) is None, why


@pytest.mark.parametrize(("more", "helped"), [(-0.1, False), (0.1, True)])
def test_help_is_worth_more_than_it_costs(more, helped):
    each = (3 * BEGIN_SECONDS + more) / 12  # a third of it until it begins, half of the rest is saved
    given = found(run("slow"), idle=("new",), slow=each, new=each)
    assert (given is not None) is helped
    alone = (12 + 12) * 2.0 - BEGIN_SECONDS
    moved = found(*(run("slow", shared=True), run("slow")), idle=("new",), slow=2, new=(alone - more) / 12)
    assert (moved is not None) is helped


def test_of_two_the_one_that_waits_longest_goes_first():
    runs = (run("slow", 1), run("slow"), run("slower", 1), run("slower"))
    assert found(*runs, idle=("fast",), slow=4, slower=6, fast=1) == Relief(4, "fast", over=True)


@pytest.mark.parametrize(
    ("each", "quiet", "held", "helped"),
    [
        (0.1, STILL_SECONDS - 1, "", False),
        (0.1, STILL_SECONDS + 1, "", True),
        (1.0, STILL_PICTURES - 1, "", False),  # what is held shows itself a window at a time
        (1.0, STILL_PICTURES + 1, "", True),
        (0.1, 0.0, "no space: none", True),
    ],
)
def test_what_stands_still_is_helped_however_little_is_left(each, quiet, held, helped):
    given = found(run("slow", 11, quiet=quiet, held=held), idle=("fast",), slow=each, fast=each)
    assert given == (Relief(1, "fast", over=False) if helped else None)


def test_behind_one_that_stands_still_nothing_waits():
    stands = (run("slow", 11, quiet=99.0, shared=True), run("slow"))
    assert found(*stands, idle=("fast",), slow=0.1, fast=0.1) == Relief(2, "fast", over=True)

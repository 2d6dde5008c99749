"""Who takes over a run at the end of a job, and that it is never for the worse."""

import pytest

from inference_server.farm.relief import BEGIN_SECONDS, Hand, Paces, relief


def hand(handle, done=0, pictures=12, **more):
    return Hand(handle, "a", pictures, done, **more)


def paces(**seconds):
    """Machines that have taken so many seconds for a picture."""
    found = Paces()
    found.went_on(120.0, {("a", name) for name in seconds})
    for name, each in seconds.items():
        found.painted("a", name, round(120.0 / each))
    return found


SLOW = (hand("begun", 3), hand("next"))  # 21 pictures


def test_the_fastest_that_has_nothing_takes_the_run_that_another_comes_to_last():
    hands = {"slow": SLOW, "fast": (), "middling": (), "busy": (hand("its own", 11),)}
    assert relief(hands, paces(slow=4, fast=1, middling=2, busy=1)) == ("next", "fast")
    assert relief({**hands, "fast": (hand("x"),)}, paces(slow=4, fast=1, middling=2, busy=1)) == ("next", "middling")


@pytest.mark.parametrize(
    ("held", "fast", "why"),
    [
        ((hand("begun", 3),), 1.0, "it is painting that one"),
        ((hand("begun", 3), hand("begun, too", 1)), 1.0, "it is painting both"),
        ((hand("first"),), 1.0, "it may have begun"),
        (SLOW, (21 * 4 - BEGIN_SECONDS) / 12, "it would be done no sooner"),
        ((hand("begun", 3), hand("next", without=("fast",))), 1.0, "it has refused the job"),
    ],
)
def test_what_would_not_help_stays(held, fast, why):
    assert relief({"slow": held, "fast": ()}, paces(slow=4, fast=fast)) is None, why


def test_of_two_the_one_that_waits_longest_goes_first():
    hands = {"slow": (hand("a", 1), hand("b")), "slower": (hand("c", 1), hand("d")), "fast": ()}
    assert relief(hands, paces(slow=4, slower=6, fast=1)) == ("d", "fast")


def test_a_machine_that_has_just_come_is_taken_to_be_as_fast_and_one_without_a_picture_is_not_judged():
    assert relief({"slow": SLOW, "new": ()}, paces(slow=4)) == ("next", "new")
    assert relief({"slow": SLOW, "new": ()}, paces(slow=0.5)) is None, "what is before it is soon done"
    assert relief({"slow": (hand("a"), hand("b")), "new": ()}, Paces()) is None


def test_a_job_that_nobody_has_in_hand_is_forgotten():
    found = paces(one=2)
    assert found.of("a", "one") == pytest.approx(2.0) and found.of("a", "two") is None
    found.went_on(1.0, {("b", "one")})
    assert found.of("a", "one") is None

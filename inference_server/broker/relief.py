"""The end of a job, when nothing waits any more: machines that have nothing to do would look on while others go on.

What a machine has not begun with another one takes over. What it has begun is another's, too: that one paints it from
its last frame on, so that the two meet, each finding what the other has finished, and whoever ends first has ended it.
Either where it is done sooner so. Pure: who has what, and how fast they are, is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import groupby

from inference_server.broker.shares import Lease
from shared.values import Value

BEGIN_SECONDS = 5.0  # that it may cost to begin with a run elsewhere: its passes are read, and may travel
STILL_SECONDS = 10.0  # without a picture, at least, after which a run stands still
STILL_PICTURES = 24  # that would have been painted meanwhile: of what is held, two windows show themselves at once

Each = Callable[[str, str], float | None]  # seconds that a picture of a job takes a machine
Without = Callable[[int], Collection[str]]  # the machines that cannot paint a run


class Relief(Value):
    """A run for a machine. over: the one that has it has it no more; else both have it."""

    run: int
    machine: str
    over: bool


def relief(leases: Mapping[int, Lease], idle: Iterable[str], each: Each, without: Without, now: float) -> Relief | None:
    """Who is to help with which run: where it helps most; None where it helps nowhere.

    leases: as in `Shares`, in the order in which they were handed out. idle: the machines that have none.
    """
    helpers = sorted(idle)
    own = [(run, lease) for run, lease in leases.items() if lease.machine]
    by_machine = groupby(sorted(own, key=lambda one: one[1].machine), lambda one: one[1].machine)
    found = [chance for _, had in by_machine for chance in _chances(list(had), helpers, each, without, now)]
    gain, best = max(found, key=lambda chance: chance[0], default=(0.0, None))
    return best if gain > 0 else None


def _chances(
    had: list[tuple[int, Lease]], helpers: list[str], each: Each, without: Without, now: float
) -> Iterator[tuple[float, Relief]]:
    """By how many seconds sooner, and more than it costs, a run of a machine's is done with another one's help."""
    until = 0.0  # seconds until this one is through with a run
    for place, (run, lease) in enumerate(had):
        slow = each(lease.job, lease.machine)
        if slow is None:
            return  # nobody knows
        until += _rest(lease, slow, now)
        unbegun = place > 0 and lease.done == 0
        if lease.shared or (unbegun and place < len(had) - 1):  # of those it has not begun with the last
            continue
        for helper in helpers:
            its = each(lease.job, helper)
            if its is None or helper in without(run):
                continue
            if unbegun or math.isinf(until):
                gain = until - (lease.pictures - lease.done) * its - BEGIN_SECONDS
            else:  # they meet
                gain = (until - BEGIN_SECONDS) * slow / (slow + its) - BEGIN_SECONDS
            yield gain, Relief(run, helper, unbegun)


def _rest(lease: Lease, slow: float, now: float) -> float:
    """Seconds that a run takes yet where it is; without end where it stands still."""
    stands = lease.held or now - lease.further > max(STILL_SECONDS, STILL_PICTURES * slow)
    return math.inf if stands else (lease.pictures - lease.done) * slow

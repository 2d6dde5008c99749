"""What is at fault where a run is not painted: the run, which may be what ends the machines, its input, or they.

A machine holds several runs and paints them one after the other. When it is lost, all of them are, by a power cut too;
so only the one that it was painting counts, and that one only where it never came further than before.
"""

from __future__ import annotations

from collections.abc import Iterable

from inference_server.broker.shares import Lease
from shared.errors import FramesFailed, InputRefused, SemrenderError

TOGETHER_SECONDS = 10.0  # within which the runs of a machine are said to be lost, one after the other


class Blame:
    """Of the runs of one broker since it began. now: as in `Chunks`."""

    def __init__(self) -> None:
        self._lost: dict[str, float] = {}  # machine -> when its last run was blamed
        self._furthest: dict[int, int] = {}  # run -> pictures, when it was lost

    def falls_on(self, identity: int, lease: Lease, others: Iterable[Lease], now: float) -> bool:
        """Whether a run that is lost may be why. others: the leases that are left."""
        machine = lease.machine or lease.holder
        waited = any((one.machine or one.holder) == machine and one.since < lease.since for one in others)
        if waited or now - self._lost.get(machine, float("-inf")) < TOGETHER_SECONDS:
            return False
        self._lost[machine] = now
        run = abs(identity)  # whoever of two had it
        further = lease.done > self._furthest.get(run, 0)
        self._furthest[run] = max(lease.done, self._furthest.get(run, 0))
        return not further

    def ended(self, run: int) -> None:
        """Nobody will lose it any more."""
        self._furthest.pop(run, None)


def of_input(error: SemrenderError) -> bool:
    """Whether a run, or each of its pictures that failed, was refused for its input: it would be again, anywhere."""
    each = error.errors if isinstance(error, FramesFailed) and error.errors else (error,)
    return all(isinstance(one, InputRefused) for one in each)

"""The end of a job, when nothing waits any more: fast machines would look on while slow ones have runs still to begin.

What a machine has in hand and has not begun with another takes over that has nothing, where it is done sooner so. Pure:
the coordinator tells how long machines held runs and what came of it, and does what is found here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from shared.values import Value

BEGIN_SECONDS = 5.0  # that it may cost to begin with a run elsewhere: its passes are read, and may travel


class Hand(Value):
    """A run that a machine has. pictures: that it has; done: of them. without: machines that cannot paint it."""

    handle: str
    job: str
    pictures: int
    done: int
    without: Collection[str] = ()


class Paces:
    """How long each machine takes for a picture of each job."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}  # (job, machine) -> seconds with a run, pictures

    def went_on(self, seconds: float, having: Collection[tuple[str, str]]) -> None:
        """So long these had runs of these jobs. Jobs of which nobody has one are forgotten."""
        jobs = {job for job, _ in having}
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] in jobs}
        for key in having:
            before, pictures = self._seen.get(key, (0.0, 0))
            self._seen[key] = before + seconds, pictures

    def painted(self, job: str, machine: str, pictures: int) -> None:
        seconds, before = self._seen.get((job, machine), (0.0, 0))
        self._seen[job, machine] = seconds, before + pictures

    def of(self, job: str, machine: str) -> float | None:
        """Seconds a picture; None where it has painted none."""
        seconds, pictures = self._seen.get((job, machine), (0.0, 0))
        return seconds / pictures if pictures else None


def relief(hands: Mapping[str, Sequence[Hand]], paces: Paces) -> tuple[str, str] | None:
    """Which run another machine is to take over, and which one: the one that this helps most; None where none helps.

    hands: of every machine that may paint, what it has, in the order in which it was handed out.
    """
    idle = [name for name, held in hands.items() if not held]
    found = [
        (gain, run.handle, name)
        for machine, held in hands.items()
        for run in _last(held)
        for gain, name in _gains(machine, held, run, idle, paces)
        if gain > 0
    ]
    return max(found)[1:] if found else None


def _last(held: Sequence[Hand]) -> Sequence[Hand]:
    """The run that a machine comes to last, where it has not begun with it."""
    unbegun = [run for run in held[1:] if run.done == 0]
    return unbegun[-1:]


def _gains(
    machine: str, held: Sequence[Hand], run: Hand, idle: Iterable[str], paces: Paces
) -> Iterable[tuple[float, str]]:
    """By how many seconds sooner the run is done by others. Of whom nothing is known is taken to be as fast as this."""
    own = paces.of(run.job, machine)
    if own is None:
        return
    there = sum(one.pictures - one.done for one in held) * own
    for name in idle:
        if name not in run.without:
            its = paces.of(run.job, name)
            yield there - run.pictures * (own if its is None else its) - BEGIN_SECONDS, name

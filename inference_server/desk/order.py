"""A job dragged to another place of the queue: which priorities make the order so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.errors import InputRefused
from shared.values import Value

LOWEST, HIGHEST = -100, 100


class Waiting(Value):
    """A job that has not ended. entered: when it came; of one priority, who came first goes first."""

    job: str
    priority: int
    entered: float


def in_order(jobs: Sequence[Waiting]) -> list[Waiting]:
    """As the server works on them."""
    return sorted(jobs, key=lambda job: (-job.priority, job.entered))


def moved(jobs: Sequence[Waiting], job: str, before: str | None) -> dict[str, int]:
    """The priorities that change, so that `job` goes right before another one, or last of all.

    As few jobs as can be get another one: those above it go up, or those below it down. Raises InputRefused for a job
    that does not wait, or where no priority is left.
    """
    queue = in_order(jobs)
    by_name = {one.job: one for one in queue}
    if job not in by_name or (before is not None and before not in by_name) or job == before:
        raise InputRefused("this job does not wait any more", remedy="Look at the queue again")
    queue.remove(by_name[job])
    place = len(queue) if before is None else queue.index(by_name[before])
    queue.insert(place, by_name[job])
    mirrored = [replace(one, priority=-one.priority, entered=-one.entered) for one in reversed(queue)]
    lowered = _lifted(mirrored, len(queue) - 1 - place, -LOWEST)
    down = None if lowered is None else {name: -priority for name, priority in lowered.items()}
    ways = [way for way in (_lifted(queue, place, HIGHEST), down) if way is not None]
    if not ways:
        raise InputRefused("no priority is left between these jobs", remedy="Move the others further apart first")
    return min(ways, key=len)


def _lifted(queue: Sequence[Waiting], place: int, most: int) -> dict[str, int] | None:
    """The job at `place` is given the least priority that goes before the next one, and whoever is above it is lifted
    where it must be; the last of all keeps what it has. None where that does not go."""
    changes: dict[str, int] = {}
    above = list(reversed(queue[: place + 1]))
    below = queue[place + 1] if place + 1 < len(queue) else above.pop(0)
    for one in above:
        least = below.priority + (0 if one.entered < below.entered else 1)
        if one is not queue[place] and one.priority >= least:
            break
        if least > most:
            return None
        if one.priority != least:
            changes[one.job] = least
        below = replace(one, priority=least)
    return changes

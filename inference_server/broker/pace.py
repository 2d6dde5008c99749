"""How long a job takes yet: by what its pictures took of late, while something of it was in hand.

A job that is paused, that waits for a machine, for space or for one that is more urgent has nothing in hand: its watch
stands, and how long it stood says nothing of how long the rest takes. Of a farm the watch goes as fast as there are
machines that have some of the job, so that one that leaves or comes is reckoned with at once.
"""

from __future__ import annotations

from collections import defaultdict, deque

RECENT_SECONDS = 120.0  # of which the speed is measured
MARKS_SECONDS = 1.0  # between two marks of it


class Pace:
    """Of one job. Times are of a clock that never goes back."""

    def __init__(self) -> None:
        self._hand: dict[int, str] = {}  # task -> who has it
        self._many = 1  # who have something of it, or had when there was something
        self._worked, self._since = 0.0, 0.0  # seconds of one of them until `_since`
        self._painted = 0
        self._marks: deque[tuple[float, int]] = deque()  # worked, painted until then

    def took(self, task: int, now: float, who: str = "") -> None:
        """A task of its pictures is in hand."""
        self._settle(now)
        self._hand[task] = who
        self._many = len(set(self._hand.values()))
        if not self._marks:
            self._marks.append((self._worked, self._painted))

    def gave(self, task: int, now: float) -> None:
        """It is not any more, however it ended."""
        self._settle(now)
        self._hand.pop(task, None)
        self._many = len(set(self._hand.values())) or self._many

    def painted(self, pictures: int, now: float) -> None:
        """So many more are there; one that is painted again counts again."""
        at = self._at(now)
        self._painted += pictures
        if len(self._marks) > 1 and at - self._marks[-1][0] < MARKS_SECONDS:
            self._marks.pop()
        self._marks.append((at, self._painted))
        while len(self._marks) > 2 and self._marks[1][0] < at - RECENT_SECONDS * self._many:
            self._marks.popleft()

    def left(self, pictures: int, now: float) -> float | None:
        """Seconds that so many pictures take; None where nobody can know yet."""
        if not self._marks:
            return None
        (began, before), (_, painted) = self._marks[0], self._marks[-1]
        worked = self._at(now) - began
        if painted <= before or worked <= 0:
            return None
        return pictures * worked / (painted - before) / self._many

    def _settle(self, now: float) -> None:
        self._worked, self._since = self._at(now), now

    def _at(self, now: float) -> float:
        return self._worked + (max(0.0, now - self._since) * self._many if self._hand else 0.0)


class Paces:
    """Of the jobs of which something was in hand."""

    def __init__(self) -> None:
        self._of: defaultdict[str, Pace] = defaultdict(Pace)
        self._jobs: dict[int, str] = {}  # task in hand -> its job

    def took(self, job: str, task: int, now: float, who: str = "") -> None:
        self._jobs[task] = job
        self._of[job].took(task, now, who)

    def gave(self, task: int, now: float) -> None:
        job = self._jobs.pop(task, "")
        if job in self._of:
            self._of[job].gave(task, now)

    def painted(self, job: str, pictures: int, now: float) -> None:
        self._of[job].painted(pictures, now)

    def left(self, job: str, pictures: int, now: float) -> float | None:
        return self._of[job].left(pictures, now) if job in self._of and pictures > 0 else None

    def forget(self, job: str) -> None:
        self._of.pop(job, None)

    def clear(self) -> None:
        self._of.clear()
        self._jobs.clear()

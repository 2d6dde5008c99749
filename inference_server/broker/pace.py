"""How fast those who paint a job are, by what their pictures took of late, while they had something of it in hand.

Who has nothing in hand, since the job is paused or waits for a machine, for space or for one that is more urgent, is no
slower for it: its watch stands. The one measure of speed: time left is reckoned by it, and who helps whom at the end of
a job.
"""

from __future__ import annotations

from collections import defaultdict, deque

RECENT_SECONDS = 120.0  # of which the speed is measured
MARKS_SECONDS = 1.0  # between two marks of it


class Pace:
    """Of one who paints one job. Times are of a clock that never goes back."""

    def __init__(self) -> None:
        self.hand: set[int] = set()  # tasks
        self._worked, self._since = 0.0, 0.0  # seconds until `_since`
        self._painted = 0
        self._marks: deque[tuple[float, int]] = deque()  # worked, painted until then

    def took(self, task: int, now: float) -> None:
        """A task of its pictures is in hand."""
        self._settle(now)
        self.hand.add(task)
        if not self._marks:
            self._marks.append((self._worked, self._painted))

    def gave(self, task: int, now: float) -> None:
        """It is not any more, however it ended."""
        self._settle(now)
        self.hand.discard(task)

    def painted(self, pictures: int, now: float) -> None:
        """So many more are there, or fewer than was thought; one that is painted again counts again."""
        at = self._at(now)
        self._painted += pictures
        if len(self._marks) > 1 and at - self._marks[-1][0] < MARKS_SECONDS:
            self._marks.pop()
        self._marks.append((at, self._painted))
        while len(self._marks) > 2 and self._marks[1][0] < at - RECENT_SECONDS:
            self._marks.popleft()

    def measured(self, now: float) -> tuple[float, int]:
        """Seconds of late, and the pictures that were painted in them."""
        if not self._marks:
            return 0.0, 0
        (began, before), (_, painted) = self._marks[0], self._marks[-1]
        return self._at(now) - began, painted - before

    def _settle(self, now: float) -> None:
        self._worked, self._since = self._at(now), now

    def _at(self, now: float) -> float:
        return self._worked + (max(0.0, now - self._since) if self.hand else 0.0)


class Paces:
    """Of the jobs of which something was in hand. who: a machine of a farm, "" for this one's own workers together."""

    def __init__(self) -> None:
        self._of: defaultdict[str, defaultdict[str, Pace]] = defaultdict(lambda: defaultdict(Pace))
        self._having: dict[int, tuple[str, str]] = {}  # task in hand -> its job, and who has it
        self._last: dict[str, set[str]] = {}  # job -> who have something of it, or had when there was something

    def took(self, job: str, task: int, now: float, who: str = "") -> None:
        self.gave(task, now)
        self._having[task] = job, who
        self._of[job][who].took(task, now)
        self._last[job] = self._painting(job)

    def gave(self, task: int, now: float) -> None:
        job, who = self._having.pop(task, ("", ""))
        if who in self._of.get(job, ()):
            self._of[job][who].gave(task, now)
            self._last[job] = self._painting(job) or self._last[job]

    def painted(self, job: str, pictures: int, now: float, who: str = "") -> None:
        self._of[job][who].painted(pictures, now)

    def each(self, job: str, who: str, now: float) -> float | None:
        """Seconds that a picture takes one of them, or all of them where it has painted none; None where nobody has."""
        found = {name: pace.measured(now) for name, pace in self._of.get(job, {}).items()}
        seconds, pictures = found.get(who, (0.0, 0))
        if seconds <= 0 or pictures <= 0:
            done = [(worked, painted) for worked, painted in found.values() if worked > 0 and painted > 0]
            seconds, pictures = sum(worked for worked, _ in done), sum(painted for _, painted in done)
        return seconds / pictures if pictures else None

    def left(self, job: str, pictures: int, now: float) -> float | None:
        """Seconds that those who have some of a job take for so many pictures; None where nobody can know yet."""
        each = [self.each(job, who, now) for who in self._last.get(job, ())]
        rate = sum(1 / seconds for seconds in each if seconds)
        return pictures / rate if pictures > 0 and rate > 0 else None

    def forget(self, job: str) -> None:
        self._of.pop(job, None)
        self._last.pop(job, None)

    def clear(self) -> None:
        for known in (self._of, self._having, self._last):
            known.clear()

    def _painting(self, job: str) -> set[str]:
        return {who for who, pace in self._of[job].items() if pace.hand}

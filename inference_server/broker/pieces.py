"""Pieces: jobs that this machine paints for another's job, and only as long as somebody asks for them.

Whoever handed a piece over watches it, and renews that every two seconds. A piece that nobody has asked for of late is
not gone on with; one that nobody has asked for over a whole lease is ended: who wanted it was killed or cut off, and
what it is of is painted by others by now, or was cancelled. The times are in memory: after a restart nothing of a piece
is handed out before somebody asks for it again, and the lease begins anew.
"""

from __future__ import annotations

from inference_server.broker.jobs import Jobs
from shared.client import RENEW_SECONDS

LEASE_SECONDS = 60.0
LATE_SECONDS = 5 * RENEW_SECONDS  # not asked for over so long, it waits
CARE_SECONDS = 1.0  # between two looks


class Pieces:
    """The pieces of one ledger. lease: seconds. Times are of a clock that never goes back."""

    def __init__(self, jobs: Jobs, lease: float, now: float) -> None:
        self._jobs, self._lease = jobs, lease
        self._asked = dict.fromkeys(jobs.pieces(), now)
        self._cared = now
        jobs.unasked.update(self._asked)

    def begun(self, job: str, now: float) -> None:
        """This job is a piece, and somebody has just asked for it."""
        self._asked[job] = now
        self._jobs.unasked.discard(job)

    def asked(self, job: str, now: float) -> None:
        """Somebody asks how far a job is."""
        if job in self._asked:
            self.begun(job, now)

    def end(self, by: str, why: str) -> list[str]:
        """End all that one machine of a farm has handed over; which they were."""
        found = self._jobs.pieces(by)
        for job in found:
            self._jobs.cancel(job, why)
        return found

    def care(self, now: float) -> list[str]:
        """What happens by itself; the pieces that are ended by it. Those that have ended are forgotten after a lease:
        there are many, of no use to anybody."""
        ended: list[str] = []
        if now - self._cared < CARE_SECONDS:
            return ended
        self._cared = now
        for job, asked in list(self._asked.items()):
            over = not self._jobs.known(job) or self._jobs.ended(job)
            if not over and now - asked > LATE_SECONDS:
                self._jobs.unasked.add(job)
            if now - asked <= self._lease:
                continue
            if over:
                del self._asked[job]
                self._jobs.unasked.discard(job)
                self._jobs.forget([job])
            else:
                self._jobs.cancel(job, f"nobody has asked for it for {self._lease:.0f} s")
                ended.append(job)
        return ended

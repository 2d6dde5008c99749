"""Room on the disks of the jobs: a job whose output folder is full or out of reach waits, and goes on by itself.

One job's disk never stops another job: whatever the operating system says of a folder pauses the jobs that write there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from inference_server.jobs import Jobs
from inference_server.spool import free
from shared import places

NO_SPACE = "no space: "  # how the reasons of pauses begin that end by themselves
UNREACHABLE = "out of reach: "
LOOK_SECONDS = 1.0
MOST_SECONDS = 60.0  # between two attempts of a job that looks well and cannot write


@dataclass
class Waiting:
    """A job that waits for its disk: bytes it needs, when to look again, how long it waits at least the next time."""

    need: int
    due: float
    patience: float = LOOK_SECONDS


class Disks:
    """The jobs that wait for their disks.

    reserve: bytes of free space below which nothing is handed out.
    """

    def __init__(self, jobs: Jobs, reserve: int) -> None:
        self._jobs = jobs
        self._reserve = reserve
        self._waiting: dict[str, Waiting] = {}
        for reason in (NO_SPACE, UNREACHABLE):
            for job in jobs.paused_for(reason):
                jobs.resume(job, "the server was started again")

    def has_room(self, job: str, frames: int) -> bool:
        """Whether so many frames at their largest fit where the job writes; else it is paused."""
        need = frames * int(self._jobs.report(job).get("frame_bytes", 0)) + self._reserve
        why = self._trouble(job, need)
        if why is not None:
            self._pause(job, need, why)
        elif job in self._waiting and time.monotonic() > self._waiting[job].due + MOST_SECONDS:
            del self._waiting[job]
        return why is None

    def refused(self, job: str, frames: int, file: str) -> None:
        """A worker found no room for this file, whatever the folder says of itself (a quota, another's share)."""
        need = frames * int(self._jobs.report(job).get("frame_bytes", 0)) + self._reserve
        self._pause(job, need, _no_space(need, file))

    def look(self) -> None:
        """Let go on whoever has room again."""
        now = time.monotonic()
        for job, waiting in list(self._waiting.items()):
            if not self._jobs.known(job) or self._jobs.ended(job):
                del self._waiting[job]
            elif now >= waiting.due and self._jobs.summary(job)["paused"].startswith((NO_SPACE, UNREACHABLE)):
                waiting.due = now + LOOK_SECONDS
                if self._trouble(job, waiting.need) is None:
                    self._jobs.resume(job, "there is room again")

    def _trouble(self, job: str, need: int) -> str | None:
        for folder in (Path(self._jobs.summary(job)["out"]), places.home()):
            try:
                if free(folder) < need:
                    return _no_space(need, folder)
            except OSError as error:
                return f"{UNREACHABLE}{folder}: {error.strerror or error}; it goes on by itself when it is back"
        return None

    def _pause(self, job: str, need: int, why: str) -> None:
        known = self._waiting.get(job)
        patience = min(2 * known.patience, MOST_SECONDS) if known else LOOK_SECONDS
        self._waiting[job] = Waiting(need, time.monotonic() + patience, patience)
        self._jobs.pause(job, why)


def _no_space(need: int, where: object) -> str:
    return f"{NO_SPACE}{need // 2**20 + 1} MiB must be free where {where} is; it goes on by itself then"

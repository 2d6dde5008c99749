"""Room on the disks of the jobs: a job whose output folder is full or out of reach waits, and goes on by itself.

One job's disk never stops another job: whatever the operating system says of a folder, or that it says nothing, pauses
the jobs that write there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from inference_server.broker.aside import PATIENCE_SECONDS, Aside, Found
from inference_server.broker.jobs import Jobs
from inference_server.broker.spool import free
from inference_server.tasks import FULL
from shared import places
from shared.errors import SemrenderError
from shared.values import Value

NO_SPACE, UNREACHABLE = FULL
LOOK_SECONDS = 1.0
GRACE_SECONDS = 0.25  # that a worker waits for a disk's answer before other jobs go first
MOST_SECONDS = 60.0  # between two attempts of a job that looks well and cannot write


@dataclass
class Waiting:
    """A job that waits for its disk: bytes it needs, when to look again, how long it waits at least the next time."""

    need: int
    due: float
    patience: float = LOOK_SECONDS


class Room(Value):
    """What a look at a folder found, and when: bytes free, or what is wrong with it."""

    at: float
    free: int
    trouble: str = ""
    silent: bool = False


class Disks:
    """The jobs that wait for their disks.

    reserve: bytes of free space below which nothing is handed out; aside: where output folders are looked at.
    """

    def __init__(self, jobs: Jobs, reserve: int, aside: Aside) -> None:
        self._jobs = jobs
        self._reserve = reserve
        self._aside = aside
        self._waiting: dict[str, Waiting] = {}
        self._rooms: dict[Path, Room] = {}
        self._asked: dict[Path, float] = {}  # folders that are being looked at, since when
        for reason in FULL:
            for job in jobs.paused_for(reason):
                jobs.resume(job, "the server was started again")

    def has_room(self, job: str, frames: int) -> bool | None:
        """Whether so many frames at their largest fit where the job writes; else it is paused.

        None where that is known in a moment. frames 0: whether the disk answers at all.
        """
        need = frames * int(self._jobs.report(job).get("frame_bytes", 0)) + self._reserve if frames else 0
        now = time.monotonic()
        out = Path(self._jobs.row(job)["out"])
        room = self._room(out, now - LOOK_SECONDS)
        if room is None:
            return None if now - self._asked[out] < GRACE_SECONDS else False
        if not frames and not room.silent:
            return True
        why = _trouble(out, room, need)
        if why:
            self._pause(job, need, why)
        elif job in self._waiting and now > self._waiting[job].due + MOST_SECONDS:
            del self._waiting[job]
        return not why

    def refused(self, job: str, frames: int, file: str) -> None:
        """A worker found no room for this file, whatever the folder says of itself (a quota, another's share)."""
        need = frames * int(self._jobs.report(job).get("frame_bytes", 0)) + self._reserve
        self._pause(job, need, _no_space(need, file))

    def known(self) -> list[tuple[Path, int]]:
        """The output folders that were looked at of late, and the bytes that are free there."""
        return [(folder, room.free) for folder, room in self._rooms.items() if not room.trouble]

    def look(self) -> None:
        """Let go on whoever has room again."""
        now = time.monotonic()
        for job, waiting in list(self._waiting.items()):
            if not self._jobs.known(job) or self._jobs.ended(job):
                del self._waiting[job]
            elif now >= waiting.due and self._jobs.summary(job)["paused"].startswith(FULL):
                out = Path(self._jobs.summary(job)["out"])
                room = self._room(out, waiting.due)
                if room is None:
                    continue
                waiting.due = now + LOOK_SECONDS
                if not _trouble(out, room, waiting.need):
                    self._jobs.resume(job, "there is room again")

    def _room(self, folder: Path, since: float) -> Room | None:
        """What was found in the folder since then; None while it is being looked at."""

        def looked(found: Found) -> None:
            now = time.monotonic()
            del self._asked[folder]
            self._rooms = {path: room for path, room in self._rooms.items() if now - room.at < MOST_SECONDS}
            self._rooms[folder] = _found(found, now)

        if folder not in self._asked and (folder not in self._rooms or self._rooms[folder].at < since):
            self._asked[folder] = time.monotonic()
            self._aside.ask(folder, lambda: free(folder), looked, PATIENCE_SECONDS)
        known = self._rooms.get(folder)
        return known if known and known.at >= since else None

    def _pause(self, job: str, need: int, why: str) -> None:
        known = self._waiting.get(job)
        patience = min(2 * known.patience, MOST_SECONDS) if known else LOOK_SECONDS
        self._waiting[job] = Waiting(need, time.monotonic() + patience, patience)
        self._jobs.pause(job, why)


def _no_space(need: int, where: object) -> str:
    return f"{NO_SPACE}{need // 2**20 + 1} MiB must be free where {where} is; it goes on by itself then"


def _found(found: Found, now: float) -> Room:
    try:
        return Room(now, found())
    except OSError as error:
        return Room(now, 0, error.strerror or str(error))
    except SemrenderError as error:
        return Room(now, 0, error.what, silent=True)


def _trouble(folder: Path, room: Room, need: int) -> str:
    """Why a job that needs so many bytes must wait, "" where it need not."""
    if room.trouble:
        return f"{UNREACHABLE}{folder}: {room.trouble}; it goes on by itself when it is back"
    if room.free < need:
        return _no_space(need, folder)
    try:
        return _no_space(need, places.home()) if free(places.home()) < need else ""
    except OSError as error:
        return f"{UNREACHABLE}{places.home()}: {error.strerror or error}; it goes on by itself when it is back"

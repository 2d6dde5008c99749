"""The broker's workers: who is started, what each is told and answers, and what becomes of the tasks of one that dies.

A worker that does not start is tried again and again, ever more slowly: short memory or a driver that is being
updated lasts minutes, not a night. Meanwhile the jobs wait and say so. A private server has a person in front of it
and a ledger that ends with it: there the jobs fail in words instead.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

from inference_server.broker.jobs import Jobs
from inference_server.broker.requests import settled
from inference_server.broker.space import Disks
from inference_server.broker.supervisor import Worker, show_way, start_worker
from inference_server.tasks import Task
from shared import protocol
from shared.errors import SemrenderError, ServerError, from_dict
from shared.values import Value

AHEAD = 4  # tasks a worker holds at once: one painting, two decoded, one encoding
OVERTAKING = 2  # further ones of higher priority
STARTS = 3  # of a device's worker that fail until the jobs are told
MOST_SECONDS = 120.0  # between two starts
START_SECONDS = 180.0  # a worker that is not ready by then hangs
NO_WORKER = "no worker: "  # how the reason of a pause begins that ends when one is ready

log = logging.getLogger("semrender.broker")

Body = dict[str, Any]


class End(Value):
    """Of a task: its kind, "failed" or "done" ("painted", "kept", "copied" of a picture), and what the device took."""

    kind: str
    state: str
    device: str
    seconds: float | None


class Vacancy(Value):
    """A device without a worker: when the next start is due, and how many failed in a row."""

    device: str
    due: float
    failed: int = 0


class Crew:
    """All workers of one broker.

    Args:
        way: to the broker, for `start_worker`.
        deadline: seconds a worker may be silent while it has work.
        patient: whether jobs wait for a worker that does not start, instead of failing.
        after_delivery: "module:function" that every delivery is handed to, with whether a comp of it is wanted.
        first: a worker for the device that was begun already, to be shown its way.
    """

    def __init__(
        self,
        jobs: Jobs,
        disks: Disks,
        way: Mapping[str, str],
        device: str,
        models_mib: int,
        deadline: float,
        patient: bool,
        after_delivery: str = "",
        first: Worker | None = None,
    ) -> None:
        self._jobs = jobs
        self._disks = disks
        self._way = way
        self._models_mib = models_mib
        self._deadline = deadline
        self._patient = patient
        self._after_delivery = after_delivery
        self.workers: dict[bytes, Worker] = {}
        self.deaths = 0  # of workers that were ready
        self.ends: list[End] = []  # what ended in this turn
        self.letters: list[tuple[bytes, list[bytes]]] = []  # to be sent once the turn is on disk
        self._vacancies = [] if first else [Vacancy(device, 0.0)]
        if first:
            self.workers[first.name] = show_way(first, way)
        self._last_death = ""
        self._refused: SemrenderError | None = None  # why the last one cannot have its device
        self._ever_ready = False
        for job in jobs.paused_for(NO_WORKER):
            jobs.resume(job, "the server was started again")
        self._fill_vacancies()

    @property
    def busy(self) -> bool:
        return any(worker.tasks for worker in self.workers.values())

    @property
    def unfit(self) -> SemrenderError | None:
        """Why the device that the server was started for is not here; None once a worker was ready."""
        return None if self._ever_ready else self._refused

    def tell(self, header: Body) -> None:
        """Tell all workers."""
        letter = protocol.pack(header)
        self.letters += [(name, letter) for name in self.workers]

    def close(self) -> None:
        for worker in self.workers.values():
            worker.stop()

    def heard(self, name: bytes, frames: list[bytes]) -> bool:
        """Apply what a worker says; returns whether it was the end of a task."""
        worker = self.workers.get(name)
        if worker is None:
            log.warning("a message from an unknown worker was ignored")
            return False
        try:
            header, _ = protocol.unpack(frames)
        except SemrenderError as error:  # what it was about ends at the deadline
            log.error("a message of the worker on %s cannot be read: %s", worker.device, error)
            return False
        if "memory" in header:  # no sign of life: a worker whose work hangs says this, too
            worker.memory = header["memory"]
            return False
        worker.heard = time.monotonic()
        if "ready" in header:
            self._ready(worker, header["ready"])
            return False
        if "refused" in header:
            worker.refused = from_dict(header["refused"])
            return False
        if "task" not in header:  # a sign of life
            for job, files in header.get("looked", {}).items():
                self._jobs.looked(job, files)
            for job, looks in header.get("preparing", {}).items():
                self._jobs.preparing(job, looks)
            return False
        if "part" in header:
            worker.parts.setdefault(header["task"], []).extend(header["part"])
            return False
        self._ended(worker, header)
        return True

    def _ready(self, worker: Worker, about: Body) -> None:
        worker.ready, worker.about, worker.device = True, about, about["device"]
        self._ever_ready, self._refused = True, None
        log.info("worker ready on %s", worker.device)
        self._vacancies += [Vacancy(device, 0.0) for device in about.get("others", [])]
        for job in self._jobs.paused_for(NO_WORKER):
            self._jobs.resume(job, "a worker is ready")

    def _ended(self, worker: Worker, header: Body) -> None:
        identity = header["task"]
        task = worker.tasks.pop(identity, None)
        parts = worker.parts.pop(identity, None)
        if task is not None and task.kind == "check":
            worker.knows.discard(task.job)  # its folder may be another one now
        if task is not None and ("error" in header or "body" in header):
            state = "failed" if "error" in header else header["body"].get("state", "done")
            self.ends.append(End(task.kind, state, worker.device, header.get("seconds")))
        if "error" in header:
            error = from_dict(header["error"])
            if error.code == "disk" and task is not None:
                self._jobs.give_back(identity)
                self._disks.refused(task.job, self._frames_in_hand(), str(error.file))
            else:
                self._jobs.fail(identity, error)
        elif "body" in header:
            self._jobs.finish(identity, header["body"] if parts is None else {**header["body"], "frames": parts})
        else:
            self._jobs.give_back(identity, lost_source="lost" in header)

    def dispatch(self) -> None:
        """Hand out what can be done now. What cannot be told to a worker fails, and only that."""
        for worker in self.workers.values():
            while worker.ready and (task := self._task_for(worker)) is not None:
                header: Body = {"task": task.to_dict()}
                if task.job not in worker.knows:
                    header["spec"] = self._spec(task.job, worker)
                try:
                    letter = protocol.pack(header)
                except SemrenderError as error:
                    self._jobs.fail(task.id, error)
                    continue
                if not worker.tasks:
                    worker.heard = time.monotonic()
                worker.knows.add(task.job)
                worker.tasks[task.id] = task
                self._jobs.begin(task)
                self.letters.append((worker.name, letter))

    def _spec(self, job: str, worker: Worker) -> Body:
        """The job's description, settled by the device that gets it first."""
        spec = self._jobs.spec(job)
        found = settled(spec, worker.about.get("half") is True)
        if found is not None:
            self._jobs.keep_spec(job, found)
        return found or spec

    def forget(self) -> None:
        """Workers need not remember the jobs that have ended."""
        for worker in self.workers.values():
            held = {task.job for task in worker.tasks.values()}
            for job in worker.knows - held:
                if not self._jobs.known(job) or self._jobs.ended(job):
                    worker.knows.discard(job)
                    self.letters.append((worker.name, protocol.pack({"forget": job})))

    def _task_for(self, worker: Worker) -> Task | None:
        held = list(worker.tasks.values())
        if any(task.deaths for task in held) or len(held) >= AHEAD + OVERTAKING:
            return None
        above = max(task.priority for task in held) if len(held) >= AHEAD else None
        painting = {
            task.key for w in self.workers.values() for task in w.tasks.values() if task.key and not task.source
        }
        for row in self._jobs.active(above):
            task = self._next_task(row["id"], painting)
            if task is None:
                continue
            frames = 0 if task.kind in ("check", "look", "prepare", "deliver") else self._frames_in_hand()
            room = self._disks.has_room(task.job, frames)
            if room is None:
                return None  # nobody overtakes a job for so short a time
            if not room:
                continue
            if task.deaths and held:
                return None  # it runs alone: first the worker finishes what it has
            return task
        return None

    def _next_task(self, job: str, painting: Collection[str]) -> Task | None:
        while (task := self._jobs.next_task(job, painting)) is not None:
            why = self._jobs.quarantined(task)
            if why is None:
                return task
            self._jobs.fail(task.id, why)
        return None

    def _frames_in_hand(self) -> int:
        return AHEAD * max(1, len(self.workers))

    def supervise(self, ending: bool) -> bool:
        """Replace who died or hangs, unless the server is ending; returns whether a task is not in hand any more."""
        now = time.monotonic()
        for worker in self.workers.values():
            limit = self._deadline if worker.ready else START_SECONDS
            if (worker.tasks or not worker.ready) and not worker.ended and now - worker.heard > limit:
                worker.kill(f"it did not answer for {limit:.0f} s")
        gone = [worker for worker in self.workers.values() if worker.ended]
        for worker in gone:
            del self.workers[worker.name]
            self._bury(worker, ending)
        if not ending:
            self._fill_vacancies()
            if not any(worker.ready for worker in self.workers.values()):
                self._tell_of_failed_starts()
        return bool(gone)

    def _bury(self, worker: Worker, ending: bool) -> None:
        self._last_death = worker.death()
        if ending:  # whoever ends the server ended the worker too: no frame is to blame
            log.info("the worker on %s has ended: %s", worker.device, worker.death())
            for task in worker.tasks:
                self._jobs.give_back(task)
            return
        log.error("the worker on %s is gone: %s", worker.device, worker.death())
        for task in worker.tasks:
            self._jobs.lose(task, died(worker))
        self.deaths += worker.ready
        self._refused = worker.refused
        self._vacant(worker.device, 0 if worker.ready else STARTS if worker.refused else worker.failed + 1)

    def _vacant(self, device: str, failed: int) -> None:
        wait = min(2.0 ** (failed - STARTS), MOST_SECONDS) if failed else 0.0
        self._vacancies.append(Vacancy(device, time.monotonic() + wait, failed))

    def _fill_vacancies(self) -> None:
        due = [vacancy for vacancy in self._vacancies if vacancy.due <= time.monotonic()]
        for vacancy in due:
            self._vacancies.remove(vacancy)
            try:
                worker = start_worker(self._way, vacancy.device, self._models_mib, self._after_delivery)
            except OSError as error:  # no memory for another process, too many of them
                self._last_death = error.strerror or str(error)
                log.error("no worker could be started on %s: %s", vacancy.device, self._last_death)
                self._vacant(vacancy.device, vacancy.failed + 1)
            else:
                worker.failed = vacancy.failed
                self.workers[worker.name] = worker

    def _tell_of_failed_starts(self) -> None:
        """While no worker can be started the jobs wait and say so; where nobody could wait they end in words."""
        failed = [one.failed for one in self._vacancies] + [worker.failed for worker in self.workers.values()]
        if max(failed, default=0) < STARTS:
            return
        for row in self._jobs.active():
            if self._patient and not row["only_check"]:
                why = f"{NO_WORKER}none could be started, the last one {self._last_death}; see the server's log"
                self._jobs.pause(row["id"], f"{why}. It is tried again, and the job goes on by itself")
                continue
            while (task := self._jobs.next_task(row["id"], ())) is not None:
                self._jobs.fail(task.id, self._refused or no_worker(self._last_death))


def died(worker: Worker) -> ServerError:
    return ServerError(
        f"the worker on {worker.device} died while it held this frame",
        cause=worker.death(),
        remedy="See the server's log; if memory ran out, paint at a smaller --size."
        " When the cause is mended, `semrender jobs clean --quarantine` lets it be tried again",
    )


def no_worker(last: str) -> ServerError:
    return ServerError(
        f"no worker could be started in {STARTS} attempts",
        cause=f"The last one: {last}",
        remedy="Run `semrender doctor` and see the server's log",
    )

"""The broker: one loop between clients and workers. It never imports torch and never decodes an image.

It works in turns. Messages are read and applied to the ledger in one transaction, tasks are handed out, the
transaction is committed, and only then do answers, tasks and events leave: what anyone was told is on disk.
Clients talk to a CURVE-protected ROUTER, workers to another one on a loopback address that only they know.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from inference_server.crash_points import reach
from inference_server.jobs import Jobs, Task
from inference_server.ledger import Ledger
from inference_server.security import Guard, check_bind
from inference_server.spool import Spool, free
from inference_server.supervisor import Worker, start_worker
from inference_server.verbs import verbs_of
from shared import places, protocol
from shared.errors import SemrenderError, ServerError, from_dict

AHEAD = 4  # tasks a worker holds at once: one painting, two decoded, one encoding
OVERTAKING = 2  # further ones of higher priority
STARTS = 3  # workers that may die before they are ready until the broker gives up on the device
MESSAGES_A_TURN = 256
EVENTS_A_TURN = 100  # for one watcher
WATCH_SECONDS = 60.0  # a watcher that does not renew is forgotten
START_SECONDS = 180.0  # a worker that is not ready by then hangs
ENDING_SECONDS = 60.0  # for the tasks in hand at a shutdown
DAYS_KEPT = 30.0  # that an ended job stays in the ledger
TIDY_SECONDS = 3600.0
NO_SPACE = "no space: "  # how the reason of a pause begins that ends by itself

log = logging.getLogger("semrender.broker")

Body = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """How a server runs.

    bind: address of the client socket; port 0 = any free one.
    clients: folder of public keys that may connect, needed for an address other than loopback.
    roots: the only folders jobs may touch; none: everything on loopback, only uploads elsewhere.
    ledger: file of the ledger; None keeps it in memory, for a server that dies with its client.
    deadline: seconds a worker may be silent while it has work.
    """

    version: str
    device: str = "auto"
    bind: str = "tcp://127.0.0.1:0"
    clients: Path | None = None
    roots: tuple[str, ...] = ()
    ledger: Path | None = None
    deadline: float = 900.0
    models_mib: int = 4096
    spool_mib: int = 20 * 1024
    reserve_mib: int = 256  # of free space below which nothing is handed out


class Broker:
    """Serve until `stop` is called."""

    def __init__(self, settings: Settings) -> None:
        check_bind(settings.bind, settings.clients)
        self.settings = settings
        self.ledger = Ledger(settings.ledger)
        self.jobs = Jobs(self.ledger)
        self.spool = Spool(places.home() / "spool", settings.spool_mib * 2**20)
        recovered = self.jobs.recover()
        for job in self.jobs.paused_for(NO_SPACE):
            self.jobs.resume(job)
        self._tidy()
        self.ledger.commit()
        if recovered:
            log.info("%d jobs of before go on", recovered)
        self.ending = False
        self.stopping = False
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.guard = Guard(self._context, settings.clients) if zmq.has("curve") else None
        self.clients = self._context.socket(zmq.ROUTER)
        self.clients.linger = 500
        self.clients.router_mandatory = True
        self.clients.set_hwm(64)
        self.clients.maxmsgsize = protocol.MAX_HEADER
        self.clients.heartbeat_ivl, self.clients.heartbeat_timeout = 5_000, 30_000
        if self.guard:
            self.guard.protect(self.clients)
        try:
            self.clients.bind(settings.bind)
        except zmq.ZMQError as error:
            self.close()
            raise ServerError(
                f"{settings.bind} cannot be used",
                cause=str(error),
                remedy="Choose another --port, or 0 for any free one",
            ) from error
        # For clients of this machine; those elsewhere know it by another name.
        self.address = self.clients.getsockopt_string(zmq.LAST_ENDPOINT).replace("//0.0.0.0:", "//127.0.0.1:")
        self.backstage = self._context.socket(zmq.ROUTER)
        self.backstage.linger = 0
        self.backstage.maxmsgsize = protocol.MAX_HEADER
        self.backstage.bind("tcp://127.0.0.1:0")
        self._worker_address = self.backstage.getsockopt_string(zmq.LAST_ENDPOINT)
        self.workers: dict[bytes, Worker] = {}
        self.deaths = 0  # of workers that were ready
        self._failed_starts = 0
        self.watchers: dict[tuple[bytes, str], tuple[int, float]] = {}  # (client, job) -> (events it has, renewed)
        self.checks: dict[tuple[bytes, str], str] = {}  # client and request of a `check` -> its job
        self.doing: set[str] = set()  # what this turn's transaction is about, for the crash points
        self._answers: list[tuple[bytes, list[bytes]]] = []
        self._handed: list[tuple[bytes, list[bytes]]] = []
        self._short: dict[str, int] = {}  # job that waits for space -> bytes it needs
        self._looked = 0.0
        self._verbs = verbs_of(self)
        self._start(settings.device)

    def connection(self) -> Body:
        """What a client of this user needs to find and trust this server."""
        about = {"pid": os.getpid(), "version": self.settings.version}
        return {**(self.guard.connection(self.address) if self.guard else {"address": self.address}), **about}

    def stop(self, at_once: bool = False) -> None:
        """End when the tasks in hand are finished, or at once."""
        self.stopping = self.stopping or at_once or self.ending
        self.ending = True

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self.clients, zmq.POLLIN)
        poller.register(self.backstage, zmq.POLLIN)
        until = None
        try:
            while not self.stopping:
                ready = dict(poller.poll(50 if self.watchers or self.checks else 200))
                self.turn(bool(ready))
                if self.ending:
                    until = until or time.monotonic() + ENDING_SECONDS
                    if not any(worker.tasks for worker in self.workers.values()) or time.monotonic() > until:
                        break
        finally:
            self.close()

    def turn(self, messages: bool) -> None:
        """Read, apply, hand out, commit, tell."""
        for _ in range(MESSAGES_A_TURN if messages else 0):
            worker = self.backstage.poll(0)
            if worker:
                self._from_worker(self.backstage.recv_multipart())
            client = self.clients.poll(0)
            if client:
                self._from_client(self.clients.recv_multipart())
            if not worker and not client:
                break
        self._supervise()
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidy()
        self._look_for_space()
        self._dispatch()
        if self.doing:
            self._forget()
        self._commit()
        self._tell_watchers()

    def close(self) -> None:
        for worker in getattr(self, "workers", {}).values():
            worker.stop()
        for socket in (self.clients, getattr(self, "backstage", None)):
            if socket is not None:
                socket.close()
        if self.guard:
            self.guard.close()
        self._context.term()
        self.ledger.close()

    def answer(self, client: bytes, frames: list[bytes]) -> None:
        """Send this after the turn's transaction is on disk."""
        self._answers.append((client, frames))

    def tell_workers(self, header: Body) -> None:
        for worker in self.workers.values():
            self._tell_worker(worker, header)

    def _commit(self) -> None:
        for kind in self.doing:
            reach(f"broker before commit of {kind}")
        self.ledger.commit()
        for kind in self.doing:
            reach(f"broker after commit of {kind}")
        self.doing.clear()
        for name, frames in self._handed:
            if name in self.workers:
                self.backstage.send_multipart([name, *frames])
                reach("broker after dispatch")
        for client, frames in self._answers:
            self._send(client, frames)
        self._handed.clear()
        self._answers.clear()

    # Clients

    def _from_client(self, frames: list[bytes]) -> None:
        client, request = frames[0], ""
        try:
            header, blobs = protocol.unpack(frames[1:])
            request = str(header.get("id", ""))[:64]
            verb, body = header.get("verb"), header.get("body")
            if not isinstance(body, dict) or not isinstance(verb, str) or verb not in self._verbs:
                raise ServerError(
                    f"this server does not know the verb {str(verb)[:64]!r}",
                    remedy=f"Update the server (this is {self.settings.version})",
                )
            with self.ledger.whole():
                self._verbs[verb](client, request, body, blobs)
        except SemrenderError as error:
            self.answer(client, protocol.refusal(request, error))
        except Exception as error:
            log.exception("a request failed")
            words = ServerError("the server could not handle this request", cause=f"{type(error).__name__}: {error}")
            self.answer(client, protocol.refusal(request, words))

    def _send(self, client: bytes, frames: list[bytes]) -> bool | None:
        """True when sent, False when the client reads too slowly, None when it is gone."""
        try:
            self.clients.send_multipart([client, *frames], zmq.DONTWAIT)
        except zmq.ZMQError as error:
            return False if error.errno == zmq.EAGAIN else None
        return True

    def _tell_watchers(self) -> None:
        now = time.monotonic()
        for (client, job), (seen, renewed) in list(self.watchers.items()):
            gone = now - renewed > WATCH_SECONDS or not self.jobs.known(job)
            ended = not gone and self.jobs.ended(job)
            for n, name, body in [] if gone else self.jobs.events(job, seen, EVENTS_A_TURN):
                sent = self._send(client, protocol.event(name, job, n, body))
                if not sent:  # a slow reader gets the rest when it has caught up
                    gone = sent is None
                    break
                seen = n
            else:
                gone = gone or (ended and not self.jobs.events(job, seen, 1))
            self.watchers[client, job] = (seen, renewed)
            if gone:
                del self.watchers[client, job]
        for (client, request), job in list(self.checks.items()):
            if not self.jobs.known(job):
                del self.checks[client, request]
            elif self.jobs.ended(job):
                del self.checks[client, request]
                found = {"problems": self.jobs.errors(job), **self.jobs.report(job)}
                self._send(client, protocol.reply(request, found))

    # Workers

    def _start(self, device: str) -> None:
        worker = start_worker(self._worker_address, device, self.settings.models_mib)
        self.workers[worker.name] = worker

    def _tell_worker(self, worker: Worker, header: Body) -> None:
        self._handed.append((worker.name, protocol.pack(header)))

    def _from_worker(self, frames: list[bytes]) -> None:
        worker = self.workers.get(frames[0])
        if worker is None:
            log.warning("a message from an unknown worker was ignored")
            return
        header, _ = protocol.unpack(frames[1:])
        worker.heard = time.monotonic()
        if "ready" in header:
            worker.ready, worker.about, self._failed_starts = True, header["ready"], 0
            worker.device = worker.about["device"]
            log.info("worker ready on %s", worker.device)
            for device in worker.about.get("others", []):
                self._start(device)
            return
        if "task" not in header:  # a sign of life
            return
        identity = header["task"]
        task = worker.tasks.pop(identity, None)
        self.doing.add("result")
        with self.ledger.whole():
            if "error" in header:
                error = from_dict(header["error"])
                if error.code == "disk" and task is not None:
                    self.jobs.give_back(identity)
                    self._wait_for_space(task.job, self._need(task.job), str(error.file))
                else:
                    self.jobs.fail(identity, error)
            elif "body" in header:
                self.jobs.finish(identity, header["body"])
            else:
                self.jobs.give_back(identity, lost_source="lost" in header)

    def _dispatch(self) -> None:
        for worker in self.workers.values():
            while worker.ready and not self.ending and (task := self._task_for(worker)) is not None:
                header: Body = {"task": task.to_dict()}
                if task.job not in worker.knows:
                    header["spec"] = self.jobs.spec(task.job)
                    worker.knows.add(task.job)
                if not worker.tasks:
                    worker.heard = time.monotonic()
                worker.tasks[task.id] = task
                self.jobs.begin(task)
                self._tell_worker(worker, header)

    def _forget(self) -> None:
        """Workers need not remember the jobs that have ended."""
        for worker in self.workers.values():
            held = {task.job for task in worker.tasks.values()}
            for job in worker.knows - held:
                if not self.jobs.known(job) or self.jobs.ended(job):
                    worker.knows.discard(job)
                    self._tell_worker(worker, {"forget": job})

    def _task_for(self, worker: Worker) -> Task | None:
        held = list(worker.tasks.values())
        if any(task.deaths for task in held) or len(held) >= AHEAD + OVERTAKING:
            return None
        above = max(task.priority for task in held) if len(held) >= AHEAD else None
        painting = {
            task.key for w in self.workers.values() for task in w.tasks.values() if task.key and not task.source
        }
        for row in self.jobs.active(above):
            job = row["id"]
            while (task := self.jobs.next_task(job, painting)) is not None:
                why = self.jobs.quarantined(task)
                if why is None:
                    break
                self.jobs.fail(task.id, why)
            if task is None or (task.kind not in ("check", "deliver") and not self._has_space(job)):
                continue
            if task.deaths and held:
                return None  # it runs alone: first the worker finishes what it has
            return task
        return None

    def _supervise(self) -> None:
        now = time.monotonic()
        for worker in self.workers.values():
            limit = self.settings.deadline if worker.ready else START_SECONDS
            if (worker.tasks or not worker.ready) and not worker.ended and now - worker.heard > limit:
                worker.kill(f"it did not answer for {limit:.0f} s")
                worker.process.wait()
        for worker in [w for w in self.workers.values() if w.ended]:
            del self.workers[worker.name]
            log.error("the worker on %s is gone: %s", worker.device, worker.death())
            self.doing.add("result")
            for task in worker.tasks:
                self.jobs.lose(task, died(worker))
            self.deaths += worker.ready
            self._failed_starts += not worker.ready
            if self._failed_starts < STARTS:
                self._start(worker.device)
            time.sleep(0.1 * self._failed_starts)
        if not self.workers:
            self._give_up()

    def _give_up(self) -> None:
        """No worker can be started: every job is told, instead of waiting for ever."""
        for row in self.jobs.active():
            while (task := self.jobs.next_task(row["id"], ())) is not None:
                self.jobs.fail(task.id, no_worker())

    # Space

    def _tidy(self) -> None:
        """Ledger and spool stay bounded without anyone's help."""
        self._tidied = time.monotonic()
        self.jobs.clean(time.time() - DAYS_KEPT * 86400)
        self.sweep_spool()

    def sweep_spool(self) -> None:
        """Remove what no job claims; without a ledger on disk the others' jobs are not known, and it keeps off."""
        if self.settings.ledger is not None:
            self.spool.sweep(self.jobs.all_ids())

    def _need(self, job: str) -> int:
        """Bytes that must be free in the job's output folder: the frames in hand at their largest, and a reserve."""
        frame = int(self.jobs.report(job).get("frame_bytes", 0))
        return frame * AHEAD * max(1, len(self.workers)) + self.settings.reserve_mib * 2**20

    def _has_space(self, job: str) -> bool:
        out = Path(self.jobs.summary(job)["out"])
        need = self._need(job)
        for folder in (out, places.home()):
            if free(folder) < need:
                self._wait_for_space(job, need, str(folder))
                return False
        return True

    def _wait_for_space(self, job: str, need: int, where: str) -> None:
        self._short[job] = need
        words = f"{NO_SPACE}{need // 2**20 + 1} MiB must be free where {where} is; it goes on by itself then"
        log.warning("job %s waits, %s", job, words)
        self.jobs.pause(job, words)

    def _look_for_space(self) -> None:
        if not self._short or time.monotonic() - self._looked < 1.0:
            return
        self._looked = time.monotonic()
        for job, need in list(self._short.items()):
            if not self.jobs.known(job) or self.jobs.ended(job):
                del self._short[job]
            elif min(free(Path(self.jobs.summary(job)["out"])), free(places.home())) >= need:
                del self._short[job]
                self.jobs.resume(job)


def died(worker: Worker) -> ServerError:
    return ServerError(
        f"the worker on {worker.device} died while it held this frame",
        cause=worker.death(),
        remedy="See the server's log; if memory ran out, paint at a smaller --size."
        " When the cause is mended, `semrender jobs clean --quarantine` lets it be tried again",
    )


def no_worker() -> ServerError:
    return ServerError(
        f"no worker could be started in {STARTS} attempts",
        cause="The installation or the device's driver is damaged",
        remedy="Run `semrender doctor` and see the server's log",
    )

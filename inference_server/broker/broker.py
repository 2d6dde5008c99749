"""The broker: one loop between clients and workers. It never imports torch and never decodes an image.

It works in turns. Messages are read and applied to the ledger in one transaction, tasks are handed out, the
transaction is committed, and only then do answers, tasks and events leave: what anyone was told is on disk.
Folders that others name are looked at aside; what is found is applied in a later turn. Only the state folder is the
loop's own: without it there is no server.
Clients talk to a CURVE-protected ROUTER, workers to another one on a loopback address that only they know.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq

from inference_server.backstage import ADDRESS
from inference_server.broker.aside import PATIENCE_SECONDS, Aside, Found
from inference_server.broker.chunks import Chunks
from inference_server.broker.crew import Crew
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.machines import Machines
from inference_server.broker.members import READY
from inference_server.broker.overview import Overview
from inference_server.broker.pieces import Pieces
from inference_server.broker.security import Guard, check_bind
from inference_server.broker.settings import Settings
from inference_server.broker.space import Disks
from inference_server.broker.spool import UNCLAIMED_SECONDS, Spool, free
from inference_server.broker.supervisor import Worker
from inference_server.broker.travelling import Travelling
from inference_server.broker.verbs import Verb, Verbs
from inference_server.crash_points import reach
from shared import places, protocol
from shared.command import unforeseen
from shared.errors import InputRefused, SemrenderError, ServerError

if TYPE_CHECKING:
    from inference_server.broker.metrics import Metrics

MESSAGES_A_TURN = 256
EVENTS_A_TURN = 100  # for one watcher
WATCH_SECONDS = 60.0  # a watcher that does not renew is forgotten
ENDING_SECONDS = 60.0  # for the tasks in hand at a shutdown
DAYS_KEPT = 30.0  # that an ended job stays in the ledger
TIDY_SECONDS = 3600.0
FOR_ALL = ("hello", "ping", "held_up")  # that a machine of a farm may ask for beside `travelling`

log = logging.getLogger("semrender.broker")

Body = dict[str, Any]


class Broker:
    """Serve until `stop` is called. first: a worker for its device that was begun already."""

    def __init__(self, settings: Settings, first: Worker | None = None) -> None:
        check_bind(settings.bind, settings.clients)
        self.settings = settings
        self.ledger = Ledger(settings.ledger)
        self.jobs = Jobs(self.ledger)
        self.chunks = Chunks(self.jobs, settings.build)
        self.spool = Spool(places.home() / "spool", settings.spool_mib * 2**20)
        recovered = self.jobs.recover()
        self.pieces = Pieces(self.jobs, settings.lease, time.monotonic())
        self.aside = Aside()
        self.disks = Disks(self.jobs, settings.reserve_mib * 2**20, self.aside)
        self._tidy()
        self.ledger.commit()
        if recovered:
            log.info("%d jobs of before go on", recovered)
        self.ending = False
        self.stopping = False
        self.metrics: Metrics | None = None
        if settings.metrics is not None:
            from inference_server.broker.metrics import Metrics  # only who asks for it waits for its library

            self.metrics = Metrics(settings.version, settings.metrics)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.guard = Guard(self._context, settings.clients, settings.machines_keys) if zmq.has("curve") else None
        if self.guard is None:
            log.warning("this build of ZeroMQ has no CURVE: every user of this machine can talk to this server")
        self.clients = self._context.socket(zmq.ROUTER)
        self.clients.linger = 500
        self.clients.router_mandatory = True
        self.clients.set_hwm(64)
        self.clients.maxmsgsize = protocol.MAX_HEADER
        self.clients.heartbeat_ivl, self.clients.heartbeat_timeout = 5_000, 30_000
        if self.guard:
            self.guard.protect(self.clients)
        # For clients of this machine; those elsewhere know it by another name.
        self.address = self._bind(settings.bind, "Choose another --port, or 0 for any free one")
        if settings.machines:
            self._bind(settings.machines, "Name an address of this machine and three free ports in a row")
        self.backstage = self._context.socket(zmq.ROUTER)
        self.backstage.linger = 0
        self.backstage.maxmsgsize = protocol.MAX_HEADER
        way = self.guard.protect_workers(self.backstage) if self.guard else {}
        self.backstage.bind("tcp://127.0.0.1:0")
        self.watchers: dict[tuple[bytes, str], tuple[int, float]] = {}  # (client, job) -> (events it has, renewed)
        self.checks: dict[tuple[bytes, str], str] = {}  # client and request of a `check` -> its job
        self.doing: set[str] = set()  # what this turn's transaction is about, for the crash points
        self._answers: list[tuple[bytes, list[bytes]]] = []
        self.crew = Crew(
            self.jobs,
            self.disks,
            {ADDRESS: self.backstage.getsockopt_string(zmq.LAST_ENDPOINT), **way},
            settings.device,
            settings.models_mib,
            settings.deadline,
            patient=settings.ledger is not None,
            after_delivery=settings.after_delivery,
            first=first,
        )
        self._verbs: dict[str, Verb] = {}
        for kind in (Verbs, Overview, Machines, Travelling):
            verbs = kind(self)
            self._verbs.update({name: getattr(verbs, name) for name in _verbs_of(kind)})
        self._of_machines = {*FOR_ALL, *_verbs_of(Travelling)}
        log.info("semrender %s serves on %s, device %s", settings.version, self.address, settings.device)
        log.info("state folder %s, ledger %s", places.home(), settings.ledger or "in memory")

    def _bind(self, address: str, remedy: str) -> str:
        """The address as it has become."""
        try:
            self.clients.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise ServerError(f"{address} cannot be used", cause=str(error), remedy=remedy) from error
        return self.clients.getsockopt_string(zmq.LAST_ENDPOINT).replace("//0.0.0.0:", "//127.0.0.1:")

    def connection(self) -> Body:
        """What a client of this user needs to find and trust this server."""
        about = {"pid": os.getpid(), "version": self.settings.version}
        return {**(self.guard.connection(self.address) if self.guard else {"address": self.address}), **about}

    def stop(self, at_once: bool = False) -> None:
        """End when the tasks in hand are finished, or at once."""
        self.stopping = self.stopping or at_once or self.ending
        self.ending = True
        self.aside.ring()  # from a signal, or a thread

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self.clients, zmq.POLLIN)
        poller.register(self.backstage, zmq.POLLIN)
        poller.register(self.aside.bell, zmq.POLLIN)
        until = None
        try:
            while not self.stopping:
                ready = dict(poller.poll(50 if self.watchers or self.checks else 200))
                self.turn(bool(ready))
                if self.settings.ledger is not None and self.crew.unfit:
                    raise self.crew.unfit  # the jobs wait in the ledger for a server that can
                if self.ending:
                    if until is None:
                        until = time.monotonic() + ENDING_SECONDS
                        log.info("it ends when what is in hand is finished")
                    if not self.crew.busy or time.monotonic() > until:
                        break
        finally:
            self.close()
            log.info("it has ended")

    def turn(self, messages: bool) -> None:
        """Read, apply, hand out, commit, tell."""
        ended = False
        for _ in range(MESSAGES_A_TURN if messages else 0):
            worker = self.backstage.poll(0)
            if worker:
                name, *frames = self.backstage.recv_multipart()
                with self.ledger.whole():
                    ended = self.crew.heard(name, frames) or ended
            client = self.clients.poll(0)
            if client:
                self._from_client(self.clients.recv_multipart(copy=False))
            if not worker and not client:
                break
        for then, found in self.aside.answered():
            then(found)
        if self.crew.supervise(self.ending) or ended:
            self.doing.add("result")
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidy()
        self.disks.look()
        self.chunks.care(time.monotonic())
        for job in self.pieces.care(time.monotonic()):
            self.crew.tell({"drop": job})
        if not self.ending:
            self.crew.dispatch()
        if self.doing:
            self.crew.forget()
        self._commit()
        self._tell_watchers()
        self._tell_metrics()

    def close(self) -> None:
        if hasattr(self, "crew"):
            self.crew.close()
        for one in (self.clients, getattr(self, "backstage", None)):
            if one is not None:
                one.close()
        if self.guard:
            self.guard.close()
        if self.metrics:
            self.metrics.close()
        self.aside.close()
        self._context.term()
        self.ledger.close()

    def answer(self, client: bytes, frames: list[bytes]) -> None:
        """Send this after the turn's transaction is on disk."""
        self._answers.append((client, frames))

    def _commit(self) -> None:
        for kind in self.doing:
            reach(f"broker before commit of {kind}")
        self.ledger.commit()
        for kind in self.doing:
            reach(f"broker after commit of {kind}")
        self.doing.clear()
        for name, frames in self.crew.letters:
            if name in self.crew.workers:
                self.backstage.send_multipart([name, *frames])
                reach("broker after dispatch")
        for client, frames in self._answers:
            self._send(client, frames)
        self.crew.letters.clear()
        self._answers.clear()

    # Clients

    def look(
        self,
        client: bytes,
        request: str,
        folder: Path,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Answer a request after a look at a folder that its client named: `then` gets what `work` returned.

        What either raises is the answer, as is in words that the disk does not answer in time.
        """

        def answered(found: Found) -> None:
            with self._in_words(client, request), self.ledger.whole():
                then(found())

        self.aside.ask(folder, work, answered, seconds)

    def _from_client(self, message: list[zmq.Frame]) -> None:
        client, *frames = [frame.bytes for frame in message]
        with self._in_words(client, ""):
            trusted = not self.guard or not self.settings.machines or self.guard.trusts(str(message[-1].get("User-Id")))
            self._request(client, trusted, *protocol.unpack(frames))

    def _request(self, client: bytes, trusted: bool, header: Body, blobs: list[bytes]) -> None:
        request = str(header.get("id", ""))[:64]
        with self._in_words(client, request):
            verb, body = header.get("verb"), header.get("body")
            if not trusted and verb not in self._of_machines:
                raise InputRefused("a machine of a farm may not ask for this")
            if not isinstance(body, dict) or not isinstance(verb, str) or verb not in self._verbs:
                raise ServerError(
                    f"this server does not know the verb {str(verb)[:64]!r}",
                    remedy=f"Update the server (this is {self.settings.version})",
                )
            with self.ledger.whole():
                self._verbs[verb](client, request, body, blobs)

    @contextmanager
    def _in_words(self, client: bytes, request: str) -> Iterator[None]:
        """What is raised inside is the answer."""
        try:
            yield
        except SemrenderError as error:
            self.answer(client, protocol.refusal(request, error))
        except Exception as error:
            log.exception("a request failed")
            words = unforeseen(error, "the server could not handle this request, for a reason that nobody foresaw")
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

    def _tell_metrics(self) -> None:
        ends, self.crew.ends = self.crew.ends, []
        if self.metrics is None:
            return
        for end in ends:
            self.metrics.ended(end)
        if self.metrics.due():
            from inference_server.broker.metrics import Figures

            workers = tuple((w.device, w.ready, len(w.tasks)) for w in self.crew.workers.values())
            machines = tuple(
                (one["name"], one["state"] == READY, sum(run["pictures"] for run in one["hand"]))
                for one in self.chunks.there()
            )
            sizes = self.spool.used, self.spool.limit, free(places.home())
            self.metrics.tell(Figures(*self.jobs.unended(), workers, machines, self.crew.deaths, *sizes))

    # Its own care

    def _tidy(self) -> None:
        """Ledger and spool stay bounded without anyone's help."""
        self._tidied = time.monotonic()
        self.jobs.clean(time.time() - DAYS_KEPT * 86400)
        self.sweep_spool()

    def sweep_spool(self, idle: float = UNCLAIMED_SECONDS) -> None:
        """Remove what no job claims; without a ledger on disk the others' jobs are not known, and it keeps off.

        idle: seconds since anything came into an upload that is removed, too.
        """
        if self.settings.ledger is not None:
            self.spool.sweep(self.jobs.all_ids(), idle)


def _verbs_of(kind: type) -> list[str]:
    return [name for name in vars(kind) if not name.startswith("_")]

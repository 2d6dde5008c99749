"""The engine for two to sixteen machines: Dask, as a carrier of JSON. The only file that imports it.

A scheduler in the coordinator's process, a worker on each machine that hands what it gets to `paint` and sends counts.
Whoever belongs to a farm may run code on all of its machines: Dask's messages are pickles. Hence TLS in any case, with
the farm's own authority, that lets nobody else in; and nothing listens but the scheduler on the address it is given and
a worker on the one by which it reaches the scheduler.

What is decided where: a piece waits for no particular machine; a machine's loss is told, and who asked hands it out
again (`allowed_failures`); results stay nowhere. A function that runs cannot be stopped by Dask: the machine is told
through the scheduler's own stream that nobody wants the piece, and `paint` hears of it when it says how far it is.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import logging
import queue
import ssl
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask

from inference_server.farm import certificates
from inference_server.farm.engine import ENDED, LOST, PROGRESS, STARTED, Chunk, Happened, Machine
from shared.command import unforeseen
from shared.errors import FramesFailed, Interrupted, SemrenderError, ServerError, from_dict

dask.config.set(
    {
        "distributed.logging": {"distributed": "error", "tornado": "critical"},
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.scheduler.preload": [],
        "distributed.worker.preload": [],
        "distributed.scheduler.active-memory-manager.start": False,
        "distributed.scheduler.work-stealing": True,
        "distributed.scheduler.worker-ttl": "60s",
        "distributed.scheduler.events-cleanup-delay": "1m",
        "distributed.scheduler.unknown-task-duration": "30s",
        "distributed.worker.profile.enabled": False,
        "distributed.comm.require-encryption": True,
        "distributed.comm.timeouts.connect": "10s",
        "distributed.comm.retry.count": 0,
        "distributed.admin.log-length": 100,
        "distributed.admin.low-level-log-length": 100,
        "distributed.admin.system-monitor.log-length": 10,
    }
)

import distributed  # noqa: E402  it reads its settings when it is loaded
from distributed.core import Status  # noqa: E402
from distributed.security import Security  # noqa: E402

TOPIC = "semrender"
QUIET = "127.0.0.1:0"  # where Dask's pages are, which it cannot leave out; they have none
START_SECONDS = 30.0
RENEW_SECONDS, LEASE_SECONDS = 10.0, 60.0  # a machine that hears nothing of a piece for a lease drops it
PULSE_SECONDS = 5.0  # a piece is told of so often, if only that it goes on
LEAVE_SECONDS = 15.0  # for what is in hand to stop, when a machine leaves; then it is given back as it is

log = logging.getLogger("semrender.farm")

Paint = Callable[[Chunk, Callable[[int], bool]], dict[str, int]]


def security_of(identity: Path) -> Security:
    """Mutual TLS with the farm's own authority, in every role."""
    files = {"tls_ca_file": str(identity / certificates.CA)}
    for role in ("scheduler", "worker", "client"):
        files[f"tls_{role}_cert"] = str(identity / certificates.CERTIFICATE)
        files[f"tls_{role}_key"] = str(identity / certificates.KEY)
    return Security(require_encryption=True, tls_min_version=ssl.TLSVersion.TLSv1_3, **files)


@dataclass
class Open:
    """A piece that was handed over and has not ended."""

    future: Any
    machine: str = ""
    address: str = ""  # of its worker
    ended: Happened | None = None


class DaskEngine:
    """An `Engine`. Its scheduler listens on host:port from its making until `close`."""

    def __init__(self, host: str, port: int, identity: Path) -> None:
        self._events: queue.SimpleQueue[Happened] = queue.SimpleQueue()
        self._open: dict[str, Open] = {}  # the loop's
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._wait(self._begin(host, port, security_of(identity)), START_SECONDS)
        except (OSError, RuntimeError, concurrent.futures.TimeoutError) as error:  # Dask wraps what a socket says
            raise ServerError(
                f"the engine of the farm cannot use {host}:{port}",
                cause=str(error.__cause__ or error),
                remedy="Name an address of this machine and three free ports in a row: --farm HOST:PORT",
            ) from error

    async def _begin(self, host: str, port: int, security: Security) -> None:
        self._scheduler = await distributed.Scheduler(
            host=host,
            port=port,
            protocol="tls",
            security=security,
            allowed_failures=0,
            dashboard=False,
            dashboard_address=QUIET,
        )
        self._client = await distributed.Client(
            self._scheduler.address, security=security, asynchronous=True, set_as_default=False
        )
        self._client.subscribe_topic(TOPIC, self._heard)
        self._renewing = asyncio.create_task(self._renew())

    @property
    def port(self) -> int:
        return int(self._scheduler.address.rpartition(":")[2])

    def machines(self) -> list[Machine]:
        found: list[Machine] = self._wait(self._there())
        return found

    async def _there(self) -> list[Machine]:
        found = [_machine(one) for one in self._scheduler.workers.values()]
        return sorted(found, key=lambda one: one.name)

    def start(self, chunk: Chunk, without: Collection[str] = ()) -> str:
        handle = f"chunk-{uuid.uuid4().hex}"
        self._wait(self._start(handle, json.dumps({"handle": handle, "chunk": chunk}), without))
        return handle

    async def _start(self, handle: str, text: str, without: Collection[str]) -> None:
        workers = self._scheduler.workers.values()
        allowed = [one.address for one in workers if _machine(one).name not in without] if without else None
        if allowed == []:  # the engine would take any
            words = ServerError("no machine that may have the piece is there", remedy="Others will have it")
            self._events.put(Happened(LOST, handle, "", error=words))
            return
        future = self._client.submit(carry_out, text, key=handle, pure=False, workers=allowed)
        self._open[handle] = Open(future)
        future.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._finished, handle))

    def events(self, seconds: float) -> list[Happened]:
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self._events.get(timeout=seconds))
            while True:
                found.append(self._events.get_nowait())
        return found

    def stop(self, handle: str) -> None:
        self._wait(self._stop(handle))

    async def _stop(self, handle: str) -> None:
        one = self._open.pop(handle, None)
        if one is not None:
            self._send(one.address, {"op": TOPIC, "drop": handle})
            await one.future.cancel()

    def close(self) -> None:
        with contextlib.suppress(concurrent.futures.TimeoutError):
            self._wait(self._end(), START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)

    async def _end(self) -> None:
        self._renewing.cancel()
        for handle in list(self._open):
            await self._stop(handle)
        await self._client.close()
        await self._scheduler.close()

    def _heard(self, event: tuple[float, Any]) -> None:
        """What a machine said of a piece; runs in the loop."""
        said = event[1]
        one = self._open.get(said["handle"])
        if one is None:
            return
        machine, done = str(said["machine"]), int(said.get("done", 0))
        if said["kind"] == ENDED:
            error = from_dict(said["error"]) if said["error"] else None
            one.ended = Happened(ENDED, said["handle"], machine, done, said["counts"], error)
            return
        if said["kind"] == STARTED:
            one.machine, one.address = machine, str(said["address"])
        self._events.put(Happened(said["kind"], said["handle"], machine, done))

    def _finished(self, handle: str) -> None:
        """The engine is through with a piece, well or not; what its machine said last has come before."""
        one = self._open.pop(handle, None)
        if one is None:
            return
        if one.ended is not None:
            self._events.put(one.ended)
        else:
            who = one.machine or "the machine that had the piece"
            words = ServerError(f"{who} has left", remedy="What it had is painted by others")
            self._events.put(Happened(LOST, handle, one.machine, error=words))
        one.future.release()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            for address in self._scheduler.workers:
                wanted = [handle for handle, one in self._open.items() if one.address == address]
                self._send(address, {"op": TOPIC, "renew": wanted})

    def _send(self, address: str, message: dict[str, Any]) -> None:
        """By the stream that a worker has opened: no machine needs to be reached from outside."""
        stream = self._scheduler.stream_comms.get(address)
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.send(message)

    def _wait(self, work: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)


def _machine(worker: Any) -> Machine:
    return Machine(slots=int(worker.nthreads), **worker.extra[TOPIC])


# On a machine


class Here:
    """What this process paints for a farm: the pieces in hand, and until when each is wanted."""

    def __init__(self, name: str, paint: Paint) -> None:
        self.name, self.paint = name, paint
        self._until: dict[str, float] = {}
        self._leaves = False
        self._lock = threading.Lock()

    def begin(self, handle: str) -> None:
        with self._lock:
            self._until[handle] = 0.0 if self._leaves else time.monotonic() + LEASE_SECONDS

    def end(self, handle: str, say: Callable[[], None]) -> None:
        """A piece has ended, which is said unless it was given up: once, and before it is no more in hand."""
        with self._lock:
            if handle in self._until:
                say()
                del self._until[handle]

    def told(self, drop: str = "", renew: Collection[str] = ()) -> None:
        """By the coordinator, which is still there."""
        with self._lock:
            for handle in renew:
                if self._until.get(handle, 0.0) > 0.0:
                    self._until[handle] = time.monotonic() + LEASE_SECONDS
            if drop in self._until:
                self._until[drop] = 0.0

    def leave(self) -> None:
        """Nothing is wanted any more, neither what is in hand nor what comes."""
        with self._lock:
            self._leaves = True
            self._until = dict.fromkeys(self._until, 0.0)

    def give_up(self, say: Callable[[str], None]) -> None:
        """Nobody waits for the pieces that are in hand still, which is said of each."""
        with self._lock:
            for handle in self._until:
                say(handle)
            self._until.clear()

    def stopped(self) -> Interrupted:
        return Interrupted(f"{self.name} has stopped")

    def why(self, failed: BaseException, handle: str) -> SemrenderError:
        """What is told of a piece that ended by an exception.

        What breaks of one that is not wanted any more, as all of a machine that leaves, says nothing of its pictures.
        """
        if not self.wanted(handle):
            log.info("%s ended after it was not wanted any more, by %r", handle, failed)
            return self.stopped()
        if isinstance(failed, SemrenderError):
            return failed
        log.error("a piece failed", exc_info=failed)
        return unforeseen(failed, f"{self.name} could not paint a piece, for a reason that nobody foresaw")

    def wanted(self, handle: str) -> bool:
        return time.monotonic() < self._until.get(handle, 0.0)

    @property
    def busy(self) -> bool:
        return bool(self._until)


_here: Here | None = None  # a worker finds by it, in its own process, what it is to call


def carry_out(text: str) -> None:
    """One piece, on a machine. Everything that comes of it is said as an event: the engine has nothing to keep."""
    here, worker = _here, distributed.get_worker()
    assert here is not None
    asked = json.loads(text)
    handle, said = str(asked["handle"]), [-1, 0.0]

    def say(kind: str, **more: Any) -> None:
        with contextlib.suppress(RuntimeError):  # this machine has left, and its loop has ended
            worker.log_event(TOPIC, {"kind": kind, "handle": handle, "machine": here.name, **more})

    def tell(done: int) -> bool:
        now = time.monotonic()
        if done != said[0] or now - said[1] > PULSE_SECONDS:
            said[:] = done, now
            say(PROGRESS, done=done)
        return here.wanted(handle)

    here.begin(handle)
    say(STARTED, address=worker.address)
    counts, error = None, None
    try:
        if not here.wanted(handle):
            raise here.stopped()
        counts = here.paint(asked["chunk"], tell)
    except BaseException as failed:
        counts = failed.counts if isinstance(failed, FramesFailed) else None
        error = here.why(failed, handle).to_dict()
    here.end(handle, lambda: say(ENDED, counts=counts, error=error))


def work(scheduler: str, host: str, identity: Path, machine: Machine, paint: Paint, leave: threading.Event) -> None:
    """Be a machine of a farm until it is gone or `leave` is set; what is in hand then is given back.

    Args:
        scheduler: "tls://HOST:PORT". host: the address of this machine by which it is reached.
        paint: called from several threads with a piece, and with what it tells how many pictures there are; returns
            counts or raises SemrenderError, FramesFailed with the counts of what is there nevertheless.

    Raises ServerError where the farm cannot be reached.
    """
    global _here
    _here = Here(machine.name, paint)
    with tempfile.TemporaryDirectory(prefix="semrender-farm-") as scratch:
        asyncio.run(_work(_here, scheduler, host, identity, machine, leave, scratch))


async def _work(
    here: Here, scheduler: str, host: str, identity: Path, machine: Machine, leave: threading.Event, scratch: str
) -> None:
    about = {name: value for name, value in vars(machine).items() if name != "slots"}
    worker = distributed.Worker(
        scheduler,
        host=host,
        protocol="tls",
        security=security_of(identity),
        nthreads=machine.slots,
        name=machine.name,
        memory_limit=0,
        dashboard=False,
        dashboard_address=QUIET,
        local_directory=scratch,
        death_timeout=START_SECONDS,
        startup_information={TOPIC: lambda _: about},
        metrics={},
    )
    worker.stream_handlers[TOPIC] = here.told
    try:
        await asyncio.wait_for(worker.start(), START_SECONDS)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        if "name taken" in f"{error} {error.__cause__}":
            raise ServerError(
                f"{machine.name} works for the farm already",
                cause="By another process, or the farm has not yet noticed that it was cut off",
            ) from error
        raise ServerError("the farm's engine does not answer", cause=str(error.__cause__ or error)) from error
    while worker.status is Status.running and not leave.is_set():
        await asyncio.sleep(0.1)
    here.leave()
    if worker.status is Status.running:
        worker.status = Status.closing_gracefully  # nothing more comes; what waits here is told as lost when it closes
    until = time.monotonic() + LEAVE_SECONDS
    while here.busy and time.monotonic() < until:
        await asyncio.sleep(0.1)
    about = {"kind": ENDED, "machine": here.name, "counts": None, "error": here.stopped().to_dict()}
    here.give_up(lambda handle: worker.log_event(TOPIC, {**about, "handle": handle}))
    await worker.close(timeout=5, executor_wait=False)

"""The one thread that talks to the server. It owns the socket; orders go in, plain data comes out.

The panel calls methods that return at once; what becomes of them is told, on this thread, as one of the messages
of `news`. What the server's ledger says is shown as it is: jobs are asked for again and again, so a lost connection,
a restarted server or a restarted Maya miss nothing.
"""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from maya_plugin.core import news, programs, renders, uploads
from maya_plugin.core.cards import Models, read_models
from maya_plugin.core.contract import BatchCommand
from maya_plugin.core.jobs import FRAME, LOCAL, OTHER, Job, Order, Pace, foreign, of_order, one_error, updated
from maya_plugin.core.news import ABSENT, LOST, READY, STARTING, STOPPING, Jobs, Message, Problem, Server
from shared import places
from shared.client import Client
from shared.connection import known_connection
from shared.errors import SemrenderError, ServerError, from_dict
from shared.servers import START_SECONDS, find_server

BUSY_SECONDS = 0.2  # between two looks while a job of ours is on its way, or the server comes or goes
IDLE_SECONDS = 1.0
ANSWER_SECONDS = 4.0  # that a look may take before the server counts as lost
SHUTDOWN_SECONDS = 10.0


class Session:
    """Args: tell: called on the session's thread with each message; must return soon and not raise."""

    def __init__(self, tell: Callable[[Message], None], client_name: str = "maya") -> None:
        self._tell = tell
        self._client_name = client_name
        self._orders: queue.Queue[Callable[[], None]] = queue.Queue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="semrender session", daemon=True)
        self._client: Client | None = None
        self._server = Server()
        self._models: Models | None = None
        self._devices_known = False
        self._process: subprocess.Popen[bytes] | None = None  # a server that was started and has not answered yet
        self._started: list[subprocess.Popen[bytes]] = []  # servers of ours, to be reaped
        self._start_until = 0.0
        self._jobs: dict[str, Job] = {}
        self._ready: list[tuple[Order, Path]] = []  # to hand over as soon as there is a server
        self._renders: list[tuple[Order, BatchCommand]] = []  # likewise: a batch has its first frame checked
        self._uploaded: set[str] = set()
        self._batches: dict[str, renders.Watch] = {}
        self._notes: dict[str, str] = {}  # what a render has to say of its passes
        self._pace = Pace()
        self._told: tuple[Job, ...] | None = None

    # Called by the panel; all return at once.

    @property
    def server(self) -> Server:
        """How it was last seen."""
        return self._server

    def begin(self) -> None:
        """Start the thread; renders that an earlier session has left to themselves are taken up."""
        for started in renders.found():
            self._orders.put(partial(self._watch, started))
        self._thread.start()

    def end(self, wait: bool = True) -> None:
        """Stop the thread; renders of Maya and jobs of the server go on, and are found again.

        wait: until the thread has ended.
        """
        self._ending.set()
        self._orders.put(lambda: None)
        if wait and self._thread.is_alive():
            self._thread.join(SHUTDOWN_SECONDS)
        for batch in self._batches.values():
            batch.leave()

    def paint(self, order: Order, shot_file: str) -> None:
        """Have a shot painted; a server is started where none runs."""
        self._orders.put(lambda: self._paint(order, Path(shot_file)))

    def render(self, order: Order, command: BatchCommand) -> None:
        """Render label passes in a process of Maya, then have them painted."""
        self._orders.put(lambda: self._render(order, command))

    def pause(self, job: str) -> None:
        self._orders.put(lambda: self._ask("pause", job))

    def resume(self, job: str) -> None:
        self._orders.put(lambda: self._ask("resume", job))

    def cancel(self, job: str) -> None:
        self._orders.put(lambda: self._cancel(job))

    def explain(self, job: Job) -> None:
        """Have it told why a job failed that ended before this session watched."""
        self._orders.put(lambda: self._explain(job))

    def start_server(self) -> None:
        self._orders.put(self._start)

    def stop_server(self) -> None:
        """It finishes the frames in hand; what waits is in its ledger."""
        self._orders.put(self._stop)

    def repeat(self) -> None:
        """Tell everything again, to a panel that was opened anew."""
        self._orders.put(self._repeat)

    def make_project(self, delivery: str) -> None:
        """Lay a delivery out as a new After Effects project."""
        news.apart(self._tell, "semrender aep", lambda: news.Project(*programs.make_project(Path(delivery))))

    def read_rendered(self, file: str, label_set: str, what: str) -> None:
        """Have the names in the Cryptomatte of a rendered file read; what: objects, materials or assets."""
        news.apart(
            self._tell, "semrender names", lambda: news.Names(programs.read_rendered(Path(file), label_set, what))
        )

    # On the session's thread from here.

    def _run(self) -> None:
        while not self._ending.is_set():
            self._guard(self._look)
            active = any(not job.ended for job in self._jobs.values()) or self._process is not None
            active = active or self._server.state == STOPPING
            try:
                order = self._orders.get(timeout=BUSY_SECONDS if active else IDLE_SECONDS)
                while True:
                    self._guard(order)
                    order = self._orders.get_nowait()
            except queue.Empty:
                pass
        if self._client is not None:
            self._client.close()

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except SemrenderError as error:
            self._tell(Problem(error))
        except Exception as error:  # a fault of ours must not silence the panel for the rest of the day
            self._tell(Problem(SemrenderError("something unforeseen happened in the plug-in", cause=repr(error))))

    def _look(self) -> None:
        """One look at the server: is it there, what became of the jobs."""
        if self._client is None:
            self._find()
        if self._client is None:
            return
        stopping = self._server.state == STOPPING
        if stopping and not places.connection_file().exists():
            self._lose()  # a server takes its connection file along
            return
        seconds = IDLE_SECONDS if stopping else ANSWER_SECONDS
        try:
            summaries = self._client.request("jobs", seconds=seconds, attempts=1)[0]["jobs"]
            if not self._devices_known:
                self._greet(self._client)
        except ServerError:
            self._lose()
            return
        self._hand_over()
        self._learn(summaries)

    def _find(self) -> None:
        self._started = [one for one in self._started if one.poll() is None]
        process = self._process
        ended = process is not None and process.poll() is not None
        try:
            found = find_server(self._client_name)
        except ServerError as error:
            if self._server.words != error.what:
                self._tell(Problem(error))
            self._become(LOST, error.what)
            return
        if found is not None:
            self._process = None
            self._welcome(found)
        elif process is not None and ended:
            self._process = None
            self._become(ABSENT, "The server did not start")
            raise programs.why_it_ended(process)
        elif process is not None and time.monotonic() > self._start_until:
            self._process = None
            self._become(ABSENT, "The server did not answer")
        elif process is None and self._server.state != LOST:
            self._become(ABSENT, "No server runs")

    def _welcome(self, client: Client) -> None:
        self._models = read_models(client.models())
        self._client = client
        self._greet(client)
        self._tell(self._models)

    def _greet(self, client: Client) -> None:
        """Say what the server is, and on which devices once its workers have told."""
        about = client.hello(self._client_name, ANSWER_SECONDS)
        words, self._devices_known = news.of_server(about, client.address)
        if self._server.state != STOPPING:
            self._become(READY, words)

    def _lose(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        if self._server.state == STOPPING:
            self._become(ABSENT, "No server runs")
        else:
            self._become(LOST, "The server does not answer; its jobs are in its ledger and go on when it is back")

    def _become(self, state: str, words: str) -> None:
        known = known_connection()
        here = known is None or "127.0.0.1" in str(known.get("address"))
        server = Server(state, words, here)
        if server != self._server or self._told is None:
            self._server = server
            self._tell(server)

    def _start(self) -> None:
        if self._client is not None or self._process is not None or not self._server.here:
            return
        self._process = programs.start_server()
        self._started.append(self._process)
        self._start_until = time.monotonic() + START_SECONDS
        self._become(STARTING, "The server starts")

    def _stop(self) -> None:
        if self._client is None:
            return
        self._client.request("stop", seconds=ANSWER_SECONDS, attempts=1)
        self._become(STOPPING, "The server finishes the frames in hand")

    def _paint(self, order: Order, shot_file: Path) -> None:
        self._ready.append((order, shot_file))
        self._put(replace(self._jobs.get(order.id) or of_order(order, "waiting"), state="waiting", done=0, total=0))
        self._go_on(order)

    def _go_on(self, order: Order) -> None:
        """Hand over what waits, or start the server that it waits for."""
        try:
            if self._client is None:
                self._start()
            else:
                self._hand_over()
        except SemrenderError as error:  # there is no server to wait for
            self._fail(order.id, error)

    def _forget(self, job: str) -> None:
        self._ready = [entry for entry in self._ready if entry[0].id != job]
        self._renders = [entry for entry in self._renders if entry[0].id != job]
        renders.forget(job)

    def _hand_over(self) -> None:
        """Render and submit what waits. The id makes a repetition harmless."""
        while self._renders:
            order, command = self._renders.pop(0)
            try:
                self._watch(*renders.start(order, command))
            except SemrenderError as error:
                self._fail(order.id, error)
        while self._ready and self._client is not None:
            order, shot_file = self._ready[0]
            try:
                if uploads.submit(self._client, order, shot_file):
                    self._uploaded.add(order.id)
            except ServerError as error:
                if "did not answer" in error.what:
                    self._lose()
                    return
                self._fail(order.id, error)
            except SemrenderError as error:
                self._fail(order.id, error)
            self._forget(order.id)

    def _learn(self, summaries: list[Mapping[str, Any]]) -> None:
        for summary in summaries:
            before = self._jobs.get(str(summary["job"]))
            if before is None and not summary["total"]:  # a check, by which nothing is painted
                continue
            job = foreign(summary) if before is None else updated(before, summary)
            if before is not None and before.ended:
                continue
            job = self._ended(job) if before is not None and job.ended else job
            self._jobs[job.id] = job
        self._publish()

    def _ended(self, job: Job) -> Job:
        """What the last event says: why a job failed, notes; the files of one that was sent over the wire."""
        assert self._client is not None
        if job.state == "failed" and job.kind == OTHER:
            return job
        last = self._last_event(job)
        if job.state == "failed":
            error = one_error(last.get("errors", ()), job.out)
            self._tell(Problem(error, job.id))
            return replace(job, error=error)
        out = str(last.get("out", job.out))  # a take, where the folder holds another look
        if job.state == "done" and job.id in self._uploaded:
            self._put(replace(job, state="collecting"))
            out = str(self._client.bring(job.id, Path(job.out), overwrite=job.kind == FRAME))
            if job.kind != FRAME:  # where the server writes itself, it tells After Effects
                programs.offer(Path(out), lambda error: self._tell(Problem(error)))
        notes = [self._notes.pop(job.id, ""), *(str(note) for note in last.get("notes", ()))]
        return replace(job, out=out, note=" ".join(note for note in notes if note))

    def _last_event(self, job: Job) -> dict[str, Any]:
        if self._client is None:
            raise ServerError("the server is not there", remedy="Start it; the job is in its ledger")
        body: dict[str, Any] = next(self._client.watch(job.id, since=max(0, job.events - 1)))["body"]
        return body

    def _explain(self, job: Job) -> None:
        error = one_error(self._last_event(job).get("errors", ()), job.out)
        self._put(replace(self._jobs[job.id], error=error))
        self._tell(Problem(error, job.id))

    def _ask(self, verb: str, job: str) -> None:
        if self._client is None:
            raise ServerError("the server is not there", remedy="Start it; the job is in its ledger")
        self._learn([self._client.ask(verb, job)])

    def _cancel(self, job: str) -> None:
        known = self._jobs.get(job)
        if known is None or known.state not in LOCAL:
            self._ask("cancel", job)
            return
        self._forget(job)
        batch = self._batches.pop(job, None)
        if batch is not None:
            batch.stop()
        self._put(replace(known, state="cancelled"))

    def _render(self, order: Order, command: BatchCommand) -> None:
        self._put(of_order(order, "waiting"))
        self._renders.append((order, command))
        self._go_on(order)

    def _watch(self, started: renders.Started, process: subprocess.Popen[bytes] | None = None) -> None:
        order, put = started.order, self._orders.put
        self._put(of_order(order, "rendering"))
        self._batches[order.id] = renders.Watch(
            started,
            lambda event: put(lambda: self._rendered(order, event)),
            lambda error: put(lambda: self._batch_ended(order.id, error)),
            process,
        )

    def _rendered(self, order: Order, event: Mapping[str, Any]) -> None:
        job = self._jobs[order.id]
        if job.state != "rendering":  # cancelled meanwhile
            return
        if event["event"] == "rendered":
            job = replace(job, done=int(event["done"]), total=int(event["total"]))
            self._put(replace(job, seconds_left=self._pace.seconds_left(job, time.monotonic())))
        elif event["event"] == "passes":
            self._notes[order.id] = ". ".join(str(note) for note in event["notes"])
            self._paint(order, Path(str(event["shot_file"])))
        elif event["event"] == "error":
            self._fail(order.id, from_dict(dict(event)))

    def _batch_ended(self, order: str, error: SemrenderError) -> None:
        self._batches.pop(order, None)
        if self._jobs[order].state == "rendering":
            self._fail(order, error)

    def _repeat(self) -> None:
        self._tell(self._server)
        if self._models is not None:
            self._tell(self._models)
        self._tell(Jobs(self._told or ()))

    def _fail(self, job: str, error: SemrenderError) -> None:
        self._forget(job)
        self._put(replace(self._jobs[job], state="failed", error=error))
        self._tell(Problem(error, job))

    def _put(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._publish()

    def _publish(self) -> None:
        jobs = tuple(reversed(list(self._jobs.values())))
        if jobs != self._told:
            self._told = jobs
            self._tell(Jobs(jobs))

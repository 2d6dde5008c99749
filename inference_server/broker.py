"""The broker: one loop between clients and workers. It never imports torch and never decodes an image.

Clients talk to a ROUTER on a loopback address, workers to another one that only they know. The broker
validates what comes in, keeps the jobs, hands each worker a few tasks ahead (so that it can decode the next
frame while it paints) and passes every numbered event on to whoever watches.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import zmq

from inference_server import cards
from inference_server.jobs import FORMATS, Job, frames_and_layers, next_task
from inference_server.supervisor import Worker, start_worker
from shared import places, protocol
from shared.errors import InputRefused, SemrenderError, ServerError, from_dict
from shared.label_set import load_label_set
from shared.shot import Shot, resolved

AHEAD = 4  # tasks a worker holds at once: one painting, two decoded, one encoding
STARTS = 3  # workers that may die before they are ready until the broker gives up on the device
DEFAULT_MODEL = "countryside"
ENDED_JOBS_KEPT = 100

log = logging.getLogger("semrender.broker")

Body = dict[str, Any]


class Broker:
    """Serve until `stop` is called.

    Args:
        version: of the program, for the conversation's start.
        device: "auto" (all of the best kind), "cpu", "cuda", "cuda:N" or "mps".
        port: of the client socket on 127.0.0.1; 0 = any free one.
    """

    def __init__(self, version: str, device: str = "auto", port: int = 0) -> None:
        self.version = version
        self.jobs: dict[str, Job] = {}
        self.stopping = False
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self.clients = context.socket(zmq.ROUTER)
        self.clients.linger = 500
        self.clients.router_mandatory = True
        self.clients.set_hwm(10_000)
        try:
            self.clients.bind(f"tcp://127.0.0.1:{port}")
        except zmq.ZMQError as error:
            raise ServerError(
                f"port {port} cannot be used", cause=str(error), remedy="Choose another --port, or 0 for any free one"
            ) from error
        self.address = self.clients.getsockopt_string(zmq.LAST_ENDPOINT)
        self.backstage = context.socket(zmq.ROUTER)
        self.backstage.linger = 0
        self.backstage.bind("tcp://127.0.0.1:0")
        self._worker_address = self.backstage.getsockopt_string(zmq.LAST_ENDPOINT)
        self.workers: dict[bytes, Worker] = {}
        self._failed_starts = 0
        self._watchers: dict[tuple[bytes, str], int] = {}  # (client, job) -> events it has
        self._checks: dict[str, tuple[bytes, str]] = {}  # job of a `check` -> client and request to answer
        self._verbs: dict[str, Callable[[bytes, str, Body, list[bytes]], None]] = {
            "hello": self._hello,
            "ping": self._ping,
            "models": self._models,
            "check": self._check,
            "submit": self._submit,
            "watch": self._watch,
            "cancel": self._cancel,
            "fetch": self._fetch,
        }
        self._start(device)

    def stop(self) -> None:
        self.stopping = True

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self.clients, zmq.POLLIN)
        poller.register(self.backstage, zmq.POLLIN)
        try:
            while not self.stopping:
                ready = dict(poller.poll(200))
                if self.clients in ready:
                    self._from_client(self.clients.recv_multipart())
                if self.backstage in ready:
                    self._from_worker(self.backstage.recv_multipart())
                self._supervise()
                self._dispatch()
                self._tell_watchers()
        finally:
            for worker in self.workers.values():
                worker.stop()
            self.clients.close()
            self.backstage.close()

    # Clients

    def _from_client(self, frames: list[bytes]) -> None:
        client, request = frames[0], ""
        try:
            header, blobs = protocol.unpack(frames[1:])
            request = str(header.get("id", ""))
            verb, body = header.get("verb"), header.get("body")
            if not isinstance(body, dict) or verb not in self._verbs:
                raise ServerError(
                    f"this server does not know the verb {verb!r}", remedy=f"Update the server (this is {self.version})"
                )
            self._verbs[verb](client, request, body, blobs)
        except SemrenderError as error:
            self._send(client, protocol.refusal(request, error))
        except Exception as error:
            log.exception("a request failed")
            words = ServerError("the server could not handle this request", cause=f"{type(error).__name__}: {error}")
            self._send(client, protocol.refusal(request, words))

    def _send(self, client: bytes, frames: list[bytes]) -> bool:
        try:
            self.clients.send_multipart([client, *frames], zmq.DONTWAIT)
        except zmq.ZMQError:  # gone, or too slow to read; it can ask again
            return False
        return True

    def _hello(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        protocol.check_version(body, "server", "client")
        about = {
            "protocol": protocol.PROTOCOL,
            "min_protocol": protocol.MIN_PROTOCOL,
            "version": self.version,
            "pid": os.getpid(),
            "workers": [{"device": w.device, "ready": w.ready, **w.about} for w in self.workers.values()],
            "jobs": [job.summary() for job in self.jobs.values()],
        }
        self._send(client, protocol.reply(request, about))

    def _ping(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        self._send(client, protocol.reply(request, {}))

    def _models(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        found, broken = cards.available_cards()
        listed = [card.to_dict() for card in found.values()]
        words = {name: str(error) for name, error in broken.items()}
        self._send(client, protocol.reply(request, {"models": listed, "broken": words, "default": DEFAULT_MODEL}))

    def _check(self, client: bytes, request: str, body: Body, blobs: list[bytes]) -> None:
        job = self._open(body, blobs, only_check=True)
        self._checks[job.id] = (client, request)

    def _submit(self, client: bytes, request: str, body: Body, blobs: list[bytes]) -> None:
        job = self._open(body, blobs, only_check=False)
        log.info("job %s: %s, into %s", job.id, job.spec["shot"]["name"], job.spec["out"])
        self._send(client, protocol.reply(request, {"job": job.id, "out": job.spec["out"]}))

    def _watch(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = self._job(body)
        self._watchers[client, job.id] = max(0, int(body.get("since", 0)))
        self._send(client, protocol.reply(request, job.summary()))

    def _cancel(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = self._job(body)
        job.cancel()
        for worker in self.workers.values():
            self._tell_worker(worker, {"drop": job.id})
        self._send(client, protocol.reply(request, job.summary()))

    def _fetch(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        folder = Path(self._job(body).spec["out"]).resolve()
        path = (folder / str(body.get("path", ""))).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise InputRefused("the job has no such file", file=body.get("path"))
        self._send(client, protocol.reply(request, {}, [path.read_bytes()]))

    def _job(self, body: Body) -> Job:
        job = self.jobs.get(str(body.get("job")))
        if job is None:
            raise ServerError(
                "this server does not know that job", remedy="It may have been restarted: submit it again"
            )
        return job

    def _open(self, body: Body, blobs: list[bytes], only_check: bool) -> Job:
        identity = uuid.uuid4().hex[:12]
        spec = self._spec(identity, body, blobs)
        job = Job(identity, spec, only_check)
        self.jobs[identity] = job
        ended = [j.id for j in self.jobs.values() if j.ended]
        for old in ended[:-ENDED_JOBS_KEPT]:
            del self.jobs[old]
        return job

    def _spec(self, identity: str, body: Body, blobs: list[bytes]) -> Body:
        """The job's description, validated: from here on nothing is guessed."""
        shot = Shot.from_dict(body.get("shot"))
        spool = places.home() / "spool" / identity
        base = _spooled(spool / "in", body["files"], blobs) if "files" in body else Path(str(body.get("base", "")))
        out = spool / "out" if "files" in body else Path(str(body.get("out", "")))
        if not base.is_absolute() or not out.is_absolute():
            raise InputRefused("a job needs the absolute folders of its passes and of its output")
        if body.get("format", "png") not in FORMATS:
            raise InputRefused(f"unknown format {body.get('format')!r}", remedy=f"Choose one of {', '.join(FORMATS)}")
        frames, layers = frames_and_layers(shot, body.get("frames"), body.get("layers"))
        models = {}
        for layer in shot.layers:
            asked = resolved(shot, layer)
            label_set = load_label_set(asked.label_set or shot.label_set)
            card = cards.find_card(asked.model or DEFAULT_MODEL)
            if card.label_set.name != label_set.name or card.label_set.hash != label_set.hash:
                raise InputRefused(
                    f"the model {card.name} paints the label set {card.label_set.name}, the pass has {label_set.name}",
                    layer=layer.name,
                    cause=""
                    if card.label_set.name != label_set.name
                    else "The label set has changed since the model was made",
                    remedy="Choose another model, or the label set the model was made for",
                )
            options = card.check_options(asked.options or {})
            models[layer.name] = {"name": card.name, "hash": card.hash, "options": options}
        return {
            "shot": shot.to_dict(),
            "base": str(base),
            "out": str(out),
            "format": str(body.get("format", "png")),
            "frames": frames,
            "layers": layers,
            "models": models,
        }

    def _tell_watchers(self) -> None:
        for (client, identity), seen in list(self._watchers.items()):
            job = self.jobs.get(identity)
            events = job.events[seen:] if job else []
            for number, (name, body) in enumerate(events, seen + 1):
                if not self._send(client, protocol.event(name, identity, number, body)):
                    del self._watchers[client, identity]
                    break
                self._watchers[client, identity] = number
            else:
                if job is None or job.ended:
                    del self._watchers[client, identity]
        for identity, (client, request) in list(self._checks.items()):
            job = self.jobs[identity]
            if job.ended:
                del self._checks[identity]
                self._send(client, protocol.reply(request, {"problems": job.errors, **job.report}))

    # Workers

    def _start(self, device: str) -> None:
        worker = start_worker(self._worker_address, device)
        self.workers[worker.name] = worker

    def _tell_worker(self, worker: Worker, header: Body) -> None:
        self.backstage.send_multipart([worker.name, *protocol.pack(header)])

    def _from_worker(self, frames: list[bytes]) -> None:
        worker = self.workers.get(frames[0])
        if worker is None:
            log.warning("a message from an unknown worker was ignored")
            return
        header, _ = protocol.unpack(frames[1:])
        if "ready" in header:
            worker.ready, worker.about, self._failed_starts = True, header["ready"], 0
            worker.device = worker.about["device"]
            log.info("worker ready on %s", worker.device)
            for device in worker.about.get("others", []):
                self._start(device)
            return
        job = self.jobs.get(worker.tasks.pop(header["task"], ""))
        if job is None:
            return
        if "error" in header:
            job.fail(header["task"], from_dict(header["error"]))
        else:
            job.finish(header["task"], header["body"])

    def _dispatch(self) -> None:
        for worker in self.workers.values():
            while worker.ready and len(worker.tasks) < AHEAD:
                task = next_task(self.jobs.values())
                if task is None:
                    return
                header: Body = {"task": task.to_dict()}
                if task.job not in worker.knows:
                    header["spec"] = self.jobs[task.job].spec
                    worker.knows.add(task.job)
                worker.tasks[task.id] = task.job
                self._tell_worker(worker, header)

    def _supervise(self) -> None:
        for worker in [w for w in self.workers.values() if w.ended]:
            del self.workers[worker.name]
            log.error("the worker on %s is gone: %s", worker.device, worker.death())
            words = ServerError(
                f"the worker on {worker.device} died while it held this frame",
                cause=worker.death(),
                remedy="See the server's log; if memory ran out, paint at a smaller --size",
            )
            for task, identity in worker.tasks.items():
                if identity in self.jobs:
                    self.jobs[identity].lose(task, words)
            if not worker.ready:
                self._failed_starts += 1
            if self._failed_starts < STARTS:
                self._start(worker.device)
            time.sleep(0.1 * self._failed_starts)
        if not self.workers:
            self._give_up()

    def _give_up(self) -> None:
        """No worker can be started: every job is told, instead of waiting for ever."""
        words = ServerError(
            f"no worker could be started in {STARTS} attempts",
            cause="The installation or the device's driver is damaged",
            remedy="Run `semrender doctor` and see the server's log",
        )
        for job in self.jobs.values():
            while (stuck := job.take()) is not None:
                job.fail(stuck.id, words)


def _spooled(folder: Path, files: Any, blobs: list[bytes]) -> Path:
    """Write the passes that came as blobs below `folder`; names that would leave it are refused."""
    if not isinstance(files, list) or len(files) != len(blobs):
        raise InputRefused("the message does not name each of its files")
    for name, blob in zip(files, blobs, strict=True):
        path = PurePosixPath(str(name))
        if path.is_absolute() or ".." in path.parts or "\\" in str(name) or ":" in str(name) or not path.parts:
            raise InputRefused("a file name that leaves the job's folder was refused", file=name)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blob)
    return folder

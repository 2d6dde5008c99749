"""One worker process: tasks come in, decoded ahead; painted one by one; written behind.

The main thread owns the socket and the device. A small pool of threads decodes the next frames and encodes
the last ones while the device works (image codecs release the interpreter lock). The worker ends when its
standard input closes, which also happens when the broker dies.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
import traceback
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import zmq

from inference_server import logs, supervisor
from inference_server.crash_points import reach
from inference_server.devices import choose_device, free_memory
from inference_server.models.base import Resident
from inference_server.painting import Decoded, Finished, Picture, Plan, SourceLost, decode, encode, make_plan
from inference_server.preview import ANIMATION_WIDTH, Pixels, animated, side_by_side
from shared import places, protocol
from shared.errors import SemrenderError

PLANS_KEPT = 8
ALIVE_SECONDS = 2.0  # between signs of life while a check goes on
ENDING_SECONDS = 2.0  # for files that are being written when the broker ends
POISONED = 70  # exit code after an error that leaves the device unusable in this process
DECODERS, ENCODERS = 2, 2

log = logging.getLogger("semrender.worker")

Body = dict[str, Any]


@dataclass
class Running:
    """A task on its way: first `decoding`, then `encoding`."""

    task: Body
    decoding: Future[Any] | None
    encoding: Future[Body] | None = None


@dataclass
class Previews:
    """Pictures of the animation, made while the device paints other frames."""

    written: dict[int, set[str]] = field(default_factory=dict)  # frame -> layers painted by this worker
    ready: dict[int, Pixels] = field(default_factory=dict)


class Worker:
    """Take tasks from the broker at `address` until standard input closes."""

    def __init__(self, address: str, name: str, device: str, models_mib: int) -> None:
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.IDENTITY, name.encode())
        self.socket.setsockopt(zmq.LINGER, 1000)
        self.socket.connect(address)
        self.device, others, about = choose_device(device)
        self.specs: OrderedDict[str, Body] = OrderedDict()
        self.plans: OrderedDict[str, Plan] = OrderedDict()
        self.planning = threading.Lock()
        self.previews: dict[str, Previews] = {}
        self.models = Resident(self.device, models_mib * 2**20)
        self.decoders = ThreadPoolExecutor(DECODERS, "decode")
        self.encoders = ThreadPoolExecutor(ENCODERS, "encode")
        self.queue: list[Running] = []  # in the order of arrival
        self.writing: list[Running] = []
        self.steps, self.told, self.spoke = 0, 0, 0.0  # of checks: files looked at
        self.send({"ready": {"device": self.device, "others": others, "about": about, "pid": os.getpid()}})

    def send(self, header: Body) -> None:
        if "task" in header:
            reach("worker before answer")
        self.socket.send_multipart(protocol.pack(header))
        self.spoke = time.monotonic()

    def run(self) -> None:
        while True:
            # While threads work, look at them often; a thread cannot wake a socket's poll.
            wait = 0 if self.next_decoded() else 3 if self.writing or self.queue else 1000
            if self.socket.poll(wait):
                while self.socket.poll(0):
                    self.receive(protocol.unpack(self.socket.recv_multipart())[0])
            for running in [r for r in self.writing if r.encoding is not None and r.encoding.done()]:
                self.writing.remove(running)
                self.settle(running, running.encoding)
            if self.steps != self.told and time.monotonic() - self.spoke > ALIVE_SECONDS:
                self.told = self.steps
                self.send({"alive": self.steps})
            self.paint_next()

    def receive(self, header: Body) -> None:
        if "drop" in header:
            dropped = [r for r in self.queue if r.task["job"] == header["drop"]]
            self.queue = [r for r in self.queue if r not in dropped]
            for running in dropped:
                self.send({"task": running.task["id"], "dropped": True})
            return
        task: Body = header["task"]
        if "spec" in header:
            self.specs[task["job"]] = header["spec"]
        if task["kind"] == "paint":
            self.queue.append(Running(task, self.decoders.submit(self.prepare, task)))
        else:
            work = self.check if task["kind"] == "check" else self.deliver
            self.writing.append(Running(task, None, self.encoders.submit(work, task)))

    def next_decoded(self) -> Running | None:
        """The most urgent task, the oldest of several; None while that is being decoded."""
        if not self.queue:
            return None
        urgent = max(self.queue, key=lambda running: int(running.task["priority"]))
        return urgent if urgent.decoding is not None and urgent.decoding.done() else None

    def plan(self, job: str) -> Plan:
        with self.planning:  # decoder threads ask at the same time
            if job not in self.plans:
                self.plans[job] = make_plan(self.specs[job], job)
                while len(self.plans) > PLANS_KEPT:
                    old, _ = self.plans.popitem(last=False)
                    self.previews.pop(old, None)
                self.previews[job] = Previews()
            return self.plans[job]

    def prepare(self, task: Body) -> Decoded | Finished:
        return decode(self.plan(task["job"]), task["layer"], task["frame"], task["key"], task["source"])

    def paint_next(self) -> None:
        """Paint the next frame if it is decoded; finished frames and refusals are settled on the way."""
        while (running := self.next_decoded()) is not None:
            self.queue.remove(running)
            assert running.decoding is not None
            if running.decoding.exception() is not None:
                self.settle(running, running.decoding)
                continue
            found = running.decoding.result()
            if isinstance(found, Finished):
                self.send({"task": running.task["id"], "body": found.body})
                continue
            try:
                plan = self.plan(running.task["job"])
                picture = None
                if found.request is not None:
                    reach("worker before painting")
                    picture = self.models.get(plan.layers[found.layer].card).paint(found.request)
            except Exception as error:
                self.fail(running, error)
                continue
            running.encoding = self.encoders.submit(self.write, plan, found, picture)
            self.writing.append(running)
            return  # back to the socket between two frames

    def write(self, plan: Plan, decoded: Decoded, picture: Picture | None) -> Body:
        """Encode, and with the last layer of a frame make its picture of the animation."""
        body = encode(plan, decoded, picture)
        previews = self.previews[plan.job]
        layers = previews.written.setdefault(decoded.frame, set())
        layers.add(decoded.layer)
        if layers >= set(plan.layers) and decoded.frame in animated(plan.frames):
            previews.ready[decoded.frame] = side_by_side(plan, decoded.frame, ANIMATION_WIDTH)
        return body

    def check(self, task: Body) -> Body:
        from inference_server.check import check_job

        return check_job(self.specs[task["job"]], task["job"], self.step, free_memory(self.device))

    def step(self) -> None:
        self.steps += 1

    def deliver(self, task: Body) -> Body:
        from inference_server.deliver import deliver

        plan = self.plan(task["job"])
        return deliver(plan, self.previews[task["job"]].ready)

    def settle(self, running: Running, future: Future[Any] | None) -> None:
        assert future is not None
        error = future.exception()
        if error is None:
            self.send({"task": running.task["id"], "body": future.result()})
        elif isinstance(error, SourceLost):
            self.send({"task": running.task["id"], "lost": str(error)})
        else:
            self.fail(running, error)

    def fail(self, running: Running, error: BaseException) -> None:
        if not isinstance(error, SemrenderError):
            log.error("".join(traceback.format_exception(error)))
            if poisoned(error):
                # Nothing on this device works any more here; the broker starts a fresh process and finds the culprit.
                os._exit(POISONED)
            error = in_words(error)
        error.located(layer=running.task["layer"], frame=running.task["frame"])
        self.send({"task": running.task["id"], "error": error.to_dict()})


def in_words(error: BaseException) -> SemrenderError:
    """An unforeseen failure for the artist; the log has the details."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return SemrenderError(
            "there is not enough memory to paint this frame", cause=str(error), remedy="Paint at a smaller --size"
        )
    return SemrenderError(
        "the frame could not be painted", cause=f"{type(error).__name__}: {error}", remedy="See the server's log"
    )


def poisoned(error: BaseException) -> bool:
    """A CUDA error other than lack of memory ends the context of the whole process (CUDA C++ guide, error checking)."""
    words = str(error)
    return "CUDA error" in words and "out of memory" not in words.lower()


def end_with_broker(worker: Worker) -> None:
    """Wait for standard input to close, let the files that are being written be finished, and leave."""
    while os.read(0, 4096):
        pass
    ending = threading.Thread(target=worker.encoders.shutdown, kwargs={"cancel_futures": True}, daemon=True)
    ending.start()
    ending.join(ENDING_SECONDS)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--models-mib", type=int, required=True)
    arguments = parser.parse_args()
    logs.set_up(places.home() / "logs" / f"worker-{arguments.device.replace(':', '-')}.log")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the client's to interpret
    name = os.environ[supervisor.NAME]
    worker = Worker(os.environ[supervisor.ADDRESS], name, arguments.device, arguments.models_mib)
    threading.Thread(target=end_with_broker, args=(worker,), daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()

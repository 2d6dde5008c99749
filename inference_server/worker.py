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
import traceback
from collections import OrderedDict, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import zmq

from inference_server import supervisor
from inference_server.models.base import Model, load_model
from inference_server.painting import Decoded, Kept, Picture, Plan, decode, encode, make_plan
from inference_server.preview import ANIMATION_WIDTH, Pixels, animated, side_by_side
from shared import protocol
from shared.errors import SemrenderError

MODELS_RESIDENT = 2
PLANS_KEPT = 8
DECODERS, ENCODERS = 2, 2

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

    def __init__(self, address: str, name: str, device: str) -> None:
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.IDENTITY, name.encode())
        self.socket.setsockopt(zmq.LINGER, 1000)
        self.socket.connect(address)
        self.device, others, about = choose_device(device)
        self.specs: OrderedDict[str, Body] = OrderedDict()
        self.plans: OrderedDict[str, Plan] = OrderedDict()
        self.planning = threading.Lock()
        self.previews: dict[str, Previews] = {}
        self.models: OrderedDict[str, Model] = OrderedDict()
        self.decoders = ThreadPoolExecutor(DECODERS, "decode")
        self.encoders = ThreadPoolExecutor(ENCODERS, "encode")
        self.queue: deque[Running] = deque()  # in the order of arrival
        self.writing: list[Running] = []
        self.send({"ready": {"device": self.device, "others": others, "about": about, "pid": os.getpid()}})

    def send(self, header: Body) -> None:
        self.socket.send_multipart(protocol.pack(header))

    def run(self) -> None:
        while True:
            busy = self.writing or (self.queue and self.queue[0].decoding is not None)
            ready = bool(self.queue) and self.queue[0].decoding is not None and self.queue[0].decoding.done()
            # While threads work, look at them often; a thread cannot wake a socket's poll.
            if self.socket.poll(0 if ready else 3 if busy else 1000):
                while self.socket.poll(0):
                    self.receive(protocol.unpack(self.socket.recv_multipart())[0])
            for running in [r for r in self.writing if r.encoding is not None and r.encoding.done()]:
                self.writing.remove(running)
                self.settle(running, running.encoding)
            self.paint_next()

    def receive(self, header: Body) -> None:
        if "drop" in header:
            self.queue = deque(r for r in self.queue if r.task["job"] != header["drop"])
            return
        task: Body = header["task"]
        if "spec" in header:
            self.specs[task["job"]] = header["spec"]
        if task["kind"] == "paint":
            self.queue.append(Running(task, self.decoders.submit(self.prepare, task)))
        else:
            work = self.check if task["kind"] == "check" else self.deliver
            self.writing.append(Running(task, None, self.encoders.submit(work, task)))

    def plan(self, job: str) -> Plan:
        with self.planning:  # decoder threads ask at the same time
            if job not in self.plans:
                self.plans[job] = make_plan(self.specs[job], job)
                while len(self.plans) > PLANS_KEPT:
                    old, _ = self.plans.popitem(last=False)
                    self.previews.pop(old, None)
                self.previews[job] = Previews()
            return self.plans[job]

    def prepare(self, task: Body) -> Decoded | Kept:
        return decode(self.plan(task["job"]), task["layer"], task["frame"])

    def paint_next(self) -> None:
        """Paint the oldest frame if it is decoded; kept frames and refusals are settled on the way."""
        while self.queue and self.queue[0].decoding is not None and self.queue[0].decoding.done():
            running = self.queue.popleft()
            assert running.decoding is not None
            if running.decoding.exception() is not None:
                self.settle(running, running.decoding)
                continue
            found = running.decoding.result()
            if isinstance(found, Kept):
                self.send({"task": running.task["id"], "body": {"state": "kept"}})
                continue
            try:
                plan = self.plan(running.task["job"])
                picture = None
                if found.request is not None:
                    picture = self.model(plan, found.layer).paint(found.request)
            except Exception as error:
                self.fail(running, error)
                continue
            running.encoding = self.encoders.submit(self.write, plan, found, picture)
            self.writing.append(running)
            return  # back to the socket between two frames

    def model(self, plan: Plan, layer: str) -> Model:
        card = plan.layers[layer].card
        if card.hash not in self.models:
            while len(self.models) >= MODELS_RESIDENT:
                self.models.popitem(last=False)
            self.models[card.hash] = load_model(card, self.device)
        self.models.move_to_end(card.hash)
        return self.models[card.hash]

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

        return check_job(self.specs[task["job"]], task["job"])

    def deliver(self, task: Body) -> Body:
        from inference_server.deliver import deliver

        plan = self.plan(task["job"])
        return deliver(plan, self.previews[task["job"]].ready)

    def settle(self, running: Running, future: Future[Any] | None) -> None:
        assert future is not None
        error = future.exception()
        if error is None:
            self.send({"task": running.task["id"], "body": future.result()})
        else:
            self.fail(running, error)

    def fail(self, running: Running, error: BaseException) -> None:
        if not isinstance(error, SemrenderError):
            logging.error("".join(traceback.format_exception(error)))
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


def choose_device(asked: str) -> tuple[str, list[str], str]:
    """The device to use, further ones of the same kind, and their name. Raises nothing: cpu always works."""
    if asked == "cpu":
        return "cpu", [], "processor"
    import torch

    torch.backends.cudnn.allow_tf32 = False  # ten-bit products would part the devices' pictures
    if asked in ("auto", "cuda") and torch.cuda.is_available():
        others = [f"cuda:{n}" for n in range(1, torch.cuda.device_count())]
        return "cuda:0", others, torch.cuda.get_device_name(0)
    if asked.startswith("cuda:") and torch.cuda.is_available():
        return asked, [], torch.cuda.get_device_name(asked)
    if asked in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps", [], "Apple GPU"
    if asked != "auto":
        logging.warning("there is no %s here: painting on the processor", asked)
    return "cpu", [], "processor"


def end_with_broker() -> None:
    """Wait for standard input to close, then leave at once: files are only ever renamed when whole."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the client's to interpret
    threading.Thread(target=end_with_broker, daemon=True).start()
    Worker(os.environ[supervisor.ADDRESS], os.environ[supervisor.NAME], arguments.device).run()


if __name__ == "__main__":
    main()

"""One worker process: tasks come in, decoded ahead; painted one by one; written behind.

The main thread owns the socket and only that, so that it always listens: an urgent task is decoded while
another one is painted and comes next. One thread owns the device; a few decode the next frames and encode the
last ones (image codecs and kernels release the interpreter lock). Whatever a thread has finished wakes the
main thread. The worker ends when its standard input closes, which also happens when the broker dies.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pkgutil import resolve_name
from typing import Any

import zmq

from inference_server import backstage, logs
from inference_server.children import until_parent_ends
from inference_server.crash_points import reach
from inference_server.models.base import Resident
from inference_server.models.devices import Device, Meter, choose_device, free_memory
from inference_server.stability import tiles
from inference_server.worker import fence
from inference_server.worker.answers import AfterDelivery, hand_on, in_words, pieces, poisoned
from inference_server.worker.check import check_job, look
from inference_server.worker.copying import Finished, SourceLost, kept
from inference_server.worker.fitting import Picture
from inference_server.worker.holding import Holder, decode_held
from inference_server.worker.paces import Paces, pace_of
from inference_server.worker.plan import Plan, make_plan
from inference_server.worker.preparing import prepare
from inference_server.worker.preview import ANIMATION_WIDTH, Previews, animated, side_by_side
from inference_server.worker.reading import Decoded, decode
from inference_server.worker.signs import Dropped, Signs
from inference_server.worker.writing import encode
from shared import places, protocol
from shared.errors import SemrenderError
from shared.passes.clip_pass import close_clips

ALIVE_SECONDS = 2.0  # between signs of life while a check goes on
ENDING_SECONDS = 2.0  # for files that are being written when the broker ends
POISONED = 70  # exit code after an error that leaves the device unusable in this process
DECODERS, ENCODERS, LOOKERS = 2, 2, 6
LINGER = 1000  # milliseconds that what was said last may take

PLACE = ("job", "layer", "frame")  # of a task, for the log

log = logging.getLogger("semrender.worker")

Body = dict[str, Any]
Painted = tuple[Picture | None, Mapping[str, Any]]  # nothing where nothing is to be painted; what the model said


@dataclass
class Running:
    """A task on its way, and what a thread is doing with it: "decoding", "painting", then "encoding"."""

    task: Body
    stage: str
    work: Future[Any]
    decoded: Decoded | None = None

    @property
    def urgency(self) -> int:
        return int(self.task["priority"])


class Worker:
    """Take tasks from the broker until standard input closes."""

    def __init__(
        self,
        to_broker: zmq.Socket[bytes],
        device: Device,
        models_mib: int,
        after_delivery: AfterDelivery | None = None,
    ) -> None:
        self.after_delivery = after_delivery
        self.socket = to_broker
        self.device = device
        self.specs: dict[str, Body] = {}
        self.plans: dict[str, Plan] = {}
        self.planning = threading.Lock()
        self.previews: dict[str, Previews] = {}
        self.holders: dict[str, Holder] = {}  # job -> of the layer that was held last: a window takes memory
        self.models = Resident(device.name, models_mib * 2**20)
        self.decoders = ThreadPoolExecutor(DECODERS, "decode")
        self.painter = ThreadPoolExecutor(1, "paint")
        self.encoders = ThreadPoolExecutor(ENCODERS, "encode")
        self.lookers = ThreadPoolExecutor(LOOKERS, "look")  # a long look keeps no urgent one waiting, and no frame
        self.running: list[Running] = []  # in the order of arrival
        self.bell, self.door = socket.socketpair()  # a thread rings, the main thread hears it beside ZeroMQ
        self.bell.setblocking(False)
        self.door.setblocking(False)
        self.paces = Paces()
        self.took: dict[int, float] = {}  # by task: seconds that the device took
        self.signs, self.spoke = Signs(), 0.0
        self.meter = Meter(device.name)
        log.info("ready on %s: %s", device.name, device.about)
        about = {"device": device.name, "others": list(device.others), "about": device.about}
        self.send({"ready": {**about, "half": device.half.gains, "pid": os.getpid()}})

    def send(self, header: Body) -> None:
        if "task" in header:
            reach("worker before answer")
        self.socket.send_multipart(protocol.pack(header))
        self.spoke = time.monotonic()

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(self.door.fileno(), zmq.POLLIN)
        while True:
            ready = dict(poller.poll(1000))
            if self.door.fileno() in ready:
                self.door.recv(4096)
            while self.socket.poll(0):
                self.receive(protocol.unpack(self.socket.recv_multipart())[0])
            for running in [r for r in self.running if r.work.done() and r.stage != "decoding"]:
                self.go_on(running)
            self.paint_next()
            if memory := self.meter.due():
                self.send({"memory": memory})
            if time.monotonic() - self.spoke > ALIVE_SECONDS and (news := self.signs.news()) is not None:
                self.send(news)

    def receive(self, header: Body) -> None:
        if "drop" in header:
            self.signs.dropped.add(header["drop"])
            for running in [r for r in self.running if r.task["job"] == header["drop"] and r.stage == "decoding"]:
                self.running.remove(running)
                self.send({"task": running.task["id"], "dropped": True})
            return
        if "forget" in header:
            self.signs.dropped.discard(header["forget"])
            for known in (self.specs, self.plans, self.previews, self.holders):
                known.pop(header["forget"], None)
            self.decoders.submit(close_clips)  # of jobs that go on they are opened again
            return
        task: Body = header["task"]
        if "spec" in header and header["spec"] != self.specs.get(task["job"]):
            self.specs[task["job"]] = header["spec"]
            self.plans.pop(task["job"], None)  # after the check it may paint into another folder
        if task["kind"] in ("underpaint", "paint", "hold"):
            self.begin(task, "decoding", self.decoders, self.read, task)
        elif task["kind"] == "prepare":
            self.begin(task, "encoding", self.painter, self.prepare, task)
        else:
            work, pool = {
                "check": (self.check, self.lookers),
                "look": (self.look, self.lookers),
                "deliver": (self.deliver, self.encoders),
            }[task["kind"]]
            self.begin(task, "encoding", pool, work, task)

    def begin(
        self, task: Body, stage: str, pool: ThreadPoolExecutor, work: Callable[..., Any], *values: Any
    ) -> Running:
        future = pool.submit(work, *values)
        running = Running(task, stage, future)
        self.running.append(running)
        future.add_done_callback(self.ring)
        return running

    def ring(self, _: object) -> None:
        with contextlib.suppress(BlockingIOError):  # it rings already
            self.bell.send(b"!")

    def paint_next(self) -> None:
        """Paint the most urgent frame, the oldest of several; finished ones and refusals are settled on the way."""
        while not any(running.stage == "painting" for running in self.running):
            waiting = [running for running in self.running if running.stage == "decoding"]
            running = max(waiting, key=lambda one: one.urgency, default=None)
            if running is None or not running.work.done():
                return
            self.running.remove(running)
            found = None if running.work.exception() else running.work.result()
            if not isinstance(found, Decoded):
                self.settle(running)
            else:
                self.begin(running.task, "painting", self.painter, self.paint, running.task, found).decoded = found

    def paint(self, task: Body, decoded: Decoded) -> Painted | Finished:
        reach("worker before painting")
        plan, began = self.plan(task["job"]), time.monotonic()
        if plan.part == "paint":  # another machine may have it in hand, too, and have finished it since it was decoded
            place = decoded.layer, decoded.frame, decoded.key, decoded.stage
            if found := kept(plan, *place):
                return found
        picture, said = self.picture(task, decoded)
        seconds = time.monotonic() - began
        log.info("job %s, layer %s, frame %s: its picture took %.2f s", *(task[name] for name in PLACE), seconds)
        if picture is not None:
            height, width = decoded.coverage.shape
            pace = pace_of(plan, plan.layers[decoded.layer], decoded.stage, (width, height), self.device.about)
            self.paces.add(pace, seconds)
            self.took[task["id"]] = seconds
        return picture, said

    def picture(self, task: Body, decoded: Decoded) -> Painted:
        if decoded.stage == "hold" and not decoded.empty:
            return self.holder(task["job"], decoded.layer).picture(decoded.frame), {}
        if decoded.request is None:
            return None, {}
        model = self.models.get(self.plan(task["job"]).layers[decoded.layer].card)
        return tiles.paint(model, decoded.request, decoded.tiles), model.said

    def go_on(self, running: Running) -> None:
        """After painting comes encoding; after that, or an error, the answer."""
        self.running.remove(running)
        painted = None if running.work.exception() else running.work.result()
        if running.stage == "painting" and isinstance(painted, tuple):
            values = (self.plan(running.task["job"]), running.decoded, *painted)
            self.begin(running.task, "encoding", self.encoders, self.write, *values)
        else:
            self.settle(running)

    def plan(self, job: str) -> Plan:
        with self.planning:  # decoder threads ask at the same time
            if job not in self.plans:
                self.plans[job] = make_plan(self.specs[job], job)
                self.previews[job] = Previews()
            return self.plans[job]

    def holder(self, job: str, layer: str) -> Holder:
        known = self.holders.get(job)
        if known is None or known.own.layer.name != layer:
            self.holders.clear()
            self.holders[job] = Holder(self.plan(job), self.plan(job).layers[layer])
        return self.holders[job]

    def prepare(self, task: Body) -> Body:
        plan = self.plan(task["job"])
        own = plan.layers[task["layer"]]
        try:
            step = partial(self.signs.prepared, task["job"], task["layer"])
            return prepare(plan, own, self.models.get(own.card), step)
        finally:
            self.signs.preparing.pop(task["job"], None)

    def read(self, task: Body) -> Decoded | Finished:
        read = decode_held if task["kind"] == "hold" else decode
        return read(self.plan(task["job"]), task["layer"], task["frame"], task["key"], task["source"])

    def write(self, plan: Plan, decoded: Decoded, picture: Picture | None, said: Mapping[str, Any]) -> Body:
        """Encode, and with the last layer of a frame make its picture of the animation."""
        body = encode(plan, decoded, picture, self.device.about, said)
        if decoded.stage == "underpaint" or plan.part == "paint":
            return body
        previews = self.previews[plan.job]
        layers = previews.written.setdefault(decoded.frame, set())
        layers.add(decoded.layer)
        if layers >= set(plan.layers) and decoded.frame in animated(plan.frames):
            previews.ready[decoded.frame] = side_by_side(plan, decoded.frame, ANIMATION_WIDTH)
        return body

    def check(self, task: Body) -> Body:
        free = free_memory(self.device.name)
        spec, places = self.specs[task["job"]], task["places"]
        step = partial(self.signs.step, task["job"])
        self.signs.looked[task["job"]] = 0
        try:
            about = task["taken"], places, task["again"], partial(self.plan, task["job"])
            return check_job(spec, task["job"], step, free, self.device, *about)
        finally:
            del self.signs.looked[task["job"]]

    def look(self, task: Body) -> Body:
        return look(self.plan(task["job"]), task["places"], partial(self.signs.step, task["job"]))

    def deliver(self, task: Body) -> Body:
        from inference_server.worker.deliver import deliver, is_whole

        plan = self.plan(task["job"])
        self.paces.keep()
        made = deliver(plan, self.previews[task["job"]].ready)
        spec = self.specs[task["job"]]
        here = spec.get("offer", True) and not spec.get("collect")  # what is fetched is handed on where it comes to lie
        comp = bool(spec.get("comp"))
        if self.after_delivery is not None and here and "delivery" in made and (comp or is_whole(plan)):
            made.update(hand_on(self.after_delivery, plan.out / made["delivery"], comp, made["notes"]))
        return made

    def settle(self, running: Running) -> None:
        error = running.work.exception()
        seconds = self.took.pop(running.task["id"], None)
        if error is None:
            result = running.work.result()
            self.answer(running, result.body if isinstance(result, Finished) else result, seconds)
        elif isinstance(error, Dropped):
            self.send({"task": running.task["id"], "dropped": True})
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
        words = error.to_dict()
        try:
            protocol.check_size(words)
        except (SemrenderError, ValueError):  # its words cannot be sent: too long, or no text
            cause = ascii(words)[:1000]
            words = SemrenderError("the frame failed", cause=cause, remedy="See the server's log").to_dict()
        self.send({"task": running.task["id"], "error": words})

    def answer(self, running: Running, body: Body, seconds: float | None = None) -> None:
        """The end of a task. What is known of each of many frames goes before, in pieces. seconds: of the device."""
        identity = running.task["id"]
        try:
            parts = [{"task": identity, "part": part} for part in pieces(body.pop("frames", []))]
            for message in (*parts, body):
                protocol.check_size(message)
        except (SemrenderError, ValueError) as error:
            self.fail(running, error)
            return
        where = ", ".join(f"{name} {running.task[name]}" for name in PLACE if running.task.get(name) is not None)
        log.info("%s: %s", where, body.get("state", f"{running.task.get('kind')} done"))
        for message in parts:
            self.send(message)
        self.send({"task": identity, "body": body, "seconds": seconds})


def end_with_broker(worker: Worker) -> None:
    """Wait for standard input to close, let the files that are being written be finished, and leave."""
    until_parent_ends()
    ending = threading.Thread(target=worker.encoders.shutdown, kwargs={"cancel_futures": True}, daemon=True)
    ending.start()
    ending.join(ENDING_SECONDS)
    os._exit(0)


def connect(way: Mapping[str, str]) -> zmq.Socket[bytes]:
    door: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    door.setsockopt(zmq.IDENTITY, way[backstage.NAME].encode())
    door.setsockopt(zmq.LINGER, LINGER)
    if backstage.KEYS in way:
        server, public, secret = way[backstage.KEYS].encode().split()
        door.setsockopt(zmq.CURVE_SERVERKEY, server)
        door.setsockopt(zmq.CURVE_PUBLICKEY, public)
        door.setsockopt(zmq.CURVE_SECRETKEY, secret)
    door.connect(way[backstage.ADDRESS])
    return door


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--models-mib", type=int, required=True)
    parser.add_argument("--after-delivery", help="module:function that every delivery is handed to")
    arguments = parser.parse_args()
    # Ctrl-C and the end of a session reach every process of a group; here the broker decides: it closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    way = backstage.read_way()
    file = places.home() / "logs" / f"worker-{arguments.device.replace(':', '-')}.log"
    logs.set_up(file, logging.WARNING)
    fence.stand_before(int(os.environ[backstage.BROKER]))
    door = connect(way)
    try:
        device = choose_device(arguments.device)
    except SemrenderError as error:
        log.error("%s", error)
        door.send_multipart(protocol.pack({"refused": error.to_dict()}))
        zmq.Context.instance().destroy(LINGER)
        raise SystemExit(error.exit_code) from error
    after = resolve_name(arguments.after_delivery) if arguments.after_delivery else None
    worker = Worker(door, device, arguments.models_mib, after)
    threading.Thread(target=end_with_broker, args=(worker,), daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()

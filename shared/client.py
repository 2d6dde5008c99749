"""The one client of the inference server, for command line, Maya and After Effects.

A `Client` owns one socket and belongs to one thread; hosts give it a thread of its own and pass plain
data on. It never waits without a limit: while it listens it asks the server for a sign of life, and any
message counts as one.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import IO, Any, Dict, Iterator, List, Optional, Sequence, Tuple

import zmq

from shared import places, protocol
from shared.errors import ServerError

REPLY_SECONDS = 10.0
PING_SECONDS = 2.0
DEAD_SECONDS = 10.0  # without any message
START_SECONDS = 60.0

Event = Dict[str, Any]  # {"event", "job", "n", "body"}


class Client:
    """A conversation with one server.

    Args:
        address: "tcp://127.0.0.1:PORT".
        process: the server, where this client started it; its death is noticed at once.
    """

    def __init__(self, address: str, process: Optional["subprocess.Popen[str]"] = None) -> None:
        self.address = address
        self.process = process
        self._socket: "zmq.Socket[bytes]" = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.set_hwm(64)
        self._socket.connect(address)
        self._waiting: List[Event] = []

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        verb: str,
        body: Optional[Dict[str, Any]] = None,
        blobs: Sequence[bytes] = (),
        seconds: float = REPLY_SECONDS,
    ) -> Tuple[Dict[str, Any], List[bytes]]:
        """Ask and wait for the answer; events that arrive meanwhile are kept for `watch`.

        Raises the error that the server answers with, or ServerError where none comes in time.
        """
        identity, frames = protocol.request(verb, body or {}, blobs)
        self._socket.send_multipart(frames)
        until = time.monotonic() + seconds
        while True:
            message = self._receive(until - time.monotonic())
            if message is None:
                raise ServerError(
                    f"the server at {self.address} did not answer within {seconds:.0f} s",
                    remedy="See `semrender doctor`",
                )
            header, received = message
            if header.get("re") == identity:
                return protocol.answer(header), received
            if "event" in header:
                self._waiting.append(header)

    def hello(self, client: str, seconds: float = REPLY_SECONDS) -> Dict[str, Any]:
        """Exchange versions; returns what the server says of itself (version, pid, devices)."""
        versions = {"protocol": protocol.PROTOCOL, "min_protocol": protocol.MIN_PROTOCOL, "client": client}
        body, _ = self.request("hello", versions, seconds=seconds)
        protocol.check_version(body, "client", "server")
        return body

    def models(self) -> Dict[str, Any]:
        """{"models": [card, ...], "broken": {name: words}, "default": name}."""
        return self.request("models")[0]

    def check(self, job: Dict[str, Any], blobs: Sequence[bytes] = (), seconds: float = 600.0) -> Dict[str, Any]:
        """What is in the passes of a job, without painting: sizes, classes, warnings, problems."""
        body, _ = self.request("check", job, blobs, seconds)
        return body

    def submit(self, job: Dict[str, Any], blobs: Sequence[bytes] = ()) -> str:
        """Hand over a job; returns its id.

        job: {"shot": Shot.to_dict(), "base": folder of its patterns, "out": output folder,
        "format", ...}. Without a shared disk "files" names the blobs, relative to the patterns.
        """
        body, _ = self.request("submit", job, blobs)
        return str(body["job"])

    def cancel(self, job: str) -> None:
        self.request("cancel", {"job": job})

    def fetch(self, job: str, path: str) -> bytes:
        """A file of a job's output folder that this machine cannot read itself."""
        _, blobs = self.request("fetch", {"job": job, "path": path}, seconds=60.0)
        return blobs[0]

    def watch(self, job: str, since: int = 0) -> Iterator[Event]:
        """Events of a job after number `since`, missed ones first, until it has ended."""
        self.request("watch", {"job": job, "since": since})
        seen = since
        alive = time.monotonic()
        while True:
            header = self._waiting.pop(0) if self._waiting else None
            if header is None:
                message = self._receive(PING_SECONDS)
                if message is None:
                    if time.monotonic() - alive > DEAD_SECONDS:
                        raise self._lost()
                    self._socket.send_multipart(protocol.request("ping", {})[1], zmq.DONTWAIT)
                    continue
                alive = time.monotonic()
                header = message[0]
            if header.get("job") != job or "event" not in header or int(header["n"]) <= seen:
                continue
            seen = int(header["n"])
            yield header
            if header["event"] in ("done", "failed", "cancelled"):
                return

    def _receive(self, seconds: float) -> Optional[protocol.Message]:
        """The next message, or None after `seconds`; notices a dead private server early."""
        until = time.monotonic() + max(0.0, seconds)
        while True:
            left = until - time.monotonic()
            if self._socket.poll(int(max(0.0, min(left, 0.25)) * 1000)):
                return protocol.unpack(self._socket.recv_multipart())
            if self.process is not None and self.process.poll() is not None:
                raise self._lost()
            if left <= 0:
                return None

    def _lost(self) -> ServerError:
        cause = "It does not answer any more"
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            cause = f"It was killed (signal {-code})" if code < 0 else f"It ended with code {code}"
        return ServerError(
            "the server stopped in the middle of the work",
            cause=cause,
            remedy="What is finished is kept: run the same command again and it paints the rest",
        )


def find_server(client: str) -> Optional[Client]:
    """A client of the server that the connection file names, or None where none answers.

    Raises ServerError where one answers that speaks another protocol.
    """
    connection = places.read_json(places.connection_file())
    if not connection or not isinstance(connection.get("address"), str):
        return None
    found = Client(connection["address"])
    try:
        found.request("ping", seconds=1.0)
    except ServerError:
        found.close()
        return None
    found.hello(client)
    return found


def interpreter() -> str:
    """The Python that runs semrender: this one, or, inside a host such as Maya, the installed one."""
    if importlib.util.find_spec("inference_server") is not None:
        return sys.executable
    installation = places.read_json(places.installation_file()) or {}
    if not isinstance(installation.get("python"), str):
        raise ServerError(
            "no installation of the semrender server is known on this machine",
            remedy="Install it and run `semrender serve` once",
        )
    return str(installation["python"])


@contextmanager
def private_server(client: str, device: str = "auto") -> Iterator[Client]:
    """A server of our own for as long as the block runs; it also ends when this process dies."""
    log = places.home() / "logs" / "private-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [interpreter(), "-m", "semrender", "serve", "--private", "--device", device]
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        )
    try:
        assert process.stdout is not None and process.stdin is not None
        address = _first_line(process.stdout)
        if address is None:
            raise ServerError("the server did not start", cause=log.read_text("utf-8")[-2000:], remedy=f"See {log}")
        with Client(address, process) as connected:
            connected.hello(client, START_SECONDS)
            yield connected
    finally:
        if process.stdin is not None:
            process.stdin.close()  # the private server's sign to stop
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_line(stream: IO[str]) -> Optional[str]:
    """The address from the first line that a private server prints, or None where it ends without."""
    try:
        return str(json.loads(stream.readline())["address"])
    except (ValueError, KeyError, TypeError):
        return None

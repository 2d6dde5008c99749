"""The one client of the inference server, for command line, Maya and After Effects.

A `Client` owns one socket and belongs to one thread; hosts give it a thread of its own and pass plain
data on. It never waits without a limit: while it listens it asks the server for a sign of life, and any
message counts as one.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import zmq

from shared import places, protocol
from shared.connection import Connection, connected, knock
from shared.errors import InputRefused, ServerError

if TYPE_CHECKING:  # of use only to who collects files; they load slowly
    from shared.delivery import Delivery

ATTEMPTS = 3  # a request is sent again on a fresh connection; every verb may be repeated without harm
RENEW_SECONDS = 2.0  # between two signs of life while watching
RETURN_SECONDS = 30.0  # that a watched server may take to come back
WINDOW = 4  # pieces of a file on their way at once
SEEN_BYTES = 65536  # of a file that both sides compare to find a shared disk

Event = Dict[str, Any]  # {"event", "job", "n", "body"}
Files = Mapping[str, Path]  # name below the job's base -> file here


class Client:
    """A conversation with one server.

    Args:
        connection: address and keys, as the connection file has them.
        process: the server, where this client started it; its death is noticed at once.
        find: asked for the connection again when the server was lost, since a new one may be elsewhere.
        patience: seconds that an ordinary answer may take; a watched server silent for longer is looked for anew.
    """

    def __init__(
        self,
        connection: Connection,
        process: Optional["subprocess.Popen[str]"] = None,
        find: Optional[Callable[[], Optional[Connection]]] = None,
        patience: float = 10.0,
    ) -> None:
        self.connection = connection
        self.process = process
        self.find = find
        self.patience = patience
        self._waiting: List[Event] = []
        self._socket = connected(connection)

    @property
    def address(self) -> str:
        return str(self.connection["address"])

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
        seconds: Optional[float] = None,
        attempts: int = ATTEMPTS,
    ) -> Tuple[Dict[str, Any], List[bytes]]:
        """Ask and wait for the answer; events that arrive meanwhile are kept for `watch`.

        Raises the error that the server answers with, or ServerError where none comes in time.
        """
        seconds = self.patience if seconds is None else seconds
        for attempt in range(attempts):
            identity, frames = protocol.request(verb, body or {}, blobs)
            if attempt:
                self._reconnect()
            until = time.monotonic() + seconds
            if self._send(frames, seconds):
                message = self._answer(identity, until)
                if message is not None:
                    return protocol.answer(message[0]), message[1]
        raise ServerError(
            f"the server at {self.address} did not answer within {seconds * attempts:.0f} s",
            cause=knock(self.connection) or "It is there and busy",
            remedy="See `semrender doctor`",
        )

    def hello(self, client: str, seconds: Optional[float] = None) -> Dict[str, Any]:
        """Exchange versions; returns what the server says of itself (version, pid, workers, space)."""
        versions = {"protocol": protocol.PROTOCOL, "min_protocol": protocol.MIN_PROTOCOL, "client": client}
        body, _ = self.request("hello", versions, seconds=seconds)
        protocol.check_version(body, "client", "server")
        return body

    def models(self) -> Dict[str, Any]:
        """{"models": [card, ...], "broken": {name: words}, "default": name}."""
        return self.request("models")[0]

    def check(self, job: Dict[str, Any], files: Optional[Files] = None, seconds: float = 600.0) -> Dict[str, Any]:
        """What is in the passes of a job, without painting: sizes, classes, warnings, problems."""
        return self.request("check", self._with_files(job, files), seconds=seconds, attempts=1)[0]

    def submit(self, job: Dict[str, Any], files: Optional[Files] = None) -> str:
        """Hand over a job; returns its id once it is on the server's disk.

        Args:
            job: {"shot": Shot.to_dict(), "base": folder of its patterns, "out": output folder, "format",
                "frames", "layers", "priority", "overwrite": paint over what is delivered there in another look,
                "comp": make a project of the delivery at the end, "offer": False for a frame that is only tried out and
                belongs in nobody's list, "movie": "h264", "prores" or "none"}.
            files: without a shared disk, the passes: name relative to the patterns -> file here. The painted
                files are then collected with `collect`.
        """
        body, _ = self.request("submit", self._with_files({"host": places.HOST, **job}, files))
        return str(body["job"])

    def shares_disk(self, readable: Path | None, writable: Path) -> bool:
        """Whether the server sees the same files: one to read, if there is any, and a fresh one to write.

        Raises InputRefused where this machine cannot write there: whoever paints, the files would have no place.
        """
        nonce = writable / f".semrender-{uuid.uuid4().hex}"
        try:
            writable.mkdir(parents=True, exist_ok=True)
            nonce.write_bytes(uuid.uuid4().bytes)
        except OSError as error:
            raise InputRefused(
                "the output folder cannot be written",
                file=writable,
                cause=error.strerror or str(error),
                remedy="Free space or allow writing there, or choose another folder",
            ) from error
        try:
            files = [[str(path.absolute()), _digest(path)] for path in (readable, nonce) if path is not None]
            return all(self.request("sees", {"files": files})[0]["same"])
        except OSError:
            return False
        finally:
            with suppress(OSError):
                nonce.unlink()

    def jobs(self) -> List[Dict[str, Any]]:
        """Every job that waits or runs, and the last ones that ended."""
        return list(self.request("jobs")[0]["jobs"])

    def ask(self, verb: str, job: str, **more: Any) -> Dict[str, Any]:
        """`cancel`, `pause`, `resume` or `priority` a job; returns its state."""
        return self.request(verb, {"job": job, **more})[0]

    def cancel(self, job: str) -> None:
        self.ask("cancel", job)

    def fetch(self, job: str, path: str) -> bytes:
        """A file of a job's output folder that this machine cannot read itself."""
        return b"".join(self._pieces(job, path))

    def bring(self, job: str, folder: Path, overwrite: bool = False) -> Path:
        """Collect a job's files; returns where: in the folder, or in a take beside it if that holds another look."""
        from shared import takes
        from shared.delivery import FILE_NAME

        if not overwrite and any(name == FILE_NAME for name, *_ in self._tree(job)):
            folder = takes.take_for(self._delivery(job), folder)
        self.collect(job, folder)
        return folder

    def collect(self, job: str, folder: Path) -> List[Path]:
        """Bring a job's files into a folder of this machine, each whole or not at all.

        What has the key of the server's file is kept. The delivery that is there already goes on.
        """
        from shared import takes
        from shared.delivery import FILE_NAME, write_delivery

        made = []
        for name, _, key in self._tree(job):
            target = folder / name
            if not target.resolve().is_relative_to(folder.resolve()):
                raise ServerError("the server names a file outside the output folder", file=name)
            made.append(target)
            if name != FILE_NAME and (key is None or takes.key_of(target) != key):
                target.parent.mkdir(parents=True, exist_ok=True)
                beside = places.beside(target)
                with beside.open("wb") as file:
                    for piece in self._pieces(job, name):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(target)
        if folder / FILE_NAME in made:  # last: it names the others
            write_delivery(takes.joined(takes.delivery_in(folder), self._delivery(job)), folder)
        return made

    def _tree(self, job: str) -> Iterator[Tuple[str, int, Optional[str]]]:
        """Name, size, and key where it has one, of the files in a job's output folder."""
        after = ""
        while True:
            page = self.request("tree", {"job": job, "after": after}, seconds=60.0)[0]
            for name, size, *key in page["files"]:  # a server of the version before knows no keys and no pages
                yield name, size, key[0] if key else None
            after = str(page.get("next", ""))
            if not after:
                return

    def _delivery(self, job: str) -> Delivery:
        from shared.delivery import FILE_NAME, from_dict

        return from_dict(json.loads(self.fetch(job, FILE_NAME)))

    def watch(self, job: str, since: int = 0, pulse: Optional[float] = None) -> Iterator[Event]:
        """Events of a job after number `since`, missed ones first, until it has ended.

        pulse: seconds of silence after which an event "silence" comes, under the number of the last one.
        A server that was restarted is found again and goes on where its ledger ends.
        """
        self.request("watch", {"job": job, "since": since})
        seen, alive, renewed = since, time.monotonic(), time.monotonic()
        while True:
            now = time.monotonic()
            if now - renewed > RENEW_SECONDS:
                renewed = now
                self._send(protocol.request("watch", {"job": job, "since": seen, "renew": True})[1], 0.0)
            header = self._waiting.pop(0) if self._waiting else None
            if header is None:
                message = self._receive(RENEW_SECONDS if pulse is None else min(pulse, RENEW_SECONDS))
                if message is None:
                    if pulse is not None:
                        yield {"event": "silence", "job": job, "n": seen, "body": {}}
                    gone = self.process is None and not self._socket.poll(0, zmq.POLLOUT)  # no connection, see _socket
                    if gone or time.monotonic() - alive > self.patience:
                        self._find_again(job, seen)
                        alive = renewed = time.monotonic()
                    continue
                alive = time.monotonic()
                header = message[0]
            if header.get("ok") is False:
                protocol.answer(header)
            if header.get("job") != job or "event" not in header or int(header["n"]) != seen + 1:
                continue
            seen = int(header["n"])
            yield header
            if header["event"] in ("done", "failed", "cancelled"):
                return

    def _with_files(self, job: Dict[str, Any], files: Optional[Files]) -> Dict[str, Any]:
        """The job under an id of its own, its files sent before it."""
        job = {"job": uuid.uuid4().hex, "owner": places.user(), **job}
        if files is None:
            return job
        for name, path in files.items():
            size = path.stat().st_size
            offsets = range(0, max(size, 1), protocol.CHUNK)
            with path.open("rb") as file:
                pieces = ((offset, file.read(protocol.CHUNK)) for offset in offsets)
                self._in_window(
                    ("put", {"job": job["job"], "name": name, "offset": offset, "size": size}, [piece])
                    for offset, piece in pieces
                )
        return {**job, "files": [[name, path.stat().st_size] for name, path in files.items()]}

    def _in_window(self, requests: Iterator[Tuple[str, Dict[str, Any], List[bytes]]]) -> None:
        """Send requests with at most WINDOW of them unanswered: the server grants the next by answering."""
        unanswered: List[str] = []
        for verb, body, blobs in requests:
            while len(unanswered) >= WINDOW:
                self._granted(unanswered)
            identity, frames = protocol.request(verb, body, blobs)
            if not self._send(frames, self.patience):
                raise self._lost()
            unanswered.append(identity)
        while unanswered:
            self._granted(unanswered)

    def _granted(self, unanswered: List[str]) -> None:
        message = self._answer(unanswered.pop(0), time.monotonic() + self.patience)
        if message is None:
            raise self._lost()
        protocol.answer(message[0])

    def _pieces(self, job: str, path: str) -> Iterator[bytes]:
        offset, size = 0, 1
        while offset < size:
            body, blobs = self.request("fetch", {"job": job, "path": path, "offset": offset}, seconds=60.0)
            size = int(body["size"])
            if not blobs or (not blobs[0] and size):
                raise ServerError("the server sent an empty piece of a file", file=path)
            offset += len(blobs[0])
            yield blobs[0]
            if not size:
                return

    def _send(self, frames: List[bytes], seconds: float) -> bool:
        """Whether the message could be handed to a connection within the time."""
        until = time.monotonic() + seconds
        while True:
            if self._socket.poll(int(max(0.0, min(until - time.monotonic(), 0.25)) * 1000), zmq.POLLOUT):
                self._socket.send_multipart(frames)
                return True
            self._look_at_process()
            if time.monotonic() >= until:
                return False

    def _answer(self, identity: str, until: float) -> Optional[protocol.Message]:
        while True:
            message = self._receive(until - time.monotonic())
            if message is None or message[0].get("re") == identity:
                return message
            if "event" in message[0]:
                self._waiting.append(message[0])

    def _receive(self, seconds: float) -> Optional[protocol.Message]:
        """The next message, or None after `seconds`; notices a dead private server early."""
        until = time.monotonic() + max(0.0, seconds)
        while True:
            left = until - time.monotonic()
            if self._socket.poll(int(max(0.0, min(left, 0.25)) * 1000)):
                return protocol.unpack(self._socket.recv_multipart())
            self._look_at_process()
            if left <= 0:
                return None

    def _look_at_process(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            raise self._lost()

    def _reconnect(self) -> None:
        """A new socket: the server sees a fresh identity, and nothing old is delivered late."""
        self._socket.close()
        self._waiting.clear()
        self.connection = (self.find() if self.find else None) or self.connection
        self._socket = connected(self.connection)

    def _find_again(self, job: str, seen: int) -> None:
        if self.process is not None:
            raise self._lost()
        until = time.monotonic() + RETURN_SECONDS
        while time.monotonic() < until:
            self._reconnect()
            try:
                self.request("watch", {"job": job, "since": seen}, seconds=2.0, attempts=1)
                return
            except ServerError as error:
                if error.code != "server" or "did not answer" not in error.what:
                    raise
        raise self._lost(job)

    def _lost(self, job: Optional[str] = None) -> ServerError:
        cause = "It does not answer any more"
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            cause = f"It was killed (signal {-code})" if code < 0 else f"It ended with code {code}"
        remedy = "What is finished is kept: run the same command again and it paints the rest"
        if job is not None:
            remedy = f"The job is in its ledger: `semrender serve` goes on, `semrender jobs watch {job}` shows it"
        return ServerError("the server stopped in the middle of the work", cause=cause, remedy=remedy)


def _digest(path: Path) -> str:
    import hashlib  # slow to load

    with path.open("rb") as file:
        return hashlib.sha256(file.read(SEEN_BYTES)).hexdigest()

"""The panel's door to the server: loopback TCP, one line of JSON in, one line out, then the end.

ExtendScript has plain TCP and nothing else. So each request is a connection of its own, carries the token from
the doorway's file (readable by the user alone), and is answered at once; long work has a job id to ask about.
Threads of the server's process: the doorway ends with it, however that ends.

    {"token": ..., "verb": "models", "folder", "layer"}
    {"token": ..., "verb": "repaint", "folder", "layer", "model", "seed", "options", "hold", "scale", "picture",
     "reference", "walk", "sound", "frame"}
    {"token": ..., "verb": "progress" | "cancel", "job"}
    -> {"ok": true, ...} or {"ok": false, "error": words}

folder: of the delivery; layer: one of it, else all; what is left out stays as it was painted; scale: "" is the size of
the pass; picture: "painting" or {"path", "sequence"}; walk: as in a shot.json; sound: a file, of the whole shot, or
"none"; frame: only a preview.

The door's file is touched every `BEAT` seconds: a panel need not try the door of a server that was killed, which on
Windows would hold After Effects up for two seconds each time.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ae_bridge import again
from shared import places
from shared.client import Client
from shared.connection import Connection
from shared.errors import MissingInput, SemrenderError, from_dict

MAX_LINE = 2**20  # bytes of a request: a walk may have thousands of keyframes
MAX_ANSWER = 4 * 2**20
MAX_CONNECTIONS = 16  # the one that has been silent longest makes room for the next
SECONDS = 5.0  # for a whole request; the panel waits two
BEAT = 5  # seconds

Body = dict[str, Any]


def doorway_file() -> Path:
    return places.home() / "after_effects" / "doorway.json"


@contextlib.contextmanager
def doorway(connection: Connection) -> Iterator[int]:
    """Open for as long as the block runs; yields the port. The file tells the panel port and token."""
    door = _Door(connection)
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True, name="doorway")
    thread.start()
    port = int(door.server_address[1])
    token = {"token": door.token}
    try:
        places.write_json(
            doorway_file(), {"host": "127.0.0.1", "port": port, **token, "pid": os.getpid(), "beat": BEAT}
        )
        yield port
    finally:
        if (places.read_json(doorway_file()) or {}).get("token") == door.token:
            doorway_file().unlink(missing_ok=True)
        door.shutdown()
        door.server_close()


class _Door(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, connection: Connection) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.token = secrets.token_hex(24)
        self.connection = connection
        self.silent: list[socket.socket] = []  # connections whose request has not come yet, the oldest first
        self.looking = threading.Lock()
        self.touched = time.monotonic()

    def service_actions(self) -> None:
        """Between two visitors, and at least five times a second."""
        if time.monotonic() - self.touched >= BEAT:
            self.touched, now = time.monotonic(), time.time()
            if (places.read_json(doorway_file()) or {}).get("token") == self.token:
                with contextlib.suppress(OSError):
                    os.utime(doorway_file(), (now, now))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.looking:
            if len(self.silent) >= MAX_CONNECTIONS:
                with contextlib.suppress(OSError):
                    self.silent.pop(0).shutdown(socket.SHUT_RDWR)  # its thread sees the end and leaves
            self.silent.append(request)
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads
            self.heard(request)
            self.shutdown_request(request)

    def heard(self, request: socket.socket) -> None:
        """It has said what it wants, or has left."""
        with self.looking:
            if request in self.silent:
                self.silent.remove(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor who leaves in the middle is no news."""


class _Request(socketserver.BaseRequestHandler):
    server: _Door

    def handle(self) -> None:
        line = _line(self.request)
        self.server.heard(self.request)
        if line is None:
            answer: Body = {"ok": False, "error": f"A request is one line of at most {MAX_LINE} bytes."}
        else:
            answer = self._answer(line)
        text = json.dumps(answer, ensure_ascii=True)
        if len(text) > MAX_ANSWER:
            text = json.dumps({"ok": False, "error": "The answer is too long for the panel."})
        self.request.settimeout(SECONDS)
        self.request.sendall(text.encode("ascii") + b"\n")

    def _answer(self, line: bytes) -> Body:
        try:
            body = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            return {"ok": False, "error": "The request is not JSON."}
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return {"ok": False, "error": "The token is wrong: the server was restarted, or this is not its panel."}
        verb = VERBS.get(body.get("verb")) if isinstance(body.get("verb"), str) else None
        if verb is None:
            return {"ok": False, "error": f"The doorway has no such verb; it has {', '.join(VERBS)}."}
        try:
            with Client(self.server.connection, patience=SECONDS) as client:
                return {"ok": True, **verb(client, body)}
        except SemrenderError as error:
            return {"ok": False, "error": str(error)}


def _line(connection: socket.socket) -> bytes | None:
    """The request without its end, or None where it is too long, too slow or cut off."""
    until, read = time.monotonic() + SECONDS, b""
    while b"\n" not in read:
        left = until - time.monotonic()
        if left <= 0 or len(read) > MAX_LINE:
            return None
        connection.settimeout(left)
        try:
            piece = connection.recv(8192)
        except OSError:
            return None
        if not piece:
            return None
        read += piece
    line = read.partition(b"\n")[0]
    return line if len(line) <= MAX_LINE else None


# --- verbs ------------------------------------------------------------------------------------------------


def _progress(client: Client, body: Body) -> Body:
    """Where a job stands. A finished take is in the panel's list: whoever paints puts it there."""
    wanted = again.text(body, "job")
    for job in client.jobs():
        if job["job"] == wanted:
            out = Path(job["out"])
            found = {name: job[name] for name in ("state", "done", "total", "failed", "paused")}
            found["looks"] = job.get("preparing")  # a server of before does not say
            found["machines"], found["left"] = _farm(job), job.get("left")
            found["error"] = _why(client, job) if job["state"] == "failed" else ""
            return {**found, "folder": out.as_posix(), "preview": (out / "preview.png").as_posix()}
    raise MissingInput("the server does not know that job any more")


def _farm(job: Body) -> Body:
    """Of a job that several machines paint: {"painting": how many do, "words": why others do not}."""
    farm = job.get("farm") or {}  # a server of before knows of none
    words = [one["words"] for one in farm.get("machines", ()) if one["words"]]
    return {"painting": farm.get("painting", 0), "words": words}


def _why(client: Client, job: Body) -> str:
    """The first word that a failed job ended with."""
    last: Body = next(client.watch(job["job"], since=max(0, int(job["events"]) - 1)))["body"]
    return str(from_dict(dict(last["errors"][0]))) if last.get("errors") else ""


def _cancel(client: Client, body: Body) -> Body:
    client.cancel(again.text(body, "job"))
    return {}


VERBS: dict[str, Callable[[Client, Body], Body]] = {
    "models": again.models,
    "repaint": again.repaint,
    "progress": _progress,
    "cancel": _cancel,
}

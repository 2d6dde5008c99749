"""The desk's process: a socket of this machine alone, a note where it is, the browser that is sent there."""

from __future__ import annotations

import http.client
import logging
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from inference_server.children import until_parent_ends
from inference_server.desk.app import guarded
from inference_server.desk.desk import Desk
from inference_server.desk.guard import ENTER
from shared import places
from shared.errors import ServerError

HOST, PORT = "127.0.0.1", 8727
CLOSING_SECONDS = 1


def note() -> Path:
    """Where a desk that runs says how to get in, for its user alone."""
    return places.home() / "desk.json"


def door() -> Path:
    """The page that leads a browser in."""
    return places.home() / "desk.html"


def listening(port: int | None) -> socket.socket:
    """A socket at that port; without one at the usual port, or any free one. Raises ServerError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, PORT if port is None else port))
    except (OSError, OverflowError) as error:
        if port is not None:
            made.close()
            raise ServerError(
                f"port {port} cannot be used", cause=str(error), remedy="Choose another --port, or leave it out"
            ) from error
        made.bind((HOST, 0))
    made.listen()  # whoever comes before it answers waits
    return made


def running() -> str | None:
    """The address of a desk that runs and lets this user in."""
    known = places.read_json(note()) or {}
    try:
        line = http.client.HTTPConnection(HOST, int(known["port"]), timeout=2)
        line.request("GET", f"{ENTER}?key={known['key']}", headers={"Host": f"{HOST}:{known['port']}"})
        there = line.getresponse().status == 303
        line.close()
    except (OSError, KeyError, ValueError, TypeError, http.client.HTTPException):
        return None
    return address(int(known["port"]), str(known["key"])) if there else None


def address(port: int, key: str) -> str:
    return f"http://{HOST}:{port}{ENTER}?key={key}"


def browse(there: str) -> None:
    """Send the browser there by a file that only this user can read: a command line is seen by everybody."""
    page = door()
    descriptor = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={there}"><title>semrender</title>\n')
    webbrowser.open(page.as_uri())


class _Server(uvicorn.Server):
    """One that has its endless answers end before it waits for the end of all answers."""

    def __init__(self, settings: uvicorn.Config, before: Callable[[], None]) -> None:
        super().__init__(settings)
        self._before = before

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before()
        await super().shutdown(sockets)


class Serving:
    """A desk on its way: `run` until `stop`."""

    def __init__(self, port: int | None) -> None:
        self._socket = listening(port)
        self.port = int(self._socket.getsockname()[1])
        self.key = secrets.token_urlsafe(32)
        self.address = address(self.port, self.key)
        self.desk = Desk()
        app: Any = guarded(self.desk, self.key, self.port)
        settings = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=CLOSING_SECONDS,
            ws="none",
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._server = _Server(settings, self.desk.feed.close)

    def run(self) -> None:
        """Until Ctrl-C, SIGTERM or `stop`."""
        places.write_json(note(), {"port": self.port, "key": self.key, "pid": os.getpid()})
        self.desk.feed.start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self.desk.close()
            self._socket.close()
            if (places.read_json(note()) or {}).get("pid") == os.getpid():
                note().unlink(missing_ok=True)
                door().unlink(missing_ok=True)

    @property
    def started(self) -> bool:
        """Whether it answers."""
        return self._server.started

    def stop(self) -> None:
        self._server.should_exit = True

    def stop_with_parent(self) -> None:
        """End when standard input does: no process outlives its parent."""

        def wait() -> None:
            until_parent_ends()
            self.stop()

        threading.Thread(target=wait, daemon=True).start()

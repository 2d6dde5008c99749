"""Finding a server, or starting one: the one that runs here, the one this machine was connected to, one of our own.

Maya-safe: Python 3.9, standard library, zmq and msgpack only.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import IO, Iterator, Optional

from shared import places
from shared.client import Client
from shared.connection import Connection, known_connection
from shared.errors import ServerError

START_SECONDS = 60.0
ANSWERS_WITHIN = 1.5  # seconds; a server that runs


def find_server(client: str, here: bool = False) -> Optional[Client]:
    """A client of the server that runs on this machine, else of the one that it is connected to; None where none runs.

    here: this machine's alone. Raises ServerError where one answers that speaks another protocol or turns this client
    away, and where the one elsewhere does not answer: nobody paints here for hours who meant to paint there.
    """
    for file in (places.connection_file(),) if here else (places.connection_file(), places.remote_file()):
        connection = places.read_json(file)
        if connection is None or not isinstance(connection.get("address"), str):
            continue
        found = Client(connection, find=known_connection)
        try:
            found.request("ping", seconds=ANSWERS_WITHIN, attempts=1)
        except ServerError as error:
            found.close()
            if "key" in error.cause:
                raise
            if file == places.remote_file():
                raise ServerError(
                    f"the server at {connection['address']}, to which this machine is connected, does not answer",
                    cause="It is not started, or a firewall keeps its port closed, or it is at another address now",
                    remedy="Start it there with `semrender serve --bind`; `--here` paints on this machine meanwhile, "
                    "`semrender disconnect` for good",
                ) from error
        else:
            found.hello(client)
            return found
    return None


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
    command = [interpreter(), "-P", "-m", "semrender", "serve", "--private", "--device", device]
    with tempfile.TemporaryFile() as said:  # beside its log: why it did not start, a library's last words
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, encoding="utf-8"
        )
        try:
            assert process.stdout is not None and process.stdin is not None
            connection = _first_line(process.stdout)
            if connection is None:
                process.stdin.close()
                process.wait(20)
                said.seek(0)
                log = places.home() / "logs" / "private-server.log"
                cause = said.read().decode("utf-8", "replace")[-2000:].strip()
                raise ServerError("the server did not start", cause=cause, remedy=f"See {log}")
            with Client(connection, process) as connected:
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


def _first_line(stream: IO[str]) -> Optional[Connection]:
    """The connection from the first line that a private server prints, or None where it ends without."""
    try:
        found = json.loads(stream.readline())
        return found if isinstance(found["address"], str) else None
    except (ValueError, KeyError, TypeError):
        return None

"""Messages between a farm's gate and a machine: JSON behind its length, bounded in size and time."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from shared.errors import ServerError

MOST = 65536  # bytes of a message
SECONDS = 30.0  # that one may take, with all before it
PORT = 8730  # the gate; the engine has the next, the server's door for machines the one after

Body = dict[str, Any]


class Talk:
    """One connection, for `SECONDS` altogether. Raises ServerError for what is no message in time."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._until = time.monotonic() + SECONDS

    def say(self, body: Body) -> None:
        content = json.dumps(body).encode()
        self._left()
        try:
            self._socket.sendall(len(content).to_bytes(4, "big") + content)
        except OSError as error:
            raise ServerError("the other side has left", cause=str(error)) from error

    def hear(self) -> Body:
        size = int.from_bytes(self._bytes(4), "big")
        if size > MOST:
            raise ServerError("a message is larger than any of a farm")
        try:
            body = json.loads(self._bytes(size))
        except (ValueError, RecursionError) as error:
            raise ServerError("a message cannot be read") from error
        if not isinstance(body, dict):
            raise ServerError("a message cannot be read")
        return body

    def _bytes(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            self._left()
            try:
                piece = self._socket.recv(count - len(found))
            except OSError as error:
                raise ServerError("the other side is silent", cause=str(error)) from error
            if not piece:
                raise ServerError("the other side has left")
            found += piece
        return found

    def _left(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise ServerError("the other side takes too long")
        self._socket.settimeout(left)

"""The way to the server: clients that are lent to one thread at a time, each with a socket of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.client import Client
from shared.errors import ServerError
from shared.servers import find_server

PATIENCE_SECONDS = 3.0  # that an ordinary answer may take: somebody looks at the page
KEPT = 8  # clients that wait for the next request


class Link:
    """To whichever server runs, here or where this machine is connected to; after a restart it is found anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Client] = []

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client for this thread. Raises ServerError where no server runs."""
        with self._lock:
            client = self._idle.pop() if self._idle else None
        if client is None:
            client = find_server("desk")
            if client is None:
                raise ServerError("no server runs", remedy="Start one with `semrender serve`: the page goes on then")
            client.patience = PATIENCE_SECONDS
        try:
            yield client
        except ServerError:
            client.close()  # the next one looks for the server anew
            raise
        except BaseException:
            self._back(client)
            raise
        self._back(client)

    def _back(self, client: Client) -> None:
        with self._lock:
            if len(self._idle) < KEPT:
                self._idle.append(client)
                return
        client.close()

    def close(self) -> None:
        with self._lock:
            for client in self._idle:
                client.close()
            self._idle.clear()

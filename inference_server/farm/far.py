"""The server that a run comes from, as its machine talks to it: over links that break, and no longer than is wanted."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.client import Client
from shared.connection import Connection
from shared.errors import Interrupted, MachineRefused, ServerError

ANSWER_SECONDS = 10.0  # that a piece may take on its way
LINK_SECONDS = 60.0  # that a link may be down; the run is another's then
PULSE_SECONDS = 1.0  # at the latest it is told again how far it is
LEFT_FREE = 2**30  # bytes of this machine's disk

Body = dict[str, Any]
Tell = Callable[[int], bool]

_line = threading.Lock()  # of this machine: one thing after the other comes, so that none comes twice


class Far:
    """A conversation of one run. tell: as of an errand; connection: of the server.

    done: pictures that are there. Every method raises Interrupted where the run is not wanted any more.
    """

    def __init__(self, connection: Connection, tell: Tell, machine: str) -> None:
        self.machine, self.done = machine, 0
        self._connection, self._tell, self._told = connection, tell, 0.0
        self._client = Client(connection)

    @property
    def address(self) -> str:
        return self._client.address

    @property
    def by(self) -> str:
        """Which machine of which farm this is: the key by which the server knows it."""
        return str(self._connection.get("public_key", ""))

    def __enter__(self) -> Far:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def pulse(self) -> None:
        """Say how far it is, as often as it is to be said."""
        now = time.monotonic()
        if now - self._told >= PULSE_SECONDS / 2:
            self._told = now
            if not self._tell(self.done):
                raise Interrupted("the run is not wanted any more")

    def ask(self, verb: str, body: Body, blobs: Sequence[bytes] = ()) -> tuple[Body, list[bytes]]:
        """As `Client.request`; a link that is down is waited for. Raises ServerError after a minute."""
        until = time.monotonic() + LINK_SECONDS
        while True:
            self.pulse()
            try:
                return self._client.request(verb, body, blobs, ANSWER_SECONDS, attempts=1)
            except ServerError as error:
                if isinstance(error, MachineRefused) or time.monotonic() > until:
                    raise
            self._client.close()
            self._client = Client(self._connection)

    def pieces(self, verb: str, body: Body, offset: int = 0) -> Iterator[bytes]:
        """The pieces of a file from `offset` on. Raises ServerError where it ends early."""
        size = offset + 1
        while offset < size:
            about, blobs = self.ask(verb, {**body, "offset": offset})
            size = int(about["size"])
            if offset < size and not (blobs and blobs[0]):
                raise ServerError("the server sent an empty piece of a file", file=str(body.get("name", "")))
            offset += len(blobs[0]) if blobs else 0
            yield blobs[0] if blobs else b""

    def bring(self, verb: str, body: Body, file: Path, size: int, sha256: str) -> bool:
        """A file, whole; what came of it before a link broke is gone on with. Whether it came as its hash says.

        Raises MachineRefused where this disk has no room.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        coming = file.with_name(f".{file.name}.coming")
        try:
            there = coming.stat().st_size if coming.exists() else 0
            with coming.open("r+b" if 0 < there <= size else "w+b") as opened:
                at = opened.seek(0, os.SEEK_END)
                self.room(file.parent, size - at)
                for piece in self.pieces(verb, body, at) if at < size else ():
                    opened.write(piece)
                    opened.flush()  # what came is gone on with, however this ends
                os.fsync(opened.fileno())
                opened.seek(0)
                found = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            raise self.refused(f"cannot keep what it paints from ({error.strerror or error})", file) from error
        if found != sha256:
            coming.unlink()
            return False
        coming.replace(file)
        return True

    def room(self, folder: Path, size: int) -> None:
        """Raises MachineRefused where so many bytes have none."""
        if space(folder) < size:
            raise self.refused("has no room for what it paints from", folder)

    def refused(self, what: str, file: Path | None = None) -> MachineRefused:
        return MachineRefused(f"{self.machine} {what}", file=file, remedy="Free space there")

    @contextmanager
    def line(self) -> Iterator[None]:
        """In which one run after the other has things come to this machine."""
        while not _line.acquire(timeout=PULSE_SECONDS / 2):
            self.pulse()
        try:
            yield
        finally:
            _line.release()


def below(folder: Path, name: Any) -> Path:
    """A file of a folder by the name that the other side gives it. Raises ServerError for one that leads elsewhere."""
    target = folder / str(name)
    if not target.resolve().is_relative_to(folder.resolve()) or target.resolve() == folder.resolve():
        raise ServerError("the server names a file outside of its folder", file=str(name)[:200])
    return target


def space(folder: Path) -> int:
    """Bytes of a disk that things may come into."""
    return shutil.disk_usage(folder).free - LEFT_FREE

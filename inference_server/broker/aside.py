"""Looks at disks that may never answer, in threads beside the broker's loop.

A network disk that hangs keeps a thread inside the operating system, and no time limit calls it back: only that
thread waits for it, and whoever asked hears of it. Nothing here touches the ledger: what is found comes back into the
loop, in whose turn it is applied.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ServerError

PATIENCE_SECONDS = 8.0  # less than a client has for an ordinary answer
MOST = 32  # looks at once, those that hang among them

Found = Callable[[], Any]  # what the look found; raises what it raised, ServerError where the disk does not answer


@dataclass
class Look:
    """`found` is set by its thread at the end; `told` means that whoever asked was told, one way or the other."""

    folder: Path
    work: Callable[[], Any]
    then: Callable[[Found], None]
    due: float
    found: Found | None = None
    told: bool = False


class Aside:
    """All looks of one broker. Every method but `ring` belongs to the loop's thread.

    bell: readable when a look has ended or somebody rings, for the loop's poller.
    """

    def __init__(self) -> None:
        self.bell, self._ring = socket.socketpair()
        self.bell.setblocking(False)
        self._ring.setblocking(False)
        self._waiting: deque[Look] = deque()
        self._going: list[Look] = []

    def ask(self, folder: Path, work: Callable[[], Any], then: Callable[[Found], None], seconds: float) -> None:
        """Do `work`, which touches nothing but the disk, beside the loop; `then` gets what it found in a later turn.

        folder: of the disk, for the words; while a look at it hangs no other is begun. seconds: that it may take.
        """
        self._waiting.append(Look(folder, work, then, time.monotonic() + seconds))
        self._begin()

    def answered(self) -> list[tuple[Callable[[Found], None], Found]]:
        """What is to be called in this turn, and with what: of looks that have ended and of those that hang."""
        with contextlib.suppress(BlockingIOError):
            while self.bell.recv(4096):
                pass
        now, answers = time.monotonic(), []
        for look in list(self._going):
            found = look.found
            if found is not None:
                self._going.remove(look)
            if not look.told and (found is not None or now > look.due):
                look.told = True
                answers.append((look.then, found or _silent(look.folder)))
        for look in list(self._waiting):
            if now > look.due or look.folder in self._hanging():
                self._waiting.remove(look)
                answers.append((look.then, _silent(look.folder)))
        self._begin()
        return answers

    def ring(self) -> None:
        """Wake the loop."""
        with contextlib.suppress(OSError):  # it rings already, or nobody is there any more
            self._ring.send(b"\0")

    def close(self) -> None:
        self.bell.close()
        self._ring.close()

    def _hanging(self) -> set[Path]:
        return {look.folder for look in self._going if look.told}

    def _begin(self) -> None:
        while self._waiting and len(self._going) < MOST and self._waiting[0].folder not in self._hanging():
            look = self._waiting[0]
            try:
                threading.Thread(target=self._look, args=(look,), daemon=True).start()
            except RuntimeError:  # no thread is to be had now
                return
            self._going.append(self._waiting.popleft())

    def _look(self, look: Look) -> None:
        try:
            value = look.work()
        except Exception as error:
            look.found = _raising(error)
        else:
            look.found = lambda: value
        self.ring()


def _raising(error: Exception) -> Found:
    def found() -> Any:
        raise error

    return found


def _silent(folder: Path) -> Found:
    return _raising(
        ServerError(
            "the disk does not answer",
            file=folder,
            cause="A network disk hangs or the way to it is down: this one, or so many others that nobody looks here",
            remedy="Bring the disk back, or choose a folder on another one",
        )
    )

"""Which jobs have changed since a moment: who shows thousands of them asks for the few that are new."""

from __future__ import annotations

import uuid


class News:
    """Kept in memory, and begun anew with every server: a moment of another one is not known here."""

    def __init__(self) -> None:
        self._server = uuid.uuid4().hex
        self._turns = 0
        self._changed: dict[str, int] = {}  # job -> the turn of its last change, the newest last

    @property
    def now(self) -> str:
        return f"{self._server}.{self._turns}"

    def changed(self, job: str) -> None:
        self._turns += 1
        self._changed.pop(job, None)
        self._changed[job] = self._turns

    def since(self, moment: str, most: int) -> tuple[list[str], str] | None:
        """The jobs that changed after that moment, at most so many, the oldest change first, and the moment after them.

        None for a moment of another server: all may have changed.
        """
        server, _, turn = moment.rpartition(".")
        if server != self._server or not turn.isdecimal():
            return None
        newer = []
        for job, at in reversed(self._changed.items()):
            if at <= int(turn):
                break
            newer.append((job, at))
        told = newer[::-1][:most]
        return [job for job, _ in told], f"{server}.{told[-1][1]}" if told else self.now

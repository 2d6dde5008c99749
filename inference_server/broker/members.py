"""The machines of a farm, as its coordinator tells of them again and again. In memory: who is silent is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.values import Value

SILENT_SECONDS = 15.0  # without a word of the coordinator, after which nobody is there
READY, REFUSED = "ready", "refused"

Body = dict[str, Any]


class Member(Value):
    """A machine.

    slots: runs of blocks that it holds at once. state: READY, or REFUSED, and `why` in words. own: its server is this
    broker. devices: what it paints on.
    """

    name: str
    slots: int
    state: str = READY
    why: str = ""
    own: bool = False
    version: str = ""
    python: str = ""
    devices: tuple[str, ...] = ()

    def to_dict(self) -> Body:
        names = ("name", "slots", "state", "why", "own", "version", "python")
        return {**{name: getattr(self, name) for name in names}, "devices": list(self.devices)}


class Members:
    """Who is there. Times are of a clock that never goes back."""

    def __init__(self) -> None:
        self._there: dict[str, Member] = {}
        self._heard: float | None = None

    def told(self, found: Iterable[Member], now: float) -> tuple[set[str], set[str]]:
        """All machines that are there now; who has come, and who has left, since the last time."""
        before, self._heard = set(self._there), now
        self._there = {member.name: member for member in found}
        return set(self._there) - before, before - set(self._there)

    def left(self, name: str) -> None:
        """One is not there, whatever was told last."""
        self._there.pop(name, None)

    def heard(self, now: float) -> None:
        """Somebody works for the farm."""
        self._heard = max(now, self._heard or now)

    def silent(self, now: float) -> bool:
        """Whether nobody has said anything for so long that nobody is there; they are forgotten."""
        if self._heard is None:  # the server has just been started
            self._heard = now
        if now - self._heard <= SILENT_SECONDS:
            return False
        self._there = {}
        return True

    def named(self, name: str) -> Member | None:
        return self._there.get(name)

    @property
    def all(self) -> list[Member]:
        return list(self._there.values())

    @property
    def ready(self) -> list[Member]:
        return [member for member in self._there.values() if member.state == READY]

    @property
    def slots(self) -> int:
        """Runs that all of them hold at once; 0 where none is there but this one, which needs no farm."""
        ready = self.ready
        return sum(member.slots for member in ready) if any(not member.own for member in ready) else 0

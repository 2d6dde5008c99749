"""What the farm asks of an engine: which machines there are, hand a piece to one of them, what came of it, stop it.

Plain data both ways, no type of an engine's own. Which machine gets a piece is the engine's choice: one that has
nothing to do. A piece is the answer to the broker's verb `take_chunk`, as JSON; what comes back are counts, never
pictures.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from shared.errors import SemrenderError
from shared.values import Value

STARTED, PROGRESS, ENDED, LOST = "started", "progress", "ended", "lost"

Chunk = dict[str, Any]


class Machine(Value):
    """A machine that paints, as it told of itself.

    slots: pieces that it takes at once: one is painted while the next one's passes are read.
    devices: what its server paints on. Which models it has is no matter: one that it lacks is sent.
    """

    name: str
    slots: int
    version: str
    python: str
    devices: tuple[str, ...] = ()


class Happened(Value):
    """Something that happened to a piece on a machine.

    kind: "started"; "progress" with the pictures that are `done`; "ended" with counts, or with the error that it ended
    by; "lost" where the machine went away, and the error says so.
    counts: "painted", "kept", "copied"; with an error, of the pictures that are there nevertheless, None for none.
    """

    kind: str
    handle: str
    machine: str
    done: int = 0
    counts: dict[str, int] | None = None
    error: SemrenderError | None = None


class Engine(Protocol):
    """Carries pieces to machines. Belongs to one thread."""

    def machines(self) -> list[Machine]:
        """Those that are there now."""

    def start(self, chunk: Chunk, without: Collection[str] = ()) -> str:
        """Hand a piece to a machine that is free, none of those named; a handle for it, never given twice."""

    def events(self, seconds: float) -> list[Happened]:
        """What happened since the last call, in order; waits for the first at most so long."""

    def stop(self, handle: str) -> None:
        """Nobody wants it any more: its machine hears of it at once, and nothing more is told of it."""

    def close(self) -> None:
        """Stop all, and leave the machines."""

"""How a layer is looked at before its first frame is painted: what `Model.prepare` is given.

What was found of a frame can be kept as plain data: who looks again, after the process was stopped or killed, is told
it and does not read the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")  # a frame as its family is given it
Row = Any  # what JSON holds, numbers with all their digits


class Notes(Protocol):
    """What was found before, by its name."""

    def get(self, key: str) -> Row: ...

    def add(self, key: str, row: Row) -> None: ...


class Frames(Generic[T]):
    """The frames of a layer that are looked at, one at a time in memory; they may be gone through again.

    Args:
        numbers: in the shot, rising; there may be none.
        read: a frame by its number.
        notes: of what was found of the same frames by the same model; None: nothing is kept.
        step: called with every frame; it raises where nobody wants to know any more.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        read: Callable[[int], T],
        notes: Notes | None = None,
        step: Callable[[], None] = lambda: None,
    ) -> None:
        self.numbers = numbers
        self._read, self._notes, self._step = read, notes, step

    @property
    def first(self) -> T | None:
        """The first frame, which has options and sound as all of them."""
        return self._read(self.numbers[0]) if self.numbers else None

    def __iter__(self) -> Iterator[T]:
        for number in self.numbers:
            self._step()
            yield self._read(number)

    def each(self, about: str, look: Callable[[int, T, Row | None], Row], block: int = 1) -> Iterator[Row]:
        """What `look` finds of each frame, in order: plain data, which is kept under `about`.

        look: of a frame's place, from 0, the frame, and what was found of the one before in the same block. block:
        frames; 1: each frame by itself. What is found of a frame depends on nothing but its block.
        """
        before: Row | None = None
        for place, number in enumerate(self.numbers):
            self._step()
            key = f"{about} {place}"
            row = None if self._notes is None else self._notes.get(key)
            if row is None:
                row = look(place, self._read(number), None if place % block == 0 else before)
                if self._notes is not None:
                    self._notes.add(key, row)
            before = row
            yield row

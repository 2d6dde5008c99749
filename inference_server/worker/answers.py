"""What a worker answers: long lists in pieces, failures in words, and the comp that is made after a delivery."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack

from shared.command import unforeseen
from shared.errors import SemrenderError

PIECE = 2**20  # bytes of a long answer that go in one message
# delivery.json, and whether a comp is wanted -> the project made of it, and notes
AfterDelivery = Callable[[Path, bool], tuple[Path | None, tuple[str, ...]]]
Body = dict[str, Any]

log = logging.getLogger("semrender.worker")


def pieces(entries: list[Any]) -> Iterator[list[Any]]:
    """The entries in lists of about PIECE bytes, packed."""
    piece: list[Any] = []
    size = 0
    for entry in entries:
        piece.append(entry)
        size += len(msgpack.packb(entry))
        if size > PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def hand_on(after: AfterDelivery, delivery: Path, comp: bool, notes: list[str]) -> Body:
    """{"project", "notes"}. The paintings are there already: what a comp cannot hold, or a fault in it, is a note."""
    try:
        project, more = after(delivery, comp)
        return {**({} if project is None else {"project": str(project)}), "notes": [*notes, *more]}
    except Exception as error:
        if not isinstance(error, SemrenderError):
            log.exception("no comp could be made of %s", delivery)
        return {"notes": [*notes, f"no After Effects project was written: {error}" if comp else str(error)]}


def in_words(error: BaseException) -> SemrenderError:
    """An unforeseen failure for the artist; a report on the server has the details."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return SemrenderError(
            "there is not enough memory to paint this frame",
            cause=str(error),
            remedy="Paint in smaller tiles with a smaller --memory, or at a smaller --size",
        )
    return unforeseen(error, "the frame could not be painted, for a reason that nobody foresaw")


def poisoned(error: BaseException) -> bool:
    """A CUDA error other than lack of memory ends the context of the whole process (CUDA C++ guide, error checking)."""
    words = str(error)
    return "CUDA error" in words and "out of memory" not in words.lower()

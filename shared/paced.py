"""Words on the way of a command that goes through many things."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

PAUSE = 5.0  # seconds between two words of progress

T = TypeVar("T")


def paced(items: Sequence[T], words: str, say: Callable[[str], None]) -> Iterator[T]:
    """The items, with words on how many are done and how long the rest takes every few seconds."""
    begin = last = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - last >= PAUSE:
            last = now
            left = (now - begin) / done * (len(items) - done) if done else 0
            say(f"{words} {done} of {len(items)}, {left:.0f} seconds left")
        yield item

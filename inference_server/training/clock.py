"""The loop around the steps of a training: samples now and then, a line now and then, Ctrl-C between two steps.

Nothing in here changes what is learnt.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

FIRST_LOOK, EVERY = 60.0, 180.0  # seconds until the first samples, and between later ones
FIRST_LINE, LINES = 5.0, 20.0  # seconds until the time that is left is said, and between later lines


def until_done(
    advance: Callable[[], None],
    done: Callable[[], bool],
    keep: Callable[[], object],
    report: Callable[[float], None],
) -> None:
    """Steps until they are done or somebody asks to stop.

    keep: saves and shows what there is, now and then; report: says how it goes, given the seconds that a step takes.
    """
    steps, clock = 0, time.monotonic()
    next_look, next_line = clock + FIRST_LOOK, clock + FIRST_LINE
    with _asked_to_stop() as stop:
        while not done() and not stop.is_set():
            advance()
            steps += 1
            if time.monotonic() >= min(next_look, next_line) and not done():
                if time.monotonic() >= next_look:
                    keep()
                    next_look = time.monotonic() + EVERY
                report((time.monotonic() - clock) / steps)
                next_line = time.monotonic() + LINES
        keep()


def time_left(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds left"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes left"
    return f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """In words, roughly."""
    for most, unit, name in ((90, 1, "seconds"), (90 * 60, 60, "minutes"), (36 * 3600, 3600, "hours")):
        if seconds < most:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86400:.0f} days"


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Ctrl-C and a polite kill let the step end and the state be written; a second one does not wait."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""A command that is asked to end, however: by Ctrl-C, or as farms and service managers do it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = ("SIGTERM", "SIGBREAK")  # the second is what Windows has for the first


@contextmanager
def stoppable() -> Iterator[None]:
    """What ends a process from outside is a KeyboardInterrupt inside, once: who sees to the end is let be.

    For the main thread alone, as signals are.
    """

    def stop(number: int, _: Any) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = [(number, signal.signal(number, stop)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)

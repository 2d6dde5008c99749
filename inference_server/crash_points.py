"""Named places where the fault campaign lets a process die; without its variable they do nothing.

`SEMRENDER_CRASH="worker before rename:3"` kills the process, as losing its power would, the third time it
comes to that place. `tests/faults` uses it; `docs/reliability.md` has the histogram.
"""

from __future__ import annotations

import os
import signal

CRASH = "SEMRENDER_CRASH"

BROKER_POINTS = (
    "broker before commit of submit",
    "broker after commit of submit",
    "broker before commit of result",
    "broker after commit of result",
    "broker before commit of cancel",
    "broker after commit of cancel",
    "broker in the middle of an upload",
    "broker after dispatch",
)
WORKER_POINTS = (
    "worker before painting",
    "worker before rename",
    "worker after rename",
    "worker before answer",
    "worker in the middle of delivery",
)

_place, _, _times = os.environ.get(CRASH, "").partition(":")
_left = int(_times or 1)


def reach(place: str) -> None:
    """Die here if this is the place and the time. Places are listed in BROKER_POINTS and WORKER_POINTS."""
    global _left
    if place == _place:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

"""Named places where the fault campaign lets a process die; without its variable they do nothing.

`SEMRENDER_CRASH="worker before rename:3:FILE"` kills the process the third time it comes to that place, once:
FILE is made first, and where it is already nobody dies. `tests/faults` uses it; `docs/reliability.md` has the
histogram.
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

_place, _, _rest = os.environ.get(CRASH, "").partition(":")
_times, _, _file = _rest.partition(":")
_left = int(_times or 1)


def reach(place: str) -> None:
    """Die here if this is the place and the time. Places are listed in BROKER_POINTS and WORKER_POINTS."""
    global _left
    if place != _place:
        return
    _left -= 1
    if _left > 0:
        return
    try:
        os.close(os.open(_file, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

"""A worker puts files under their final names only while its broker lives.

One that was stopped or hung (a laptop that slept, a dead file system) may wake up when its broker was killed long ago
and a later server has painted the same folder anew: what it still holds is old, and it leaves without writing. Between
the look and the rename there are some microseconds in which it could be stopped again; nothing closes those.
"""

from __future__ import annotations

import os
from pathlib import Path

import psutil

ORPHANED = 71  # exit code of a worker whose broker is gone

_broker: psutil.Process | None = None


def stand_before(process: int) -> None:
    """From now on this process writes for that broker; it ends here where there is none any more."""
    global _broker
    try:
        _broker = psutil.Process(process)
    except psutil.NoSuchProcess:
        os._exit(ORPHANED)


def pass_or_leave(beside: Path | None = None) -> None:
    """Come back if what is to be renamed is still wanted; else remove it and end the process."""
    if _broker is None:
        return
    try:
        if _broker.is_running() and _broker.status() != psutil.STATUS_ZOMBIE:
            return
    except psutil.NoSuchProcess:
        pass
    if beside is not None:
        beside.unlink(missing_ok=True)
    os._exit(ORPHANED)

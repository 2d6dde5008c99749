"""What the session tells the panel: plain data, one message at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Union

from maya_plugin.core.cards import Models
from maya_plugin.core.cryptomatte_names import Rendered
from maya_plugin.core.jobs import Job
from shared.errors import SemrenderError

ABSENT, STARTING, READY, LOST, STOPPING = "absent", "starting", "ready", "lost", "stopping"


@dataclass(frozen=True)
class Server:
    """How the server is, with words on what it is or why it is not there."""

    state: str = ABSENT
    words: str = "No server runs"
    here: bool = True  # on this machine, where it can be started


@dataclass(frozen=True)
class Jobs:
    """All jobs, newest first."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Problem:
    """Something went wrong that is no job's own business, or the reason why a job failed."""

    error: SemrenderError
    job: str = ""


@dataclass(frozen=True)
class Project:
    """An After Effects project was written."""

    path: Path
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """The names in a rendered file were read."""

    rendered: Rendered


Message = Union[Server, Models, Jobs, Problem, Project, Names]


def of_server(about: Mapping[str, Any], address: str) -> tuple[str, bool]:
    """A server's answer to hello in words, and whether it has said on which devices it paints."""
    devices = sorted({str(worker["device"]) for worker in about.get("workers", ()) if worker.get("ready")})
    place = "here" if "127.0.0.1" in address else f"at {address}"
    on = f" on {', '.join(devices)}" if devices else ""
    return f"Server {about.get('version', '')} runs {place}{on}", bool(devices)


def apart(tell: Callable[[Message], None], name: str, action: Callable[[], Message]) -> None:
    """Tell what a command of semrender makes, on a thread of its own."""

    def run() -> None:
        try:
            tell(action())
        except SemrenderError as error:
            tell(Problem(error))

    threading.Thread(target=run, name=name, daemon=True).start()

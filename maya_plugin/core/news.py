"""What the session tells the panel: plain data, one message at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Union

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

"""A job as the panel shows it, from the server's summary of it. Pure functions on plain data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.errors import InputRefused, SemrenderError, from_dict
from shared.wording import counted

FRAME = "frame"
SHOT = "shot"
OTHER = "other"  # submitted by somebody else, or before Maya was started

ENDED = ("done", "failed", "cancelled")
LOCAL = ("rendering", "waiting")  # states that the server knows nothing of
WORDS = {
    "rendering": "Maya renders the passes",
    "waiting": "Waits for the server",
    "checking": "Reading the passes",
    "painting": "Painting",
    "delivering": "Laying out",
    "collecting": "Bringing the files here",
    "paused": "Paused",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True)
class Order:
    """What the panel asks the session to paint. `id` is 32 hexadecimal digits and becomes the job's on the server."""

    id: str
    name: str
    out: str  # folder for the painting, absolute
    kind: str = SHOT
    camera: str = ""
    format: str = "png"
    priority: int = 0


def new_id() -> str:
    """For an order."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Job:
    id: str
    name: str
    out: str
    kind: str = OTHER
    camera: str = ""
    state: str = "waiting"
    done: int = 0
    total: int = 0
    failed: int = 0
    note: str = ""  # why it is paused, or what the artist should know
    error: SemrenderError | None = None
    seconds_left: float | None = None
    painting: int = 0  # machines of a farm that have some of it in hand
    machines: tuple[str, ...] = ()  # of each in words what it has painted, or why it paints nothing
    looks: tuple[int, int] | None = None  # of a model at a layer before its first frame: how many of how many
    events: int = 0  # that the server has told of it

    @property
    def ended(self) -> bool:
        return self.state in ENDED


def of_order(order: Order, state: str) -> Job:
    return Job(order.id, order.name, order.out, order.kind, order.camera, state)


def updated(job: Job, summary: Mapping[str, Any]) -> Job:
    """The job with what the server now says of it."""
    paused = str(summary.get("paused") or "")
    farm = summary.get("farm") or {}  # a server of before knows of none
    machines = farm.get("machines", ())
    return replace(
        job,
        state=str(summary["state"]),
        done=int(summary["done"]),
        total=int(summary["total"]),
        failed=int(summary["failed"]),
        events=int(summary["events"]),
        looks=(int(looks["done"]), int(looks["total"])) if (looks := summary.get("preparing")) else None,
        note="" if paused == "asked" else paused,
        painting=int(farm.get("painting", 0)),
        machines=tuple(str(one["words"]) or f"{one['name']}: {counted(one['done'], 'frame')}" for one in machines),
        seconds_left=summary.get("left"),
    )


def foreign(summary: Mapping[str, Any]) -> Job:
    """A job that this session did not submit."""
    return updated(Job(str(summary["job"]), str(summary["name"]), str(summary["out"])), summary)


def words(job: Job) -> str:
    """One line on where a job stands."""
    text = WORDS.get(job.state, job.state)
    if job.state == "painting" and job.looks is not None:
        text = f"Looking at the frames, {job.looks[0]} of {job.looks[1]}"
    elif job.state in ("rendering", "painting", "paused") and job.total:
        text += f", {job.done} of {job.total}"
    if job.painting and job.state == "painting":
        text += f", {counted(job.painting, 'machine')}"
    if job.failed:
        text += f", {job.failed} failed"
    if job.seconds_left is not None and not job.ended:
        text += f", {duration(job.seconds_left)} left"
    return text


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def one_error(errors: Sequence[Mapping[str, Any]], folder: str = "") -> SemrenderError:
    """What a failed job says, as one error: the first in full, how many more there are."""
    if not errors:
        return InputRefused("the job failed without a word", file=folder, remedy="See the server's log")
    first = from_dict(dict(errors[0]))
    if len(errors) > 1:
        first.what += f" (and {len(errors) - 1} more of this kind or another)"
    return first


class Pace:
    """How long a render of passes still takes, from how fast it went; of what is painted the server knows."""

    def __init__(self) -> None:
        self._began: dict[str, tuple[float, int]] = {}
        self._said: dict[str, tuple[int, float]] = {}

    def seconds_left(self, job: Job, now: float) -> float | None:
        """None while nothing can be said. Said anew with every finished frame."""
        began, first = self._began.setdefault(job.id, (now, job.done))
        if job.done <= first or now <= began:
            return None
        said = self._said.get(job.id)
        if said is None or said[0] != job.done:
            said = (job.done, (job.total - job.done) * (now - began) / (job.done - first))
            self._said[job.id] = said
        return said[1]

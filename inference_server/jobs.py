"""Jobs as the broker keeps them: tasks, their order, numbered events. Plain state, no sockets, no files.

A job begins with one `check` task (everything that can be said before painting), goes on with one `paint`
task per layer and frame, and ends with one `deliver` task. Every change is an event with a number, kept
and replayed to whoever asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.errors import InputRefused, SemrenderError
from shared.shot import Shot

ATTEMPTS = 2  # a task whose worker died is tried once more on a fresh one
ENDED = ("done", "failed", "cancelled")
FORMATS = ("png", "exr", "exr-acescg")  # that a job may ask for

Body = dict[str, Any]


@dataclass
class Task:
    id: str
    job: str
    kind: str  # "check", "paint" or "deliver"
    layer: str | None = None
    frame: int | None = None
    attempts: int = 0

    def to_dict(self) -> Body:
        return {"id": self.id, "job": self.job, "kind": self.kind, "layer": self.layer, "frame": self.frame}


@dataclass
class Job:
    """One submitted job.

    spec: what was asked, validated: {"shot", "base", "out", "format", "frames", "layers", "models"}.
    only_check: answer the check and end, without painting.
    """

    id: str
    spec: Body
    only_check: bool = False
    state: str = "checking"
    events: list[tuple[str, Body]] = field(default_factory=list)
    waiting: deque[Task] = field(default_factory=deque)
    running: dict[str, Task] = field(default_factory=dict)
    total: int = 0
    painted: int = 0
    kept: int = 0
    errors: list[Body] = field(default_factory=list)
    report: Body = field(default_factory=dict)  # what the check found

    def __post_init__(self) -> None:
        self._add(Task(f"{self.id}/check", self.id, "check"))

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def take(self) -> Task | None:
        """The next task to hand out, or None; it counts as running from now on."""
        if self.ended or not self.waiting:
            return None
        task = self.waiting.popleft()
        task.attempts += 1
        self.running[task.id] = task
        return task

    def finish(self, task_id: str, body: Body) -> None:
        """A worker finished a task."""
        task = self.running.pop(task_id, None)
        if task is None or self.ended:
            return
        if task.kind == "check":
            self._checked(body)
        elif task.kind == "paint":
            self.kept += body.get("state") == "kept"
            self.painted += body.get("state") == "painted"
            self._frame(task, body)
        else:
            self._end("done", {**body, "painted": self.painted, "kept": self.kept, "total": self.total})

    def fail(self, task_id: str, error: SemrenderError) -> None:
        """A worker says why a task cannot be done; the other frames go on."""
        task = self.running.pop(task_id, None)
        if task is None or self.ended:
            return
        words = error.located(layer=task.layer, frame=task.frame).to_dict()
        self.errors.append(words)
        if task.kind == "paint":
            self._frame(task, {"state": "failed", "error": words})
        else:
            self._end("failed", self._failure())

    def lose(self, task_id: str, error: SemrenderError) -> None:
        """The worker of a task died: once more on a fresh one, then it has failed."""
        task = self.running.get(task_id)
        if task is None:
            return
        if task.attempts < ATTEMPTS:
            del self.running[task_id]
            self.waiting.appendleft(task)
        else:
            self.fail(task_id, error)

    def cancel(self) -> None:
        if not self.ended:
            self._end("cancelled", {"done": self.painted + self.kept, "total": self.total})

    def summary(self) -> Body:
        done = self.painted + self.kept
        return {"job": self.id, "state": self.state, "done": done, "total": self.total, "out": self.spec["out"]}

    def _checked(self, report: Body) -> None:
        self.report = report
        problems = report.get("problems", [])
        if problems:
            self.errors.extend(problems)
            self._end("failed", self._failure())
            return
        if self.only_check:
            self._end("done", {})
            return
        pairs = [(layer, frame) for frame in self.spec["frames"] for layer in self.spec["layers"]]
        self._add(*(Task(f"{self.id}/{layer}/{frame}", self.id, "paint", layer, frame) for layer, frame in pairs))
        self.total = len(pairs)
        self.state = "painting"
        self._tell("checked", {**report, "total": self.total})

    def _frame(self, task: Task, body: Body) -> None:
        place = {"layer": task.layer, "frame": task.frame}
        done = self.painted + self.kept
        self._tell("frame", {**place, **body, "done": done, "failed": len(self.errors), "total": self.total})
        if self.waiting or self.running:
            return
        if self.errors:
            self._end("failed", self._failure())
        else:
            self.state = "delivering"
            self._add(Task(f"{self.id}/deliver", self.id, "deliver"))

    def _failure(self) -> Body:
        done = self.painted + self.kept
        return {"errors": self.errors, "done": done, "total": self.total}

    def _add(self, *tasks: Task) -> None:
        self.waiting.extend(tasks)

    def _end(self, state: str, body: Body) -> None:
        self.state = state
        self.waiting.clear()
        self.running.clear()
        self._tell(state, body)

    def _tell(self, name: str, body: Body) -> None:
        self.events.append((name, body))


def next_task(jobs: Iterable[Job]) -> Task | None:
    """First come, first served; a job whose tasks all run lets the next one begin."""
    for job in jobs:
        task = job.take()
        if task is not None:
            return task
    return None


def frames_and_layers(
    shot: Shot, frames: Iterable[int] | None, layers: Iterable[str] | None
) -> tuple[list[int], list[str]]:
    """The frames and layers a job is about, in the shot's order; unknown names are refused in words."""
    names = [layer.name for layer in shot.layers]
    wanted = names if layers is None else list(layers)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InputRefused(
            f"the shot has no layer named {', '.join(unknown)}", remedy=f"Its layers are {', '.join(names)}"
        )
    chosen = list(shot.frames) if frames is None else sorted(set(frames))
    outside = [frame for frame in chosen if frame not in shot.frames]
    if outside or not chosen:
        raise InputRefused(
            f"frames outside the shot were asked for: {outside[:5]}" if outside else "no frames were asked for",
            remedy=f"The shot runs from {shot.first} to {shot.last}",
        )
    return chosen, [name for name in names if name in wanted]

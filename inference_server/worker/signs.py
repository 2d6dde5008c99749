"""What is said of work that takes long, and of which jobs nobody wants to know any more."""

from __future__ import annotations

from typing import Any

from inference_server.tasks import PIECE

Body = dict[str, Any]


class Dropped(Exception):
    """The job of a look was cancelled."""


class Signs:
    """looked: by job that is checked, files looked at; preparing: by job, the layer, and how many looks of how many."""

    def __init__(self) -> None:
        self.dropped: set[str] = set()  # cancelled jobs
        self.looked: dict[str, int] = {}
        self.preparing: dict[str, Body] = {}
        self._steps = self._told = 0

    def step(self, job: str) -> None:
        """A file was looked at. Raises Dropped where nobody wants to know any more."""
        if job in self.dropped:
            raise Dropped
        self._steps += 1
        if job in self.looked:
            self.looked[job] += 1

    def prepared(self, job: str, layer: str, done: int, total: int) -> None:
        """So many looks at a layer were begun. Raises Dropped."""
        self.step(job)
        self.preparing[job] = {"layer": layer, "done": done, "total": total}

    def news(self) -> Body | None:
        """A sign of life with how far each is; None where nothing went on since the last one."""
        if self._steps == self._told:
            return None
        self._told = self._steps
        looked = {job: files for job, files in list(self.looked.items()) if files > PIECE}
        return {"alive": self._steps, "looked": looked, "preparing": dict(self.preparing)}

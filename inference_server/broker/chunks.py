"""Runs of blocks that other machines paint: who has which, and until when. A row of the ledger each, not one a frame.

A machine takes a run, says how far it is, and ends it. One that is silent for longer than its lease has lost the run,
which the next one takes; what it paints nevertheless ends in the same files, and is the run's end if it comes first.
Leases are in memory: after a restart every run that had not ended is given out again.
"""

from __future__ import annotations

from typing import Any

from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Row
from shared.blocks import frames_of, written
from shared.errors import SemrenderError, ServerError
from shared.values import Value

LEASE_SECONDS = 60.0  # that a machine may be silent
LOST = 3  # times that a run may be lost before it has failed: it may be what ends the machines

Body = dict[str, Any]


class Lease(Value):
    job: str
    holder: str  # who took it, and says that it goes on
    machine: str  # that paints it; "" as long as its holder has handed it to none
    until: float  # by the clock of the turns
    done: int = 0  # pictures


class Chunks:
    """The runs of all jobs of one ledger. now: seconds of a clock that never goes back."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._leases: dict[int, Lease] = {}
        self._machines: list[Body] = []
        self._met = 0.0

    def take(self, holder: str, now: float, hands_on: bool = False) -> Body | None:
        """The next run of the most urgent job, as a machine needs to know it; None where there is none.

        hands_on: its holder paints nothing, and will say which machine does.
        """
        for row in self._jobs.active():
            task = self._jobs.ledger.row(
                "SELECT * FROM tasks WHERE job = ? AND kind = 'chunk' AND state = 'waiting' AND missing = 0"
                " ORDER BY id LIMIT 1",
                row["id"],
            )
            if task is None:
                continue
            self._jobs.ledger.write("UPDATE tasks SET state = 'running' WHERE id = ?", task["id"])
            machine = "" if hands_on else holder
            self._leases[task["id"]] = Lease(task["job"], holder, machine, now + LEASE_SECONDS)
            if machine:
                self._tell(task, machine, "started")
            return self._described(task)
        return None

    def told(self, identity: int, holder: str, done: int, now: float, machine: str = "") -> bool:
        """How many pictures of its run a machine has; whether it is still to paint it."""
        lease, task = self._leases.get(identity), self._jobs.task_row(identity)
        if lease is None or lease.holder != holder or task is None or task["state"] != "running":
            return False
        machine = machine or lease.machine
        self._leases[identity] = Lease(lease.job, holder, machine, now + LEASE_SECONDS, done)
        if machine != lease.machine:
            self._tell(task, machine, "started")
        elif done != lease.done:
            self._tell(task, machine, "progress")
        return True

    def give_back(self, holder: str, identity: int | None = None) -> None:
        """Runs that their holder cannot have painted, all or one: others take them, and none of them is lost by it."""
        for one, lease in [(n, lease) for n, lease in self._leases.items() if lease.holder == holder]:
            task = self._jobs.task_row(one)
            if identity in (None, one):
                del self._leases[one]
                if task is not None and task["state"] == "running":
                    self._jobs.ledger.write("UPDATE tasks SET state = 'waiting' WHERE id = ?", one)
                    if lease.machine:
                        self._tell(task, lease.machine, "lost")

    def meet(self, machines: list[Body], now: float) -> None:
        """The machines that a farm has, as it says every few seconds."""
        self._machines, self._met = machines, now

    def there(self, now: float) -> list[Body]:
        """The machines of the farm; none where it has been silent."""
        return self._machines if now - self._met < LEASE_SECONDS else []

    def end(self, identity: int, machine: str, counts: Body) -> None:
        """A machine has painted a run, in time or not."""
        task = self._jobs.task_row(identity)
        if task is not None and task["kind"] == "chunk" and task["state"] in ("waiting", "running"):
            self._leases.pop(identity, None)
            self._jobs.finish_chunk(task, machine, counts, self._under_way(task["job"]))

    def fail(self, identity: int, machine: str, error: SemrenderError) -> None:
        """A machine says why a run cannot be painted: on none, or, of an error of its server, on this one."""
        task = self._jobs.task_row(identity)
        if task is None or task["kind"] != "chunk" or task["state"] != "running":
            return
        if isinstance(error, ServerError):
            self._lose(task, machine, error)
        else:
            self._leases.pop(identity, None)
            self._jobs.fail(identity, error)

    def expire(self, now: float) -> None:
        """Runs of machines that were silent too long are for others."""
        for identity, lease in [(n, one) for n, one in self._leases.items() if one.until < now]:
            task = self._jobs.task_row(identity)
            if task is None or task["state"] != "running":
                del self._leases[identity]
                continue
            machine = lease.machine or lease.holder
            what = f"{machine} was silent for {LEASE_SECONDS:.0f} s"
            self._lose(task, machine, ServerError(what, remedy="See the log of its server"))

    def _lose(self, task: Row, machine: str, error: SemrenderError) -> None:
        self._leases.pop(task["id"], None)
        deaths = task["deaths"] + 1
        self._jobs.ledger.write("UPDATE tasks SET deaths = ?, state = 'waiting' WHERE id = ?", deaths, task["id"])
        self._tell(task, machine, "lost")
        if deaths >= LOST:
            self._jobs.fail(task["id"], error)

    def _tell(self, task: Row, machine: str, state: str) -> None:
        self._jobs.tell_chunk(task, machine, state, self._under_way(task["job"]))

    def _under_way(self, job: str) -> int:
        return sum(lease.done for lease in self._leases.values() if lease.job == job)

    def _described(self, task: Row) -> Body:
        spec = self._jobs.spec(task["job"])
        first, last = spec["chunks"][task["frame"]]
        blocks, shot = range(first, last + 1), spec["shot"]
        names = ("shot", "base", "out", "format", "layers", "overwrite", "owner", "models")
        frames = frames_of(blocks, shot["first"], shot["last"])
        about = {"task": task["id"], "job": task["job"], "blocks": written(blocks), "seconds": LEASE_SECONDS}
        return {**about, "pictures": len(frames) * len(spec["layers"]), **{name: spec[name] for name in names}}

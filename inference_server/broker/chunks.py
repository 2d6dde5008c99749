"""Runs of blocks that other machines paint: who has which, and until when. A row of the ledger each, not one a frame.

A machine takes a run, says how far it is, and ends it. One that is silent for longer than its lease, or that has left,
has lost the run, which the next one takes; what it paints nevertheless ends in the same files, and is the run's end if
it comes first. Whenever a run is handed out again it is painted from its other end: who may have it still is met, not
accompanied. Where nothing waits, machines with nothing to do help the others, see `relief`. Of a job that is cancelled,
paused, or in the way of one that is more urgent, runs are called back.
Leases are in memory: after a restart every run that had not ended is given out again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from inference_server.broker.blame import Blame, of_input
from inference_server.broker.cutting import frames_in
from inference_server.broker.jobs import Jobs
from inference_server.broker.joining import joined
from inference_server.broker.ledger import Row
from inference_server.broker.members import REFUSED, SILENT_SECONDS, Member
from inference_server.broker.relief import relief
from inference_server.broker.shares import Lease, cannot, has_left, is_held
from shared import PYTHON, VERSION
from shared.blocks import written
from shared.errors import MachineRefused, SemrenderError, ServerError

LEASE_SECONDS = 60.0  # that a machine may be silent
LOST = 3  # times that a run may be lost, and be why, before it has failed: it may be what ends the machines
CARE_SECONDS = 1.0  # between two looks at jobs that wait for a machine
NO_MACHINE = "no machine: "  # how the reason of a pause begins that ends when one can paint

Body = dict[str, Any]
DESCRIBED = ("shot", "base", "out", "format", "layers", "overwrite", "owner", "models")


class Chunks:
    """The runs of all jobs of one ledger. now: seconds of a clock that never goes back.

    build: of the program, see `builds`.
    """

    def __init__(self, jobs: Jobs, build: str = "") -> None:
        self._jobs, self._build = jobs, build
        self._shares = jobs.shares
        self._leases = jobs.shares.leases
        self.members = jobs.shares.members
        self._blame = Blame()
        self._cared = 0.0
        for job in jobs.paused_for(NO_MACHINE):
            jobs.resume(job, "the server was started again")

    def take(self, holder: str, now: float, hands_on: bool = False) -> Body | None:
        """The next run of the most urgent job, as a machine needs to know it; None where there is none.

        hands_on: its holder paints nothing, and will say which machine does.
        """
        self.members.heard(now)
        for job in self._jobs.active():
            task = self._waiting(job["id"])
            without = set() if task is None else self._without(task)
            if task is None or holder in without:
                continue
            self._jobs.ledger.write("UPDATE tasks SET state = 'running' WHERE id = ?", task["id"])
            return self._given(task, task["id"], holder, "" if hands_on else holder, without, now)
        return self._relieved(holder, now) if hands_on else None

    def _given(self, task: Row, identity: int, holder: str, machine: str, without: set[str], now: float) -> Body:
        """A run with a lease of its own, as a machine needs to know it."""
        lease = self._leases[identity] = self._lease(task, holder, machine, now)
        how = {"backwards": self._shares.turned(lease.job, lease.blocks), "without": sorted(without)}
        if machine:
            self._started(identity, lease, now)
        spec, (first, last) = self._jobs.spec(lease.job), lease.blocks
        about = {
            "task": identity,
            "job": lease.job,
            "blocks": written(range(first, last + 1)),
            "seconds": LEASE_SECONDS,
        }
        what = {"frames": frames_in(spec, task["frame"]), "pictures": lease.pictures}
        program = {"version": VERSION, "python": PYTHON, "build": self._build}
        more = {"priority": self._jobs.row(lease.job)["priority"], **{name: spec[name] for name in DESCRIBED}}
        return {**about, **what, **how, **program, **more}

    def _relieved(self, holder: str, now: float) -> Body | None:
        """A run of another machine for one that has nothing to do; None where none is the sooner done.

        Where it is over, it comes under the number that it has: whoever handed it out takes it back.
        """
        ready = {member.name for member in self.members.ready}
        idle = ready - {lease.machine for lease in self._leases.values()}
        if len(idle) <= sum(not lease.machine for lease in self._leases.values()):  # they are on their way to these
            return None
        tasks = {run: task for run in self._leases if (task := self._run(run)) is not None}
        found = relief(
            {run: self._leases[run] for run in tasks},
            idle,
            lambda job, machine: self._jobs.paces.each(job, machine, now),
            lambda run: self._without(tasks[run]),
            now,
        )
        if found is None:
            return None
        run = found.run if found.over else -found.run
        if found.over:
            self._jobs.paces.gave(run, now)
            del self._leases[run]  # it is the last one now
        chunk = self._given(tasks[found.run], run, holder, "", ready - {found.machine}, now)
        self._share(run, not found.over)
        return chunk

    def _share(self, identity: int, both: bool = True) -> None:
        """Whether the two leases that a run may have are there; what is no lease is left out."""
        for one in (identity, -identity):
            if one in self._leases:
                self._leases[one] = replace(self._leases[one], shared=both)

    def told(self, identity: int, holder: str, done: int, now: float, machine: str = "") -> bool:
        """How many pictures of its run a machine has, and which it is; whether the run is still to be painted."""
        self.members.heard(now)
        lease = self._leases.get(identity)
        if lease is None or lease.holder != holder:
            return False
        done = max(lease.done, min(done, lease.pictures))
        told = replace(lease, until=now + LEASE_SECONDS, done=done, machine=machine or lease.machine)
        if told.machine != lease.machine:
            told = replace(told, since=now, further=now)
        elif done > lease.done:
            told = replace(told, further=now)
        self._leases[identity] = told
        self._jobs.paces.painted(told.job, done - lease.done, now, told.machine)
        if told.machine != lease.machine:
            self._started(identity, told, now)
        elif told.done != lease.done:
            self._tell(told, "progress")
        return True

    def held_up(self, identity: int, machine: str, why: str, now: float) -> None:
        """A machine does not go on with its run for now, and why; "" where it goes on again."""
        lease = self._leases.get(identity)
        if lease is None or lease.machine not in ("", machine):
            return
        self._leases[identity] = replace(lease, held=why)
        if why:
            self._jobs.paces.gave(identity, now)
        else:
            self._jobs.paces.took(lease.job, identity, now, machine)
        if bool(why) != bool(lease.held):  # each of its pictures has a reason of its own
            state, words = ("held", is_held(machine, why)) if why else ("painting", f"Machine {machine} goes on")
            self._jobs.tell_machine(lease.job, machine, state, lease.pictures, words)

    def held(self, holder: str) -> list[int]:
        """The runs that a machine is to paint, or to have painted."""
        return [identity for identity, lease in self._leases.items() if lease.holder == holder]

    def end(self, identity: int, holder: str, counts: Body, now: float, machine: str = "") -> None:
        """A machine has painted a run, in time or not."""
        task = self._run(identity)
        if task is not None:
            ended = self._ended(task, identity, holder, counts, now, machine)
            self._jobs.finish_chunk(task, counts, self._about(ended, "ended", done=sum(counts.values())))

    def fail(
        self,
        identity: int,
        holder: str,
        error: SemrenderError,
        counts: Body,
        now: float,
        machine: str = "",
        left: bool = False,
    ) -> None:
        """A machine says why a run cannot be painted: on none, or, of an error of its server, on this one.

        What is not refused for its input may be this machine's own fault, too: then another one tries, where there is
        one, and what fails on a second has failed. counts: of its pictures that are there nevertheless; those that are
        not are named by a FramesFailed. left: the machine is gone.
        """
        task, lease = self._run(identity), self._leases.get(identity)
        if task is None or lease is None or lease.holder != holder:
            return
        lease = replace(lease, machine=machine or lease.machine)
        if left:
            self._lose([(identity, lease)], error, now, left=True)
        elif isinstance(error, MachineRefused):
            self._back(identity, now)
            self._refuse(lease, error)
        elif isinstance(error, ServerError):
            self._lose([(identity, lease)], error, now)
        elif not of_input(error) and self._another_tries(task, lease.machine):
            self._back(identity, now)
            self._tell(replace(lease, done=0), "lost", str(error))
        else:
            ended = self._ended(task, identity, holder, counts, now, machine)
            about = self._about(ended, "failed", done=sum(counts.values()))
            self._jobs.fail_chunk(task, counts, error, ended.pictures, about)

    def give_back(self, holder: str, now: float, identity: int | None = None) -> None:
        """Runs that their holder cannot have painted, all or one: others take them, and none of them is lost by it."""
        for one, lease in [(n, lease) for n, lease in self._leases.items() if lease.holder == holder]:
            if identity in (None, one):
                self._back(one, now)
                if lease.machine:
                    self._tell(replace(lease, done=0), "lost")

    def meet(self, members: Iterable[Member], now: float) -> None:
        """The machines that a farm has, as it says every few seconds."""
        come, left = self.members.told(members, now)
        for name in come:
            self._shares.back(name)
        for name in left:
            lost = [(identity, lease) for identity, lease in self._leases.items() if lease.machine == name]
            self._lose(lost, ServerError(f"{name} has left", remedy="See the log of its server"), now, left=True)

    def there(self) -> list[Body]:
        """The machines of the farm, each with what it has in hand; none where it has been silent."""
        found = []
        for member in self.members.all:
            own = [lease for lease in self._leases.values() if lease.machine == member.name]
            names = ("job", "blocks", "pictures", "done")
            found.append({**member.to_dict(), "hand": [{name: getattr(one, name) for name in names} for one in own]})
        return found

    def care(self, now: float) -> None:
        """What happens by itself: leases end, runs are called back, jobs wait for machines and go on."""
        over = {job for job in {lease.job for lease in self._leases.values()} if not self._goes_on(job)}
        for identity in [identity for identity, lease in self._leases.items() if lease.job in over]:
            self._back(identity, now)
        silent = [(identity, lease) for identity, lease in self._leases.items() if lease.until < now]
        for machine in {lease.machine or lease.holder for _, lease in silent}:
            lost = [(identity, lease) for identity, lease in silent if machine in (lease.machine, lease.holder)]
            words = ServerError(f"{machine} was silent for {LEASE_SECONDS:.0f} s", remedy="See the log of its server")
            self._lose(lost, words, now, left=True)
        if now - self._cared >= CARE_SECONDS:
            self._cared = now
            joined(self._jobs, self.members.slots)
            self._give_way(now)
            self._wait_for_machines(now)

    def _goes_on(self, job: str) -> bool:
        return bool(self._jobs.ledger.row("SELECT 1 FROM jobs WHERE id = ? AND ended IS NULL AND paused = ''", job))

    def _give_way(self, now: float) -> None:
        """A machine that has not begun with a run of a less urgent job gives it back for one that is more urgent."""
        active = {job["id"]: job["priority"] for job in self._jobs.active()}
        urgent = next((job for job in active if self._waiting(job) is not None), None)
        if urgent is None:
            return
        first: dict[str, int] = {}  # by machine the run that it would come to last
        for identity, lease in self._leases.items():
            if lease.done == 0 and active.get(lease.job, 0) < active[urgent]:
                first[lease.machine] = max(identity, first.get(lease.machine, identity))
        refused, waiting = self._shares.refused(urgent), self._jobs.waiting_chunks(urgent)
        for machine in [name for name in sorted(first) if name not in refused][:waiting]:
            self._back(first[machine], now)

    def _another_tries(self, task: Row, machine: str) -> bool:
        """Whether a run that failed on a machine is for another one; for a second time it is not."""
        if self._shares.failed_on(task["job"], task["id"]):
            return False
        self._shares.failed(task["job"], task["id"], machine)
        return machine in self._without(task)

    def _without(self, task: Row) -> set[str]:
        """The machines that do not get a run: those that refuse its job, and the one on which it failed.

        Where there is no other it may have the run again.
        """
        refused, failed = set(self._shares.refused(task["job"])), self._shares.failed_on(task["job"], task["id"])
        others = {member.name for member in self.members.ready} - refused - {failed}
        return {*refused, failed} if failed and others else refused

    def _wait_for_machines(self, now: float) -> None:
        """A job that no machine can paint waits, and says so; it goes on by itself."""
        silent = self.members.silent(now)
        for job in self._jobs.paused_for(NO_MACHINE):
            if not silent and not self._all_refuse(job):
                self._jobs.resume(job, "a machine is there")
        for row in self._jobs.active():
            job = row["id"]
            if self._waiting(job) is None or self._shares.of(job):
                continue
            if silent:
                words = f"none of its farm has been heard of for {SILENT_SECONDS:.0f} s"
                remedy = "begin the server with --farm, and the others by `semrender join`"
                self._jobs.pause(job, f"{NO_MACHINE}{words}: {remedy}. It goes on by itself")
            elif self._all_refuse(job):
                words = "; ".join(sorted(self._shares.refused(job).values()))
                self._jobs.pause(job, f"{NO_MACHINE}{words}. It goes on by itself when another machine joins")

    def _all_refuse(self, job: str) -> bool:
        ready, refused = self.members.ready, self._shares.refused(job)
        return bool(refused) and all(member.name in refused for member in ready)

    def _refuse(self, lease: Lease, error: SemrenderError) -> None:
        words = cannot(lease.machine, str(error))
        if lease.machine not in self._shares.refused(lease.job):
            self._shares.stands(lease.job, lease.machine, REFUSED, words)
            self._jobs.tell_machine(lease.job, lease.machine, REFUSED, lease.pictures, words)

    def _lose(self, lost: list[tuple[int, Lease]], error: SemrenderError, now: float, left: bool = False) -> None:
        """Runs of one machine are for others; that it has left is told once a job."""
        for job in {lease.job for _, lease in lost} if left else ():
            own = [lease for _, lease in lost if lease.job == job]
            machine, pictures = own[0].machine or own[0].holder, sum(lease.pictures for lease in own)
            there = {one.machine for one in self._leases.values()} | {member.name for member in self.members.ready}
            said = has_left(machine, pictures, bool(there - {machine}))
            self._shares.stands(job, machine, "left", said)
            self.members.left(machine)
            self._jobs.tell_machine(job, machine, "left", pictures, said)
        for identity, lease in sorted(lost, key=lambda one: one[1].since):
            task = self._run(identity)
            self._back(identity, now)
            blamed = self._blame.falls_on(identity, lease, self._leases.values(), now)
            if task is None or task["state"] != "running":
                continue
            self._tell(replace(lease, done=0), "lost", "" if left else str(error))
            if -identity in self._leases:  # another machine has it in hand, too
                continue
            deaths = task["deaths"] + blamed
            self._jobs.ledger.write("UPDATE tasks SET deaths = ? WHERE id = ?", deaths, task["id"])
            if deaths >= LOST:
                self._blame.ended(task["id"])
                self._jobs.fail_chunk(task, {}, error, lease.pictures, self._about(lease, "failed", done=0))

    def _back(self, identity: int, now: float) -> None:
        """A run is nobody's any more; where it is still to be painted, the next one may take it."""
        lease = self._leases.pop(identity, None)
        self._share(-identity, False)
        if -identity not in self._leases:
            self._jobs.ledger.write(
                "UPDATE tasks SET state = 'waiting' WHERE id = ? AND state = 'running'", abs(identity)
            )
        if lease is not None:
            self._jobs.paces.gave(identity, now)

    def _ended(self, task: Row, identity: int, holder: str, counts: Body, now: float, machine: str) -> Lease:
        """The lease of a run that ends, which may be another's by now, as of who ended it: so much of it is painted."""
        lease, _ = self._leases.pop(identity, None), self._leases.pop(-identity, None)
        own = lease if lease is not None and lease.holder == holder else self._lease(task, holder, holder, now)
        ended, pictures = replace(own, machine=machine or own.machine), sum(counts.values())
        self._shares.ended(task["job"], ended.machine, pictures)
        self._blame.ended(task["id"])
        if lease is not None and pictures:  # of one that was called back nobody knows how long it took
            new = pictures - counts.get("kept", 0) - own.done  # below zero where what was there has counted until now
            self._jobs.paces.painted(task["job"], new, now, ended.machine)
        for one in (identity, -identity):
            self._jobs.paces.gave(one, now)
        return ended

    def _lease(self, task: Row, holder: str, machine: str, now: float) -> Lease:
        spec = self._jobs.spec(task["job"])
        first, last = spec["chunks"][task["frame"]]
        pictures = len(frames_in(spec, task["frame"])) * len(spec["layers"])
        return Lease(task["job"], holder, machine, now, now, now + LEASE_SECONDS, (first, last), pictures)

    def _run(self, identity: int) -> Row | None:
        """A run that has not ended, whoever's it is."""
        task = self._jobs.task_row(abs(identity))
        open_ = task is not None and task["kind"] == "chunk" and task["state"] in ("waiting", "running")
        return task if open_ else None

    def _waiting(self, job: str) -> Row | None:
        """The next run of a job that can be given out. While one waits nothing of its job that is later is ready."""
        task = self._jobs.ledger.row(
            "SELECT * FROM tasks WHERE job = ? AND state = 'waiting' AND missing = 0 ORDER BY id LIMIT 1", job
        )
        return task if task is not None and task["kind"] == "chunk" else None

    def _started(self, identity: int, lease: Lease, now: float) -> None:
        self._jobs.paces.took(lease.job, identity, now, lease.machine)
        self._tell(lease, "started")

    def _tell(self, lease: Lease, state: str, why: str = "") -> None:
        self._jobs.tell_chunk(lease.job, self._about(lease, state, why=why))

    @staticmethod
    def _about(lease: Lease, state: str, done: int | None = None, why: str = "") -> Body:
        about: Body = {"blocks": list(lease.blocks), "machine": lease.machine, "state": state}
        return {**about, "pictures": lease.done if done is None else done, **({"why": why} if why else {})}

"""The rules of jobs and tasks, as changes to the ledger. No sockets, no processes, no images.

A job begins with one `check` task (everything that can be said before painting, and the keys of the first pictures; of
a long job `look` tasks find the others, piece by piece), goes on with a `prepare` task for each layer whose model wants
one and a `paint` task per layer and frame, and ends with one `deliver` task; a part of a job (`tasks.PARTS`) leaves out
the one or the other. A layer that is to hold still has `underpaint` tasks instead, also for frames beside those asked
for, and a `hold` task per frame that needs those of its window. Tasks need each other as the table `needs` says; what
needs a failed task is cancelled. Every change is an event with a number, kept and replayed to whoever asks.

A frame's key stands for its pixels. A key that is being painted is not begun a second time, and one that was
painted is copied, in the same job, in another, or after a restart.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import Any

from inference_server.broker.entry import count_tasks, enter, forget_tasks
from inference_server.broker.ledger import PAINTINGS_KEPT, Row, dump
from inference_server.broker.told import ASKED, Told, frames_done
from inference_server.logs import in_short
from inference_server.tasks import OUTCOMES, Task
from shared.errors import SemrenderError, from_dict

DEATHS = 2  # workers that a task may kill before it is quarantined
FRAMES = ("paint", "hold")  # kinds of tasks whose outcome is a frame of the job

log = logging.getLogger("semrender.jobs")

Body = dict[str, Any]


class Jobs(Told):
    """All jobs of one ledger. Nothing here is on disk before `ledger.commit()`."""

    # What clients ask

    def open(self, identity: str, spec: Body, only_check: bool = False, priority: int = 0) -> None:
        """Enter a job with all its tasks. Raises InputRefused where there are too many for one job."""
        enter(self.ledger, identity, spec, only_check, priority)
        self.news.changed(identity)

    def keep_spec(self, job: str, spec: Body) -> None:
        self.ledger.write("UPDATE jobs SET spec = ? WHERE id = ?", dump(spec), job)

    def cancel(self, job: str, why: str = "") -> None:
        """why: in words, where nobody asked for that."""
        row = self.row(job, ASKED)
        if row["ended"] is None:
            self.ledger.write(
                "UPDATE tasks SET state = 'cancelled' WHERE job = ? AND state IN ('waiting', 'running')", job
            )
            about = {"done": self.reached(row), "total": row["total"], **({"why": why} if why else {})}
            self._end(job, "cancelled", about)

    def pause(self, job: str, why: str) -> None:
        """Hand out no more of its tasks; those in hand are finished."""
        row = self.row(job)
        if row["ended"] is None and row["paused"] != why:
            self.ledger.write("UPDATE jobs SET paused = ? WHERE id = ?", why, job)
            self._tell(job, "paused", {"why": why})

    def resume(self, job: str, why: str = "asked") -> None:
        row = self.row(job, ASKED)
        if row["ended"] is None and row["paused"]:
            self.ledger.write("UPDATE jobs SET paused = '' WHERE id = ?", job)
            self._tell(job, "resumed", {"why": why, "done": self.reached(row), "total": row["total"]})

    def prioritise(self, job: str, priority: int) -> None:
        self.row(job)
        self.ledger.write("UPDATE jobs SET priority = ? WHERE id = ?", priority, job)
        self.news.changed(job)

    # What workers do

    def next_task(self, job: str, painting: Collection[str]) -> Task | None:
        """The job's next ready task that paints none of the keys in `painting`; None where there is none."""
        rows = self.ledger.rows(
            "SELECT tasks.*, paintings.out, paintings.files FROM tasks LEFT JOIN paintings USING (key)"
            " WHERE job = ? AND state = 'waiting' AND missing = 0 AND kind != 'chunk'"
            f" AND (key IS NULL OR paintings.out IS NOT NULL OR key NOT IN ({','.join('?' * len(painting))}))"
            " ORDER BY id LIMIT 1",
            *(job, *painting),
        )
        if not rows:
            return None
        row = rows[0]
        source = {"out": row["out"], **self.ledger.load(row["files"])} if row["out"] else None
        looks = row["kind"] in ("check", "look")
        return Task(
            **{f: row[f] for f in ("id", "job", "kind", "layer", "frame", "key", "deaths")},
            priority=int(self.row(job)["priority"]),
            source=source,
            taken=self.taken(job) if row["kind"] == "check" else (),
            places=tuple((p["kind"], p["layer"], p["frame"]) for p in self.pictures_of(row["id"])) if looks else (),
            again=self.report(job) != {} if row["kind"] == "check" else False,
        )

    def looked(self, job: str, files: int) -> None:
        """A long check goes on, and has looked at so many files."""
        if self.known(job) and self.row(job)["state"] == "checking":
            self._tell(job, "looked", {"files": files})

    def preparing(self, job: str, looks: Body) -> None:
        """A model goes on looking at a layer: {"layer", "done", "total"}, in looks at a frame."""
        if self.known(job) and not self.ended(job):
            self.looks[job] = looks
            self._tell(job, "preparing", looks)

    def quarantined(self, task: Task) -> SemrenderError | None:
        """Why this task is not tried any more, in this job or another."""
        row = task.key and self.ledger.row("SELECT error FROM quarantine WHERE key = ?", task.key)
        return from_dict(self.ledger.load(row["error"])) if row else None

    def begin(self, task: Task) -> None:
        self.ledger.write("UPDATE tasks SET state = 'running' WHERE id = ?", task.id)
        if task.frame is not None:
            self.paces.took(task.job, task.id, self.clock())

    def give_back(self, identity: int, *, lost_source: bool = False) -> None:
        """The worker did not do it and is not to blame; `lost_source`: what was to be copied is not there."""
        self.paces.gave(identity, self.clock())
        if lost_source:
            self.ledger.write("DELETE FROM paintings WHERE key = (SELECT key FROM tasks WHERE id = ?)", identity)
        self.ledger.write("UPDATE tasks SET state = 'waiting' WHERE id = ? AND state = 'running'", identity)

    def finish(self, identity: int, body: Body) -> None:
        """A worker finished a task. A late answer for a cancelled one only enters the painting."""
        self.paces.gave(identity, self.clock())
        task = self.task_row(identity)
        if task is None:
            return
        if "file" in body:
            self._painted(task["key"], self.row(task["job"])["out"], body)
        if task["state"] != "running":
            return
        job = task["job"]
        if task["kind"] == "check" and body.get("problems"):
            report = {name: value for name, value in body.items() if name != "frames"}
            self.ledger.write("UPDATE jobs SET report = ? WHERE id = ?", dump(report), job)
            self._fail(task, {"problems": body["problems"]})
        elif task["kind"] == "check" and body.get("out") in self.taken(job):
            self.give_back(identity)  # another job came first: look for a folder anew
        elif task["kind"] == "check":
            self._checked(task, body)
        elif task["kind"] == "look":
            self._done(task)
            self._looked(task, body.get("frames", []))
        elif task["kind"] in FRAMES:
            self._frame(task, body)  # told before the end of the job that it may be
            self._done(task)
        elif task["kind"] == "underpaint":
            self.ledger.write("UPDATE tasks SET outcome = ?, state = 'done' WHERE id = ?", body.get("state"), identity)
            self._tell(job, "underpainted", {"layer": task["layer"], "frame": task["frame"], **self.under(job)})
            self._done(task)
        elif task["kind"] == "prepare":
            self.looks.pop(job, None)
            self._done(task)
        else:
            self._done(task)
            self._made(job, body)

    def fail(self, identity: int, error: SemrenderError) -> None:
        """A worker says why a task cannot be done; the other frames go on."""
        self.paces.gave(identity, self.clock())
        task = self.task_row(identity)
        if task is None or task["state"] not in ("running", "waiting"):
            return
        words = error.located(layer=task["layer"], frame=task["frame"]).to_dict()
        if task["kind"] in FRAMES:
            self._count(task["job"], {"failed": 1})
            self._tell_frame(task, {"state": "failed", "error": words})
        self._fail(task, words)

    # What other machines do, see `chunks`

    def finish_chunk(self, task: Row, counts: Body, about: Body) -> None:
        """A machine has painted a run of blocks; counts: of its pictures, painted, kept and copied."""
        self._count(task["job"], counts)
        self.tell_chunk(task["job"], about)
        self._done(task)

    def fail_chunk(self, task: Row, counts: Body, error: SemrenderError, pictures: int, about: Body) -> None:
        """A run cannot be painted, but for the counted ones of its pictures."""
        failed, words = max(1, pictures - sum(counts.values())), error.to_dict()
        each = words.pop("errors", [words])
        self._count(task["job"], {**counts, "failed": failed})
        self.tell_chunk(task["job"], {**about, "error": words})
        self._fail(task, {"problems": each, "failed": failed})

    def tell_chunk(self, job: str, about: Body) -> None:
        """about: the run, its machine, and its state: "started", "progress", "ended", "lost" or "failed"."""
        row = self.row(job, ASKED)
        self._tell(job, "chunk", {**about, "done": self.reached(row), "failed": row["failed"], "total": row["total"]})

    def tell_machine(self, job: str, machine: str, state: str, pictures: int, words: str) -> None:
        """A machine has "left", is "refused", is "held" up, or is "painting" again; pictures: that it had in hand."""
        self._tell(job, "machine", {"machine": machine, "state": state, "pictures": pictures, "words": words})

    def _count(self, job: str, counts: Body) -> None:
        for outcome, number in counts.items():
            self.ledger.write(f"UPDATE jobs SET {outcome} = {outcome} + ? WHERE id = ?", number, job)

    def lose(self, identity: int, error: SemrenderError) -> None:
        """The worker of a task died: once more on a fresh one, alone; then it is quarantined and has failed."""
        self.paces.gave(identity, self.clock())
        task = self.task_row(identity)
        if task is None or task["state"] != "running":
            return
        deaths = task["deaths"] + 1
        self.ledger.write("UPDATE tasks SET deaths = ?, state = 'waiting' WHERE id = ?", deaths, identity)
        if deaths >= DEATHS:
            if task["key"]:
                words = error.located(layer=task["layer"], frame=task["frame"]).to_dict()
                self.ledger.write("INSERT OR REPLACE INTO quarantine VALUES (?, ?)", task["key"], dump(words))
            self.fail(identity, error)

    # The server's own care

    def recover(self) -> int:
        """After a start: nothing runs, and what was finished is looked at again. Returns the jobs that go on."""
        self.shares.leases.clear()
        self.paces.clear()
        jobs = [row["id"] for row in self.ledger.rows("SELECT id FROM jobs WHERE ended IS NULL")]
        for job in jobs:
            self.ledger.write(
                "UPDATE tasks SET state = 'waiting', missing = 0 WHERE job = ? AND state IN ('running', 'done')"
                " AND NOT (kind = 'chunk' AND state = 'done')",
                job,
            )
            count_tasks(self.ledger, job)
            self.ledger.write("UPDATE jobs SET state = 'checking' WHERE id = ?", job)
        return len(jobs)

    def clean(self, before: float, *, quarantine: bool = False) -> list[str]:
        """Forget jobs that ended before this time; returns their ids."""
        jobs = self.ended_before(before)
        self.forget(jobs)
        if quarantine:
            self.ledger.write("DELETE FROM quarantine")
        oldest = "SELECT rowid FROM paintings ORDER BY rowid DESC LIMIT -1 OFFSET ?"
        self.ledger.write(f"DELETE FROM paintings WHERE rowid IN ({oldest})", PAINTINGS_KEPT)
        return jobs

    def forget(self, jobs: list[str]) -> None:
        """Jobs that have ended."""
        for job in jobs:
            forget_tasks(self.ledger, job)
            self.ledger.write("DELETE FROM events WHERE job = ?", job)
            self.ledger.write("DELETE FROM jobs WHERE id = ?", job)
            self.shares.forget(job)
            self.paces.forget(job)
            self.news.changed(job)

    def _checked(self, task: Row, report: Body) -> None:
        job = task["job"]
        frames = report.pop("frames", [])
        before = self.report(job)
        again = before != {}
        report["began"] = before.get("began", time.time())
        if "estimate" in report and self.row(job, ASKED)["part"] == "farm" and report["estimate"]["seconds"]:
            report["estimate"]["seconds"] /= max(1, len(self.shares.members.ready))
        self.ledger.write("UPDATE jobs SET report = ?, state = 'painting' WHERE id = ?", dump(report), job)
        if "out" in report:
            self._move(job, report["out"])
        self._done(task)
        row = self.row(job)
        if row["only_check"]:
            self._end(job, "done", {})
            return
        if again:
            why, done = "the server was started again", self.reached(self.row(job, ASKED))
            self._tell(job, "resumed", {"why": why, "done": done, "total": row["total"]})
        else:
            self._tell(job, "checked", {**report, "total": row["total"], **self.under(job)})
        self._looked(task, frames)

    def _looked(self, task: Row, frames: list[list[Any]]) -> None:
        """Enter the keys of a piece of the job's pictures, and those that are finished."""
        row = self.row(task["job"])
        by_place = {(one["kind"], one["layer"], one["frame"]): one for one in self.pictures_of(task["id"])}
        for kind, layer, frame, key, files, *elsewhere in frames:
            found = by_place.get((kind, layer, frame))
            if found is None or found["state"] != "waiting":
                continue
            if key is None:  # its passes are not there any more, and this is why
                self.fail(found["id"], from_dict(files))
                continue
            self.ledger.write("UPDATE tasks SET key = ? WHERE id = ?", key, found["id"])
            if files is not None:
                self._painted(key, elsewhere[0] if elsewhere else row["out"], files)
            if files is not None and not elsewhere:
                if kind in FRAMES and found["outcome"] is None:
                    self._frame(found, {"state": "kept", **files})
                self._done(found)
            elif kind in FRAMES and found["outcome"] is not None:  # finished before the restart, and not there any more
                self._count(row["id"], {found["outcome"]: -1})
                self.ledger.write("UPDATE tasks SET outcome = NULL WHERE id = ?", found["id"])
        idle = (
            "SELECT * FROM tasks WHERE kind = ? AND state = 'waiting' AND id IN ("
            "SELECT needed FROM needs WHERE task IN (SELECT task FROM needs WHERE needed = ?)) AND NOT EXISTS ("
            "SELECT 1 FROM needs JOIN tasks AS other ON other.id = needs.task"
            " WHERE needs.needed = tasks.id AND other.state = 'waiting')"
        )
        for kind in ("underpaint", "prepare"):  # all that they were for is there already
            for one in self.ledger.rows(idle, kind, task["id"]):
                self._done(one)

    def _move(self, job: str, out: str) -> None:
        """The job paints into a take beside the folder that was asked for."""
        spec = {**self.spec(job), "out": out}
        self.ledger.write("UPDATE jobs SET out = ?, spec = ? WHERE id = ?", out, dump(spec), job)

    def _painted(self, key: str | None, out: str, files: Body) -> None:
        if key is None:
            return
        where = dump({"file": files["file"], "mattes": files.get("mattes", {})})
        self.ledger.write("INSERT OR REPLACE INTO paintings VALUES (?, ?, ?)", key, out, where)

    def _frame(self, task: Row, body: Body) -> None:
        outcome = body["state"]
        self.ledger.write("UPDATE tasks SET outcome = ? WHERE id = ?", outcome, task["id"])
        self._count(task["job"], {outcome: 1})
        self.paces.painted(task["job"], int(outcome != "kept"), self.clock())
        self._tell_frame(task, {name: value for name, value in body.items() if name != "mattes"})

    def _tell_frame(self, task: Row, body: Body) -> None:
        row = self.row(task["job"])
        counts = {"done": frames_done(row), "failed": row["failed"], "total": row["total"]}
        self._tell(task["job"], "frame", {"layer": task["layer"], "frame": task["frame"], **body, **counts})

    def _done(self, task: Row) -> None:
        self.ledger.write("UPDATE tasks SET state = 'done' WHERE id = ?", task["id"])
        self.ledger.write(
            "UPDATE tasks SET missing = missing - 1 WHERE id IN (SELECT task FROM needs WHERE needed = ?)", task["id"]
        )
        self._fewer(task["job"], 1)

    def _fail(self, task: Row, words: Body) -> None:
        if task["kind"] == "prepare":
            self.looks.pop(task["job"], None)
        self.ledger.write("UPDATE tasks SET state = 'failed', error = ? WHERE id = ?", dump(words), task["id"])
        below = (
            "state = 'waiting' AND id IN (WITH RECURSIVE below(id) AS (SELECT task FROM needs WHERE needed = ?"
            " UNION SELECT needs.task FROM needs JOIN below ON needs.needed = below.id) SELECT id FROM below)"
        )
        if task["kind"] != "check":  # what was to be made of it has failed, too; a check refuses before there is any
            pictures = f"(SELECT count(*) FROM tasks WHERE kind IN ('paint', 'hold') AND {below})"
            self.ledger.write(f"UPDATE jobs SET failed = failed + {pictures} WHERE id = ?", task["id"], task["job"])
        cancelled = self.ledger.write(f"UPDATE tasks SET state = 'cancelled' WHERE {below}", task["id"])
        self._fewer(task["job"], 1 + cancelled)

    def _fewer(self, job: str, ended: int) -> None:
        self.ledger.write("UPDATE jobs SET unended = unended - ? WHERE id = ?", ended, job)
        row = self.row(job)
        failed = self.ledger.row("SELECT 1 FROM tasks WHERE job = ? AND state = 'failed' LIMIT 1", job)
        if row["unended"] == 0 and failed:
            errors, done = self.errors(job), self.reached(self.row(job, ASKED))
            frames = 0 if not done and self.failed_before_frames(job) else row["failed"]
            counts = {name: row[name] for name in (*OUTCOMES, "total")} | {"done": done, "frames_failed": frames}
            self._end(job, "failed", {"errors": errors, "failed": row["failed"] or len(errors), **counts})
        elif row["unended"] <= 1 and row["state"] == "painting" and not failed:
            # Alone: no delivery comes after its pictures.
            alone = self.row(job, "NOT only_check AND json_extract(spec, '$.part') = 'paint' AS alone")["alone"]
            if row["unended"] == 1 and not alone:
                self.ledger.write("UPDATE jobs SET state = 'delivering' WHERE id = ?", job)
                self.news.changed(job)
            elif row["unended"] == 0 and alone:
                self._made(job, {})

    def _made(self, job: str, body: Body) -> None:
        """The end of a job that came to its end; body: what the delivery says, if there was one."""
        row = self.row(job)
        counts = {name: row[name] for name in (*OUTCOMES, "total", "out")}
        counts["underpainted"] = self.under(job)["underpainted"]
        seconds = time.time() - self.report(job).get("began", row["created"])
        self._end(job, "done", {**body, **counts, "seconds": round(seconds, 3)})

    def _end(self, job: str, state: str, body: Body) -> None:
        self.looks.pop(job, None)
        self.paces.forget(job)
        self.ledger.write("UPDATE jobs SET state = ?, paused = '', ended = ? WHERE id = ?", state, time.time(), job)
        self._tell(job, state, body)

    def _tell(self, job: str, name: str, body: Body) -> None:
        self.ledger.write("UPDATE jobs SET events = events + 1 WHERE id = ?", job)
        self.ledger.write("INSERT INTO events SELECT id, events, ?, ? FROM jobs WHERE id = ?", name, dump(body), job)
        self.news.changed(job)
        if name not in ("frame", "underpainted", "looked", "preparing"):  # the logs of the workers have them
            log.info("job %s is %s%s", job, name, in_short(body))

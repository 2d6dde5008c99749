"""What is told of jobs, read and never changed: where each stands, what was asked and found, why frames failed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from inference_server.broker.cutting import frames_in
from inference_server.broker.ledger import Ledger, Row, dump
from inference_server.broker.news import News
from inference_server.broker.pace import Paces
from inference_server.broker.shares import Shares
from inference_server.tasks import made_of, picture_file
from shared.errors import ServerError
from shared.shot import Shot

LOWEST, HIGHEST, INTERACTIVE = -100, 100, 50  # priorities; an ordinary job has 0
ERRORS_TOLD, ERRORS_BYTES = 500, 2**20  # of one job

# Of a job's row, without the texts that grow with the number of frames.
COLUMNS = (
    "number, id, name, out, only_check, state, paused, priority, total, painted, kept, copied, failed, unended,"
    " events, created, ended"
)

# Of its description: where the client wants the files, whether it wants a comp, and who it is; when painting began.
ASKED = (
    "json_extract(spec, '$.collect') AS collect, json_extract(spec, '$.comp') AS comp,"
    " json_extract(spec, '$.offer') AS offer,"
    " json_extract(spec, '$.owner') AS owner, json_extract(report, '$.began') AS began,"
    " json_extract(spec, '$.part') AS part, json_extract(spec, '$.of') AS of"
)

# How far a picture is, in a letter; what is in no table of these waits.
LETTERS = {"running": "r", "painted": "p", "kept": "k", "copied": "c", "failed": "f", "cancelled": "x"}

Body = dict[str, Any]


class Told:
    """The reading side of a ledger's jobs."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self.ledger, self.clock = ledger, clock
        self.news = News()
        self.shares = Shares(ledger)
        self.paces = Paces()
        self.looks: dict[str, Body] = {}  # of jobs for which a model looks at a layer: how far it is
        self.unasked: set[str] = set()  # pieces that nobody asks for at present, see `pieces`

    def known(self, job: str) -> bool:
        return self.ledger.row("SELECT 1 FROM jobs WHERE id = ?", job) is not None

    def spec(self, job: str) -> Body:
        return self._json(job, "spec")

    def report(self, job: str) -> Body:
        """What the check found."""
        return self._json(job, "report")

    def errors(self, job: str) -> list[Body]:
        """Each once: what held frames are made of may have failed in two runs of a farm."""
        rows = self.ledger.rows("SELECT error FROM tasks WHERE job = ? AND state = 'failed' LIMIT ?", job, ERRORS_TOLD)
        found: dict[str, Body] = {}
        size = 0
        for row in rows:
            size += len(row["error"].encode())
            if found and size > ERRORS_BYTES:
                break
            found.update((dump(one), one) for one in _each(self.ledger.load(row["error"])))
        return list(found.values())[:ERRORS_TOLD]

    def failed_before_frames(self, job: str) -> bool:
        """Whether what failed is what goes before the pictures alone."""
        frames = "SELECT 1 FROM tasks WHERE job = ? AND state = 'failed' AND kind NOT IN ('check', 'prepare') LIMIT 1"
        return self.ledger.row(frames, job) is None

    def summary(self, job: str) -> Body:
        return self._summary(self.row(job, ASKED))

    def summaries(self, most: int = 200) -> list[Body]:
        """All that have not ended, and the last ones that have; newest last."""
        rows = self.ledger.rows(
            f"SELECT {COLUMNS}, {ASKED} FROM jobs ORDER BY ended IS NOT NULL, number DESC LIMIT ?", most
        )
        return self._listed(sorted(rows, key=lambda row: int(row["number"])))

    def page(self, before: int | None, most: int) -> tuple[list[Body], int | None]:
        """So many jobs, the newest first, entered before the one of that number; and what the next page is before."""
        first = 2**62 if before is None else before
        rows = self.ledger.rows(
            f"SELECT {COLUMNS}, {ASKED} FROM jobs WHERE number < ? ORDER BY number DESC LIMIT ?", first, most
        )
        return self._listed(rows), int(rows[-1]["number"]) if len(rows) == most else None

    def is_listed(self, job: str) -> bool:
        """Not a piece of a job that is listed here, nor one of another machine's that has ended."""
        return self.known(job) and bool(self._listed([self.row(job, ASKED)]))

    def _listed(self, rows: list[Row]) -> list[Body]:
        pieces = {row["id"] for row in rows if row["of"] and (row["ended"] is not None or self.known(row["of"]))}
        return [self._summary(row) for row in rows if row["id"] not in pieces]

    def pictures(self, job: str, layer: str) -> tuple[list[int], str]:
        """The frames of a layer, and of each by a letter how far it is: see LETTERS.

        What was to be made of a picture that failed has failed, too, unless the job was cancelled before.
        """
        rows = self.ledger.rows(
            "SELECT frame, coalesce(outcome, state) AS at FROM tasks"
            " WHERE job = ? AND layer = ? AND kind IN ('paint', 'hold') ORDER BY frame",
            *(job, layer),
        )
        if not rows:
            return self._pictures_of_runs(job, layer)
        letters = LETTERS if self.row(job)["state"] == "cancelled" else {**LETTERS, "cancelled": LETTERS["failed"]}
        return [row["frame"] for row in rows], "".join(letters.get(row["at"], "w") for row in rows)

    def _pictures_of_runs(self, job: str, layer: str) -> tuple[list[int], str]:
        """As `pictures`, of a job that other machines paint: a run that has ended counts as painted, whoever had it."""
        rows = self.ledger.rows(
            "SELECT frame, state, error FROM tasks WHERE job = ? AND kind = 'chunk' ORDER BY frame", job
        )
        spec = self.spec(job) if rows else {}
        states: dict[int, str] = {}
        for row in rows:
            frames = frames_in(spec, row["frame"])
            failed = self._failed_of_run(row, spec)
            if failed is None:
                state = "painted" if row["state"] == "done" else row["state"]
                states.update(dict.fromkeys(frames, LETTERS.get(state, "w")))
            else:
                states.update((one, LETTERS["failed" if (layer, one) in failed else "painted"]) for one in frames)
        return sorted(states), "".join(states[frame] for frame in sorted(states))

    def _failed_of_run(self, task: Row, spec: Body) -> dict[tuple[str, int], Body] | None:
        """The pictures of a run that failed, each with its error, where the others are there; None where all are alike.

        Where more failed than is told one by one, all count as failed.
        """
        error, frames = self.ledger.load(task["error"] or "{}"), frames_in(spec, task["frame"])
        named = {(one["layer"], one["frame"]): one for one in error.get("problems", ())}
        if not named:  # as of nearly every run: what its pictures are made of takes a while to find out
            return None
        failed = {
            (layer, frame): named[layer, under]
            for layer in spec["layers"]
            for frame in frames
            for under in made_of(spec, layer, frame)
            if (layer, under) in named
        }
        return failed if failed and len(failed) == error["failed"] else None

    def last_picture(self, job: str) -> tuple[str, int] | None:
        """Layer and frame of the finished picture that is furthest in the job's order."""
        row = self.ledger.row(
            "SELECT layer, frame FROM tasks WHERE job = ? AND state = 'done' AND kind IN ('paint', 'hold')"
            " ORDER BY id DESC LIMIT 1",
            job,
        )
        return (row["layer"], row["frame"]) if row else self._last_of_runs(job)

    def _last_of_runs(self, job: str) -> tuple[str, int] | None:
        row = self.ledger.row(
            "SELECT frame FROM tasks WHERE job = ? AND state = 'done' AND kind = 'chunk' ORDER BY id DESC LIMIT 1", job
        )
        spec = self.spec(job) if row else {}
        return (spec["layers"][0], frames_in(spec, row["frame"])[-1]) if row else None

    def picture(self, job: str, layer: str, frame: int) -> tuple[str | None, Body | None]:
        """The file of a picture below the job's folder where there is one, and the error that it failed with."""
        row = self.ledger.row(
            "SELECT id, outcome, out, files FROM tasks LEFT JOIN paintings USING (key)"
            " WHERE job = ? AND layer = ? AND frame = ? AND kind IN ('paint', 'hold')",
            *(job, layer, frame),
        )
        if row is None:
            return self._picture_of_run(job, layer, frame)
        if row["outcome"] is None:
            return None, self._why(row["id"])
        if row["files"] and row["out"] == self.row(job)["out"]:
            return str(self.ledger.load(row["files"])["file"]), None
        told = self.ledger.row(  # another job has painted the same since, elsewhere
            "SELECT body FROM events WHERE job = ? AND name = 'frame' AND json_extract(body, '$.layer') = ?"
            " AND json_extract(body, '$.frame') = ? ORDER BY n DESC LIMIT 1",
            *(job, layer, frame),
        )
        return (self.ledger.load(told["body"]).get("file") if told else None), None

    def _why(self, task: int) -> Body | None:
        """The error of a task that failed, or of what it was to be made of; None where it has not failed."""
        row = self.ledger.row(
            "WITH RECURSIVE above(id) AS (SELECT ? UNION SELECT needed FROM needs JOIN above ON task = above.id)"
            " SELECT error FROM tasks JOIN above USING (id) WHERE error IS NOT NULL LIMIT 1",
            task,
        )
        return _each(self.ledger.load(row["error"]))[0] if row else None

    def _picture_of_run(self, job: str, layer: str, frame: int) -> tuple[str | None, Body | None]:
        """As `picture`, of a job that other machines paint."""
        rows = self.ledger.rows("SELECT frame, state, error FROM tasks WHERE job = ? AND kind = 'chunk'", job)
        spec = self.spec(job)
        for row in rows if frame in spec["frames"] and layer in spec["layers"] else ():
            if frame in frames_in(spec, row["frame"]):
                file = picture_file(Shot.from_dict(spec["shot"]), layer, frame, spec["format"])
                failed = self._failed_of_run(row, spec)
                if failed is None:
                    words = _each(self.ledger.load(row["error"])) if row["error"] else [None]
                    return file if row["state"] == "done" else None, words[0]
                error = failed.get((layer, frame))
                return file if error is None else None, error
        return None, None

    def all_ids(self) -> set[str]:
        return {row["id"] for row in self.ledger.rows("SELECT id FROM jobs")}

    def events(self, job: str, since: int, most: int = 100) -> list[tuple[int, str, Body]]:
        """(number, name, body) of the events after `since`."""
        rows = self.ledger.rows("SELECT * FROM events WHERE job = ? AND n > ? ORDER BY n LIMIT ?", job, since, most)
        return [(row["n"], row["name"], self.ledger.load(row["body"])) for row in rows]

    def ended(self, job: str) -> bool:
        return self.row(job)["ended"] is not None

    def active(self, above: int | None = None) -> list[Row]:
        """id, priority and only_check of the jobs that may go on, most urgent first, then first come, first served."""
        floor = LOWEST - 1 if above is None else above
        rows = self.ledger.rows(
            "SELECT id, priority, only_check FROM jobs WHERE ended IS NULL AND paused = '' AND priority > ?"
            " ORDER BY priority DESC, number",
            floor,
        )
        return [row for row in rows if row["id"] not in self.unasked]

    def pieces(self, by: str | None = None) -> list[str]:
        """The pieces of others' jobs that have not ended; by: those that one machine of a farm has handed over."""
        rows = self.ledger.rows(
            "SELECT id, json_extract(spec, '$.by') AS by FROM jobs"
            " WHERE ended IS NULL AND json_extract(spec, '$.of') != ''"
        )
        return [row["id"] for row in rows if by is None or row["by"] == by]

    def unended(self) -> tuple[dict[str, int], int]:
        """How many jobs have not ended, by state, and how many of their tasks are to be done."""
        state = "CASE paused WHEN '' THEN state ELSE 'paused' END"
        rows = self.ledger.rows(
            f"SELECT {state} AS state, count(*) AS n, total(unended) AS tasks FROM jobs WHERE ended IS NULL GROUP BY 1"
        )
        return {row["state"]: row["n"] for row in rows}, int(sum(row["tasks"] for row in rows))

    def paused_for(self, why: str) -> list[str]:
        """The jobs whose pause has a reason that begins with these words."""
        rows = self.ledger.rows("SELECT id, paused FROM jobs WHERE ended IS NULL AND paused != ''")
        return [row["id"] for row in rows if row["paused"].startswith(why)]

    def ended_before(self, before: float) -> list[str]:
        """The ids of the jobs that ended before this time (seconds since 1970)."""
        return [row["id"] for row in self.ledger.rows("SELECT id FROM jobs WHERE ended < ?", before)]

    def reached(self, job: Row) -> int:
        """How many pictures of a job are there, by its row with ASKED.

        Where a farm paints, those of runs in hand too; that never goes back.
        """
        done = frames_done(job)
        if job["part"] != "farm":
            return done
        return min(self.shares.reached(job["id"], done), int(job["total"] - job["failed"]))

    def left(self, job: Row, now: float) -> float | None:
        """Seconds until its pictures are there, by its row; None where nothing goes on, or nobody can know yet."""
        rest = job["total"] - job["failed"] - frames_done(job) - self.shares.in_hand(job["id"])
        stands = job["ended"] is not None or job["paused"] or self.shares.held(job["id"])
        return None if stands else self.paces.left(job["id"], rest, now)

    def waiting_chunks(self, job: str) -> int:
        """How many runs of blocks of a job wait for a machine."""
        row = self.ledger.row(
            "SELECT count(*) AS n FROM tasks WHERE job = ? AND state = 'waiting' AND missing = 0 AND kind = 'chunk'",
            job,
        )
        return int(row["n"]) if row else 0

    def under(self, job: str) -> Body:
        """How many underpaintings the job has, how many of them are done, and how many were painted for it."""
        row = self.ledger.row(
            "SELECT count(*) AS n, total(state = 'done') AS done, total(outcome = 'painted') AS painted"
            " FROM tasks WHERE job = ? AND kind = 'underpaint'",
            job,
        )
        assert row is not None
        return {"under_total": row["n"], "under_done": int(row["done"]), "underpainted": int(row["painted"])}

    def pictures_of(self, look: int) -> list[Row]:
        """The tasks of the pictures that a check or a look finds the keys of."""
        pictures = "kind IN ('underpaint', 'paint', 'hold')"
        return self.ledger.rows(
            f"SELECT tasks.* FROM needs JOIN tasks ON id = task WHERE needed = ? AND {pictures} ORDER BY id", look
        )

    def taken(self, job: str) -> tuple[str, ...]:
        """Folders at and beside the one that a job asks for, in which others paint the same layers in another look."""
        own = self.spec(job)
        asked = str(own.get("asked", own["out"]))
        begun = "SELECT id, out FROM jobs WHERE ended IS NULL AND NOT only_check AND report != '{}' AND id != ?"
        near = [row["id"] for row in self.ledger.rows(begun, job) if _without_take(row["out"]) == _without_take(asked)]
        specs = [self.spec(identity) for identity in near]
        return tuple(spec["out"] for spec in specs if not own.get("overwrite") and _looks_differ(own, spec))

    def row(self, job: str, more: str = "number") -> Row:
        row = self.ledger.row(f"SELECT {COLUMNS}, {more} FROM jobs WHERE id = ?", job)
        if row is None:
            raise ServerError("this server does not know that job", remedy="See `semrender jobs`, or submit it again")
        return row

    def _summary(self, job: Row) -> Body:
        paused = job["paused"] or (self.shares.held(job["id"]) if job["part"] == "farm" else "")
        state = "paused" if paused and job["ended"] is None else job["state"]
        names = (
            *("name", "out", "priority", "total", "painted", "kept", "copied", "failed", "created", "began"),
            *("ended", "events", "owner"),
        )
        comp = None if job["comp"] is None else bool(job["comp"])
        asked = {"collect": json.loads(job["collect"]) if job["collect"] else None, "comp": comp}
        asked["tried"] = bool(job["only_check"]) or job["offer"] == 0  # somebody looks, and nobody's list is to have it
        farm = self.shares.told(job) if job["part"] == "farm" else None
        where = {"job": job["id"], "state": state, "done": self.reached(job), "preparing": self.looks.get(job["id"])}
        where.update(farm=farm, paused=paused, left=self.left(job, self.clock()))
        return {**where, **{name: job[name] for name in names}, **asked}

    def _json(self, job: str, column: str) -> Body:
        self.row(job)
        row = self.ledger.row(f"SELECT {column} FROM jobs WHERE id = ?", job)
        return dict(self.ledger.load(row[0])) if row else {}

    def task_row(self, identity: int) -> Row | None:
        return self.ledger.row("SELECT * FROM tasks WHERE id = ?", identity)


def _each(error: Body) -> list[Body]:
    """The errors of a task that failed: of a check, and of a run of blocks, there may be many."""
    return list(error.get("problems", [error]))


def _without_take(folder: str) -> str:
    return re.sub(r"_take[0-9]+$", "", folder)


def _looks_differ(one: Body, other: Body) -> bool:
    """Whether two jobs would paint one layer's files differently."""
    if one["shot"]["name"] != other["shot"]["name"]:
        return False
    looks, others = one.get("looks", {}), other.get("looks", {})
    common = set(one["layers"]) & set(other["layers"]) & set(looks) & set(others)
    return any(looks[layer] != others[layer] for layer in common)


def frames_done(job: Row) -> int:
    """Pictures whose task has ended well."""
    return int(job["painted"] + job["kept"] + job["copied"])

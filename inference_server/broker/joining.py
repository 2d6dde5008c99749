"""What becomes of jobs when machines join: whatever nobody has begun with is theirs, too.

A job that one machine paints alone, by pictures, becomes one of runs: what is finished of it stays, in whole blocks,
and what is left is cut. A picture that is finished in a block that is not is kept when its run is painted, and counted
then. What nobody has taken of a job that several paint is cut smaller, for more of them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from inference_server.broker.cutting import frames_in, neighbours, runs_for
from inference_server.broker.entry import cut_anew, enter_anew
from inference_server.broker.jobs import Jobs
from inference_server.broker.told import ASKED
from inference_server.tasks import OUTCOMES
from shared.blocks import block_of

Body = dict[str, Any]


def joined(jobs: Jobs, slots: int) -> None:
    """Cut what is left of each job for so many runs at once, where it was cut for fewer.

    slots: as `Members.slots`, 0 where no other machine is there.
    """
    looked = jobs.shares.cut
    for row in jobs.active():
        job = row["id"]
        if row["only_check"] or slots <= looked.get(job, 0):
            continue
        if jobs.waiting_chunks(job):
            looked[job] = slots
            _cut_anew(jobs, job, slots)
        elif not _has(jobs, job, "kind = 'chunk'") and not _is_being_checked(jobs, job):
            looked[job] = slots
            _hand_over(jobs, job, slots)


def _has(jobs: Jobs, job: str, tasks: str) -> bool:
    return jobs.ledger.row(f"SELECT 1 FROM tasks WHERE job = ? AND {tasks} LIMIT 1", job) is not None


def _is_being_checked(jobs: Jobs, job: str) -> bool:
    """What a check finds is entered with the tasks that it was begun for."""
    return jobs.row(job)["state"] == "checking" and _has(jobs, job, "state = 'running'")


def _hand_over(jobs: Jobs, job: str, slots: int) -> None:
    """Runs in the place of pictures. What a worker has in hand it finishes, and whoever gets its run keeps it."""
    spec = jobs.spec(job)
    if not spec.get("may_be_cut"):  # a job of an older ledger does not say
        return
    rows = jobs.ledger.rows("SELECT frame, outcome, state FROM tasks WHERE job = ? AND kind IN ('paint', 'hold')", job)
    left = {block_of(row["frame"]) for row in rows if row["state"] != "done"}
    if len(left) < 2:
        return
    runs = runs_for(spec, [frame for frame in spec["frames"] if block_of(frame) in left], slots)
    left = {block for first, last in runs for block in range(first, last + 1)}
    done = Counter(row["outcome"] for row in rows if block_of(row["frame"]) not in left)
    finished = [[blocks[0], blocks[-1]] for blocks in neighbours({block_of(row["frame"]) for row in rows} - left)]
    about = jobs.row(job, ASKED)
    jobs.shares.goes_on_from(job, jobs.reached(about))
    cut = {**spec, "part": "farm", "slots": slots, "chunks": [*runs, *finished]}
    enter_anew(jobs.ledger, job, cut, about["state"] != "checking", len(finished))
    counts = ", ".join(f"{outcome} = ?" for outcome in OUTCOMES)
    values = [done[outcome] for outcome in OUTCOMES]
    jobs.ledger.write(f"UPDATE jobs SET {counts}, failed = 0 WHERE id = ?", *values, job)
    jobs.paces.forget(job)
    jobs.news.changed(job)


def _cut_anew(jobs: Jobs, job: str, slots: int) -> None:
    spec = jobs.spec(job)
    waiting = jobs.ledger.rows(
        "SELECT id, frame FROM tasks WHERE job = ? AND kind = 'chunk' AND state = 'waiting' AND deaths = 0 ORDER BY id",
        job,
    )
    places = [row["frame"] for row in waiting if not jobs.shares.failed_on(job, row["id"])]
    frames = sorted(frame for place in places for frame in frames_in(spec, place))
    runs = runs_for(spec, frames, slots) if slots > spec.get("slots", slots) else []
    if len(runs) > len(places):
        cut_anew(jobs.ledger, job, {**spec, "slots": slots}, places, runs)

"""How a job enters the ledger: its description, its tasks, and which of them need which.

Every picture needs the task that looks at its passes and finds its key: the `check` for the first `PIECE` of them, a
`look` for each further piece. A look comes one piece before its pictures, so that painting begins at once, never waits
for a look, and no look keeps other jobs waiting for long. What is made of the passes of a layer that must be prepared
needs its `prepare`. A job that other machines paint has a row for each run of blocks that they take, see `chunks`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from inference_server.broker.ledger import Ledger, dump
from inference_server.tasks import PIECE, Picture, picture_tasks
from shared import protocol
from shared.errors import InputRefused

MOST_PICTURES = 300_000  # of one job: what the ledger takes in at once, with everyone waiting
FROM_PASSES = ("underpaint", "paint")  # kinds of pictures that are made of passes, not of others
INSERT = "INSERT INTO tasks (id, job, kind, layer, frame, missing) VALUES (?, ?, ?, ?, ?, ?)"

Body = dict[str, Any]


def enter(ledger: Ledger, job: str, spec: Body, only_check: bool, priority: int) -> None:
    """Enter a job with all its tasks. Raises InputRefused where there are too many for one job."""
    frames = len(spec["frames"])
    part = spec.get("part", "whole")  # a job of an older ledger is whole
    pictures = frames * len(spec["layers"])
    if (pictures > MOST_PICTURES and part != "farm") or frames > protocol.MAX_ITEMS:
        raise InputRefused(
            f"the job has {frames} frames in {len(spec['layers'])} layers",
            remedy=f"Submit at most {protocol.MAX_ITEMS} frames and {MOST_PICTURES} pictures at a time: "
            "a range of them with --frames, or some layers with --layers",
        )
    ledger.write(
        "INSERT INTO jobs (id, name, out, spec, only_check, state, priority, total, unended, created)"
        " VALUES (?, ?, ?, ?, ?, 'checking', ?, ?, 0, ?)",
        *(job, spec["shot"]["name"], spec["out"], dump(spec), only_check, priority),
        *(0 if only_check or part == "deliver" else pictures, time.time()),
    )
    _enter_tasks(ledger, job, spec, only_check)


def enter_anew(ledger: Ledger, job: str, spec: Body, checked: bool, finished: int) -> None:
    """The tasks of a job give way to runs, which other machines paint, too; it keeps its place.

    spec: to be kept. finished: of its last runs, so many are.
    """
    forget_tasks(ledger, job)
    _enter_tasks(ledger, job, spec, only_check=False)
    ended = "kind = 'chunk' AND frame >= ?" + (" OR kind = 'check'" if checked else "")
    waiting = len(spec["chunks"]) - finished
    ledger.write(f"UPDATE tasks SET state = 'done' WHERE job = ? AND ({ended})", job, waiting)
    count_tasks(ledger, job)
    ledger.write("UPDATE jobs SET spec = ? WHERE id = ?", dump(spec), job)


def forget_tasks(ledger: Ledger, job: str) -> None:
    ledger.write("DELETE FROM needs WHERE task IN (SELECT id FROM tasks WHERE job = ?)", job)
    ledger.write("DELETE FROM tasks WHERE job = ?", job)


def count_tasks(ledger: Ledger, job: str) -> None:
    """What each task of a job that waits still needs, and how many they are, none of them being in hand."""
    ledger.write(
        "UPDATE tasks SET missing = (SELECT count(*) FROM needs JOIN tasks AS other ON other.id = needed"
        " WHERE needs.task = tasks.id AND other.state != 'done') WHERE job = ? AND state = 'waiting'",
        job,
    )
    waiting = "(SELECT count(*) FROM tasks WHERE job = jobs.id AND state = 'waiting')"
    ledger.write(f"UPDATE jobs SET unended = {waiting} WHERE id = ?", job)


def _enter_tasks(ledger: Ledger, job: str, spec: Body, only_check: bool) -> None:
    part = spec.get("part", "whole")  # a job of an older ledger is whole
    last = ledger.row("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'")
    numbers = count(last[0] + 1 if last else 1)
    check = next(numbers)
    ledger.write(INSERT, check, job, "check", None, None, 0)
    if not only_check and part == "farm":
        places = range(len(spec["chunks"]))
        rows = [(number, job, "chunk", None, place, 1) for place, number in zip(places, numbers, strict=False)]
        ledger.write_many(INSERT, rows)
        ledger.write_many("INSERT INTO needs VALUES (?, ?)", [(row[0], check) for row in rows])
    elif not only_check and part != "deliver":
        _enter_pictures(ledger, job, spec, check, numbers)
    if not only_check and part != "paint":
        kinds = {"deliver": "('check')", "farm": "('chunk')"}.get(part, "('paint', 'hold')")
        pictures = len(spec["frames"]) * len(spec["layers"])
        needed = {"deliver": 1, "farm": len(spec.get("chunks", ()))}.get(part, pictures)
        deliver = next(numbers)
        ledger.write(INSERT, deliver, job, "deliver", None, None, needed)
        ledger.write(f"INSERT INTO needs SELECT ?, id FROM tasks WHERE job = ? AND kind IN {kinds}", deliver, job)
    ledger.write("UPDATE jobs SET unended = (SELECT count(*) FROM tasks WHERE job = ?) WHERE id = ?", job, job)


def cut_anew(ledger: Ledger, job: str, spec: Body, places: list[int], runs: list[list[int]]) -> None:
    """Runs of a job that nobody has taken become others, which are more, of the same frames.

    spec: the job's, to be kept. places: of those runs, in the order in which they are taken.
    """
    chunks = list(spec["chunks"])
    for place, run in zip(places, runs, strict=False):
        chunks[place] = run
    more = runs[len(places) :]
    ends = ledger.rows("SELECT id FROM tasks WHERE job = ? AND kind IN ('check', 'deliver') ORDER BY id", job)
    check, deliver = (row["id"] for row in ends)
    for place, _ in enumerate(more, len(chunks)):
        number = ledger.insert("INSERT INTO tasks (job, kind, frame) VALUES (?, 'chunk', ?)", job, place)
        ledger.write_many("INSERT INTO needs VALUES (?, ?)", [(number, check), (deliver, number)])
    ledger.write("UPDATE tasks SET missing = missing + ? WHERE id = ?", len(more), deliver)
    kept = dump({**spec, "chunks": [*chunks, *more]})
    ledger.write("UPDATE jobs SET unended = unended + ?, spec = ? WHERE id = ?", len(more), kept, job)


def _enter_pictures(ledger: Ledger, job: str, spec: Body, check: int, numbers: Iterator[int]) -> None:
    pictures = picture_tasks(spec)
    prepares = dict(zip(spec.get("prepares", []), numbers, strict=False))  # a job of an older ledger knows none
    ledger.write_many(INSERT, [(number, job, "prepare", layer, None, 1) for layer, number in prepares.items()])
    ledger.write_many("INSERT INTO needs VALUES (?, ?)", [(number, check) for number in prepares.values()])
    under: dict[tuple[str, int], int] = {}  # layer and frame of an underpainting -> its task
    looks, piece = check, list(islice(pictures, PIECE))
    while piece:
        further = list(islice(pictures, PIECE))
        look = next(numbers) if further else 0
        if further:
            ledger.write(INSERT, look, job, "look", None, None, 1)
            ledger.write("INSERT INTO needs VALUES (?, ?)", look, check)
        rows = [(number, picture) for picture, number in zip(piece, numbers, strict=False)]
        under.update({(layer, frame): n for n, (kind, layer, frame, _) in rows if kind == "underpaint"})
        needs = {number: _needs(picture, looks, prepares, under) for number, picture in rows}
        ledger.write_many(INSERT, [(n, job, *picture[:3], len(needs[n])) for n, picture in rows])
        ledger.write_many("INSERT INTO needs VALUES (?, ?)", [(n, one) for n, some in needs.items() for one in some])
        looks, piece = look, further


def _needs(picture: Picture, look: int, prepares: dict[str, int], under: dict[tuple[str, int], int]) -> list[int]:
    kind, layer, _, window = picture
    prepared = [prepares[layer]] if kind in FROM_PASSES and layer in prepares else []
    return [look, *prepared, *(under[layer, frame] for frame in window)]

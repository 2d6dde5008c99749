"""What a server tells of a job, as typed values: its events, what a check found, where it stands, what was made.

Times are seconds; a date is seconds since 1970. Every value keeps the message it was read from in `body`, which may
hold more than is named here. Python >= 3.11; the host programs do not load it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from shared.errors import FramesFailed, InputRefused, SemrenderError, from_dict
from shared.values import Value
from shared.wording import counted

Body = Mapping[str, Any]
ERRORS_SHOWN = 10


class ClassShare(Value):
    """A class of a pass and how much of the picture it is, 0 to 1."""

    name: str
    share: float


class LayerReport(Value):
    """A layer as the check found it; `classes` the largest first."""

    name: str
    model: str
    classes: tuple[ClassShare, ...]
    body: Body = field(repr=False)


class Report(Value):
    """What is in the passes of a job. Where `problems` is not empty nothing can be painted, and the rest may be empty.

    size: width and height in pixels; None where no pass could be read.
    seconds: that painting may take, by what such pictures took before; None where none was painted.
    """

    shot: str
    first: int
    last: int
    size: tuple[int, int] | None
    layers: tuple[LayerReport, ...]
    warnings: tuple[str, ...]
    problems: tuple[SemrenderError, ...]
    seconds: float | None
    body: Body = field(repr=False)

    @classmethod
    def of(cls, body: Body) -> Report:
        layers = [
            LayerReport(
                str(one["name"]),
                str(one["model"]),
                tuple(ClassShare(str(c["name"]), float(c["share"])) for c in one["classes"]),
                one,
            )
            for one in body.get("layers", ())
        ]
        size = body.get("size")
        return cls(
            shot=str(body.get("shot", "")),
            first=int(body.get("first", 0)),
            last=int(body.get("last", 0)),
            size=(int(size[0]), int(size[1])) if size else None,
            layers=tuple(layers),
            warnings=tuple(str(words) for words in body.get("warnings", ())),
            problems=tuple(from_dict(dict(one)) for one in body.get("problems", ())),
            seconds=(body.get("estimate") or {}).get("seconds"),
            body=body,
        )


class Event(Value):
    """Something that happened to a job; `number` counts from 1. One that this version has no class for is just this."""

    name: str
    number: int
    body: Body = field(repr=False)


class Looked(Event):
    """The check goes on; `files` were looked at until now."""

    files: int


class Checked(Event):
    """The passes were looked at; `total` pictures are to be made."""

    report: Report
    total: int


class Preparing(Event):
    """A model looks at a layer before its first frame; of `total` looks at a frame `done` were begun."""

    layer: str
    done: int
    total: int


class Frame(Event):
    """A picture of a layer is finished, or cannot be.

    state: "painted", "kept" (was there already), "copied" (from the same picture elsewhere) or "failed", with `error`.
    done, failed, total: pictures of the job until now, and in all.
    """

    layer: str
    frame: int
    state: str
    done: int
    failed: int
    total: int
    error: SemrenderError | None


class Underpainted(Event):
    """A painting that held frames are made of is finished."""

    layer: str
    frame: int
    done: int
    total: int


class Chunk(Event):
    """A machine of a farm has begun, goes on with, has ended or has lost a run of blocks of the job.

    blocks: its first and last; state: "started", "progress", "ended", "lost" (another machine paints it, `why` in words
    where this one could not) or "failed", with `error`; the counts are pictures of the job.
    """

    blocks: tuple[int, int]
    machine: str
    state: str
    done: int
    failed: int
    total: int
    why: str
    error: SemrenderError | None


class Gone(Event):
    """A machine of a farm has "left", is "refused", is "held" up, or is "painting" again; `words` for a person."""

    machine: str
    state: str
    words: str


class Paused(Event):
    """Nothing goes on for now; `why` in words."""

    why: str


class Resumed(Event):
    """It goes on; `why` in words."""

    why: str


class Ended(Event):
    """The last event. `name` says how: "done", "failed" or "cancelled"."""

    done: int
    total: int


def event_of(header: Body) -> Event:
    """The event in a message of the server: {"event", "n", "body"}."""
    name, number, body = str(header["event"]), int(header["n"]), header["body"]
    counts = {key: int(body.get(key, 0)) for key in ("done", "failed", "total")}
    if name == "looked":
        return Looked(name, number, body, int(body["files"]))
    if name == "checked":
        return Checked(name, number, body, Report.of(body), counts["total"])
    if name == "preparing":
        return Preparing(name, number, body, body["layer"], counts["done"], counts["total"])
    if name == "frame":
        error = from_dict(body["error"]) if body.get("error") else None
        return Frame(
            name, number, body, layer=body["layer"], frame=body["frame"], state=body["state"], error=error, **counts
        )
    if name == "underpainted":
        return Underpainted(name, number, body, body["layer"], body["frame"], body["under_done"], body["under_total"])
    if name == "chunk":
        first, last = body["blocks"]
        error = from_dict(body["error"]) if body.get("error") else None
        machine, state, why = (str(body.get(key, "")) for key in ("machine", "state", "why"))
        return Chunk(
            name, number, body, blocks=(first, last), machine=machine, state=state, why=why, error=error, **counts
        )
    if name == "machine":
        return Gone(name, number, body, body["machine"], body["state"], body["words"])
    if name in ("paused", "resumed"):
        return (Paused if name == "paused" else Resumed)(name, number, body, str(body["why"]))
    if name in ("done", "failed", "cancelled"):
        finished = counts["total"] if name == "done" else counts["done"]
        return Ended(name, number, body, finished, counts["total"])
    return Event(name, number, body)


class Status(Value):
    """Where a job stands.

    state: "checking", "painting", "delivering", "paused" (`paused` says why), "done", "failed" or "cancelled".
    began, ended: dates; None where it has not.
    """

    id: str
    name: str
    state: str
    out: Path
    owner: str
    priority: int
    done: int
    failed: int
    total: int
    paused: str
    created: float
    began: float | None
    ended: float | None
    body: Body = field(repr=False)

    @classmethod
    def of(cls, body: Body) -> Status:
        names = ("name", "state", "priority", "done", "failed", "total", "created", "ended")
        return cls(
            id=str(body["job"]),
            out=Path(body["out"]),
            owner=str(body.get("owner") or ""),
            paused=str(body["paused"] or ""),
            began=body.get("began"),
            body=body,
            **{name: body[name] for name in names},
        )


class Result(Value):
    """What a finished job made. Paths are absolute and of this machine.

    folder: with one sequence a layer. delivery: its delivery.json. comp: the After Effects project; None where none was
    wanted or none could be made, which `notes` say. painted, kept, copied: pictures; underpainted: paintings that
    held frames were made of. seconds: from the check to the end; None where the server does not say.
    """

    job: str
    folder: Path
    delivery: Path | None
    comp: Path | None
    preview: Path | None
    animation: Path | None
    movie: Path | None
    painted: int
    kept: int
    copied: int
    underpainted: int
    seconds: float | None
    notes: tuple[str, ...]


def finished(done: int, total: int) -> str:
    """How much of a job that did not come to its end is there, in words."""
    frames = counted(total, "frame")
    return counted(done, f"of {frames} is finished", f"of {frames} are finished")


def refusal(problems: tuple[SemrenderError, ...]) -> SemrenderError:
    """One error for what a check found; there is at least one problem."""
    if len(problems) == 1:
        return problems[0]
    words = "\n".join(f"  {error}" for error in problems)
    return InputRefused(f"{len(problems)} problems were found before rendering:\n{words}", remedy="Nothing was painted")


def failure(body: Body, folder: Path) -> SemrenderError:
    """Why a job failed, of its last event: the frames that did, or what was refused before the first."""
    errors = tuple(from_dict(error) for error in body["errors"])
    if body["frames_failed"] == 0:
        return refusal(errors)
    words = "\n".join(f"  {error}" for error in errors[:ERRORS_SHOWN])
    more = body["failed"] - ERRORS_SHOWN
    return FramesFailed(
        f"{body['failed']} of {counted(body['total'], 'frame')} failed:\n{words}"
        + (f"\n  and {more} more" if more > 0 else ""),
        remedy=f"What is finished ({body['done']}) is in {folder}; mend the cause and run the same command again",
    ).with_frames(errors, {name: int(body.get(name, 0)) for name in ("painted", "kept", "copied")})

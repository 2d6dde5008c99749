"""Painting from Python: a server to talk to, jobs to hand over and follow, and what they made.

The command line and `import semrender` stand on this. A `Server` and its jobs belong to one thread. Python >= 3.11; the
host programs do not load it.
"""

from __future__ import annotations

import time
import uuid
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol, Unpack

from shared import handing, places
from shared.asked import Source, listed, shot_of
from shared.blocks import PER_RUN
from shared.changes import Changes
from shared.client import Client
from shared.errors import InputRefused, Interrupted, SemrenderError, ServerError
from shared.sequences import parse_range
from shared.servers import find_server, private_server
from shared.shot import Shot
from shared.told import Ended, Event, Report, Result, Status, event_of, failure, finished

WITHDRAW_SECONDS = 2.0  # that a job may take to come in which nobody wants any more


class Comps(Protocol):
    """How a delivery becomes a comp on this machine, where the server has not made one."""

    def make(self, delivery: Path) -> tuple[Path, tuple[str, ...]]:
        """Lay it out and offer it to the panel of After Effects; the project, and notes."""

    def offer(self, delivery: Path) -> None:
        """Only offer it."""


def find(here: bool = False, device: str = "auto", name: str = "python", comps: Comps | None = None) -> Server | None:
    """The server that runs here, else the one that this machine is connected to; None where none runs.

    here: this machine's alone. Raises ServerError where it is there and cannot be used, or paints on another device.
    """
    client = find_server(name, here)
    if client is None:
        return None
    server = Server(client, comps)
    if device != "auto" and not server.paints_on(device):
        server.close()
        raise ServerError(
            f"the server that runs paints on {' and '.join(server.devices)}, not on {device}",
            remedy="Leave out --device, or stop that server",
        )
    return server


def start(device: str = "auto", name: str = "python", comps: Comps | None = None) -> Server:
    """A server of our own, until it is closed or this process ends, however. Raises ServerError."""
    stack = ExitStack()
    return Server(stack.enter_context(private_server(name, device)), comps, stack)


class Server:
    """A server that paints. Made by `connect`; a context manager, or `close` it.

    address: where it is. private: it is this process's own and ends with it. devices: on which it paints; empty until
    its workers have said so.
    """

    def __init__(self, client: Client, comps: Comps | None, owned: ExitStack | None = None) -> None:
        self.client = client
        self.address = client.address
        self.private = owned is not None
        about = client.hello("python")
        self.version, self.build = str(about["version"]), str(about.get("build", ""))  # one of before has none
        self.devices = tuple(str(worker["device"]) for worker in about["workers"] if worker["ready"])
        self._comps = comps
        self._close = weakref.finalize(self, owned.close if owned is not None else client.close)
        self._close.atexit = owned is not None  # a socket's thread may still be at work then

    def close(self) -> None:
        """Leave the server; a private one ends, and with it what it was painting."""
        self._close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<semrender {self.version} at {self.address}{', private' if self.private else ''}>"

    def paints_on(self, device: str) -> bool:
        """Whether it has such a device ("cuda" is any of them), or has not said yet what it has."""
        return not self.devices or any(device in (one, one.split(":")[0]) for one in self.devices)

    def models(self) -> dict[str, dict[str, Any]]:
        """The models that it has by name, each as its card.json says."""
        return {str(card["name"]): card for card in self.client.models()["models"]}

    def check(
        self,
        source: Source,
        *,
        base: str | Path = ".",
        frames: Iterable[int] | str | None = None,
        layers: Iterable[str] | None = None,
        **changes: Unpack[Changes],
    ) -> Report:
        """What is in the passes, without painting. What is wrong with them is in its `problems`.

        Arguments as for `submit`. Raises InputRefused where the shot itself cannot be read, and ServerError.
        """
        shot, folder, notes = self._shot(source, base, layers, changes)
        job = handing.describe(shot, folder, _numbers(frames), listed(layers))
        report = self.client.check({**job, "out": job["base"]})
        if notes:
            report["warnings"] = [*notes, *report.get("warnings", ())]
        return Report.of(report)

    def submit(
        self,
        source: Source,
        out: str | Path | None = None,
        *,
        base: str | Path = ".",
        frames: Iterable[int] | str | None = None,
        layers: Iterable[str] | None = None,
        format: str = "png",
        priority: int = 0,
        overwrite: bool = False,
        comp: bool = True,
        movie: str = "h264",
        part: str = "whole",
        per: int = PER_RUN,
        owner: str = "",
        backwards: bool = False,
        of: str = "",
        by: str = "",
        hashes: Mapping[str, str] | None = None,
        **changes: Unpack[Changes],
    ) -> Job:
        """Hand a shot over to be painted; returns when it is on the server's disk.

        Args:
            source: a shot.json, a folder, one frame or a pattern such as "label.####.png", or a Shot.
            out: folder for the painted layers; None = painted/NAME-OF-THE-SHOT in the current one.
            base: the folder that the patterns of a Shot are relative to.
            frames: numbers, or a range such as "1001-1100x10"; None = all.
            layers: their names; None = all.
            format: "png" (8-bit sRGB), "exr" (linear half float) or "exr-acescg".
            priority: -100 to 100; higher goes first.
            overwrite: paint over delivered frames of another look; else these go into a take beside them.
            comp: make an After Effects project of it, too.
            movie: "h264" (movie.mp4), "prores" (movie.mov) or "none".
            part: "paint" leaves out the delivery, for one of several machines that paint a shot; "deliver" makes the
                delivery of what they painted; "farm" has other machines take runs of `per` blocks of it.
            per: blocks of twelve frames, see docs/farm.md.
            owner: who is told to have asked for it; "" = who is logged in here.
            backwards: paint the last frame first: another machine has begun with the first ones.
            of: the id of a job of a farm, of which it is a piece, painted as long as it is watched.
            by: which machine of the farm hands the piece over, see the verb `end_pieces`.
            hashes: layer -> hash of the card of the model that it must be painted with; None = as the names say.
            changes: what is wanted otherwise than the shot says, see `Changes`.

        Raises InputRefused, ModelRefused or ServerError. Passes are only looked at when the job begins: see `check`.
        """
        shot, folder, notes = self._shot(source, base, layers, changes)
        target = Path("painted", shot.name) if out is None else Path(out)
        target = target.absolute()
        handing.apart_from_passes(shot, folder, target)
        files = None
        ours = self.private or of  # a piece is handed to this machine's own server, even if its disk is full
        if not ours and not handing.shares_disk(self.client, shot, folder, target):
            shot, files = handing.uploadable(shot, folder)
        job = handing.describe(shot, folder, _numbers(frames), listed(layers))
        job.update(out=str(target), format=format, priority=priority, overwrite=overwrite)
        job.update(comp=comp, movie=movie, part=part, **({"per": per} if part == "farm" else {}))
        told = {"owner": owner, "backwards": backwards, "of": of, "by": by, "hashes": hashes}
        job.update({name: value for name, value in told.items() if value})
        comps = self._comps if comp else None
        identity = uuid.uuid4().hex
        try:
            self.client.submit({**job, "job": identity}, files)
        except KeyboardInterrupt:
            self._withdraw(identity)
            raise
        return Job(self, identity, target, files is not None, overwrite, comps, notes)

    def _withdraw(self, identity: str) -> None:
        """Cancel a job that was on its way: the server has it, or will in a moment, or never."""
        until = time.monotonic() + WITHDRAW_SECONDS
        while not self.private and time.monotonic() < until:
            with suppress(ServerError):
                self.client.request("cancel", {"job": identity}, seconds=WITHDRAW_SECONDS, attempts=1)
                return
            time.sleep(0.05)

    def jobs(self) -> tuple[Status, ...]:
        """Every job that waits or runs, and the last ones that ended; newest last."""
        return tuple(Status.of(job) for job in self.client.jobs())

    def job(self, id: str, out: str | Path | None = None, *, overwrite: bool = False, comp: bool = True) -> Job:
        """A job that was handed over before, by anybody; `id` may be the beginning of it.

        out: fetch its files into this folder; None = they are where it says. Raises InputRefused.
        """
        status = self._known(id)
        comps = self._comps if comp and status.body.get("comp") is not False else None
        folder, collects = (Path(out).absolute(), True) if out is not None else place_of(status)
        return Job(self, status.id, folder, collects, overwrite, comps)

    def _known(self, id: str) -> Status:
        found = [job for job in self.client.jobs() if id and job["job"].startswith(id)]
        if len(found) != 1:
            what = f"{len(found)} jobs begin" if found else "no job begins"
            raise InputRefused(f"{what} with {id!r}", remedy="See `semrender jobs`")
        return Status.of(found[0])

    def _shot(
        self, source: Source, base: str | Path, layers: Iterable[str] | None, changes: Changes
    ) -> tuple[Shot, Path, tuple[str, ...]]:
        card = self.models().get(changes["model"]) if changes.get("model") else None
        return shot_of(source, base, layers, changes, card)


class Job:
    """A job at a server. `notes` say what was left out when it was handed over."""

    def __init__(
        self,
        server: Server,
        id: str,
        out: Path | None,
        collects: bool,
        overwrite: bool,
        comps: Comps | None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.server = server
        self.id = id
        self._out = out
        self.notes = notes
        self._collects = collects
        self._overwrite = overwrite
        self._comps = comps
        self._seen = 0
        self._last: Ended | None = None

    def __repr__(self) -> str:
        return f"<semrender job {self.id[:8]}>"

    @property
    def out(self) -> Path:
        """Where its files go. Raises InputRefused where they were fetched to another machine and no folder is named."""
        return self._place()

    def _place(self) -> Path:
        if self._out is None:
            asked = self.status().body["collect"]
            raise InputRefused(
                "the files of this job are for another machine",
                cause=f"It was asked for by {asked['host'] or 'an unknown one'}, into {asked['out'] or 'no folder'}",
                remedy="Fetch them here with --out FOLDER",
            )
        return self._out

    def status(self) -> Status:
        """Where it stands now."""
        return Status.of(self.server.client.ask("show", self.id))

    def watch(self, since: int = 0, pulse: float | None = None) -> Iterator[Event]:
        """Its events after number `since`, those of before first, until it has ended. The last one is an `Ended`.

        Whoever stops iterating stops watching; the job goes on. One job of a server is watched at a time.
        pulse: seconds of silence after which an event "silence" comes. Raises
        ServerError where the server is lost, and InputRefused where its files would have no place here, see `out`.
        """
        self._place()
        for header in self.server.client.watch(self.id, since, pulse):
            event = event_of(header)
            self._seen = event.number
            if isinstance(event, Ended):
                self._last = event
            yield event

    def result(self) -> Result:
        """What it made, as soon as it has ended; files are fetched first where the server has another disk.

        Raises FramesFailed (what is finished stays), the errors of its passes, Interrupted where it was cancelled, and
        ServerError where the server is lost.
        """
        if self._last is None:
            last = int(self.server.client.ask("show", self.id)["events"]) - 1  # or what comes after it
            for _ in self.watch(max(self._seen, last, 0)):
                pass
        assert self._last is not None
        body = self._last.body
        if self._last.name == "failed":
            raise failure(body, self.out)
        if self._last.name == "cancelled":
            raise Interrupted(f"the job was cancelled; {finished(body['done'], body['total'])}")
        notes = [*self.notes, *body.get("notes", ())]
        folder = Path(body.get("out", self.out))
        if self._collects:
            folder = self.server.client.bring(self.id, self.out, self._overwrite)
            if folder != self.out:
                notes.insert(0, f"{self.out} holds another look, so this went into {folder}")
        made = {key: folder / body[key] for key in ("delivery", "preview", "animation", "movie") if body.get(key)}
        comp = None
        if "delivery" in made and self._comps is not None:
            comp, more = _comp(self._comps, made["delivery"], body.get("project"), offered=self.server.private)
            notes += more
        return Result(
            job=self.id,
            folder=folder,
            delivery=made.get("delivery"),
            comp=comp,
            preview=made.get("preview"),
            animation=made.get("animation"),
            movie=made.get("movie"),
            **{key: int(body.get(key, 0)) for key in ("painted", "kept", "copied", "underpainted")},
            seconds=body.get("seconds"),
            notes=tuple(notes),
        )

    def cancel(self) -> None:
        """Stop it; what is finished stays."""
        self.server.client.cancel(self.id)

    def pause(self) -> None:
        """Have no more of its frames painted until it is resumed."""
        self.server.client.ask("pause", self.id)

    def resume(self) -> None:
        self.server.client.ask("resume", self.id)

    def prioritise(self, priority: int) -> None:
        """-100 to 100; higher goes first."""
        self.server.client.ask("priority", self.id, priority=priority)


def _comp(comps: Comps, delivery: Path, project: str | None, offered: bool) -> tuple[Path | None, tuple[str, ...]]:
    """The comp of a delivery, and notes: what After Effects cannot hold is one, since the paintings are there.

    project: where the server has made it. offered: to the panel of this machine, too.
    """
    try:
        if project is None:
            return comps.make(delivery)
        if not offered:
            comps.offer(delivery)
        return Path(project), ()
    except SemrenderError as error:
        return None if project is None else Path(project), (f"no After Effects project was written: {error}",)


def place_of(status: Status) -> tuple[Path | None, bool]:
    """Where a job's files go on this machine, None where that is open, and whether they must be fetched."""
    fetched = status.body.get("collect")
    if fetched is None:
        return status.out, False
    here = fetched["host"] == places.HOST and fetched["out"]
    return Path(fetched["out"]) if here else None, True


def _numbers(frames: Iterable[int] | str | None) -> list[int] | None:
    if frames is None:
        return None
    return parse_range(frames) if isinstance(frames, str) else list(frames)

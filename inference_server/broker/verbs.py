"""What clients can ask the broker for. Every verb is a function of (client, request, body, blobs).

A verb changes the ledger and answers; the broker sends the answer once the change is on disk. All verbs may be
repeated without harm: `submit` and `put` carry the job's id, chosen by the client. Whatever a client or a job names on
a disk is looked at aside, and the answer comes when the disk's has come.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from inference_server.broker.requests import job_spec, priority
from inference_server.broker.spool import IDLE_SECONDS, JOB, free, page
from inference_server.broker.told import INTERACTIVE
from inference_server.models import catalogue
from inference_server.roots import inside
from shared import places, protocol
from shared.errors import DiskFull, InputRefused, SemrenderError
from shared.shot import Shot

if TYPE_CHECKING:
    from inference_server.broker.chunks import Chunks
    from inference_server.broker.crew import Crew
    from inference_server.broker.jobs import Jobs
    from inference_server.broker.pieces import Pieces
    from inference_server.broker.settings import Settings
    from inference_server.broker.space import Disks
    from inference_server.broker.spool import Spool

SEEN_BYTES = 65536  # of a file that client and server compare to find a shared disk
SEEN_FILES = 16
PAGE, MOST_AT_ONCE = 500, 20_000  # entries of the disk that one `tree` looks at
SHARED_FOLDERS = {
    "mattes",
    "frame_by_frame",
    "tracks",
    "audio",
    "passes",
}  # of an output folder, beside one for every layer
LONG_SECONDS = 15.0  # that reading in an output folder may take
DAY = 86400.0
MAX_PATH = 4096  # characters

log = logging.getLogger("semrender.broker")

Body = dict[str, Any]
Verb = Callable[[bytes, str, Body, list[bytes]], None]
Step = tuple[Path, Callable[[], Any]]  # a place, and what is looked for there


class Turn(Protocol):
    """What a verb sees of the broker, in whose turn it runs."""

    settings: Settings
    jobs: Jobs
    chunks: Chunks
    pieces: Pieces
    spool: Spool
    crew: Crew
    disks: Disks
    ending: bool
    checks: dict[tuple[bytes, str], str]  # client and request of a `check` -> its job
    watchers: dict[tuple[bytes, str], tuple[int, float]]  # (client, job) -> (events it has, renewed)
    doing: set[str]  # what this turn's transaction is about, for the crash points

    def answer(self, client: bytes, frames: list[bytes]) -> None: ...
    def look(
        self,
        client: bytes,
        request: str,
        folder: Path,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        seconds: float = ...,
    ) -> None: ...
    def stop(self, at_once: bool = False) -> None: ...
    def sweep_spool(self, idle: float = ...) -> None: ...


class Verbs:
    """Each public method is a verb of its name."""

    def __init__(self, broker: Turn) -> None:
        self._broker = broker
        self._jobs = broker.jobs
        self._spool = broker.spool

    def hello(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Versions, and how the server is."""
        protocol.check_version(body, "server", "client")
        broker = self._broker
        about = {
            "protocol": protocol.PROTOCOL,
            "min_protocol": protocol.MIN_PROTOCOL,
            "version": broker.settings.version,
            "build": broker.settings.build,
            "pid": os.getpid(),
            "workers": [
                {"device": w.device, "ready": w.ready, "tasks": len(w.tasks), **w.about}
                for w in broker.crew.workers.values()
            ],
            "deaths": broker.crew.deaths,
            "machines": broker.chunks.there(),
            "ledger": str(broker.settings.ledger or ""),
            "spool": {"used": self._spool.used, "limit": self._spool.limit},
            "free": free(places.home()),
            "ending": broker.ending,
        }
        self._answer(client, request, about)

    def ping(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        self._answer(client, request, {})

    def models(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        found, broken = catalogue.available_cards()
        listed = [card.to_dict() for card in found.values()]
        words = {name: str(error) for name, error in broken.items()}
        self._answer(client, request, {"models": listed, "broken": words, "default": catalogue.DEFAULT_MODEL})

    def sees(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Whether files that the client sees are the same here: a shared disk is found out, not assumed."""
        files = body.get("files")
        if not isinstance(files, list) or len(files) > SEEN_FILES:
            raise InputRefused("no list of files to look at")
        roots = self._roots()
        looks: list[Step] = [(_place(entry), partial(_same, entry, roots)) for entry in files]
        self._in_turn(client, request, looks, lambda same: self._answer(client, request, {"same": same}))

    def put(self, client: bytes, request: str, body: Body, blobs: list[bytes]) -> None:
        """One piece of a file of a job that will be submitted."""
        if len(blobs) != 1:
            raise InputRefused("a piece of a file without its bytes")
        offset, size = whole_of(body, "offset"), whole_of(body, "size")
        if self._jobs.known(str(body.get("job"))):
            raise InputRefused("this job was accepted with the passes that it has", remedy="Submit another job")
        self._spool.put(str(body.get("job")), str(body.get("name")), offset, size, blobs[0])
        self._answer(client, request, {})

    def check(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = str(body.get("job") or uuid.uuid4().hex)

        def enter(spec: Body) -> None:
            if not self._jobs.known(job):
                self._jobs.open(job, {**spec, "only_check": True}, only_check=True, priority=INTERACTIVE)
            self._broker.checks[client, request] = job

        self._described(client, request, job, body, enter)

    def submit(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Answered when the job is on disk. The same id again is the same job."""
        job = str(body.get("job"))
        if not JOB.fullmatch(job):
            raise InputRefused(f"{job[:64]!r} is no name of a job", remedy="It is 32 hexadecimal digits")

        def enter(spec: Body) -> None:
            if not self._jobs.known(job):
                if free(places.home()) < self._broker.settings.reserve_mib * 2**20:
                    raise DiskFull(
                        "the server's disk is full, so it accepts no job",
                        file=places.home(),
                        remedy=f"Free at least {self._broker.settings.reserve_mib} MiB there",
                    )
                self._jobs.open(job, spec, priority=priority(body))
                if spec["of"]:
                    self._broker.pieces.begun(job, time.monotonic())
                log.info("job %s: %s of %s, into %s", job, spec["shot"]["name"], spec["owner"] or "-", spec["out"])
            self._broker.doing.add("submit")
            self._answer(client, request, {"job": job, "out": self._jobs.summary(job)["out"]})

        self._described(client, request, job, body, enter)

    def watch(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Events after number `since`: a lease that the watcher renews with `renew`, its way to ask "are you there".

        A renewal goes on where the events are; a server that does not know the watcher begins at `since`.
        """
        job = self._job(body)
        since = max(0, whole_of(body, "since"))
        known = self._broker.watchers.get((client, job)) if body.get("renew") is True else None
        self._broker.watchers[client, job] = (known[0] if known else since, time.monotonic())
        self._broker.pieces.asked(job, time.monotonic())
        self._answer(client, request, self._jobs.summary(job))

    def jobs(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        self._answer(client, request, {"jobs": self._jobs.summaries()})

    def asked(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """What a job was asked to paint, so that it can be asked again with a change."""
        spec = self._jobs.spec(self._job(body))
        names = ("shot", "base", "out", "format", "frames", "layers")
        more = {name: spec.get(name) for name in ("asked", "overwrite", "comp", "movie", "collect")}
        self._answer(client, request, {**{name: spec[name] for name in names}, **more})

    def show(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """All that is known of a job: where it stands, what was asked, what the check found, why frames failed."""
        job = self._job(body)
        spec = self._jobs.spec(job)
        asked = {name: spec[name] for name in ("shot", "base", "out", "format", "frames", "layers", "models")}
        found = {"report": self._jobs.report(job), "errors": self._jobs.errors(job)}
        self._answer(client, request, {**self._jobs.summary(job), "asked": asked, **found})

    def cancel(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = self._job(body)
        self._jobs.cancel(job)
        self._broker.doing.add("cancel")
        self._broker.crew.tell({"drop": job})
        self._answer(client, request, self._jobs.summary(job))

    def pause(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = self._job(body)
        self._jobs.pause(job, "asked")
        self._answer(client, request, self._jobs.summary(job))

    def resume(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = self._job(body)
        self._jobs.resume(job)
        self._answer(client, request, self._jobs.summary(job))

    def priority(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        job = self._job(body)
        self._jobs.prioritise(job, priority(body))
        self._answer(client, request, self._jobs.summary(job))

    def clean(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Forget ended jobs older than `days`, what they and uploads without a job left in the spool, and if asked the
        quarantine."""
        days = body.get("days", 0)
        if not isinstance(days, int | float) or isinstance(days, bool) or not 0 <= days < 100_000:
            raise InputRefused(f"{days!r} is no number of days")
        ended = time.time() - days * DAY
        if body.get("dry") is True:
            would = [self._jobs.summary(job) for job in self._jobs.ended_before(ended)]
            self._answer(client, request, {"jobs": len(would), "bytes": 0, "would": would})
            return
        before = self._spool.used
        self._broker.doing.add("clean")
        gone = self._jobs.clean(ended, quarantine=body.get("quarantine") is True)
        self._broker.sweep_spool(min(days * DAY, IDLE_SECONDS))
        self._answer(client, request, {"jobs": len(gone), "bytes": before - self._spool.used})

    def tree(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Names, sizes and, of paintings and mattes, keys of the files in a job's output folder.

        It comes by pages: `next` is the `after` of the next one. A client of the version before does not ask on: it
        must not take a part for the whole, and knows no keys.
        """
        from shared.takes import key_of  # it brings the delivery, and few clients have another disk

        job = self._job(body)
        folders = {layer["name"] for layer in self._jobs.spec(job)["shot"]["layers"]} | SHARED_FOLDERS
        out, roots = self._output(job)
        after = text_of(body, "after") if "after" in body else None

        def listed() -> Body:
            inside(out, roots)
            if after is not None:
                files, more = page(out, folders, after, PAGE)
                return {"files": [[name, size, key_of(out / name)] for name, size in files], "next": more}
            files, more = page(out, folders, "", MOST_AT_ONCE)
            if more:
                raise InputRefused("the output folder has too many files for this client", remedy="Update the client")
            return {"files": files, "next": more}

        def answer(found: Body) -> None:
            self._answer(client, request, found)

        self._broker.look(client, request, out, listed, answer, LONG_SECONDS)

    def fetch(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A piece of a file of the output folder, from `offset` on."""
        out, roots = self._output(self._job(body))
        name, offset = text_of(body, "path"), max(0, whole_of(body, "offset"))

        def read() -> tuple[int, bytes]:
            folder = inside(out, roots).resolve()
            try:
                path = (folder / name).resolve()
                if not path.is_relative_to(folder):
                    raise FileNotFoundError
                with places.open_file(path) as file:
                    file.seek(offset)
                    return path.stat().st_size, file.read(protocol.CHUNK)
            except OSError as error:
                raise InputRefused("the job has no such file", file=name[:200]) from error

        def answer(found: tuple[int, bytes]) -> None:
            size, piece = found
            self._broker.answer(client, protocol.reply(request, {"size": size}, [piece]))

        self._broker.look(client, request, out, read, answer, LONG_SECONDS)

    def stop(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """End when the tasks in hand are finished; the rest waits in the ledger."""
        self._answer(client, request, {})
        self._broker.stop()

    def _answer(self, client: bytes, request: str, body: Body) -> None:
        self._broker.answer(client, protocol.reply(request, body))

    def _job(self, body: Body) -> str:
        return str(self._jobs.summary(str(body.get("job")))["job"])

    def _output(self, job: str) -> tuple[Path, list[str] | None]:
        """A job's output folder, and the folders that it must still lie in when it is used."""
        return Path(self._jobs.summary(job)["out"]), self._jobs.spec(job)["roots"]

    def _described(self, client: bytes, request: str, job: str, body: Body, then: Callable[[Body], None]) -> None:
        """Make a job's description, after each place that it names has answered: no worker is to hang there.

        Of a job that is known already `then` gets nothing; by the time of the answer it may have become known, too.
        """
        if self._jobs.known(job):
            then({})
            return
        if "files" in body:
            self._spool.claim(job, body["files"])
        shot = Shot.from_dict(body.get("shot"))
        named = {shot.label_set, *(layer.label_set or "" for layer in shot.layers)}
        paths = [Path(name) for name in sorted(named) if name.lower().endswith(".json")]
        if "files" not in body:
            paths += [Path(text_of(body, "base")), Path(text_of(body, "out"))]
        looks: list[Step] = [(path, partial(_is_there, path)) for path in paths]
        looks.append((paths[-1] if paths else self._spool.folder, lambda: self._spec(job, body)))
        self._in_turn(client, request, looks, lambda found: then(found[-1]))

    def _in_turn(self, client: bytes, request: str, looks: list[Step], then: Callable[[list[Any]], None]) -> None:
        """Look at one place after the other, so that the one that does not answer is named."""
        found: list[Any] = []

        def go_on(value: Any) -> None:
            found.append(value)
            begin()

        def begin() -> None:
            if len(found) == len(looks):
                then(found)
            else:
                self._broker.look(client, request, *looks[len(found)], go_on)

        begin()

    def _spec(self, job: str, body: Body) -> Body:
        """Aside: it touches what the client names."""
        slots = self._broker.chunks.members.slots
        if "files" in body:
            folder, out = self._spool.inputs(job), self._spool.outputs(job)
            roots = [str(out.parent.resolve())]
            spec = job_spec(body, folder.resolve(), out.resolve(), roots, uploaded=True, slots=slots)
        else:
            base, out = Path(text_of(body, "base")), Path(text_of(body, "out"))
            spec = job_spec(body, base, out, self._roots(), uploaded=False, slots=slots)
        protocol.check_size(spec)  # every worker must be told
        return spec

    def _roots(self) -> tuple[str, ...] | None:
        settings = self._broker.settings
        return None if settings.clients is None and not settings.roots else settings.roots


def _place(entry: Any) -> Path:
    return Path(entry[0]) if isinstance(entry, list) and entry and isinstance(entry[0], str) else Path()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _same(entry: Any, roots: tuple[str, ...] | None) -> bool:
    try:
        path, digest = Path(entry[0]), str(entry[1])
        with places.open_file(inside(path, roots)) as file:
            return hashlib.sha256(file.read(SEEN_BYTES)).hexdigest() == digest
    except (OSError, ValueError, TypeError, LookupError, SemrenderError):
        return False


def text_of(body: Body, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or "\0" in value or len(value) > MAX_PATH:
        raise InputRefused(f'"{name}" is no path')
    return value


def whole_of(body: Body, name: str) -> int:
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**53:
        raise InputRefused(f'"{name}" is no whole number')
    return value

"""What machines without our disk ask: models by hash, the passes of a job, a place for what they painted.

Verbs like those of `verbs`. Files are named as `shared.handing.numbered` names them and as they lie in the output
folder; nobody names a path of ours. Everything is read and written in pieces, beside the loop.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from inference_server.broker.spool import page, safe_name
from inference_server.broker.verbs import LONG_SECONDS, MOST_AT_ONCE, Turn, text_of, whole_of
from inference_server.models import catalogue, travelling
from inference_server.roots import inside
from shared import places, protocol
from shared.errors import InputRefused, MissingInput, ServerError, unwritable
from shared.label_set import file_of, load_label_set
from shared.shot import Shot
from shared.values import Value

ROWS = 2000  # of one page of a listing
MOST_NAMES = 200  # of one question
HASHED_BYTES = 256 * 2**20  # that one question reads to hash files
LISTS, SUMS, COMING = 8, 100_000, 256  # kept in memory
MOST_RESULT = 4 * 2**30  # bytes of one file
OF_MACHINES = ("mattes", "prepared")  # folders that machines write into, beside one for every layer

Body = dict[str, Any]


class Listed(Value):
    """The passes of a job under the names that they travel by. shot: with these names; frames: None is all of them."""

    shot: Body
    paths: dict[str, Path]
    frames: dict[str, int | None]
    sets: dict[str, list[str]]  # what the shot calls a label set -> its name here, and its hash


class Travelling:
    """Each public method is a verb of its name."""

    def __init__(self, broker: Turn) -> None:
        self._broker = broker
        self._jobs = broker.jobs
        self._lock = threading.Lock()
        self._lists: OrderedDict[str, Listed] = OrderedDict()
        self._sums: OrderedDict[tuple[Path, int, int], Any] = OrderedDict()  # whole, or what was read of it
        self._coming: OrderedDict[tuple[bytes, str, str], Path] = OrderedDict()  # results: half-written files

    def model(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A model by `name` and `hash`: its `card` and its `files`, [name, bytes, SHA-256]; or a piece of a `file`.

        The piece comes from `offset` on, with the file's `size`. A program of somebody's is refused.
        """
        name, hash, file = text_of(body, "name"), text_of(body, "hash"), text_of(body, "file")
        offset = max(0, whole_of(body, "offset"))

        def read() -> tuple[Body, list[bytes]]:
            card = catalogue.find_card(name, hash)
            if card.hash != hash:
                raise InputRefused(f"there is no {card.name} of that hash here", remedy="Submit the job again")
            files = travelling.files_of(card)
            try:
                if not file:
                    sized = [[one, (card.folder / one).stat().st_size, sha256] for one, sha256 in files.items()]
                    return {"card": dict(card.source), "files": sized}, []
                if file not in files:
                    raise InputRefused(f"the model {card.name} has no such file", file=file[:200])
                return _piece(card.folder / file, offset)
            except OSError as error:
                raise InputRefused(f"a file of the model {card.name} is missing", cause=error.strerror or "") from error

        self._look(client, request, places.models_folder(), read)

    def passes(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """The files that a job's shot names: `files`, [name, frame or None, path here] each, from place `after` on.

        `next` is the `after` of the next page, None at the end. `shot` has these names; `sets` says of each label set
        that it calls by another [name, hash].
        """
        job, spec = self._farm_job(body)
        after = max(0, whole_of(body, "after"))

        def listed() -> tuple[Body, list[bytes]]:
            found = self._listed(job, spec)
            names = list(found.paths)[after : after + ROWS]
            rows = [[name, found.frames[name], str(found.paths[name])] for name in names]
            more = after + ROWS if after + ROWS < len(found.paths) else None
            return {"files": rows, "next": more, "shot": found.shot, "sets": found.sets}, []

        self._look(client, request, Path(spec["base"]), listed)

    def marks(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Of some of a job's passes, by their `names`, what `shared.handing.mark_of` says: `marks`.

        whole: or their bytes and SHA-256, [bytes, hash]. None of one that is not there any more. What does not come in
        one answer is asked for again: `marks` is shorter, or empty.
        """
        job, spec = self._farm_job(body)
        names, whole = body.get("names"), body.get("whole") is True
        if not isinstance(names, list) or len(names) > MOST_NAMES:
            raise InputRefused(f"no list of at most {MOST_NAMES} names")

        def found() -> tuple[Body, list[bytes]]:
            from shared import handing

            paths = [self._path(job, spec, name) for name in names]
            with _in_words():
                marks = self._whole(paths) if whole else [handing.mark_if_there(path) for path in paths]
            return {"marks": marks}, []

        self._look(client, request, Path(spec["base"]), found)

    def fetch_pass(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A piece of a job's pass, by its `name`, from `offset` on, with the file's `size`."""
        job, spec = self._farm_job(body)
        offset = max(0, whole_of(body, "offset"))

        def read() -> tuple[Body, list[bytes]]:
            with _in_words():
                return _piece(self._path(job, spec, body.get("name")), offset)

        self._look(client, request, Path(spec["base"]), read)

    def results(self, client: bytes, request: str, body: Body, __: list[bytes]) -> None:
        """What is in a job's output folder of the frames in `numbers`, [first, last] as in the names of files.

        Pictures, mattes and what was prepared of layers: `files`, [name, bytes, key of its header or None] each, from
        place `after` on; `next` is the `after` of the next page, "" at the end.
        """
        _, spec = self._farm_job(body)
        out, after, numbers = Path(spec["out"]), text_of(body, "after"), body.get("numbers")
        if not (isinstance(numbers, list) and len(numbers) == 2 and all(type(one) is int for one in numbers)):
            raise InputRefused('"numbers" is no pair of whole numbers')
        wanted = range(numbers[0], numbers[1] + 1)

        def listed() -> tuple[Body, list[bytes]]:
            from shared.takes import key_of  # it brings the delivery, and few servers are of a farm

            inside(out, spec["roots"])
            files, more = page(out, {*OF_MACHINES, *spec["layers"]}, after, MOST_AT_ONCE)
            own = [(name, size) for name, size in files if _of_frames(name, spec["layers"], wanted)]
            return {"files": [[name, size, key_of(out / name)] for name, size in own], "next": more}, []

        self._look(client, request, out, listed)

    def fetch_result(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A piece of a file that `results` names, from `offset` on, with the file's `size`."""
        _job, spec = self._farm_job(body)
        name, offset = _result_name(body, spec), max(0, whole_of(body, "offset"))

        def read() -> tuple[Body, list[bytes]]:
            try:
                return _piece(inside(Path(spec["out"]) / name, spec["roots"]), offset)
            except OSError as error:
                raise InputRefused("the job has no such file", file=str(name)) from error

        self._look(client, request, Path(spec["out"]), read)

    def token(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """Whether a file that a machine has made in the output folder as it sees it, by `name`, is `there`."""
        _job, spec = self._farm_job(body)
        name, out = text_of(body, "name"), Path(spec["out"])
        if not re.fullmatch(r"\.semrender-[0-9a-f]{32}", name):
            raise InputRefused("this is no name of a token")

        def read() -> tuple[Body, list[bytes]]:
            try:
                return {"there": inside(out / name, spec["roots"]).is_file()}, []
            except OSError:
                return {"there": False}, []

        self._look(client, request, out, read)

    def put_result(self, client: bytes, request: str, body: Body, blobs: list[bytes]) -> None:
        """A piece of a file that a machine made for a job's output folder; whole, it is put there.

        `key` is its header's, "" for a file without one, `sum` its SHA-256. {"there": whether no more of it is wanted,
        "before": whether a finished file of its key was there, which is never replaced}.
        """
        job, spec = self._farm_job(body)
        if len(blobs) != 1:
            raise InputRefused("a piece of a file without its bytes")
        if self._jobs.ended(job):
            raise InputRefused("the job has ended", remedy="Nothing more of it is wanted")
        name = _result_name(body, spec)
        offset, size = whole_of(body, "offset"), whole_of(body, "size")
        if not (offset >= 0 and offset + len(blobs[0]) <= size <= MOST_RESULT):
            raise InputRefused("a piece of a file does not fit the file", file=str(name))
        target, place = Path(spec["out"]) / name, (client, job, str(name))
        key, sha256 = text_of(body, "key"), text_of(body, "sum")

        def written() -> tuple[Body, list[bytes]]:
            from shared.takes import key_of

            inside(target, spec["roots"])
            if key_of(target) == key if key else target.is_file():
                self._drop(place)
                return {"there": True, "before": True}, []
            beside = self._beside(place, target, anew=offset == 0)
            try:
                with beside.open("r+b" if offset else "w+b") as file:
                    if file.seek(0, os.SEEK_END) < offset:
                        raise InputRefused("a piece of a file came before the one in front of it", file=str(name))
                    file.seek(offset)
                    file.write(blobs[0])
                    if offset + len(blobs[0]) < size:
                        return {"there": False, "before": False}, []
                    file.flush()
                    os.fsync(file.fileno())
                    file.seek(0)
                    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                        raise ServerError("a painted file arrived damaged", file=str(name), remedy="It is sent again")
                if key and key_of(target) == key:  # another machine was quicker
                    self._drop(place)
                    return {"there": True, "before": True}, []
                with self._lock:
                    self._coming.pop(place, None)
                beside.replace(target)
                return {"there": True, "before": False}, []
            except OSError as error:
                raise unwritable(error)(
                    "what a machine painted cannot be written",
                    file=target,
                    cause=error.strerror or str(error),
                    remedy="Free space there, or allow writing",
                ) from error

        self._look(client, request, Path(spec["out"]), written)

    def _look(self, client: bytes, request: str, folder: Path, work: Callable[[], tuple[Body, list[bytes]]]) -> None:
        def answer(found: tuple[Body, list[bytes]]) -> None:
            self._broker.answer(client, protocol.reply(request, *found))

        self._broker.look(client, request, folder, work, answer, LONG_SECONDS)

    def _farm_job(self, body: Body) -> tuple[str, Body]:
        """A job that machines paint, and its description."""
        job = str(self._jobs.summary(str(body.get("job")))["job"])
        spec = self._jobs.spec(job)
        if spec.get("part") != "farm":
            raise InputRefused("this job is not painted by other machines")
        return job, spec

    # What follows runs beside the loop.

    def _listed(self, job: str, spec: Body) -> Listed:
        with self._lock:
            found = self._lists.get(job)
        if found is None:
            from shared import handing  # it finds files, and few servers are of a farm

            base = Path(spec["base"])
            shot = Shot.from_dict(spec["shot"])
            sent, files = handing.numbered(shot, base)
            named = sorted({shot.label_set, *(layer.label_set for layer in shot.layers if layer.label_set)})
            own = {one: (f"label_sets/{number}.json", file_of(one)) for number, one in enumerate(named)}
            found = Listed(
                sent.to_dict(),
                {**{name: path for name, (path, _) in files.items()}, **dict(own.values())},
                {**{name: frame for name, (_, frame) in files.items()}, **{name: None for name, _ in own.values()}},
                {one: [name, load_label_set(one).hash] for one, (name, _) in own.items()},
            )
            self._keep(self._lists, job, found, LISTS)
        return found

    def _path(self, job: str, spec: Body, name: Any) -> Path:
        found = self._listed(job, spec)
        path = found.paths.get(name) if isinstance(name, str) else None
        if path is None:
            raise InputRefused("the job has no such pass", file=str(name)[:200])
        of_set = any(name == one for one, _ in found.sets.values())
        return path if of_set else inside(path, spec["roots"])

    def _whole(self, paths: list[Path]) -> list[list[Any] | None]:
        """Bytes and SHA-256 of files, of as many as can be read in one turn; None of those that are not there."""
        marks: list[list[Any] | None] = []
        left = HASHED_BYTES
        for path in paths:
            if not path.exists():
                marks.append(None)
                continue
            with places.open_file(path) as file:
                state = os.fstat(file.fileno())
                place = path, state.st_size, state.st_mtime_ns
                with self._lock:  # what another turn goes on with is not this one's, too
                    known = self._sums.pop(place, None)
                if not isinstance(known, str):
                    digest, at = known or (hashlib.sha256(), 0)
                    file.seek(at)
                    while left > 0 and (piece := file.read(2**20)):
                        digest.update(piece)
                        left, at = left - len(piece), at + len(piece)
                    known = digest.hexdigest() if at >= state.st_size else (digest, at)
                self._keep(self._sums, place, known, SUMS)
                if not isinstance(known, str):
                    return marks
                marks.append([state.st_size, known])
        return marks

    def _beside(self, place: tuple[bytes, str, str], target: Path, anew: bool) -> Path:
        with self._lock:
            beside = self._coming.get(place)
        if beside is None or anew:
            if not anew:
                raise InputRefused("a piece of a file came before the one in front of it", file=place[2])
            self._drop(place)
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = places.beside(target)
            self._keep(self._coming, place, beside, COMING)
        return beside

    def _drop(self, place: tuple[bytes, str, str]) -> None:
        with self._lock:
            beside = self._coming.pop(place, None)
        if beside is not None:
            beside.unlink(missing_ok=True)

    def _keep(self, table: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
        with self._lock:
            table[key] = value
            table.move_to_end(key)
            gone = [table.popitem(last=False)[1] for _ in range(len(table) - most)]
        for one in gone if table is self._coming else ():
            one.unlink(missing_ok=True)


def _result_name(body: Body, spec: Body) -> PurePosixPath:
    """Of a file below a job's output folder that machines write. Raises InputRefused."""
    name = safe_name(body.get("name"))
    if len(name.parts) < 2 or name.parts[0] not in (*OF_MACHINES, *spec["layers"]) or name.name.startswith("."):
        raise InputRefused("this is no place for what a machine painted", file=str(name)[:200])
    return name


def _of_frames(name: str, layers: Collection[str], numbers: range) -> bool:
    """Whether a file of an output folder is a picture or matte of one of these numbers, or was prepared of a layer."""
    folder = name.partition("/")[0]
    number = re.search(r"\.([0-9]+)\.(png|exr)$", name)
    picture = folder == "mattes" or folder in layers
    return folder == "prepared" or (picture and number is not None and int(number[1]) in numbers)


def _piece(path: Path, offset: int) -> tuple[Body, list[bytes]]:
    with places.open_file(path) as file:
        file.seek(offset)
        return {"size": os.fstat(file.fileno()).st_size}, [file.read(protocol.CHUNK)]


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MissingInput(
            "a pass cannot be read any more",
            file=error.filename,
            cause=error.strerror or str(error),
            remedy="Bring it back, and submit the job again",
        ) from error

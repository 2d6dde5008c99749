"""The spool: passes that came over the wire, and what was painted from them, where no disk is shared.

`spool/JOB/in` holds what the client sent, `spool/JOB/out` what it can collect. Pieces are written where they
belong, so a piece that comes twice changes nothing; a file's last piece puts it on disk for good.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from inference_server.crash_points import reach
from shared import places, protocol
from shared.errors import InputRefused, SemrenderError

JOB = re.compile(r"[0-9a-f]{32}")
MAX_FILE = 4 * 2**30  # bytes
MAX_FILES = protocol.MAX_ITEMS
PAGE_BYTES = 2**20  # of names in one page of a listing
UNCLAIMED_SECONDS = 24 * 3600  # an upload that no job claims is removed after this
IDLE_SECONDS = 600.0  # or, by `jobs clean`, when nothing has come for so long
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # of a folder that will be made
BLOCK = 4096  # bytes that a file takes at least


class Spool:
    """A folder that never holds more than `limit` bytes of uploads, each file counted in whole blocks."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self.used = sum(_taken(job / "in") for job in self._jobs())

    def put(self, job: str, name: str, offset: int, size: int, piece: bytes) -> None:
        """Write one piece of a file. Raises InputRefused for names that leave the folder and where it is full."""
        target = self.inputs(job) / safe_name(name)
        if not (0 <= offset <= size <= MAX_FILE and offset + len(piece) <= size):
            raise InputRefused("a piece of a file does not fit the file", file=name)
        try:
            places.private_folder(target.parent)
            before = target.stat().st_size if target.exists() else -1
            if offset > max(before, 0):
                raise InputRefused("a piece of a file came before the one in front of it", file=name)
            grows = _blocks(max(before, offset + len(piece))) - _blocks(before)
            if self.used + grows > self.limit:
                raise InputRefused(
                    f"the server's spool is full: {self.limit // 2**20} MiB",
                    remedy="Run `semrender jobs clean --days 0`, which also removes uploads that no job came for, "
                    "start the server with more --spool-gib, or share a disk",
                )
            with target.open("r+b" if target.exists() else "w+b") as file:
                file.seek(offset)
                file.write(piece)
                self.used += grows
                reach("broker in the middle of an upload")
                if offset + len(piece) == size:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise SemrenderError(
                "the server cannot keep this file",
                file=name,
                cause=error.strerror or str(error),
                remedy="Free space on the server's disk and try again",
            ) from error

    def claim(self, job: str, files: Any) -> None:
        """Refuse a job of whose uploaded passes one is not there whole; seeds alone need none. Raises InputRefused."""
        if not isinstance(files, list) or len(files) > MAX_FILES:
            raise InputRefused("the job does not name its files")
        for entry in files:
            if not (isinstance(entry, list) and len(entry) == 2):
                raise InputRefused("the job does not name its files as [name, bytes]")
            target = self.inputs(job) / safe_name(entry[0])
            if not target.is_file() or target.stat().st_size != entry[1]:
                raise InputRefused("the file has not arrived whole", file=entry[0], remedy="Send it again")

    def inputs(self, job: str) -> Path:
        return self.folder / _checked(job) / "in"

    def outputs(self, job: str) -> Path:
        return self.folder / _checked(job) / "out"

    def sweep(self, keep: Collection[str], idle: float = UNCLAIMED_SECONDS) -> None:
        """Remove what no job in `keep` claims, but for uploads into which something came in the last `idle` seconds."""
        for folder in self._jobs():
            if folder.name not in keep and time.time() - _touched(folder) >= idle * (folder / "in").exists():
                self.remove(folder.name)

    def _jobs(self) -> list[Path]:
        """Folders of jobs. What else lies in the spool (.DS_Store, lost+found) is nobody's business."""
        if not self.folder.is_dir():
            return []
        return [folder for folder in self.folder.iterdir() if JOB.fullmatch(folder.name) and folder.is_dir()]

    def remove(self, job: str) -> None:
        folder = self.folder / _checked(job)
        if folder.exists():
            self.used -= _taken(folder / "in")
            shutil.rmtree(folder, ignore_errors=True)


def _checked(job: str) -> str:
    if not JOB.fullmatch(job):
        raise InputRefused(f"{job!r} is no name of a job", remedy="It is 32 hexadecimal digits")
    return job


def safe_name(name: Any) -> PurePosixPath:
    """A relative name that stays below its folder on Windows, macOS and Linux. Raises InputRefused."""
    text = name if isinstance(name, str) else ""
    path = PurePosixPath(text)
    bad = path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text or "\0" in text or not path.parts
    if bad or len(text) > 1024 or any(len(part.encode("utf-8", "replace")) > 255 for part in path.parts):
        raise InputRefused("a file name that leaves the job's folder was refused", file=text[:200])
    return path


def _blocks(size: int) -> int:
    """Bytes that a file of this size takes; one that is not there (-1) none."""
    return 0 if size < 0 else max(BLOCK, -(-size // BLOCK) * BLOCK)


def _taken(folder: Path) -> int:
    return sum(_blocks(found.st_size) for _, found in places.below(folder) if stat.S_ISREG(found.st_mode))


def _touched(folder: Path) -> float:
    """When something in it last changed, in seconds since 1970; 0 where it is gone."""
    try:
        own = folder.stat().st_mtime
    except OSError:
        return 0.0
    return max([own, *(found.st_mtime for _, found in places.below(folder))])


def free(folder: Path) -> int:
    """Bytes that are free where a folder is or will be; where nobody counts them, more than any need."""
    while True:
        try:
            usage = shutil.disk_usage(folder)
        except OSError as error:  # asked and not looked for before: it may be deleted in between
            if error.errno not in NOT_THERE or folder == folder.parent:
                raise
            folder = folder.parent
        else:
            return usage.free if usage.total else sys.maxsize


def page(folder: Path, below: Collection[str], after: str, most: int) -> tuple[list[list[Any]], str]:
    """Some of the files of a folder as [relative name, bytes], and the place to go on after, "" at the end.

    below: the only folders in it that are looked into; after: where the page before ended, "" to begin;
    most: entries of the disk that are looked at, files or not. Temporary files are passed over. What changes on the
    disk between two pages is in them or not.
    """
    files: list[list[Any]] = []
    last, names = "", 0
    for number, (name, entry) in enumerate(_walk(folder, PurePosixPath(after).parts, below)):
        if number == most or names > PAGE_BYTES:
            return files, last
        last = name
        names += len(name.encode("utf-8", "replace"))
        if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
            with contextlib.suppress(FileNotFoundError):
                files.append([name, entry.stat().st_size])
    return files, ""


def _walk(
    folder: Path, after: Sequence[str], below: Collection[str] | None, name: str = ""
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """What is in a folder behind the place `after`, every level in the order of its names; below None: in all of it."""
    try:
        with os.scandir(folder / name) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputRefused("the folder cannot be listed", file=folder / name, cause=error.strerror or "") from error
    for entry in entries:
        if after and entry.name < after[0]:
            continue
        seen = bool(after) and entry.name == after[0]
        path = f"{name}{entry.name}"
        if not seen:
            yield path, entry
        if entry.is_dir(follow_symlinks=False) and (below is None or entry.name in below):
            yield from _walk(folder, after[1:] if seen else (), None, f"{path}/")

"""The parts of a zip archive that anyone may have made: as torch writes them, nothing in it is larger than it looks."""

from __future__ import annotations

import zipfile
from pathlib import Path

from shared.errors import ModelRefused
from shared.values import Value

LISTED = 64 * 2**20  # bytes at most of the part that says which tensors there are
HEADER = 30  # bytes before the name of a part; APPNOTE.TXT 4.3.7


class Place(Value):
    """Bytes of the file that a part lies in."""

    start: int
    length: int


def is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def names(path: Path) -> list[str]:
    """Of all parts. Raises ModelRefused."""
    return [entry.filename for entry in _entries(path)]


def parts(path: Path, but: str | None = None) -> dict[str, Place]:
    """Where each part lies, but for those in a folder below the top one that nobody is to read.

    Raises ModelRefused for parts that are packed, or that claim more than the file holds.
    """
    size = path.stat().st_size
    entries = [one for one in _entries(path) if but is None or not one.filename.partition("/")[2].startswith(but)]
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise _refused(path, "Its parts are packed, which no training writes")
    if sum(entry.file_size for entry in entries) > size:
        raise _refused(path, "Its parts claim more bytes than the file has")
    if any(entry.filename.endswith("data.pkl") and entry.file_size > LISTED for entry in entries):
        raise _refused(path, "Its list of tensors is far too long")
    found = {}
    with path.open("rb") as file:
        for entry in entries:
            file.seek(max(0, entry.header_offset))
            head = file.read(HEADER)
            start = entry.header_offset + HEADER + int.from_bytes(head[26:28], "little")
            start += int.from_bytes(head[28:30], "little")
            if len(head) < HEADER or start + entry.file_size > size:
                raise _refused(path, "Its archive is damaged or cut short")
            found[entry.filename] = Place(start, entry.file_size)
    return found


def _entries(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as error:
        raise _refused(path, "Its archive is damaged or cut short") from error


def _refused(path: Path, cause: str) -> ModelRefused:
    return ModelRefused("this is no checkpoint that can be read safely", file=path, cause=cause)

"""What in the name of a file is the frame number, and which files of a folder count.

A frame number ends the name (`a.1001.png`, `a_1001.png`, `a1001.png`) or stands between full stops; else it is the
one number in which the names of several files differ (`ComfyUI_00001_.png`). `_v003` is a version.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from shared.shot import MAX_FRAME_NUMBER

_NUMBER_IN_STEM = re.compile(r"(?<![0-9])[0-9]{1,8}(?=$)|(?<=\.)-?[0-9]{1,8}(?=\.)")
_VERSION = re.compile(r"(?:^|[^A-Za-z])[vV]$")
NUMBER = re.compile(r"[0-9]+")


def split_name(name: str) -> tuple[str, str, str] | None:
    """(prefix, frame number, suffix) of a file name, None where it has no frame number."""
    stem = name[: len(name) - len(Path(name).suffix)]
    for match in reversed(list(_NUMBER_IN_STEM.finditer(stem))):
        start = match.start()
        if _VERSION.search(stem[:start]) or abs(int(match[0])) > MAX_FRAME_NUMBER:
            continue
        if stem[start - 1 : start] == "-" and (start == 1 or stem[start - 2] in "._ "):
            start -= 1  # a minus sign, not a hyphen
        return name[:start], name[start : match.end()], name[match.end() :]
    return None


def fits(number: str, width: int) -> bool:
    """Whether `%0{width}d` could have written the number; width 1 stands for any padding."""
    digits = number.lstrip("-")
    if abs(int(number)) > MAX_FRAME_NUMBER:
        return False
    # Some programs count the minus sign as one of the digits, some do not.
    exact = width in (len(digits), len(number))
    return width == 1 or exact or (len(digits) > width and digits[0] != "0")


def inner_numbers(names: Iterable[str]) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """Files of several that differ in one number alone: (prefix, suffix) -> (number, suffix, name)."""
    alike: dict[str, list[tuple[list[re.Match[str]], str]]] = defaultdict(list)
    for name in names:
        normal = unicodedata.normalize("NFC", name)
        alike[NUMBER.sub("0", normal).lower()].append((list(NUMBER.finditer(normal)), name))
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for some in alike.values():
        columns = zip(*(runs for runs, _ in some), strict=True)
        differ = [place for place, column in enumerate(columns) if len({int(match[0]) for match in column}) > 1]
        if len(differ) != 1 or not all(_is_frame(runs[differ[0]]) for runs, _ in some):
            continue
        for runs, name in some:
            match = runs[differ[0]]
            behind = match.string[match.end() :]
            found[match.string[: match.start()], behind.lower()].append((match[0], behind, name))
    return {key: files for key, files in found.items() if len(files) > 1}


def _is_frame(match: re.Match[str]) -> bool:
    """Whether a number within a name may count frames: no version, and apart from letters or of several digits."""
    before, behind = match.string[: match.start()], match.string[match.end() :]
    apart = not (before[-1:].isalpha() or behind[:1].isalpha())
    return len(match[0]) <= 8 and (apart or len(match[0]) >= 3) and not _VERSION.search(before)


def files_in(folder: Path, hidden: bool = False) -> list[str]:
    """Names of the files in a folder, sorted; without hidden ones and the `._` companions of macOS."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith("._") and _is_file(entry)]
    return sorted(name for name in names if hidden or not name.startswith("."))


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere is a file that cannot be read, not one that is not there."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        return entry.is_symlink()

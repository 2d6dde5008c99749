"""From patterns, folders and files to frames on disk.

A pattern has one frame number in its file name, written as Nuke, Houdini, Maya, Katana, RV or After Effects
write it: `label.%04d.exr`, `label.####.png`, `label.@.png`, `label.$F4.png`, `label.<f4>.png`, `label.*.png`,
`label_[####].png`, with an optional range: `label.1001-1024#.png`, `label.[1001-1024].png`,
`label.####.png 1001-1024`. `####` and `%04d` stand for at least four digits; a single `#` or `@`, `%d`,
`$F` and `*` for a number of any width. What exists literally is taken literally first, so names may hold
brackets, `%`, `#` and spaces.

Frame ranges are fileseq's. Its search on disk is not used: it takes brackets in folder names for wildcards,
turns one sequence of mixed padding into several, reads `shot #3.####.png` wrongly and drops `<` from names.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.frame_numbers import files_in, fits, inner_numbers, split_name
from shared.shot import (
    MAX_FRAME_NUMBER,
    MAX_FRAMES,
)
from shared.values import Value
from shared.wording import counted

# What a folder is searched for. JPEG is among them so that its reader can say why it will not do.
PICTURES = {".png", ".exr", ".sxr", ".tif", ".tiff", ".jpg", ".jpeg", ".tga", ".bmp", ".webp", ".dpx", ".iff"}

_RANGE = r"-?[0-9]{1,8}--?[0-9]{1,8}(?:x[0-9]{1,8})?"
_TOKEN = re.compile(
    rf"(?P<range>{_RANGE})?(?P<token>%0?[0-9]{{0,2}}d|\#+|@+|\$F[0-9]{{0,2}}|<(?i:frame|f)[0-9]{{0,2}}>|\*)"
    rf"|\[(?P<hashes>\#+)\]|\[(?P<brackets>{_RANGE})\]"
)
_RANGE_BEHIND = re.compile(rf"(.*\S)\s+({_RANGE}|-?[0-9]{{1,8}})")


class Beat(Value):
    """How a clip lies in a shot: `start` is the frame that its beginning is on, `rate` that of the shot's frames.

    deinterlace: how its pictures are taken, see `clips.Clip.picture`. end: what it shows behind its end, up to the
    shot's `last` frame: "hold" or "ping-pong"; None: nothing.
    """

    rate: tuple[int, int]
    start: int
    deinterlace: str | None = None
    end: str | None = None
    last: int | None = None

    def place(self, number: int, count: int) -> int:
        """Which of `count` pictures, from 0, stands on the frame of this number, from 0."""
        if number < count or self.end is None:
            return number
        if self.end == "hold" or count == 1:
            return count - 1
        turned = number % (2 * count - 2)  # the first and the last are shown once at each turn
        return min(turned, 2 * count - 2 - turned)


class Sequence(Value):
    """The files of one pass. `first` and `last` are those of the range asked for, else of the files.

    Of a clip every frame has the one file, and `clip` says which of its pictures that is.
    """

    pattern: str  # reads back as this sequence, relative to the same base
    files: Mapping[int, Path]  # frame -> path, ascending; a still has frame 1 only
    first: int
    last: int
    padding: int  # least number of digits; 1 = any
    still: bool = False  # one file without a number, held on every frame
    clip: Beat | None = None

    def file(self, frame: int) -> Path:
        """The file of a frame. Raises MissingInput."""
        path = next(iter(self.files.values())) if self.still else self.files.get(frame)
        if path is None:
            raise MissingInput("there is no file for this frame", file=self.pattern, frame=frame)
        return path


class _Reading(NamedTuple):
    """A pattern taken apart: `prefix`, a number of at least `width` digits (1 = any padding), `suffix`."""

    pattern: str
    folder: Path
    prefix: str
    suffix: str
    width: int
    span: tuple[int, int] | None  # the range that the pattern asks for


# --- ranges -----------------------------------------------------------------------------------------------


def parse_range(text: str) -> list[int]:
    """Frames of `1001`, `1001-1100`, `1001-1100x2`, `1001-1010,1020`, `-5--1`; ascending, each once.

    A step may stand behind a colon, too, as Open Job Description writes it: `1-10:3`.
    Raises InputRefused for anything else, numbers beyond 10 million and more than a million frames.
    """
    remedy = "Write it like 1001-1100, 1001-1100x2 or 1001-1010,1020"
    pieces = [piece.strip().replace("–", "-").replace(":", "x") for piece in text.split(",")]
    total = 0
    for piece in pieces:
        match = re.fullmatch(r"(-?[0-9]{1,9})(?:-(-?[0-9]{1,9})(?:x([0-9]{1,9}))?)?", piece)
        if match is None or (match[3] and int(match[3]) == 0):
            raise InputRefused(f'"{text[:80]}" is no range of frames', remedy=remedy)
        first, last = int(match[1]), int(match[2] or match[1])
        total += abs(last - first) // int(match[3] or 1) + 1
        if max(abs(first), abs(last)) > MAX_FRAME_NUMBER or total > MAX_FRAMES:
            raise InputRefused(
                f'the range "{text[:80]}" is too large',
                remedy=f"Allowed: {MAX_FRAMES} frames, numbers up to {MAX_FRAME_NUMBER}",
            )
    from fileseq.frameset import FrameSet  # slow to load, and most commands name no range

    return sorted({int(frame) for piece in pieces for frame in FrameSet(piece)})


def frames_text(frames: Iterable[int], most: int = 12) -> str:
    """Frames as an artist writes them, `1010, 1013-1015`; after `most` pieces the rest is counted."""
    from fileseq.frameset import FrameSet

    ordered = sorted(set(frames))
    pieces = FrameSet.framesToFrameRange(ordered).split(",") if ordered else []
    if len(pieces) <= most:
        return ", ".join(pieces)
    shown = len(parse_range(",".join(pieces[:most])))
    return ", ".join(pieces[:most]) + f" and {len(ordered) - shown} more"


def missing_frames(sequence: Sequence, first: int, last: int, step: int = 1) -> str:
    """The frames of the range that have no file, as text; empty where all are there."""
    frames = range(first, last + 1, step)
    return "" if sequence.still else frames_text(frame for frame in frames if frame not in sequence.files)


# --- from a pattern to files ------------------------------------------------------------------------------


def find_sequence(pattern: str | Path, base: Path = Path(), name: str | None = None) -> Sequence:
    """The files that a pattern, a folder or a single file stands for.

    A folder must hold one sequence, or nothing but one picture. A single file is one frame (its number), or a
    still if its name ends in no number; `_v003` is a version and no frame number.

    Args:
        pattern: relative to `base`, or absolute.
        name: the layer, for the words of an error.

    Raises MissingInput or InputRefused that list what is there instead.
    """
    text = str(pattern)
    with in_words(base / text, name):
        if "\\" in text and os.sep == "/" and not (base / text).exists():
            text = text.replace("\\", "/")  # written on Windows, read elsewhere
        found = _find(text, base)
        for file in (found.pattern, *found.files.values()):
            _check_utf8(str(file))
        return found


def _check_utf8(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputRefused(
            "this name is not UTF-8",
            file=name,
            cause="It comes from an old archive or another system",
            remedy="Rename the file or its folder",
        ) from None


def sequences_in(folder: Path) -> tuple[list[Sequence], list[Sequence]]:
    """All numbered sequences and all stills among the pictures directly in a folder, by name."""
    groups: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    rest = []
    for entry in files_in(folder):
        if Path(entry).suffix.lower() not in PICTURES:
            continue
        parts = split_name(entry)
        if parts is None:
            rest.append(entry)
        else:
            groups[unicodedata.normalize("NFC", parts[0]), parts[2].lower()].append((parts[1], parts[2], entry))
    # A number before the end, as in `ComfyUI_00001_.png`, is the frame where no other differs between the names.
    alone = [key for key, found in groups.items() if len(found) == 1]
    inner = inner_numbers(sorted(rest + [groups[key][0][2] for key in alone]))
    taken = {entry for found in inner.values() for _, _, entry in found}
    for key in alone:
        if groups[key][0][2] in taken:
            del groups[key]
    numbered = sorted([*groups.items(), *inner.items()])
    stills = [Sequence(name, {1: folder / name}, 1, 1, 1, still=True) for name in rest if name not in taken]
    return [_numbered(folder, prefix, found) for (prefix, _), found in numbered], stills


@contextmanager
def in_words(path: Path, layer: str | None = None) -> Iterator[None]:
    """Errors inside name the path; those of the file system become words."""
    try:
        yield
    except SemrenderError as error:
        raise error.located(file=path, layer=layer) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputRefused("it cannot be read", file=path, layer=layer, cause=reason) from None


def _find(text: str, base: Path) -> Sequence:
    path = base / text
    if path.is_dir():
        return _in_folder(path, text)
    if path.is_file() or path.is_symlink():
        parts = split_name(path.name)
        within = [one for one in sequences_in(path.parent)[0] if path in one.files.values()]
        if within:
            frame = next(frame for frame, file in within[0].files.items() if file == path)
            return replace(within[0], pattern=text, files={frame: path}, first=frame, last=frame)
        frame = 1 if parts is None else int(parts[1])
        padding = 1 if parts is None else len(parts[1].lstrip("-"))
        return Sequence(text, {frame: path}, frame, frame, padding, still=parts is None)
    for reading in _readings(text, base):
        files = _matching(reading)
        if not files:
            continue
        first, last = reading.span or (min(files), max(files))
        inside = {frame: files[frame] for frame in sorted(files) if first <= frame <= last}
        if not inside:
            there = f"There are frames {frames_text(files)}"
            raise MissingInput(f"there is no file for frames {first}-{last}", cause=there)
        return Sequence(reading.pattern, inside, first, last, reading.width)
    raise _nothing_there(path)


def _in_folder(folder: Path, text: str) -> Sequence:
    numbered, stills = sequences_in(folder)
    found = numbered or stills
    if len(found) == 1 and not (stills and numbered and len(numbered[0].files) == 1):
        one = found[0]
        return replace(one, pattern=(Path(text) / one.pattern).as_posix())
    if not found:
        raise no_picture(folder)
    raise InputRefused(
        "the folder holds more than one sequence", cause=listed(numbered + stills), remedy="Name one of them"
    )


def no_picture(folder: Path) -> MissingInput:
    """The error for a folder in which nothing is a picture that can be read, with what is there instead."""
    kinds = Counter(Path(name).suffix.lower() for name in files_in(folder) if split_name(name))
    cause = ""
    if kinds:
        kind, count = kinds.most_common(1)[0]
        files = counted(count, "numbered file that ends", "numbered files that end")
        cause = f"It holds {files} in {kind or 'nothing'}, which is no format that is read"
    return MissingInput(
        "there is no picture in this folder", cause=cause, remedy="Check the folder; PNG or EXR is best"
    )


def _readings(text: str, base: Path) -> Iterator[_Reading]:
    """Every way to read a pattern, likeliest first.

    The last token of the file name is the frame number before earlier ones are, and what stands around a
    token (brackets, `sh010-020` before `####`) belongs to the name before it is taken for a range.
    """
    behind = _RANGE_BEHIND.fullmatch(text)
    for pattern, asked in [(text, None)] + ([(behind[1], behind[2])] if behind else []):
        path = base / pattern
        for match in reversed(list(_TOKEN.finditer(path.name))):
            token = match["token"] or match["hashes"] or "*"
            digits = re.sub(r"[^0-9]", "", token)
            width = int(digits or 1) if token[0] in "%$<" else len(token)
            cuts = [(match.span(), match["range"] or match["brackets"] or asked)]
            if match["range"] or match["hashes"]:
                cuts.insert(0, (match.span("token" if match["range"] else "hashes"), asked))
            for (start, end), frames in cuts:
                name = path.name
                yield _Reading(pattern, path.parent, name[:start], name[end:], width, _span(frames))


def _span(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    if "x" in text:
        remedy = f"Leave the step away here and ask for single frames with --frames {text}"
        raise InputRefused("a pattern with a step", cause="A sequence with holes is no shot", remedy=remedy)
    frames = parse_range(text)
    return frames[0], frames[-1]


def _matching(reading: _Reading) -> dict[int, Path]:
    """frame -> file.

    Case counts in the name where some file fits exactly, never in the suffix; accents may be stored composed
    or decomposed (macOS).
    """
    if not reading.folder.is_dir():
        return {}
    sign = "-?" if reading.prefix[-1:] in ("", ".", "_", " ") else ""  # else it is a hyphen of the name
    before, behind = (re.escape(unicodedata.normalize("NFC", part)) for part in (reading.prefix, reading.suffix))
    shape = f"{before}({sign}[0-9]{{1,8}})(?i:{behind})"
    entries = files_in(reading.folder, hidden=reading.prefix.startswith("."))
    for flags in (0, re.IGNORECASE):
        matcher = re.compile(shape, flags)
        matches = ((matcher.fullmatch(unicodedata.normalize("NFC", entry)), entry) for entry in entries)
        found = [(match[1], entry) for match, entry in matches if match and fits(match[1], reading.width)]
        if found:
            return _by_frame(reading.folder, found)
    return {}


def _by_frame(folder: Path, found: list[tuple[str, str]]) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for number, entry in sorted(found, key=lambda item: (int(item[0]), item[1])):
        frame = int(number)
        if frame in files:
            raise InputRefused(
                f'"{files[frame].name}" and "{entry}" are both frame {frame}',
                frame=frame,
                cause="Two sequences that differ only in padding or in upper and lower case",
                remedy="Move one of them to a folder of its own",
            )
        files[frame] = folder / entry
    return files


def _numbered(folder: Path, prefix: str, found: list[tuple[str, str, str]]) -> Sequence:
    """The sequence of files given as (number, suffix, name)."""
    files = _by_frame(folder, [(number, name) for number, _, name in found])
    width = min(len(number.lstrip("-")) for number, _, _ in found)
    if any(not fits(number, width) for number, _, _ in found):
        width = 1
    pattern = prefix + ("@" if width == 1 else "#" * width) + found[0][1]
    return Sequence(pattern, files, min(files), max(files), width)


def listed(found: list[Sequence], most: int = 6) -> str:
    spans = ["a still" if one.still else f"frames {frames_text(one.files, 3)}" for one in found[:most]]
    texts = [f"{one.pattern} ({span})" for one, span in zip(found, spans, strict=False)]
    return "There are " + ", ".join(texts) + (f" and {len(found) - most} more" if len(found) > most else "")


def _nothing_there(path: Path) -> MissingInput:
    remedy = "Check the path"
    if not path.parent.is_dir():
        cause = "A frame number may stand in the file name only" if _TOKEN.search(str(path.parent)) else ""
        return MissingInput("the folder is not there", cause=cause, remedy=remedy)
    numbered, stills = sequences_in(path.parent)
    if not numbered + stills:
        return MissingInput("there is no such file", cause="The folder holds no picture", remedy=remedy)
    what = "no file fits this pattern" if _TOKEN.search(path.name) else "there is no such file"
    remedy = "Check the name and the number of digits"
    return MissingInput(what, cause=listed(numbered + stills), remedy=remedy)

"""Where the pictures come from: clips, numbered sequences, folders and single files. They are read, never touched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from inference_server.datasets.stills import Pixels, eight_bits, read_still
from shared.clips import Clip
from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.file_names import is_clip
from shared.sequences import PICTURES, find_sequence
from shared.values import Value
from shared.wording import counted

REMEDY = "Give clips, folders of pictures or clips, patterns such as frame.####.png, or picture files"


class Frame(Value):
    """One picture. key: the same for the same content wherever it lies; number: its place, of a clip from 0."""

    key: str
    file: Path
    number: int
    seconds: float | None = None


class Source(Value):
    """name: as it was given; moving: its pictures follow one another in time."""

    name: str
    moving: bool
    frames: tuple[Frame, ...]
    digest: str  # sha256 of the file, or of its files' digests
    notes: tuple[str, ...] = ()


class Fault(Value):
    """What could not be used, and why, in words."""

    where: str
    words: str


class Reader(Protocol):
    def __call__(self, frame: Frame) -> tuple[Pixels, list[str]]:
        """(H, W, 3) uint8, sRGB, upright, of square pixels; and what was done to it, in words."""


def find_sources(inputs: Iterable[str], every: int) -> tuple[list[Source], list[Fault]]:
    """All that was named, in that order, each once; of clips every `every`-th frame, evenly in time.

    Raises MissingInput or InputRefused where nothing at all can be used.
    """
    found: dict[str, Source] = {}
    faults: list[Fault] = []
    errors: list[SemrenderError] = []
    for name, paths in _grouped(inputs):
        try:
            found.setdefault(name, _source(name, paths, every, faults))
        except SemrenderError as error:
            errors.append(error)
            faults.append(Fault(name, str(error)))
    if errors and not found:
        raise errors[0]
    return [one for one in _each_once(found.values()) if one.frames or one.notes], faults


def _each_once(sources: Iterable[Source]) -> Iterator[Source]:
    """The same content is one picture, in the first of the inputs that have it."""
    taken: set[str] = set()
    for source in sources:
        frames = tuple(frame for frame in source.frames if frame.key not in taken)
        taken.update(frame.key for frame in frames)
        notes = source.notes
        if len(frames) < len(source.frames):
            count = counted(len(source.frames) - len(frames), "frame")
            notes = (*notes, f"{count} left out that an input before has, byte by byte")
        yield replace(source, frames=frames, notes=notes)


@contextmanager
def reading(source: Source) -> Iterator[Reader]:
    """A reader of a source's frames. It raises MissingInput or InputRefused naming file and frame."""
    with ExitStack() as stack:
        clip: Clip | None = None

        def read(frame: Frame) -> tuple[Pixels, list[str]]:
            nonlocal clip
            if not is_clip(frame.file):
                return read_still(frame.file)
            if clip is None:
                clip = stack.enter_context(Clip(frame.file, first=0))
            return square_pixels(eight_bits(clip.frame(frame.number, "auto")), clip.pixel_aspect), []

        yield read


def _grouped(inputs: Iterable[str]) -> Iterator[tuple[str, list[Path]]]:
    """(name, files): a folder's clips each for themselves, its pictures together, as are files of one folder."""
    singles: dict[str, list[Path]] = {}
    for text in inputs:
        path = Path(text)
        if "://" in text:
            raise InputRefused("addresses of the network are not read", file=text, remedy="Download it first")
        if path.is_dir():
            files = sorted((one for one in path.iterdir() if one.name[0] != "." and one.is_file()), key=_natural)
            clips, pictures = [f for f in files if is_clip(f)], [f for f in files if f.suffix.lower() in PICTURES]
            if not clips and not pictures:
                raise MissingInput("there is no picture and no clip in this folder", file=text, remedy=REMEDY)
            yield from ((f"{text.rstrip('/')}/{one.name}", [one]) for one in clips)
            if pictures:
                yield text, pictures
        elif path.is_file() and not is_clip(path):
            singles.setdefault(path.parent.as_posix(), []).append(path)
        else:
            yield text, [path]
    for parent, paths in singles.items():
        yield (paths[0].as_posix() if len(paths) == 1 else parent), list(dict.fromkeys(paths))


def _source(name: str, paths: list[Path], every: int, faults: list[Fault]) -> Source:
    if len(paths) == 1 and is_clip(paths[0]):
        return _clip(name, paths[0], every)
    moving = len(paths) == 1 and not paths[0].is_file()
    numbered = find_sequence(name).files if moving else dict(enumerate(paths))
    frames, digests = [], hashlib.sha256()
    for number, path in numbered.items():
        try:
            digest = digest_of(path)
        except SemrenderError as error:
            faults.append(Fault(str(path), str(error)))
            continue
        digests.update(digest.encode())
        frames.append(Frame(f"{digest}:{number}" if moving else digest, path, number))
    unique: dict[str, Frame] = {}
    for frame in frames:
        unique.setdefault(frame.key, frame)
    notes: tuple[str, ...] = ()
    if len(unique) < len(frames):
        notes = (f"{counted(len(frames) - len(unique), 'file')} left out that another equals byte by byte",)
    return Source(name, moving, tuple(unique.values()), digests.hexdigest(), notes)


def _clip(name: str, path: Path, every: int) -> Source:
    digest = ""
    with Clip(path, first=0) as clip:
        digest = digest_of(path)
        frames = tuple(
            Frame(f"{digest}:{number}", path, number, round(float(Fraction(number) / clip.fps), 6))
            for number in clip.frames[::every]
        )
        notes = []
        if clip.variable:
            notes.append("its pictures come at uneven times; they are taken evenly")
        if clip.pixel_aspect != 1:
            notes.append(f"its pixels are {clip.pixel_aspect:g} times as wide as high; made square")
    return Source(name, True, frames, digest, tuple(notes))


def digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputRefused("the file cannot be read", file=path, cause=error.strerror or str(error)) from None


def _natural(path: Path) -> list[tuple[int, str]]:
    """Names in the order of their numbers: a2 before a10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]{1,18})", path.name.lower())]


def square_pixels(pixels: Pixels, aspect: float) -> Pixels:
    height, width = pixels.shape[:2]
    if aspect == 1:
        return pixels
    size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)

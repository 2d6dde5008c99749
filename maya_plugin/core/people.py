"""A file with people in it, whatever its kind, and the chains of joints that it becomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from maya_plugin.core import joints, lenses, skeletons
from maya_plugin.core.chains import PICTURE, SPACE, Chain
from maya_plugin.core.contract import Wishes
from maya_plugin.core.timing import Rate
from shared import documents, schema
from shared.delivery import FILE_NAME, read_delivery
from shared.errors import SemrenderError
from shared.poses import MAX_FILE, Poses
from shared.tracks import Tracks, read_tracks
from shared.wording import counted

Content = Union[Tracks, Poses]


@dataclass(frozen=True)
class Document:
    file: Path
    content: Content
    rate: Rate | None  # None where nothing says it

    @property
    def kind(self) -> str:
        return SPACE if isinstance(self.content, Poses) else PICTURE

    @property
    def words(self) -> str:
        people = counted(len(self.content.people), "person", "people")
        what = "skeletons in space" if self.kind == SPACE else "joints in the picture"
        return f"{self.file.name}: {people}, {what}, frames {self.content.first} to {self.content.last}"


def read(file: Path) -> Document:
    """Raises MissingInput or InputRefused, naming the file."""
    try:
        data = documents.load(file, "a file of joints", MAX_FILE)
        if isinstance(data, dict) and "fps_num" in data:  # which no tracks file has
            poses: Poses = schema.read(Poses, data)
            return Document(file, poses, (poses.fps_num, poses.fps_den))
        tracks: Tracks = schema.read(Tracks, data)
    except SemrenderError as error:
        raise error.located(file=file) from None
    return Document(file, tracks, joints.rate_beside(file))


def delivered(folder: Path) -> Iterator[Path]:
    """The files with people of a painting's folder, skeletons first; none where there is no delivery.

    Tracks files are looked into one after another, as they are asked for.
    """
    if not (folder / FILE_NAME).is_file():
        return
    try:
        delivery = read_delivery(folder)
    except SemrenderError:
        return
    yield from (file for file in (folder / one.path for one in delivery.poses) if file.is_file())
    for file in (folder / one.path for one in delivery.tracks):
        if file.is_file() and _has_people(file):
            yield file


def _has_people(file: Path) -> bool:
    try:
        return bool(read_tracks(file).people)
    except SemrenderError:
        return False


def chains(
    document: Document, wishes: Wishes, view: Sequence[Sequence[float]] | None = None, up: str = "y"
) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
    """Of everybody who has a joint; and notes. `view` and `up` as in core.skeletons."""
    content = document.content
    if isinstance(content, Tracks):
        return joints.figures(content, document.file)
    stance = wishes.stance or wishes.characterize
    made = skeletons.chains(content, document.file, wishes.orient, stance, view, up)
    if wishes.lens:
        made += (lenses.chain(content, document.file, up),)
    return made, _notes(content, view is not None)


def _notes(poses: Poses, seen: bool) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if poses.lens_from == "guess":
        notes += ("the lens was guessed: how far away they are is a guess too",)
    if poses.space == "floor" and not seen:
        notes += ("no camera was known: they stand on the floor, below where the camera is taken to be",)
    return notes

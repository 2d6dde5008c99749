"""normalised.json: by which ways a clip was normalised. docs/motion.md is the reference for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np

from inference_server.datasets.crops import Matrix
from inference_server.motion.normalising import MODES
from inference_server.motion.template import Template
from shared import documents, schema
from shared.kinds import ListOf, Number, OneOf, Text, Whole
from shared.places import whole
from shared.schema import About
from shared.shot import MAX_FRAME_NUMBER, MAX_FRAMES, MAX_SIDE
from shared.values import Value

FILE_NAME = "normalised.json"
MAX_FILE = 256 * 2**20  # bytes
WAYS = ListOf(ListOf(Number(-1e9, 1e9), 6, 6, "numbers, two rows of three"), MAX_FRAMES, 1)
FRAME = Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER)


class NormalisedPerson(Value):
    """A person, or a face, with a sequence of their own."""

    about: ClassVar[About] = About("person")

    id: Annotated[int, Whole(1, 10**6), "as people.png shows it"]
    files: Annotated[str, Text(least=1), "the sequence, relative to this file, # for the digits of a frame"]
    first: Annotated[int, FRAME, "the first frame"]
    last: Annotated[int, FRAME, "the last frame, too"]
    to_canvas: Annotated[tuple[tuple[float, ...], ...], WAYS, "of each frame: x' = a x + b y + c, y' = d x + e y + f"]
    to_source: Annotated[tuple[tuple[float, ...], ...], WAYS, "the way back"]
    unseen: Annotated[
        tuple[int, ...], ListOf(FRAME), "frames between on which nobody was seen: the way leads past them"
    ] = ()


class Normalised(Value):
    """A clip as sequences in which somebody stands still, and the ways there and back.

    Pixels are measured from the top left corner, y down, the middle of the first pixel is (0.5, 0.5).
    """

    about: ClassVar[About] = About("normalised clip", header={"format": 1}, all_written=True)

    source: Annotated[str, Text(least=1), "the clip, as it was given"]
    width: Annotated[int, Whole(1, MAX_SIDE), "of the source, upright, with square pixels"]
    height: Annotated[int, Whole(1, MAX_SIDE), "of the source"]
    pixel_aspect: Annotated[float, Number(0.01, 100), "width of the file's own pixels by their height"]
    fps_num: Annotated[int, Whole(1, 10**9)]
    fps_den: Annotated[int, Whole(1, 10**9)]
    first: Annotated[int, FRAME, "the first frame of the clip"]
    last: Annotated[int, FRAME, "the last one, too"]
    mode: Annotated[str, OneOf(*MODES)]
    template: Template
    people: tuple[NormalisedPerson, ...]
    notes: Annotated[tuple[str, ...], ListOf(Text())] = ()


def row_of(way: Matrix) -> tuple[float, ...]:
    return tuple(float(value) for value in way.ravel())


def way_of(row: tuple[float, ...]) -> Matrix:
    return np.array(row, np.float64).reshape(2, 3)


def read_normalised(path: Path) -> Normalised:
    """Of the file, or the folder it is in. Raises MissingInput or InputRefused naming it."""
    file = path / FILE_NAME if path.is_dir() else path
    return documents.read(Normalised, file, "a normalised clip", MAX_FILE)


def write_normalised(folder: Path, made: Normalised) -> None:
    """Write it, whole or not at all; what could not be read back is refused."""
    data = schema.written(made)
    with whole(folder / FILE_NAME) as beside:
        beside.write_text(json.dumps(data) + "\n", encoding="ascii")

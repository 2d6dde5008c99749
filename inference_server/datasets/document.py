"""dataset.json: what is in a dataset, where each picture came from, and by what it was made. docs/datasets.md."""

from __future__ import annotations

import json
from dataclasses import field
from pathlib import Path
from typing import Annotated, ClassVar

from inference_server.datasets.choices import FACE_CROPS, PICTURE_CROPS, SIZES
from inference_server.datasets.recipe import Recipe
from shared import documents, schema
from shared.kinds import ListOf, Number, OneOf, TableOf, Text, Whole
from shared.places import whole
from shared.schema import About, Record
from shared.shot import MAX_FRAME_NUMBER, MAX_FRAMES
from shared.values import Value

FILE_NAME = "dataset.json"
FOLDER = "pictures"  # in the dataset's
MAX_FILE = 256 * 2**20  # bytes
SHA256 = Text("a SHA-256", 64, 64, "[0-9a-f]*", "in hexadecimal digits")
COORDINATE = Number(-1e6, 1e6)


class DatasetSource(Value):
    """A clip, sequence or folder that pictures came from."""

    about: ClassVar[About] = About("source")

    name: Annotated[str, Text(least=1), "as it was given"]
    sha256: Annotated[str, SHA256, "of the file, or of its files' digests one after another"]
    looked: Annotated[int, Whole(0, MAX_FRAMES), "pictures that were looked at"]
    kept: Annotated[int, Whole(0, MAX_FRAMES), "pictures that came into the dataset"]
    rejected: Annotated[dict[str, int], TableOf(Whole(0, 10**9)), "reason -> how many were not taken"] = field(
        default_factory=dict
    )
    notes: Annotated[tuple[str, ...], ListOf(Text()), "what was done to its pictures"] = ()


class DatasetPicture(Value):
    """A picture of the dataset."""

    about: ClassVar[About] = About("picture")

    file: Annotated[str, Text(least=1), "below the folder pictures"]
    sha256: Annotated[str, SHA256, "of the file"]
    source: Annotated[int, Whole(0, MAX_FRAMES), "which of the sources, from 0"]
    frame: Annotated[int, Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER), "of a clip from 0, of a folder its place"]
    quad: Annotated[
        tuple[float, ...],
        ListOf(COORDINATE, 8, 8, "numbers"),
        "what was cut: x, y of its corners top left, bottom left, bottom right, top right, pixels of the source",
    ]
    sharpness: Annotated[float, Number(0, 1e6), "1 is the middle of its shot"]
    dhash: Annotated[str, Text("a hash", 16, 16, "[0-9a-f]*", "in hexadecimal digits"), "what twins are known by"]
    shot: Annotated[int, Whole(0, MAX_FRAMES), "of its source, from 0"] = 0
    seconds: Annotated[float | None, Number(0, 1e7), "after the clip's beginning"] = None
    person: Annotated[int | None, Whole(1, 10**9), "one face that was followed, as people.png shows it"] = None
    box: Annotated[tuple[float, ...] | None, ListOf(COORDINATE, 4, 4, "numbers"), "the face: x, y, width, height"] = (
        None
    )
    score: Annotated[float | None, Number(0, 1), "how sure it is a face"] = None


class Dataset(Value):
    """Equal squares that a network learns from, and where they came from."""

    about: ClassVar[About] = About("dataset", header={"format": 1})

    kind: Annotated[str, OneOf("faces", "pictures")]
    size: Annotated[int, OneOf(*SIZES), "pixels a side"]
    crop: Annotated[str, OneOf(*FACE_CROPS, *PICTURE_CROPS)]
    every: Annotated[int, Whole(1, MAX_FRAMES), "of clips, one frame of so many"]
    distance: Annotated[int, Whole(-1, 64), "bits within which two pictures of a shot are twins; -1 keeps all"]
    recipe_sha256: Annotated[str, SHA256]
    percent: Annotated[float | None, Number(10, 100), "of the height that the face takes, in level and box"] = None
    score: Annotated[float | None, Number(0, 1), "least that a face has"] = None
    detector_sha256: Annotated[str | None, SHA256, "of the network that finds faces"] = None
    notes: Annotated[tuple[str, ...], ListOf(Text()), "what a person should know of it"] = ()
    recipe: Annotated[Recipe, Record(Recipe), "how every crop was adjusted"] = Recipe()
    sources: Annotated[tuple[DatasetSource, ...], ListOf(Record(DatasetSource))] = ()
    pictures: Annotated[tuple[DatasetPicture, ...], ListOf(Record(DatasetPicture))] = ()


def read_dataset(folder: Path) -> Dataset:
    """The document of a dataset's folder. Raises MissingInput or InputRefused naming the file."""
    file = folder / FILE_NAME
    return documents.read(Dataset, file, "a dataset", MAX_FILE)


def write_dataset(folder: Path, dataset: Dataset) -> None:
    """Whole or not at all; what could not be read back is refused."""
    data = schema.written(dataset)
    with whole(folder / FILE_NAME, "the dataset's document") as beside:
        beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

"""`tracks.json`: what moves in a shot and is no picture. A camera, points of space or of the picture, joints of people.

One document for whoever writes such things (Maya, a pose model, a script) and whoever uses them. Axes and units:

- **Space** is right-handed, `up` is "y" or "z", one unit is `centimetres` long. A matrix is 4x4 in one list, row by
  row, for row vectors (Maya's and USD's order): rows 1 to 3 are where the x, y and z axis point, the last is the place.
  A camera looks down its -z, with y up in the picture. Its rows have length 1 and stand upright on one another.
- **Picture** coordinates are pixels of a picture of `width` by `height`, from its top left corner, y down; the middle
  of the first pixel is (0.5, 0.5). `film` is what `width` covers of the film back, in millimetres like `focal`.
- Every list has a value for each frame from `first` to `last`, or one that stands still.

Maya-safe: Python 3.9, standard library only. docs/tracks.md is the reference for people.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Dict, Optional, Tuple

from shared import documents, schema
from shared.errors import InputRefused
from shared.file_names import FileName
from shared.kinds import Data, Kind, ListOf, Number, OneOf, TableOf, Whole, refused
from shared.layouts import LAYOUTS
from shared.places import whole
from shared.schema import About, Record
from shared.shot import MAX_FRAME_NUMBER, MAX_FRAMES, MAX_SIDE
from shared.values import Value

FORMAT = 1
MAX_FILE = 32 * 2**20  # bytes; in memory thirty times as much
MAX_NULLS, MAX_PEOPLE, MAX_JOINTS = 1000, 100, 1000
EXAMPLE = "See docs/tracks.md for a complete example"
FURTHEST = 1e9  # units, or pixels
UNSEEN = ("filled", "hidden", "outside", "absent")

Row = Tuple[float, ...]
Rows = Tuple[Row, ...]


class Joint(Kind):
    """x, y in pixels and how sure, 0 (not seen) to 1."""

    def read(self, value: Any, key: str) -> Row:
        row: Row = ListOf(COORDINATE, 3, 3, "numbers, as [x, y, confidence]").read(value, key)
        Number(0, 1).read(row[2], f"{key}[2]")
        return row

    def schema(self) -> Data:
        return {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}


COORDINATE = Number(-FURTHEST, FURTHEST)
POINT_2D = ListOf(COORDINATE, 2, 2, "as [x, y]")
POINT = ListOf(COORDINATE, 3, 2, "numbers, as [x, y, z] in space or [x, y] in the picture")
MATRIX = ListOf(COORDINATE, 16, 16, "numbers, a 4x4 matrix row by row")
NAME = FileName()
MILLIMETRES = Number(0.01, 1e5)


def per_frame(kind: Kind, what: str) -> ListOf:
    return ListOf(kind, MAX_FRAMES, 1, f"{what}, one for each frame or one that stands still")


class Camera(Value):
    """The camera that rendered the passes."""

    about: ClassVar[About] = About("camera", remedy=EXAMPLE)

    name: Annotated[str, NAME]
    matrix: Annotated[Rows, per_frame(MATRIX, "matrices"), "camera to world; the last row is where it stands"]
    focal: Annotated[Row, per_frame(MILLIMETRES, "numbers"), "focal length, millimetres"]
    film: Annotated[float, MILLIMETRES, "of the film back, what the width of the picture covers, millimetres"]
    centre: Annotated[Optional[Row], POINT_2D, "where its axis meets the picture, pixels; else the middle"] = None


class Null(Value):
    """A named point, in space or in the picture."""

    about: ClassVar[About] = About("null", remedy=EXAMPLE)

    name: Annotated[str, NAME]
    points: Annotated[Rows, per_frame(POINT, "points"), "[x, y, z] in space, or [x, y] in pixels of the picture"]


class Gap(Value):
    """Frames on which a joint was not seen, and why."""

    about: ClassVar[About] = About("gap", remedy=EXAMPLE)

    joint: Annotated[str, NAME]
    first: Annotated[int, Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER), "the first frame"]
    last: Annotated[int, Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER), "the last frame, too"]
    why: Annotated[
        str, OneOf(*UNSEEN), "filled: between what was seen; hidden; outside the picture; absent: with the person"
    ]


class Person(Value):
    """The joints of one person."""

    about: ClassVar[About] = About("person", remedy=EXAMPLE)

    id: Annotated[int, Whole(0, 10**6), "the same person has the same number in every file"]
    joints: Annotated[
        Dict[str, Rows],
        TableOf(per_frame(Joint(), "joints"), NAME, MAX_JOINTS),
        "name -> [x, y, confidence], pixels and 0 to 1",
    ]
    name: Annotated[Optional[str], NAME, "for people to read; else the id says it"] = None
    layout: Annotated[str, OneOf(*LAYOUTS), "which joints there are"] = "free"
    bones: Annotated[
        Tuple[Tuple[str, ...], ...],
        ListOf(ListOf(NAME, 2, 2, "joints"), MAX_JOINTS),
        "[joint, joint] that are connected",
    ] = field(default=())
    gaps: Annotated[
        Tuple[Gap, ...], ListOf(Record(Gap), MAX_FRAMES), "where joints were not seen; where none is, none is known"
    ] = ()

    @property
    def label(self) -> str:
        return self.name or f"person {self.id}"

    def check(self) -> None:
        wanted = LAYOUTS[self.layout]
        for name in wanted:
            if name not in self.joints:
                raise InputRefused(f"{self.label} has no joint {name}", remedy=f"{self.layout} has it, or say free")
        for name in self.joints:
            if wanted and name not in wanted:
                raise InputRefused(f"{self.label} has a joint {name}", remedy=f"{self.layout} has none, or say free")
        for bone in self.bones:
            for name in bone:
                if name not in self.joints:
                    raise InputRefused(f"a bone of {self.label} ends in {name}, which is none of its joints")
        for gap in self.gaps:
            if gap.joint not in self.joints or gap.last < gap.first:
                span = f"{gap.first} to {gap.last}"
                raise InputRefused(f"{self.label} has a gap of {gap.joint}, {span}, which is none of its joints")


class Tracks(Value):
    """What moves in a shot and is no picture: a camera, points, joints of people."""

    about: ClassVar[About] = About("tracks file", header={"format": FORMAT}, remedy=EXAMPLE)

    first: Annotated[int, Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER), "the first frame"]
    last: Annotated[int, Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER), "the last frame, too"]
    width: Annotated[int, Whole(1, MAX_SIDE), "of the picture, pixels"]
    height: Annotated[int, Whole(1, MAX_SIDE), "of the picture, pixels"]
    pixel_aspect: Annotated[float, Number(0.1, 10), "width of a pixel by its height"] = 1.0
    up: Annotated[str, OneOf("y", "z"), "the axis that points up"] = "y"
    centimetres: Annotated[float, Number(1e-6, 1e6), "length of a unit of space"] = 1.0
    camera: Optional[Camera] = None
    nulls: Annotated[Tuple[Null, ...], ListOf(Record(Null), MAX_NULLS, what="nulls")] = ()
    people: Annotated[Tuple[Person, ...], ListOf(Record(Person), MAX_PEOPLE, what="people")] = ()

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    def view(self, frame: int) -> Row:
        """The camera's matrix on a frame; on one that the file does not have, that of the nearest."""
        assert self.camera is not None
        matrices = self.camera.matrix
        return matrices[min(max(frame - self.first, 0), len(matrices) - 1)]

    def check(self) -> None:
        if not self.first <= self.last < self.first + MAX_FRAMES:
            raise refused("last", self.last, f"from first ({self.first}) up to {MAX_FRAMES} frames")
        if self.camera is None and not self.nulls and not self.people:
            raise InputRefused("nothing is in it", remedy='Give "camera", "nulls" or "people"')
        for where, rows in self._lists():
            if len(rows) not in (1, self.frames):
                raise InputRefused(
                    f'"{where}" has {len(rows)} values, and {self.first} to {self.last} are {self.frames} frames',
                    remedy="Give one for each frame, or one alone for what stands still",
                )
        once([one.name for one in self.nulls], "nulls are named")
        once([str(one.id) for one in self.people], "people have the id")
        for null in self.nulls:
            if len({len(point) for point in null.points}) > 1:
                raise InputRefused(f'the null "{null.name}" is in space on some frames and in the picture on others')
        if self.camera is not None:
            for number, matrix in enumerate(self.camera.matrix):
                rigid(matrix, self.first + number)

    def _lists(self) -> Iterable[Tuple[str, Tuple[Any, ...]]]:
        if self.camera is not None:
            yield "camera.matrix", self.camera.matrix
            yield "camera.focal", self.camera.focal
        for at, null in enumerate(self.nulls):
            yield f"nulls[{at}].points", null.points
        for at, person in enumerate(self.people):
            for name, rows in person.joints.items():
                yield f"people[{at}].joints.{name}", rows


def once(names: Iterable[str], words: str) -> None:
    """Raises InputRefused where a name stands there twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise InputRefused(f"two {words} {name}", remedy="Each needs one of its own")
        seen.add(name)


def rigid(matrix: Row, frame: int) -> None:
    """A camera has no size: what scales or mirrors it is left out by whoever writes its matrix. Raises InputRefused."""
    x, y, z = matrix[0:3], matrix[4:7], matrix[8:11]
    products = [sum(a * b for a, b in zip(one, other)) for one, other in ((x, y), (y, z), (z, x))]
    sizes = [math.sqrt(sum(a * a for a in one)) for one in (x, y, z)]
    turned = (
        x[0] * (y[1] * z[2] - y[2] * z[1]) - x[1] * (y[0] * z[2] - y[2] * z[0]) + x[2] * (y[0] * z[1] - y[1] * z[0])
    )
    if max(map(abs, products)) > 1e-3 or max(abs(size - 1) for size in sizes) > 1e-3 or turned < 0:
        raise InputRefused(
            '"camera.matrix" scales, shears or mirrors',
            frame=frame,
            cause=f"Its axes are {', '.join(f'{size:.3g}' for size in sizes)} long",
            remedy="Give rows of length 1 that stand upright on one another, row by row, the place in the last row",
        )


def read_tracks(file: Path) -> Tracks:
    """Read a tracks file. Raises MissingInput or InputRefused naming it."""
    return documents.read(Tracks, Path(file), "a tracks file", MAX_FILE)


def write_tracks(file: Path, tracks: Tracks) -> None:
    """Write a tracks file, whole or not at all; what could not be read back is refused. Raises InputRefused."""
    text = json.dumps(schema.written(tracks)) + "\n"
    if len(text) > MAX_FILE:
        raise InputRefused(
            f"the tracks would take {len(text) // 2**20} MB, more than {MAX_FILE // 2**20}",
            file=file,
            remedy="Follow fewer things, or fewer frames",
        )
    with whole(Path(file)) as beside:
        beside.write_text(text, encoding="ascii")

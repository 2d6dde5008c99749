"""`poses.json`: how people move in space, as skeletons that animators' programs take.

What is seen of them in the picture stands in the tracks file that `tracks` names, under the same ids. Here:

- **Axes**: right-handed, y up, centimetres. A skeleton seen through `camera` lies on the picture. `space` says whose
  axes these are: "world", those of the camera that the shot knows; or "floor", where nothing is known of the scene:
  the floor is at y = 0 and the camera, wherever it really was, stands still above the origin.
- **Rest**: a T-pose that looks to +z with the left hand to +x; every `offset` is as there, every rotation zero, every
  joint's own axes are those of the space. Names and tree are HumanIK's.
- **Motion**: `root` is where the first joint is, `rotation` turns a joint against its parent: degrees about x, y and z,
  in the order `rotate_order`, by Maya's name: "yxz" turns about y first (on column vectors Rz Rx Ry; in BVH the
  channels Zrotation Xrotation Yrotation). They never jump by whole turns.
- Every list has a value for each frame from `first` to `last` of its person, or one that stands still.
- **Nothing is invented**: `gaps` says on which frames a joint was not seen; its rotation leads from before to after.

`points` is what was measured, before bones had a length and feet stood: of it `semrender skeleton` solves again.

Maya-safe: Python 3.9, standard library only. docs/motion.md is the reference for people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Dict, Optional, Tuple

from shared import documents, schema
from shared.errors import InputRefused, SemrenderError
from shared.kinds import Kind, ListOf, Number, OneOf, TableOf, Text, Whole, refused
from shared.places import whole
from shared.schema import About, Record
from shared.shot import MAX_FRAME_NUMBER, MAX_FRAMES, MAX_SIDE
from shared.tracks import MAX_PEOPLE, NAME, Camera, Gap, Row, Rows, once, per_frame, rigid
from shared.values import Value

FORMAT = 1
MAX_FILE = 64 * 2**20  # bytes
EXAMPLE = "See docs/motion.md for what is in one"
FURTHEST = 1e7  # centimetres
_SIDES = ("Left", "Right")
PARENTS = {  # of HumanIK's joints, parents first
    "Hips": "",
    "Spine": "Hips",
    "Neck": "Spine",
    "Head": "Neck",
    **{
        f"{side}{joint}": parent if parent == "Spine" else f"{side}{parent}"
        for side in _SIDES
        for joint, parent in (("Arm", "Spine"), ("ForeArm", "Arm"), ("Hand", "ForeArm"))
    },
    **{
        f"{side}{joint}": parent if parent == "Hips" else f"{side}{parent}"
        for side in _SIDES
        for joint, parent in (("UpLeg", "Hips"), ("Leg", "UpLeg"), ("Foot", "Leg"), ("ToeBase", "Foot"))
    },
}
ROTATE_ORDERS = ("xyz", "yzx", "zxy", "xzy", "yxz", "zyx")  # as Maya numbers them
SPACES = ("world", "floor")
LENSES = ("camera", "artist", "guess")
HEIGHTS = ("artist", "read")
FEET = ("auto", "always", "never")
SMOOTHINGS = ("off", "light", "strong")


class Measured(Kind):
    """x, y, z in centimetres and how sure, 0 (not seen) to 1."""

    def read(self, value: Any, key: str) -> Row:
        row: Row = ListOf(CENTIMETRES, 4, 4, "numbers, as [x, y, z, confidence]").read(value, key)
        Number(0, 1).read(row[3], f"{key}[3]")
        return row

    def schema(self) -> Dict[str, Any]:
        return {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}


CENTIMETRES = Number(-FURTHEST, FURTHEST)
POINT = ListOf(CENTIMETRES, 3, 3, "centimetres, as [x, y, z]")
TURN = ListOf(Number(-1e6, 1e6), 3, 3, "degrees, as [x, y, z]")
FRAME = Whole(-MAX_FRAME_NUMBER, MAX_FRAME_NUMBER)
SPAN = ListOf(FRAME, 2, 2, "frames, as [first, last]")


class Bone(Value):
    """A joint and what hangs on it."""

    about: ClassVar[About] = About("joint", remedy=EXAMPLE)

    name: Annotated[str, OneOf(*PARENTS)]
    offset: Annotated[Row, POINT, "from its parent, at rest; of the first joint zero"]
    rotation: Annotated[Rows, per_frame(TURN, "turns"), "against its parent, degrees about x, y and z"]
    parent: Annotated[Optional[str], OneOf(*PARENTS), "null = the first joint"] = None
    end: Annotated[Optional[Row], POINT, "of a joint on which none hangs: where it ends, from it, at rest"] = None


class Skeleton(Value):
    """One person. `joints` has parents before their children."""

    about: ClassVar[About] = About("person", remedy=EXAMPLE)

    id: Annotated[int, Whole(0, 10**6), "as in the tracks file"]
    first: Annotated[int, FRAME, "the first frame on which there is somebody"]
    last: Annotated[int, FRAME, "the last, too"]
    root: Annotated[Rows, per_frame(POINT, "places"), "of the first joint"]
    joints: Annotated[Tuple[Bone, ...], ListOf(Record(Bone), len(PARENTS), 1, "joints")]
    name: Annotated[Optional[str], NAME, "for people to read; else the id says it"] = None
    rotate_order: Annotated[str, OneOf(*ROTATE_ORDERS), "by Maya's name: the first letter turns first"] = "yxz"
    height: Annotated[float, Number(1, 10_000), "of the body at rest, from sole to crown, centimetres"] = 170.0
    height_from: Annotated[str, OneOf(*HEIGHTS), "whether somebody said so"] = "read"
    floor: Annotated[float, CENTIMETRES, "height of the floor under the feet"] = 0.0
    contacts: Annotated[
        Dict[str, Tuple[Tuple[int, ...], ...]],
        TableOf(ListOf(SPAN, MAX_FRAMES), OneOf("LeftFoot", "RightFoot"), 2, "a table of feet"),
        "foot -> [first, last] of frames on which it stands",
    ] = field(default_factory=dict)
    gaps: Annotated[Tuple[Gap, ...], ListOf(Record(Gap), MAX_FRAMES), "where a joint was not seen, and why"] = ()
    points: Annotated[
        Dict[str, Rows],
        TableOf(per_frame(Measured(), "points"), NAME, 1000),
        "measured, by the names of the tracks file: [x, y, z, confidence], centimetres from the middle of the hips"
        " along the camera's axes: x right, y up, z towards it",
    ] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.name or f"person {self.id}"

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    def check(self) -> None:
        if self.last < self.first:
            raise refused("last", self.last, f"from first ({self.first}) on")
        known: list[str] = []
        for joint in self.joints:
            if (joint.parent is None) == bool(known) or (known and joint.parent not in known):
                raise InputRefused(
                    f"the joint {joint.name} of {self.label} hangs on {joint.parent or 'none'}",
                    remedy="The first joint hangs on none, each other one on a joint that stands before it",
                )
            known.append(joint.name)
        once(known, f"joints of {self.label} are named")
        for where, rows in self._lists():
            if len(rows) not in (1, self.frames):
                raise InputRefused(
                    f'"{where}" of {self.label} has {len(rows)} values, and {self.first} to {self.last}'
                    f" are {self.frames} frames",
                    remedy="Give one for each frame, or one alone for what stands still",
                )
        for foot, spans in self.contacts.items():
            if foot not in known or any(not self.first <= one <= other <= self.last for one, other in spans):
                raise InputRefused(f"{self.label} stands on {foot} on frames that are not there")
        for gap in self.gaps:
            if gap.joint not in known or gap.last < gap.first:
                raise InputRefused(f"{self.label} has a gap of {gap.joint}, which is none of its joints")

    def _lists(self) -> Iterable[Tuple[str, Tuple[Any, ...]]]:
        yield "root", self.root
        for joint in self.joints:
            yield f"{joint.name}.rotation", joint.rotation
        for name, rows in self.points.items():
            yield f"points.{name}", rows


class Reader(Value):
    """The model that read the people."""

    about: ClassVar[About] = About("model", remedy=EXAMPLE)

    name: Annotated[str, Text(least=1)]
    hash: Annotated[str, Text()] = ""
    licence: Annotated[str, Text()] = ""


class Poses(Value):
    """How people move in space: skeletons by HumanIK's names."""

    about: ClassVar[About] = About("poses file", header={"format": FORMAT}, remedy=EXAMPLE)

    first: Annotated[int, FRAME, "the first frame of the clip"]
    last: Annotated[int, FRAME, "the last, too"]
    fps_num: Annotated[int, Whole(1, 10**9), "frames a second, fps_num / fps_den"]
    width: Annotated[int, Whole(1, MAX_SIDE), "of the picture, pixels"]
    height: Annotated[int, Whole(1, MAX_SIDE), "of the picture, pixels"]
    camera: Annotated[Camera, "that saw them, one matrix for each frame of the clip or one that stands still"]
    people: Annotated[Tuple[Skeleton, ...], ListOf(Record(Skeleton), MAX_PEOPLE, 1, "people")]
    fps_den: Annotated[int, Whole(1, 10**9)] = 1
    pixel_aspect: Annotated[float, Number(0.1, 10), "width of a pixel by its height"] = 1.0
    space: Annotated[str, OneOf(*SPACES), "world: of the shot's camera; floor: of the people's feet"] = "floor"
    lens_from: Annotated[str, OneOf(*LENSES), "who says how long the lens is; a guess makes every depth one"] = "guess"
    feet: Annotated[str, OneOf(*FEET), "auto: held where they stand; always: both stand all along; never"] = "auto"
    smoothing: Annotated[str, OneOf(*SMOOTHINGS), "of the points"] = "light"
    model: Optional[Reader] = None
    tracks: Annotated[Optional[str], Text(least=1), "of the same people, from this file's folder"] = None

    def check(self) -> None:
        if not self.first <= self.last < self.first + MAX_FRAMES:
            raise refused("last", self.last, f"from first ({self.first}) up to {MAX_FRAMES} frames")
        for key in ("matrix", "focal"):
            rows = getattr(self.camera, key)
            if len(rows) not in (1, self.last - self.first + 1):
                raise InputRefused(
                    f'"camera.{key}" has {len(rows)} values, and {self.first} to {self.last} are'
                    f" {self.last - self.first + 1} frames",
                    remedy="Give one for each frame, or one alone for what stands still",
                )
        for number, matrix in enumerate(self.camera.matrix):
            rigid(matrix, self.first + number)
        once([str(one.id) for one in self.people], "people have the id")
        for person in self.people:
            if person.first < self.first or person.last > self.last:
                raise InputRefused(f"{person.label} is there from {person.first} to {person.last}, the clip is not")


def read_poses(file: Path) -> Poses:
    """Raises MissingInput or InputRefused, naming the file and the key."""
    return documents.read(Poses, Path(file), "a poses file", MAX_FILE)


def text_of(poses: Poses) -> str:
    """The file's content, ASCII. Raises InputRefused for what could not be read back."""
    text = json.dumps(schema.written(poses)) + "\n"
    if len(text) > MAX_FILE:
        raise InputRefused(
            f"the poses would take {len(text) // 2**20} MB, more than {MAX_FILE // 2**20}",
            remedy="Read fewer people, or fewer frames",
        )
    return text


def write_poses(file: Path, poses: Poses) -> None:
    """Write a poses file, whole or not at all. Raises InputRefused for what could not be read back."""
    try:
        text = text_of(poses)
    except SemrenderError as error:
        raise error.located(file=Path(file)) from None
    with whole(Path(file)) as beside:
        beside.write_text(text, encoding="ascii")

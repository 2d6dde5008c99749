"""Tracks as After Effects has them: a camera, nulls and joints as layers whose properties have a key on every frame.

The only place that knows how After Effects measures. Its space, in a comp of w x h pixels of aspect a: x right, y
down, z away; here one centimetre is one pixel, and the origin of the scene lies in the middle of the comp. A camera
looks along its +z and is turned by Rx(x) Ry(y) Rz(z), its orientation; `zoom` is the distance, in pixels as wide as
tall, at which a thing is seen at its own size. What stands at (X, Y, Z) before the camera is seen at
(w/2 + X zoom / Z / a, h/2 + Y zoom / Z). (py_aep's `resolvers/transform.py`, which its makers compared with After
Effects 2026, and Blender's export to After Effects agree on orders and signs.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from shared import documents, schema
from shared.delivery import DeliveryShot, Frame, LabelColour, Marker, Named, Uid
from shared.errors import InputRefused
from shared.kinds import ListOf, Number, OneOf, TableOf, Text
from shared.schema import About, Record
from shared.tracks import FURTHEST, Camera, Gap, Person, Row, Rows, Tracks
from shared.uids import layer_uid
from shared.values import Value

DIGITS = 4  # behind the point: what After Effects gives back is compared with what was written
CAMERA_LABEL, NULL_LABEL, JOINT_LABEL = 4, 1, 11  # label colours: After Effects' own of a camera and a null; orange
KINDS = ("camera", "null_3d", "null_2d", "source")  # source: shows footage, of shared.comp_templates
MAX_FILE = 256 * 2**20  # bytes; numbers with their digits are longer than in a tracks file
T = TypeVar("T")
PROPERTIES = ("position", "orientation", "zoom", "anchor", "scale", "rotation", "confidence")
VALUES = ListOf(ListOf(Number(-1e3 * FURTHEST, 1e3 * FURTHEST), 3, 1), least=1)
UNSEEN = {"hidden": "hidden", "outside": "outside the picture", "absent": "not there"}
MARKED = {"filled": "filled in", **UNSEEN}  # the words of markers by what a gap says


class CompLayer(Value):
    """A layer with keys: without a picture, or (kind `source`) that of a normalised clip.

    Positions in pixels of the comp or of its space, orientation in degrees from 0 to 360, zoom in pixels, confidence in
    percent; one value stands still.
    """

    about: ClassVar[About] = About("layer of tracks", strict=False, all_written=True, is_layer=True)

    uid: Uid
    name: Named
    kind: Annotated[str, OneOf(*KINDS)]
    label: LabelColour
    shy: bool
    parent: Annotated[str, Text(), "uid of a layer that it hangs on; empty = none"]
    keys: Annotated[dict[str, Rows], TableOf(VALUES, OneOf(*PROPERTIES)), "property -> its values"]
    markers: Annotated[tuple[Marker, ...], ListOf(Record(Marker))] = ()


class CompTracks(Value):
    """The layers that a comp gets of a tracks file; each list of keys begins at frame `first` of the shot."""

    about: ClassVar[About] = About(
        "file of comp layers",
        header={"schema": "semrender.comp_tracks", "schema_version": 1},
        strict=False,
        all_written=True,
        remedy="Deliver the shot again",
    )

    first: Frame
    layers: tuple[CompLayer, ...]


def comp_tracks(tracks: Tracks, shot: DeliveryShot) -> CompTracks:
    """What moves in a shot as layers of its comp, top first. Raises InputRefused unless the tracks cover its frames."""
    if not tracks.first <= shot.first <= shot.last <= tracks.last:
        raise InputRefused(
            f"the tracks go from {tracks.first} to {tracks.last}, the shot from {shot.first} to {shot.last}",
            remedy="Write them for all of its frames",
        )
    span = range(shot.first - tracks.first, shot.last - tracks.first + 1)
    found = [] if tracks.camera is None else [_camera(tracks, tracks.camera, shot, span)]
    for null in tracks.nulls:
        in_space = len(null.points[0]) == 3
        place = _in_space if in_space else _in_picture
        found.append(
            CompLayer(
                uid=layer_uid(shot.uid, null.name, "null"),
                name=null.name,
                kind="null_3d" if in_space else "null_2d",
                label=NULL_LABEL,
                shy=False,
                parent="",
                keys={"position": rows_of([place(tracks, shot, one) for one in _cut(null.points, span)])},
            )
        )
    for person in tracks.people:
        found += _joints(tracks, person, shot, span)
    return CompTracks(shot.first, tuple(found))


def _camera(tracks: Tracks, camera: Camera, shot: DeliveryShot, span: range) -> CompLayer:
    matrices = _cut(camera.matrix, span)
    width = shot.width * shot.pixel_aspect
    return CompLayer(
        uid=layer_uid(shot.uid, camera.name, "camera"),
        name=camera.name,
        kind="camera",
        label=CAMERA_LABEL,
        shy=False,
        parent="",
        keys={
            "position": rows_of([_in_space(tracks, shot, one[12:15]) for one in matrices]),
            "orientation": rows_of([_orientation(tracks, one) for one in matrices]),
            "zoom": rows_of([(focal / camera.film * width,) for focal in _cut(camera.focal, span)]),
        },
    )


def _joints(tracks: Tracks, person: Person, shot: DeliveryShot, span: range) -> Iterator[CompLayer]:
    """A null for the person, to move all of it by, and shy ones for the joints, which hang on it."""
    whole = CompLayer(
        uid=layer_uid(shot.uid, str(person.id), "person"),
        name=person.label,
        kind="null_2d",
        label=JOINT_LABEL,
        shy=False,
        parent="",
        keys={"position": ((0.0, 0.0),)},
    )
    yield whole
    for name, rows in person.joints.items():
        why = _states(tracks, rows, [one for one in person.gaps if one.joint == name])[span.start : span.stop]
        cut = _cut(rows, span)
        if any(why):  # of what stands still, too, each frame is told
            each = zip(_each(cut, span), why, strict=True)
            cut = [(x, y, 0.0 if state in UNSEEN else sure) for (x, y, sure), state in each]
        seen = [_in_picture(tracks, shot, one) for one in _held(cut)]
        keys = {"position": rows_of(seen), "confidence": rows_of([(100 * one[2],) for one in cut])}
        uid = layer_uid(shot.uid, str(person.id), "joint", name)
        marks = _marks(shot.first, why)
        yield CompLayer(uid, f"{person.label} {name}", "null_2d", JOINT_LABEL, True, whole.uid, keys, marks)


def _states(tracks: Tracks, rows: Sequence[Row], gaps: Sequence[Gap]) -> list[str]:
    """Why a joint is not seen on each frame, "" where it is. Beyond the picture it is a guess, however sure."""
    found = ["" if 0 <= x <= tracks.width and 0 <= y <= tracks.height else "outside" for x, y, _ in rows]
    found = list(_each(found, range(tracks.frames)))
    for gap in gaps:
        for frame in range(max(gap.first, tracks.first), min(gap.last, tracks.last) + 1):
            found[frame - tracks.first] = gap.why
    return found


def _each(values: Sequence[T], span: range) -> Sequence[T]:
    return list(values) * len(span) if len(values) == 1 else values


def _marks(first: int, why: Sequence[str]) -> tuple[Marker, ...]:
    """One for each run of frames on which a joint is not seen."""
    starts = [at for at in range(len(why)) if at == 0 or why[at] != why[at - 1]]
    runs = zip(starts, [*starts[1:], len(why)], strict=True)
    return tuple(Marker(first + at, first + end - 1, MARKED[why[at]]) for at, end in runs if why[at])


def _held(rows: Sequence[Row]) -> list[Row]:
    """Where a joint is not seen it stays where it was seen last, before that where it is seen first."""
    found, last = [], next((row for row in rows if row[2] > 0), rows[0])
    for row in rows:
        last = row if row[2] > 0 else last
        found.append(last)
    return found


def _cut(values: Sequence[T], span: range) -> Sequence[T]:
    return values if len(values) == 1 else values[span.start : span.stop]


def _in_picture(tracks: Tracks, shot: DeliveryShot, point: Row) -> Row:
    return point[0] * shot.width / tracks.width, point[1] * shot.height / tracks.height


def _in_space(tracks: Tracks, shot: DeliveryShot, point: Row) -> Row:
    x, y, z = (tracks.centimetres * value for value in _upright(tracks, point))
    return shot.width / 2 + x / shot.pixel_aspect, shot.height / 2 - y, -z


def _upright(tracks: Tracks, point: Row) -> Row:
    """With y up."""
    x, y, z = point
    return (x, z, -y) if tracks.up == "z" else (x, y, z)


def _orientation(tracks: Tracks, matrix: Row) -> Row:
    """Degrees of the rotation that takes After Effects' axes of a camera (x, down, ahead) to those of its space."""
    axes = [_upright(tracks, matrix[at : at + 3]) for at in (0, 4, 8)]
    columns = [(sign * x, -sign * y, -sign * z) for sign, (x, y, z) in zip((1, -1, -1), axes, strict=True)]
    (m00, _, _), (m01, m11, m21), (m02, m12, m22) = columns
    flat = math.hypot(m12, m22)
    y = math.atan2(m02, flat)
    if flat < 1e-9:  # straight up or down: x and z turn about one axis, so all of it is x
        return _degrees(math.atan2(m21, m11), y, 0.0)
    return _degrees(math.atan2(-m12, m22), y, math.atan2(-m01, m00))


def _degrees(*angles: float) -> Row:
    return tuple(round(math.degrees(one), DIGITS) % 360 for one in angles)


def rows_of(values: Iterable[Row]) -> Rows:
    """Rounded; one value where all are the same."""
    rounded = [tuple(round(one, DIGITS) + 0.0 for one in value) for value in values]
    return tuple(rounded[:1] if all(one == rounded[0] for one in rounded) else rounded)


def text_of(found: CompTracks) -> str:
    """As it stands in the file: ASCII, one line, judged once more as it will be read."""
    return json.dumps(schema.written(found), ensure_ascii=True, separators=(",", ":")) + "\n"


def read_comp_tracks(file: Path) -> CompTracks:
    """Raises MissingInput or InputRefused naming the file."""
    return documents.read(CompTracks, file, "a file of comp layers", MAX_FILE)

"""A normalised clip as After Effects has it: a comp of the template's size with the clip, turned and scaled so that
somebody stands still, and in the comp of the clip a null that puts back what was made on it.

`semrender clip normalise` writes the file beside normalised.json; panel and `.aep` make comps of it. A similarity
x' = s R(r) x + t from the source to the canvas is, on the layer of the source: anchor point = the point of the source
that comes to the middle of the canvas, position = that middle, scale = 100 s, rotation = r, clockwise since y goes
down. Put back is the inverse, on a null whose anchor point is the middle of the canvas: then a pixel of the canvas is a
pixel of the null, and what hangs on it keeps the numbers that it has on the canvas.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, ClassVar

from shared import documents, schema
from shared.comp_tracks import MAX_FILE, CompLayer, rows_of
from shared.delivery import Frame, Named, Side, Uid
from shared.errors import InputRefused
from shared.kinds import Number, Text, Whole
from shared.places import whole
from shared.rates import fps_literal
from shared.schema import About
from shared.shot import MAX_FRAMES
from shared.tracks import Row, Rows
from shared.uids import layer_uid, shot_uid
from shared.values import Value

FILE_NAME = "normalised.comp.json"
SOURCE_LABEL, BACK_LABEL = 12, 10  # label colours of After Effects: brown, purple
SKEWED = 1e-6  # of what is no similarity


class CompPerson(Value):
    """Somebody who stands still in a comp of their own."""

    about: ClassVar[About] = About("person", strict=False, all_written=True, is_layer=True)

    uid: Annotated[Uid, "of the comp"]
    name: Annotated[Named, "of the comp"]
    width: Annotated[Side, "of the comp, pixels"]
    height: Side
    first: Annotated[Frame, "of the clip, on which the first key of each list stands"]
    source: Annotated[CompLayer, "the clip: anchor point, scale and rotation, in pixels of the source"]
    back: Annotated[CompLayer, "the null in the comp of the clip: hangs on the layer that shows it"]


class CompTemplate(Value):
    """The comps of a normalised clip."""

    about: ClassVar[About] = About(
        "file of a normalised clip's comps",
        header={"schema": "semrender.comp_template", "schema_version": 1},
        strict=False,
        all_written=True,
        remedy="Normalise the clip again; what is finished is skipped",
    )

    uid: Annotated[Uid, "of the clip, with all that is made of it"]
    name: Named
    clip: Annotated[str, Text(least=1), "the file, or the first one of a sequence; absolute, with /"]
    sequence: bool
    width: Annotated[Side, "of the clip, upright, with square pixels"]
    height: Side
    fps: Annotated[float, Number(1, 240)]
    first: Annotated[Frame, "number of the clip's first frame"]
    frames: Annotated[int, Whole(1, MAX_FRAMES)]
    people: tuple[CompPerson, ...]


def clip_uid(clip: Path, name: str) -> str:
    """Of a clip, wherever its normalised copies lie; two of one name are two."""
    digest = hashlib.sha256(clip.as_posix().encode()).hexdigest()[:8]
    return shot_uid("normalised", f"{name}_{digest}")


def comp_template(
    clip: Path,
    name: str,
    sequence: bool,
    size: tuple[int, int],
    fps: Fraction,
    frames: range,
    people: Iterable[CompPerson],
) -> CompTemplate:
    """clip: the absolute path of the file, or of the first one. name: of the clip, without frame and suffix."""
    return CompTemplate(
        uid=clip_uid(clip, name),
        name=name,
        clip=clip.as_posix(),
        sequence=sequence,
        width=size[0],
        height=size[1],
        fps=fps_literal(fps.numerator, fps.denominator),
        first=frames[0],
        frames=len(frames),
        people=tuple(people),
    )


def comp_person(clip: Path, name: str, who: str, first: int, ways: Rows, canvas: tuple[int, int]) -> CompPerson:
    """Somebody's comp and null. Raises InputRefused for a way that is no similarity.

    clip, name: as of `comp_template`. who: "person 1". ways: of each frame from `first`, to the canvas.
    """
    middle = canvas[0] / 2, canvas[1] / 2
    parts = [_similarity(way, middle, first + at) for at, way in enumerate(ways)]
    scales, turns = [one[0] for one in parts], _unrolled([one[1] for one in parts])
    places = rows_of(one[2] for one in parts)
    uid = clip_uid(clip, name)
    source = {
        "anchor": places,
        "scale": rows_of((100 * scale, 100 * scale) for scale in scales),
        "rotation": rows_of((turn,) for turn in turns),
    }
    back = {
        "anchor": (middle,),
        "position": places,
        "scale": rows_of((100 / scale, 100 / scale) for scale in scales),
        "rotation": rows_of((-turn,) for turn in turns),
    }
    return CompPerson(
        uid=f"{uid}/C/{shot_uid(who)}",
        name=f"{name} {who}",
        width=canvas[0],
        height=canvas[1],
        first=first,
        source=CompLayer(layer_uid(uid, who, "source"), name, "source", SOURCE_LABEL, False, "", source),
        back=CompLayer(layer_uid(uid, who, "back"), f"put back {who}", "null_2d", BACK_LABEL, False, "", back),
    )


def _similarity(way: Row, middle: tuple[float, float], frame: int) -> tuple[float, float, Row]:
    """Its scale, its turn in degrees, and which point of the source comes to the middle."""
    a, b, c, d, e, f = way
    scale = math.hypot(a, d)
    if scale <= 0 or math.hypot(e - a, b + d) > SKEWED * scale:
        raise InputRefused("the way to the canvas is no similarity", frame=frame, remedy="Normalise the clip again")
    x, y = middle[0] - c, middle[1] - f
    return scale, math.degrees(math.atan2(d, a)), ((a * x + d * y) / scale**2, (a * y - d * x) / scale**2)


def _unrolled(turns: list[float]) -> list[float]:
    """Without the leap from 180 to -180, through which the frames between would turn once round."""
    found = turns[:1]
    for turn in turns[1:]:
        found.append(turn + 360 * round((found[-1] - turn) / 360))
    return found


def write_comp_template(folder: Path, found: CompTemplate) -> None:
    """Whole or not at all; what could not be read back is refused. ASCII, for whatever reads it in ExtendScript."""
    data = schema.written(found)
    with whole(folder / FILE_NAME) as beside:
        beside.write_text(json.dumps(data, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="ascii")


def read_comp_template(folder: Path) -> CompTemplate:
    """Of the folder of a normalised clip. Raises MissingInput or InputRefused naming the file."""
    file = folder / FILE_NAME
    return documents.read(CompTemplate, file, "a file of a normalised clip's comps", MAX_FILE)

"""A clip from beginning to end: look, follow, choose, draw; what was seen stays in the folder for the next run."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.commands.people import Person, people_in, people_sheet
from inference_server.datasets.crops import inverse
from inference_server.datasets.detector import Detector, network_hash
from inference_server.datasets.journal import Journal
from inference_server.datasets.sheets import write_sheet
from inference_server.datasets.tracks import seen
from inference_server.models.catalogue import find_card
from inference_server.motion import document, following, normalising
from inference_server.motion.document import Normalised, NormalisedPerson
from inference_server.motion.footage import Footage, opened
from inference_server.motion.template import Template, guides
from shared.comp_templates import comp_person, comp_template, write_comp_template
from shared.errors import InputRefused
from shared.file_names import is_clip
from shared.paced import paced
from shared.places import whole
from shared.sequences import find_sequence, frames_text
from shared.values import Value
from shared.wording import counted

POSE = "blazepose"  # the model that sees people
WORK = ".work"  # what was seen, within the folder
LOOKING, DRAWING = "2", "1"  # raised where the same input is seen, or drawn, otherwise than before
SOFT = 2.0  # times that a picture is enlarged, beyond which it is said

Say = Callable[[str], None]
Pixels = NDArray[np.uint8]


class Request(Value):
    """people: numbers of people.png; None for all. fps: of the frames; None = the clip's own."""

    clip: str
    out: Path
    template: Template
    mode: str = "follow"
    people: frozenset[int] | None = None
    fps: tuple[int, int] | None = None
    first: int = 1


def normalise(request: Request, say: Say) -> Normalised:
    """Write a sequence for each person, with the ways there and back. Raises SemrenderError in words.

    Interrupted at any moment, the same call goes on where it was; the same call once more writes the same bytes.
    """
    out = request.out
    if request.first < 0:
        raise InputRefused(f"--first is {request.first}", remedy="Number the files from 0 or above")
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / WORK).is_dir()):
        remedy = "Name a new folder, or one that this command made"
        raise InputRefused(
            "this is no folder of a normalised clip", file=out, cause="It has other files", remedy=remedy
        )
    with opened(request.clip, request.fps, request.first) as footage:
        with Journal(out / WORK / "looked.jsonl") as looked:
            rows = _look(footage, request.template.of, looked, say)
        people = people_in(request.template.of, footage, rows)
        if not people:
            raise _nobody(footage, request.template.of)
        write_sheet(out / "people.png", people_sheet(footage, people))
        _write_png(out / "template.png", guides(request.template))
        chosen = _chosen(people, request.people)
        with Journal(out / WORK / "drawn.jsonl") as drawn:
            made = [_draw(request, footage, one, drawn, say) for one in chosen]
            _clear(out, list(drawn), [person for person, _ in made], say)
    notes = [*footage.notes, *(note for _, notes in made for note in notes)]
    height, width = footage.size[1], footage.size[0]
    found = Normalised(
        source=footage.name,
        width=width,
        height=height,
        pixel_aspect=footage.pixel_aspect,
        fps_num=footage.fps.numerator,
        fps_den=footage.fps.denominator,
        first=footage.frames[0],
        last=footage.frames[-1],
        mode=request.mode,
        template=request.template,
        people=tuple(person for person, _ in made),
        notes=tuple(notes),
    )
    document.write_normalised(out, found)
    _write_comps(request, footage, found)
    return found


def _write_comps(request: Request, footage: Footage, found: Normalised) -> None:
    """What After Effects makes of it: its clip by its whole path, a sequence by that of its first file."""
    path = Path(request.clip)
    clip = is_clip(path) and not path.is_dir()
    file = (path if clip else find_sequence(request.clip).files[footage.frames[0]]).absolute()
    template = request.template
    canvas = footage.size if request.mode == "source" else (template.width, template.height)
    name = footage.stem
    people = [
        comp_person(file, name, f"{template.of} {one.id}", one.first, one.to_canvas, canvas) for one in found.people
    ]
    made = comp_template(file, name, not clip, footage.size, footage.fps, footage.frames, people)
    write_comp_template(request.out, made)


def _look(footage: Footage, of: str, journal: Journal, say: Say) -> list[dict[str, Any]]:
    """What is seen of each frame: {"seen": its colours, "people" or "faces": rows}."""
    card = find_card(POSE)
    about = f"{LOOKING} {card.hash if of == 'person' else network_hash()} {cv2.__version__}"
    settings = hashlib.sha256(about.encode()).hexdigest()[:12]
    see = _seer(of)
    rows: list[dict[str, Any]] = []
    for number, frame in enumerate(paced(footage.frames, f"{footage.name}: looked at", say)):
        before = rows[-1] if number % following.GROUP else None
        key = f"{settings}:{number % following.GROUP}:{footage.key(frame)}"
        if before is not None:
            key += f":{before['key']}"  # what is seen leans on the frames of its group before
        key = hashlib.sha256(key.encode()).hexdigest()[:24]
        row = journal.get(key)
        if row is None:
            row = {**see(number, before, footage.picture(frame)), "key": key}
            journal.add(key, row)
        rows.append(row)
    return rows


def _seer(of: str) -> Callable[[int, dict[str, Any] | None, Pixels], dict[str, Any]]:
    """A function of a frame's place, what was seen of the frame before, and its picture; networks load when used."""
    networks: list[Any] = []

    def faces(number: int, before: dict[str, Any] | None, picture: Pixels) -> dict[str, Any]:
        if not networks:
            networks.append(Detector())
        return {"seen": seen(picture), "faces": [face.row for face in networks[0].faces(picture)]}

    def people(number: int, before: dict[str, Any] | None, picture: Pixels) -> dict[str, Any]:
        if not networks:
            from inference_server.models.pose.blazepose import BlazePose  # loads torch

            card = find_card(POSE)
            networks.append(BlazePose(card, card.folder, "cpu"))
        return following.looked(number, picture, before, networks[0])

    return faces if of == "face" else people


def _nobody(footage: Footage, of: str) -> InputRefused:
    size = "{}x{}".format(*footage.size)
    least = "a tenth of the picture's height" if of == "person" else "a thirtieth of the picture"
    return InputRefused(
        f"no {of} is found in this clip",
        file=footage.name,
        cause=f"{counted(len(footage.frames), 'frame')} of {size} were searched, down to {least}",
        remedy="Check that somebody is seen upright and not too small; a part that is cut out and enlarged may help",
    )


def _chosen(people: Sequence[Person], wanted: frozenset[int] | None) -> list[Person]:
    if wanted is None:
        return list(people)
    if lacking := sorted(wanted - {one.id for one in people}):
        known = f"There are {', '.join(str(one.id) for one in people)}"
        raise InputRefused(f"there is no person {lacking[0]}", cause=known, remedy="See people.png for their numbers")
    return [one for one in people if one.id in wanted]


def _draw(
    request: Request, footage: Footage, person: Person, journal: Journal, say: Say
) -> tuple[NormalisedPerson, list[str]]:
    """Write a person's sequence, and say what to know of it."""
    template, mode = request.template, request.mode
    frames = range(person.frames[0], person.frames[-1] + 1)
    found = normalising.ways(person.frames, person.places, frames, footage.fps, template, mode)
    size = footage.size if mode == "source" else (template.width, template.height)
    about = f"{DRAWING} {size} {template.outside} {cv2.__version__}"
    pattern = f"person_{person.id}/{footage.stem}.####.png"
    for frame, way in zip(paced(frames, f"person {person.id}: drew", say), found, strict=True):
        file = request.out / pattern.replace("####", f"{frame:04d}")
        text = f"{about} {footage.key(frame)} {document.row_of(way)}"
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        if not file.is_file() or journal.get(str(file.relative_to(request.out))) != key:
            canvas = normalising.drawn(footage.picture(frame), way, size, template.outside)
            _write_png(file, canvas)
            journal.add(str(file.relative_to(request.out)), key)
    unseen = sorted(set(frames) - set(person.frames))
    made = NormalisedPerson(
        id=person.id,
        files=pattern,
        first=frames[0],
        last=frames[-1],
        to_canvas=tuple(document.row_of(way) for way in found),
        to_source=tuple(document.row_of(inverse(way)) for way in found),
        unseen=tuple(unseen),
    )
    return made, _notes(footage, person, made, found, template)


def _clear(out: Path, drawn: Sequence[str], people: Sequence[NormalisedPerson], say: Say) -> None:
    """Remove what an earlier run drew and this one does not: of somebody who is not wanted now, or another rate."""
    wanted = {one.files.replace("####", f"{frame:04d}") for one in people for frame in range(one.first, one.last + 1)}
    stale = [name for name in drawn if name not in wanted and (out / name).is_file()]
    for name in stale:
        (out / name).unlink()
    for folder in sorted({(out / name).parent for name in stale}):
        if not any(folder.iterdir()):
            folder.rmdir()
        say(f"{folder.name}: what was drawn there before and is not asked for now was removed")


def _notes(
    footage: Footage,
    person: Person,
    made: NormalisedPerson,
    ways: Sequence[NDArray[np.float64]],
    template: Template,
) -> list[str]:
    """What an artist should know of a person's sequence."""
    notes = []
    who = f"person {person.id}"
    frames = range(made.first, made.last + 1)
    if cut := [frame for frame, whole in zip(person.frames, person.whole, strict=True) if not whole]:
        notes.append(f"{who}: the picture cuts them off on {frames_text(cut)}")
    if made.unseen:
        notes.append(f"{who}: not seen on {frames_text(made.unseen)}; the way leads past them")
    if lacking := [frame for frame in footage.frames if frame not in frames]:
        notes.append(f"{who}: not there on {frames_text(lacking)}, which the sequence lacks")
    largest = max(math.hypot(way[0, 0], way[1, 0]) for way in ways)
    if largest > SOFT:
        notes.append(f"{who}: enlarged up to {largest:.1f} times, so that it is soft; a smaller canvas loses nothing")
    return notes


def _write_png(file: Path, pixels: Pixels) -> None:
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, order), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    with whole(file, "the picture") as beside:
        beside.write_bytes(encoded.tobytes())

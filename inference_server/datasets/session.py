"""A dataset from beginning to end: look, choose, cut, leave twins out, write; what was found stays for the next run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets import choosing, cutting, publish, sheets
from inference_server.datasets.choosing import BY_HAND, Candidate, Look, Measure, Wish
from inference_server.datasets.detector import FLOOR, LONG_SIDE, Detector, face_of, network_hash
from inference_server.datasets.document import FOLDER, Dataset, write_dataset
from inference_server.datasets.journal import Journal
from inference_server.datasets.likeness import difference_hash, sharpness
from inference_server.datasets.recipe import adjusted
from inference_server.datasets.report import described
from inference_server.datasets.sources import Fault, Frame, Reader, Source, find_sources, reading
from inference_server.datasets.tracks import seen
from shared.errors import InputRefused, SemrenderError
from shared.paced import paced
from shared.values import Value
from shared.wording import counted

WORK = ".work"  # what was found, within the dataset's folder
LOOKING, CUTTING = "1", "1"  # raised where the same input is seen, or cut, otherwise than before

Say = Callable[[str], None]


class Request(Value):
    inputs: tuple[str, ...]
    out: Path
    wish: Wish
    every: int = 5


class Outcome(Value):
    dataset: Dataset
    faults: tuple[Fault, ...]


def make(request: Request, say: Say) -> Outcome:
    """Make a dataset, or go on with one that was interrupted. Raises SemrenderError in words.

    Interrupted at any moment, the same call goes on where it was; the same call once more writes the same bytes.
    """
    out, wish = request.out, request.wish
    work = out / WORK
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not work.is_dir()):
        remedy = "Name a new folder, or one that this command made"
        raise InputRefused("this is no folder of a dataset", file=out, cause="Other things are in it", remedy=remedy)
    say(f"reading {counted(len(request.inputs), 'input')}")
    sources, faults = find_sources(request.inputs, request.every)
    with Journal(work / "looked.jsonl") as looked, Journal(work / "cut.jsonl") as cut:
        looks = _look(sources, wish, looked, faults, say)
        if not looks:
            raise InputRefused("none of the pictures can be read", cause=faults[0].words)
        found = choosing.candidates(sources, looks, wish)
        _check_people(found, wish)
        measures = _measure(sources, found, wish, cut, say)
    found = choosing.without_twins(found, measures, wish.distance)
    with Journal(work / "written.jsonl") as written:
        named, found = _write(out, sources, found, measures, wish, written, say)
    say("drawing the sheets")
    dataset = described(sources, looks, found, _digests(out, named), measures, wish, request.every, faults)
    _sheets(out, sources, found, named, wish)
    publish.write_table(out, sources, [one for one in found if one.out])
    publish.write_archive(out, [one.file for one in dataset.pictures])
    write_dataset(out, dataset)
    return Outcome(dataset, tuple(faults))


def _look(sources: Sequence[Source], wish: Wish, journal: Journal, faults: list[Fault], say: Say) -> dict[str, Look]:
    """Frame's key -> what was seen of it; frames that cannot be read are among the faults."""
    about = f"{LOOKING} {network_hash()} {FLOOR} {LONG_SIDE}" if wish.faces else LOOKING
    settings = hashlib.sha256(about.encode()).hexdigest()[:12]
    detector: Detector | None = None
    looks: dict[str, Look] = {}
    for source in sources:
        with reading(source) as read:
            for frame in paced(source.frames, f"{source.name}: looked at", say):
                key = f"{settings}:{frame.key}"
                row = journal.get(key)
                if row is None:
                    if detector is None and wish.faces:
                        detector = Detector()
                    try:
                        row = _row(read, frame, detector)
                    except SemrenderError as error:
                        faults.append(Fault(str(frame.file), str(error)))
                        continue
                    journal.add(key, row)
                faces = tuple(face_of(face) for face in row["faces"])
                looks[frame.key] = Look((row["size"][0], row["size"][1]), row["seen"], faces, tuple(row["told"]))
    return looks


def _row(read: Reader, frame: Frame, detector: Detector | None) -> dict[str, object]:
    picture, told = read(frame)
    faces = detector.faces(picture) if detector is not None else []
    size = [picture.shape[1], picture.shape[0]]
    return {"size": size, "seen": seen(picture), "faces": [face.row for face in faces], "told": told}


def _measure(
    sources: Sequence[Source], found: Sequence[Candidate], wish: Wish, journal: Journal, say: Say
) -> dict[tuple[str, int], Measure]:
    """Hash, sharpness and file of every candidate that is not out."""
    measures = {}
    for number, source in enumerate(sources):
        mine = [one for one in found if one.source == number and not one.out]
        with reading(source) as read:
            for one in paced(mine, f"{source.name}: cut", say):
                key = _cut_key(one, wish)
                row = journal.get(key)
                if row is None:
                    picture = _cut(read, one, wish)
                    row = [difference_hash(picture), round(sharpness(picture), 4), publish.sha256(picture.tobytes())]
                    journal.add(key, row)
                measures[one.place] = Measure(*row)
    return measures


def _check_people(found: Sequence[Candidate], wish: Wish) -> None:
    there = {one.person for one in found if one.person is not None}
    if lacking := sorted((wish.people or frozenset()) - there):
        known = f"There are 1 to {max(there)}" if there else "There is no face at all"
        raise InputRefused(f"there is no person {lacking[0]}", cause=known, remedy="See people.png for their numbers")


def _cut_key(one: Candidate, wish: Wish) -> str:
    assert one.quad is not None
    about = f"{CUTTING} {one.frame.key} {one.quad.round(3).tolist()} {wish.size} {wish.recipe.digest} {cv2.__version__}"
    return hashlib.sha256(about.encode()).hexdigest()[:24]


def _cut(read: Reader, one: Candidate, wish: Wish) -> NDArray[np.uint8]:
    assert one.quad is not None
    picture, _ = read(one.frame)
    return adjusted(cutting.cut(picture, one.quad, wish.size), wish.recipe, wish.size)


def _write(
    out: Path,
    sources: Sequence[Source],
    found: Sequence[Candidate],
    measures: Mapping[tuple[str, int], Measure],
    wish: Wish,
    written: Journal,
    say: Say,
) -> tuple[dict[tuple[str, int], str], list[Candidate]]:
    """Write what is kept. Returns the file name of each, and the candidates with those out that were taken by hand."""
    gone, changed = publish.by_hand(out, written)
    measured = [one for one in found if one.place in measures]
    named = dict(zip([one.place for one in measured], publish.names(measured, wish.faces), strict=True))
    found = [
        replace(one, out=BY_HAND, detail=named[one.place]) if not one.out and named[one.place] in gone else one
        for one in found
    ]
    kept = [one for one in found if not one.out]
    publish.remove_former(out, [named[one.place] for one in kept], changed, written)
    for number, source in enumerate(sources):
        mine = [one for one in kept if one.source == number]
        with reading(source) as read:
            for one in paced(mine, f"{source.name}: wrote", say):
                file = out / FOLDER / named[one.place]
                if file.name in changed:
                    publish.check_changed(file, wish.size)
                elif not file.is_file() or (written.get(file.name) or [])[1:] != [measures[one.place].pixels]:
                    publish.write_picture(file, _cut(read, one, wish), written)
    return {one.place: named[one.place] for one in kept}, found


def _digests(out: Path, named: Mapping[tuple[str, int], str]) -> dict[tuple[str, int], tuple[str, str]]:
    """Name and SHA-256 of each picture as it lies there, also of one that somebody changed."""
    return {place: (name, publish.sha256((out / FOLDER / name).read_bytes())) for place, name in named.items()}


def _sheets(
    out: Path, sources: Sequence[Source], found: Sequence[Candidate], named: Mapping[tuple[str, int], str], wish: Wish
) -> None:
    kept = []
    for one in sheets.evenly([one for one in found if not one.out], sheets.MOST):
        pixels = cv2.imread(str(out / FOLDER / named[one.place]), cv2.IMREAD_COLOR_RGB)
        kept.append((named[one.place].removesuffix(".png"), np.asarray(pixels, np.uint8)))
    sheets.write_sheet(out / "kept.png", sheets.kept_sheet(kept, len(named)) if kept else None)
    sheets.write_sheet(out / "rejected.png", sheets.rejected_sheet(sources, [one for one in found if one.out]))
    if wish.faces:
        sure = [one for one in found if one.found is not None and one.found.score >= wish.score]
        sheets.write_sheet(out / "people.png", sheets.people_sheet(sources, sure))

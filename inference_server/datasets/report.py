"""What dataset.json says of a dataset: where its pictures came from, and what a person should know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from inference_server.datasets import choosing, cutting
from inference_server.datasets.choosing import Candidate, Look, Measure, Wish
from inference_server.datasets.crops import side_of
from inference_server.datasets.detector import network_hash
from inference_server.datasets.document import Dataset, DatasetPicture, DatasetSource
from inference_server.datasets.sources import Fault, Source
from shared.wording import counted

FEW, GOOD, MANY = 500, 2000, 15000  # pictures
SOFT = 0.33  # of the middle sharpness of a shot
BEYOND = 0.1  # of a picture, outside its source

Place = tuple[str, int]  # of a candidate


def described(
    sources: Sequence[Source],
    looks: Mapping[str, Look],
    found: Sequence[Candidate],
    files: Mapping[Place, tuple[str, str]],
    measures: Mapping[Place, Measure],
    wish: Wish,
    every: int,
    faults: Sequence[Fault],
) -> Dataset:
    """The document. found: all candidates; files: name and SHA-256 of each that is not out."""
    sharp = choosing.relative_sharpness(found, measures)
    kept = [one for one in found if not one.out]
    pictures = tuple(_picture(one, *files[one.place], measures[one.place], sharp[one.place]) for one in kept)
    return Dataset(
        kind="faces" if wish.faces else "pictures",
        size=wish.size,
        crop=wish.crop,
        every=every,
        distance=wish.distance,
        recipe_sha256=wish.recipe.digest,
        percent=wish.percent if wish.crop in ("level", "box") else None,
        score=wish.score if wish.faces else None,
        detector_sha256=network_hash() if wish.faces else None,
        notes=tuple(_notes(kept, pictures, looks, wish, faults)),
        recipe=wish.recipe,
        sources=tuple(_source(number, one, looks, found) for number, one in enumerate(sources)),
        pictures=pictures,
    )


def _source(number: int, source: Source, looks: Mapping[str, Look], found: Sequence[Candidate]) -> DatasetSource:
    mine = [one for one in found if one.source == number]
    seen = [looks[frame.key] for frame in source.frames if frame.key in looks]
    told = sorted(Counter(word for look in seen for word in look.told).items())
    return DatasetSource(
        name=source.name,
        sha256=source.digest,
        looked=len(seen),
        kept=sum(not one.out for one in mine),
        rejected=dict(sorted(Counter(one.out for one in mine if one.out).items())),
        notes=(*source.notes, *(f"{counted(count, 'picture')}: {word}" for word, count in told)),
    )


def _picture(one: Candidate, name: str, sha256: str, measure: Measure, sharp: float) -> DatasetPicture:
    assert one.quad is not None
    return DatasetPicture(
        file=name,
        sha256=sha256,
        source=one.source,
        frame=one.frame.number,
        quad=tuple(round(float(value), 3) for value in one.quad.ravel()),
        sharpness=sharp,
        dhash=measure.dhash,
        shot=one.shot,
        seconds=one.frame.seconds,
        person=one.person,
        box=one.found.box if one.found else None,
        score=one.found.score if one.found else None,
    )


def _notes(
    kept: Sequence[Candidate],
    pictures: Sequence[DatasetPicture],
    looks: Mapping[str, Look],
    wish: Wish,
    faults: Sequence[Fault],
) -> Iterator[str]:
    """How many, how large, how sharp."""

    def some(count: int, one: str, many: str, words: str) -> Iterator[str]:
        if count:
            yield f"{counted(count, f'picture {one}', f'pictures {many}')} {words}"

    if len(kept) < FEW:
        few = counted(len(kept), "picture is few", "pictures are few")
        yield f"{few}: networks learn well from {GOOD} to {MANY}, mirrored ones too"
    quads = [(one.quad, looks[one.frame.key].size) for one in kept if one.quad is not None]
    enlarged = [wish.size / side_of(quad) for quad, _ in quads]
    yield from some(sum(one > 1.5 for one in enlarged), "is", "are", "enlarged more than 1.5 times")
    beyond = sum(cutting.part_beyond(quad, size) > BEYOND for quad, size in quads)
    yield from some(beyond, "reaches", "reach", "beyond the border of the source by more than a tenth")
    soft = sum(one.sharpness < SOFT for one in pictures)
    yield from some(soft, "is", "are", "much softer than the middle of the shot: see sharpness in dataset.json")
    if faults:
        yield f"{counted(len(faults), 'input or frame', 'inputs or frames')} could not be read"

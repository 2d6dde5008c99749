"""Which of what was found comes into a dataset, and why the rest does not. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from inference_server.datasets import crops, tracks
from inference_server.datasets.choices import FACE_CROPS
from inference_server.datasets.crops import Quad
from inference_server.datasets.detector import Face
from inference_server.datasets.likeness import twins
from inference_server.datasets.recipe import Recipe
from inference_server.datasets.sources import Frame, Source
from shared.values import Value

ENLARGED = 2.0  # times, at most, that a crop is enlarged
NO_FACE, UNSURE, SMALL, NOT_CHOSEN, TWIN, BY_HAND = (
    "no face",
    "not sure it is a face",
    "too small",
    "another person",
    "twin",
    "taken out by hand",
)


class Wish(Value):
    """What is asked for. crop: one of FACE_CROPS, or of PICTURE_CROPS where no face is looked for.

    score: least that a face has. percent: see `crops.face_quad`. people: numbers of tracks; None for all.
    distance: bits within which two pictures of a shot are twins; -1 keeps all.
    """

    crop: str
    size: int
    recipe: Recipe = Recipe()
    score: float = 0.85
    percent: float = 50.0
    distance: int = 2
    people: frozenset[int] | None = None

    @property
    def faces(self) -> bool:
        return self.crop in FACE_CROPS


class Look(Value):
    """What was seen of one picture. size: (width, height); seen: see `tracks.seen`; told: what was done to read it."""

    size: tuple[int, int]
    seen: str
    faces: tuple[Face, ...] = ()
    told: tuple[str, ...] = ()


class Measure(Value):
    """Of a finished picture: its hash, how sharp it is, and the SHA-256 of its pixels."""

    dhash: str
    sharp: float
    pixels: str


class Candidate(Value):
    """What may come into a dataset. out: why it does not, "" while it does; detail: more of that, in words.

    face: its number in the picture. person: the number of its track, from 1. quad: None where nothing is to be cut.
    """

    source: int
    frame: Frame
    shot: int
    quad: Quad | None
    face: int = 0
    person: int | None = None
    found: Face | None = None
    out: str = ""
    detail: str = ""

    @property
    def place(self) -> tuple[str, int]:
        return self.frame.key, self.face


def candidates(sources: Sequence[Source], looks: Mapping[str, Look], wish: Wish) -> list[Candidate]:
    """All faces, or all pictures, of what could be read, in order; those that the wish itself leaves out say so."""
    found: list[Candidate] = []
    people = 0
    for number, source in enumerate(sources):
        frames = [frame for frame in source.frames if frame.key in looks]
        seen = [looks[frame.key].seen for frame in frames]
        shots = tracks.shots(seen) if source.moving else [0] * len(frames)
        for shot in sorted(set(shots)):
            mine = [frame for frame, one in zip(frames, shots, strict=True) if one == shot]
            if not wish.faces:
                found += [_of_picture(number, shot, frame, looks[frame.key], wish) for frame in mine]
                continue
            faces = [looks[frame.key].faces for frame in mine]
            linked = tracks.linked(faces) if source.moving else _apart([len(one) for one in faces])
            for frame, these, persons in zip(mine, faces, linked, strict=True):
                look = looks[frame.key]
                if not these:
                    found.append(Candidate(number, frame, shot, None, out=NO_FACE))
                for i, (face, person) in enumerate(zip(these, persons, strict=True)):
                    one = Candidate(number, frame, shot, None, i, people + person + 1, face)
                    found.append(_of_face(one, face, look, wish))
            people += max((person + 1 for persons in linked for person in persons), default=0)
    return found


def without_twins(
    found: Sequence[Candidate], measures: Mapping[tuple[str, int], Measure], distance: int
) -> list[Candidate]:
    """The same candidates; of each shot those that another, sharper one is like are out, and say which that is."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if not one.out:
            groups[one.source, one.shot].append(place)
    result = list(found)
    for places in groups.values():
        mine = [measures[found[place].place] for place in places]
        for out, kept in twins([m.dhash for m in mine], [m.sharp for m in mine], distance).items():
            of = found[places[kept]].frame
            result[places[out]] = replace(found[places[out]], out=TWIN, detail=f"of {of.file.name} frame {of.number}")
    return result


def relative_sharpness(
    found: Sequence[Candidate], measures: Mapping[tuple[str, int], Measure]
) -> dict[tuple[str, int], float]:
    """Of the measured ones: how sharp each is where 1 is the middle of its shot."""
    groups: dict[tuple[int, int], list[Candidate]] = defaultdict(list)
    for one in found:
        if one.place in measures:
            groups[one.source, one.shot].append(one)
    middles = {key: median(measures[one.place].sharp for one in mine) for key, mine in groups.items()}
    return {
        one.place: round(measures[one.place].sharp / max(middles[key], 1e-9), 3)
        for key, mine in groups.items()
        for one in mine
    }


def _of_picture(number: int, shot: int, frame: Frame, look: Look, wish: Wish) -> Candidate:
    quad = crops.centre_quad(look.size) if wish.crop == "centre" else crops.whole_quad(look.size)
    return _sized(Candidate(number, frame, shot, quad), wish.size)


def _of_face(one: Candidate, face: Face, look: Look, wish: Wish) -> Candidate:
    one = replace(one, quad=crops.face_quad(wish.crop, face, look.size, wish.percent))
    if face.score < wish.score:
        return replace(one, out=UNSURE, detail=f"score {face.score:.2f}, {wish.score:g} is asked for")
    if wish.people is not None and one.person not in wish.people:
        return replace(one, out=NOT_CHOSEN, detail=f"person {one.person}")
    return _sized(one, wish.size)


def _sized(one: Candidate, size: int) -> Candidate:
    assert one.quad is not None
    side = crops.side_of(one.quad)
    if side * ENLARGED >= size:
        return one
    return replace(one, out=SMALL, detail=f"{side:.0f} pixels, would be enlarged {size / side:.1f} times")


def _apart(counts: Sequence[int]) -> list[list[int]]:
    """Every face of pictures that do not follow one another is a person of its own."""
    numbers = iter(range(sum(counts)))
    return [[next(numbers) for _ in range(count)] for count in counts]

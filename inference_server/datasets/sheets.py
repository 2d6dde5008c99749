"""What a person looks at: sheets of what was kept, of what was not and why, and of the people that were followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets import cutting
from inference_server.datasets.choosing import Candidate
from inference_server.datasets.sources import Source, reading
from shared.comparisons import fitted, titled
from shared.errors import SemrenderError
from shared.file_names import is_clip
from shared.places import whole

SIDE = 144  # pixels of a picture on a sheet
MOST = 160  # pictures on a sheet, evenly taken of more
COLUMNS = 10
PEOPLE = 60  # on their sheet, those that were seen most
CAPTION = 24  # characters of a line as wide as a picture
HEADING = 16  # pixels of a line above many

Pixels = NDArray[np.uint8]
T = TypeVar("T")


def kept_sheet(kept: Sequence[tuple[str, Pixels]], count: int) -> Pixels:
    """(name, picture) of some of the `count` that were kept."""
    tiles = [_tile(fitted(picture, (SIDE, SIDE)), name) for name, picture in kept]
    return _section(tiles, f"kept: {count}", right=f"{len(kept)} shown" if len(kept) < count else "")


def rejected_sheet(sources: Sequence[Source], rejected: Sequence[Candidate]) -> Pixels | None:
    """What was not kept, evenly of every reason, under its reason; None where nothing can be shown."""
    reasons: dict[str, list[Candidate]] = defaultdict(list)
    for one in rejected:
        reasons[one.out].append(one)
    most = max(COLUMNS, MOST // max(1, len(reasons)))
    chosen = {reason: evenly(found, most) for reason, found in reasons.items()}
    pictures = _small(sources, [one for found in chosen.values() for one in found])
    sections = []
    for reason, found in chosen.items():
        tiles = [_tile(pictures[one.place], _about(one)) for one in found if one.place in pictures]
        if tiles:
            count = len(reasons[reason])
            some = f"{len(tiles)} shown" if len(tiles) < count else ""
            sections.append(_section(tiles, f"{reason}: {count}", right=some))
    return np.concatenate(sections) if sections else None


def people_sheet(sources: Sequence[Source], faces: Sequence[Candidate]) -> Pixels | None:
    """Under the number to name in --people, faces evenly of all of a person; None where there is none."""
    people: dict[int, list[Candidate]] = defaultdict(list)
    for one in faces:
        if one.person is not None:
            people[one.person].append(one)
    longest = sorted(people, key=lambda number: (-len(people[number]), number))[:PEOPLE]
    shown = {number: evenly(people[number], COLUMNS) for number in sorted(longest)}
    pictures = _small(sources, [one for mine in shown.values() for one in mine])
    groups = []
    for number, mine in shown.items():
        tiles = [(pictures[one.place], _about(one)) for one in mine if one.place in pictures]
        groups.append((f"person {number}: {len(people[number])}", tiles))
    return packed(groups)


def packed(groups: Sequence[tuple[str, Sequence[tuple[Pixels, str]]]]) -> Pixels | None:
    """(words, [(picture (SIDE, SIDE, 3), words)]) beside one another in rows; None where there is no picture."""
    rows: list[list[Pixels]] = [[]]
    for words, pictures in groups:
        if not pictures:
            continue
        tiles = [_tile(picture, below) for picture, below in pictures]
        block = _section(tiles, middle=words, columns=len(tiles))
        if sum(one.shape[1] for one in rows[-1]) + block.shape[1] > COLUMNS * SIDE:
            rows.append([])
        rows[-1].append(block)
    return np.concatenate([_wide(np.concatenate(row, 1), COLUMNS) for row in rows]) if rows[0] else None


def _about(one: Candidate) -> str:
    """The frame of a clip or the file, and how sure a face is."""
    name = f"frame {one.frame.number}" if is_clip(one.frame.file) else one.frame.file.name
    return f"{name[-CAPTION + 5 :]} {one.found.score:.2f}" if one.found else name[-CAPTION:]


def _tile(picture: Pixels, words: str) -> Pixels:
    return titled(picture, "", words[-CAPTION:], "")


def _section(
    tiles: Sequence[Pixels], left: str = "", middle: str = "", right: str = "", columns: int = COLUMNS
) -> Pixels:
    """Tiles in rows under a line of words."""
    rows = [np.concatenate(tiles[at : at + columns], 1) for at in range(0, len(tiles), columns)]
    below = np.zeros((HEADING * 28, SIDE * columns, 3), np.uint8)  # a line's height is a part of what is below it
    heading = titled(below, left, middle, right)[: -len(below)]
    return np.concatenate([heading, *(_wide(row, columns) for row in rows)])


def _wide(picture: Pixels, columns: int) -> Pixels:
    """With black on the right, as wide as so many tiles."""
    return np.pad(picture, ((0, 0), (0, columns * SIDE - picture.shape[1]), (0, 0)))


def evenly(found: Sequence[T], most: int) -> list[T]:
    if len(found) <= most:
        return list(found)
    return [found[i * len(found) // most] for i in range(most)]


def write_sheet(path: Path, picture: Pixels | None) -> None:
    """Write a sheet; where there is nothing to show an older one goes."""
    if picture is None:
        path.unlink(missing_ok=True)
        return
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    with whole(path, "the sheet") as beside:
        beside.write_bytes(encoded.tobytes())


def _small(sources: Sequence[Source], shown: Sequence[Candidate]) -> dict[tuple[str, int], Pixels]:
    """(SIDE, SIDE, 3) of each, cut as it would have been; of a picture without a face all of it."""
    found: dict[tuple[str, int], Pixels] = {}
    for number, source in enumerate(sources):
        mine = [one for one in shown if one.source == number]
        with reading(source) as read:
            for one in mine:
                try:
                    picture, _ = read(one.frame)
                except SemrenderError:  # it could be read before; its disk is gone, and the sheet lacks it
                    continue
                if one.quad is None:
                    found[one.place] = _boxed(picture)
                else:
                    found[one.place] = fitted(cutting.cut(picture, one.quad, SIDE), (SIDE, SIDE))
    return found


def _boxed(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    small = fitted(picture, (max(1, round(height * scale)), max(1, round(width * scale))))
    tile = np.zeros((SIDE, SIDE, 3), np.uint8)
    y, x = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    tile[y : y + small.shape[0], x : x + small.shape[1]] = small
    return tile

"""A sheet of the curves of a person's joints: where each is over time, and on which frames it is not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from shared.tracks import Person, Tracks

SHOWN = tuple(
    f"{side}_{joint}" for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
WIDTH, HIGH, NAMES, GAP, LINE = 1280, 64, 120, 6, 16  # pixels
PAPER, INK, FAINT, UNSEEN = (24, 24, 24), (235, 235, 235), (70, 70, 70), (74, 40, 40)
ACROSS, DOWN = (80, 190, 255), (255, 150, 70)  # the curves of x and of y
TICKS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 10**4, 10**5)

Pixels = NDArray[np.uint8]


def curves(tracks: Tracks, title: str) -> Pixels:
    """(H, W, 3) uint8: of everybody the twelve joints of arms and legs, x blue and y orange, in the range they move in.

    Where a joint is not seen the ground is red and the curves have a gap.
    """
    people = [(one, [name for name in ("nose", *SHOWN) if name in one.joints]) for one in tracks.people]
    rows = sum(len(names) for _, names in people)
    height = (
        GAP + LINE + sum(2 * LINE + len(names) * (HIGH + GAP) for _, names in people if names) + (0 if rows else LINE)
    )
    sheet = Image.new("RGB", (WIDTH, height), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    pen.text((GAP, GAP), f"{title}   x blue, y orange, not seen red", INK, font)
    top = GAP + LINE
    for person, names in people:
        pen.text((GAP, top + 2), person.label, INK, font)
        for frame in _ticks(tracks.first, tracks.last):
            pen.text((_across(frame, tracks) - 8, top + 2), str(frame), FAINT, font)
        top += LINE + GAP
        for name in names:
            _joint(pen, font, tracks, person, name, top)
            top += HIGH + GAP
        top += LINE - GAP
    return np.asarray(sheet, np.uint8)


def _joint(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    tracks: Tracks,
    person: Person,
    name: str,
    top: int,
) -> None:
    rows = np.array(person.joints[name])
    seen = rows[:, 2] > 0
    pen.rectangle((NAMES, top, WIDTH - GAP, top + HIGH), outline=FAINT)
    for start, end in _spans(~seen):
        left, right = _across(tracks.first + start - 0.5, tracks), _across(tracks.first + end - 0.5, tracks)
        pen.rectangle((max(NAMES, left), top, min(WIDTH - GAP, right), top + HIGH), UNSEEN)
    pen.text((GAP, top + 4), name.replace("_", " "), INK, font)
    if not seen.any():
        return
    for axis, colour in enumerate((ACROSS, DOWN)):
        values = rows[:, axis]
        low, high = float(values[seen].min()), float(values[seen].max())
        pen.text((GAP, top + 20 + 16 * axis), f"{'xy'[axis]} {low:.0f} to {high:.0f}", colour, font)
        for start, end in _spans(seen):
            line = [
                (
                    _across(tracks.first + place, tracks),
                    top + HIGH - 3 - (HIGH - 6) * (values[place] - low) / max(1e-9, high - low),
                )
                for place in range(start, end)
            ]
            if len(line) > 1:
                pen.line(line, colour, 2, "curve")
            else:
                pen.point(line, colour)


def _across(frame: float, tracks: Tracks) -> float:
    return NAMES + (frame - tracks.first + 0.5) / tracks.frames * (WIDTH - GAP - NAMES)


def _spans(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _ticks(first: int, last: int) -> Sequence[int]:
    step = next(one for one in TICKS if (last - first + 1) / one <= 16)
    return [frame for frame in range(first, last + 1) if frame % step == 0]

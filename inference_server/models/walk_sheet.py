"""A walk on one sheet before it is painted: what its keyframes look like, and how the sound moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shared.places import whole
from shared.values import Value

SIDE = 128  # pixels of a keyframe's picture
GAP, LINE, MARGIN = 8, 16, 12
PLOT = 72  # pixels that a curve is high
WIDTH = 960  # of the sheet, at least
INK, FAINT, BACK = (30, 30, 30), (205, 205, 205), (255, 255, 255)
COLOURS = ((200, 60, 40), (40, 110, 190), (60, 140, 60), (150, 90, 170), (190, 130, 20))

Picture = NDArray[np.float32]  # (H, W, 3), 0..1


class Shown(Value):
    """A picture of the walk: on which frame, and what it is in words."""

    frame: int
    words: str
    picture: Picture


def draw(
    file: Path, title: str, frames: range, shown: Sequence[Shown], curves: Mapping[str, Sequence[float]]
) -> tuple[int, int]:
    """Write the sheet as a PNG; returns its size.

    frames: of the shot. curves: of each route in words, 0..1 on every frame. Pictures stand over the time that they
    belong to as far as there is room, in their order.
    """
    columns = max(1, (WIDTH - 2 * MARGIN + GAP) // (SIDE + GAP))
    rows = -(-len(shown) // columns)
    height = 2 * MARGIN + LINE + rows * (SIDE + 2 * LINE + GAP) + len(curves) * (PLOT + LINE + GAP) + LINE
    sheet = Image.new("RGB", (WIDTH, height), BACK)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, MARGIN), title, INK)
    top = MARGIN + LINE + GAP
    for place, one in enumerate(shown):
        left, high = MARGIN + place % columns * (SIDE + GAP), top + place // columns * (SIDE + 2 * LINE + GAP)
        pixels = Image.fromarray((one.picture * 255 + 0.5).astype(np.uint8))
        resample = Image.Resampling.NEAREST if pixels.width <= SIDE // 2 else Image.Resampling.LANCZOS
        sheet.paste(pixels.resize((SIDE, SIDE), resample), (left, high))
        pen.text((left, high + SIDE + 1), f"frame {one.frame}", INK)
        pen.text((left, high + SIDE + LINE - 2), one.words, INK)
    top += rows * (SIDE + 2 * LINE + GAP)
    for number, (words, values) in enumerate(curves.items()):
        pen.text((MARGIN, top), words, INK)
        _plot(pen, values, (MARGIN, top + LINE), COLOURS[number % len(COLOURS)])
        top += PLOT + LINE + GAP
    if curves:
        for frame in _ticks(frames):
            across = MARGIN + (frame - frames[0]) / max(1, len(frames) - 1) * (WIDTH - 2 * MARGIN)
            pen.text((min(across, WIDTH - MARGIN - 24), top - 4), str(frame), INK)
    with whole(file, "the sheet") as beside:
        sheet.save(beside, "PNG")
    return sheet.size


def _plot(
    pen: ImageDraw.ImageDraw, values: Sequence[float], corner: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """A bar for every frame: what is heard on a frame is on it alone."""
    left, top = corner
    wide = WIDTH - 2 * MARGIN
    pen.rectangle((left, top, left + wide, top + PLOT), outline=FAINT)
    for place, value in enumerate(values):
        start, end = (left + wide * one / len(values) for one in (place, place + 1))
        if value > 0:
            pen.rectangle((start, top + PLOT * (1 - value), max(start, end - 1), top + PLOT), fill=colour)


def _ticks(frames: range) -> list[int]:
    step = next(n for n in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 10**4, 10**5) if len(frames) / n <= 16)
    return [frame for frame in frames if frame % step == 0 or frame == frames[0]]

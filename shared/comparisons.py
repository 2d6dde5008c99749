"""Two pictures in one: side by side, a wipe between them, what differs; with a line of words above; many as a sheet.

Pictures are (H, W, 3) uint8, sRGB; both of a pair have one size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

GAP = 4  # pixels between the two sides, and between the pictures of a sheet
INK, PAPER = (235, 235, 235), (24, 24, 24)
LEAST_TEXT, TEXT = 10, 1 / 28  # pixels; of the picture's height
MOST_GAIN = 64
SHOWN = 99.9  # percent of the values that a gained difference holds without being cut off
SHEET_WIDTH, SHEET_ASPECT = 3840, 16 / 9

Pixels = NDArray[np.uint8]


class Difference(NamedTuple):
    """Of two pictures, in 8-bit codes: the mean of all values, the largest, and what `SHOWN` percent stay under."""

    mean: float
    largest: int
    common: int


def fitted(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """A picture scaled to (height, width): averaged where it shrinks, bicubic where it grows."""
    if picture.shape[:2] == size:
        return picture
    way = cv2.INTER_AREA if size[0] <= picture.shape[0] and size[1] <= picture.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=way), np.uint8)


def side(a: Pixels, b: Pixels) -> Pixels:
    """(H, 2W + GAP, 3): a on the left, b on the right."""
    return np.concatenate([a, np.full((len(a), GAP, 3), PAPER, np.uint8), b], 1)


def wipe(a: Pixels, b: Pixels, at: float) -> Pixels:
    """a on the left of a line, b on the right of it; the line stands at `at` of the width, 0..1."""
    width = a.shape[1]
    thick = max(1, width // 640)
    place = min(max(round(at * width), thick), width - thick)
    both = np.concatenate([a[:, :place], b[:, place:]], 1)
    both[:, place - thick : place + thick] = INK
    return both


def difference(a: Pixels, b: Pixels, gain: int) -> Pixels:
    """|a - b| times `gain`, cut off at 255."""
    return np.asarray(np.minimum(cv2.absdiff(a, b).astype(np.uint16) * gain, 255), np.uint8)


def measured(a: Pixels, b: Pixels) -> Difference:
    """How much two pictures differ."""
    counts = np.bincount(cv2.absdiff(a, b).ravel(), minlength=256)
    mean = float(counts @ np.arange(256) / counts.sum())
    common = int(np.searchsorted(np.cumsum(counts), counts.sum() * SHOWN / 100))
    return Difference(mean, int(np.flatnonzero(counts)[-1]), common)


def gain_for(differences: Sequence[Difference]) -> int:
    """One gain for all pictures of a comparison, 1 to MOST_GAIN, so that they can be told from one another."""
    reach = max(one.common for one in differences) or max(one.largest for one in differences)
    return min(255 // reach, MOST_GAIN) if reach else 1


def titled(picture: Pixels, left: str, middle: str, right: str) -> Pixels:
    """A picture below a line of words; what does not fit is cut at its end."""
    height, width = picture.shape[:2]
    size = max(LEAST_TEXT, round(height * TEXT))
    font = ImageFont.load_default(size=size)
    strip = Image.new("RGB", (width, size + size // 2 + 2), PAPER)
    draw = ImageDraw.Draw(strip)
    room = (width - font.getlength(middle)) / 2 - size
    edge, line = size / 3, strip.height / 2
    draw.text((edge, line), _cut(left, font, room), INK, font, "lm")
    draw.text((width / 2, line), middle, INK, font, "mm")
    draw.text((width - edge, line), _cut(right, font, room), INK, font, "rm")
    return np.concatenate([np.asarray(strip, np.uint8), picture])


def cell(picture: Pixels, count: int) -> tuple[int, int]:
    """(height, width) that a picture has as one of `count` on a sheet; never larger than it is."""
    height, width = picture.shape[:2]
    wide = min(width, SHEET_WIDTH // _columns(picture, count) - GAP)
    return max(1, round(height * wide / width)), wide


def sheet(pictures: Sequence[Pixels]) -> Pixels:
    """Pictures of one size in rows, in their order."""
    columns = _columns(pictures[0], len(pictures))
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    paper = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), PAPER, np.uint8)
    for place, picture in enumerate(pictures):
        y, x = GAP + place // columns * (height + GAP), GAP + place % columns * (width + GAP)
        paper[y : y + height, x : x + width] = picture
    return paper


def _columns(picture: Pixels, count: int) -> int:
    height, width = picture.shape[:2]
    return min(count, max(1, round(math.sqrt(count * SHEET_ASPECT * height / width))))


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "...") > room:
        text = text[:-1]
    return text and text + "..."

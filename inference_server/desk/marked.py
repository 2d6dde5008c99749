"""A pass as the page shows it: labels in the colours of their set, and where they are refused the pixels that are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_server.desk.sources import LABELS, PICTURE, file_of
from shared.errors import InputRefused
from shared.frames import beat, find_pass
from shared.label_set import NOTHING, load_label_set
from shared.passes import ReadOptions, read_label_pass
from shared.shot import Shot, ShotLayer
from shared.values import Value

MARK = (255, 0, 170)
DIMMED = 0.35
HALF = 128  # alpha from which on a layer hides what is below it
SIDE = 1280  # pixels of a screen: a mark is to be seen where the whole picture is shown on so many


class Seen(Value):
    """pixels: (H, W, 4) uint8, red first, sRGB, straight alpha. refused: how many pixels are marked; why, in words."""

    pixels: NDArray[np.uint8]
    refused: int = 0
    words: str = ""


def seen(shot: Shot, base: Path, layers: Sequence[ShotLayer], frame: int) -> Seen:
    """The layers over one another, top first; one that is refused is shown alone. Raises in words."""
    passes = [layer for layer in layers if layer.labels is not None or layer.picture is not None]
    if not passes:
        raise InputRefused("a walk has no pass to be seen", remedy="Try the frame to see what is painted of it")
    made: NDArray[np.uint8] | None = None
    for layer in reversed(passes):
        found = _seen(shot, base, layer, frame)
        if found.refused or made is None or made.shape != found.pixels.shape:
            made = found.pixels
        else:
            made = np.where(found.pixels[..., 3:] >= HALF, found.pixels, made)
        if found.refused:
            return found
    assert made is not None
    return Seen(made)


def _seen(shot: Shot, base: Path, layer: ShotLayer, frame: int) -> Seen:
    if layer.labels is None:
        return Seen(_picture(shot, base, layer, frame))
    file = file_of(shot, base, layer, LABELS, frame)
    label_set = load_label_set(layer.label_set or shot.label_set)
    try:
        ids = read_label_pass(file, label_set, ReadOptions.from_dict(layer.read)).ids
    except InputRefused as error:
        if error.pixels is None:
            raise
        words = str(InputRefused(error.what, layer=layer.name, frame=frame, cause=error.cause, remedy=error.remedy))
        return Seen(_marked(file, error.pixels), int(error.pixels.sum()), words)
    from shared.passes.colour import colours

    there = (ids != NOTHING).astype(np.uint8) * 255
    return Seen(np.dstack([colours(label_set, ids), there]))


def _picture(shot: Shot, base: Path, layer: ShotLayer, frame: int) -> NDArray[np.uint8]:
    from shared.passes.clip_pass import read_picture

    found = read_picture(find_pass(PICTURE, layer.picture or "", base, layer.name, beat(shot, layer)), frame)
    return np.asarray(np.dstack([found.colour, found.alpha]) * 255 + 0.5, np.uint8)


def _marked(file: Path, bad: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The picture darkened, the refused pixels bright, and a rim around them that a small picture shows too."""
    import cv2

    height, width = bad.shape
    around = 2 * max(1, round(max(height, width) / SIDE)) + 1
    rim = cv2.dilate(bad.astype(np.uint8), np.ones((around, around), np.uint8)) > 0
    made = np.full((height, width, 3), 90, np.float32)
    under = _under(file)
    if under is not None and under.shape[:2] == bad.shape:
        made = under * (255 * DIMMED)
    mark = np.asarray(MARK, np.float32)
    made[rim] = mark * 0.6
    made[bad] = mark
    return np.dstack([np.asarray(made + 0.5, np.uint8), np.full((height, width), 255, np.uint8)])


def _under(file: Path) -> NDArray[np.float32] | None:
    """What the file shows as a picture; None for one that holds none, such as a Cryptomatte alone."""
    from shared.passes.picture_pass import read_picture_pass

    try:
        return read_picture_pass(file).colour
    except InputRefused:
        return None

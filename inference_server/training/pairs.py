"""Pairs in memory: read strictly, brought to one training size, checked before an hour is spent on them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from inference_server.training.sources import PairFiles
from shared.errors import InputRefused
from shared.label_set import NOTHING, LabelSet
from shared.passes import ReadOptions, read_label_pass
from shared.values import Value
from shared.wording import counted

LONG_SIDE = 256  # of the default training size
STEP = 16  # the training size is a multiple of this
LEAST_PIXELS, LEAST_PICTURES = 2000, 3  # of a class, at training size
FEW_PAIRS = 20
STRETCH = 1.03  # largest change of the aspect ratio that goes unmentioned


class Pairs(Value):
    """ids (N, H, W) uint16 of the label set or NOTHING; images (N, H, W, 3) uint8 sRGB; looks: N names;
    sha256: over all files, in order."""

    ids: NDArray[np.uint16]
    images: NDArray[np.uint8]
    looks: tuple[str, ...]
    sha256: str

    def part(self, chosen: slice) -> Pairs:
        return replace(self, ids=self.ids[chosen], images=self.images[chosen], looks=self.looks[chosen])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.ids.shape[2], self.ids.shape[1]

    def pixels(self) -> dict[int, int]:
        """Class id -> pixels, NOTHING left out, in the order of the ids."""
        ids, counts = np.unique(self.ids, return_counts=True)
        return {int(i): int(n) for i, n in zip(ids, counts, strict=True) if i != NOTHING}


def read_pairs(
    files: list[PairFiles], label_set: LabelSet, size: tuple[int, int] | None = None, read: ReadOptions | None = None
) -> Pairs:
    """Read all pairs and bring them to `size` (width, height), by default the first pair's aspect ratio, 256 long.

    A label map and its picture must have one size. Raises MissingInput and InputRefused naming the file.
    """
    ids, images, digest = [], [], hashlib.sha256()
    for pair in files:
        own = read_label_pass(pair.label, label_set, read).ids
        image = _picture(pair.image)
        if image.shape[:2] != own.shape:
            raise InputRefused(
                f"the picture is {image.shape[1]}x{image.shape[0]}, its label map {own.shape[1]}x{own.shape[0]}",
                file=pair.image,
                cause="They were not rendered together, or one was resized",
                remedy="Render both at one size",
            )
        size = size or training_size(own.shape[1], own.shape[0])
        ids.append(nearest(own, size))
        images.append(image if image.shape[1::-1] == size else cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        digest.update(pair.label.read_bytes())
        digest.update(pair.image.read_bytes())
    if len(ids) < 2:
        raise InputRefused("one pair is no training set", file=files[0].label, remedy=f"Give {FEW_PAIRS} or more")
    return Pairs(np.stack(ids), np.stack(images), tuple(pair.look for pair in files), digest.hexdigest())


def training_size(width: int, height: int) -> tuple[int, int]:
    """The size itself where its long side is 256 or less, else in proportion; multiples of 16."""
    scale = min(1.0, LONG_SIDE / max(width, height))
    wide, high = (max(STEP, round(side * scale / STEP) * STEP) for side in (width, height))
    return wide, high


def nearest(ids: NDArray[np.uint16], size: tuple[int, int]) -> NDArray[np.uint16]:
    """Ids at another (width, height): the pixel under each new pixel's centre, so that no class is invented."""
    if ids.shape[::-1] == size:
        return ids
    rows = ((np.arange(size[1]) + 0.5) * ids.shape[0] / size[1]).astype(int)
    columns = ((np.arange(size[0]) + 0.5) * ids.shape[1] / size[0]).astype(int)
    result: NDArray[np.uint16] = ids[rows[:, None], columns]
    return result


def _picture(file: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(file) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise InputRefused(
            "the picture cannot be read", file=file, cause=str(error).split("\n")[0], remedy="Save it as 8-bit PNG"
        ) from error


def class_rows(pairs: Pairs, label_set: LabelSet) -> list[str]:
    """What an artist reads before it starts: class, share of the pixels, in how many pictures; largest first."""
    total = pairs.ids.size
    rows = []
    for identity, count in sorted(pairs.pixels().items(), key=lambda item: -item[1]):
        pictures = int((pairs.ids == identity).any((1, 2)).sum())
        rows.append(f"{label_set.by_id(identity).name:<20}{count / total:7.2%}  in {counted(pictures, 'picture')}")
    return rows


def warnings(pairs: Pairs, label_set: LabelSet, original: tuple[int, int]) -> list[str]:
    """What will probably disappoint. `original` is the first pair's (width, height)."""
    found = []
    if len(pairs.ids) < FEW_PAIRS:
        found.append(f"{counted(len(pairs.ids), 'pair is', 'pairs are')} few; a look needs {FEW_PAIRS}, better 200")
    for identity, count in pairs.pixels().items():
        pictures = int((pairs.ids == identity).any((1, 2)).sum())
        if count < LEAST_PIXELS or pictures < LEAST_PICTURES:
            name = label_set.by_id(identity).name
            found.append(
                f"{name}: {counted(count, 'pixel')} in {counted(pictures, 'picture')} is too little to learn from"
            )
    aspect = (original[0] / original[1]) / (pairs.size[0] / pairs.size[1])
    if not 1 / STRETCH < aspect < STRETCH:
        found.append(f"{original[0]}x{original[1]} is stretched to {pairs.size[0]}x{pairs.size[1]} for training")
    outside = float((pairs.ids == NOTHING).mean())
    if outside > 0:
        found.append(f"{outside:.1%} of the pixels have no class and teach nothing")
    return found

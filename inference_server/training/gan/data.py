"""The pictures that a generator learns: a dataset's folder, or any folder of squares."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.choices import SIZES
from inference_server.datasets.document import FILE_NAME, FOLDER
from inference_server.datasets.stills import read_still
from shared.errors import InputRefused, MissingInput
from shared.sequences import PICTURES
from shared.values import Value
from shared.wording import counted

LEAST, FEW = 16, 500  # pictures: below which nothing is learnt, and below which it is soon learnt by heart
CUT = "Make squares of them: semrender dataset pictures {} --out DATASET"


class Pictures(Value):
    """values: (N, R, R, 3) uint8, sRGB; sha256: of all of them; notes: what a person should know, in words."""

    values: NDArray[np.uint8]
    sha256: str
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return int(self.values.shape[1])


def read_pictures(dataset: str, size: int | None = None) -> Pictures:
    """All pictures of a folder, sRGB with 8 bits, at `size` pixels (default: the greatest power of two that they have).

    Raises MissingInput or InputRefused naming the file.
    """
    folder = Path(dataset)
    if (folder / FILE_NAME).is_file():
        folder /= FOLDER
    if not folder.is_dir():
        raise MissingInput("the folder of the pictures is not there", file=dataset, remedy=CUT.format("CLIP_OR_FOLDER"))
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in PICTURES and not f.name.startswith("."))
    if len(files) < LEAST:
        raise InputRefused(
            f"there {'is' if len(files) == 1 else 'are'} {counted(len(files), 'picture')} in this folder",
            file=folder,
            remedy=f"A generator needs {LEAST} at the least, {FEW} and more to become good",
        )
    told: Counter[str] = Counter()
    pictures = []
    for file in files:
        pixels, words = read_still(file)
        told.update(words)
        pictures.append(pixels)
    size = size or _own_size(pictures, folder)
    for file, pixels in zip(files, pictures, strict=True):
        _check(file, pixels, size, folder)
    resized = sum(len(pixels) != size for pixels in pictures)
    values = np.stack([_sized(pixels, size) for pixels in pictures])
    notes = [f"{counted(count, 'picture')}: {words}" for words, count in told.items()]
    if resized:
        notes.append(f"{counted(resized, 'picture')} shrunk to {size}x{size}")
    if len(files) < FEW:
        notes.append(f"{FEW} pictures and more would be better: few are soon learnt by heart")
    return Pictures(values, hashlib.sha256(values.tobytes()).hexdigest(), tuple(notes))


def _own_size(pictures: list[NDArray[np.uint8]], folder: Path) -> int:
    least = min(min(pixels.shape[:2]) for pixels in pictures)
    if least < SIZES[0]:
        raise InputRefused(
            f"a picture here has {least} pixels on its short side",
            file=folder,
            remedy=f"{SIZES[0]} are the least that a generator learns",
        )
    return max(size for size in SIZES if size <= least)


def _check(file: Path, pixels: NDArray[np.uint8], size: int, folder: Path) -> None:
    height, width = pixels.shape[:2]
    if height != width:
        raise InputRefused(f"the picture is {width}x{height}, no square", file=file, remedy=CUT.format(folder))
    if height < size:
        raise InputRefused(
            f"the picture is {width}x{height} and would have to be enlarged to {size}x{size}",
            file=file,
            remedy="Give a smaller --size, or take the picture out",
        )


def _sized(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if len(pixels) == size:
        return pixels
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA), np.uint8)

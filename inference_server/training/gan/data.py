"""The pictures that a generator learns: a dataset's folder, or any folder of squares."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from inference_server.datasets.choices import SIZES
from inference_server.datasets.document import FILE_NAME, FOLDER
from inference_server.datasets.stills import read_still
from shared.errors import InputRefused, MissingInput
from shared.passes.read import probe
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
    if folder.is_file():
        raise InputRefused("this is a file, no folder of pictures", file=dataset, remedy=CUT.format(dataset))
    if not folder.is_dir():
        raise MissingInput("the folder of the pictures is not there", file=dataset, remedy=CUT.format("CLIP_OR_FOLDER"))
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in PICTURES and not f.name.startswith("."))
    if len(files) < LEAST:
        raise InputRefused(
            f"there {'is' if len(files) == 1 else 'are'} {counted(len(files), 'picture')} in this folder",
            file=folder,
            remedy=f"A generator needs {LEAST} at the least, {FEW} and more to become good",
        )
    size = size or _own_size(files, folder)
    values = _room(len(files), size, folder)
    told: Counter[str] = Counter()
    for place, file in enumerate(files):
        pixels, words = read_still(file)
        _check(file, pixels, size, folder)
        if len(pixels) > size:
            words.append(f"shrunk to {size}x{size}")
            pixels = np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
        told.update(words)
        values[place] = pixels
    notes = [f"{counted(count, 'picture')}: {words}" for words, count in told.items()]
    if len(files) < FEW:
        notes.append(f"{FEW} pictures and more would be better: few are soon learnt by heart")
    return Pictures(values, hashlib.sha256(values.data).hexdigest(), tuple(notes))


def _own_size(files: list[Path], folder: Path) -> int:
    least = min(min(head.width, head.height) for head in map(probe, files))
    if least < SIZES[0]:
        raise InputRefused(
            f"a picture here has {least} pixels on its short side",
            file=folder,
            remedy=f"{SIZES[0]} are the least that a generator learns",
        )
    return max(size for size in SIZES if size <= least)


def _room(count: int, size: int, folder: Path) -> NDArray[np.uint8]:
    """(N, R, R, 3), to be filled; they are all in memory while it learns."""
    needed, free = count * size**2 * 3, psutil.virtual_memory().available
    if needed > free:
        raise InputRefused(
            f"{counted(count, 'picture')} of {size}x{size} take {needed / 2**30:.1f} GiB of memory",
            file=folder,
            cause=f"{free / 2**30:.1f} are free",
            remedy="Give a smaller --size, or take fewer pictures",
        )
    return np.empty((count, size, size, 3), np.uint8)


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

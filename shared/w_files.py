"""w files: points of a generator's w as the published projectors write them, an npz whose key `w` holds them."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused, MissingInput
from shared.places import whole
from shared.wording import counted

KEY = "w"
LARGEST = 2**30  # bytes
W_FILES = 'Name an npz whose key "w" is (points, w) or (points, layers, w), as published projectors write it'


def write_points(path: Path, points: NDArray[np.float32]) -> None:
    """Write points (n, layers, w_dim); the same ones are the same bytes. Raises SemrenderError."""
    with whole(path, "the w file") as beside, beside.open("wb") as file:
        np.savez(file, w=points)


def read_row(path: Path, index: int) -> NDArray[np.float32]:
    """One point, (w_dim,) or (layers, w_dim). Raises MissingInput or InputRefused."""
    points = read_points(path)
    if index >= len(points):
        raise InputRefused(
            f"the w file has {counted(len(points), 'point')}, and number {index} is asked for",
            file=path,
            remedy=f"Allowed: 0 to {len(points) - 1}",
        )
    row: NDArray[np.float32] = points[index].astype(np.float32)
    return row


def read_points(path: Path) -> NDArray[Any]:
    """(n, w_dim) or (n, layers, w_dim) of floats. Raises MissingInput or InputRefused."""
    if not path.is_file():
        raise MissingInput("the w file is not there", file=path, remedy=W_FILES)
    state = path.stat()
    if state.st_size > LARGEST:
        raise InputRefused("the w file is larger than any that this reads", file=path, remedy=W_FILES)
    return _points(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _points(path: Path, changed: int, size: int) -> NDArray[Any]:
    """As `read_points`, which every frame asks for; a file that is as old and large as it was is the same."""
    try:
        with np.load(path, allow_pickle=False) as file:
            points = file[KEY]
    except (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise InputRefused("this is no w file", file=path, cause=str(error), remedy=W_FILES) from None
    if points.dtype.kind != "f" or points.ndim not in (2, 3) or not np.isfinite(points).all():
        raise InputRefused(f'its "w" is {points.dtype} {points.shape}', file=path, remedy=W_FILES)
    found: NDArray[Any] = points
    return found

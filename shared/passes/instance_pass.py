"""Reads an instance pass: one number for every object, or for every part of one, and no meaning beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.passes.formats import read_picture


def read_instances(file: Path) -> NDArray[np.int32]:
    """One number per pixel (H, W): a grey or colour picture, each value one object. Raises InputRefused."""
    pixels = read_picture(file).samples
    if pixels.ndim == 2 and pixels.dtype.kind in "ui":
        return pixels.astype(np.int32)
    _, numbers = np.unique(pixels.reshape(pixels.shape[0] * pixels.shape[1], -1), axis=0, return_inverse=True)
    return numbers.reshape(pixels.shape[:2]).astype(np.int32)

"""Which pictures are nearly one another, and how sharp they are. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 8  # 64 bits


def difference_hash(picture: NDArray[np.uint8]) -> str:
    """16 hexadecimal digits: where a picture of 9x8 greys gets brighter to the right (dHash, as ImageHash's)."""
    small = Image.fromarray(picture).convert("L").resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes().hex()


def sharpness(picture: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian of its greys; to compare pictures of one shot with one another."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def twins(hashes: Sequence[str], sharp: Sequence[float], distance: int) -> dict[int, int]:
    """Of pictures of one shot: which is left out -> which kept one it is like; of two the sharper is kept.

    Alike are those whose hashes differ in `distance` bits or fewer.
    """
    if not hashes:
        return {}
    bits = np.unpackbits(np.array([list(bytes.fromhex(one)) for one in hashes], np.uint8), axis=1)
    signs = bits.astype(np.float32) * 2 - 1
    kept: list[int] = []
    found: dict[int, int] = {}
    held = np.empty_like(signs)
    for one in sorted(range(len(hashes)), key=lambda i: (-sharp[i], i)):
        apart = (signs.shape[1] - held[: len(kept)] @ signs[one]) / 2
        nearest = int(np.argmin(apart)) if kept else -1
        if kept and apart[nearest] <= distance:
            found[one] = kept[nearest]
        else:
            held[len(kept)] = signs[one]
            kept.append(one)
    return found

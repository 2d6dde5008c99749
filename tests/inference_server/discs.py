"""Small squares that a generator can learn: a coloured disc somewhere on a sky."""

import cv2
import numpy as np
from PIL import Image

SIZE = 16


def picture(number, size=SIZE):
    """(size, size, 3) uint8."""
    rng = np.random.default_rng(number)
    pixels = np.full((size, size, 3), (90, 140, 220), np.uint8)
    at = tuple(int(n) for n in rng.integers(size // 4, size - size // 4, 2))
    cv2.circle(pixels, at, size // 5, tuple(int(n) for n in rng.integers(0, 255, 3)), -1)
    return pixels


def write_pictures(folder, count=20, size=SIZE):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.fromarray(picture(number, size)).save(folder / f"{number:03}.png")
    return folder

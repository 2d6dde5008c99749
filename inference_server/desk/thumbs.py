"""Small pictures of painted frames, made once each and kept in memory."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused
from shared.passes.picture_pass import read_picture_pass
from shared.passes.pictures import PNG, check_pixels

KEPT = 64 * 2**20  # bytes
SIDES = (96, 192, 384)  # pixels that a page may ask for
QUALITY = 82  # of WebP


class Thumbs:
    """Pictures by what they are of; the one that nobody asked for longest goes first. most: bytes."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._size = 0

    def of(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += len(made)
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1])
        return made


def small(data: bytes, name: str, side: int) -> bytes:
    """A picture file as WebP with its alpha, its longer side at most so many pixels. Raises InputRefused."""

    pixels = _png(data, name) if data.startswith(PNG) else _other(data, name)
    return encoded(shrunk(pixels, side), ".webp", name)


def shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture whose longer side has at most so many pixels, averaged."""
    import cv2

    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def encoded(pixels: NDArray[np.uint8], suffix: str, name: str) -> bytes:
    """Pixels, blue first, as a file of a page: ".webp" for a glance, ".png" for every pixel. Raises InputRefused."""
    import cv2

    how = [cv2.IMWRITE_WEBP_QUALITY, QUALITY] if suffix == ".webp" else [cv2.IMWRITE_PNG_COMPRESSION, 1]
    done, file = cv2.imencode(suffix, pixels, how)
    if not done:
        raise InputRefused("no picture for the page could be made of it", file=name)
    return file.tobytes()


def _png(data: bytes, name: str) -> NDArray[np.uint8]:
    """8 bits a channel, blue first. Its size is bounded before it is decoded."""
    import cv2

    check_pixels(Path(name), int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InputRefused("the picture cannot be decoded", file=name)
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / 257) if pixels.dtype == np.uint16 else pixels, np.uint8)


def _other(data: bytes, name: str) -> NDArray[np.uint8]:
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"picture{Path(name).suffix}"
        file.write_bytes(data)
        read = read_picture_pass(file)
    straight = np.dstack([read.colour[..., ::-1], read.alpha])
    return np.ascontiguousarray(cv2.convertScaleAbs(straight, alpha=255), np.uint8)

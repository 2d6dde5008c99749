"""How fast a label pass becomes ids, beside named peers measured in the same run: `python -m benchmarks.decode`.

Peers of decoding: nearest of 183 colours by a distance matrix, RunwayML's way, in blocks so that it fits into
memory; once as differences are written down (what `cdist` computes), once as the quickest form, a matrix
product. Peers of the file alone: zlib inflating the PNG's data, OpenCV and Pillow reading it. One thread, median.
"""

from __future__ import annotations

import argparse
import os
import statistics
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from PIL import Image

from shared.label_set import load_label_set
from shared.passes import colour, read_label_pass

ROOT = Path(__file__).resolve().parent.parent
FRAME = ROOT / "examples" / "ride_the_train" / "full_frame" / "full_frame_label.1001.png"
BLOCK = 1 << 15  # pixels of the distance matrix at a time


def inflate(data: bytes) -> bytes:
    """The image data of a PNG, inflated but not unfiltered: the least that any reader must do."""
    position, parts = 8, []
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            parts.append(data[position + 8 : position + 8 + length])
        position += length + 12
    return zlib.decompress(b"".join(parts))


def distance_matrix(rgb: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Nearest colour by all squared distances in float64."""
    pixels = rgb.reshape(-1, 3).astype(np.float64)
    ids = np.empty(len(pixels), np.uint16)
    for start in range(0, len(pixels), BLOCK):
        some = pixels[start : start + BLOCK]
        squares = sum(np.subtract.outer(some[:, c], palette[:, c]) ** 2 for c in range(3))
        ids[start : start + BLOCK] = squares.argmin(1)
    return ids.reshape(rgb.shape[:2])


def matrix_product(rgb: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The same by |p|^2 - 2 x.p, which leaves the work to one matrix product a block."""
    pixels = rgb.reshape(-1, 3).astype(np.float64)
    length = (palette**2).sum(1)
    ids = np.empty(len(pixels), np.uint16)
    for start in range(0, len(pixels), BLOCK):
        ids[start : start + BLOCK] = (length - 2 * pixels[start : start + BLOCK] @ palette.T).argmin(1)
    return ids.reshape(rgb.shape[:2])


def timed(function: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Median and fastest run in milliseconds, after one that warms up."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times), min(times)


def table(title: str, rows: dict[str, tuple[float, float]], ours: str, words: str) -> None:
    print(f"\n{title:<34} {'median':>10} {'fastest':>10}")
    for name, (median, fastest) in rows.items():
        ratio = rows[ours][0] / median if "/" in words else median / rows[ours][0]
        note = "" if name == ours else words.format(ratio)
        print(f"{name:<34} {median:>7.1f} ms {fastest:>7.1f} ms  {note}".rstrip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frame", type=Path, default=FRAME, help="a colour label PNG in the palette runway")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--runs", type=int, default=11)
    arguments = parser.parse_args()
    width, height = (int(part) for part in arguments.size.split("x"))
    cv2.setNumThreads(1)

    label_set = load_label_set("coco_stuff")
    colors = label_set.palettes["runway"].colors
    palette = np.array([colors[i] for i in sorted(colors)], np.float64)  # ids are 0..182: place = id
    rgb = np.asarray(Image.open(arguments.frame).convert("RGB"))
    rgb = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "label.png"
        Image.fromarray(rgb).save(path)
        ids = read_label_pass(path, label_set).ids
        codes = colour.palettes_of(label_set, "runway")[0]
        ways: dict[str, Callable[[], Any]] = {
            "nearest by distance matrix": lambda: distance_matrix(rgb, palette),
            "nearest by matrix product": lambda: matrix_product(rgb, palette),
            "colours to ids": lambda: colour.decode(rgb, None, codes, ()),
        }
        if not all((way() == ids).all() for way in ways.values()):
            print("the ways disagree", file=sys.stderr)
            return 1
        runs, few = arguments.runs, max(3, arguments.runs // 4)
        pixels = {name: timed(way, runs if name == "colours to ids" else few) for name, way in ways.items()}
        files = {
            "zlib inflates the PNG's data": timed(lambda: inflate(path.read_bytes()), runs),
            "OpenCV reads the PNG": timed(lambda: cv2.imread(str(path), cv2.IMREAD_UNCHANGED), runs),
            "Pillow reads the PNG": timed(lambda: np.asarray(Image.open(path)), runs),
            "file to ids (read_label_pass)": timed(lambda: read_label_pass(path, label_set), runs),
        }
        size = path.stat().st_size
    print(f"{arguments.frame.name} at {width}x{height}, {size} bytes as PNG, one thread, median of {runs} runs")
    table("pixels in memory", pixels, "colours to ids", "{:.0f} x ours")
    table("from the file", files, "file to ids (read_label_pass)", "ours / it = {:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

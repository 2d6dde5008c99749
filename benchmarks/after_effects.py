"""How long large deliveries take on their way into After Effects.

    python -m benchmarks.after_effects [--items 800 6000] [--frames 1000]

An .aep of many footage items of two frames each, and the scan (`read_delivery` and `validate`) of one layer of many
frames; all files are real and lie on the local disk, in the file cache. Each is measured once, making the files not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ae_bridge.aep import make_project
from shared.delivery import Delivery, DeliveryLayer, DeliveryShot, Footage, read_delivery, write_delivery
from shared.delivery_check import validate
from shared.footage import frame_path
from shared.uids import footage_uid, layer_uid

FIRST = 1001


def make_delivery(folder: Path, items: int, frames: int) -> Path:
    """`items` layers of `frames` small pictures each."""
    picture = cv2.imencode(".png", np.full((36, 64, 4), 128, np.uint8))[1].tobytes()
    last = FIRST + frames - 1
    layers = []
    for number in range(items):
        name = f"layer{number:05d}"
        path = f"{name}/{name}.{FIRST:04d}.png"
        footage = Footage(footage_uid("shot", name, "painting"), name, path, 64, 36, first=FIRST, last=last)
        (folder / name).mkdir(parents=True)
        for frame in range(FIRST, last + 1):
            (folder / frame_path(footage, frame)).write_bytes(picture)
        layers.append(DeliveryLayer(layer_uid("shot", name, "painting"), name, footage))
    shot = DeliveryShot("shot", "shot", 64, 36, 24.0, 24, 1, FIRST, last, frames)
    delivery = Delivery("id", "2026-11-23T05:00:00Z", "benchmark", shot, ())
    return write_delivery(replace(delivery, layers=tuple(layers)), folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="*", default=[800, 6000])
    parser.add_argument("--frames", type=int, default=1000)
    arguments = parser.parse_args()
    for items in arguments.items:
        with tempfile.TemporaryDirectory() as folder:
            path = make_delivery(Path(folder), items, 2)
            start = time.perf_counter()
            made = make_project(path)
            seconds = time.perf_counter() - start
            print(f"{items} footage items: {seconds:.2f} s, {made.path.stat().st_size / 2**20:.1f} MiB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = make_delivery(Path(folder), 1, arguments.frames)
        start = time.perf_counter()
        validate(read_delivery(path), path.parent)
        print(f"{arguments.frames} frames scanned: {time.perf_counter() - start:.3f} s", flush=True)


if __name__ == "__main__":
    main()

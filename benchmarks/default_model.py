"""The default model's frame rate on the `ride` shot: `python -m benchmarks.default_model [--sizes 640x360 …]`.

Labels in memory to painting in memory, one frame at a time; what a render adds around it is in `benchmarks.pipeline`.
Against the plain network (`small.py`) in the same process, interleaved: as it is, compiled by torch with frozen
weights, and that in bfloat16. Medians over the frames.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from PIL import Image

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput, load_model
from inference_server.models.catalogue import find_card
from inference_server.models.small import network as small
from inference_server.worker.fitting import fit

DATA = Path(os.environ.get("SEMRENDER_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def frames(width: int, height: int, count: int) -> list[np.ndarray]:
    """Network channels of the shot's frames, enlarged without new ids, at a size that the network takes."""
    card = find_card(DEFAULT_MODEL)
    table, found = card.labels.channel_table(), []
    for file in sorted((DATA / "ride" / "truth_id_png").glob("*.png"))[:count]:
        ids = np.asarray(Image.open(file).resize((width, height), Image.Resampling.NEAREST)).astype(np.uint16)
        multiple = card.size.multiple
        size = (-(-width // multiple) * multiple, -(-height // multiple) * multiple)
        found.append(table[fit(ids, size, card.size.fit)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=["640x360", "1920x1080"])
    parser.add_argument("--frames", type=int, default=8)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    card = find_card(DEFAULT_MODEL)
    plain = small.load(card, card.folder, "cpu")
    half = copy.copy(plain)
    ours = load_model(card, "cpu")

    def paint(model: object, precision: str) -> Callable[[np.ndarray], np.ndarray]:
        options = {option.name: option.default for option in card.options} | {"precision": precision}
        return lambda channels: model.paint(PaintInput(channels, None, 1, options))  # type: ignore[attr-defined]

    methods = {"plain network": paint(plain, "float32")}
    try:
        half.net = torch.compile(plain.net, options={"freezing": True})
        fused = paint(half, "half")
        fused(frames(640, 360, 1)[0])
        methods["torch.compile, freezing, bf16 autocast"] = fused
    except Exception as error:
        print(f"left out: torch.compile: {str(error).splitlines()[0]}", file=sys.stderr)
    methods |= {"ours, float32": paint(ours, "float32"), "ours, half (bfloat16)": paint(load_model(card), "half")}
    for size in arguments.sizes:
        width, height = (int(n) for n in size.split("x"))
        shot = frames(width, height, arguments.frames)
        times: dict[str, list[float]] = {name: [] for name in methods}
        errors: dict[str, list[float]] = {name: [] for name in methods}
        for run in methods.values():
            run(shot[0])
        for channels in shot:
            wanted = None
            for name, run in methods.items():
                began = time.perf_counter()
                picture = run(channels)
                times[name].append(time.perf_counter() - began)
                wanted = picture if wanted is None else wanted
                errors[name].append(float(((picture.astype(np.float64) - wanted) ** 2).mean()))
        print(f"\n{DEFAULT_MODEL}, ride, {len(shot)} frames of {width}x{height}\n")
        print("| | ms median (spread) | frames a second | times as fast | PSNR dB |\n|---|---|---|---|---|")
        first = times["plain network"]
        for name, taken in times.items():
            ms, ratio = [1000 * t for t in taken], statistics.median(a / b for a, b in zip(first, taken, strict=True))
            psnr = "" if max(errors[name]) == 0 else f"{-10 * np.log10(max(errors[name])):.1f}"
            middle = statistics.median(ms)
            spread = f"{min(ms):.0f}-{max(ms):.0f}"
            print(f"| {name} | {middle:.0f} ({spread}) | {1000 / middle:.2f} | {ratio:.1f} | {psnr} |", flush=True)


if __name__ == "__main__":
    main()

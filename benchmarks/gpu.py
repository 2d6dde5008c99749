"""Every family on a card, against the processor: `python -m benchmarks.gpu [--device cuda]`.

The shipped models, a SPADE of the COCO configuration with random weights that is added as an artist adds one, and
random generators of `benchmarks.generators`. For each and for all its precisions: largest and mean difference to
float32 on the processor, in 8-bit codes; whether painting again gives the same bits; the median time of a frame, from
its inputs in memory to the painting in memory; the card's peak memory. The exit code is 1 where float32 is further than
FAR from the processor's picture, or painting again differs.
`benchmarks/gpu.sh` runs it with the whole way, `semrender demo`, in at most eight minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.generators import CONFIGS, add_random
from benchmarks.spade import random_nets
from inference_server.models.base import Model, PaintInput, load_model
from inference_server.models.cards import PRECISION, Card, painting_size
from inference_server.models.catalogue import available_cards
from inference_server.models.checkpoint import add_checkpoint
from inference_server.models.stylegan.controls import layers
from inference_server.worker.fitting import fit
from shared import places
from shared.label_set import load_label_set
from shared.passes import ReadOptions, read_label_pass
from shared.passes.data_pass import read_depth
from shared.walking import Seeds, Stop

FAR = 2.0  # 8-bit codes, at most, between float32 here and there
GENERATORS = ("256 auto", "512 f", "StyleGAN3 256 T", "StyleGAN3 256 R")
SIZES = ((256, 256), (640, 360), (1920, 1080))


def inputs(card: Card, width: int, height: int) -> PaintInput:
    """A frame of the shipped shot at this size, or a seed, with the card's options at their defaults."""
    if card.inputs.labels is None:
        walk = Stop(0, layers(card.config) - 1, ((1.0, Seeds(((1.0, 5),))),))
        return PaintInput(np.zeros((height, width), np.uint16), None, 1, card.check_options({}), walk=(walk,))
    label_set = load_label_set("coco_stuff")
    file = places.example_folder() / "full_frame" / "full_frame_label.1012.png"
    ids = fit(read_label_pass(file, label_set, ReadOptions()).ids, (width, height), "stretch")
    size = painting_size(card, width, height, None)
    channels = fit(card.labels.channel_table()[ids], size, card.size.fit)
    instance = fit(ids, size, card.size.fit).astype(np.int32) if "instance" in card.uses else None
    request = PaintInput(channels, instance, 1, card.check_options({}))
    return replace(request, **geometry(size), sun=(0.6, 0.64, 0.48)) if "normal" in card.uses else request


def geometry(size: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """Normals and depth of the same frame."""
    folder = places.example_folder()
    with Image.open(folder / "normal" / "environment_normal.1012.png") as picture:
        normal = np.asarray(picture, np.float32) / 127.5 - 1
    length = np.linalg.norm(normal, axis=2, keepdims=True)
    normal = np.where(length > 0.5, normal / np.maximum(length, 1e-6), 0).astype(np.float32)
    depth = read_depth(folder / "depth" / "environment_depth.1012.exr").values
    return {
        name: cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST)
        for name, plane in (("normal", normal), ("depth", depth))
    }


def with_precision(request: PaintInput, precision: str) -> PaintInput:
    return replace(request, options={**request.options, PRECISION: precision})


def median_ms(model: Model, request: PaintInput, seconds: float = 3.0) -> float:
    model.paint(request)  # what is compiled or allocated once
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while len(taken) < 3 or (time.perf_counter() < until and len(taken) < 100):
        begin = time.perf_counter()
        model.paint(request)
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken)


def measure(card: Card, device: str) -> bool:
    """Print a family's rows; whether all is as it must be."""
    sound = True
    there, here = load_model(card, device), load_model(card, "cpu")
    sizes = SIZES if card.size.fit == "multiple" else [(card.size.width, card.size.height)]
    for width, height in sizes:
        request = inputs(card, width, height)
        reference = here.paint(with_precision(request, "float32"))
        precise = any(option.name == PRECISION for option in card.options)
        for precision in ("float32", "half") if precise else ("float32",):
            asked = with_precision(request, precision)
            if device == "cuda":
                torch.cuda.reset_peak_memory_stats()
            try:
                picture = there.paint(asked)
            except Exception as error:  # a row that says so is worth more than no table
                print(f"{card.name:<16}{width}x{height:<6}{precision:<9}failed: {error}")
                sound = False
                continue
            apart = np.abs(picture - reference) * 255
            same = bool((there.paint(asked) == picture).all())
            peak = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else 0
            frame = f"{card.name:<16}{width}x{height:<6}{precision:<9}"
            row = f"{apart.max():7.2f} {apart.mean():7.4f}  {'same bits' if same else 'OTHER BITS'}"
            print(f"{frame}{row}  {median_ms(there, asked):8.2f} ms {peak:7.0f} MiB", flush=True)
            sound = sound and same and (precision == "half" or bool(apart.max() <= FAR))
    return sound


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda", choices=("cuda", "mps", "cpu"))
    device = parser.parse_args().device
    named = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    print(f"{named}, torch {torch.__version__}; largest and mean difference in 8-bit codes, median time, peak memory")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEMRENDER_HOME"] = folder
        weights = Path(folder) / "latest_net_G.pth"
        torch.save(random_nets()[1].state_dict(), weights)
        add_checkpoint(weights, "spade-random", "coco_stuff", size=(256, 256))
        for name in GENERATORS:
            add_random(name.lower().replace(" ", "-"), CONFIGS[name]())
        cards = [card for card in available_cards()[0].values() if card.inputs.labels or card.family == "stylegan"]
        sound = [measure(card, device) for card in cards]
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())

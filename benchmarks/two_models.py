"""Time and memory of models beside each other: `python -m benchmarks.two_models [NAME or FOLDER …]`.

Labels in memory to painting in memory, frame by frame of the shipped shot's environment, in turn, so that what else the
machine does hits all alike; a model that takes guides is timed without and with the shot's guides. `times`
is the median over the frames of the time over the first model's of the same frame. The peak is the most memory that a
process of its own held for one frame; the prediction beside it is what a worker reckons with.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from numpy.typing import NDArray

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput, load_model, memory
from inference_server.models.cards import Card, load_card
from inference_server.models.catalogue import find_card
from inference_server.worker.fitting import fit_planes
from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.passes.data_pass import read_depth
from shared.passes.instance_pass import read_instances
from shared.passes.normal_pass import read_normals
from shared.passes.shading_pass import read_shading

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "ride_the_train"
SUN = (-0.707, 0.443, 0.551)  # of the shot's first frame, camera space
WHITE = 0.75  # of its clay, as its shot.json says


@dataclass(frozen=True)
class Way:
    """A model, and whether it is given guides."""

    model: str
    guided: bool

    @property
    def card(self) -> Card:
        return load_card(Path(self.model)) if Path(self.model).is_dir() else find_card(self.model)

    @property
    def title(self) -> str:
        return f"{self.card.name} {self.card.hash[7:15]}{' guided' if self.guided else ''}"


@dataclass(frozen=True)
class Frame:
    ids: NDArray[np.uint16]
    guides: dict[str, Any]


def read(count: int) -> list[Frame]:
    """The first frames of the shipped shot's environment."""
    label_set, frames = load_label_set("coco_stuff"), []
    for file in sorted((EXAMPLE / "environment").glob("*.png"))[:count]:
        number = file.suffixes[0]
        normal = read_normals(EXAMPLE / "normal" / f"environment_normal{number}.png").vectors
        depth = read_depth(EXAMPLE / "depth" / f"environment_depth{number}.exr").values
        parts = read_instances(EXAMPLE / "instance" / f"environment_instance{number}.png").numbers
        shading = read_shading(EXAMPLE / "shading" / f"environment_shading{number}.png").plane(WHITE)
        guides = {"normal": normal, "depth": depth, "instance": parts, "shading": shading, "sun": SUN}
        frames.append(Frame(read_label_pass(file, label_set).ids, guides))
    return frames


def request(card: Card, frame: Frame, guided: bool) -> PaintInput:
    """What the worker would hand over, with the card's defaults."""
    channels = card.labels.channel_table()[frame.ids]
    height, width = channels.shape
    step = card.size.multiple
    whole = PaintInput(channels, seed=1, options=card.check_options({}), **(frame.guides if guided else {}))
    return fit_planes(whole, (-(-width // step) * step, -(-height // step) * step), card.size.fit)


def peak(way: Way) -> float:
    """The most memory that this process ever held, GiB, after one frame."""
    frame = read(1)[0]
    load_model(way.card).paint(request(way.card, frame, way.guided))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def peak_alone(way: Way) -> float:
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        return alone.submit(peak, way).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[DEFAULT_MODEL], help="names or folders; the first is compared to")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ways = [Way(model, False) for model in arguments.models]
    ways += [Way(way.model, True) for way in ways if way.card.config.get("guided")]
    held = {way: peak_alone(way) for way in ways}  # before this process grows: what it held would count as the child's
    frames, models = read(arguments.frames), {way: load_model(way.card) for way in ways}
    times: dict[Way, list[float]] = {way: [] for way in ways}
    for number, frame in enumerate([frames[0], *frames]):
        for way, model in models.items():
            asked = request(way.card, frame, way.guided)
            began = time.perf_counter()
            model.paint(asked)
            if number:  # the first frame compiles
                times[way].append(time.perf_counter() - began)
    height, width = frames[0].ids.shape
    print(f"\n{len(frames)} frames of {width}x{height}, {arguments.threads} threads\n")
    print("| | ms median (spread) | times | peak, GiB | predicted, GiB | weights, MB |\n|---|---|---|---|---|---|")
    for way, taken in times.items():
        ms, card = [1000 * seconds for seconds in taken], way.card
        ratio = statistics.median(one / first for one, first in zip(taken, times[ways[0]], strict=True))
        file = card.folder / card.weights.file
        predicted, size = sum(memory(card, width, height)) / 2**30, file.stat().st_size / 1e6
        print(
            f"| {way.title} | {statistics.median(ms):.0f} ({min(ms):.0f}-{max(ms):.0f}) | {ratio:.2f} "
            f"| {held[way]:.2f} | {predicted:.2f} | {size:.1f} |"
        )


if __name__ == "__main__":
    main()

"""Frames above the training size: seams of the tiles, edges against the labels, memory and time.

`python -m benchmarks.resolution --labels L.1001.png [--memory 3] [--beauty B.1001.png] [--out FOLDER]`

Each way of painting runs in a process of its own, which tells the most memory it ever held; seconds are of painting
and enlarging, after a first small frame. "Without context" is there to show that a seam would be found. "Whole" takes
about 1 GiB a million pixels.

Seam: mean squared step of luma across the lines where tiles meet, over that of the same lines in the picture painted
whole, where they are inside. 1 is no seam. (Other lines will not do: a network with strides has steps of its own, and
one line differs from the next by a third.)

Edge: distance in pixels of the full size between the labels' edge and the painting's, where both sides are of one class
for REACH pixels along the row or column and the classes' mean colours differ. The painting's edge is the step that fits
the pixels best, on the line between both colours, in parts of a pixel. Median, and what nine of ten stay below. The
renderer's beauty (--beauty) shows how near texture and shading let this measure come.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput, load_model
from inference_server.models.cards import Card, painting_size
from inference_server.models.catalogue import find_card
from inference_server.stability import tiles
from inference_server.stability.tiles import Tile, choose_tiles
from inference_server.worker.fitting import fit, unfit
from shared.label_set import load_label_set
from shared.passes import read_label_pass

Picture = NDArray[np.float32]  # (H, W, 3), 0..1
Ids = NDArray[np.uint16]

REACH = 6  # pixels to either side of an edge
CONTRAST = 0.3  # between the mean colours of two classes, of 1
EDGES = 20_000  # looked at, at most, in each direction
WHOLE = 1e6  # GiB


@dataclass(frozen=True)
class Way:
    """divide: of the painting size; memory: GiB for tiles; guided: enlarged along the labels; context: of the tiles."""

    name: str
    divide: int
    memory: float
    guided: bool = True
    context: bool = True


@dataclass(frozen=True)
class Painted:
    picture: Picture
    size: tuple[int, int]
    tiles: tuple[Tile, ...]
    seconds: float
    peak: float  # GiB


def paint(card: Card, channels: Ids, way: Way) -> Painted:
    """In a process of its own."""
    model, options = load_model(card), card.check_options({})
    model.paint(PaintInput(channels[:64, :64], None, 0, options))
    unfit(np.zeros((16, 16, 3), np.float32), channels[:16, :16], channels[:32, :32], "stretch")
    height, width = channels.shape
    requested = None if way.divide == 1 else (width // way.divide, height // way.divide)
    size = painting_size(card, width, height, requested)
    request = PaintInput(fit(channels, size, card.size.fit), None, 0, options)
    cut = choose_tiles(card, size, way.memory)
    before = time.perf_counter()
    if way.context:
        picture = tiles.paint(model, request, cut)
    else:
        picture = np.zeros((size[1], size[0], 3), np.float32)
        for tile in cut:
            kept = tile.kept_rows, tile.kept_columns
            picture[kept] = model.paint(PaintInput(request.channels[kept], None, 0, options))
    if way.guided:
        picture = unfit(picture, request.channels, channels, card.size.fit)
    else:
        picture = np.clip(cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1).astype(np.float32)
    seconds = time.perf_counter() - before
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
    return Painted(picture, size, cut, seconds, peak)


def seam_energy(picture: Picture, whole: Picture, cut: tuple[Tile, ...]) -> float:
    """Of a picture made of tiles, over that of the same lines painted whole; nan where nothing meets."""
    across, inside = (
        [
            ((lines[end] - lines[end - 1]) ** 2).mean()
            for lines, ends in ((luma.T, {t.kept_columns.start for t in cut}), (luma, {t.kept_rows.start for t in cut}))
            for end in ends - {0}
        ]
        for luma in (made @ np.array([0.299, 0.587, 0.114], np.float32) for made in (picture, whole))
    )
    return float(np.mean(across) / np.mean(inside)) if across else float("nan")


def edge_distances(picture: Picture, channels: Ids) -> NDArray[np.float32]:
    """Of every edge pixel looked at, pixels."""
    found = [_distances(picture, channels), _distances(picture.transpose(1, 0, 2), np.ascontiguousarray(channels.T))]
    return np.concatenate(found)


def _distances(picture: Picture, channels: Ids) -> NDArray[np.float32]:
    """Along the rows."""
    side = np.ones((1, REACH), np.uint8)
    low, high = (f(channels, side, anchor=(0, 0)) for f in (cv2.erode, cv2.dilate))  # of x to x + REACH - 1
    one = low == high
    y, x = np.nonzero(one[:, : -2 * REACH] & one[:, REACH:-REACH] & (low[:, : -2 * REACH] != low[:, REACH:-REACH]))
    chosen = np.random.default_rng(0).permutation(len(y))[:EDGES]
    y, x = y[chosen], x[chosen]
    count = int(channels.max()) + 1
    pixels = np.bincount(channels.ravel(), minlength=count).clip(1)
    means = np.stack([np.bincount(channels.ravel(), picture[..., i].ravel(), count) / pixels for i in range(3)], 1)
    difference = means[channels[y, x + REACH]] - means[channels[y, x]]
    contrast = np.linalg.norm(difference, axis=1)
    y, x, difference = (values[contrast > CONTRAST] for values in (y, x, difference))
    profile = np.einsum("ntc,nc->nt", picture[y[:, None], x[:, None] + np.arange(2 * REACH)], difference)
    return np.abs(step_of(profile) - REACH).astype(np.float32)


def step_of(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where rising steps (n, samples) lie: the split with the least squared rest, between splits by a parabola."""
    length = profile.shape[1]
    before = np.arange(1, length)
    sums = np.cumsum(profile, 1)
    left = sums[:, :-1] / before
    right = (sums[:, -1:] - sums[:, :-1]) / (length - before)
    explained = before * (length - before) / length * (right - left) * np.abs(right - left)
    best = explained.argmax(1)
    rows, middle = np.arange(len(profile)), best.clip(1, length - 3)
    a, b, c = (explained[rows, middle + i] for i in (-1, 0, 1))
    curve = a - 2 * b + c
    shift = np.where((best == middle) & (curve < 0), 0.5 * (a - c) / np.where(curve < 0, curve, 1), 0)
    result: NDArray[np.float64] = best + 1 + shift
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--memory", type=float, default=3.0, help="GiB that a tile may take")
    parser.add_argument("--beauty", type=Path, help="the renderer's own picture of this frame")
    parser.add_argument("--out", type=Path, help="write the pictures there")
    arguments = parser.parse_args()
    card = find_card(arguments.model)
    ids = read_label_pass(arguments.labels, load_label_set(card.labels.label_set.name)).ids
    channels = card.labels.channel_table()[ids]
    ways = [Way("whole", 1, WHOLE), Way("tiles", 1, arguments.memory)]
    ways.append(Way("tiles without context", 1, arguments.memory, context=False))
    for name, divide in (("half", 2), ("quarter", 4)):
        ways += [Way(f"{name}, plain resize", divide, WHOLE, guided=False), Way(f"{name}, guided", divide, WHOLE)]
    print(f"{channels.shape[1]}x{channels.shape[0]}, {card.name}")
    print(f"{'':<24}{'painted at':>12}{'tiles':>7}{'seam':>8}{'differs':>9}{'edge':>7}{'90 %':>7}{'GiB':>7}{'s':>7}")
    whole: Picture | None = None
    for way in ways:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            made = pool.submit(paint, card, channels, way).result()
        whole = made.picture if whole is None else whole
        seam = differs = ""
        if len(made.tiles) > 1:
            seam = f"{seam_energy(made.picture, whole, made.tiles):.3f}"
            differs = f"{np.abs(made.picture - whole).max():.1e}"
        size = "x".join(map(str, made.size))
        print(
            f"{way.name:<24}{size:>12}{len(made.tiles):7}{seam:>8}{differs:>9}{edges(made.picture, channels)}"
            f"{made.peak:7.2f}{made.seconds:7.1f}",
            flush=True,
        )
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            name = way.name.replace(",", "").replace(" ", "_")
            Image.fromarray((made.picture * 255 + 0.5).astype(np.uint8)).save(arguments.out / f"{name}.png")
    if arguments.beauty:
        beauty = np.asarray(Image.open(arguments.beauty).convert("RGB"), np.float32) / 255
        print(f"{'the beauty':<60}{edges(beauty, channels)}")


def edges(picture: Picture, channels: Ids) -> str:
    distances = edge_distances(picture, channels)
    return f"{np.median(distances):7.2f}{np.quantile(distances, 0.9):7.2f}"


if __name__ == "__main__":
    main()

"""What `hold` does for a shot: how calm, how sharp, how dear.

`python -m benchmarks.stability --labels L.####.png --motion M.####.exr [--beauty B.####.png] [--locked] [--model NAME]
 [--out FOLDER]` renders the shot with the real command, frame by frame and held, and prints the table of
`benchmarks.warping_error`. Beside `off`, `gentle` and `strong`: strong without the motion pass (optical flow of the
labels), the plain network, and the renderer's own beauty, which is the floor. Held frames are also asked whether they
are one picture (`benchmarks.coherence`). A shot of our own: `python -m benchmarks.little_scene FOLDER`. `--locked` is
for a camera that stands still: how much pixels change whose surface does not move. `--out` keeps the pictures and puts
them side by side.

`python -m benchmarks.stability --cost 1920x1080 --labels ... --motion ...` enlarges the shot's passes to that size and
times holding a frame, reading and writing files aside.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.coherence import coherence
from benchmarks.warping_error import Ids, Motion, Picture, measure, read_motion, read_pictures
from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models.base import PaintInput
from inference_server.models.catalogue import find_card
from inference_server.models.small import network as small
from inference_server.stability import hold
from inference_server.stability.motion import Seen, inverse
from inference_server.stability.window import STRIDES
from inference_server.worker.fitting import fit
from shared.label_set import load_label_set
from shared.passes import read_label_pass
from shared.sequences import find_sequence

STILL = 0.02  # pixels a frame
SHOWN = 480  # width of one half of the side-by-side picture


def render(labels: str, motion: str | None, strength: str, model: str, seed: int, out: Path) -> dict[int, Picture]:
    """The shot painted by the real command."""
    frames = sorted(find_sequence(labels).files)
    layer = {"name": "all", "labels": str(Path(labels).absolute())}
    if motion:
        layer["motion"] = str(Path(motion).absolute())
    about = {"name": "shot", "fps": 24, "first": frames[0], "last": frames[-1], "seed": seed, "hold": strength}
    out.mkdir(parents=True, exist_ok=True)
    file = out / "shot.json"
    file.write_text(json.dumps({**about, "model": model, "layers": [layer]}))
    command = [sys.executable, "-m", "semrender", "render", str(file), "--out", str(out), "--no-aep"]
    subprocess.run(command, check=True, capture_output=True)
    return read_pictures(str(out / "all" / "shot_all.####.png"))


def plain(labels: dict[int, Ids], model: str, seed: int) -> Iterator[tuple[int, Picture]]:
    """Every frame by the readable network, as published weights would be used anywhere."""
    card = find_card(model)
    net, table = small.load(card, card.folder, "cpu"), card.labels.channel_table()
    for frame, ids in labels.items():
        height, width = ids.shape
        size = (-(-width // 16) * 16, -(-height // 16) * 16)
        painted = net.paint(PaintInput(fit(table[ids], size, "multiple"), None, seed, card.check_options({})))
        yield frame, painted[:height, :width] * 255


def changes(pictures: dict[int, Picture], ids: dict[int, Ids], motions: dict[int, Motion]) -> tuple[float, float]:
    """Mean and 99th percentile of what changes from frame to frame where nothing moves, in 8-bit codes."""
    found = []
    for before, now in pairwise(sorted(pictures)):
        rows, columns = np.mgrid[: ids[now].shape[0], : ids[now].shape[1]]
        motion = motions[now]
        still = (np.abs(motion.from_x - columns) < STILL) & (np.abs(motion.from_y - rows) < STILL)
        still &= ids[before] == ids[now]
        found.append(np.abs(pictures[now] - pictures[before]).max(2)[still])
    together = np.concatenate(found)
    return float(together.mean()), float(np.percentile(together, 99))


def side_by_side(left: dict[int, Picture], right: dict[int, Picture], file: Path) -> None:
    """An animation: frame by frame on the left, held on the right."""
    frames = []
    for number in sorted(left):
        pair = np.concatenate([left[number], right[number]], 1).clip(0, 255).astype(np.uint8)
        height, width = pair.shape[:2]
        frames.append(Image.fromarray(cv2.resize(pair, (2 * SHOWN, height * 2 * SHOWN // width), cv2.INTER_AREA)))
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=1000 // 12, loop=0, quality=80)


def cost(ids: list[Ids], motions: list[Motion], size: tuple[int, int]) -> None:
    """Milliseconds a frame, median over the frames of a window, in the order in which a job asks for them."""
    width, height = size
    factor = width / ids[0].shape[1]
    rows, columns = np.mgrid[: ids[0].shape[0], : ids[0].shape[1]].astype(np.float32)
    seen, fields = [], []
    for labels, motion in zip(ids, motions, strict=True):
        field = np.dstack([motion.from_x - columns, motion.from_y - rows]) * np.float32(factor)
        fields.append(cv2.resize(field, size, interpolation=cv2.INTER_NEAREST))
        depth = cv2.resize(motion.depth, size, interpolation=cv2.INTER_NEAREST)
        seen.append(Seen(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), depth))
    rng = np.random.default_rng(0)
    print(f"{'hold at ' + str(width) + 'x' + str(height):<40}{'ms a frame':>14}{'of which following':>22}")
    for strength, stride in STRIDES.items():
        paintings = rng.integers(0, 256, (stride + 1, height, width, 3), np.uint8)
        for _ in range(2):  # the first compiles and warms up
            following, blending = times(seen, fields, paintings, stride)
        both = statistics.median(a + b for a, b in zip(following, blending, strict=True))
        print(f"{strength:<40}{1000 * both:14.0f}{1000 * statistics.median(following):22.0f}")


def times(
    seen: list[Seen], fields: list[NDArray[np.float32]], paintings: NDArray[np.uint8], stride: int
) -> tuple[list[float], list[float]]:
    """Seconds of following surfaces (both ways) and of making the picture, per frame of one window."""
    scale, shape = np.float32(1 / 255), paintings.shape[1:3]
    following, blending = [0.0] * (stride - 1), []
    ahead = {stride: hold.chain_begins(stride, shape)}
    for n in range(stride - 1, -1, -1):
        began = time.perf_counter()
        ahead[n] = hold.chain_goes_on(ahead[n + 1], n, inverse(fields[n + 1]), seen[n], seen[n + 1])
        following[max(n - 1, 0)] += time.perf_counter() - began
    cells = np.stack([hold.cells_of(one * scale) for one in paintings])
    choice = hold.choose((cells[0], cells[-1]), (seen[0].ids, seen[stride].ids), ahead[0], stride)
    back = hold.chain_begins(0, shape)
    for n in range(1, stride):
        began = time.perf_counter()
        back = hold.chain_goes_on(back, n, fields[n], seen[n], seen[n - 1])
        following[n - 1] += time.perf_counter() - began
        began = time.perf_counter()
        hold.cells_of(paintings[n] * scale)  # one a frame, too
        hold.held(n, (back, ahead[n]), paintings, cells, choice, seen[n].ids)
        blending.append(time.perf_counter() - began)
    return following, blending


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--motion", required=True)
    parser.add_argument("--beauty", help="the renderer's own pictures")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--locked", action="store_true", help="the camera stands still")
    parser.add_argument("--cost", metavar="WxH", help="only time it, at this size")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    label_set = load_label_set(find_card(arguments.model).labels.label_set.name)
    ids = {f: read_label_pass(p, label_set).ids for f, p in find_sequence(arguments.labels).files.items()}
    motions = {f: read_motion(p) for f, p in find_sequence(arguments.motion).files.items()}
    if arguments.cost:
        width, height = map(int, arguments.cost.split("x"))
        cost(list(ids.values()), list(motions.values()), (width, height))
        return
    with tempfile.TemporaryDirectory() as scratch:
        out = arguments.out or Path(scratch)
        settings = {"frame by frame": ("off", True), "gentle": ("gentle", True), "strong": ("strong", True)}
        settings["strong, flow instead of motion"] = ("strong", False)
        rows = {
            name: render(
                arguments.labels,
                arguments.motion if moves else None,
                strength,
                arguments.model,
                arguments.seed,
                out / name.replace(" ", "_"),
            )
            for name, (strength, moves) in settings.items()
        }
        if arguments.out:
            side_by_side(rows["frame by frame"], rows["strong"], arguments.out / "side_by_side.webp")
    if find_card(arguments.model).family == "small":
        rows["the plain network, frame by frame"] = dict(plain(ids, arguments.model, arguments.seed))
    if arguments.beauty:
        rows["the renderer's beauty"] = read_pictures(arguments.beauty)
    table(rows, ids, motions, arguments.locked)


def table(rows: dict[str, dict[int, Picture]], ids: dict[int, Ids], motions: dict[int, Motion], locked: bool) -> None:
    heads = f"{'warping error':>14}{'of off':>8}{'sharpness':>11}{'of off':>8}{'frame pairs':>13}"
    heads += f"{'steps':>9}{'blocks':>8}{'ghosts':>8}"
    print(f"{'':<40}{heads}" + (f"{'still: mean':>13}{'99 %':>7}" if locked else ""))
    first = measure(rows["frame by frame"], ids, motions)
    for name, pictures in rows.items():
        error, sharp, count = measure(pictures, ids, motions)
        line = f"{name:<40}{error:14.2f}{error / first[0]:8.2f}{sharp:11.1f}{sharp / first[1]:8.2f}{count:13}"
        held = name in STRIDES
        new = coherence(pictures, rows["frame by frame"], ids, motions, name) if held else (0.0, 0.0, 0.0)
        line += f"{new[0]:9.2f}{new[1]:8.2f}{new[2]:8.2f}"
        if locked:
            mean, most = changes(pictures, ids, motions)
            line += f"{mean:13.2f}{most:7.1f}"
        print(line)


if __name__ == "__main__":
    main()

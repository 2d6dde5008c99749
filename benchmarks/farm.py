"""What a farm costs beside the painting: `python -m benchmarks.farm [scaling|speeds|link] [--machines 1 2 4 8 16]`.

scaling: a shot on so many machines, plain processes of this one: the sleeps that a machine would have with an even
share, over the time from submit to done. speeds: the same on four whose frames take 4, 4, 2 and 1 times the seconds;
the ideal is that all paint to the end. link: one of two machines does not see the shot's disk, and has a line of
100 Mbit/s, or one without a limit; what travels is as large as a held frame of 1080p (Linux, as root).

The model is a stand-in that sleeps and uses no processor, the shape of a GPU; all machines share this one's. What is
timed is a farm that has painted before. `benchmarks.farm_memory` measures what a coordinator takes.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.pipeline import write_labels
from inference_server.models import sleep
from shared.shot_input import shot_from_input
from shared.values import Value
from tests.faults.machines import Farm, networks_possible

SECONDS = 0.5  # of a frame
FRAMES = 48  # a machine
PACES = (4, 4, 2, 1)  # speeds 1 : 1 : 2 : 4
SIZE = (160, 96)
RATE, MIB = "100mbit", 2**20
WIRE_SIZE = (1200, 800)  # of pictures that no PNG makes smaller: 2.7 MiB there and back
WARM = 2  # runs of each machine before it is timed


class Took(Value):
    """Seconds of a job: all of it, and of those until the first run was begun and after the last one had ended."""

    all: float
    before: float
    after: float

    @property
    def ends(self) -> str:
        return f"{self.before:.1f} + {self.after:.1f} s"


def timed(farm: Farm, shot: dict[str, Any], base: Path, out: Path) -> Took:
    """From submit to done of a job that the server cuts into runs by itself."""
    with farm.client() as client:
        began = time.perf_counter()
        asked = {"shot": shot, "base": str(base.resolve()), "out": str(out), "movie": "none", "offer": True}
        job, chunks, last = client.submit(asked), [], {}
        for last in client.watch(job):
            if last["event"] in ("chunk", "frame"):  # one machine alone paints it by itself
                chunks.append(time.perf_counter() - began)
        taken = time.perf_counter() - began
    if last["event"] != "done" or not chunks:
        raise SystemExit(f"the job ended with {last}, {len(chunks)} words of its pictures")
    return Took(taken, chunks[0], taken - chunks[-1])


@contextmanager
def begun(
    folder: Path, count: int, seconds: float, paces: Sequence[float] = (), apart: Path | None = None
) -> Iterator[Farm]:
    """A farm whose machines have painted. apart: a folder that only the first one sees."""
    farm = Farm(folder / "machines", count, networks=apart is not None, seconds=seconds, apart=apart)
    try:
        for machine, pace in zip(farm.machines, paces, strict=False):
            (machine.home / "pace").write_text(str(pace))
        sleep.add("quick", 0.01)
        farm.heal()
        painted(farm, folder / "warm", 12 * WARM * count, "quick")
        yield farm
    finally:
        farm.close()


def painted(farm: Farm, folder: Path, frames: int, model: str = "stand-in") -> Took:
    """So many frames of labels, small ones."""
    folder.mkdir()
    shot, base = shot_from_input(write_labels(folder / "labels", SIZE, frames))
    return timed(farm, {**shot.to_dict(), "model": model}, base, folder / "out")


def scaling(counts: Sequence[int], seconds: float, frames: int) -> None:
    print(f"| machines | frames of {seconds} s | took | share of the ideal | before + after the painting |")
    print("|---|---|---|---|---|", flush=True)
    for count in counts:
        with tempfile.TemporaryDirectory() as temporary, begun(Path(temporary), count, seconds) as farm:
            took = painted(farm, Path(temporary) / "shot", frames * count)
        share = frames * seconds / took.all
        print(f"| {count} | {frames * count} | {took.all:.1f} s | {share:.3f} | {took.ends} |", flush=True)


def speeds(seconds: float, frames: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, begun(Path(temporary), len(PACES), seconds, PACES) as farm:
        took = painted(farm, Path(temporary) / "shot", frames * len(PACES))
    ideal = frames * len(PACES) * seconds / sum(1 / pace for pace in PACES)
    about = f"paces {PACES}, {frames * len(PACES)} frames"
    print(f"{about}: {took.all:.1f} s, {took.all / ideal:.3f} times the ideal, of it {took.ends}", flush=True)


def link(seconds: float, frames: int) -> None:
    """The same job, of other pictures each time, without a limit and with one."""
    if not networks_possible():
        print("no networks can be made here: the link is not measured")
        return
    sizes, walls = "x".join(map(str, WIRE_SIZE)), []
    with tempfile.TemporaryDirectory() as temporary:
        show = Path(temporary) / "show"
        show.mkdir()
        with begun(Path(temporary), 2, seconds, apart=show) as farm:
            (far,) = farm.others
            config = {"seconds": seconds, "tally": True}
            sleep.add("of-pictures", seconds, inputs={"picture": {"needed": True}}, config=config)
            for number, rate in enumerate(("", RATE)):
                far.limit(rate)
                before, sent = len(far.painted), far.carried()
                took = timed(farm, noise(show / "in", frames, number), show, show / f"out{number}")
                there, back = ((now - then) / MIB for now, then in zip(far.carried(), sent, strict=True))
                walls.append(took.all)
                about = f"{len(far.painted) - before} of {frames} frames of {sizes} painted apart"
                wire = f"{there:.0f} MiB there, {back:.0f} back"
                print(f"{rate or 'no limit'}: {took.all:.1f} s, {about}, {wire}", flush=True)
                shutil.rmtree(show / "in")
    print(f"{RATE}: {walls[1] / walls[0]:.3f} times the seconds without a limit", flush=True)


def noise(folder: Path, frames: int, seed: int) -> dict[str, Any]:
    """A shot of pictures as large as they can be for their size, below the folder's parent."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for frame in range(1, frames + 1):
        picture = rng.integers(0, 256, (WIRE_SIZE[1], WIRE_SIZE[0], 3), np.uint8)
        cv2.imwrite(str(folder / f"noise.{frame:04d}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    layer = {"name": "noise", "picture": f"{folder.name}/noise.####.png"}
    return {"name": "noise", "fps": 24, "first": 1, "last": frames, "model": "of-pictures", "layers": [layer]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["scaling", "speeds", "link"])
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a frame")
    parser.add_argument("--frames", type=int, default=FRAMES, help="a machine")
    arguments = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load before {load}")
    began = time.monotonic()
    if "scaling" in arguments.what:
        scaling(arguments.machines, arguments.seconds, arguments.frames)
    if "speeds" in arguments.what:
        speeds(arguments.seconds, 4 * arguments.frames)
    if "link" in arguments.what:
        link(arguments.seconds, 4 * arguments.frames)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes in all")


if __name__ == "__main__":
    main()

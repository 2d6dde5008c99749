"""What a farm costs beside the painting: `python -m benchmarks.farm [scaling|speeds] [--machines 1 2 4 8 16]`.

scaling: a shot on so many machines, plain processes of this one: the sleeps that a machine would have with an even
share, over the time from submit to done. speeds: the same on four whose frames take 4, 4, 2 and 1 times the seconds;
the ideal is that all paint to the end. The model is a stand-in that sleeps and uses no processor, the shape of a GPU;
all machines share this one's. `benchmarks.farm_memory` measures what a coordinator takes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pipeline import write_labels
from shared.shot_input import shot_from_input
from tests.faults.machines import Farm

SECONDS = 0.5  # of a frame
FRAMES = 48  # a machine
PACES = (4, 4, 2, 1)  # speeds 1 : 1 : 2 : 4
SIZE = (160, 96)


def timed(farm: Farm, folder: Path, frames: int) -> float:
    """Seconds from submit to done of a job that the server cuts into runs by itself."""
    labels = write_labels(folder / "labels", SIZE, frames)
    shot, base = shot_from_input(labels)
    asked = {"shot": {**shot.to_dict(), "model": "stand-in"}, "base": str(base.resolve()), "out": str(folder / "out")}
    farm.heal()
    with farm.client() as client:
        began = time.perf_counter()
        job = client.submit({**asked, "movie": "none", "offer": True})
        last = list(client.watch(job))[-1]
        taken = time.perf_counter() - began
        farmed = client.request("show", {"job": job})[0].get("farm")
    if last["event"] != "done" or not farmed:
        raise SystemExit(f"the job ended with {last}, machines {farmed}")
    return taken


def scaling(counts: Sequence[int], seconds: float, frames: int) -> None:
    print(f"| machines | frames of {seconds} s | took | share of the ideal |\n|---|---|---|---|")
    for count in counts:
        with tempfile.TemporaryDirectory() as temporary:
            farm = Farm(Path(temporary) / "machines", count, networks=False, seconds=seconds)
            try:
                taken = timed(farm, Path(temporary), frames * count)
            finally:
                farm.close()
        print(f"| {count} | {frames * count} | {taken:.1f} s | {frames * seconds / taken:.3f} |", flush=True)


def speeds(seconds: float, frames: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        farm = Farm(Path(temporary) / "machines", len(PACES), networks=False, seconds=seconds)
        for machine, pace in zip(farm.machines, PACES, strict=True):
            (machine.home / "pace").write_text(str(pace))
        try:
            taken = timed(farm, Path(temporary), frames * len(PACES))
        finally:
            farm.close()
    ideal = frames * len(PACES) * seconds / sum(1 / pace for pace in PACES)
    print(f"paces {PACES}, {frames * len(PACES)} frames: {taken:.1f} s, {taken / ideal:.3f} times the ideal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["scaling", "speeds"])
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a frame")
    parser.add_argument("--frames", type=int, default=FRAMES, help="a machine")
    arguments = parser.parse_args()
    if "scaling" in arguments.what:
        scaling(arguments.machines, arguments.seconds, arguments.frames)
    if "speeds" in arguments.what:
        speeds(arguments.seconds, 4 * arguments.frames)


if __name__ == "__main__":
    main()

"""Commands with little to do: `python -m benchmarks.nothing_to_do [--runs 9]`.

Measured, the median and the least of several runs: rendering the shipped shot again with all of its 48 pictures kept,
and `semrender --help`. Seconds until the command has ended, and of processor time in all of its processes (client,
broker and worker), which says the same on a machine that is not quiet. The first render, which paints, is not counted.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import places


def run(*arguments: str) -> tuple[float, float]:
    """Run the command; returns seconds, and seconds of processor time."""
    command = [sys.executable, "-m", "semrender", *arguments]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - began, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEMRENDER_HOME"] = str(Path(folder) / "home")
        again = ("render", str(places.example_folder() / "shot.json"), "--out", str(Path(folder) / "out"))
        run(*again)
        for name, command in (("all kept", again), ("--help", ("--help",))):
            run(*command)
            wall, used = zip(*(run(*command) for _ in range(runs)), strict=True)
            print(
                f"{name:<9} {statistics.median(wall):.2f} s (least {min(wall):.2f}),"
                f" processor {statistics.median(used):.2f} s (least {min(used):.2f})",
                flush=True,
            )


if __name__ == "__main__":
    main()

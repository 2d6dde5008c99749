"""One long job, 10 layers of 10,000 frames: `python -m benchmarks.long_job [--runs 3]`.

Measured, the median of several runs: from submit to its answer, which means on disk; from there to the first painted
frame, before which every file was looked at; listing the jobs, and showing this one; from the start of a fresh server,
after the first was killed amid the job, to its answer and to the next painted frame; cancelling; the broker's memory at
its highest. The passes are links to a few small ones and the model is a stand-in that paints at once, so times are
those of the server.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.pipeline import write_labels
from inference_server.models import sleep
from shared import places
from shared.client import Client

LAYERS, FRAMES, SIZE = 10, 10_000, (64, 36)
PAINTED = 1500  # frames after which the server is killed: further than the first look


@contextmanager
def server(peak: list[int]) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    """A server of its own, killed at the end; `peak` gets its memory at its highest, in bytes."""
    command = [sys.executable, "-m", "semrender", "serve", "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            peak.append(psutil.Process(process.pid).memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        with Client(places.read_json(places.connection_file())) as client:
            yield client, process
    finally:
        ended.set()
        watching.join()
        process.kill()
        process.wait()


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def frames_told(client: Client, job: str, since: int, count: int) -> int:
    """Wait for so many frames; returns the number of the last event."""
    for event in client.watch(job, since):
        if event["event"] == "failed":
            raise SystemExit(f"the job failed: {event}")
        count -= event["event"] == "frame"
        if count == 0:
            return int(event["n"])
    raise SystemExit("the job ended")


def run(job: dict[str, Any], out: Path, found: dict[str, list[float]]) -> None:
    peak: list[int] = []
    names: list[str] = []
    with server(peak) as (client, _):
        found["submit, to its answer"].append(timed(lambda: names.append(client.submit({**job, "out": str(out)}))))
        (name,) = names
        found["the first frame after that"].append(timed(lambda: frames_told(client, name, 0, 1)))
        found["jobs"].append(timed(client.jobs))
        found["jobs show"].append(timed(lambda: client.ask("show", name)))
        frames_told(client, name, 0, PAINTED)
    begun = time.perf_counter()
    with server(peak) as (client, _):
        (about,) = (one for one in client.jobs() if one["job"] == name)
        found["a server after a kill, to its answer"].append(time.perf_counter() - begun)
        frames_told(client, name, about["events"], 1)
        found["the next frame, from the start on"].append(time.perf_counter() - begun)
        found["cancel"].append(timed(lambda: client.cancel(name)))
    found["broker at most, MiB"].append(max(peak) / 2**20)


def passes(work: Path) -> dict[str, Any]:
    """The job, of links to a few passes."""
    few = sorted(write_labels(work / "few", SIZE, 5).glob("*.png"))
    layers = []
    for layer in range(LAYERS):
        folder = work / f"layer{layer}"
        folder.mkdir()
        for frame in range(1, FRAMES + 1):
            (folder / f"label.{frame:05d}.png").hardlink_to(few[frame % len(few)])
        layers.append({"name": folder.name, "labels": f"{folder.name}/label.#####.png"})
    shot = {"name": "long", "fps": 24, "first": 1, "last": FRAMES, "model": "bench", "layers": layers}
    return {"shot": shot, "base": str(work)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["SEMRENDER_HOME"] = str(work / "state")
        sleep.add("bench", 0.0)
        job = passes(work)
        for number in range(arguments.runs):
            run(job, work / f"out{number}", found)
    print(f"| {LAYERS} layers of {FRAMES} frames | median of {arguments.runs} | worst |")
    print("|---|---|---|")
    for name, values in found.items():
        print(f"| {name} | {statistics.median(values):.2f} | {max(values):.2f} |")
    print(f"\nseconds; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()

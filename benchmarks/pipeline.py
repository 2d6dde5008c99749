"""What the pipeline costs around the model: `python -m benchmarks.pipeline [--frames-memory 1000]`.

The model is a stand-in that sleeps 100 ms a frame and uses no processor, the shape of a GPU. Measured are the
wall time of a warm 24-frame job against the sleeps alone, the processor time of server, worker and client per
frame, and the largest memory of client and broker over a long 1920x1080 job.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from inference_server.models import sleep
from shared.client import Client
from shared.label_set import load_label_set
from shared.servers import private_server
from shared.shot_input import shot_from_input

SECONDS = 0.1
FRAMES = 24
RUNS = 5


def write_labels(folder: Path, size: tuple[int, int], count: int) -> Path:
    """Label frames with the shapes of the shipped shot, by nearest neighbour, each a little different."""
    examples = Path(__file__).resolve().parent.parent / "examples" / "ride_the_train" / "full_frame"
    files = sorted(examples.glob("*.png"))
    folder.mkdir()
    for number in range(count):
        picture = Image.open(files[number % len(files)]).convert("RGB").resize(size, Image.Resampling.NEAREST)
        pixels = np.roll(np.asarray(picture), number // len(files), 1)
        Image.fromarray(pixels).save(folder / f"bench.{number + 1:04d}.png", compress_level=1)
    return folder


def run(client: Client, labels: Path, out: Path, seed: int) -> float:
    """Seconds from submit to done; with another seed nothing is copied from the run before."""
    shot, base = shot_from_input(labels)
    description = {**shot.to_dict(), "model": "bench", "seed": seed}
    began = time.perf_counter()
    job = client.submit({"shot": description, "base": str(base.resolve()), "out": str(out)})
    last: dict[str, Any] = list(client.watch(job))[-1]
    if last["event"] != "done":
        raise SystemExit(f"the job ended with {last}")
    return time.perf_counter() - began


def family(client: Client) -> list[psutil.Process]:
    assert client.process is not None
    server = psutil.Process(client.process.pid)
    return [psutil.Process(os.getpid()), server, *server.children(recursive=True)]


def processor_seconds(processes: list[psutil.Process]) -> float:
    return sum(p.cpu_times().user + p.cpu_times().system for p in processes)


def speed(client: Client, work: Path) -> None:
    print(f"| size | frames | sleeps s | wall s (median of {RUNS}) | wall / sleeps | processor ms a frame |")
    print("|---|---|---|---|---|---|")
    for size in ((640, 360), (1920, 1080)):
        labels = write_labels(work / f"labels_{size[0]}", size, FRAMES)
        run(client, labels, work / "warm", RUNS)
        walls, processor = [], []
        for n in range(RUNS):
            before = processor_seconds(family(client))
            walls.append(run(client, labels, work / f"out_{size[0]}_{n}", n))
            processor.append((processor_seconds(family(client)) - before) / FRAMES * 1000)
        wall, sleeps = statistics.median(walls), SECONDS * FRAMES
        print(
            f"| {size[0]}x{size[1]} | {FRAMES} | {sleeps:.2f} | {wall:.2f} ({min(walls):.2f}-{max(walls):.2f}) "
            f"| {wall / sleeps:.3f} | {statistics.median(processor):.0f} |"
        )


def memory(client: Client, work: Path, count: int) -> None:
    labels = write_labels(work / "labels_memory", (1920, 1080), count)
    here, server, *_ = family(client)
    peaks = {"client": 0, "broker": 0}
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            peaks["client"] = max(peaks["client"], here.memory_info().rss)
            peaks["broker"] = max(peaks["broker"], server.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    seconds = run(client, labels, work / "out_memory", 0)
    stop.set()
    watcher.join()
    print(f"\n{count} frames at 1920x1080 in {seconds:.0f} s: ", end="")
    print(", ".join(f"{name} at most {peak / 2**20:.0f} MiB" for name, peak in peaks.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames-memory", type=int, default=1000)
    parser.add_argument("--only-memory", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["SEMRENDER_HOME"] = str(work / "state")
        labels = load_label_set("coco_stuff")
        sleep.add("bench", SECONDS, labels.name)
        with private_server("benchmark", "cpu") as client:
            if not arguments.only_memory:
                speed(client, work)
            if arguments.frames_memory:
                memory(client, work, arguments.frames_memory)


if __name__ == "__main__":
    main()

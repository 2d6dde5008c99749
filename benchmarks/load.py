"""Many clients and a preview beside a batch: `python -m benchmarks.load [--clients 64] [--jobs 1000]`.

Clients, each a connection of its own, submit small jobs (four frames of 64x36) while a batch runs. Measured: from
submit to its answer, which means on disk; from submit to the end of a preview, a job of one frame that overtakes
the batch; and the broker's memory. The model is a stand-in that sleeps, so times are those of the server. The peer
is the same server without a batch. `benchmarks.long_job` measures a single job of 100,000 pictures.
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

import psutil

from benchmarks.pipeline import write_labels
from inference_server.models import sleep
from shared.client import Client
from shared.servers import private_server
from shared.shot_input import shot_from_input

SECONDS_A_FRAME = 0.05
PREVIEWS = 40


def job_of(labels: Path, out: Path, seed: int, frames: list[int] | None, priority: int = 0) -> dict[str, Any]:
    shot, base = shot_from_input(labels)
    description = {**shot.to_dict(), "model": "bench", "seed": seed}
    return {"shot": description, "base": str(base.resolve()), "out": str(out), "frames": frames, "priority": priority}


def quantiles(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{statistics.median(ordered) * 1000:.0f} | {ordered[int(len(ordered) * 0.99)] * 1000:.0f}"


def previews(client: Client, labels: Path, out: Path, seed: int) -> list[float]:
    """Seconds from submit to done of previews, one after the other."""
    taken = []
    for number in range(PREVIEWS):
        began = time.perf_counter()
        job = client.submit(job_of(labels, out / f"preview{seed + number}", seed + number, [1], priority=50))
        last = list(client.watch(job))[-1]
        if last["event"] != "done":
            raise SystemExit(f"a preview ended with {last}")
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--jobs", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["SEMRENDER_HOME"] = str(work / "state")
        sleep.add("bench", SECONDS_A_FRAME)
        small = write_labels(work / "small", (64, 36), 4)
        large = write_labels(work / "large", (640, 360), 400)
        with private_server("benchmark", "cpu") as client:
            assert client.process is not None
            broker = psutil.Process(client.process.pid)
            alone = previews(client, small, work / "alone", 1_000_000)
            batch = client.submit(job_of(large, work / "batch", 0, None))
            beside = previews(client, small, work / "beside", 2_000_000)
            client.ask("pause", batch)
            submits: list[float] = []
            per_client = arguments.jobs // arguments.clients + 1
            peak = [0]

            def one(number: int) -> None:
                with Client(client.connection) as own:
                    for turn in range(per_client):
                        seed = number * per_client + turn
                        job = job_of(small, work / "many" / str(seed), seed % 25, [1, 2, 3, 4])
                        began = time.perf_counter()
                        own.submit(job)
                        submits.append(time.perf_counter() - began)
                        peak[0] = max(peak[0], broker.memory_info().rss)

            threads = [threading.Thread(target=one, args=(number,)) for number in range(arguments.clients)]
            began = time.perf_counter()
            client.ask("resume", batch)
            for thread in threads:
                thread.start()
            among = previews(client, small, work / "among", 3_000_000)
            for thread in threads:
                thread.join()
            client.cancel(batch)
            while any(job["ended"] is None for job in client.jobs()):
                time.sleep(0.2)
                peak[0] = max(peak[0], broker.memory_info().rss)
            took = time.perf_counter() - began
    print(f"| {arguments.clients} clients, a frame sleeps {SECONDS_A_FRAME * 1000:.0f} ms | p50 ms | p99 ms |")
    print("|---|---|---|")
    print(f"| submit, while a batch runs ({len(submits)} jobs) | {quantiles(submits)} |")
    print(f"| preview, server otherwise idle | {quantiles(alone)} |")
    print(f"| preview beside a batch | {quantiles(beside)} |")
    print(f"| preview beside a batch and {arguments.clients} submitting clients | {quantiles(among)} |")
    print(f"\nall {len(submits)} jobs ended within {took:.0f} s; broker at most {peak[0] / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()

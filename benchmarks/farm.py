"""What a farm costs beside the painting: `python -m benchmarks.farm [scaling|speeds|memory] [--machines 1 2 4 8 16]`.

scaling: a shot on so many machines, plain processes of this one: the sleeps that a machine would have with an even
share, over the time from submit to done. speeds: the same on four whose frames take 4, 4, 2 and 1 times the seconds;
the ideal is that all paint to the end. memory: the coordinator and its engine while machines take empty runs and end
them. The model is a stand-in that sleeps and uses no processor, the shape of a GPU; all machines share this one's.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.pipeline import write_labels
from inference_server.farm import certificates
from inference_server.farm.coordinator import Coordinator
from inference_server.farm.engine import Chunk, Machine
from shared import VERSION
from shared.shot_input import shot_from_input
from tests.faults.machines import Farm

SECONDS = 0.5  # of a frame
FRAMES = 48  # a machine
PACES = (4, 4, 2, 1)  # speeds 1 : 1 : 2 : 4
SIZE = (160, 96)
RUNS = 100_000


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


class Nothing:
    """A server with so many empty runs."""

    def __init__(self, runs: int) -> None:
        self.left, self.ended = runs, 0

    def request(self, verb: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        if verb == "take_chunk" and self.left:
            self.left -= 1
            return {"chunk": {"task": self.left, "job": "0" * 32, "blocks": "1-4"}}, []
        self.ended += verb == "end_chunk"
        return {"chunk": None, "wanted": True}, []


def idle(name: str, port: int, identity: Path) -> None:
    """A machine that is through with a run at once."""
    from inference_server.farm.dask_engine import work

    def paint(chunk: Chunk, tell: object) -> dict[str, int]:
        return {"painted": 0, "kept": 0, "copied": 0}

    work(f"tls://127.0.0.1:{port}", "127.0.0.1", identity, Machine(name, 2, VERSION, "3"), paint, threading.Event())


def memory(runs: int, count: int = 2) -> None:
    from inference_server.farm.dask_engine import DaskEngine

    with tempfile.TemporaryDirectory() as temporary:
        os.environ["SEMRENDER_HOME"] = temporary
        names = [f"m{number}" for number in range(count)]
        identity = certificates.bring_identity(certificates.COORDINATOR, Path(temporary) / "coordinator")
        engine, spawn, own = (
            DaskEngine("127.0.0.1", 0, identity),
            multiprocessing.get_context("spawn"),
            psutil.Process(),
        )
        for name in names:
            kept = certificates.bring_identity(name, Path(temporary) / name)
            spawn.Process(target=idle, args=(name, engine.port, kept), daemon=True).start()
        while len(engine.machines()) < count:
            time.sleep(0.1)
        server, began, used = Nothing(runs), time.perf_counter(), own.cpu_times()
        before = most = own.memory_info().rss
        coordinator = Coordinator(engine, server)
        while server.ended < runs:
            coordinator.turn(0.02)
            most = max(most, own.memory_info().rss)
        taken, after = time.perf_counter() - began, own.cpu_times()
        cost = (after.user + after.system - used.user - used.system) / runs
        engine.close()
    print(f"{runs} empty runs on {count} machines in {taken:.0f} s, {cost * 1000:.1f} ms of the coordinator each;")
    print(f"it has {before / 2**20:.0f} MiB at the start, {most / 2**20:.0f} at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["scaling", "speeds", "memory"])
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a frame")
    parser.add_argument("--frames", type=int, default=FRAMES, help="a machine")
    parser.add_argument("--runs", type=int, default=RUNS, help="empty ones")
    arguments = parser.parse_args()
    if "scaling" in arguments.what:
        scaling(arguments.machines, arguments.seconds, arguments.frames)
    if "speeds" in arguments.what:
        speeds(arguments.seconds, 4 * arguments.frames)
    if "memory" in arguments.what:
        memory(arguments.runs)


if __name__ == "__main__":
    main()

"""How much memory a farm's coordinator takes over many runs of nothing: at most 150 MiB over 100,000.

`python -m benchmarks.farm_memory [RUNS] [MACHINES]` has the real coordinator and engine, with TLS, hand runs to
machines, processes of their own that end each at once. The server is a list in memory that counts what it is told. Says
the resident memory of the coordinator's process on the way, and what a run costs.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from inference_server.farm import certificates
from inference_server.farm.coordinator import Coordinator
from inference_server.farm.engine import Chunk, Machine

RUNS, MACHINES, LIMIT_MIB = 100_000, 2, 150.0
WAYPOINTS = 20
MIB = 2**20


class Listed:
    """A server whose only job has so many runs."""

    def __init__(self, runs: int) -> None:
        self.left, self.ended, self.lost = runs, 0, 0

    def request(self, verb: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        chunk = None
        if verb == "take_chunk" and self.left:
            self.left -= 1
            chunk = {
                "task": self.left,
                "job": "a" * 32,
                "blocks": "83",
                "pictures": 12,
                "shot": {"name": "nothing" * 100},
            }
        elif verb == "end_chunk":
            self.ended += 1
            self.lost += "error" in body
        return {"wanted": True, "chunk": chunk}, []


def paint_nothing(_: Chunk, __: Callable[[int], bool]) -> dict[str, int]:
    return {"painted": 0, "kept": 0, "copied": 0}


def be_machine(name: str, port: int, identity: Path) -> None:
    from inference_server.farm.dask_engine import work

    leave = threading.Event()
    work(f"tls://127.0.0.1:{port}", "127.0.0.1", identity, Machine(name, 2, "", ""), paint_nothing, leave)


def main(runs: int, machines: int) -> int:
    from inference_server.farm.dask_engine import DaskEngine

    names = [f"machine{number}" for number in range(machines)]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SEMRENDER_HOME"] = folder
        made = {name: certificates.bring_identity(name, Path(folder) / name) for name in ("coordinator", *names)}
        engine = DaskEngine("127.0.0.1", 0, made["coordinator"])
        spawn = multiprocessing.get_context("spawn")
        processes = [spawn.Process(target=be_machine, args=(name, engine.port, made[name])) for name in names]
        for process in processes:
            process.start()
        while len(engine.machines()) < machines:
            time.sleep(0.1)
        server, own, most, step = Listed(runs), psutil.Process(), 0.0, max(1, runs // WAYPOINTS)
        coordinator, began, shown = Coordinator(engine, server), time.perf_counter(), 0
        while server.ended < runs:
            coordinator.turn()
            most = max(most, own.memory_info().rss / MIB)
            if server.ended >= shown + step or server.ended == runs:
                shown = server.ended
                print(f"{shown:>8} runs  {own.memory_info().rss / MIB:6.1f} MiB", flush=True)
        each = (time.perf_counter() - began) / runs
        cost = sum(own.cpu_times()[:2]) / runs
        engine.close()
        for process in processes:
            process.join()
    print(f"{runs} runs on {machines} machines: at most {most:.1f} MiB (limit {LIMIT_MIB:.0f}), {server.lost} lost")
    print(f"a run takes {each * 1000:.1f} ms, {cost * 1000:.1f} ms of the coordinator's processor")
    return 0 if most <= LIMIT_MIB and server.lost == 0 else 1


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    sys.exit(main(*[*given, *(RUNS, MACHINES)[len(given) :]]))

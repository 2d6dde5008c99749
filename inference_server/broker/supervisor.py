"""Worker processes: started fresh, watched, replaced. A worker ends by itself when its broker dies.

Workers are separate interpreters (never forks: a CUDA context does not survive one). They load what they need while
the broker does the same, and then read from standard input the address, the keys and their own name; keys and name are
secrets that keep strangers on the same machine from talking to the broker's back door, or posing as a worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inference_server.backstage import BROKER, NAME

if TYPE_CHECKING:
    from inference_server.tasks import Task
    from shared.errors import SemrenderError


@dataclass
class Worker:
    """One process and what the broker knows of it."""

    device: str
    process: subprocess.Popen[bytes]
    name: bytes
    ready: bool = False
    about: dict[str, Any] = field(default_factory=dict)
    memory: list[int] | None = None  # bytes free and in all of a card of its own, as it said last
    tasks: dict[int, Task] = field(default_factory=dict)  # by id: what it has in hand
    knows: set[str] = field(default_factory=set)  # jobs whose description it has
    heard: float = field(default_factory=time.monotonic)  # when it last answered, or got work while idle
    killed: str = ""  # why the broker killed it
    refused: SemrenderError | None = None  # why it cannot have its device, as it said before it ended
    failed: int = 0  # starts on this device, before this one
    parts: dict[int, list[Any]] = field(default_factory=dict)  # by task: what came of a long answer

    @property
    def ended(self) -> bool:
        """Also true of one that was killed and cannot die yet, in a dead file system: it does nothing more."""
        return bool(self.killed) or self.process.poll() is not None

    def stop(self, seconds: float = 5.0) -> None:
        """Closing its standard input asks the worker to end; after `seconds` it is killed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill("it did not end")

    def kill(self, why: str) -> None:
        self.killed = why
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)

    def death(self) -> str:
        if self.refused:
            return str(self.refused)
        code = self.process.returncode
        if self.killed:
            return self.killed
        if code is None:
            return "it runs"
        return f"killed by signal {-code}" if code < 0 else f"ended with code {code}"


def begin_worker(device: str, models_mib: int, after_delivery: str = "") -> Worker:
    """Start a worker for `device` ("auto", "cpu", "cuda:0", "mps"), which waits to be shown its way.

    models_mib: how much memory its models may keep occupied between frames.
    after_delivery: "module:function" that every delivery is handed to, with whether a comp of it is wanted.
    """
    name = os.urandom(16).hex()
    # Two libraries with threads share the processor; none of them may spin while the other works.
    environment = {"OMP_WAIT_POLICY": "passive", **os.environ, BROKER: str(os.getpid())}
    command = [sys.executable, "-P", "-m", "inference_server.worker.worker", "--device", device]
    command += ["--models-mib", str(models_mib)]
    if after_delivery:
        command += ["--after-delivery", after_delivery]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    return Worker(device, process, name.encode())


def show_way(worker: Worker, way: Mapping[str, str]) -> Worker:
    """Tell a worker ADDRESS and KEYS, to find the broker and get in."""
    assert worker.process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it is dead already, which is noticed like any death
        worker.process.stdin.write(json.dumps({**way, NAME: worker.name.decode()}).encode() + b"\n")
        worker.process.stdin.flush()
    return worker


def start_worker(way: Mapping[str, str], device: str, models_mib: int, after_delivery: str = "") -> Worker:
    """Start a worker and show it its way: see `begin_worker` and `show_way`."""
    return show_way(begin_worker(device, models_mib, after_delivery), way)

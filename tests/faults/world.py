"""A server with its jobs under faults, and what must be true of them afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from inference_server.broker.crew import AHEAD, OVERTAKING
from inference_server.models import sleep
from inference_server.worker import outputs
from shared import places
from shared.client import Client
from shared.connection import known_connection
from shared.delivery import read_delivery
from shared.errors import SemrenderError
from shared.label_set import load_label_set

ROOT = Path(__file__).resolve().parents[2]
INJECT = Path(__file__).parent / "inject"
SECONDS_A_FRAME = 0.004
ENDED = ("done", "failed", "cancelled")


class Broken(AssertionError):
    """Something that must be true is not."""


def write_labels(folder: Path, frames: int) -> Path:
    """Two layers of small label frames, no two alike."""
    labels = load_label_set("coco_stuff")
    colours = labels.palettes["runway"].colors
    grass, sky, tree = (colours[labels.find(name).id] for name in ("grass", "sky", "tree"))
    for layer in ("back", "front"):
        (folder / layer).mkdir(parents=True, exist_ok=True)
        for number in range(frames):
            pixels = np.zeros((36, 64, 4), np.uint8)
            if layer == "back":
                pixels[:18], pixels[18:] = (*sky, 255), (*grass, 255)
            pixels[8:30, 4 + number % 40 : 20 + number % 40] = (*tree, 255)
            for bit in range(12):  # the frame's number, written in classes
                pixels[0, 5 * bit : 5 * bit + 5] = (*(grass if number >> bit & 1 else sky), 255)
            Image.fromarray(pixels).save(folder / layer / f"{layer}.{1001 + number}.png")
    return folder


@dataclass
class World:
    """One server's folder, its process, and the jobs it has accepted.

    tree: the source tree that runs, the repository or a sabotaged copy.
    kills: processes that were killed while they may have had frames in hand.
    lost: frames that were painted and whose files the fault took.
    """

    folder: Path
    labels: Path
    frames: int
    rng: random.Random
    tree: Path = ROOT
    server: subprocess.Popen[str] | None = None
    accepted: dict[str, str] = field(default_factory=dict)  # job -> state that it must end in, or either of two
    kills: int = 0
    lost: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        os.environ["SEMRENDER_HOME"] = str(self.home)
        config = {"seconds": SECONDS_A_FRAME, "tally": True}
        sleep.add("stand-in", 0.0, config=config)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def start(self, *, crash: str = "", times: int = 1) -> None:
        """Start the server; `crash` names where it or its worker dies, once."""
        environment = {**os.environ, "PYTHONPATH": str(INJECT), "OMP_NUM_THREADS": "1", **self.environment}
        if crash:
            environment["SEMRENDER_CRASH"] = f"{crash}:{times}:{self.folder / 'crashed'}"
        command = [sys.executable, "-m", "semrender", "serve", "--device", "cpu", "--reserve-mib", "1", *self.arguments]
        with (self.folder / "server.txt").open("a") as words:
            self.server = subprocess.Popen(
                command, cwd=self.tree, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words, text=True
            )
        self.wait(lambda: (places.read_json(places.connection_file()) or {}).get("pid") == self.server.pid, "a start")

    @property
    def alive(self) -> bool:
        return self.server is not None and self.server.poll() is None

    @property
    def crashed(self) -> bool:
        """The named place was reached and somebody died there."""
        return (self.folder / "crashed").exists()

    def kill_server(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()
        self.kills += 1

    def heal(self) -> None:
        """What a service manager does: start the server again if it is gone."""
        if not self.alive:
            self.kills += self.crashed
            self.start()

    def client(self, **more: object) -> Client:
        connection = known_connection()
        assert connection is not None
        return Client(connection, find=known_connection, patience=3.0, **more)

    def job(self, out: Path | None = None, seed: int = 0, **more: object) -> dict[str, object]:
        layers = [{"name": n, "labels": f"{n}.####.png"} for n in ("front", "back")]
        layers = [{**one, "labels": f"{one['name']}/{one['labels']}", "mattes": ["tree"]} for one in layers]
        last = 1000 + self.frames
        shot = {
            "name": "s",
            "fps": 24,
            "first": 1001,
            "last": last,
            "model": "stand-in",
            "seed": seed,
            "layers": layers,
        }
        return {"shot": shot, "base": str(self.labels), "out": str(out or self.out), **more}

    def submit(self, client: Client, job: dict[str, object] | None = None) -> str:
        identity = client.submit(job or self.job())
        self.accepted[identity] = "done"
        return identity

    def progress(self, least: int, client: Client) -> None:
        """Wait until so many frames of all jobs are done."""
        self.wait(lambda: sum(one["done"] for one in client.jobs()) >= least, "progress")

    def wait(self, condition: object, what: str, seconds: float = 90.0) -> None:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise Broken(f"{what} did not come within {seconds:.0f} s")
            time.sleep(0.02)

    def watch(self, job: str) -> list[dict[str, object]]:
        with self.client() as client:
            return list(client.watch(job))

    # What must be true

    def verify(self, reference: Path | None) -> Counter[str]:
        """After the faults: every promise is kept. Raises Broken with what is not; returns counts for the report."""
        self.heal()
        self.verify_files()
        for job, state in self.accepted.items():
            try:
                events = self.watch(job)
            except SemrenderError as error:
                raise Broken(f"an accepted job is lost: {error}") from error
            if [event["n"] for event in events] != list(range(1, len(events) + 1)):
                raise Broken("events are missing or out of order")
            if events[-1]["event"] not in state.split(" or "):
                raise Broken(f"a job ended {events[-1]['event']}: {json.dumps(events[-1]['body'])[:500]}")
            told = Counter((e["body"]["layer"], e["body"]["frame"]) for e in events if e["event"] == "frame")
            if state == "done" and (len(told) != 2 * self.frames or max(told.values()) > 1 + self.kills):
                raise Broken(f"{len(told)} of {2 * self.frames} frames were told, one {max(told.values())} times")
        self.verify_files(whole=reference)
        counts = self.verify_tally()
        self.stop()
        return counts

    def verify_files(self, whole: Path | None = None) -> None:
        """Under a final name there are only whole files; at the end all of them, the same as without faults."""
        for file in self.out.rglob("*"):
            if not file.is_file() or file.name.startswith("."):
                continue
            if file.suffix == ".png" and file.name != "preview.png":
                header = outputs.read_metadata(file)
                if header is None or "key" not in header:
                    raise Broken(f"a file that is not whole stands under a final name: {file.name}")
            if file.suffix in (".png", ".webp"):
                try:
                    Image.open(file).load()
                except (OSError, SyntaxError) as error:
                    raise Broken(f"a picture that is not whole stands under a final name: {file.name}") from error
        if whole is not None and "done" in self.accepted.values():
            read_delivery(self.out)
            for file in whole.rglob("*.[0-9]*.png"):
                other = self.out / file.relative_to(whole)
                if not other.exists() or digest(other) != digest(file):
                    raise Broken(f"{other.name} is missing or differs from the run without faults")
            if left := [file.name for file in self.out.rglob(".*") if file.is_file()]:
                raise Broken(f"half-written files are left: {left[:3]}")

    def verify_tally(self) -> Counter[str]:
        """How often the network ran; more than once for a frame only where a process died with frames in hand."""
        tally = self.home / "tally"
        lines = Counter(tally.read_text().split() if tally.exists() else [])
        twice = sum(lines.values()) - len(lines)
        if twice > self.kills * (AHEAD + OVERTAKING) + self.lost:
            raise Broken(f"{twice} frames were painted twice, {self.kills} processes killed, {self.lost} files taken")
        return Counter(painted=sum(lines.values()), twice=twice, kills=self.kills)

    def stop(self) -> None:
        """End the server in peace; nobody of its family may stay."""
        if self.alive:
            self.server.terminate()
            try:
                self.server.wait(60)
            except subprocess.TimeoutExpired:
                self.server.kill()
                raise Broken("the server did not end") from None
        self.wait(lambda: not self.family(), "the end of every process", 15.0)

    def family(self) -> list[int]:
        """Processes of this world's server, found by its state folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get("SEMRENDER_HOME") == str(self.home):
                    command = " ".join(process.cmdline())
                    if "inference_server.worker.worker" in command or "semrender serve" in command:
                        found.append(process.pid)
        return found

    def worker(self) -> psutil.Process:
        """The server's worker process."""
        children: list[psutil.Process] = []

        def started() -> bool:
            children[:] = psutil.Process(self.server.pid).children()
            return bool(children)

        self.wait(started, "a worker")
        return children[0]

    def power_cut(self, diary: Path) -> None:
        """All processes die at once, and the disk has only what was put on it for good.

        A file renamed without its content synced is empty, as ext4 and others leave it; a rename whose folder was
        not synced after it may be gone; the ledger's log ends where it was last synced.
        """
        self.worker().kill()
        self.kill_server()
        synced, renamed, log = set(), {}, (None, 0)
        for line in diary.read_text().splitlines():
            kind, *words = line.split("\t")
            if kind == "S":
                synced.add(words[0])
            elif kind == "D":
                renamed = {target: how for target, how in renamed.items() if str(Path(target).parent) != words[0]}
            elif kind == "R":
                renamed[words[1]] = words[0] in synced
            elif kind == "W":
                log = (words[2], int(words[0]) if int(words[1]) >= 2 else log[1])
        for target, whole in renamed.items():
            path = Path(target)
            if not path.exists() or not path.is_relative_to(self.out):
                continue
            if whole and self.rng.random() < 0.5:
                path.unlink()
                self.lost += 1
            elif not whole:
                path.write_bytes(b"")
        if log[0] is not None and Path(log[0]).exists():
            os.truncate(log[0], min(log[1], Path(log[0]).stat().st_size))

    def remove(self) -> None:
        if self.alive:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sabotaged(folder: Path, file: str, before: str, after: str) -> Path:
    """A copy of the source tree with one thing changed."""
    for name in ("semrender", "inference_server", "shared", "ae_bridge", "maya_plugin"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "weights")
        )
    (folder / "inference_server" / "models" / "weights").mkdir(exist_ok=True)
    text = (folder / file).read_text()
    if before not in text:
        raise Broken(f"{file} has changed: the sabotage does not fit any more")
    (folder / file).write_text(text.replace(before, after))
    return folder

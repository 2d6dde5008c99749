"""What happens to a farm in the middle of a job. Every fault is a function of the trial; what it killed may be gone."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from inference_server.broker.crew import AHEAD, OVERTAKING
from inference_server.broker.cutting import runs_per
from inference_server.stability.window import paintings
from shared.blocks import frames_of
from shared.client import Client
from shared.errors import SemrenderError
from tests.faults.faults import Skipped
from tests.faults.machines import COORDINATOR, ENGINE, PAINTER, SERVER, Farm, Machine, wait
from tests.faults.world import Broken, digest

HAND = AHEAD + OVERTAKING  # pictures that a painter may have in hand
LEASE = 75.0  # seconds after which a machine that is cut off has dropped what it had; a minute, and a little
CHANGING = ("delivery.json",)  # it tells the time

Fault = Callable[["Trial"], None]
Run = tuple[int, int]  # its first and last block


class Trial:
    """A job on a farm, and what its fault allows.

    again: pictures that the fault lets be painted a second time. zombies: whether a machine may have painted on that
    nobody heard.
    out: where it is painted. delay: seconds of painting before the blow, at most.
    """

    def __init__(self, farm: Farm, rng: random.Random, job: dict[str, object], delay: float) -> None:
        self.farm, self.rng, self.job = farm, rng, job
        self.out = Path(str(job["out"]))
        self.frames = int(job["shot"]["last"]) - int(job["shot"]["first"]) + 1  # type: ignore[index]
        self.again = 0
        self.delay = delay
        self.zombies = False
        self.identity = ""
        self._before = {machine.name: len(machine.painted) for machine in farm.machines}

    def begin(self, client: Client) -> None:
        """The job is accepted, every machine has a picture in hand, and some have been painted."""
        self.farm.gates(False)
        self.identity = client.submit(self.job)
        wait(lambda: all(self.painted(machine) for machine in self.farm.machines), "work for every machine")
        self.farm.gates(True)
        time.sleep(self.rng.uniform(0, self.delay))

    def painted(self, machine: Machine) -> list[str]:
        return machine.painted[self._before[machine.name] :]

    def ended(self, client: Client) -> str:
        """The state that the job has ended in; empty as long as it goes on, or nobody can say."""
        with suppress(SemrenderError):
            state = str(client.request("show", {"job": self.identity}, seconds=5.0)[0]["state"])
            return state if state in ("done", "failed", "cancelled") else ""
        return ""

    def verify(self, client: Client, reference: Path) -> Counter[str]:
        """Every promise is kept. Raises Broken with what is not; returns counts for the report."""
        wait(lambda: self.ended(client), "the end of the job", 300.0)
        shown = client.request("show", {"job": self.identity})[0]
        if shown["state"] != "done" or shown["failed"]:
            raise Broken(f"the job is {shown['state']}: {shown['failed']} failed, {str(shown['errors'])[:500]}")
        told = sum(shown[outcome] for outcome in ("painted", "kept", "copied"))
        if told != self.frames:
            raise Broken(f"{told} of {self.frames} frames were told")
        events = list(client.watch(self.identity))
        if [event["n"] for event in events] != list(range(1, len(events) + 1)) or events[-1]["event"] != "done":
            raise Broken("events are missing or out of order")
        wait(lambda: not self._half(), "the end of half-written files", LEASE if self.zombies else 20.0)
        wanted, found = files(reference), files(self.out)
        if wanted != found:
            differing = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
            raise Broken(f"{len(differing)} files differ from a single machine's: {differing[:3]}")
        return self._count(begun(events))

    def _half(self) -> list[Path]:
        return [file for file in self.out.rglob(".*") if file.is_file()]

    def _count(self, runs: Mapping[Run, int]) -> Counter[str]:
        """runs: how often each was begun with."""
        lines = Counter(line for machine in self.farm.machines for line in self.painted(machine))
        found = Counter[int]()  # frame -> paintings but for the first
        for line, times in lines.items():
            found[int(line.rpartition(":")[2])] += times - 1
        ends = shared_ends(self.job)
        for (first, last), times in runs.items():
            frames = range(12 * first + 1, 12 * last + 13)
            twice = sum(found[frame] for frame in frames)
            allowed = sum(ends[frame] for frame in frames) + HAND * (times if self.again else times - 1)
            if twice > allowed:
                raise Broken(f"{twice} frames of blocks {first}-{last} were painted twice, {allowed} may be")
        twice, allowed = found.total(), ends.total() + self.again + HAND * (sum(runs.values()) - len(runs))
        if twice > allowed:
            raise Broken(f"{twice} frames were painted twice, {allowed} may be")
        return Counter(painted=lines.total(), twice=twice, allowed=allowed)

    def one(self) -> Machine:
        """A machine that joined."""
        return self.rng.choice(self.farm.others)

    def any(self) -> Machine:
        return self.rng.choice(self.farm.machines)


def shared_ends(job: Mapping[str, Any]) -> Counter[int]:
    """Frame -> how often it is painted again where all runs begin at once: what is held is made of what lies in two."""
    shot, many = job["shot"], Counter[int]()
    ends = int(shot["first"]), int(shot["last"])
    for run in runs_per(range(ends[0], ends[1] + 1), int(job["per"])):
        frames = frames_of(range(run[0], run[1] + 1), *ends)
        many.update({under for frame in frames for under in paintings(frame, shot["hold"], *ends)})
    return many - Counter(dict.fromkeys(many, 1))


def begun(events: Iterable[Mapping[str, Any]]) -> Counter[Run]:
    """How often a machine has begun with each run; with what another had before it, the two meet."""
    told = (event["body"] for event in events if event["event"] == "chunk")
    return Counter(tuple(body["blocks"]) for body in told if body["state"] == "started")


def files(folder: Path) -> dict[str, str]:
    """What a job leaves, but for what tells the time: name -> digest."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in CHANGING)
    return {path.relative_to(folder).as_posix(): digest(path) for path in found}


def nothing(trial: Trial) -> None:
    """No fault."""


def kill(what: str, who: Callable[[Trial], Machine], trial: Trial) -> None:
    """Processes of a machine die; what a service manager would begin again is, after the job."""
    who(trial).send(what, signal.SIGKILL)
    trial.again += HAND


def kill_engine(trial: Trial) -> None:
    """What connects a machine to the farm dies, its server does not; a service manager begins it again."""
    machine = trial.one()
    machine.send(ENGINE, signal.SIGKILL)
    machine.run("join", "--device", "cpu")
    orphaned(trial)


def kill_own_engine(trial: Trial) -> None:
    """The same on the first machine, where the coordinator begins it again."""
    trial.farm.first.send(ENGINE, signal.SIGKILL)
    orphaned(trial)


def orphaned(trial: Trial) -> None:
    """A machine's server goes on with runs that nobody asks for any more, while another machine has the same."""
    trial.zombies = True
    trial.again += HAND


def kill_coordinator(trial: Trial) -> None:
    trial.farm.first.send(COORDINATOR, signal.SIGKILL)
    orphaned(trial)
    trial.again += HAND * (len(trial.farm.machines) - 1)


def kill_first_server(trial: Trial) -> None:
    """The server with the ledger dies, and its coordinator with it; the same command is run again."""
    trial.farm.first.send(SERVER, signal.SIGKILL)
    orphaned(trial)
    trial.again += HAND * len(trial.farm.machines)
    time.sleep(trial.rng.uniform(0, 2))
    trial.farm.heal()


def kill_first_machine(trial: Trial) -> None:
    trial.farm.first.send("", signal.SIGKILL)
    orphaned(trial)
    trial.again += HAND * len(trial.farm.machines)
    time.sleep(trial.rng.uniform(0, 2))
    trial.farm.heal()


def kill_everything(trial: Trial) -> None:
    """Every process of every machine, as a power cut of the whole room, whose disk is elsewhere."""
    for machine in reversed(trial.farm.machines):
        machine.send("", signal.SIGKILL)
    trial.again += HAND * len(trial.farm.machines)
    trial.farm.heal()


def cut(seconds: float | None, trial: Trial) -> None:
    """A machine's cable is pulled for so long; None: until the job has ended without it."""
    if not trial.farm.networks:
        raise Skipped("no networks can be made here")
    machine = trial.one()
    machine.link(False)
    orphaned(trial)
    if seconds is not None:
        time.sleep(seconds)
    else:
        with trial.farm.client() as client:
            wait(lambda: trial.ended(client), "the end of the job", 300.0)
    machine.link(True)


def freeze(seconds: float, trial: Trial) -> None:
    """A machine stops, as one that swaps or sleeps does, and goes on as if nothing had been."""
    machine = trial.one()
    machine.send("", signal.SIGSTOP)
    time.sleep(seconds)
    machine.send("", signal.SIGCONT)
    orphaned(trial)


def ask_to_leave(trial: Trial) -> None:
    """SIGTERM: it gives back what it has in hand, its command ends in peace, and it joins again."""
    machine = trial.one()
    machine.send(ENGINE, signal.SIGTERM)
    wait(lambda: not machine.alive, f"the leaving of {machine.name}", 60.0)
    trial.again += HAND
    if machine.main.returncode not in (0, 130):
        raise Broken(f"{machine.name} left with code {machine.main.returncode}")


def cancel_a_run(trial: Trial) -> None:
    """Somebody cancels on a machine's own server what it paints for the farm."""
    machine = trial.one()
    machine.gate(False)
    for job in json.loads(machine.says("jobs", "--json"))["jobs"]:
        if job["ended"] is None:
            machine.says("jobs", "cancel", job["job"])
    machine.gate(True)
    trial.again += HAND


def full_disk(trial: Trial) -> None:
    """The disk of all of them fills up and is freed again: the job waits, or goes on."""
    ballast = trial.out.parent / ".ballast"
    with ballast.open("wb") as file, suppress(OSError):
        while True:
            os.posix_fallocate(file.fileno(), 0, file.seek(0, os.SEEK_END) + 2**20)
            file.seek(0, os.SEEK_END)
    time.sleep(trial.rng.uniform(1, 6))
    ballast.unlink()
    trial.again += HAND * len(trial.farm.machines)  # painted, and there was no space to write them


def small_disk(farm: Farm) -> Path:
    """The disk of all machines that can be filled; they leave 256 MiB of it free."""
    if not os.path.ismount(farm.small):
        raise Skipped("no small disk can be mounted here")
    return farm.small


ALL: dict[str, Fault] = {
    "nothing": nothing,
    "server of a machine": partial(kill, SERVER, Trial.one),
    "painter": partial(kill, PAINTER, Trial.any),
    "engine's worker": kill_engine,
    "engine's worker of the first machine": kill_own_engine,
    "machine": partial(kill, "", Trial.one),
    "coordinator, with the scheduler": kill_coordinator,
    "server with the ledger": kill_first_server,
    "first machine": kill_first_machine,
    "all machines": kill_everything,
    "link down for 5 s": partial(cut, 5.0),
    "link down for 40 s": partial(cut, 40.0),
    "link down for good": partial(cut, None),
    "machine frozen for 5 s": partial(freeze, 5.0),
    "machine frozen for 40 s": partial(freeze, 40.0),
    "full disk": full_disk,
    "machine asked to leave": ask_to_leave,
    "run cancelled on its machine": cancel_a_run,
}

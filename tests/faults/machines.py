"""The machines of a farm: plain processes with state folders of their own, and networks of their own where root allows.

The disk is shared. A network is a namespace with a pair of virtual cards on a bridge, which has the first machine's
address; without them every machine is on the loopback, under an address that no other farm of this machine has.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from inference_server.farm import codes
from inference_server.models import sleep
from shared import places
from shared.client import Client
from shared.connection import known_connection
from tests.faults.world import ROOT, Broken

PORT = 8730
SECONDS = 400.0  # for what takes five on a machine with nothing else to do
SERVER, PAINTER, COORDINATOR, ENGINE = "semrender serve", "worker.worker", "farm coordinator", "semrender join"


def wait(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Broken(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.1)


def networks_possible() -> bool:
    """Whether namespaces can be made here."""
    if not shutil.which("ip"):
        return False
    name = f"sr{os.getpid()}"
    return _ip("netns", "add", name) and _ip("netns", "del", name)


def _ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True).returncode == 0


class Machine:
    """One of them. number: 0 is the first, which serves. net: its namespace; empty: it is on the host's network.

    apart: a folder that it does not see, where it has a network of its own.
    """

    def __init__(self, folder: Path, name: str, number: int, net: str, models: Path, apart: Path | None = None) -> None:
        self.home, self.name, self.number, self.net, self._apart = folder / name, name, number, net, apart
        self.home.mkdir()
        self.main: subprocess.Popen[bytes] | None = None
        self._models = models

    def run(self, *words: str) -> None:
        """Its main process: `semrender` with these words."""
        with (self.home / "words.txt").open("a") as said:
            self.main = subprocess.Popen(stdout=said, stderr=said, **self._command(words))

    def says(self, *words: str) -> str:
        """What `semrender` with these words says there. Its server is reached from its own network alone."""
        done = subprocess.run(capture_output=True, text=True, timeout=SECONDS, **self._command(words))
        if done.returncode:
            raise Broken(f"{self.name}: {' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")
        return done.stdout

    def _command(self, words: Sequence[str]) -> dict[str, Any]:
        environment = {**os.environ, "SEMRENDER_HOME": str(self.home), "SEMRENDER_MODELS": str(self._models)}
        environment |= {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        inside = ["ip", "netns", "exec", self.net] if self.net else []
        if self.net and self._apart is not None:  # its namespace of mounts ends with it
            inside += ["sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"', str(self._apart)]
        command = [*inside, sys.executable, "-m", "semrender", *words]
        return {"args": command, "cwd": self.home, "env": environment, "stdin": subprocess.DEVNULL}

    @property
    def alive(self) -> bool:
        return self.main is not None and self.main.poll() is None

    @property
    def painted(self) -> list[str]:
        """A line for each painting of the stand-in, as often as it was painted."""
        tally = self.home / "tally"
        return tally.read_text().splitlines() if tally.exists() else []

    def processes(self, what: str = "") -> list[psutil.Process]:
        """Those of its state folder whose command has these words."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get("SEMRENDER_HOME") == str(self.home) and what in " ".join(process.cmdline()):
                    found.append(process)
        return [one for one in found if one.pid != os.getpid()]

    def send(self, what: str, sign: int) -> None:
        """A signal to its processes of a kind, all at once; an empty kind is the whole machine."""
        found = self.processes(what)
        if not found:
            raise Broken(f"{self.name} has no {what or 'process'} to send a signal to")
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        if sign == signal.SIGKILL:
            psutil.wait_procs(found, 10)
            if self.main is not None and self.main.pid in {one.pid for one in found}:
                self.main.wait()

    def link(self, up: bool) -> None:
        """Plug its cable in, or pull it."""
        if not _ip("link", "set", f"{self.net}h", "up" if up else "down"):
            raise Broken(f"the link of {self.name} cannot be changed")

    def limit(self, rate: str) -> None:
        """So many bits a second each way, as `tc` writes it ("100mbit"); empty: as many as there is room for."""
        for inside, device in (([], f"{self.net}h"), (["ip", "netns", "exec", self.net], f"{self.net}m")):
            command, rule = [*inside, "tc", "qdisc"], ["dev", device, "root"]
            subprocess.run([*command, "del", *rule], capture_output=True)
            if rate:
                how = ["tbf", "rate", rate, "burst", "128kb", "latency", "50ms"]
                done = subprocess.run([*command, "add", *rule, *how], capture_output=True, text=True)
                if done.returncode:
                    raise Broken(f"the link of {self.name} cannot be made slower: {done.stderr.strip()}")

    def carried(self) -> tuple[int, int]:
        """Bytes that its cable has carried, to it and from it."""
        counted = Path("/sys/class/net") / f"{self.net}h" / "statistics"
        return int((counted / "tx_bytes").read_text()), int((counted / "rx_bytes").read_text())

    def gate(self, open_: bool) -> None:
        """Let a gated stand-in paint, or hold each painting that it begins."""
        if open_:
            (self.home / "gate").unlink(missing_ok=True)
        else:
            (self.home / "gate").write_text("0")


class Farm:
    """Machines that have joined the first. The calling process becomes a client of the first's server.

    apart: a folder that only the first one sees.
    """

    def __init__(
        self, folder: Path, count: int, networks: bool, seconds: float = 0.02, apart: Path | None = None
    ) -> None:
        folder.mkdir(parents=True)
        self.networks = networks
        one, two = os.getpid() // 250 % 250 + 1, os.getpid() % 250 + 1
        self._bridge = f"srb{os.getpid()}" if networks else ""
        self.host = f"10.{one}.{two}.1" if networks else f"127.{one}.{two}.1"
        if networks:
            self._wire(count, f"10.{one}.{two}")
        models = folder / "m0" / "models"
        nets = ["", *(self._net(number) if networks else "" for number in range(1, count))]
        self.machines = [Machine(folder, f"m{n}", n, net, models, apart) for n, net in enumerate(nets)]
        self.small = folder / "small"  # a disk of its own that all see, where root allows
        self.small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(self.small)], capture_output=True)
        os.environ["SEMRENDER_HOME"] = str(self.first.home)
        sleep.add("stand-in", seconds, config={"seconds": seconds, "tally": True, "gate": True})

    def _net(self, number: int) -> str:
        return f"sr{os.getpid()}n{number}"

    def _wire(self, count: int, network: str) -> None:
        steps = [["link", "add", self._bridge, "type", "bridge"], ["link", "set", self._bridge, "up"]]
        steps += [["addr", "add", f"{network}.1/24", "dev", self._bridge]]
        for number in range(1, count):
            net = self._net(number)
            inside = ["netns", "exec", net, "ip"]
            steps += [
                ["netns", "add", net],
                ["link", "add", f"{net}h", "type", "veth", "peer", "name", f"{net}m"],
                ["link", "set", f"{net}h", "master", self._bridge, "up"],
                ["link", "set", f"{net}m", "netns", net],
                [*inside, "addr", "add", f"{network}.{number + 1}/24", "dev", f"{net}m"],
                [*inside, "link", "set", f"{net}m", "up"],
                [*inside, "link", "set", "lo", "up"],
            ]
        for step in steps:
            if not _ip(*step):
                raise Broken(f"no network can be made here: ip {' '.join(step)}")

    @property
    def first(self) -> Machine:
        return self.machines[0]

    @property
    def others(self) -> list[Machine]:
        return self.machines[1:]

    def heal(self) -> None:
        """What a service manager does on each: what is gone is begun again; returns when all machines are there."""
        if not self.first.alive:
            words = ("serve", "--device", "cpu", "--reserve-mib", "1", "--farm", f"{self.host}:{PORT}")
            self.first.run(*words)
            process = self.first.main
            wait(lambda: (places.read_json(places.connection_file()) or {}).get("pid") == process.pid, "a server")
            wait(lambda: (self.first.home / "farm" / "coordinator").exists(), "a farm")
        for machine in self.others:
            if not machine.alive:
                if not (machine.home / "farm" / "joined").exists():
                    new = (f"{self.host}:{PORT}", codes.make(), "--name", machine.name)
                    wait(self._listens, "the farm's gate")
                    machine.run("join", *new, "--device", "cpu")
                else:
                    machine.run("join", "--device", "cpu")
        with self.client() as client:
            wait(lambda: len(self.ready(client)) == len(self.machines), f"all machines of {self.host}")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.host, PORT), timeout=1.0):
            return True
        return False

    @staticmethod
    def ready(client: Client) -> list[str]:
        return [one["name"] for one in client.hello("test")["machines"] if one["state"] == "ready"]

    def client(self) -> Client:
        connection = known_connection()
        assert connection is not None
        return Client(connection, find=known_connection, patience=20.0)

    def gates(self, open_: bool) -> None:
        for machine in self.machines:
            machine.gate(open_)

    def close(self) -> None:
        """End all in peace; what does not end is killed."""
        with contextlib.suppress(Broken):
            self.gates(True)
            for machine in reversed(self.machines):
                if machine.alive:
                    machine.main.send_signal(signal.SIGTERM)
            wait(lambda: not any(machine.alive for machine in self.machines), "the end of every machine", 30.0)
        for machine in self.machines:
            left = machine.processes()
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(left, 10)
        subprocess.run(["umount", "-l", str(self.small)], capture_output=True)
        if self.networks:
            for machine in self.others:
                _ip("link", "del", f"{machine.net}h")
                _ip("netns", "del", machine.net)
            _ip("link", "del", self._bridge)

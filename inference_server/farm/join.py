"""`semrender join`: this machine's own server paints for a farm, as long as the command runs."""

from __future__ import annotations

import argparse
import contextlib
import logging
import platform
import signal
import threading
import time
from collections.abc import Callable

from inference_server import logs
from inference_server.children import until_parent_ends
from inference_server.farm import certificates, codes, extra
from inference_server.farm.beside import address_of
from inference_server.farm.engine import Chunk, Machine
from inference_server.farm.errand import errand
from inference_server.farm.joined import Joined, bracketed, enrol, kept
from inference_server.farm.session import begin_server, end_server, process_of
from shared import VERSION, door, places
from shared.connection import Connection
from shared.errors import InputRefused, SemrenderError, ServerError
from shared.stopping import stoppable

SLOTS = 2  # one run is painted while the next one's passes are read; so many for each device
AGAIN_SECONDS, MOST_SECONDS = 1.0, 10.0  # between two tries to reach the farm, the longer the longer it is away
AWAY_SHARE = 0.1  # of the time that it has been away, which a try may come late
CLOSING_SECONDS = 40.0  # that leaving may take: longer than the engine waits for what is in hand

log = logging.getLogger("semrender.farm")


def run_join(arguments: argparse.Namespace) -> int:
    """Joins, where a code is given, and paints until Ctrl-C. Raises SemrenderError in words where it cannot."""
    joined = _own() if arguments.own else _joined(arguments)
    logs.set_up(places.home() / "logs" / ("farm-own.log" if arguments.own else "farm.log"))
    leave = threading.Event()
    if arguments.own:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_until_parent_ends, args=(leave,), daemon=True).start()
    here = Here(joined, arguments.map, arguments.device, leave, begins=not arguments.own)
    away = threading.Event()  # Python 3.11 takes a thread for ended in whose `join` a signal comes, though it goes on
    away.set()
    with stoppable():
        try:
            here.ready()
            away.clear()
            threading.Thread(target=_work_on, args=(here, away), daemon=True).start()
            while not away.wait(0.2):
                pass
        except KeyboardInterrupt:
            here.say(f"{joined.name} leaves the farm")
        finally:
            leave.set()
            away.wait(CLOSING_SECONDS)  # for what is in hand to be given back: the server is ended after it
            here.close()
    if here.refused is not None:
        raise here.refused
    return 0


class Here:
    """This machine's server, which paints what the farm sends.

    leave: set when this machine leaves; no server is begun from then on. begins: start one where none runs, and end it
    at the end. far: how the farm's server is reached at present. refused: why the farm does not take this machine.
    """

    def __init__(self, joined: Joined, maps: list[str], device: str, leave: threading.Event, begins: bool) -> None:
        self.joined, self._maps, self._device, self.leave, self._begins = joined, maps, device, leave, begins
        self.far: Connection = {}
        self.refused: SemrenderError | None = None
        self._begun = False
        self._beginning = threading.Lock()

    def server(self) -> door.Server:
        """This machine's server, for the calling thread. Raises ServerError."""
        with self._beginning:
            found = door.find(here=True, name="farm")
            if found is None and self._begins:
                self._begin()
                found = door.find(here=True, name="farm")
        if found is None:
            raise ServerError(f"the server of {self.joined.name} does not run")
        found.client.find = self._again
        return found

    def _again(self) -> Connection | None:
        """Where its server is now: one that died is begun again, and goes on with what stands in its ledger."""
        with self._beginning, contextlib.suppress(ServerError):
            if self._begins and process_of(places.read_json(places.connection_file())) is None:
                self._begin()
        return places.read_json(places.connection_file())

    def _begin(self) -> None:
        if not self.leave.is_set():
            begin_server(self._device, self.leave)
            self._begun = True

    def ready(self) -> None:
        """Its server is there, and paints nothing for one of before that died."""
        with self.server() as server:
            server.client.request("end_pieces", {"by": self.joined.public})

    def paint(self, chunk: Chunk, tell: Callable[[int], bool]) -> dict[str, int]:
        with self.server() as server:
            return errand(chunk, server, self.far, tell, self._maps, self.joined.name)

    def machine(self) -> Machine:
        with self.server() as server:
            devices = server.devices
        slots = SLOTS * max(1, len(devices))
        return Machine(self.joined.name, slots, VERSION, platform.python_version(), devices)

    def say(self, words: str) -> None:
        """To whoever began this machine's part by hand."""
        if self._begins:
            print(words, flush=True)

    def close(self) -> None:
        with self._beginning, contextlib.suppress(SemrenderError):
            if self._begun:
                end_server()


def _work_on(here: Here, away: threading.Event) -> None:
    """Be one of the farm's machines until it leaves or is refused; `away` is set when it is none any more."""
    try:
        _keep_working(here)
    finally:
        away.set()


def _keep_working(here: Here) -> None:
    from inference_server.farm import dask_engine

    joined, leave = here.joined, here.leave
    there = time.monotonic()
    while not leave.is_set():
        try:
            about = joined.where()
            extra.compare(joined.name, extra.versions(), str(about["host"]), about["versions"])
            here.far = joined.broker(about)
            place = f"tls://{bracketed(joined.host)}:{int(about['scheduler'])}"
            machine = here.machine()
            here.say(f"{joined.name} paints for {about['host']}")
            dask_engine.work(place, str(about["here"]), joined.folder, machine, here.paint, leave)
            there = time.monotonic()
        except InputRefused as error:
            here.refused = error
            return
        except ServerError as error:
            log.warning("%s It is tried again", error)
        leave.wait(until_next_try(time.monotonic() - there))


def until_next_try(away: float) -> float:
    """Seconds to wait where the farm has not been reached for so many."""
    return min(MOST_SECONDS, max(AGAIN_SECONDS, AWAY_SHARE * away))


def _joined(arguments: argparse.Namespace) -> Joined:
    """The farm of the command line, newly by a code or as it was joined before."""
    folder = certificates.folder() / "joined"
    before = kept(folder)
    host, port = address_of(arguments.address) if arguments.address else ("", 0)
    if arguments.code:
        found = enrol(folder, host, port, codes.read(arguments.code), arguments.name or places.HOST or "machine")
        print(f"this machine belongs to the farm at {host}:{port} now, as {found.name}", flush=True)
        return found
    if before is None or (host and (host, port) != (before.host, before.port)):
        raise InputRefused(
            f"this machine has not joined the farm at {host}:{port}" if host else "this machine has joined no farm",
            remedy="Join with the address and the code that `semrender serve --farm` says there",
        )
    return before


def _own() -> Joined:
    found = kept(certificates.folder() / "own")
    if found is None:
        raise InputRefused("this machine has no farm of its own", remedy="Run `semrender serve --farm`")
    return found


def _until_parent_ends(leave: threading.Event) -> None:
    until_parent_ends()
    leave.set()

"""Hands the runs of a server's jobs to machines: a client of the server that owns the engine, and nothing else.

It holds as many runs as all machines have slots, says of each to the server how far it is, and hears so whether it is
still wanted. It keeps nothing: killed and begun again it gives back what it held, and what is painted is kept by the
files' keys.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from inference_server.farm.engine import ENDED, LOST, Engine, Happened, Machine
from shared.errors import Interrupted, SemrenderError, ServerError

HOLDER = "farm"  # in whose name runs are taken
TURN_SECONDS = 0.2
TOLD_SECONDS = 0.4  # between two words to the server about a run: so soon a cancelled one is stopped
MACHINES_SECONDS = 3.0
NONE_SECONDS = 0.3  # until the server is asked again where it had no run
SILENT_SECONDS = 60.0  # that nothing may be heard of a run before it is another's
REST_SECONDS = 30.0  # that a machine is left alone whose server failed one run after the other
FAILED_IN_A_ROW = 2

log = logging.getLogger("semrender.farm")


class Broker(Protocol):
    """What of a client of the server is used."""

    def request(self, verb: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]: ...


class Run:
    """A run of blocks that was taken. heard, told: when of its machine, and to the server."""

    def __init__(self, chunk: dict[str, Any], now: float) -> None:
        self.task, self.blocks = int(chunk["task"]), str(chunk["blocks"])
        self.machine, self.done = "", 0
        self.heard, self.told = now, 0.0


class Coordinator:
    """One turn after the other. own: the name of the machine whose server is the broker."""

    def __init__(
        self, engine: Engine, broker: Broker, own: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._broker, self._own, self._clock = engine, broker, own, clock
        self._runs: dict[str, Run] = {}
        self._failed: dict[str, int] = {}  # machine -> runs in a row
        self._resting: dict[str, float] = {}
        self._asked = self._met = float("-inf")
        self._slots, self._names = 0, set[str]()
        self._ask("give_back", {"machine": HOLDER})

    def turn(self, seconds: float = TURN_SECONDS) -> None:
        """What happened, then what is wanted, then what can be handed out. Raises ServerError without a server."""
        for happened in self._engine.events(seconds):
            self._heard(happened)
        now = self._clock()
        for handle, run in list(self._runs.items()):
            if handle not in self._runs:
                continue  # stopped with one before it
            if now - run.heard > SILENT_SECONDS:
                self._drop(handle)
                self._silent(run)
            elif now - run.told >= TOLD_SECONDS:
                self._tell(handle, run, now)
        if now - self._met >= MACHINES_SECONDS:
            self._meet(now)
        self._hand_out(now)

    def _heard(self, happened: Happened) -> None:
        run = self._runs.get(happened.handle)
        if run is None:
            return
        run.machine, run.heard = happened.machine or run.machine, self._clock()
        run.done = max(run.done, happened.done)
        if happened.kind in (ENDED, LOST):
            del self._runs[happened.handle]
            self._asked = float("-inf")  # there is room
            self._ended(run, happened)

    def _ended(self, run: Run, happened: Happened) -> None:
        error, body = happened.error, {"task": run.task, "machine": HOLDER, "painter": run.machine}
        if isinstance(error, Interrupted) or (happened.kind == LOST and not run.machine):  # it had waited there
            log.info("blocks %s: %s has stopped", run.blocks, run.machine or "who was to begin with them")
            self._ask("give_back", {"task": run.task, "machine": HOLDER})
        elif error is not None:
            log.warning("blocks %s on %s: %s", run.blocks, run.machine or "no machine", error)
            about = {"error": error.to_dict(), "left": happened.kind == LOST}
            self._ask("end_chunk", {**body, **about, **(happened.counts or {})})
            if happened.kind == ENDED:  # one that has left is as good as new when it comes back
                self._note(run.machine, error)
        else:
            log.info("blocks %s: %s has painted them", run.blocks, run.machine)
            self._failed.pop(run.machine, None)
            self._ask("end_chunk", {**body, **(happened.counts or {})})

    def _note(self, machine: str, error: SemrenderError) -> None:
        """A machine whose own server fails again and again, or itself unforeseen, would take every run and spoil it."""
        if machine and error.code in (ServerError.code, SemrenderError.code):
            self._failed[machine] = self._failed.get(machine, 0) + 1
            if self._failed[machine] >= FAILED_IN_A_ROW:
                self._resting[machine] = self._clock() + REST_SECONDS
                self._met = float("-inf")

    def _silent(self, run: Run) -> None:
        if run.machine:
            words = ServerError(f"{run.machine} was silent for {SILENT_SECONDS:.0f} s", remedy="See its farm.log")
            self._ended(run, Happened(LOST, "", run.machine, error=words))
            self._note(run.machine, words)
        else:  # no machine began with it
            self._ask("give_back", {"task": run.task, "machine": HOLDER})

    def _tell(self, handle: str, run: Run, now: float) -> None:
        run.told = now
        body = {"task": run.task, "machine": HOLDER, "done": run.done, "painter": run.machine}
        answer = self._ask("told_chunk", body)
        if not answer["wanted"]:
            self._keep(set(answer["held"]))

    def _keep(self, held: set[int]) -> None:
        """Stop what is not held any more, all at once: a job that is cancelled is painted by many machines."""
        for handle, run in list(self._runs.items()):
            if run.task not in held:
                log.info("blocks %s are not wanted any more", run.blocks)
                self._drop(handle)

    def _meet(self, now: float) -> None:
        self._met = now
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        found = self._engine.machines()
        self._names = {machine.name for machine in found}
        self._slots = sum(machine.slots for machine in found if machine.name not in self._resting)
        self._ask("told_machines", {"machines": [self._described(machine) for machine in found]})

    def _described(self, machine: Machine) -> dict[str, Any]:
        rests = machine.name in self._resting
        why = "it failed one run after the other; it is asked again soon" if rests else ""
        return {
            **{"name": machine.name, "slots": machine.slots, "version": machine.version, "python": machine.python},
            **{"devices": list(machine.devices), "own": machine.name == self._own},
            **{"state": "refused" if rests else "ready", "why": why},
        }

    def _hand_out(self, now: float) -> None:
        while len(self._runs) < self._slots and now - self._asked >= NONE_SECONDS:
            chunk = self._ask("take_chunk", {"machine": HOLDER, "hands_on": True})["chunk"]
            if chunk is None:
                self._asked = now
                return
            for handle in [handle for handle, run in self._runs.items() if run.task == int(chunk["task"])]:
                log.info("blocks %s are for another machine", chunk["blocks"])
                self._drop(handle)
            without = {*self._resting, *chunk.get("without", ())}
            if without >= self._names:
                self._asked = now
                self._ask("give_back", {"task": int(chunk["task"]), "machine": HOLDER})
                return
            self._runs[self._engine.start(chunk, without)] = Run(chunk, now)

    def _drop(self, handle: str) -> None:
        self._engine.stop(handle)
        del self._runs[handle]

    def _ask(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._broker.request(verb, body)[0]

"""Who paints what of a job that a farm paints: the runs in hand, and what each machine has painted.

How much each has painted is read from the job's events where it is not known, so that it survives the server; the rest
is memory. What is told of a job's progress never goes back, though a run that is lost is painted again.
"""

from __future__ import annotations

import json
from typing import Any

from inference_server.broker.ledger import Ledger, Row
from inference_server.broker.members import Members
from shared.values import Value
from shared.wording import counted

Body = dict[str, Any]


class Lease(Value):
    """A run in hand.

    holder: who took it, and says that it goes on. since: its machine has it, further: it came further, until: it is
    its; by the clock of the turns. machine: that paints it; "" as long as its holder has handed it to none. blocks: its
    first and last; pictures: that it has; done: of them. held: why its machine does not go on at present, in words.
    shared: two machines have the run, each by a lease.
    """

    job: str
    holder: str
    machine: str
    since: float
    further: float
    until: float
    blocks: tuple[int, int]
    pictures: int
    done: int = 0
    held: str = ""
    shared: bool = False


class Shares:
    """Of all jobs of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.members = Members()
        self.leases: dict[int, Lease] = {}  # by the run's task, or by that below zero: two may have one
        self.cut: dict[str, int] = {}  # job -> runs at once for which it was last looked at how it is cut
        self._begun: dict[str, dict[tuple[int, int], bool]] = {}  # job -> run -> whether from its last frame on
        self._painted: dict[str, dict[str, int]] = {}  # job -> machine -> pictures of the runs that it has ended
        self._reached: dict[str, int] = {}
        self._words: dict[str, dict[str, tuple[str, str]]] = {}  # job -> machine -> its state, and why in words
        self._failed: dict[str, dict[int, str]] = {}  # job -> run -> the machine on which it failed

    def of(self, job: str) -> list[tuple[int, Lease]]:
        """The runs of a job that are in hand."""
        return [(identity, lease) for identity, lease in self.leases.items() if lease.job == job]

    def ended(self, job: str, machine: str, pictures: int) -> None:
        """A machine has painted so many more; said before the event that says so."""
        known = self._known(job)
        known[machine] = known.get(machine, 0) + pictures

    def turned(self, job: str, blocks: tuple[int, int]) -> bool:
        """Whether who gets a run now is to begin with its last frame, as who had it before, and may still, did not.

        What was begun before the server was is known by the job's events.
        """
        if job not in self._begun:
            rows = self._ledger.rows(
                "SELECT DISTINCT json_extract(body, '$.blocks') AS blocks FROM events WHERE job = ? AND name = 'chunk'",
                job,
            )
            self._begun[job] = dict.fromkeys((tuple(json.loads(row["blocks"])) for row in rows), False)
        begun = self._begun[job]
        begun[blocks] = not begun.get(blocks, True)
        return begun[blocks]

    def stands(self, job: str, machine: str, state: str, words: str) -> None:
        """A machine has "left" or is "refused" for a job; "" where it is as good as any."""
        self._words.setdefault(job, {})[machine] = (state, words)

    def back(self, machine: str) -> None:
        """A machine has come, perhaps again, and is as good as any."""
        for known in self._words.values():
            known.pop(machine, None)

    def refused(self, job: str) -> dict[str, str]:
        """The machines that cannot paint a job, and why not."""
        return {name: words for name, (state, words) in self._words.get(job, {}).items() if state == "refused"}

    def failed(self, job: str, identity: int, machine: str) -> None:
        self._failed.setdefault(job, {})[identity] = machine

    def failed_on(self, job: str, identity: int) -> str:
        """The machine on which a run has failed that another one tries; "" where it has failed on none."""
        return self._failed.get(job, {}).get(identity, "")

    def reached(self, job: str, finished: int) -> int:
        """How many pictures of a job are told to be there; finished: of runs that have ended."""
        if job not in self._reached:
            last = self._ledger.row(
                "SELECT json_extract(body, '$.done') AS done FROM events WHERE job = ? AND name = 'chunk'"
                " ORDER BY n DESC LIMIT 1",
                job,
            )
            self._reached[job] = int(last["done"]) if last else 0
        self._reached[job] = max(self._reached[job], finished + self.in_hand(job))
        return self._reached[job]

    def goes_on_from(self, job: str, reached: int) -> None:
        """So many pictures of a job were told to be there before its first run."""
        self._reached[job] = reached

    def in_hand(self, job: str) -> int:
        """How many pictures there are of the runs in hand."""
        hands: dict[int, int] = {}  # a run that two have in hand is as far as the faster one is
        for identity, lease in self.of(job):
            hands[abs(identity)] = max(lease.done, hands.get(abs(identity), 0))
        return sum(hands.values())

    def forget(self, job: str) -> None:
        for known in (self._painted, self._reached, self._words, self._failed, self._begun, self.cut):
            known.pop(job, None)

    def told(self, row: Row) -> Body:
        """{"machines": [{"name", "done", "hand", "state", "words"}], "painting": how many of them do} of a job's row.

        done: pictures; hand: those of its runs in hand. state: "painting", "held", "waiting", "left" or "refused".
        """
        job = row["id"]
        painted, leases = self._known(job), [lease for _, lease in self.of(job)]
        names = {*painted, *(lease.machine for lease in leases if lease.machine), *self._words.get(job, {})}
        machines = [self._machine(job, name, leases, row["ended"] is not None) for name in sorted(names)]
        return {"machines": machines, "painting": sum(one["state"] == "painting" for one in machines)}

    def held(self, job: str) -> str:
        """Why none of the machines that have some of a job in hand goes on, in words; "" where one does."""
        leases = [lease for _, lease in self.of(job)]
        words = {is_held(lease.machine, lease.held) for lease in leases if lease.held}
        return "; ".join(sorted(words)) if all(lease.held for lease in leases) else ""

    def _machine(self, job: str, name: str, leases: list[Lease], ended: bool) -> Body:
        own = [lease for lease in leases if lease.machine == name]
        state, words = self._words.get(job, {}).get(name, ("", ""))
        if held := [lease.held for lease in own if lease.held]:
            state, words = "held", is_held(name, held[0])
        elif own:
            state, words = "painting", ""
        elif not state:
            gone = self.members.all and self.members.named(name) is None
            state = "left" if gone and not ended else "waiting"
        done = self._known(job).get(name, 0) + sum(lease.done for lease in own)
        hand = sum(lease.pictures for lease in own)
        return {"name": name, "done": done, "hand": hand, "state": state, "words": words}

    def _known(self, job: str) -> dict[str, int]:
        if job not in self._painted:
            rows = self._ledger.rows(
                "SELECT json_extract(body, '$.machine') AS machine, sum(json_extract(body, '$.pictures')) AS pictures"
                " FROM events WHERE job = ? AND name = 'chunk' AND json_extract(body, '$.state') = 'ended' GROUP BY 1",
                job,
            )
            self._painted[job] = {row["machine"]: int(row["pictures"] or 0) for row in rows}
        return self._painted[job]


def has_left(machine: str, pictures: int, others: bool) -> str:
    """A machine is gone and had so many pictures in hand."""
    fate = "painted by others" if others else "for whoever comes next"
    return f"Machine {machine} has left; its {counted(pictures, 'frame is', 'frames are')} {fate}"


def is_held(machine: str, why: str) -> str:
    """A machine waits, and goes on by itself."""
    return f"Machine {machine} is held up: {why}"


def cannot(machine: str, why: str) -> str:
    """A machine that is refused, or refuses."""
    return f"Machine {machine} does not paint this: {why}"

"""What a farm asks and tells: its machines, the next run of blocks, whether those in hand are wanted, where they ended.

Verbs like those of `verbs`, which may be repeated: a run that is taken twice is painted twice, into the same files.
`machine` is who took a run; where that hands on, `painter` is the machine that paints it.
"""

from __future__ import annotations

import time
from typing import Any

from inference_server.broker.members import READY, REFUSED, Member
from inference_server.broker.verbs import Turn, text_of, whole_of
from inference_server.tasks import OUTCOMES
from shared import protocol
from shared.errors import InputRefused, from_dict

MOST_NAME = 200  # characters
MOST = 4096  # machines, slots of one

Body = dict[str, Any]


class Machines:
    """Each public method is a verb of its name."""

    def __init__(self, broker: Turn) -> None:
        self._broker = broker

    def told_machines(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """All machines of the farm, again within `members.SILENT_SECONDS`; one that is not in the list has left.

        machines: [{"name", "slots", "version", "python", "devices", "own": whether it paints on this very server,
        "state": "ready" or "refused", and "why"}].
        """
        self._broker.chunks.meet(_members(body.get("machines")), time.monotonic())
        self._broker.answer(client, protocol.reply(request, {}))

    def machines(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """{"machines": those that are there, each as it was told and with the runs in its `hand`}."""
        self._broker.answer(client, protocol.reply(request, {"machines": self._broker.chunks.there()}))

    def take_chunk(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """{"chunk": the next run for the machine of this name, None where there is none for now}.

        hands_on: it is not for this machine itself, which will say for whom; its `without` names the machines that are
        not to have it. A `task` that it has in hand already is another's from now on. `backwards`: it is to be painted
        from its last frame on.
        """
        found = self._broker.chunks.take(_machine(body), time.monotonic(), body.get("hands_on") is True)
        self._broker.answer(client, protocol.reply(request, {"chunk": found}))

    def told_chunk(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """How many pictures of its run a machine has, said within the lease: {"wanted": whether it is to go on}.

        painter: whom it handed the run to, where it hands on. Where it is not to go on, "held" has the tasks that it
        still is to: who holds many then stops all others at once, not at the pace of a word for each.
        """
        task, done, now = whole_of(body, "task"), max(0, whole_of(body, "done")), time.monotonic()
        wanted = self._broker.chunks.told(task, _machine(body), done, now, _painter(body))
        held = {} if wanted else {"held": self._broker.chunks.held(_machine(body))}
        self._broker.answer(client, protocol.reply(request, {"wanted": wanted, **held}))

    def held_up(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A machine that waits says `why`, of the run that it was handed: what all share is full. "": it goes on."""
        task, why = whole_of(body, "task"), text_of(body, "why")
        self._broker.chunks.held_up(task, _machine(body), why, time.monotonic())
        self._broker.answer(client, protocol.reply(request, {}))

    def give_back(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A machine begins anew, or cannot have a `task` painted: what it took is for others, and nothing is lost."""
        task = whole_of(body, "task") if "task" in body else None
        self._broker.chunks.give_back(_machine(body), time.monotonic(), task)
        self._broker.answer(client, protocol.reply(request, {}))

    def end_chunk(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A run is painted, by how many pictures of each outcome, or `error` says why not.

        An error of a server is this machine's own, others may paint the run, as where it has `left`. A MachineRefused
        is that of all runs of the job. Any other is that of the pictures that are not counted, each of which a
        FramesFailed names in its "errors".
        """
        task, machine, error = whole_of(body, "task"), _machine(body), body.get("error")
        counts = {outcome: max(0, whole_of(body, outcome)) for outcome in OUTCOMES}
        painter, now = _painter(body), time.monotonic()
        if error is None:
            self._broker.chunks.end(task, machine, counts, now, painter)
        elif isinstance(error, dict):
            left = body.get("left") is True
            self._broker.chunks.fail(task, machine, from_dict(error), counts, now, painter, left)
        else:
            raise InputRefused('"error" is no error')
        self._broker.doing.add("result")
        self._broker.answer(client, protocol.reply(request, {}))

    def end_pieces(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A machine's part in a farm begins anew: what the one before it had handed over to this server ends.

        by: as those pieces have it.
        """
        for job in self._broker.pieces.end(text_of(body, "by"), "its machine has joined the farm anew"):
            self._broker.crew.tell({"drop": job})
        self._broker.doing.add("cancel")
        self._broker.answer(client, protocol.reply(request, {}))


def _machine(body: Body) -> str:
    name = text_of(body, "machine")[:MOST_NAME]
    if not name:
        raise InputRefused("a machine of a farm has a name")
    return name


def _painter(body: Body) -> str:
    return text_of(body, "painter")[:MOST_NAME]


def _members(listed: Any) -> list[Member]:
    if not isinstance(listed, list) or len(listed) > MOST or not all(isinstance(one, dict) for one in listed):
        raise InputRefused('"machines" is no list of machines')
    return [_member(one) for one in listed]


def _member(body: Body) -> Member:
    name, state, devices = text_of(body, "name")[:MOST_NAME], text_of(body, "state") or READY, body.get("devices", [])
    if not name or state not in (READY, REFUSED) or not isinstance(devices, list):
        raise InputRefused(f"a machine of a farm has a name, is {READY} or {REFUSED}, and lists its devices")
    return Member(
        name=name,
        slots=max(1, min(MOST, whole_of(body, "slots"))),
        state=state,
        why=text_of(body, "why"),
        own=body.get("own") is True,
        version=text_of(body, "version")[:64],
        python=text_of(body, "python")[:64],
        devices=tuple(str(device)[:64] for device in devices[:64]),
    )

"""What other machines of a farm ask: the next run of blocks, whether theirs is still wanted, where it ended.

Verbs like those of `verbs`, which may be repeated: a run that is taken twice is painted twice, into the same files.
"""

from __future__ import annotations

import time
from typing import Any

from inference_server.broker.verbs import Turn, text_of, whole_of
from shared import protocol
from shared.errors import InputRefused, from_dict

OUTCOMES = ("painted", "kept", "copied")
MOST_NAME = 200  # characters
MOST_MACHINES = 1000

Body = dict[str, Any]


class Machines:
    """Each public method is a verb of its name."""

    def __init__(self, broker: Turn) -> None:
        self._broker = broker

    def take_chunk(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """{"chunk": the next run for the machine of this name, None where there is none for now}.

        hands_on: it is not for this machine itself, which will say for whom.
        """
        found = self._broker.chunks.take(_machine(body), time.monotonic(), body.get("hands_on") is True)
        self._broker.answer(client, protocol.reply(request, {"chunk": found}))

    def told_chunk(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """How many pictures of its run a machine has, said within the lease: {"wanted": whether it is to go on}.

        painter: whom it handed the run to, where it hands on.
        """
        done, painter = max(0, whole_of(body, "done")), text_of(body, "painter")[:MOST_NAME]
        wanted = self._broker.chunks.told(whole_of(body, "task"), _machine(body), done, time.monotonic(), painter)
        self._broker.answer(client, protocol.reply(request, {"wanted": wanted}))

    def give_back(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A machine begins anew, or cannot have a `task` painted: what it took is for others, and nothing is lost."""
        self._broker.chunks.give_back(_machine(body), whole_of(body, "task") if "task" in body else None)
        self._broker.answer(client, protocol.reply(request, {}))

    def told_machines(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """The machines of a farm, said every few seconds."""
        machines = body.get("machines")
        if not isinstance(machines, list) or len(machines) > MOST_MACHINES:
            raise InputRefused('"machines" is no list of machines')
        self._broker.chunks.meet([one for one in machines if isinstance(one, dict)], time.monotonic())
        self._broker.answer(client, protocol.reply(request, {}))

    def end_chunk(self, client: bytes, request: str, body: Body, _: list[bytes]) -> None:
        """A run is painted, by how many pictures of each outcome, or `error` says why not."""
        task, machine, error = whole_of(body, "task"), _machine(body), body.get("error")
        if error is not None:
            if not isinstance(error, dict):
                raise InputRefused('"error" is no error')
            self._broker.chunks.fail(task, machine, from_dict(error))
        else:
            counts = {outcome: max(0, whole_of(body, outcome)) for outcome in OUTCOMES}
            self._broker.chunks.end(task, machine, counts)
        self._broker.doing.add("result")
        self._broker.answer(client, protocol.reply(request, {}))


def _machine(body: Body) -> str:
    name = text_of(body, "machine")[:MOST_NAME]
    if not name:
        raise InputRefused("a machine of a farm has a name")
    return name

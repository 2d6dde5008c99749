"""Faults of the line: bits that flip, connections that are cut, messages that mean nothing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress

from shared import protocol
from shared.client import Client
from shared.connection import connected
from shared.errors import ServerError
from tests.faults.world import Broken, World


@contextmanager
def proxy(world: World, harm: Callable[[bytes, int], bytes | None]):
    """A connection whose bytes pass through `harm` (bytes, how many came before); None cuts the line."""
    known = json.loads((world.home / "connection.json").read_text())
    target = int(known["address"].rsplit(":", 1)[1])
    door = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = [door]
    passed = {"bytes": 0}

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                harmed = harm(data, passed["bytes"])
                passed["bytes"] += len(data)
                if harmed is None:
                    break
                sink.sendall(harmed)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                inner, _ = door.accept()
                outer = socket.create_connection(("127.0.0.1", target))
                open_sockets.extend((inner, outer))
                for pair in ((inner, outer), (outer, inner)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    through = {**known, "address": f"tcp://127.0.0.1:{door.getsockname()[1]}"}
    try:
        yield through
    finally:
        for one in open_sockets:
            one.close()


def harmed_line(harm: Callable[[World, bytes, int], bytes | None], world: World) -> None:
    """A client works through a line that flips bits or breaks; at the end it has seen every event."""
    world.start()
    with (
        proxy(world, lambda data, before: harm(world, data, before)) as through,
        Client(through, find=lambda: through, patience=1.5) as client,
    ):
        for attempt in range(20):
            try:
                job = client.submit(world.job(job="ab" * 16))
                break
            except ServerError:
                if attempt == 19:
                    raise
        world.accepted[job] = "done"
        seen = 0
        for _ in range(40):
            try:
                for event in client.watch(job, seen):
                    if event["n"] != seen + 1:
                        raise Broken("an event was lost on the way")
                    seen = event["n"]
                return
            except ServerError:
                client._reconnect()
    raise Broken("the client never saw the end")


def flip_bits(world: World, data: bytes, before: int) -> bytes:
    if before > 2000 and world.rng.random() < 0.02:
        at = world.rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << world.rng.randrange(8)]) + data[at + 1 :]
    return data


def cut_line(world: World, data: bytes, before: int) -> bytes | None:
    return None if before > 2000 and world.rng.random() < 0.02 else data


def mutated_messages(world: World) -> None:
    """A client that is let in sends damaged messages while another one works."""
    world.start()
    with world.client() as client:
        world.submit(client)
        raw = connected(client.connection)
        for _ in range(300):
            verb = world.rng.choice(("submit", "watch", "cancel", "put", "fetch", "jobs", "hello", "priority"))
            _, frames = protocol.request(verb, {"job": "0" * 32, "since": 0, "offset": 0, "size": 1}, [b"x"])
            head = bytearray(frames[0])
            for _ in range(world.rng.randint(1, 4)):
                head[world.rng.randrange(len(head))] = world.rng.randrange(256)
            raw.send_multipart([bytes(head[: world.rng.randint(0, len(head))])] + frames[1 : world.rng.randint(1, 3)])
        raw.close()
        client.request("ping")

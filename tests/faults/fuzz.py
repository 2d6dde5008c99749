"""Damaged messages of a client that is let in: `python -m tests.faults.fuzz [--messages 100000] [--seed 1]`.

Valid conversations are recorded first (everything the client sends for renders with and without a shared disk and
for every verb). Most messages are mutations of their values that still are well-formed headers; the rest are
damaged bytes. The server must answer each, live on, and not grow.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import msgpack
import psutil

from shared import protocol
from shared.client import Client
from shared.connection import connected
from shared.errors import SemrenderError
from tests.faults.world import World, write_labels

FRAMES = 2
WINDOW = 64  # unanswered messages
SHARE_OF_BYTES = 0.25  # damaged as bytes, not as values

WEIRD = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**53,
    2**63,
    2**64 - 1,
    -(2**63),
    0.5,
    float("nan"),
    float("inf"),
    "",
    "a",
    "\0",
    "../..",
    "/",
    "C:\\",
    "ünï 列車 \U0001f600",
    "a" * 10_000,
    b"",
    b"\xff" * 100,
    [],
    {},
    [[]],
    [None] * 100,
    {"a": {"b": {}}},
    [[[[[[[[[[[]]]]]]]]]]],
    "0" * 32,
    "🚂" * 50,
    "%s%n",
    "'; DROP TABLE jobs; --",
    list(range(500)),
]


def record(world: World) -> list[list[bytes]]:
    """The frames of everything a client sends in valid conversations."""
    sent: list[list[bytes]] = []

    class Recorder(Client):
        def _send(self, frames: list[bytes], seconds: float) -> bool:
            sent.append(list(frames))
            return super()._send(frames, seconds)

    with world.client() as plain:
        connection = plain.connection
    with Recorder(connection) as client:
        client.hello("fuzz")
        client.models()
        client.shares_disk(world.labels / "back" / "back.1001.png", world.out)
        client.check(world.job())
        job = client.submit(world.job())
        list(client.watch(job))
        shot = world.job()["shot"]
        files = {f"{n}/{f.name}": f for n in ("back", "front") for f in (world.labels / n).iterdir()}
        job = client.submit({"shot": shot, "format": "exr", "frames": [1001], "layers": ["back"]}, files)
        list(client.watch(job))
        client.collect(job, world.folder / "collected")
        for verb in ("pause", "resume", "cancel"):
            client.ask(verb, job)
        client.ask("priority", job, priority=3)
        client.jobs()
        client.request("ping")
        client.request("clean", {"days": 1000, "quarantine": True})
    return sent


def places_in(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The ways to every value inside maps and lists."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items)[:50]:
        found += places_in(item, (*path, key))
    return found


def mutate(header: dict, rng: random.Random) -> dict:
    """One to three values replaced, removed, doubled or put elsewhere; the header stays well-formed."""
    header = copy.deepcopy(header)
    for _ in range(rng.randint(1, 3)):
        path = rng.choice([p for p in places_in(header["body"], ("body",)) if len(p) > 1] or [("body",)])
        parent = header
        for key in path[:-1]:
            parent = parent[key]
        key = path[-1]
        how = rng.randrange(5)
        if how == 0 and isinstance(parent, dict) and path != ("body",):
            del parent[key]
        elif how == 1 and isinstance(parent[key], str) and parent[key]:
            text = list(parent[key])
            text[rng.randrange(len(text))] = chr(rng.choice((rng.randrange(32, 127), rng.randrange(1, 0xD7FF))))
            parent[key] = "".join(text)
        elif how == 2 and isinstance(parent[key], int):
            parent[key] = max(-(2**63), min(2**63, int(parent[key]) + rng.choice((-1, 1, 1000, -(2**40)))))
        elif how == 3 and isinstance(parent, list):
            parent.append(copy.deepcopy(rng.choice(parent)))
        else:
            parent[key] = copy.deepcopy(rng.choice(WEIRD))
    return header


def damage(frames: list[bytes], rng: random.Random) -> list[bytes]:
    frames = [bytearray(frame) for frame in frames]
    for _ in range(rng.randint(1, 5)):
        frame = rng.choice(frames)
        if frame:
            frame[rng.randrange(len(frame))] = rng.randrange(256)
    if rng.random() < 0.3:
        del frames[0][rng.randrange(len(frames[0]) + 1) :]
    if rng.random() < 0.1:
        frames.append(bytearray(rng.randbytes(20)))
    return [bytes(frame) for frame in frames]


def fuzz(messages: int, seed: int) -> dict[str, float]:
    """Send them all; returns counts and memory. Raises AssertionError where the server fails."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        labels = write_labels(Path(folder) / "root" / "labels", FRAMES)
        world = World(Path(folder) / "root" / "world", labels, FRAMES, rng)
        world.arguments += ["--root", str(Path(folder) / "root")]
        world.start()
        try:
            recorded = record(world)
            server = psutil.Process(world.server.pid)
            raw = connected(world.client().connection)
            start = peak = server.memory_info().rss
            counts = {"messages": messages, "well-formed": 0, "refused": 0, "accepted": 0}
            unanswered, began = 0, time.monotonic()
            for number in range(messages):
                frames = rng.choice(recorded)
                if rng.random() < SHARE_OF_BYTES:
                    frames = damage(frames, rng)
                else:
                    header, blobs = protocol.unpack(frames)
                    frames = [msgpack.packb(mutate(header, rng)), *blobs]
                try:
                    header, _ = protocol.unpack(frames)
                    counts["well-formed"] += isinstance(header.get("body"), dict) and isinstance(
                        header.get("verb"), str
                    )
                except SemrenderError:
                    pass
                raw.send_multipart(frames)
                unanswered += 1
                while raw.poll(0 if unanswered < WINDOW else 30_000):
                    header, _ = protocol.unpack(raw.recv_multipart())
                    if "re" in header:
                        unanswered -= header.get("re") is not None
                        counts["accepted" if header.get("ok") else "refused"] += 1
                # A `check` is answered when it is done and damaged ids are answered to nobody in particular.
                assert unanswered < 40 * WINDOW, "the server stopped answering"
                if number % 500 == 0:
                    assert world.alive, f"the server died after {number} messages"
                    peak = max(peak, server.memory_info().rss)
            with world.client() as client:
                about = client.hello("fuzz", seconds=60.0)
            assert about["pid"] == world.server.pid, "the server died"
            log = (world.home / "logs" / "server.log").read_text().splitlines()
            unforeseen = [line for line in log if '"a request failed"' in line]
            for line in unforeseen[:5]:
                print(json.loads(line)["traceback"], file=sys.stderr)
            raw.close()
            return {
                **counts,
                "seconds": time.monotonic() - began,
                "worker deaths": about["deaths"],
                "unforeseen": len(unforeseen),
                "MiB at start": start / 2**20,
                "MiB at most": max(peak, server.memory_info().rss) / 2**20,
            }
        finally:
            world.remove()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name, value in fuzz(arguments.messages, arguments.seed).items():
        print(f"{name:<16}{value:.0f}", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()

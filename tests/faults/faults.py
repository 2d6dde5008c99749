"""What happens to the server. Every fault is a function of the world; it returns when the blow has fallen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil
import zmq

from inference_server.broker.crew import AHEAD, OVERTAKING
from inference_server.crash_points import BROKER_POINTS, WORKER_POINTS
from shared import protocol
from shared.shot import Shot, write_shot
from tests.faults.lines import cut_line, flip_bits, harmed_line, mutated_messages
from tests.faults.world import ROOT, Broken, World

Fault = Callable[[World], None]


class Skipped(Exception):
    """This machine cannot make this fault."""


def crash_at(place: str, world: World) -> None:
    """Somebody dies at a named place while a client submits, watches, cancels; the server is started again."""
    times = 1 if any(word in place for word in ("submit", "cancel", "delivery")) else world.rng.randint(1, 60)
    upload = "upload" in place
    if upload:
        world.arguments += ["--root", str(world.folder / "nothing")]
        (world.folder / "nothing").mkdir()
        times = world.rng.randint(1, 2 * world.frames - 1)
    world.start(crash=place, times=times)
    keeper = threading.Thread(target=keep_up, args=(world,), daemon=True)
    keeper.start()
    try:
        if upload:
            render(world)
        else:
            with world.client() as client:
                job = world.submit(client)
                if "cancel" in place:
                    other = client.submit(world.job(world.folder / "other", seed=5))
                    world.progress(world.rng.randint(0, world.frames), client)
                    client.cancel(other)
                    world.accepted[other] = "cancelled or done"  # the word may come too late
                list(client.watch(job))
    finally:
        world.keep = False  # type: ignore[attr-defined]
        keeper.join()
    if not world.crashed:
        raise Broken(f"nobody came to {place} for the {times}th time")
    world.kills += place.startswith("worker")


def keep_up(world: World) -> None:
    """A service manager: whenever the server dies, start it again."""
    world.keep = True  # type: ignore[attr-defined]
    while world.keep:  # type: ignore[attr-defined]
        if not world.alive:
            world.heal()
        time.sleep(0.05)


def render(world: World) -> None:
    """`semrender render` without a shared disk, again and again until it is through, as its words say."""
    file = world.labels / "shot.json"
    write_shot(file, Shot.from_dict(world.job()["shot"]))
    command = [sys.executable, "-m", "semrender", "render", str(file), "--out", str(world.out), "--no-aep"]
    for _ in range(4):
        done = subprocess.run(command, cwd=world.tree, env={**os.environ}, capture_output=True, text=True, timeout=180)
        if done.returncode == 0:
            with world.client() as client:
                world.accepted[client.jobs()[-1]["job"]] = "done"
            return
        if done.returncode != 5 or "Traceback" in done.stderr:
            raise Broken(f"render ended with {done.returncode}: {done.stderr[-500:]}")
    raise Broken("render did not get through in four attempts")


def busy(world: World, most: int) -> None:
    """A server in the middle of a job, with at most so many frames done when asked."""
    world.start()
    with world.client() as client:
        world.submit(client)
        world.progress(world.rng.randint(0, most), client)
        time.sleep(world.rng.uniform(0, 0.05))


def kill_broker(world: World) -> None:
    busy(world, 2 * world.frames - 1)
    world.kill_server()


def kill_worker(world: World) -> None:
    busy(world, 2 * world.frames - 20)
    world.worker().kill()
    world.kills += 1


def end_of_session(world: World) -> None:
    """SIGTERM to all processes at once, as a service manager or a shutdown sends it, several nights in a row."""
    for _ in range(3):
        world.start()
        with world.client() as client:
            if not world.accepted:
                world.submit(client)
            done = sum(one["done"] for one in client.jobs())
            world.progress(min(done + world.rng.randint(1, 10), 2 * world.frames), client)
        for process in [psutil.Process(world.server.pid), *psutil.Process(world.server.pid).children()]:
            process.terminate()
        if world.server.wait(90) != 0:
            raise Broken(f"the server ended with code {world.server.returncode}")


def kill_client(world: World) -> None:
    """A client dies while it watches: the job goes on without it."""
    world.start()
    code = (
        "import json,sys; from shared.client import Client; from shared.connection import known_connection\n"
        "c = Client(known_connection())\n"
        "j = c.submit(json.loads(sys.argv[1])); print(j, flush=True); list(c.watch(j))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(world.job())], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    world.accepted[process.stdout.readline().strip()] = "done"
    with world.client() as client:
        world.progress(world.rng.randint(0, world.frames), client)
    process.kill()
    process.wait()
    process.stdout.close()


def kill_uploading_client(world: World) -> None:
    """A client dies in the middle of sending its passes; the next one sends them again."""
    world.arguments += ["--root", str(world.folder / "nothing")]
    (world.folder / "nothing").mkdir()
    world.start()
    with world.client() as client:
        unfinished = {"job": "ef" * 16, "name": "front/front.1001.png", "offset": 0, "size": 10_000_000}
        client.request("put", unfinished, [bytes(protocol.CHUNK)])
    render(world)


def slow_reader(world: World) -> None:
    """A watcher that does not read for a while: others are answered at once, and it gets every event later."""
    world.start()
    with world.client() as client:
        job = world.submit(client)
        known = json.loads((world.home / "connection.json").read_text())
        slow = zmq.Context().socket(zmq.DEALER)
        slow.linger, slow.rcvhwm, slow.rcvbuf = 0, 1, 2048
        slow.curve_serverkey = known["server_key"].encode()
        slow.curve_publickey, slow.curve_secretkey = known["public_key"].encode(), known["secret_key"].encode()
        slow.connect(known["address"])
        for _ in range(3):  # it even asks again and again without reading
            slow.send_multipart(protocol.request("watch", {"job": job, "since": 0, "renew": True})[1])
            time.sleep(world.rng.uniform(0.1, 0.5))
            began = time.monotonic()
            client.request("ping")
            if time.monotonic() - began > 2:
                raise Broken("a slow reader made others wait")
        numbers = []
        while slow.poll(10_000):
            header, _ = protocol.unpack(slow.recv_multipart())
            if "event" in header:
                numbers.append(header["n"])
                if header["event"] == "done":
                    break
        if sorted(set(numbers)) != list(range(1, len(set(numbers)) + 1)) or not numbers:
            raise Broken("the slow reader did not get every event")
        slow.close()


def full_disk(world: World) -> None:
    """The output's disk fills up in mid-job and is freed again: the job waits, says so, and goes on."""
    world.out.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(world.out)], capture_output=True)
    if made.returncode:
        raise Skipped(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        world.start()
        with world.client() as client:
            job = world.submit(client)
            world.progress(world.rng.randint(0, world.frames), client)
            ballast = world.out / ".ballast"
            with suppress(OSError), ballast.open("wb") as file:
                while True:
                    file.write(bytes(world.rng.choice((4096, 65536))))
                    file.flush()
            world.wait(lambda: client.jobs()[0]["state"] in ("paused", "done"), "the pause")
            if client.jobs()[0]["state"] == "paused" and "no space" not in client.jobs()[0]["paused"]:
                raise Broken(f"it waits for another reason: {client.jobs()[0]['paused']}")
            world.verify_files()
            time.sleep(world.rng.uniform(0, 1.5))
            ballast.unlink()
            list(client.watch(job))
        world.lost = AHEAD + OVERTAKING  # painted, and there was no space to write them
        keep = world.folder / "kept"
        subprocess.run(["cp", "-a", str(world.out), str(keep)], check=True)
    finally:
        subprocess.run(["umount", "-l", str(world.out)], check=True)
    world.out.rmdir()
    keep.rename(world.out)


def jumping_clock(world: World) -> None:
    """The wall clock jumps by up to a day, back and forth, all the time; a broker dies in between."""
    world.environment["SEMRENDER_TEST_CLOCK"] = str(world.rng.randrange(2**31))
    kill_broker(world)


def power_cut(world: World) -> None:
    """Everything dies at once and the disk keeps only what was put on it for good."""
    diary = world.folder / "diary"
    world.environment["SEMRENDER_TEST_DIARY"] = str(diary)
    world.start()
    with world.client() as client:
        world.submit(client)
        if world.rng.random() < 0.25:
            list(client.watch(next(iter(world.accepted))))  # the power goes right after the end
        else:
            world.progress(world.rng.randint(0, 2 * world.frames - 1), client)
    world.power_cut(diary)
    world.verify_files()
    del world.environment["SEMRENDER_TEST_DIARY"]


def second_server(world: World) -> None:
    """Somebody starts another server beside it, on the same ledger and on the same port."""
    world.start()
    with world.client() as client:
        world.submit(client)
        port = client.address.rsplit(":", 1)[1]
        world.progress(world.rng.randint(0, world.frames), client)
    elsewhere = {**os.environ, "SEMRENDER_HOME": str(world.folder / "elsewhere")}
    for environment in ({**os.environ}, elsewhere):
        command = [sys.executable, "-m", "semrender", "serve", "--device", "cpu", "--port", port]
        done = subprocess.run(command, cwd=world.tree, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 5 or "Traceback" in done.stderr:
            raise Broken(f"a second server ended with {done.returncode}: {done.stderr[-300:]}")


def two_clients(world: World) -> None:
    """Two clients submit the same job at once, under one id or two, into one folder."""
    world.start()
    one_id = world.rng.random() < 0.5
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with world.client() as client:
                job = world.submit(client, world.job(job="cd" * 16) if one_id else world.job())
                list(client.watch(job))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Broken(f"a client failed: {failures[0]}")
    if len(world.accepted) != (1 if one_id else 2):
        raise Broken("the same id became two jobs")


CRASHES: dict[str, Fault] = {place: partial(crash_at, place) for place in (*BROKER_POINTS, *WORKER_POINTS)}
OTHERS: dict[str, Fault] = {
    "broker killed at any moment": kill_broker,
    "worker killed at any moment": kill_worker,
    "session ended": end_of_session,
    "client killed while watching": kill_client,
    "client killed while uploading": kill_uploading_client,
    "bits flipped on the line": partial(harmed_line, flip_bits),
    "line cut in mid-message": partial(harmed_line, cut_line),
    "damaged messages of a known client": mutated_messages,
    "slow reader": slow_reader,
    "full disk": full_disk,
    "clock jumps": jumping_clock,
    "power cut": power_cut,
    "second server": second_server,
    "two clients with one job": two_clients,
}
ALL = {**CRASHES, **OTHERS}

"""A machine's server for as long as it works for a farm: begun once, so that models stay loaded from chunk to chunk."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psutil

from inference_server.farm.telling import say
from shared import places
from shared.client import Client
from shared.errors import ServerError
from shared.servers import find_server

READY_SECONDS = 300.0  # that a driver may take, and a first look at the device
LEAVE_SECONDS = 90.0  # for what is in hand
KILL_SECONDS = 10.0  # that a process takes to be gone
EVERY_SECONDS, LOOK_SECONDS = 0.2, 2.0
LOG_SHOWN = 1500  # characters of its last words


def run_enter(arguments: argparse.Namespace) -> int:
    """Start the server of a state folder, unless it runs; say the environment in which commands find it."""
    if arguments.home is not None:
        os.environ["SEMRENDER_HOME"] = str(arguments.home.absolute())
    if arguments.models:
        os.environ["SEMRENDER_MODELS"] = os.pathsep.join(str(folder.absolute()) for folder in arguments.models)
    os.environ.update(devices_given(os.environ))
    found = find_server("farm", here=True)
    if found is not None:
        found.close()
        words = "the server of before goes on"
    else:
        words = f"a server paints on {begin_server(arguments.device)}"
    for name in ("SEMRENDER_HOME", "SEMRENDER_MODELS"):
        if name in os.environ:
            say("env", f"{name}={os.environ[name]}")
    say("status", f"{words}, its files are in {places.home()}")
    return 0


def run_leave(arguments: argparse.Namespace) -> int:
    """End the server of the state folder when what it has in hand is finished; one that hangs is killed."""
    if arguments.home is not None:
        os.environ["SEMRENDER_HOME"] = str(arguments.home.absolute())
    say("status", end_server())
    return 0


def end_server() -> str:
    """End this machine's server, never one that it is connected to; what became of it, in words."""
    connection = places.read_json(places.connection_file())
    process = process_of(connection)
    if connection is None or process is None:
        return "no server runs"
    try:
        with Client(connection) as client:
            client.request("stop", seconds=5.0, attempts=1)
        process.wait(LEAVE_SECONDS)
        return "the server has ended"
    except (ServerError, psutil.TimeoutExpired):
        killed = [*process.children(recursive=True), process]
        for one in killed:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(killed, KILL_SECONDS)
        places.connection_file().unlink(missing_ok=True)
        return "the server did not end and was killed; what it finished is on disk"


def devices_given(environment: Mapping[str, str]) -> dict[str, str]:
    """The cards that a queue gave this command, where it says so otherwise than CUDA reads it: OpenCue."""
    given = environment.get("CUE_GPU_CORES")
    return {"CUDA_VISIBLE_DEVICES": given} if given and "CUDA_VISIBLE_DEVICES" not in environment else {}


def begin_server(device: str, leave: threading.Event | None = None) -> str:
    """The name of the device of a server that is ready; it belongs to no session and holds no pipe of ours.

    leave: set by whoever does not want it any more. One that is not ready when this returns or raises is ended.
    """
    places.private_folder(places.home() / "logs")
    said = places.home() / "logs" / "farm-server.log"
    command = [sys.executable, "-P", "-m", "semrender", "serve", "--device", device]
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    with said.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **apart)
    until, ready = time.monotonic() + READY_SECONDS, ""
    try:
        while process.poll() is None and time.monotonic() < until and not (leave is not None and leave.is_set()):
            ready = _ready()
            if ready:
                return ready
            time.sleep(EVERY_SECONDS)
    finally:
        if not ready and process.poll() is None:
            process.terminate()
    words = said.read_bytes()[-LOG_SHOWN:].decode("utf-8", "replace").strip()
    raise ServerError(
        f"no server could be started on {places.HOST}",
        cause=words or f"It was not ready within {READY_SECONDS:.0f} s",
        remedy=f"See {said} and server.log beside it, or run `semrender doctor` there",
    )


def _ready() -> str:
    """The devices of the state folder's server; empty as long as none of its workers is ready."""
    try:  # it may end at any moment, for want of its device
        found = find_server("farm", here=True)
        if found is None:
            return ""
        with found:
            workers = found.hello("farm", LOOK_SECONDS)["workers"]
    except ServerError:
        return ""
    return " and ".join(str(worker["device"]) for worker in workers if worker["ready"])


def process_of(connection: Mapping[str, Any] | None) -> psutil.Process | None:
    """The server's process, if the number is still its own."""
    try:
        process = psutil.Process(int((connection or {})["pid"]))
        return process if "serve" in process.cmdline() else None
    except (KeyError, ValueError, TypeError, psutil.Error):
        return None

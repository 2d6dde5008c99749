"""The coordinator's process: gate, engine, this machine's own part, and the loop, until its server ends."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import threading
import time

import zmq

from inference_server import logs
from inference_server.children import until_parent_ends
from inference_server.farm import certificates, codes
from inference_server.farm.beside import kept_alive
from inference_server.farm.coordinator import Coordinator
from inference_server.farm.gate import Gate, write_key
from inference_server.farm.joined import Joined, bracketed, kept
from inference_server.farm.wire import PORT
from shared import places
from shared.client import Client
from shared.errors import ServerError

CLOSING_SECONDS = 5.0

log = logging.getLogger("semrender.farm")


def run_coordinator(arguments: argparse.Namespace) -> int:
    """Runs until its standard input closes."""
    from inference_server.farm.dask_engine import DaskEngine

    logs.set_up(places.home() / "logs" / "farm.log")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: the server decides
    ending = threading.Event()
    threading.Thread(target=_until_parent_ends, args=(ending,), daemon=True).start()
    host, port = arguments.host, arguments.port
    connection = places.read_json(places.connection_file())
    if connection is None:
        raise ServerError("a coordinator works beside a server that runs", remedy="Run `semrender serve --farm`")
    identity = certificates.bring_identity(certificates.COORDINATOR, certificates.folder() / "coordinator")
    about = {"scheduler": port + 1, "broker": port + 2, "server_key": str(connection.get("server_key", ""))}
    with contextlib.ExitStack() as stack:
        engine = DaskEngine(host, port + 1, identity)
        stack.callback(engine.close)
        gate = Gate(host, port, identity, about, lambda name: _invite(host, port, name))
        stack.callback(gate.close)
        client = stack.enter_context(Client(connection))
        stack.enter_context(_own_machine(host, port))
        coordinator = Coordinator(engine, client, places.HOST)
        _invite(host, port)
        while not ending.is_set():
            try:
                coordinator.turn()
            except ServerError as error:
                log.warning("the server does not answer: %s", error)
                ending.wait(1.0)
    return 0


def _invite(host: str, port: int, joined: str = "") -> None:
    """Say how the next machine joins, with a code of its own."""
    place = bracketed(host) if port == PORT else f"{bracketed(host)}:{port}"
    words = f"{joined} has joined; on one more" if joined else "on each further machine, one code for each"
    print(f"{words}: semrender join {place} {codes.make()}", flush=True)


def _own_machine(host: str, port: int) -> contextlib.AbstractContextManager[None]:
    """The server's own machine takes part as the others do, by a process of its own."""
    folder, name = certificates.folder() / "own", places.HOST
    before = kept(folder)
    certificates.bring_identity(name, folder)
    public, secret = (before.public, before.secret) if before else (key.decode() for key in zmq.curve_keypair())
    write_key(name, public)
    fingerprint = certificates.fingerprint_of(certificates.folder() / "coordinator")
    Joined(folder, host, port, name, fingerprint, public, secret).write()
    return kept_alive(["join", "--own"])


def _until_parent_ends(ending: threading.Event) -> None:
    """With its server everything that it could still tell has no hearer: the engine has a moment to say good-bye."""
    until_parent_ends()
    ending.set()
    time.sleep(CLOSING_SECONDS)
    os._exit(0)

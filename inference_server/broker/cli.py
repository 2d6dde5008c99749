"""`semrender serve`."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import platform
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inference_server import builds, logs
from inference_server.children import until_parent_ends
from inference_server.models.device_names import NAMES, device_name
from shared import VERSION, places
from shared.errors import ServerError

LISTEN_SECONDS = 1.0  # to a server that has the ledger, three times


def add_commands(commands: Any) -> None:
    serve = commands.add_parser("serve", help="run the inference server until Ctrl-C")
    serve.add_argument("--device", type=device_name, default="auto", help=f"{NAMES} (default: the best there is)")
    serve.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (default: any free one)")
    serve.add_argument("--bind", metavar="ADDRESS", help="tcp://HOST:PORT to serve other machines; needs --clients")
    serve.add_argument("--clients", type=Path, metavar="FOLDER", help="public keys of the machines that may connect")
    words = "have other machines paint with this one, which run `semrender join`; three ports from PORT on"
    serve.add_argument("--farm", nargs="?", const="", metavar="HOST[:PORT]", help=words)
    serve.add_argument("--root", action="append", default=[], metavar="FOLDER", help="only these may be touched")
    serve.add_argument("--deadline", type=float, default=900, metavar="S", help="a worker silent so long is replaced")
    serve.add_argument("--models-mib", type=int, default=4096, help="memory that idle models may keep (default 4096)")
    serve.add_argument("--spool-gib", type=float, default=20, help="most that uploaded passes may take (default 20)")
    serve.add_argument("--reserve-mib", type=int, default=256, help="free space to leave (default 256)")
    words = "tell /health and Prometheus' /metrics on this port of 127.0.0.1 (default: not)"
    serve.add_argument("--metrics", type=int, metavar="PORT", help=words)
    serve.add_argument("--desk", action="store_true", help="a page in the browser beside it, see `semrender desk`")
    serve.add_argument("--desk-port", type=int, metavar="PORT", help=argparse.SUPPRESS)
    serve.add_argument("--desk-browser", action="store_true", help=argparse.SUPPRESS)
    serve.add_argument("--private", action="store_true", help=argparse.SUPPRESS)
    serve.set_defaults(run=run_serve)


def run_serve(arguments: argparse.Namespace) -> int:
    """The server in the foreground. A private one tells its connection on standard output and ends with its parent."""
    from inference_server.broker.supervisor import begin_worker

    farm = None if arguments.farm is None else arguments.beside_farm(arguments.farm)
    try:  # it loads what it needs meanwhile
        first = begin_worker(arguments.device, arguments.models_mib, arguments.after_delivery)
    except OSError:  # no memory for another process: the broker tries again
        first = None
    from inference_server.broker.broker import Broker
    from inference_server.broker.settings import Settings

    settings = Settings(
        version=VERSION,
        build="" if arguments.private else builds.own(),
        device=arguments.device,
        bind=arguments.bind or f"tcp://127.0.0.1:{arguments.port}",
        clients=arguments.clients,
        roots=tuple(str(Path(root).resolve()) for root in arguments.root),
        machines=farm.door if farm else "",
        machines_keys=farm.keys if farm else None,
        ledger=None if arguments.private else places.home() / "ledger.sqlite",
        deadline=arguments.deadline,
        models_mib=arguments.models_mib,
        spool_mib=int(arguments.spool_gib * 1024),
        reserve_mib=arguments.reserve_mib,
        metrics=arguments.metrics,
        after_delivery=arguments.after_delivery,
    )
    with _state_folder_in_words():
        if arguments.private:
            logs.set_up(places.home() / "logs" / "private-server.log", logging.WARNING)
        else:
            logs.set_up(places.home() / "logs" / "server.log")
        places.write_json(places.installation_file(), {"python": sys.executable, "version": VERSION})
        with _whose_ledger():
            broker = Broker(settings, first)  # refuses to start beside another server, which has the ledger
    signal.signal(signal.SIGTERM, lambda *_: broker.stop())
    if arguments.private:
        # Ctrl-C reaches every process of a terminal; here the client decides what it means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_stop_with_parent, args=(broker,), daemon=True).start()
        print(json.dumps(broker.connection()), flush=True)
        broker.run()
        return 0
    signal.signal(signal.SIGINT, lambda *_: broker.stop())
    try:
        with arguments.beside_server(broker.connection()):
            with _state_folder_in_words():
                places.write_json(places.connection_file(), broker.connection())
            print(f"semrender {VERSION} serves on {broker.address}; Ctrl-C stops it", flush=True)
            if broker.metrics:
                print(f"health and metrics: {broker.metrics.address}/health, /metrics", flush=True)
            if arguments.bind and broker.guard:
                port = broker.address.rpartition(":")[2]
                command = f"semrender connect tcp://{platform.node()}:{port} {quoted(broker.guard.server_public)}"
                print(f"on the machines that paint here, run: {command}", flush=True)
            with contextlib.ExitStack() as beside:
                if farm:
                    beside.enter_context(farm.running())
                if arguments.desk:
                    beside.enter_context(arguments.beside_desk(arguments.desk_port, arguments.desk_browser))
                broker.run()
    finally:
        if (places.read_json(places.connection_file()) or {}).get("pid") == os.getpid():
            places.connection_file().unlink(missing_ok=True)
    return 0


@contextlib.contextmanager
def _whose_ledger() -> Iterator[None]:
    """Say of a server that has the ledger whether it is there to stay, or only slow to end."""
    from inference_server.broker.ledger import LedgerTaken

    try:
        yield
    except LedgerTaken as taken:
        ending = _is_ending()
        if ending:
            taken.what = "the server of before is ending, and has the ledger open until what it has in hand is finished"
        elif ending is None:
            taken.what += " and does not answer"
            taken.cause = "It is only just beginning, or ending, or it hangs"
        if ending is not False:
            taken.remedy = "Run the command again in a moment"
        raise


def _is_ending() -> bool | None:
    """Whether the server of this state folder is; None where it does not answer."""
    from shared.client import Client

    found = places.read_json(places.connection_file())
    if found is None:
        return None
    try:
        with Client(found) as client:
            return bool(client.hello("serve", LISTEN_SECONDS)["ending"])
    except ServerError:
        return None


@contextlib.contextmanager
def _state_folder_in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerError(
            "the state folder cannot be used",
            file=error.filename or places.home(),
            cause=error.strerror or str(error),
            remedy=f"Free space in {places.home()} or allow writing, or name another folder in SEMRENDER_HOME",
        ) from error


def _stop_with_parent(broker: Any) -> None:
    until_parent_ends()
    broker.stop(at_once=True)


def quoted(text: str) -> str:
    """As one word of this system's shell."""
    return f'"{text}"' if os.name == "nt" else shlex.quote(text)

"""`semrender connect` and `disconnect`: a server on another machine, remembered only after it was looked at."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import zmq.auth

from inference_server.broker.security import KEY_LENGTH
from shared import places
from shared.client import Client
from shared.command import tell
from shared.connection import knock
from shared.errors import InputRefused, SemrenderError

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
Z85 = re.compile(rf"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{{}}@%$#]{{{KEY_LENGTH}}}")  # RFC 32
FEWEST = 12  # different characters of a key; one of random bytes has fewer than this once in 10^12
SECONDS = 5.0  # for the handshake


def add_commands(commands: Any) -> None:
    connect = commands.add_parser("connect", help="paint on a server of another machine")
    connect.add_argument("address", help="tcp://HOST:PORT, as its `semrender serve --bind` says")
    connect.add_argument("server_key", help="the key that it says, in quotes")
    connect.values = Z85
    connect.set_defaults(run=run_connect)
    disconnect = commands.add_parser("disconnect", help="forget the server of another machine and paint on this one")
    disconnect.set_defaults(run=run_disconnect)


def run_connect(arguments: argparse.Namespace) -> int:
    """Remember a server and this machine's key for it (made once), try it, and say what is still to do."""
    address, server_key = checked_address(arguments.address), checked_key(arguments.server_key)
    public_file, public, secret = client_keys()
    connection = {"address": address, "server_key": server_key, "public_key": public, "secret_key": secret}
    places.write_json(places.remote_file(), connection)
    cause = knock(connection, SECONDS)
    if cause is None:
        try:
            with Client(connection) as client:
                about = client.hello("connect")
            state, words = "ready", f"the server {about['version']} at {address} answers: paint"
        except SemrenderError as error:
            cause = error.cause
    if cause is not None:
        state = "turned away" if "key" in cause else "no answer"
        words = f"the server at {address} does not answer yet. {cause}"
        if state == "turned away":
            words = f"there is a server at {address}. {cause}"
        words += f"\nPut this file into its folder of clients, the one of --clients: {public_file}"
    if arguments.json:
        tell("connected", {"address": address, "state": state, "key_file": str(public_file)})
    else:
        print(words)
    return 0


def run_disconnect(arguments: argparse.Namespace) -> int:
    found = places.read_json(places.remote_file())
    places.remote_file().unlink(missing_ok=True)
    address = (found or {}).get("address")
    if arguments.json:
        tell("disconnected", {"address": address})
    else:
        print(f"{address} is forgotten; from now on this machine paints" if address else "no server was connected to")
    return 0


def checked_address(text: str) -> str:
    """tcp://HOST:PORT. Raises InputRefused."""
    try:
        parts = urlsplit(text)
        host, port = parts.netloc.rpartition(":")[0], parts.port
    except ValueError:
        host, port = "", None
    sound = parts.scheme == "tcp" and not parts.path and HOST.fullmatch(host) if port else None
    if not sound:
        raise InputRefused(
            f"{text!r} is no address of a server", remedy="Write tcp://HOST:PORT, as its `semrender serve --bind` says"
        )
    return text


def checked_key(text: str) -> str:
    """A Z85 key of 32 random bytes. Raises InputRefused."""
    if not Z85.fullmatch(text) or len(set(text)) < FEWEST:
        raise InputRefused(
            "this is no server key",
            cause="In a terminal it must stand in quotes: it holds characters that mean something there",
            remedy="`semrender serve --bind` prints the whole command when it starts",
        )
    return text


def client_keys() -> tuple[Path, str, str]:
    """The file to give away, and this machine's public and secret key."""
    folder = places.private_folder(places.home() / "keys")
    secret_file, public_file = folder / "client.key_secret", folder / "client.key"
    if not secret_file.exists():
        zmq.auth.create_certificates(folder, "client")
        secret_file.chmod(0o600)
    try:
        public, secret = zmq.auth.load_certificate(secret_file)
    except (OSError, ValueError):
        public, secret = b"", None
    if secret is None or not public_file.exists():
        raise InputRefused(
            "this machine's key is damaged",
            file=secret_file,
            remedy="Delete both files of the key, connect again, and give the new one to the server",
        )
    return public_file, public.decode(), secret.decode()

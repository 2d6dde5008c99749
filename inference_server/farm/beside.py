"""The coordinator beside a server: a process of its own, begun again when it dies, that ends with the server."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from inference_server.children import end
from inference_server.farm import certificates, extra, gate
from inference_server.farm.joined import bracketed
from inference_server.farm.wire import PORT
from shared.errors import InputRefused

CLOSING_SECONDS = 25.0
AGAIN_SECONDS = 3.0  # between two beginnings, at least
ADDRESS = re.compile(
    r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?))(:(?P<port>\d{1,5}))?"
)
MOST_PORT = 65533  # there are two after it
SOMEWHERE = "192.0.2.1"  # RFC 5737: nobody's; the way there is the way to the network

log = logging.getLogger("semrender.farm")


class Beside:
    """What `serve --farm` runs.

    host, port: of the gate; the engine has the next port and the server's door for machines the one after.
    door, keys: of the server, for its settings.
    """

    def __init__(self, listen: str) -> None:
        extra.needed()
        self.host, self.port = address_of(listen or network_address())
        self.door = f"tcp://{bracketed(self.host)}:{self.port + 2}"
        self.keys: Path = gate.clients_folder()
        certificates.bring_identity(certificates.COORDINATOR, certificates.folder() / "coordinator")

    def running(self) -> contextlib.AbstractContextManager[None]:
        """The coordinator, for as long as the block runs."""
        return kept_alive(["farm", "coordinator", "--host", self.host, "--port", str(self.port)])


@contextlib.contextmanager
def kept_alive(words: Sequence[str]) -> Iterator[None]:
    """A command of ours as a process beside this, begun again when it dies; its standard input closes at the end."""
    ending = threading.Event()
    keeper = threading.Thread(target=_keep, args=(words, ending), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join(CLOSING_SECONDS + 1)


def _keep(words: Sequence[str], ending: threading.Event) -> None:
    while not ending.is_set():
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-P", "-m", "semrender", *words], stdin=subprocess.PIPE)
        while process.poll() is None and not ending.wait(0.2):
            pass
        end(process, CLOSING_SECONDS)
        if not ending.is_set():
            log.error("`semrender %s` ended with code %s; it is begun again", " ".join(words), process.returncode)
            ending.wait(began + AGAIN_SECONDS - time.monotonic())


def address_of(text: str) -> tuple[str, int]:
    """HOST or HOST:PORT of a farm. Raises InputRefused, for another protocol, too: there is no farm without TLS."""
    protocol, mark, rest = text.rpartition("://")
    if mark and protocol != "tls":
        raise InputRefused(
            f"a farm is never reached by {protocol}://",
            cause="Who gets into it can run code on all its machines; it speaks TLS, with certificates of its own",
            remedy="Write HOST:PORT alone",
        )
    found = ADDRESS.fullmatch(rest)
    host = (found["six"] or found["host"]) if found else ""
    number = int(found["port"] or PORT) if found else 0
    if not 1 <= number <= MOST_PORT:
        raise InputRefused(f"{text!r} is no address of a farm", remedy="Write HOST or HOST:PORT")
    return host, number


def network_address() -> str:
    """This machine's own address on the network that it would leave by. Raises InputRefused where it has none."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((SOMEWHERE, 9))  # UDP: nothing is sent
        host = str(probe.getsockname()[0])
        if not ipaddress.ip_address(host).is_unspecified:
            return host
    raise InputRefused(
        "this machine's address on the network cannot be found out",
        remedy="Name it: `semrender serve --farm HOST`; 127.0.0.1 is this machine alone",
    )

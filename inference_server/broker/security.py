"""Who may talk to the server, and which files a job may touch.

Every client connection is CURVE (RFC 26/CurveZMQ): the client knows the server's key from the connection file
(or was told), the server lets in only keys it knows: that of the connection file, readable by the user alone,
and those in the folder of allowed clients, read at every handshake, so that deleting a file locks its owner out.
Workers have keys that live as long as their broker, and a socket that takes no others.
"""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import urlsplit

import zmq
import zmq.auth

from inference_server.backstage import KEYS
from shared import places
from shared.errors import ServerError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
BACKSTAGE = "backstage"  # the domain of the socket for workers
KEY_LENGTH = 40  # characters of a Z85 key

log = logging.getLogger("semrender.security")


class Guard:
    """The list of keys that get in, asked at every handshake.

    Args:
        clients: folder of public key files (`*.key`, pyzmq certificates); None = only the connection file's.
        machines: the same of those who are machines of a farm, and may ask for what these need alone.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", clients: Path | None, machines: Path | None = None
    ) -> None:
        from zmq.auth.thread import ThreadAuthenticator  # workers need none, and it brings asyncio

        self.clients, self.machines = clients, machines
        self.server_public, self._server_secret = server_keys()
        self.local_public, self.local_secret = (key.decode() for key in zmq.curve_keypair())
        self._authenticator = ThreadAuthenticator(context, log=log)
        self._authenticator.start()
        self._authenticator.configure_curve_callback("*", self)
        self._authenticator.configure_curve_callback(BACKSTAGE, self)
        self._worker_public, self._worker_secret = (key.decode() for key in zmq.curve_keypair())

    def protect(self, socket: "zmq.Socket[bytes]") -> None:
        """Let only known keys talk to this socket; before it is bound."""
        socket.curve_server = True
        socket.curve_secretkey = self._server_secret.encode()
        socket.curve_publickey = self.server_public.encode()

    def protect_workers(self, socket: "zmq.Socket[bytes]") -> dict[str, str]:
        """Let only the broker's own workers talk to this socket; returns their environment's part of it, a secret."""
        socket.setsockopt_string(zmq.ZAP_DOMAIN, BACKSTAGE)
        self.protect(socket)
        return {KEYS: f"{self.server_public} {self._worker_public} {self._worker_secret}"}

    def callback(self, domain: str, key: bytes) -> bool:
        """zmq.auth asks whether a client's public key (Z85) is known."""
        if domain == BACKSTAGE:
            return key.decode() == self._worker_public
        known = self.trusts(key.decode()) or key in allowed_keys(self.machines)
        if not known:
            log.warning("a client with an unknown key was turned away: %s", key.decode())
        return known

    def trusts(self, key: str) -> bool:
        """Whether a key (Z85) that got in may ask for all there is; a machine's may not."""
        return key == self.local_public or key.encode() in allowed_keys(self.clients)

    def connection(self, address: str) -> dict[str, str]:
        """What a client of this user needs to connect; a secret."""
        return {
            "address": address,
            "server_key": self.server_public,
            "public_key": self.local_public,
            "secret_key": self.local_secret,
        }

    def close(self) -> None:
        self._authenticator.stop()


def server_keys() -> tuple[str, str]:
    """Public and secret key of this machine's server, made at its first start."""
    file = places.home() / "keys" / "server.json"
    if not file.exists():
        public, secret = (key.decode() for key in zmq.curve_keypair())
        places.write_json(file, {"public": public, "secret": secret})
    keys = places.read_json(file) or {}
    if not all(isinstance(keys.get(name), str) and len(keys[name]) == KEY_LENGTH for name in ("public", "secret")):
        raise ServerError(
            "the server's keys are damaged",
            file=file,
            remedy="Bring the file back from a backup, or delete it: then there are new keys, which every client needs",
        )
    return keys["public"], keys["secret"]


def allowed_keys(folder: Path | None) -> set[bytes]:
    """The public keys in a folder; a file that is none is passed over with a word in the log."""
    found: set[bytes] = set()
    try:
        files = [] if folder is None else sorted(folder.glob("*.key"))
    except OSError as error:
        log.warning("no client was let in: %s", error)
        return found
    for file in files:
        try:
            public, _ = zmq.auth.load_certificate(file)
            found.add(public)
        except (OSError, ValueError) as error:
            log.warning("%s is no public key: %s", file, error)
    return found


def check_bind(address: str, clients: Path | None) -> None:
    """Refuse to listen to the network without keys and a list of who may come in. Raises ServerError."""
    if urlsplit(address).hostname in LOOPBACK:
        return
    if not zmq.has("curve"):
        raise ServerError(
            f"{address} is not this machine alone, and this build of ZeroMQ has no CURVE",
            remedy="Install pyzmq from its wheels, or listen on 127.0.0.1",
        )
    if clients is None or not clients.is_dir():
        raise ServerError(
            f"{address} is not this machine alone, and no list of allowed clients was given",
            remedy="Give --clients FOLDER with the public key file of every client, or listen on 127.0.0.1",
        )

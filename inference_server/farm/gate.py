"""The door of a farm: who has a code becomes a machine of it, who is one is told where to work. Others get nothing.

TLS 1.3. A stranger may say one thing, `join` with the proof of a code; a machine, known by its certificate, `where`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from inference_server.farm import certificates, codes, extra
from inference_server.farm.wire import Talk
from shared import places
from shared.errors import InputRefused, SemrenderError, ServerError

AT_ONCE = 8  # who are talked to; others wait
WAITING = 128  # of them: all machines of a farm come at once where their power was cut
HANDSHAKE_SECONDS = 10.0  # that one who says nothing keeps others waiting
WRONG_SECONDS = 0.5  # that a wrong code is waited for
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
Z85 = re.compile(r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")  # RFC 32: 32 bytes

log = logging.getLogger("semrender.farm")

Body = dict[str, Any]


class Gate:
    """Listens from its making until `close`.

    Args:
        identity: the coordinator's, see `certificates`.
        about: what machines are told beside the versions: "scheduler" and "broker", ports, and "server_key".
        joined: called with the name of each new machine, from a thread of the gate's.
    """

    def __init__(
        self, host: str, port: int, identity: Path, about: Mapping[str, Any], joined: Callable[[str], None]
    ) -> None:
        self._about = dict(about)
        self._joined = joined
        self._context = certificates.listening(identity)
        self._fingerprint = certificates.fingerprint_of(identity)
        self._authority = (identity / certificates.CA).read_text("ascii")
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._signing = threading.Lock()
        self._wrong = 0
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._listener = socket.create_server((host, port), family=family, backlog=WAITING)
        except OSError as error:
            raise ServerError(
                f"{host}:{port} cannot be used for a farm",
                cause=error.strerror or str(error),
                remedy="Name an address of this machine and three free ports in a row: --farm HOST:PORT",
            ) from error
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()

    def _run(self) -> None:
        while True:
            self._places.acquire()
            try:
                made, peer = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._met, args=(made, str(peer[0])), daemon=True).start()

    def _met(self, made: socket.socket, peer: str) -> None:
        try:
            made.settimeout(HANDSHAKE_SECONDS)
            with self._context.wrap_socket(made, server_side=True) as secure:
                talk = Talk(secure)
                try:
                    answer = self._answered(talk.hear(), secure, peer)
                except SemrenderError as error:
                    answer = {"error": error.to_dict()}
                talk.say(answer)
        except (OSError, SemrenderError) as error:  # no TLS, a certificate of nobody's, a torn connection
            log.info("%s was turned away: %s", peer, error)
        except Exception:
            log.exception("the gate failed at %s", peer)
        finally:
            made.close()
            self._places.release()

    def _answered(self, message: Body, secure: ssl.SSLSocket, peer: str) -> Body:
        certificate = secure.getpeercert()
        if message.get("do") == "where" and certificate:
            return self._where(_common_name(certificate))
        if message.get("do") == "join":
            return self._join(message, peer)
        raise InputRefused("this is no request to a farm")

    def _where(self, name: str) -> Body:
        if not _key_file(name).exists():
            raise InputRefused(f"{name} belongs to this farm no more", remedy="Join again with a new code")
        return {"name": name, "host": places.HOST, "versions": extra.versions(), **self._about}

    def _join(self, message: Body, peer: str) -> Body:
        said, claimed = message.get("body"), message.get("proof")
        if not isinstance(said, str) or not isinstance(claimed, str):
            raise InputRefused("this is no request to join")
        file, secret = self._code_of(claimed, said, peer)
        body = json.loads(said)  # it is of one who has the code
        extra.compare(str(body["name"]), dict(body["versions"]), places.HOST, extra.versions())
        curve = str(body["curve"])
        if not Z85.fullmatch(curve):
            raise InputRefused("this is no key")
        with self._signing:
            name = _free_name(str(body["name"]))
            certificate = certificates.issue(str(body["request"]).encode(), name)
            if not codes.use(file):
                raise InputRefused(
                    "this code was used", remedy="Each works once: `semrender farm code` gives another one"
                )
            write_key(name, curve)
        log.info("%s at %s has joined", name, peer)
        told = {"name": name, "certificate": certificate.decode(), "authority": self._authority, **self._about}
        answer = json.dumps(told)
        self._joined(name)
        return {"body": answer, "proof": codes.proof(secret, "farm", self._fingerprint, said, answer)}

    def _code_of(self, claimed: str, said: str, peer: str) -> tuple[Path, bytes]:
        """Which code this was proved with. Raises InputRefused; after `codes.TRIES` wrong ones there is none left."""
        found = None
        for file, code in codes.outstanding().items():  # all of them, so that the time tells nothing
            secret = codes.secret_of(code, self._fingerprint)
            if codes.proved(secret, claimed, "machine", self._fingerprint, said):
                found = file, secret
        if found is not None:
            return found
        with self._signing:
            self._wrong += 1
        log.warning("%s has no code that is good (%d of %d tries)", peer, self._wrong, codes.TRIES)
        if self._wrong >= codes.TRIES:
            codes.void()
            self._wrong = 0
            log.warning("all codes are void; `semrender farm code` gives another one")
        time.sleep(WRONG_SECONDS)
        raise InputRefused(
            "this code is not good",
            cause="It was used, is older than an hour, or was typed otherwise than it is",
            remedy="`semrender farm code`, on the machine of the farm, gives another one",
        )


def _common_name(certificate: Mapping[str, Any]) -> str:
    return str(dict(pair for part in certificate["subject"] for pair in part)["commonName"])


def clients_folder() -> Path:
    """The public keys of machines, which the server lets in by its door for them."""
    return certificates.folder() / "machines"


def _key_file(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise InputRefused(f"{name[:48]!r} is no name of a machine")
    return clients_folder() / f"{name}.key"


def _free_name(asked: str) -> str:
    """The name that a machine asks for, or with a number where another has it."""
    number, name = 1, asked
    while _key_file(name).exists():
        number += 1
        name = f"{asked}-{number}"
    return name


def write_key(name: str, public: str) -> None:
    """Let in who has the secret key to this public one, as the machine of this name."""
    places.private_folder(clients_folder())
    with places.whole(_key_file(name), "the key of a machine") as file:
        file.write_text(f'metadata\n    name = "{name}"\ncurve\n    public-key = "{public}"\n', "ascii")

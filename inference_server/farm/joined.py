"""What a machine keeps of the farm that it belongs to, and how it became one of it: the other end of `gate`."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zmq

from inference_server.farm import certificates, codes, extra
from inference_server.farm.wire import SECONDS, Talk
from shared import places
from shared.connection import Connection
from shared.errors import InputRefused, ServerError, from_dict
from shared.values import Value

FILE = "joined.json"

Body = dict[str, Any]


class Joined(Value):
    """A machine of a farm. name: what the farm calls it. folder: its identity, see `certificates`.

    coordinator: fingerprint of the certificate that the farm's gate shows. public, secret: CURVE keys for its server.
    """

    folder: Path
    host: str
    port: int
    name: str
    coordinator: str
    public: str
    secret: str

    def write(self) -> None:
        kept = {name: value for name, value in vars(self).items() if name != "folder"}
        places.write_json(self.folder / FILE, kept)

    def where(self) -> Body:
        """What the gate tells a machine now: "versions", "scheduler" and "broker" (ports), "server_key", "host".

        "here" is the address of this machine by which it was reached.

        Raises ServerError where it does not answer or is another, and what it refuses this machine with.
        """
        with _connected(self.host, self.port, certificates.calling(self.folder)) as secure:
            shown = secure.getpeercert(binary_form=True) or b""
            if certificates.fingerprint(shown) != self.coordinator:
                raise ServerError(
                    f"{self.host}:{self.port} is not the farm that this machine joined",
                    remedy="Join with a new code: `semrender farm code` there gives one",
                )
            return {**_asked(secure, {"do": "where"}), "here": str(secure.getsockname()[0])}

    def broker(self, about: Body) -> Connection:
        """How to reach the farm's server."""
        return {
            "address": f"tcp://{bracketed(self.host)}:{int(about['broker'])}",
            "server_key": str(about["server_key"]),
            "public_key": self.public,
            "secret_key": self.secret,
        }


def kept(folder: Path) -> Joined | None:
    """The farm that an identity's folder is of; None where there is none, or it was damaged."""
    found = places.read_json(folder / FILE)
    if found is None or not (folder / certificates.CERTIFICATE).exists():
        return None
    try:
        return Joined(folder=folder, **found)
    except TypeError:
        return None


def enrol(folder: Path, host: str, port: int, code: str, name: str) -> Joined:
    """Become a machine of the farm there, by a code; `code` as `codes.read` gives it.

    Raises ServerError where the farm does not answer or does not know the code, which whoever pretends to be it does
    not either, InputRefused where the farm refuses.
    """
    key, request = certificates.ask(name)
    public, secret = (one.decode() for one in zmq.curve_keypair())
    asked = {"name": name, "request": request.decode(), "curve": public, "versions": extra.versions()}
    said = json.dumps(asked)
    with _connected(host, port, certificates.strange()) as secure:
        shown = certificates.fingerprint(secure.getpeercert(binary_form=True) or b"")
        known = codes.secret_of(code, shown)
        claim = codes.proof(known, "machine", shown, said)
        answer = _asked(secure, {"do": "join", "body": said, "proof": claim})
    told = str(answer.get("body"))
    if not codes.proved(known, str(answer.get("proof")), "farm", shown, said, told):
        raise ServerError(
            f"{host}:{port} does not know the code", cause="It is not the farm, or something between the two answers"
        )
    body = json.loads(told)
    certificates.keep(folder, key, str(body["certificate"]).encode(), str(body["authority"]).encode())
    made = Joined(folder, host, port, str(body["name"]), shown, public, secret)
    made.write()
    return made


def bracketed(host: str) -> str:
    """As it stands in an address: IPv6 between brackets."""
    return f"[{host}]" if ":" in host else host


def _asked(secure: ssl.SSLSocket, message: Body) -> Body:
    talk = Talk(secure)
    talk.say(message)
    answer = talk.hear()
    if isinstance(answer.get("error"), dict):
        raise from_dict(answer["error"])
    return answer


@contextlib.contextmanager
def _connected(host: str, port: int, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as made, context.wrap_socket(made) as secure:
            yield secure
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:  # it ended, and refused nobody
        raise _silent(host, port, "The connection was cut") from error
    except ssl.SSLError as error:
        raise InputRefused(
            f"{host}:{port} does not belong to the farm that this machine joined",
            cause=str(error.reason or error),
            remedy="Join with a new code: `semrender farm code` there gives one",
        ) from error
    except OSError as error:
        raise _silent(host, port, error.strerror or str(error)) from error


def _silent(host: str, port: int, cause: str) -> ServerError:
    return ServerError(
        f"the farm at {host}:{port} does not answer",
        cause=cause,
        remedy="Run `semrender serve --farm` there, and open its three ports, from this one on",
    )

"""How a server runs."""

from __future__ import annotations

from pathlib import Path

from inference_server.broker.pieces import LEASE_SECONDS
from shared.values import Value


class Settings(Value):
    """How a server runs.

    bind: address of the client socket; port 0 = any free one.
    clients: folder of public keys that may connect, needed for an address other than loopback.
    roots: the only folders jobs may touch; none: everything on loopback, only uploads elsewhere.
    ledger: file of the ledger; None keeps it in memory, for a server that dies with its client.
    deadline: seconds a worker may be silent while it has work.
    lease: seconds that nobody may ask for a piece of another machine's job.
    metrics: port on loopback where `/health` and `/metrics` are told; 0 = any free one, None = not.
    machines: a second address, for the machines of a farm; machines_keys: folder of their public keys.
    build: see `builds`; a server that dies with its client needs none.
    after_delivery: "module:function" that every delivery is handed to, with whether a comp of it is wanted.
    """

    version: str
    build: str = ""
    device: str = "auto"
    bind: str = "tcp://127.0.0.1:0"
    clients: Path | None = None
    roots: tuple[str, ...] = ()
    machines: str = ""
    machines_keys: Path | None = None
    ledger: Path | None = None
    deadline: float = 900.0
    lease: float = LEASE_SECONDS
    models_mib: int = 4096
    spool_mib: int = 20 * 1024
    metrics: int | None = None
    reserve_mib: int = 256  # of free space below which nothing is handed out
    after_delivery: str = ""

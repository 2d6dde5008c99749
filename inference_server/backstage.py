"""The way from a worker to its broker: what the one is told and the other reads."""

from __future__ import annotations

import json
import os

BROKER = "SEMRENDER_BROKER"  # its process
ADDRESS, NAME = "address", "name"  # of the way that a worker is shown: of the broker, of itself
KEYS = "keys"  # public key of the server, public and secret key of the worker, between blanks


def read_way() -> dict[str, str]:
    """The way, from standard input; ends this process where the broker ends without a word."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 4096)  # not sys.stdin, which could read ahead
        if not piece:
            raise SystemExit(0)
        line += piece
    return dict(json.loads(line))

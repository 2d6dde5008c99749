"""How a server is reached: its address and keys, a socket to it, and whether it lets this machine in.

Maya-safe: Python 3.9, standard library and zmq only.
"""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

import zmq

from shared import places, protocol

Connection = Dict[str, Any]  # {"address"} and, where the server wants them, {"server_key", "public_key", "secret_key"}


def known_connection() -> Optional[Connection]:
    """How to reach a server: one that runs on this machine, else the one `semrender connect` was told."""
    for file in (places.connection_file(), places.remote_file()):
        found = places.read_json(file)
        if found and isinstance(found.get("address"), str):
            return found
    return None


def connected(connection: Connection) -> "zmq.Socket[bytes]":
    """A socket of this thread's own, on its way to the server."""
    made = _socket(connection)
    made.connect(str(connection["address"]))
    return made


def _socket(connection: Connection) -> "zmq.Socket[bytes]":
    made: "zmq.Socket[bytes]" = zmq.Context.instance().socket(zmq.DEALER)
    made.setsockopt(zmq.LINGER, 0)
    made.setsockopt(zmq.IMMEDIATE, 1)  # nothing waits for a server that is not there
    made.setsockopt(zmq.MAXMSGSIZE, protocol.MAX_HEADER)
    made.set_hwm(64)
    if connection.get("server_key"):
        made.curve_serverkey = str(connection["server_key"]).encode()
        made.curve_publickey = str(connection["public_key"]).encode()
        made.curve_secretkey = str(connection["secret_key"]).encode()
    return made


def knock(connection: Connection, seconds: float = 1.0) -> Optional[str]:
    """Only the handshake: why nobody opened within the time, or None where the server let us in.

    A server that turns us away says so at once, and for a request it would only be silent.
    """
    from zmq.utils.monitor import recv_monitor_message  # slow to load: it brings asyncio

    probe = _socket(connection)
    monitor = probe.get_monitor_socket()
    probe.connect(str(connection["address"]))
    turned_away = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    turned_away |= zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    try:
        until = time.monotonic() + seconds
        while monitor.poll(max(0, int((until - time.monotonic()) * 1000))):
            event = recv_monitor_message(monitor)
            if event["event"] & turned_away:
                return "It does not know this client's key, or has another key than this client was told"
            if event["event"] & zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return None
            if event["event"] & zmq.EVENT_CONNECT_RETRIED:  # refused: nobody has that port
                break
        return "Nobody answers there"
    finally:
        probe.disable_monitor()
        probe.close()

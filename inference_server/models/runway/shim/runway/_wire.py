"""Messages between semrender and a model's process: a header of JSON, its length before it, and raw bytes behind it.

Python 3.6, standard library; both sides read this file.
"""

import json
import struct
from typing import Any, BinaryIO, Dict, List, Tuple

MAX_HEADER = 32 * 2**20  # bytes
MAX_BLOB = 2**30
MAX_BLOBS = 16

Message = Tuple[Dict[str, Any], List[bytes]]


class Broken(Exception):
    """The other side ended, or says what no message is."""


def send(stream: BinaryIO, header: Dict[str, Any], blobs: Any = ()) -> None:
    """blobs: bytes, or arrays that lie in memory in one piece."""
    views = [memoryview(one).cast("B") for one in blobs]
    words = json.dumps(dict(header, blobs=[len(one) for one in views])).encode()
    try:
        stream.write(struct.pack(">I", len(words)) + words)
        for one in views:
            stream.write(one)
        stream.flush()
    except (OSError, ValueError) as error:
        raise Broken(str(error)) from error


def receive(stream: BinaryIO) -> Message:
    """Raises Broken. Every length is looked at before memory is taken."""
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    if length > MAX_HEADER:
        raise Broken("a header of {} bytes".format(length))
    try:
        header = json.loads(_exactly(stream, length).decode())
    except (ValueError, RecursionError) as error:
        raise Broken(str(error)) from error
    sizes = header.pop("blobs", None) if isinstance(header, dict) else None
    if not isinstance(sizes, list) or len(sizes) > MAX_BLOBS:
        raise Broken("a header without its lengths")
    if not all(isinstance(size, int) and 0 <= size <= MAX_BLOB for size in sizes):
        raise Broken("lengths that are none")
    return header, [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, length: int) -> bytes:
    pieces, missing = [], length
    while missing:
        try:
            piece = stream.read(min(missing, 2**20))
        except (OSError, ValueError) as error:
            raise Broken(str(error)) from error
        if not piece:
            raise Broken("it ended")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)

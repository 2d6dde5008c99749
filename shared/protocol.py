"""The words that client, broker and worker exchange over ZeroMQ.

A message is a list of frames: a msgpack header (a map, at most `MAX_HEADER` bytes) and at most one opaque blob,
a piece of an encoded file (never an array) of at most `CHUNK` bytes. Files travel in pieces so that control
never waits behind pixels and so that memory is bounded before it is taken. Three kinds of header:

    request  {"v", "verb", "id", "body"}           answered once, by id
    reply    {"v", "re": id, "ok": True, "body"}   or {"v", "re": id, "ok": False, "error": {...}}
    event    {"v", "event", "job", "n", "body"}    numbered per job from 1, replayed on request

Unknown fields are ignored, unknown verbs are refused. There is no pickle anywhere.
"""

from __future__ import annotations

import uuid
from typing import Any, Dict, List, Optional, Sequence, Tuple

import msgpack

from shared.errors import InputRefused, SemrenderError, ServerError, from_dict

PROTOCOL = 2  # what this build speaks
MIN_PROTOCOL = 2  # the oldest it still understands

MAX_HEADER = 8 * 2**20  # bytes
CHUNK = 2 * 2**20  # bytes of one blob
MARGIN = 2**16  # of a header, for what is added to a body on its way: names of tasks, counts, places
MAX_ITEMS = 100_000  # in one array or map of a header
MAX_DEPTH = 32  # of maps and arrays within each other

Message = Tuple[Dict[str, Any], List[bytes]]


def request(verb: str, body: Dict[str, Any], blobs: Sequence[bytes] = ()) -> Tuple[str, List[bytes]]:
    """A request's id and its frames."""
    identity = uuid.uuid4().hex
    return identity, pack({"v": PROTOCOL, "verb": verb, "id": identity, "body": body}, blobs)


def reply(to: str, body: Dict[str, Any], blobs: Sequence[bytes] = ()) -> List[bytes]:
    return pack({"v": PROTOCOL, "re": to, "ok": True, "body": body}, blobs)


def refusal(to: str, error: SemrenderError) -> List[bytes]:
    return pack({"v": PROTOCOL, "re": to, "ok": False, "error": error.to_dict()})


def event(name: str, job: str, number: int, body: Dict[str, Any]) -> List[bytes]:
    return pack({"v": PROTOCOL, "event": name, "job": job, "n": number, "body": body})


def check_size(body: Dict[str, Any]) -> None:
    """Refuse what could not be passed on in a message of its own. Raises ServerError."""
    size = len(msgpack.packb(body, use_bin_type=True))
    if size > MAX_HEADER - MARGIN:
        raise _too_large(size)


def pack(header: Dict[str, Any], blobs: Sequence[bytes] = ()) -> List[bytes]:
    """Frames of a message. Raises ServerError where the other side would refuse the size, InputRefused for no text."""
    try:
        first = msgpack.packb(header, use_bin_type=True)
    except UnicodeEncodeError as error:
        words = "this name is not UTF-8, so it cannot be sent"
        raise InputRefused(words, file=error.object, remedy="Rename the file or folder") from None
    if len(first) > MAX_HEADER or len(blobs) > 1 or any(len(b) > CHUNK for b in blobs):
        raise _too_large(len(first))
    return [first, *blobs]


def _too_large(size: int) -> ServerError:
    return ServerError(
        "this message is too large to send",
        cause=f"Its header has {size} bytes, of at most {MAX_HEADER - MARGIN}",
        remedy="Give the shot fewer layers or frames at a time, or smaller tables of names",
    )


def unpack(frames: Sequence[bytes]) -> Message:
    """Header and blobs of received frames; everything is bounded before it is unpacked."""
    if not 1 <= len(frames) <= 2 or len(frames[0]) > MAX_HEADER or any(len(blob) > CHUNK for blob in frames[1:]):
        raise ServerError("a message of the wrong shape was received")
    try:
        header = msgpack.unpackb(
            frames[0],
            raw=False,
            strict_map_key=True,
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
            max_ext_len=0,
        )
    except (ValueError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise ServerError("a message that is not msgpack was received", cause=str(error)) from error
    if not isinstance(header, dict):
        raise ServerError("a message without a header was received")
    if _deeper_than(header, MAX_DEPTH):
        raise ServerError(f"a message nested deeper than {MAX_DEPTH} was received")
    return header, list(frames[1:])


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        below: List[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return False
        level = below
    return True


def answer(header: Dict[str, Any]) -> Dict[str, Any]:
    """The body of a reply; a refusal is raised as the error it carries."""
    if header.get("ok"):
        body = header.get("body")
        return body if isinstance(body, dict) else {}
    raise from_dict(header.get("error") or {})


def check_version(body: Dict[str, Any], mine: str, theirs: str) -> None:
    """Refuse a peer whose protocol does not overlap ours, saying who must update."""
    speaks, oldest = body.get("protocol"), body.get("min_protocol")
    if not isinstance(speaks, int) or not isinstance(oldest, int):
        raise ServerError(f"the {theirs} does not say which protocol it speaks", remedy=f"Update the {theirs}")
    older: Optional[str] = None
    if speaks < MIN_PROTOCOL:
        older = theirs
    elif oldest > PROTOCOL:
        older = mine
    if older:
        raise ServerError(f"the {mine} speaks protocol {PROTOCOL}, the {theirs} {speaks}", remedy=f"Update the {older}")

"""The wire: round trips, bounds, version skew."""

import msgpack
import pytest

from shared import errors, protocol


def test_request_round_trip():
    identity, frames = protocol.request("submit", {"frames": [1, 2], "name": "列車"}, [b"\x89PNG"])
    header, blobs = protocol.unpack(frames)
    assert header == {
        "v": protocol.PROTOCOL,
        "verb": "submit",
        "id": identity,
        "body": {"frames": [1, 2], "name": "列車"},
    }
    assert blobs == [b"\x89PNG"]


def test_refusal_is_raised_as_the_same_error():
    error = errors.MissingInput("no file", file="a.png", layer="train", frame=1001, cause="c", remedy="r")
    header, _ = protocol.unpack(protocol.refusal("1", error))
    with pytest.raises(errors.MissingInput) as raised:
        protocol.answer(header)
    assert raised.value.to_dict() == error.to_dict()
    assert str(raised.value) == "layer train, frame 1001, a.png: no file. c. r."


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b""],
        [b"\xc1"],
        [msgpack.packb([1, 2])],
        [msgpack.packb({1: 2})],
        [msgpack.packb({"a": msgpack.ExtType(5, b"x")})],
        [b"\x91" * 100_000],
        [b"\xdf\xff\xff\xff\xff"],
        [b"\xdd\xff\xff\xff\xff"],
        [b"x" * (protocol.MAX_HEADER + 1)],
        [msgpack.packb({}), b"", b""],
        [msgpack.packb({}), b"x" * (protocol.CHUNK + 1)],
        [b"\x81\xa1a" * 40 + b"\xc0"],
    ],
)
def test_malformed_messages_are_refused_in_words(frames):
    with pytest.raises(errors.ServerError):
        protocol.unpack(frames)


def test_too_large_a_header_is_refused_before_it_is_sent():
    with pytest.raises(errors.ServerError, match="too large"):
        protocol.pack({"verb": "x" * protocol.MAX_HEADER})


@pytest.mark.parametrize(
    ("speaks", "oldest", "updates"), [(0, 0, "client"), (9, 9, "server"), (None, 1, "client"), ("1", 1, "client")]
)
def test_version_skew_says_who_must_update(speaks, oldest, updates):
    with pytest.raises(errors.ServerError, match=f"Update the {updates}"):
        protocol.check_version({"protocol": speaks, "min_protocol": oldest}, "server", "client")


def test_newer_peer_that_still_speaks_our_version_is_welcome():
    protocol.check_version({"protocol": 9, "min_protocol": 1}, "server", "client")

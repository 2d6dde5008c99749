"""Which frames a held frame is made of. Known to the broker too, so nothing here imports more than the language."""

from __future__ import annotations

STRIDES = {"gentle": 6, "strong": 12}  # frames from one anchor to the next


def anchors(frame: int, strength: str, first: int, last: int) -> tuple[int, int]:
    """The anchors before and after a frame (itself, where it is one), within the shot's frames.

    Anchors are the multiples of the stride, and the ends of the shot; so a longer shot keeps its frames inside.
    """
    stride = STRIDES[strength]
    return max(first, frame // stride * stride), min(last, -(-frame // stride) * stride)


def window(frame: int, strength: str, first: int, last: int) -> range:
    """All frames that a held frame depends on."""
    before, after = anchors(frame, strength, first, last)
    return range(before, after + 1)

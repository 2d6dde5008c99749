"""Which frames a held frame is made of. Known to the broker too, so nothing here imports more than the language."""

from __future__ import annotations

STRIDES = {"gentle": 6, "strong": 12}  # frames from one anchor to the next


def anchors(frame: int, strength: str, first: int, last: int) -> tuple[int, int]:
    """The anchors before and after a frame (itself, where it is one), within the shot's frames.

    Anchors are the ends of the shot and the multiples of the stride, so a longer shot keeps its frames inside. None is
    nearer to an end than a third of the stride: two anchors side by side would be two paintings side by side.
    """
    stride = STRIDES[strength]

    def is_anchor(number: int) -> bool:
        return number in (first, last) or (number % stride == 0 and 3 * min(number - first, last - number) >= stride)

    before = next(number for number in range(frame, first - 1, -1) if is_anchor(number))
    return before, next(number for number in range(frame, last + 1) if is_anchor(number))


def longest(strength: str) -> int:
    """Frames of the longest window, its anchors counted: of a shot that begins and ends just before a third."""
    return STRIDES[strength] * 5 // 3 - 1


def window(frame: int, strength: str, first: int, last: int) -> range:
    """All frames that a held frame depends on."""
    before, after = anchors(frame, strength, first, last)
    return range(before, after + 1)

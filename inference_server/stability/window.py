"""Which frames a held frame is made of. Known to the broker too, so nothing here imports more than the language."""

from __future__ import annotations

STRIDES = {"gentle": 6, "strong": 12}  # frames from one anchor to the next
BLOCK = 4  # windows for which a surface that stands still is one painting's: a change of 48 codes is one code a frame


def anchors(frame: int, strength: str, first: int, last: int) -> tuple[int, int]:
    """The anchors before and after a frame (itself, where it is one), within the shot's frames.

    Anchors are the ends of the shot and the multiples of the stride, so a longer shot keeps its frames inside. None is
    nearer to an end than a third of the stride: two anchors side by side would be two paintings side by side.
    """
    stride = STRIDES[strength]
    before = next(number for number in range(frame, first - 1, -1) if _is_anchor(number, stride, first, last))
    return before, next(number for number in range(frame, last + 1) if _is_anchor(number, stride, first, last))


def block(frame: int, strength: str, first: int, last: int) -> tuple[int, int]:
    """The first and the last frame of the windows in which a still surface goes over from one painting to another.

    Both are anchors; the last of one block is the first of the next, and the shot's last frame belongs to the last.
    """
    stride = STRIDES[strength] * BLOCK
    began = min(frame, max(last - 1, first))
    before = next(number for number in range(began, first - 1, -1) if _is_anchor(number, stride, first, last))
    return before, next((n for n in range(before + 1, last + 1) if _is_anchor(n, stride, first, last)), last)


def _is_anchor(number: int, stride: int, first: int, last: int) -> bool:
    return number in (first, last) or (number % stride == 0 and 3 * min(number - first, last - number) >= stride)


def longest(strength: str) -> int:
    """Frames of the longest window, its anchors counted: of a shot that begins and ends just before a third."""
    return STRIDES[strength] * 5 // 3 - 1


def window(frame: int, strength: str, first: int, last: int) -> range:
    """All frames through which the surfaces of a held frame are followed."""
    before, after = anchors(frame, strength, first, last)
    return range(before, after + 1)


def paintings(frame: int, strength: str, first: int, last: int) -> list[int]:
    """All frames whose paintings a held frame is made of: its window's, and those of its block's still surfaces.

    In the last block of a shot these are the first one's to the end.
    """
    before, after = block(frame, strength, first, last)
    return sorted({*window(frame, strength, first, last), before, *([after] if after != last else [])})

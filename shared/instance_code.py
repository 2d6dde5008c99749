"""The self-checking code of instance passes: a colour per number that a blend, dither or view transform does not keep.

Red and green are the number's low and high byte, blue checks them.
"""

from __future__ import annotations

Color = tuple[int, int, int]

LAST = 65534  # the highest number; 65535 means nothing is here


def encode(number: int) -> Color:
    """The colour (r, g, b), 8-bit codes, of a number 0..65534."""
    if not 0 <= number <= LAST:
        raise ValueError(f"instances are numbered 0 to {LAST}, not {number}")
    low, high = number & 255, number >> 8
    return low, high, check(low, high)


def check(low: int, high: int) -> int:
    """What blue is, of the bytes in red and green."""
    reversed_low = int(f"{low:08b}"[::-1], 2)
    return reversed_low ^ (151 * high & 255) ^ 0xA5


NOTHING: Color = (255, 255, check(255, 255))

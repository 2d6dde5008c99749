"""The self-checking label code: a colour per id that nothing but an untouched render can produce.

Blended, dithered or colour-managed pixels of ordinary palettes often are the colour of some other class.
Here red carries the id and green and blue check it: over all pairs of ids and 15 blend weights no blend is
another class, nor is any colour after an sRGB transfer or a change by one code.
"""

from __future__ import annotations

from typing import Tuple

NAME = "code"  # the name that selects this code where a palette's name is asked
LAST = 254  # the highest id; 255 means nothing is here
EMPTY = 255


def encode(identity: int) -> Tuple[int, int, int]:
    """The colour (r, g, b), 8-bit codes, of an id 0..254, or of 255 for NOTHING.

    A shader's value is code / 255.0; 8 bits and half float both keep that exactly.
    """
    if not 0 <= identity <= EMPTY:
        raise ValueError(f"the label code has room for the ids 0 to {LAST}, not {identity}")
    reversed_bits = int(f"{identity:08b}"[::-1], 2)
    return identity, (151 * identity + 91) & 255, reversed_bits ^ 0xA5

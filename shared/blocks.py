"""The pieces in which a shot is handed to several machines: block k is the frames 12k+1 to 12k+12.

12 is the stride of the strong hold and twice that of the gentle one: every anchor (`stability/window.py`) is the end of
a block, so that whoever paints whole blocks paints little that others paint too. The number of a block is the same in
every shot, like that of a frame; the first and the last block of a shot are cut by it.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import InputRefused

FRAMES = 12  # of a block
PER_RUN, MOST_PER_RUN = 4, 150  # blocks: one of what stands still; what Deadline Cloud takes for one chunk


def block_of(frame: int) -> int:
    """The number of the block that a frame is in."""
    return (frame - 1) // FRAMES


def blocks_of(first: int, last: int) -> range:
    """All blocks of a shot of these frames."""
    return range(block_of(first), block_of(last) + 1)


def frames_of(blocks: Iterable[int], first: int, last: int) -> list[int]:
    """The frames of these blocks that a shot from `first` to `last` has, ascending, each once."""
    found = {frame for block in blocks for frame in range(FRAMES * block + 1, FRAMES * (block + 1) + 1)}
    return sorted(frame for frame in found if first <= frame <= last)


def parse_blocks(text: str, first: int, last: int) -> list[int]:
    """The blocks of `83-91`, `5`, `-5--4` or `1-10:3`. Raises InputRefused where the shot has none of them."""
    from shared.sequences import parse_range  # the broker knows blocks, and reads no range

    there = blocks_of(first, last)
    if found := [block for block in parse_range(text) if block in there]:
        return found
    raise InputRefused(
        f"the shot has no block {text}",
        cause=f"Its frames {first}-{last} are blocks {written(there)}, {FRAMES} frames each",
        remedy="Give --blocks some of them",
    )


def runs(first: int, last: int, count: int) -> list[range]:
    """The blocks of a shot in runs of `count` that end where `count` divides the number behind; the ends are shorter.

    So a run of 4 is a block of what stands still in a strong hold, whose two ends it is made of.
    """
    blocks = blocks_of(first, last)
    starts = [blocks.start, *(block for block in blocks[1:] if block % count == 0)]
    return [range(begin, end) for begin, end in zip(starts, [*starts[1:], blocks.stop], strict=True)]


def written(blocks: range) -> str:
    """As `parse_blocks` and Open Job Description read it."""
    return str(blocks[0]) if len(blocks) == 1 else f"{blocks[0]}-{blocks[-1]}"

"""Which jobs a farm paints, and in which runs of blocks: so small that uneven machines end together, and no smaller.

A machine takes the next run when it has room, so that fast ones take more. What is left at the end decides how long
the fast ones wait for the slowest: runs become smaller towards the end (factoring, Hummel et al., CACM 35(8), 1992),
and the last tenth of a job are single blocks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from inference_server.models.cards import Card
from inference_server.models.needs import REMEMBERS
from shared.blocks import PER_RUN, block_of, runs

A_SLOT = 3  # runs of a size that every slot of every machine could have of what is left
STILL = "strong"  # the hold whose anchors are the ends of runs of PER_RUN blocks

Body = dict[str, Any]
Run = list[int]  # its first and last block


def runs_of(frames: Sequence[int], still: bool, slots: int) -> list[Run]:
    """The runs of a job of these frames, ascending, in the order in which they are best taken, the largest first.

    still: a layer holds still, and is made of the two ends of whole runs. slots: runs that all machines hold at once.
    """
    if still:
        return sorted(runs_per(frames, PER_RUN), key=lambda run: run[0] - run[1])
    blocks = sorted({block_of(frame) for frame in frames})
    found, left = [], len(blocks)
    for piece in neighbours(blocks):
        while piece:
            size = min(len(piece), _size(left, len(blocks), slots))
            found.append([piece[0], piece[size - 1]])
            piece, left = piece[size:], left - size
    return found


def runs_for(spec: Body, frames: Sequence[int], slots: int) -> list[Run]:
    """The runs of these of a job's frames, as `runs_of`."""
    return runs_of(frames, STILL in spec["holds"].values(), slots)


def runs_per(frames: Sequence[int], count: int) -> list[Run]:
    """The runs of a job of these frames, so many blocks each, that end where `count` divides the number behind."""
    blocks = {block_of(frame) for frame in frames}
    own = [[block for block in run if block in blocks] for run in runs(frames[0], frames[-1], count)]
    return [[run[0], run[-1]] for run in own if run]


def _size(left: int, of: int, slots: int) -> int:
    """How many blocks the next run has."""
    if left <= of / 10:
        return 1
    return next((size for size in (PER_RUN, PER_RUN // 2) if left >= size * A_SLOT * slots), 1)


def neighbours(blocks: Iterable[int]) -> list[list[int]]:
    """Numbers, ascending, as groups without a gap."""
    grouped = groupby(enumerate(sorted(blocks)), lambda one: one[1] - one[0])
    return [[block for _, block in group] for _, group in grouped]


def may_be_cut(spec: Body, cards: Iterable[Card]) -> bool:
    """Whether parts of a job can be painted apart, by several machines, without any of them doing much twice.

    Not what somebody tries out, what fits into one block, what is found out once of a whole layer, and what a model
    remembers from frame to frame.
    """
    whole = spec["part"] == "whole" and spec["offer"] and not spec["prepares"]
    remembers = any(card.family in REMEMBERS and REMEMBERS[card.family](card) != 0 for card in cards)
    return whole and not remembers and len({block_of(frame) for frame in spec["frames"]}) > 1


def frames_in(spec: Body, place: int) -> list[int]:
    """The frames of a job's run."""
    first, last = spec["chunks"][place]
    frames: list[int] = spec["frames"]  # ascending
    return frames[bisect_left(frames, first, key=block_of) : bisect_right(frames, last, key=block_of)]

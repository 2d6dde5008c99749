"""What a model's process has seen, and what it must still see to be in the state in which a frame is painted.

A model may keep something between frames. That is a state of its process, and a frame's pixels would depend on what was
painted before it, and by whom. So its frames are a chain: each depends on those before it, as many as it remembers, and
a process that has not seen these, in this order, is shown them first. In order that costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence


def to_see(seen: Sequence[str], marks: Sequence[str], remembers: int | None) -> int | None:
    """How many of the frames before one, the last of them, a process must still see; None: a fresh one must see all.

    Args:
        seen: marks of the frames that the process has seen since it was started.
        marks: of the frames before, oldest first, as many as the model remembers and the shot has, and of the frame.
        remembers: how many frames; None: all.
    """
    before = list(marks[:-1])
    if remembers == 0:
        return 0
    if remembers is None or len(before) < remembers:  # they begin with the shot, and so did what it remembers
        return len(before) - len(seen) if list(seen) == before[: len(seen)] else None
    for missing in range(remembers):
        known = remembers - missing
        if list(seen[-known:]) == before[:known]:
            return missing
    return remembers

"""Frames of a file as times of a scene: at the same frames, or, where the rates differ, as the artist says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import InputRefused

Rate = tuple[int, int]  # frames a second, exact

UNIT, SECONDS, FRAMES = "unit", "seconds", "frames"
WAYS = {
    UNIT: "Set the scene to {file} frames a second; keys that are there keep their seconds",
    SECONDS: "Keep the scene's rate: keys at the same seconds, between frames",
    FRAMES: "Keep the scene's rate: one key on each of its frames, by what lies between those of the file",
}


@dataclass(frozen=True)
class When:
    """Frames `first` to `last` of a file, in a scene that has `ratio` frames where the file has one."""

    first: int
    last: int
    ratio: float = 1.0
    whole: bool = False  # whether keys lie on frames of the scene, and values between those of the file

    def times(self, moving: bool = True) -> list[float]:
        """Of every key in frames of the scene; of what stands still of the first."""
        if not self.whole:
            return [frame * self.ratio for frame in range(self.first, (self.last if moving else self.first) + 1)]
        begin, end = math.ceil(self.first * self.ratio - 1e-6), math.floor(self.last * self.ratio + 1e-6)
        return [float(one) for one in range(begin, max(begin, end if moving else begin) + 1)]

    def values(self, found: Sequence[float], step: bool = False) -> list[float]:
        """What lies at these times, of one value for every frame of the file; with `step` what was there last."""
        if not self.whole:
            return list(found)
        return [_between(found, time / self.ratio - self.first, step) for time in self.times()]

    @property
    def before(self) -> float:
        """The whole frame of the scene before the first."""
        return float(math.ceil(self.times()[0] - 1e-6) - 1)

    @property
    def span(self) -> tuple[float, float]:
        times = self.times()
        return times[0], times[-1]


def _between(found: Sequence[float], at: float, step: bool) -> float:
    last = len(found) - 1
    low = min(max(math.floor(at + 1e-6), 0), last)
    part = min(max(at - low, 0.0), 1.0)
    if step or low == last or part < 1e-6:
        return found[low]
    return found[low] + (found[low + 1] - found[low]) * part


def when(first: int, last: int, scene: Rate, file: Rate | None, way: str) -> tuple[When, tuple[str, ...]]:
    """The times, and what the artist should know of them.

    Args:
        file: None where it says none: its frames are taken by their number.
        way: of WAYS, for rates that differ; with UNIT the scene is to have the file's rate.

    Raises InputRefused where the rates differ and nobody said what is to be done.
    """
    if file is None:
        return When(first, last), ("the file does not say its frame rate: its frames were taken by their number",)
    if same(scene, file) or way == UNIT:
        return When(first, last), ()
    if way not in WAYS:
        raise InputRefused(
            f"the file has {words(file)} frames a second, the scene {words(scene)}",
            remedy="Say whether the scene is to take the file's rate, whether keys may lie between its frames, or"
            " whether they are worked out for each of its frames",
        )
    made = When(first, last, ratio(scene, file), way == FRAMES)
    how = "one key on each of its frames" if made.whole else "keys lie between frames, at the same seconds"
    return made, (f"the file has {words(file)} frames a second, the scene {words(scene)}: {how}",)


def ratio(scene: Rate, file: Rate) -> float:
    """Frames of a scene for one of a file."""
    return scene[0] * file[1] / (scene[1] * file[0])


def same(one: Rate, other: Rate) -> bool:
    return one[0] * other[1] == one[1] * other[0]


def words(rate: Rate) -> str:
    return f"{rate[0] / rate[1]:.5g}"

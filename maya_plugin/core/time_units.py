"""Maya's names of time units as exact frames per second."""

from __future__ import annotations

import re

from shared.errors import InputRefused
from shared.rates import parse_fps

NAMED = {"game": 15, "film": 24, "pal": 25, "ntsc": 30, "show": 48, "palf": 50, "ntscf": 60}


def unit_of(rate: tuple[int, int]) -> str:
    """Maya's name of a rate, which it may not have: then it refuses to set it."""
    named = {fps: name for name, fps in NAMED.items()}
    return named.get(rate[0], f"{rate[0]}fps") if rate[1] == 1 else f"{rate[0] / rate[1]:.5g}fps"  # 23.976, 59.94


def rational(unit: str) -> tuple[int, int]:
    """(num, den) of what `currentUnit(query=True, time=True)` says, such as "film" or "23.976fps".

    Raises InputRefused for units that are no frame rate between 1 and 240.
    """
    if unit in NAMED:
        return NAMED[unit], 1
    found = re.fullmatch(r"([0-9.]+)(fps|df)", unit)
    if found is not None:
        return parse_fps(found[1])
    raise InputRefused(
        f"the scene's time unit is {unit!r}, which is no frame rate",
        remedy="Set one in Windows > Settings/Preferences > Preferences > Settings > Time, such as 24 fps",
    )

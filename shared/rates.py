"""Frame rates: exact rationals, however programs write them. Maya-safe: Python 3.9, standard library only."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from shared.errors import InputRefused
from shared.kinds import Data, Kind, is_whole
from shared.wording import show


def parse_fps(value: Any) -> tuple[int, int]:
    """Frames per second as an exact rational (num, den).

    Takes 24, 23.976, "29.97", "24000/1001" or [24000, 1001], with as many digits as programs write. Rates that no
    program runs at, but cameras and trackers write, become what they are short for: within .01 of n*1000/1001 that
    NTSC rate, so 23.976, 23.98 and 23.97 are 24000/1001; within .001 of a whole number that number.
    Raises InputRefused for anything else and outside 1-240.
    """
    remedy = 'Allowed: 1 to 240, as 24, 23.976, "24000/1001" or [24000, 1001]'
    refused = InputRefused(f'"fps" is {show(value)}', remedy=remedy)
    if isinstance(value, (list, tuple)):
        if len(value) != 2 or not all(is_whole(v) and 0 < v <= 10**9 for v in value):
            raise refused
        rate = Fraction(value[0], value[1])
    else:
        text = value.strip() if isinstance(value, str) else repr(value) if _is_number(value) else ""
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,40})?|[0-9]{1,9}/[0-9]{1,9}", text):
            raise refused
        try:
            rate = Fraction(text)
        except ZeroDivisionError:
            raise refused from None
    whole, ntsc = Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    if abs(rate - whole) <= Fraction(1, 1000):
        rate = whole
    elif abs(rate - ntsc) < Fraction(1, 100):
        rate = ntsc
    rate = rate.limit_denominator(10_000)
    if not 1 <= rate <= 240:
        raise refused
    return rate.numerator, rate.denominator


def parse_time(value: Any) -> Fraction:
    """Seconds of 75.5, "75.5", "1:15.5" or "0:01:15.5". Raises InputRefused."""
    text = value.strip() if isinstance(value, str) else repr(value) if _is_number(value) else ""
    if not re.fullmatch(r"([0-9]{1,3}:)?([0-9]{1,2}:)?[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise InputRefused(
            f"{show(value)} is no time", remedy='Write seconds or [hours:]minutes:seconds, such as "1:15.5"'
        )
    seconds = Fraction(0)
    for part in text.split(":"):
        seconds = 60 * seconds + Fraction(part)
    return seconds


def fps_text(num: int, den: int) -> str:
    """A rate as people write it: 24, 12.5, 24000/1001 (23.976)."""
    rate = Fraction(num, den)
    exact = f"{float(rate):g}"
    return exact if Fraction(exact) == rate else f"{rate} ({float(rate):.3f})"


def resampled(clip: Fraction, shot: Fraction) -> str:
    """What becomes of a clip's pictures at the rate of a shot, each frame of which shows the nearest, in words."""
    times, left = shot // clip, shot % clip / clip
    if times == 0:
        lost = 1 - shot / clip
        return (
            f"{float(lost):.0%} of its pictures are left out"
            if lost > Fraction(2, 100)
            else _one_in(1 / lost, "left out")
        )
    if not left:
        return f"each of its pictures stands on {times} frames"
    return _one_in(1 / left, "shown twice") if times == 1 else f"its pictures stand on {times} or {times + 1} frames"


def _one_in(count: Fraction, what: str) -> str:
    return f"one in {round(count)} of its pictures is {what}"


def fps_literal(num: int, den: int) -> float:
    """The rate as After Effects writes it: 23.976 for 24000/1001, 29.97, 59.94; 24 and 12.5 as they are."""
    return round(num / den, 3)


class Rate(Kind):
    """A frame rate, as people and programs write it; becomes (num, den)."""

    def read(self, value: Any, key: str) -> tuple[int, int]:
        return parse_fps(value)

    def plain(self, value: Any) -> Any:
        return value[0] if value[1] == 1 else f"{value[0]}/{value[1]}"

    def schema(self) -> Data:
        pair = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2}
        return {"anyOf": [{"type": "number", "minimum": 1, "maximum": 240.0005}, {"type": "string"}, pair]}


def _is_number(value: Any) -> bool:
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))

"""What the header of a pass states of the shot: the shape of its pixels and the frame rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from shared.errors import SemrenderError
from shared.passes.exr_header import read_headers
from shared.rates import parse_fps


@dataclass(frozen=True)
class Stated:
    pixel_aspect: float | None = None  # width by height; None where it is 1, which every EXR has that was not asked
    fps: tuple[int, int] | None = None


def stated(path: Path) -> Stated:
    """Of an EXR, its first part; of anything else nothing. Damage is the business of whoever reads the pixels."""
    if path.suffix.lower() not in (".exr", ".sxr"):
        return Stated()
    try:
        header = read_headers(path)[0]
    except (OSError, SemrenderError):
        return Stated()
    aspect = float(f"{float(header.number('pixelAspectRatio') or 1):.6g}")  # stored with 24 bits
    return Stated(aspect if 0.1 <= aspect <= 10 and aspect != 1 else None, _fps(header.number("framesPerSecond")))


def _fps(rate: int | float | Fraction | None) -> tuple[int, int] | None:
    if rate is None:
        return None
    try:
        return parse_fps([rate.numerator, rate.denominator] if isinstance(rate, Fraction) else rate)
    except SemrenderError:
        return None

"""What the header of a pass states of the shot: the shape of its pixels and the frame rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from shared.errors import SemrenderError
from shared.file_names import is_clip
from shared.passes.exr_header import read_headers
from shared.rates import parse_fps
from shared.values import Value


class Stated(Value):
    pixel_aspect: float | None = None  # width by height; None where it is 1, which every EXR has that was not asked
    fps: tuple[int, int] | None = None
    uneven: bool = False  # the pictures of a clip come at uneven times


def stated(path: Path) -> Stated:
    """Of an EXR, its first part, or a clip; of anything else nothing. Damage is told by who reads the pixels."""
    if is_clip(path):
        return _of_clip(path)
    if path.suffix.lower() not in (".exr", ".sxr"):
        return Stated()
    try:
        header = read_headers(path)[0]
    except (OSError, SemrenderError):
        return Stated()
    aspect = float(f"{float(header.number('pixelAspectRatio') or 1):.6g}")  # stored with 24 bits
    return Stated(aspect if 0.1 <= aspect <= 10 and aspect != 1 else None, _fps(header.number("framesPerSecond")))


def _of_clip(path: Path) -> Stated:
    from shared.passes.clip_pass import opened

    try:
        with opened(path) as clip:
            aspect = round(clip.pixel_aspect, 6)
            own = aspect if 0.1 <= aspect <= 10 and aspect != 1 else None
            return Stated(own, (clip.fps.numerator, clip.fps.denominator), clip.variable)
    except SemrenderError:
        return Stated()


def _fps(rate: int | float | Fraction | None) -> tuple[int, int] | None:
    if rate is None:
        return None
    try:
        return parse_fps([rate.numerator, rate.denominator] if isinstance(rate, Fraction) else rate)
    except SemrenderError:
        return None

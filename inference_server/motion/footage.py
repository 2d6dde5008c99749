"""A clip, or a numbered sequence of pictures, as frames by number: 8 bits, upright, of square pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_server.datasets.sources import digest_of, square_pixels
from inference_server.datasets.stills import eight_bits, read_still
from shared.clips import Clip
from shared.errors import InputRefused
from shared.file_names import is_clip
from shared.frame_numbers import split_name
from shared.rates import fps_text
from shared.sequences import find_sequence, frames_text
from shared.shot_input import check_even
from shared.values import Value

SEQUENCE_FPS = Fraction(24)  # of pictures, where nobody says otherwise

Pixels = NDArray[np.uint8]


class Footage(Value):
    """picture: of a frame, (H, W, 3) uint8 sRGB; key: of a frame, the same for the same picture wherever it lies.

    pixel_aspect: of the file's own pixels, which were made square.
    """

    name: str
    stem: str
    frames: range
    fps: Fraction
    size: tuple[int, int]
    pixel_aspect: float
    notes: tuple[str, ...]
    picture: Callable[[int], Pixels]
    key: Callable[[int], str]


@contextmanager
def opened(name: str, fps: tuple[int, int] | None, first: int) -> Iterator[Footage]:
    """Footage by its name: a clip, at its own rate or another, or a pattern, or a folder with one sequence.

    first: number of a clip's first frame. Raises MissingInput or InputRefused in words.
    """
    path = Path(name)
    if is_clip(path) and not path.is_dir():
        with Clip(path, fps, first) as clip:
            if fps is None:
                check_even(clip)
                yield _of_clip(name, clip, clip.fps)
            else:
                with Clip(path) as as_it_is:
                    own = as_it_is.fps
                yield _of_clip(name, clip, own)
    else:
        yield _of_sequence(name, Fraction(*fps) if fps else SEQUENCE_FPS)


def _of_clip(name: str, clip: Clip, own: Fraction) -> Footage:
    """own: the rate that the clip has itself."""
    digest = digest_of(clip.path)
    notes = [f"the clip {words}" for words in clip.told("auto")]
    if clip.variable:
        notes.append("its pictures come at uneven times; each frame shows the nearest")
    if own != clip.fps and not clip.variable:
        rates = [fps_text(one.numerator, one.denominator) for one in (own, clip.fps)]
        notes.append(f"it has {rates[0]} frames a second, of which {rates[1]} are taken, those nearest in time")
    if clip.pixel_aspect != 1:
        notes.append(f"its pixels are {clip.pixel_aspect:g} times as wide as high; made square")

    def picture(frame: int) -> Pixels:
        return square_pixels(eight_bits(clip.frame(frame, "auto")), clip.pixel_aspect)

    height, width = picture(clip.first).shape[:2]
    return Footage(
        name=name,
        stem=clip.path.stem,
        frames=clip.frames,
        fps=clip.fps,
        size=(width, height),
        pixel_aspect=clip.pixel_aspect,
        notes=tuple(notes),
        picture=picture,
        key=lambda frame: f"{digest}:{clip.source(frame)}",
    )


def _of_sequence(name: str, fps: Fraction) -> Footage:
    files = find_sequence(name).files
    numbers = sorted(files)
    frames = range(numbers[0], numbers[-1] + 1)
    if lacking := [frame for frame in frames if frame not in files]:
        raise InputRefused(
            f"frames {frames_text(lacking)} are not there", file=name, remedy="Nobody can be followed across a gap"
        )
    told: list[str] = []

    def picture(frame: int) -> Pixels:
        pixels, words = read_still(files[frame])
        told.extend(words)
        return pixels

    height, width = picture(frames[0]).shape[:2]

    def same_size(frame: int) -> Pixels:
        pixels = picture(frame)
        if pixels.shape[:2] != (height, width):
            raise InputRefused(
                f"the picture is {pixels.shape[1]}x{pixels.shape[0]}, the first {width}x{height}",
                file=files[frame],
                frame=frame,
                remedy="Give pictures of one size",
            )
        return pixels

    parts = split_name(files[frames[0]].name)
    stem = (parts[0] if parts else files[frames[0]].stem).rstrip(" ._-") or "frame"
    return Footage(
        name=name,
        stem=stem,
        frames=frames,
        fps=fps,
        size=(width, height),
        pixel_aspect=1.0,
        notes=tuple(dict.fromkeys(told)),
        picture=same_size,
        key=lambda frame: digest_of(files[frame]),
    )

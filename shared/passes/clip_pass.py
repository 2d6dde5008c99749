"""Clips as passes: which frames of a shot a clip has, and the picture of each.

A process has one reader of a clip, whichever threads ask: it decodes in passing what is asked for in order, and seeks
else. What a frame shows is the same either way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from threading import Lock

import numpy as np

from shared.clips import Clip, Pixels
from shared.errors import InputRefused, MissingInput
from shared.passes.label_pass import Probe
from shared.passes.picture_pass import PicturePass, read_picture_pass
from shared.sequences import Beat, Sequence

OPEN = 8  # clips at once

State = tuple[Path, int, int]  # path, time of change, size: of another file another reader


class Reader:
    """A clip, which is opened by the first of the threads that use it, one at a time."""

    def __init__(self) -> None:
        self.clip: Clip | None = None
        self.turn = Lock()
        self.users = 0


_readers: OrderedDict[State, Reader] = OrderedDict()
_table = Lock()  # of what is in `_readers`, and of who uses it; nothing is opened, read or closed under it


@contextmanager
def opened(path: Path) -> Iterator[Clip]:
    """The clip, for one thread alone. Raises MissingInput or InputRefused naming the file."""
    try:
        found = path.stat()
    except OSError as error:
        raise MissingInput("the clip is not there", file=path, cause=error.strerror or str(error)) from None
    state = path, found.st_mtime_ns, found.st_size
    with _table:
        reader = _readers.setdefault(state, Reader())
        _readers.move_to_end(state)
        reader.users += 1
        gone = [one for one in _readers if one[0] == path and one != state]
        idle = _taken_out(gone + [one for one in _readers if one not in gone][:-OPEN])
    _close(idle)
    try:
        with reader.turn:
            if reader.clip is None:
                reader.clip = Clip(path)
            yield reader.clip
    finally:
        with _table:
            reader.users -= 1
            kept = _readers.get(state) is reader
            if kept and reader.clip is None:
                del _readers[state]
            last = not kept and not reader.users
        if last:
            _close([reader])


def close_clips() -> None:
    """Close all readers, those in use after it: on Windows, of a file that is open no other can be made."""
    with _table:
        idle = _taken_out(list(_readers))
    _close(idle)


def _taken_out(states: list[State]) -> list[Reader]:
    """Those of the readers taken out of the table that nobody uses; of the others the last user closes them."""
    return [reader for reader in [_readers.pop(state) for state in states] if not reader.users]


def _close(readers: list[Reader]) -> None:
    for reader in readers:
        if reader.clip is not None:
            reader.clip.close()


def find_clip(pattern: str, base: Path, beat: Beat) -> Sequence:
    """A clip as a sequence whose every frame has the same file. Raises MissingInput or InputRefused."""
    with opened(base / pattern) as clip:
        clip.check_fields(beat.deinterlace)
        frames = range(beat.start, beat.start + clip.count(Fraction(*beat.rate)))
    if beat.last is not None:
        frames = range(beat.start, max(beat.last, frames[-1]) + 1)
    return Sequence(pattern, dict.fromkeys(frames, base / pattern), frames[0], frames[-1], 1, clip=beat)


def picture_number(sequence: Sequence, frame: int) -> int:
    """Which picture of the clip, from 0, a frame of the shot shows. Raises MissingInput."""
    with opened(sequence.file(frame)) as clip:
        return _index(clip, sequence, frame)


def read_picture(sequence: Sequence, frame: int) -> PicturePass:
    """The picture of a frame, of a clip or of files. Raises MissingInput or InputRefused naming the file."""
    if sequence.clip is None:
        return read_picture_pass(sequence.file(frame))
    pixels, kind = read_codes(sequence, frame)
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    alpha = values[..., 3] if values.shape[2] == 4 else np.ones(values.shape[:2], np.float32)
    return PicturePass(np.ascontiguousarray(values[..., :3]), alpha, kind)


def read_codes(sequence: Sequence, frame: int) -> tuple[Pixels, str]:
    """The picture of a frame of a clip as it is decoded, see `Clip.picture`, and what kind of clip it is."""
    assert sequence.clip is not None
    with opened(sequence.file(frame)) as clip:
        try:
            return clip.picture(_index(clip, sequence, frame), sequence.clip.deinterlace), clip.kind
        except InputRefused as error:
            raise error.located(frame=frame) from None


def probe_clip(path: Path) -> Probe:
    """Size and kind of a clip. Raises MissingInput or InputRefused."""
    with opened(path) as clip:
        return Probe(*clip.size, clip.kind)


def clip_told(sequence: Sequence) -> list[str]:
    """What an artist should know of a clip, see `Clip.told`."""
    assert sequence.clip is not None
    with opened(next(iter(sequence.files.values()))) as clip:
        return clip.told(sequence.clip.deinterlace)


def _index(clip: Clip, sequence: Sequence, frame: int) -> int:
    assert sequence.clip is not None
    rate = Fraction(*sequence.clip.rate)
    number = sequence.clip.place(frame - sequence.clip.start, clip.count(rate))
    return clip.index_at(number / rate)

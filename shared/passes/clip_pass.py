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

from shared.clips import Clip
from shared.errors import InputRefused, MissingInput
from shared.passes.label_pass import Probe
from shared.passes.picture_pass import PicturePass, read_picture_pass
from shared.sequences import Beat, Sequence

OPEN = 8  # clips at once

State = tuple[Path, int, int]  # path, time of change, size: of another file there is another reader
_readers: OrderedDict[State, tuple[Clip, Lock]] = OrderedDict()
_opening = Lock()


@contextmanager
def opened(path: Path) -> Iterator[Clip]:
    """The clip, for one thread alone. Raises MissingInput or InputRefused naming the file."""
    try:
        found = path.stat()
    except OSError as error:
        raise MissingInput("the clip is not there", file=path, cause=error.strerror or str(error)) from None
    state = path, found.st_mtime_ns, found.st_size
    with _opening:
        if state not in _readers:
            _readers[state] = Clip(path), Lock()
            if len(_readers) > OPEN:
                _readers.popitem(last=False)  # closes itself when no thread has it any more
        _readers.move_to_end(state)
        clip, lock = _readers[state]
    with lock:
        yield clip


def find_clip(pattern: str, base: Path, beat: Beat) -> Sequence:
    """A clip as a sequence whose every frame has the same file. Raises MissingInput or InputRefused."""
    with opened(base / pattern) as clip:
        frames = range(beat.start, beat.start + clip.count(Fraction(*beat.rate)))
    return Sequence(pattern, dict.fromkeys(frames, base / pattern), frames[0], frames[-1], 1, clip=beat)


def picture_number(sequence: Sequence, frame: int) -> int:
    """Which picture of the clip, from 0, a frame of the shot shows. Raises MissingInput."""
    with opened(sequence.file(frame)) as clip:
        return _index(clip, sequence, frame)


def read_picture(sequence: Sequence, frame: int) -> PicturePass:
    """The picture of a frame, of a clip or of files. Raises MissingInput or InputRefused naming the file."""
    if sequence.clip is None:
        return read_picture_pass(sequence.file(frame))
    with opened(sequence.file(frame)) as clip:
        try:
            pixels = clip.picture(_index(clip, sequence, frame))
        except InputRefused as error:
            raise error.located(frame=frame) from None
        kind = clip.kind
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    alpha = values[..., 3] if values.shape[2] == 4 else np.ones(values.shape[:2], np.float32)
    return PicturePass(np.ascontiguousarray(values[..., :3]), alpha, kind)


def probe_clip(path: Path) -> Probe:
    """Size and kind of a clip. Raises MissingInput or InputRefused."""
    with opened(path) as clip:
        return Probe(*clip.size, clip.kind)


def _index(clip: Clip, sequence: Sequence, frame: int) -> int:
    assert sequence.clip is not None
    return clip.index_at((frame - sequence.clip.start) / Fraction(*sequence.clip.rate))

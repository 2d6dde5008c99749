"""Libraries that write to the standard streams are not heard; whatever else is written there meanwhile is.

OpenEXR prints its own words about damaged files, from C to the error stream and from its Python binding with
`print`; OpenCV's libpng and libjpeg and Pillow's libtiff do the first. They would stand in the middle of a JSON
answer, and the artist gets our words anyway.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TextIO

TIFF = ("TIFF", "ZSTDDecode", "LZMADecode")
PICTURES = ("libpng ", "Corrupt JPEG data", "Premature end of JPEG", "unknown JFIF revision", "JPEG datastream")
THEIRS = ("EXR_ERR_", "Warning: Exception raised reading pixel data", *TIFF, *PICTURES)

_lock = threading.Lock()
_readers = 0
_undo: tuple[int, IO[bytes], TextIO, io.StringIO] | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep their words off the standard streams. Several threads may be inside; the last one out restores."""
    global _readers, _undo
    with _lock:
        _readers += 1
        if _readers == 1:
            _undo = _redirect()
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers and _undo is not None:
                _restore(*_undo)
                _undo = None


def _redirect() -> tuple[int, IO[bytes], TextIO, io.StringIO] | None:
    try:
        kept = os.dup(2)
    except OSError:  # no error stream at all: a service, a window without a console
        return None
    caught, printed = tempfile.TemporaryFile(), io.StringIO()  # noqa: SIM115
    os.dup2(caught.fileno(), 2)
    out, sys.stdout = sys.stdout, printed
    return kept, caught, out, printed


def _restore(kept: int, caught: IO[bytes], out: TextIO, printed: io.StringIO) -> None:
    sys.stdout = out
    os.dup2(kept, 2)
    os.close(kept)
    caught.seek(0)
    for line in caught.read().splitlines(keepends=True):
        if not any(words.encode() in line for words in THEIRS):
            os.write(2, line)
    caught.close()
    for text in printed.getvalue().splitlines(keepends=True):
        if not text.startswith(THEIRS[1]) and out is not None:
            out.write(text)

"""What a file says of itself: its credentials, its source type, and the watermark in its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.provenance import certificates, credentials, source_type, watermark
from shared.errors import InputRefused, SemrenderError
from shared.file_names import is_clip
from shared.values import Value

TOGETHER = 48  # frames of a movie that are looked at together; a mark adds up over them
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".webp", ".bmp", ".tga", ".dpx")


class Told(Value):
    """credentials: None where the library is not installed, `lacks` says so in words. frames: how many of them the
    watermark was looked for in; 0 of a file without pictures, and where `unseen` says why there are none."""

    credentials: credentials.Reading | None
    lacks: str
    source_type: str
    watermark: watermark.Found | None
    frames: int
    unseen: str = ""


def tell(path: Path, trusted: tuple[str, ...] = ()) -> Told:
    """All that a file tells. trusted: PEM of roots beside this machine's own. Raises InputRefused naming the file."""
    try:
        kind = source_type.stated(path)
    except OSError as error:
        raise InputRefused("the file cannot be read", file=path, cause=error.strerror or str(error)) from None
    found, lacks = None, ""
    try:
        found = credentials.read(path, (*_own_root(), *trusted))
    except InputRefused:
        raise
    except SemrenderError as error:
        lacks = str(error)
    try:
        return Told(found, lacks, kind, *watermark_of(path))
    except SemrenderError as error:  # a file that was damaged is what its signature is for
        return Told(found, lacks, kind, None, 0, error.what)


def _own_root() -> tuple[str, ...]:
    try:
        certificate = certificates.given()
    except SemrenderError:  # a certificate that cannot be signed with keeps nobody from reading
        return ()
    return () if certificate is None else (certificate.root,)


def watermark_of(path: Path) -> tuple[watermark.Found | None, int]:
    """The watermark of a picture or movie, and how many frames were looked at. A movie is looked at in pieces until one
    has a mark without doubt, else all of it together."""
    if not is_clip(path):
        if path.suffix.lower() not in PICTURES:
            return None, 0
        left = watermark.residue([_picture(path)])
        return (None if left is None else watermark.detect(left)), 1
    pieces: list[watermark.Residue] = []
    count = 0
    for piece in _pieces(path):
        left = watermark.residue((frame, None) for frame in piece)
        if left is None:
            continue
        count += left.frames
        pieces.append(left)
        found = watermark.detect(left)
        if found is not None and not found.doubtful:
            return found, count
        if len(pieces) > 1:
            pieces = [watermark.joined(pieces)]
    return (watermark.detect(pieces[0]) if pieces else None), count


def _pieces(path: Path) -> Iterator[list[NDArray[np.float32]]]:
    """The pictures of a movie, some at a time."""
    from shared.clips import Clip

    with Clip(path) as clip:
        piece: list[NDArray[np.float32]] = []
        for number in clip.frames:
            piece.append(_values(clip.frame(number, "off"))[..., :3])
            if len(piece) == TOGETHER:
                yield piece
                piece = []
        if piece:
            yield piece


def _picture(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    from shared.passes.picture_pass import read_picture_pass

    found = read_picture_pass(path)
    return np.asarray(found.colour, np.float32), np.asarray(found.alpha, np.float32)


def _values(pixels: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(pixels, np.float32) / np.float32(np.iinfo(pixels.dtype).max)

"""What a file says of itself: its credentials, its source type, and the watermark in its pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_server.provenance import certificates, credentials, source_type, watermark
from shared.delivery import Footage, read_delivery
from shared.errors import InputRefused, SemrenderError
from shared.file_names import is_clip
from shared.footage import frame_path
from shared.paced import paced
from shared.values import Value

TOGETHER = 48  # frames of a movie that are looked at together; a mark adds up over them
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".webp", ".bmp", ".tga", ".dpx")


Say = Callable[[str], None]


def quietly(_: str) -> None:
    """For who waits without words."""


class Told(Value):
    """credentials: None where the library is not installed, `lacks` says so in words. frames: how many of them the
    watermark was looked for in; 0 of a file without pictures, and where `unseen` says why there are none."""

    credentials: credentials.Reading | None
    lacks: str
    source_type: str
    watermark: watermark.Found | None
    frames: int
    unseen: str = ""


class Match(Value):
    """Whether a layer's watermark is in a film, where the layer is: how sure, in standard deviations."""

    layer: str
    number: int
    sure: float

    @property
    def there(self) -> bool:
        return self.sure > watermark.UNMOVED


def tell(path: Path, trusted: tuple[str, ...] = (), say: Say = quietly) -> Told:
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
        return Told(found, lacks, kind, *watermark_of(path, say))
    except SemrenderError as error:  # a file that was damaged is what its signature is for
        return Told(found, lacks, kind, None, 0, error.what)


def _own_root() -> tuple[str, ...]:
    try:
        certificate = certificates.given()
    except SemrenderError:  # a certificate that cannot be signed with keeps nobody from reading
        return ()
    return () if certificate is None else (certificate.root,)


def watermark_of(path: Path, say: Say = quietly) -> tuple[watermark.Found | None, int]:
    """The watermark of a picture or movie, and how many frames were looked at. A movie is looked at in pieces until one
    has a mark without doubt, else all of it together."""
    if not is_clip(path):
        if path.suffix.lower() not in PICTURES:
            return None, 0
        left = watermark.residue([_picture(path)])
        return (None if left is None else watermark.detect(left)), 1
    seen: list[watermark.Residue] = []
    count = 0
    for piece in pieces(path, say):
        left = watermark.residue((frame, None) for frame in piece)
        if left is None:
            continue
        count += left.frames
        seen.append(left)
        found = watermark.detect(left)
        if found is not None and not found.doubtful:
            return found, count
        if len(seen) > 1:
            seen = [watermark.joined(seen)]
    return (watermark.detect(seen[0]) if seen else None), count


def matches(path: Path, delivery: Path, blind: watermark.Found | None, say: Say = quietly) -> list[Match]:
    """Of the layers of a delivery, whether a picture or movie has their watermark. Where number and place are known,
    much less is enough than where nothing is. blind: what was found without (a preview is marked all over, beyond the
    layer). Raises InputRefused naming the file."""
    folder = delivery if delivery.is_dir() else delivery.parent
    marks: list[tuple[str, int, NDArray[np.float32]]] = []
    for layer in read_delivery(delivery).layers:
        if layer.role == "painting" and layer.provenance.watermark:
            marks.append((layer.name, int(layer.provenance.watermark, 16), _covered(layer.footage, folder)))
    if not marks:
        raise InputRefused("no layer of this delivery has a watermark", file=delivery)
    seen = {blind.number: blind.sure} if blind is not None and not blind.doubtful else {}
    sure = {place: seen.get(number, 0.0) for place, (_, number, _) in enumerate(marks)}
    for piece in pieces(path, say) if is_clip(path) else [[_picture(path)[0]]]:
        left = watermark.residue((frame, None) for frame in piece)
        for place, (_, number, coverage) in enumerate(marks):
            if left is not None:
                sure[place] = max(sure[place], watermark.certainty(left, number, coverage))
    return [Match(name, number, round(sure[place], 1)) for place, (name, number, _) in enumerate(marks)]


def _covered(footage: Footage, folder: Path) -> NDArray[np.float32]:
    """(H, W) where a layer is on any of its frames; of a long one some, evenly."""
    numbers = range(footage.first, footage.last + 1)
    whole = np.zeros((footage.height, footage.width), np.float32)
    for number in numbers[:: -(-len(numbers) // TOGETHER)]:
        _, alpha = _picture(folder / frame_path(footage, number))
        whole = np.maximum(whole, alpha if alpha is not None else 1)
    return whole


def pieces(path: Path, say: Say = quietly) -> Iterator[list[NDArray[np.float32]]]:
    """The pictures of a movie, some at a time."""
    from shared.clips import Clip

    with Clip(path) as clip:
        piece: list[NDArray[np.float32]] = []
        for number in paced(clip.frames, f"{path.name}: looked at", say):
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

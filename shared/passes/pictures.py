"""PNG, TIFF, JPEG and the like: from a file to raw samples, nothing converted on the way.

OpenCV decodes (fast, keeps 16 bits); Pillow where palette indices matter, which OpenCV loses.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused, MissingInput
from shared.passes.label_pass import Probe

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
TIFF = (b"II*\0", b"MM\0*")
EXR = b"\x76\x2f\x31\x01"
MAX_PIXELS = 2**28


@dataclass(frozen=True)
class Raw:
    """Samples as stored: (H, W) grey or palette index, (H, W, 3) RGB; uint8 or uint16. alpha (H, W) or None."""

    kind: str
    samples: NDArray[Any]
    alpha: NDArray[Any] | None
    is_palette: bool = False
    colours: NDArray[np.uint8] | None = None  # (H, W, 3) of a palette picture


def read_head(path: Path, count: int = 33) -> bytes:
    """The first bytes of a file. Raises MissingInput or InputRefused for one that is not there or empty."""
    try:
        with path.open("rb") as file:
            head = file.read(count)
    except FileNotFoundError:
        raise MissingInput("the file is not there", file=path) from None
    except OSError as error:
        raise InputRefused("the file cannot be read", file=path, cause=error.strerror or str(error)) from error
    if not head:
        raise InputRefused(
            "the file is empty", file=path, cause="Rendering or copying it did not finish", remedy="Render it again"
        )
    return head


def truncated(path: Path, detail: str = "") -> InputRefused:
    """The error for a file that ends too early."""
    return InputRefused(
        "the file is incomplete" + (f": {detail}" if detail else ""),
        file=path,
        cause="It was cut short while it was rendered or copied",
        remedy="Render or copy it again",
    )


def png_header(path: Path) -> tuple[int, int, int, int]:
    """Width, height, bit depth and colour type of a PNG that reaches its end (PNG specification, 5.3 and 11.2)."""
    with path.open("rb") as file:
        head = file.read(33)
        if len(head) < 33 or head[12:16] != b"IHDR":
            raise truncated(path)
        width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
        file.seek(0, 2)
        end = file.tell()
        position = 33
        while position + 12 <= end:
            file.seek(position)
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind == b"IEND":
                _check_pixels(path, width, height)
                return width, height, depth, colour
            position += length + 12
    raise truncated(path, "the PNG stops before its end chunk")


def _colour_key(path: Path) -> int | None:
    """The grey value that a PNG calls transparent (chunk tRNS, 11.3.1.1); OpenCV passes over it."""
    with path.open("rb") as file:
        file.seek(33)
        while True:
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind == b"tRNS":
                return int.from_bytes(file.read(2), "big")
            if kind in (b"IDAT", b"IEND"):
                return None
            file.seek(length + 4, 1)


def _check_pixels(path: Path, width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise InputRefused(f"the picture claims to be {width}x{height}, which is no frame", file=path)


def probe_picture(path: Path, head: bytes) -> Probe:
    """Size and kind of a PNG, TIFF, JPEG or other picture."""
    if head.startswith(PNG):
        width, height, depth, colour = png_header(path)
        return Probe(width, height, f"{depth}-bit {_PNG_KINDS.get(colour, 'unknown')} PNG")
    if head.startswith(JPEG):
        _check_jpeg(path)
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            _check_pixels(path, *picture.size)
            return Probe(*picture.size, f"{picture.mode} {picture.format}")
    except Image.DecompressionBombError as error:
        raise InputRefused("the picture claims a size that is no frame", file=path, cause=str(error)) from error
    except (UnidentifiedImageError, OSError):
        raw = read_picture(path, head)  # Pillow does not know every TIFF that OpenCV reads
        return Probe(raw.samples.shape[1], raw.samples.shape[0], raw.kind)


_PNG_KINDS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey and alpha", 6: "RGBA"}


def read_picture(path: Path, head: bytes) -> Raw:
    """Decode a picture that is not an EXR. Raises InputRefused for what cannot be decoded whole."""
    depth = 8
    if head.startswith(PNG):
        _, _, depth, colour = png_header(path)
        kind = f"{depth}-bit {_PNG_KINDS.get(colour, 'unknown')} PNG"
        if colour == 3:
            return _read_palette(path, kind)
    elif head.startswith(JPEG):
        _check_jpeg(path)
        kind = "JPEG"
    elif head.startswith(TIFF):
        kind = "TIFF"
        if _is_palette_tiff(path):
            return _read_palette(path, "palette TIFF")
    else:
        kind = path.suffix.lstrip(".").upper() or "picture"
    import cv2

    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # OpenCV's own bounds
        pixels = None
    if pixels is None:
        raise InputRefused(
            "the file cannot be decoded",
            file=path,
            cause="It is damaged, or no picture",
            remedy="Render it again as PNG or EXR",
        )
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputRefused(f"a {kind} with samples of {pixels.dtype} is not read", file=path, remedy="Save it as EXR")
    if depth < 8:  # OpenCV spreads 1, 2 and 4 bits over 0..255; the stored value is what counts
        pixels = pixels // (255 // (2**depth - 1))
    if pixels.ndim == 2:
        key = _colour_key(path) if head.startswith(PNG) else None
        return Raw(kind, pixels, None if key is None else np.where(pixels == key, 0, 255).astype(np.uint8))
    if pixels.shape[2] == 2:
        return Raw(kind, pixels[..., 0], pixels[..., 1])
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    if head.startswith(PNG) and colour in (0, 4):  # grey and alpha comes as four channels
        return Raw(kind, pixels[..., 0], alpha)
    return Raw(kind, cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB if alpha is not None else cv2.COLOR_BGR2RGB), alpha)


def _check_jpeg(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        if b"\xff\xd9" not in file.read():
            raise truncated(path, "the JPEG stops before its end marker")


def _is_palette_tiff(path: Path) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return picture.mode == "P"
    except (UnidentifiedImageError, OSError):
        return False


def _check_rows(path: Path) -> None:
    """Pillow fills the rows that a palette PNG lacks with index 0; count the inflated bytes instead."""
    content = path.read_bytes()
    if not content.startswith(PNG) or content[28]:  # an interlaced picture has another layout
        return
    width, height, depth, _ = png_header(path)
    inflater, position, size = zlib.decompressobj(), 33, 0
    try:
        while content[position + 4 : position + 8] != b"IEND":
            length = int.from_bytes(content[position : position + 4], "big")
            if content[position + 4 : position + 8] == b"IDAT":
                size += len(inflater.decompress(content[position + 8 : position + 8 + length]))
            position += length + 12
    except zlib.error as error:
        raise truncated(path, str(error)) from error
    if size < (1 + (width * depth + 7) // 8) * height:
        raise truncated(path, "the PNG lacks rows")


def _read_palette(path: Path, kind: str) -> Raw:
    from PIL import Image

    _check_rows(path)
    try:
        with Image.open(path) as picture:
            indices = np.asarray(picture.copy() if picture.mode == "P" else picture.convert("P"))
            coloured = np.asarray(picture.convert("RGBA"))
    except OSError as error:
        raise truncated(path, str(error)) from error
    alpha = coloured[..., 3] if (coloured[..., 3] != 255).any() else None
    return Raw(kind, indices, alpha, True, np.ascontiguousarray(coloured[..., :3]))

"""PNG and JPEG: from a file to raw samples, nothing converted on the way; `formats` has the other formats.

OpenCV decodes (fast, keeps 16 bits); Pillow where palette indices matter, which OpenCV loses.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputRefused, MissingInput
from shared.passes.label_pass import Probe
from shared.passes.quiet import quiet
from shared.shot import MAX_PIXELS
from shared.values import Value

if TYPE_CHECKING:
    from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
EXR = b"\x76\x2f\x31\x01"


class Raw(Value):
    """Samples as stored: (H, W) grey or palette index, (H, W, 3) RGB; whole numbers or floats. alpha (H, W) or None.

    top: what the format calls full, of samples and alpha: 255, 65535, 1023 of 10 bits, 1.0 of floats.
    associated: the colours were multiplied by alpha. lossy: the file's compression where that changes colours.
    """

    kind: str
    samples: NDArray[Any]
    alpha: NDArray[Any] | None
    is_palette: bool = False
    colours: NDArray[np.uint8] | None = None  # (H, W, 3) of a palette picture
    top: float = 255.0
    associated: bool = False
    lossy: str = ""


def read_head(path: Path, count: int = 33) -> bytes:
    """The first bytes of a file. Raises MissingInput or InputRefused for one that is not there or empty."""
    try:
        with path.open("rb") as file:
            head = file.read(count)
    except FileNotFoundError:
        if path.is_symlink():
            raise MissingInput(
                f"this is a link to {path.readlink()}, and that file is not there",
                file=path,
                cause="What it leads to was moved, removed, or its disk is not mounted",
                remedy="Mount the disk, or publish the file again",
            ) from None
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
        if depth not in _PNG_DEPTHS.get(colour, ()):
            raise InputRefused("the header of the PNG is damaged", file=path, remedy="Render it again")
        file.seek(0, 2)
        end = file.tell()
        position = 33
        while position + 12 <= end:
            file.seek(position)
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind == b"acTL":
                raise InputRefused("the PNG is an animation", file=path, remedy="Save every frame as a PNG of its own")
            if position + length + 12 <= end and not _is_whole(file, kind, length):
                raise InputRefused(
                    "the file is damaged: its check sums do not fit its content",
                    file=path,
                    cause="It was changed on disk or while it was copied",
                    remedy="Render or copy it again",
                )
            if kind == b"IEND":
                check_pixels(path, width, height)
                return width, height, depth, colour
            position += length + 12
    raise truncated(path, "the PNG stops before its end chunk")


def _is_whole(file: BinaryIO, kind: bytes, length: int) -> bool:
    """Whether a chunk's content, at which the file stands, has its check sum; libpng would complain on the terminal."""
    total = zlib.crc32(kind)
    while length:
        some = file.read(min(length, 1 << 20))
        total, length = zlib.crc32(some, total), length - len(some)
    return file.read(4) == total.to_bytes(4, "big")


_PNG_KINDS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey and alpha", 6: "RGBA"}
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


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


def check_pixels(path: Path, width: int, height: int) -> None:
    """Refuse a size that is no frame, before memory is taken for it."""
    if not 0 < width * height <= MAX_PIXELS:
        raise InputRefused(f"the picture claims to be {width}x{height}, which is no frame", file=path)


def probe_png(path: Path) -> Probe:
    """Size and kind of a PNG that reaches its end."""
    width, height, depth, colour = png_header(path)
    return Probe(width, height, f"{depth}-bit {_PNG_KINDS[colour]} PNG")


def read_png(path: Path) -> Raw:
    """Decode a PNG. Raises InputRefused."""
    import cv2

    _, _, depth, colour = png_header(path)
    kind = f"{depth}-bit {_PNG_KINDS[colour]} PNG"
    if colour == 3:
        _check_rows(path)
        return read_palette(path, kind)
    pixels = _decoded(path)
    if depth < 8:  # OpenCV spreads 1, 2 and 4 bits over 0..255; the stored value is what counts
        pixels = pixels // (255 // (2**depth - 1))
    top = float(2**depth - 1)
    if pixels.ndim == 2:
        key = _colour_key(path)
        alpha = None if key is None else np.where(pixels == key, 0, top).astype(pixels.dtype)
        return Raw(kind, pixels, alpha, top=top)
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    if colour in (0, 4):  # grey and alpha comes as four channels
        return Raw(kind, pixels[..., 0], alpha, top=top)
    order = cv2.COLOR_BGRA2RGB if alpha is not None else cv2.COLOR_BGR2RGB
    return Raw(kind, cv2.cvtColor(pixels, order), alpha, top=top)


def read_jpeg(path: Path) -> Raw:
    """Decode a JPEG, so that the refusal can say what became of its colours. Raises InputRefused."""
    import cv2

    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        if b"\xff\xd9" not in file.read():
            raise truncated(path, "the JPEG stops before its end marker")
    with opened(path) as picture:
        check_pixels(path, *picture.size)
    pixels = _decoded(path)
    return Raw("JPEG", pixels if pixels.ndim == 2 else cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2RGB), None)


def _decoded(path: Path) -> NDArray[Any]:
    """The pixels of a PNG or JPEG in OpenCV's order."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong is said by an error of ours
    try:
        with quiet():
            pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # OpenCV's own bounds
        pixels = None
    if pixels is None:
        raise undecodable(path)
    found: NDArray[Any] = pixels
    return found


def undecodable(path: Path) -> InputRefused:
    """The error for a file that is no picture."""
    return InputRefused(
        "the file cannot be decoded",
        file=path,
        cause="It is damaged, or no picture",
        remedy="Render it again as PNG or EXR",
    )


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture opened by Pillow, whose many exceptions and warnings become one error in words."""
    from PIL import Image

    warnings.filterwarnings("ignore", module="PIL")
    try:
        with Image.open(path) as picture:
            yield picture
    except Image.DecompressionBombError:
        raise InputRefused("the picture claims a size that is no frame", file=path) from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, struct.error, zlib.error):
        raise undecodable(path) from None


def _check_rows(path: Path) -> None:
    """Pillow fills the rows that a palette PNG lacks with index 0; count the inflated bytes instead."""
    content = path.read_bytes()
    if content[28]:  # an interlaced picture has another layout
        return
    width, height, depth, _ = png_header(path)
    inflater, position, size = zlib.decompressobj(), 33, 0
    needed = (1 + (width * depth + 7) // 8) * height
    try:
        while size < needed and content[position + 4 : position + 8] != b"IEND":
            length = int.from_bytes(content[position : position + 4], "big")
            if content[position + 4 : position + 8] == b"IDAT":
                data = content[position + 8 : position + 8 + length]
                while size < needed and data:
                    size += len(inflater.decompress(data, min(needed - size, 1 << 20)))
                    data = inflater.unconsumed_tail
            position += length + 12
    except zlib.error as error:
        raise truncated(path) from error
    if size < needed:
        raise truncated(path, "the PNG lacks rows")


def read_palette(path: Path, kind: str) -> Raw:
    """Decode a picture whose pixels are places in a list of colours: both the places and the colours."""
    with opened(path) as picture:
        check_pixels(path, *picture.size)
        indices = np.asarray(picture.copy() if picture.mode == "P" else picture.convert("P"))
        coloured = np.asarray(picture.convert("RGBA"))
    alpha = coloured[..., 3] if (coloured[..., 3] != 255).any() else None
    return Raw(kind, indices, alpha, True, np.ascontiguousarray(coloured[..., :3]))

"""The chunks of a painted PNG that are no pixels: its provenance, the source type of a changed face, its signature.

PNG specification, third edition; the provenance is the first text, and stands before the pixels.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inference_server.provenance import source_type

KEYWORD = "semrender"  # of the text chunk that holds the provenance
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIGNATURE = b"caBX"  # C2PA specification, of PNG; it stands before the first text
HEADER_END = 8 + 25  # of a PNG: signature and IHDR
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def is_sealed(path: Path) -> bool:
    """Whether a PNG has a signature, which may have been broken since. Raises OSError."""
    with path.open("rb") as file:
        return file.read(HEADER_END + 8)[-4:] == SIGNATURE


def head(metadata: dict[str, Any]) -> bytes:
    """What stands before the pixels of a painted PNG."""
    return chunk(b"sRGB", b"\0") + text_chunk(metadata) + source_chunk(metadata)


def text_chunk(metadata: dict[str, Any]) -> bytes:
    return chunk(b"iTXt", KEYWORD.encode() + b"\0\0\0\0\0" + json.dumps(metadata, ensure_ascii=False).encode())


def source_chunk(metadata: dict[str, Any]) -> bytes:
    """Of a changed face the standard statement that it is one (IPTC Photo Metadata, Digital Source Type), as XMP."""
    if not metadata.get("synthetic"):
        return b""
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + source_type.packet(metadata["synthetic"]).encode())


def with_text(data: bytes, text: bytes) -> Iterator[bytes]:
    """The PNG's bytes with its first text chunk replaced, and without a signature."""
    at = HEADER_END
    yield data[:at]
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + length + 12
        if kind == b"iTXt":
            yield text
            yield data[end:]
            return
        if kind != SIGNATURE:
            yield data[at:end]
        at = end


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text_of(path: Path) -> str | None:
    """It stands before the pixels, of which only the end is looked at."""
    with path.open("rb") as file:
        if file.read(8) != PNG_SIGNATURE:
            return None
        length, kind = struct.unpack(">I4s", file.read(8))
        while kind != b"iTXt":
            if kind in (b"IDAT", b"IEND"):
                return None
            file.seek(length + 4, os.SEEK_CUR)
            length, kind = struct.unpack(">I4s", file.read(8))
        data = file.read(length)
        if not data.startswith(KEYWORD.encode() + b"\0"):
            return None
        file.seek(-len(PNG_END), os.SEEK_END)
        return data[len(KEYWORD) + 5 :].decode() if file.read() == PNG_END else None

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
END_SUM = b"\xaeB`\x82"  # of the chunk that ends every PNG


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


def joined(data: bytes) -> bytes:
    """A PNG's chunks with its pixels in one of them, so that `text_of` is soon through."""
    others, pixels, at = [], [], 0
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + length + 12
        if kind == b"IDAT":
            pixels.append(data[at + 8 : end - 4])
        else:
            others.append(data[at:end])
        at = end
    return b"".join((*others[:-1], chunk(b"IDAT", b"".join(pixels)), others[-1]))


def text_of(path: Path) -> str | None:
    """The provenance, where every chunk has its length and the last ends the file: what lost a piece has none."""
    text = None
    with path.open("rb", buffering=0) as file:
        if file.read(8) != PNG_SIGNATURE:
            return None
        while True:
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind == b"IEND":
                return text if file.read() == END_SUM else None
            if kind == b"iTXt" and text is None:
                data = file.read(length)
                if not data.startswith(KEYWORD.encode() + b"\0"):
                    return None
                text = data[len(KEYWORD) + 5 :].decode()
                length = 0
            if text is None and kind == b"IDAT":
                return None
            file.seek(length + 4, os.SEEK_CUR)

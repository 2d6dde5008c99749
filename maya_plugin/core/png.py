"""A picture as a PNG file, without the libraries that Maya's Python lacks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path


def write_png(file: Path, rows: Sequence[bytes]) -> None:
    """Write rows of RGBA with 8 bits, the upmost first; whole under its name, or not at all. Raises OSError."""
    header = struct.pack(">IIBBBBB", len(rows[0]) // 4, len(rows), 8, 6, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    data = b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part)) for kind, part in chunks
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.tmp")
    beside.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    beside.replace(file)

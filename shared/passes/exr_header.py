"""The header of an OpenEXR file, without its pixels and without the library.

What a file promises is read here (parts, channels, windows, attributes, chunks), so that it can be compared with
what the library delivers, bounded before memory is taken, and asked for one attribute in a millisecond. Texts are
bytes in the file: UTF-8 by the specification, Latin-1 where a program wrote that.
The layout is that of the document "OpenEXR File Layout" (openexr.com).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, NamedTuple

from shared.errors import InputRefused, MissingInput
from shared.passes.pictures import EXR, truncated
from shared.values import Value

MAX_PARTS = 1024
MAX_NAME = 255  # characters, by the specification
MAX_ATTRIBUTE = 64 * 2**20  # bytes: a manifest of a large scene has a few millions
MAX_CHUNKS = 2**22

TILED, DEEP, MULTIPART = 0x200, 0x800, 0x1000  # flags in the version field
NEEDED = (  # attributes without which pixels cannot be read
    *("channels", "compression", "dataWindow", "displayWindow", "lineOrder", "pixelAspectRatio", "screenWindowCenter"),
    *("screenWindowWidth", "tiles", "chunkCount", "name", "type", "version"),
)
RIPMAP = 2  # levels of tiles
KINDS = ("uint", "half", "float")
STORAGES = ("scanlineimage", "tiledimage", "deepscanline", "deeptile")
COMPRESSIONS = (
    ("NO", 1),  # with the scan lines that one chunk holds
    ("RLE", 1),
    ("ZIPS", 1),
    ("ZIP", 16),
    ("PIZ", 32),
    ("PXR24", 16),
    ("B44", 32),
    ("B44A", 32),
    ("DWAA", 32),
    ("DWAB", 256),
    ("HTJ2K256", 256),
    ("HTJ2K32", 32),
)

Window = tuple[int, int, int, int]  # left, top, right, bottom: all inside


class Attribute(NamedTuple):
    kind: str
    value: bytes  # as stored
    place: int  # of its name in the file


NONE = Attribute("", b"", 0)


class Channel(Value):
    name: str
    kind: str  # "uint", "half", "float"
    sampling: tuple[int, int]  # 1, 1: a value for every pixel


class Header(Value):
    """One part; compression "" and chunks None where not known."""

    name: str
    storage: str  # of STORAGES
    channels: tuple[Channel, ...]
    data_window: Window
    display_window: Window
    compression: str
    chunks: int | None
    attributes: Mapping[str, Attribute]

    @property
    def is_deep(self) -> bool:
        return self.storage.startswith("deep")

    def text(self, name: str) -> str | None:
        """A text attribute; None where there is none of that name and kind."""
        kind, value, _ = self.attributes.get(name, NONE)
        return text_of(value) if kind == "string" else None

    def number(self, name: str) -> int | float | Fraction | None:
        """A numeric attribute, a rational one exactly; None where there is none, or no number in it."""
        kind, value, _ = self.attributes.get(name, NONE)
        form = {"int": "<i", "float": "<f", "double": "<d", "rational": "<iI"}.get(kind)
        if form is None or struct.calcsize(form) != len(value):
            return None
        first, *rest = struct.unpack(form, value)
        if not rest:
            return int(first) if kind == "int" else float(first)
        return Fraction(first, rest[0]) if rest[0] else None


def text_of(value: bytes) -> str:
    """UTF-8, or Latin-1 where it is none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def pixels_of(window: Window) -> int:
    left, top, right, bottom = window
    return max(0, right - left + 1) * max(0, bottom - top + 1)


def read_headers(path: Path) -> list[Header]:
    """All parts that the file promises. Raises MissingInput, or InputRefused for what is cut short or damaged."""
    with _opened(path) as file:
        return _headers(path, file)[1]


def is_whole(path: Path) -> bool:
    """Whether every chunk that the headers promise has its place, and the last of them its full length.

    Raises MissingInput, or InputRefused where there are no sound headers.
    """
    with _opened(path) as file:
        version, headers = _headers(path, file)
        if any(header.chunks is None for header in headers):
            return True
        table = file.tell()
        start = table + 8 * sum(header.chunks or 0 for header in headers)
        end = file.seek(0, 2)
        if start >= end:
            return False
        file.seek(table)
        offsets = struct.unpack(f"<{(start - table) // 8}Q", file.read(start - table))
        if not offsets or min(offsets) < start or max(offsets) >= end:
            return False
        file.seek(max(offsets))
        try:
            return _chunk_end(file, version, headers) <= end
        except struct.error:
            return False


def plain(content: bytearray, headers: list[Header]) -> None:
    """Make a file's header harmless: nothing of it but what the pixels need is looked at by the library any more.

    Attributes that are not needed get a kind that nobody knows, and letters of names that are not UTF-8 become DEL,
    each at its length. DEL is last in ASCII: channels are stored in the order of their names.
    """
    for name, attribute in (pair for header in headers for pair in header.attributes.items()):
        named = content.index(b"\0", attribute.place)
        kind = content.index(b"\0", named + 1)
        start = kind + 5
        spans = [(attribute.place, named)]
        if name not in NEEDED:
            content[named + 1 : kind] = b"x" * (kind - named - 1)
        elif name == "name":
            spans.append((start, start + len(attribute.value)))
        elif name == "channels":
            spans += [(start + at, start + at + len(text)) for at, text in _channel_names(attribute.value)]
        for begin, end in spans:
            if not is_utf8(content[begin:end]):
                content[begin:end] = bytes(letter if letter < 128 else 127 for letter in content[begin:end])


def is_utf8(text: bytes | bytearray) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _chunk_end(file: BinaryIO, version: int, headers: list[Header]) -> int:
    """Where the chunk ends at whose beginning the file stands. Raises struct.error."""
    (part,) = struct.unpack("<I", file.read(4)) if version & MULTIPART else (0,)
    if part >= len(headers):
        raise struct.error("a chunk of a part that is not there")
    file.seek(16 if "tile" in headers[part].storage else 4, 1)
    if headers[part].is_deep:
        size, samples, _ = struct.unpack("<3Q", file.read(24))
    else:
        size, samples = struct.unpack("<I", file.read(4))[0], 0
    if not size:  # a file that was given its length before its content
        raise struct.error("a chunk without bytes")
    return int(file.tell() + size + samples)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise MissingInput("the file is not there", file=path) from None
    except OSError as error:
        raise InputRefused("the file cannot be read", file=path, cause=error.strerror or str(error)) from error


def _headers(path: Path, file: BinaryIO) -> tuple[int, list[Header]]:
    """The version field with its flags, and the headers; the file then stands at the table of chunks."""
    headers: list[Header] = []
    try:
        if file.read(4) != EXR:
            raise InputRefused("the file is no OpenEXR", file=path, remedy="Choose another file")
        (version,) = struct.unpack("<I", _exactly(file, 4))
        while attributes := _attributes(file):
            headers.append(_header(attributes, version))
            if not version & MULTIPART:
                break
            if len(headers) > MAX_PARTS:
                raise ValueError(f"it has more than {MAX_PARTS} parts")
        if not headers:
            raise ValueError("it has no part")
    except EOFError as error:
        raise truncated(path, "the EXR's header has no end") from error
    except (ValueError, struct.error, IndexError, KeyError) as error:
        raise InputRefused(
            "the header of the EXR is damaged", file=path, cause=str(error), remedy="Render or copy it again"
        ) from error
    return version, headers


def _attributes(file: BinaryIO) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    while True:
        place = file.tell()
        name = _name(file)
        if not name:
            return found
        kind = _name(file)
        (size,) = struct.unpack("<i", _exactly(file, 4))
        if not 0 <= size <= MAX_ATTRIBUTE:
            raise ValueError(f"the attribute {name} claims {size} bytes")
        found[name] = Attribute(kind, _exactly(file, size), place)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise EOFError
    return data


def _name(file: BinaryIO) -> str:
    found = bytearray()
    while (letter := _exactly(file, 1)) != b"\0":
        found += letter
        if len(found) > MAX_NAME:
            raise ValueError(f"a name is longer than {MAX_NAME} characters")
    return text_of(bytes(found))


def _header(attributes: dict[str, Attribute], version: int) -> Header:
    for needed in ("channels", "compression", "dataWindow", "displayWindow"):
        if needed not in attributes:
            raise ValueError(f"it has no {needed}")
    storage = STORAGES[1 if version & TILED else 0]
    if "type" in attributes and version & (DEEP | MULTIPART):
        storage = text_of(attributes["type"].value)
    if storage not in STORAGES:
        raise ValueError(f"its kind {storage!r} is not known")
    code = attributes["compression"].value[0]
    compression, lines = COMPRESSIONS[code] if code < len(COMPRESSIONS) else ("", 0)
    data = _window(attributes["dataWindow"].value)
    return Header(
        text_of(attributes.get("name", NONE).value),
        storage,
        _channels(attributes["channels"].value),
        data,
        _window(attributes["displayWindow"].value),
        compression,
        _chunks(attributes, storage, data, lines),
        attributes,
    )


def _window(value: bytes) -> Window:
    left, top, right, bottom = struct.unpack("<4i", value)
    return left, top, right, bottom


def _channels(value: bytes) -> tuple[Channel, ...]:
    found = []
    for place, name in _channel_names(value):
        kind, _, across, down = struct.unpack_from("<iIii", value, place + len(name) + 1)
        if not 0 <= kind < len(KINDS) or across < 1 or down < 1:
            raise ValueError(f"the channel {text_of(name)} is of no known kind")
        found.append(Channel(text_of(name), KINDS[kind], (across, down)))
    return tuple(found)


def _channel_names(value: bytes) -> Iterator[tuple[int, bytes]]:
    """Each channel's place in the list and its name; 16 more bytes follow a name and its end."""
    position = 0
    while value[position] != 0:
        end = value.index(b"\0", position)
        yield position, value[position:end]
        position = end + 17


def _chunks(attributes: dict[str, Attribute], storage: str, data: Window, lines: int) -> int | None:
    if "chunkCount" in attributes:
        (count,) = struct.unpack("<i", attributes["chunkCount"].value)
    elif "tile" in storage:
        count = _tiles(attributes["tiles"].value, data[2] - data[0] + 1, data[3] - data[1] + 1)
    elif lines:
        count = -(-(data[3] - data[1] + 1) // lines)
    else:
        return None
    if not 0 <= count <= MAX_CHUNKS:
        raise ValueError(f"it claims {count} chunks")
    return int(count)


def _tiles(value: bytes, width: int, height: int) -> int:
    """Tiles of all levels of a picture (one level, mipmap or ripmap)."""
    across, down, mode = struct.unpack("<IIB", value)
    if not across or not down or width < 1 or height < 1:
        raise ValueError("its tiles have no size")

    def sizes(length: int) -> list[int]:
        found = [length]
        while mode & 15 and found[-1] > 1:
            found.append((found[-1] + (mode >> 4)) // 2)
        return found

    wide, high = sizes(width), sizes(height)
    if mode & 15 == RIPMAP:
        return sum(-(-w // across) * -(-h // down) for w in wide for h in high)
    return sum(-(-w // across) * -(-h // down) for w, h in zip_longest(wide, high, fillvalue=1))

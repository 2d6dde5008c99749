"""The header reader against the library's own, and what it says of files that are not whole."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from shared.errors import InputRefused, MissingInput
from shared.passes.exr_header import is_whole, pixels_of, read_headers

DATA = Path(__file__).parents[1] / "data" / "passes"
SOUND = sorted(path for path in DATA.glob("*.exr") if path.name not in ("cut.exr", "header_only.exr"))
PLANE = np.zeros((40, 30), np.float32)


def write(path: Path, **header: object) -> Path:
    base = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File({**base, **header}, {"Z": PLANE}).write(str(path))
    return path


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.name)
def test_it_agrees_with_the_library(path: Path) -> None:
    theirs = OpenEXR.File(str(path), header_only=True).parts
    ours = read_headers(path)
    assert [part.name for part in ours] == [part.name() for part in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert set(their.header) - {"type", "chunkCount"} <= set(our.attributes)
        assert our.compression == their.header["compression"].name.removesuffix("_COMPRESSION")
        assert our.storage == their.header["type"].name
        corners = [int(v) for corner in their.header["dataWindow"] for v in corner]
        assert list(our.data_window) == corners
        assert [channel.name for channel in our.channels] == [channel.name for channel in their.header["channels"]]
        texts = {name: value for name, value in their.header.items() if isinstance(value, str) and name != "name"}
        assert {name: our.text(name) for name in texts} == texts
    assert is_whole(path)


def test_values_of_attributes(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", pixelAspectRatio=2.0, framesPerSecond=Fraction(24000, 1001), owner="Łódź", take=7)
    (header,) = read_headers(file)
    assert header.number("pixelAspectRatio") == 2 and header.number("framesPerSecond") == Fraction(24000, 1001)
    assert header.number("take") == 7 and header.number("owner") is None and header.number("nothing") is None
    assert header.text("owner") == "Łódź" and header.text("take") is None
    assert pixels_of(header.data_window) == PLANE.size and header.channels[0].kind == "float"


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    content = write(tmp_path / "a.exr", owner="Atelier-Renee").read_bytes()
    (tmp_path / "a.exr").write_bytes(content.replace(b"Atelier-Renee", b"Atelier-Ren\xe9e"))
    assert read_headers(tmp_path / "a.exr")[0].text("owner") == "Atelier-Renée"


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.name)
def test_a_file_cut_anywhere_is_not_whole(tmp_path: Path, path: Path) -> None:
    content = path.read_bytes()
    for length in (*range(len(content) - 3, 4, -max(1, len(content) // 60)), 4):
        (tmp_path / "cut.exr").write_bytes(content[:length])
        try:
            whole = is_whole(tmp_path / "cut.exr")
        except InputRefused as error:
            assert "incomplete" in error.what
            continue
        assert not whole, length


@pytest.mark.parametrize("path", [path for path in SOUND if "bad_exponent" not in path.name], ids=lambda p: p.name)
def test_a_file_of_full_length_whose_end_was_never_copied_is_not_whole(tmp_path: Path, path: Path) -> None:
    content = path.read_bytes()
    (tmp_path / "holed.exr").write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    assert not is_whole(tmp_path / "holed.exr")


def test_a_chunk_that_was_never_written(tmp_path: Path) -> None:
    content = write(tmp_path / "a.exr").read_bytes()
    table = _table(tmp_path / "a.exr")
    (tmp_path / "a.exr").write_bytes(content[:table] + bytes(8) + content[table + 8 :])
    assert not is_whole(tmp_path / "a.exr")


def _table(path: Path) -> int:
    """Where the table of chunks begins: its first entry points behind its last."""
    content, chunks = path.read_bytes(), read_headers(path)[0].chunks or 0
    return next(i for i in range(len(content)) if struct.unpack_from("<Q", content, i)[0] == i + 8 * chunks)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PNG and the rest", "no OpenEXR"),
        (b"\x76\x2f\x31\x01", "incomplete"),
        (b"\x76\x2f\x31\x01\2\0\0\0\0", "damaged"),
        (b"\x76\x2f\x31\x01\2\0\0\0" + b"a" * 300, "damaged"),
        (b"\x76\x2f\x31\x01\2\0\0\0channels\0chlist\0\xff\xff\xff\x7f", "damaged"),
    ],
)
def test_what_is_no_header(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.exr").write_bytes(content)
    with pytest.raises(InputRefused, match=words):
        read_headers(tmp_path / "a.exr")
    with pytest.raises(MissingInput):
        read_headers(tmp_path / "b.exr")

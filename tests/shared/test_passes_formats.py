"""Label passes in TIFF, TGA, Maya IFF, DPX and the like: exact ids, or the format by its name; no library's log."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.label_set import NOTHING
from shared.passes import probe
from tests.shared.format_files import ALPHA, IDS, REPORTED, RGB, SEEN, read, refused, right, write
from tests.shared.test_passes_pictures import painted, png


@pytest.mark.parametrize("compression", [None, "tga_rle"])
@pytest.mark.parametrize("orientation", [-1, 1])
@pytest.mark.parametrize("alpha", [False, True])
def test_tga(tmp_path: Path, compression: str | None, orientation: int, alpha: bool) -> None:
    pixels = np.dstack([RGB, ALPHA]) if alpha else RGB
    Image.fromarray(pixels).save(tmp_path / "l.tga", compression=compression, orientation=orientation)
    found = read(tmp_path / "l.tga")
    assert (found.ids == (SEEN if alpha else IDS)).all()
    if alpha:
        assert (found.coverage == ALPHA.astype(np.float32) / 255).all()
    assert (probe(tmp_path / "l.tga").width, probe(tmp_path / "l.tga").height) == (90, 70)


def test_maya_iff_of_8_and_16_bits(tmp_path: Path) -> None:
    whole = np.dstack([RGB, np.where(ALPHA == 0, 0, 255).astype(np.uint8)])
    for name, pixels, kind in (("a", whole, oiio.UINT8), ("b", whole.astype(np.uint16) * 257, oiio.UINT16)):
        for packed in ("none", "rle"):
            found = read(write(tmp_path / f"{name}_{packed}.iff", pixels, kind, compression=packed))
            assert (found.ids == SEEN).all(), (name, packed)


def test_maya_iff_without_alpha_written_by_hand(tmp_path: Path) -> None:
    """As Maya lays it out: tiles of at most 64x64 from the bottom left, blue first, not compressed."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack(">I", len(content)) + content + bytes(-len(content) % 4)

    rows, tiles = RGB[::-1, :, ::-1], []
    for y in range(0, 70, 64):
        for x in range(0, 90, 64):
            tile = rows[y : y + 64, x : x + 64]
            corners = struct.pack(">HHHH", x, y, x + tile.shape[1] - 1, y + tile.shape[0] - 1)
            tiles.append(chunk(b"RGBA", corners + tile.tobytes()))
    header = chunk(b"TBHD", struct.pack(">IIHHIHHIII", 90, 70, 1, 1, 1, 0, len(tiles), 0, 0, 0))
    path = tmp_path / "l.iff"
    path.write_bytes(chunk(b"FOR4", b"CIMG" + header + chunk(b"FOR4", b"TBMP" + b"".join(tiles))))
    assert (read(path).ids == IDS).all()
    path.write_bytes(path.read_bytes()[:9000])
    refused(path)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_dpx_keeps_every_class_or_says_which_pixel_is_none(tmp_path: Path, bits: int) -> None:
    pixels = RGB if bits == 8 else RGB.astype(np.uint16) * 257
    kind = oiio.UINT8 if bits == 8 else oiio.UINT16
    path = write(tmp_path / "l.dpx", pixels, kind, oiio__BitsPerSample=bits)
    assert (read(path).ids == IDS).all()
    wrong = pixels.copy()
    wrong[3, 4] = 90 if bits == 8 else 90 * 257
    words = refused(write(tmp_path / "w.dpx", wrong, kind, oiio__BitsPerSample=bits))
    assert "1 of 6300 pixels" in words and "x 4, y 3" in words


@pytest.mark.parametrize("compression", ["tiff_lzw", "zstd", "lzma", "packbits", "tiff_adobe_deflate"])
def test_tiff_compressions(tmp_path: Path, compression: str) -> None:
    Image.fromarray(RGB).save(tmp_path / "l.tif", compression=compression)
    Image.fromarray(IDS.astype(np.uint8)).save(tmp_path / "ids.tif", compression=compression)
    assert (read(tmp_path / "l.tif").ids == IDS).all()
    assert (read(tmp_path / "ids.tif").ids == IDS).all()


def test_reported_tiff_with_zstd() -> None:
    assert (read(REPORTED / "picture_formats" / "label_zstd.1001.tif").ids == right("picture_formats")).all()


def test_a_tiff_that_no_library_here_unpacks_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "l.tif", RGB.astype(np.uint16) * 257, oiio.UINT16, compression="lzw")
    content = path.read_bytes()
    entry = struct.pack("<HHI", 259, 3, 1)  # the tag Compression, made to say ZSTD
    at = content.index(entry) + len(entry)
    path.write_bytes(content[:at] + struct.pack("<H", 50000) + content[at + 2 :])
    assert "TIFF with ZSTD compression" in refused(path) and "LZW or ZIP" in refused(path)


def test_jpeg_in_a_tiff_is_the_cause(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "l.tif", compression="jpeg")
    assert "compressed with jpeg, which changes colours" in refused(tmp_path / "l.tif")


@pytest.mark.parametrize("kind", ["HALF", "FLOAT"])
def test_float_tiffs(tmp_path: Path, kind: str) -> None:
    colours = (RGB / np.float32(255)).astype(np.float16 if kind == "HALF" else np.float32)
    assert (read(write(tmp_path / "l.tif", colours, getattr(oiio, kind))).ids == IDS).all()
    ids = IDS.astype(colours.dtype)[..., None]
    assert (read(write(tmp_path / "ids.tif", ids, getattr(oiio, kind))).ids == IDS).all()
    ids[0, 0] = 6.5
    assert "1 of 6300 pixels are no whole numbers" in refused(write(tmp_path / "x.tif", ids, getattr(oiio, kind)))


def test_reported_straight_alpha() -> None:
    found = read(REPORTED / "tiff_straight_alpha" / "train.1001.tif")
    assert (found.ids == right("tiff_straight_alpha")).all()
    assert sorted(set(found.coverage.ravel().tolist())) == pytest.approx([0, 150 / 255, 1])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("straight", [True, False])
def test_alpha_of_a_tiff_is_straight_or_multiplied_as_the_file_says(tmp_path: Path, bits: int, straight: bool) -> None:
    alpha = np.tile(np.arange(90) * 255 // 89, (70, 1))
    factor = 1 if straight else alpha[..., None] / 255
    pixels = np.dstack([np.rint(RGB * (factor * (257.0 if bits == 16 else 1))), alpha * (257.0 if bits == 16 else 1)])
    dtype, kind = (np.uint8, oiio.UINT8) if bits == 8 else (np.uint16, oiio.UINT16)
    path = write(tmp_path / "l.tif", pixels.astype(dtype), kind, oiio__UnassociatedAlpha=int(straight))
    found = read(path)
    sure = alpha >= (0 if straight else 24)  # below, a rounded product is several classes'
    assert (found.ids == np.where(alpha == 0, NOTHING, IDS))[sure].all()
    assert found.coverage == pytest.approx(alpha / 255)


@pytest.mark.parametrize("kind", ["HALF", "FLOAT"])
def test_multiplied_floats_are_divided_and_tested(tmp_path: Path, kind: str) -> None:
    alpha = np.tile(np.arange(90) / np.float32(89), (70, 1))
    pixels = np.dstack([RGB / 255 * alpha[..., None], alpha]).astype(np.float16 if kind == "HALF" else np.float32)
    found = read(write(tmp_path / "l.tif", pixels, getattr(oiio, kind)))
    sure = alpha > 0.1
    assert (found.ids == IDS)[sure].all() and (found.ids[alpha == 0] == NOTHING).all()
    pixels[5, 60, :3] = (0.1, 0.5, 0.3)
    words = refused(write(tmp_path / "w.tif", pixels, getattr(oiio, kind)))
    assert "1 of 6230 pixels" in words and "x 60, y 5" in words


def test_multiplied_colours_that_are_no_class_are_refused(tmp_path: Path) -> None:
    pixels = np.dstack([RGB // 2, np.full_like(ALPHA, 128)])
    pixels[5, 6, :3] = (3, 100, 2)
    words = refused(write(tmp_path / "l.tif", pixels, oiio.UINT8))
    assert "1 of 6300 pixels" in words and "x 6, y 5" in words


def test_palettes_of_other_formats_need_their_meaning(tmp_path: Path) -> None:
    indexed = Image.fromarray(IDS.astype(np.uint8), "P")
    indexed.putpalette(painted(np.arange(183, dtype=np.uint16)[None])[0].tobytes())
    for name in ("l.tif", "l.tga", "l.bmp", "l.gif"):
        indexed.save(tmp_path / name)
        assert "--palette-png" in refused(tmp_path / name)
        assert (read(tmp_path / name, palette_png="colour").ids == IDS).all(), name
    for name in ("l.tif", "l.tga", "l.bmp"):  # Pillow sorts the list of a GIF anew
        assert (read(tmp_path / name, palette_png="index").ids == IDS).all(), name


def test_bmp_webp_and_grey(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "l.bmp")
    Image.fromarray(RGB).save(tmp_path / "l.webp", lossless=True)
    Image.fromarray(IDS.astype(np.uint8)).save(tmp_path / "ids.bmp")
    Image.fromarray(IDS.astype(np.uint8)).save(tmp_path / "ids.tga")
    for file in sorted(tmp_path.iterdir()):
        assert (read(file).ids == IDS).all(), file


def test_a_tiff_stored_upside_down_is_upright(tmp_path: Path) -> None:
    assert (read(write(tmp_path / "l.tif", RGB[::-1].copy(), oiio.UINT8, Orientation=4)).ids == IDS).all()
    turned = np.rot90(RGB, 1).copy()  # 6: the stored rows are the columns, from the right
    assert (read(write(tmp_path / "t.tif", turned, oiio.UINT8, Orientation=6)).ids == IDS).all()


def test_what_holds_no_single_label_picture_is_named(tmp_path: Path) -> None:
    picture = Image.fromarray(RGB)
    picture.convert("CMYK").save(tmp_path / "cmyk.tif")
    picture.save(tmp_path / "pages.tif", save_all=True, append_images=[picture])
    picture.save(tmp_path / "moves.gif", save_all=True, append_images=[Image.fromarray(RGB[::-1].copy())])
    picture.save(tmp_path / "moves.png", save_all=True, append_images=[Image.fromarray(RGB[::-1].copy())])
    assert "a TIFF in CMYK" in refused(tmp_path / "cmyk.tif")
    assert "holds more than one picture" in refused(tmp_path / "pages.tif")
    assert "holds more than one picture" in refused(tmp_path / "moves.gif")
    assert "animation" in refused(tmp_path / "moves.png")
    (tmp_path / "l.psd").write_bytes(b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 2, 2, 8, 3) + b"\0" * 60)
    (tmp_path / "l.avif").write_bytes(b"\0\0\0\x1cftypavif" + bytes(60))
    assert "AVIF is not read. Save it as PNG or EXR" in refused(tmp_path / "l.avif")
    assert "PSD is not read" in refused(tmp_path / "l.psd") and "PNG or EXR" in refused(tmp_path / "l.psd")


def test_nothing_of_a_library_reaches_the_terminal(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "z.tif", compression="zstd")
    Image.fromarray(RGB).save(tmp_path / "l.tif", compression="tiff_lzw")
    Image.fromarray(RGB).save(tmp_path / "l.tga", compression="tga_rle")
    Image.fromarray(RGB).save(tmp_path / "l.png")
    Image.fromarray(RGB).save(tmp_path / "l.jpg")
    write(tmp_path / "l.dpx", RGB, oiio.UINT8)
    for file in sorted(tmp_path.iterdir()):
        content = file.read_bytes()
        file.with_name(f"cut_{file.name}").write_bytes(content[: len(content) * 2 // 3])
        middle = len(content) // 2
        file.with_name(f"bent_{file.name}").write_bytes(content[:middle] + b"\xff\0\xaa" * 9 + content[middle + 27 :])
    png(tmp_path / "filter.png", 90, 70, 8, 2, b"".join(b"\7" + row.tobytes() for row in RGB))  # its sums are right
    jpeg = (tmp_path / "l.jpg").read_bytes()
    (tmp_path / "more.jpg").write_bytes(jpeg[:-2] + bytes(40) + jpeg[-2:])
    infinite = np.full((70, 90, 3), np.inf, np.float32)
    infinite[0] = np.nan
    write(tmp_path / "inf.tif", infinite, oiio.FLOAT)
    code = (
        "import sys\nfrom pathlib import Path\nfrom shared.errors import InputRefused\n"
        "from shared.label_set import load_label_set\nfrom shared.passes import probe, read_label_pass\n"
        "for file in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    for look in (probe, lambda p: read_label_pass(p, load_label_set('coco_stuff'))):\n"
        "        try: look(file)\n"
        "        except InputRefused as error: assert error.file == str(file)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["l.tif", "l.tga", "l.bmp", "l.webp", "l.gif", "l.jp2"])
def test_any_damage_is_words(tmp_path: Path, name: str) -> None:
    Image.fromarray(RGB).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    random = np.random.default_rng(3)
    for _ in range(60):
        bent = bytearray(content[: int(random.integers(1, len(content) + 1))])
        for _ in range(int(random.integers(0, 6))):
            bent[int(random.integers(0, min(len(bent), 200)))] = int(random.integers(0, 256))
        (tmp_path / name).write_bytes(bytes(bent))
        for look in (probe, read):
            try:
                look(tmp_path / name)
            except InputRefused as error:
                assert error.file == str(tmp_path / name)


def test_a_palette_png_inflates_no_more_than_its_rows(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + bytes(16) for _ in range(16)) + bytes(1 << 28)
    file = png(tmp_path / "bomb.png", 16, 16, 8, 3, rows, (b"PLTE", bytes(range(12))))
    code = (
        "import sys, resource\nfrom shared.label_set import load_label_set\n"
        "from shared.passes import ReadOptions, read_label_pass\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "read_label_pass(sys.argv[1], load_label_set('coco_stuff'), ReadOptions(palette_png='index'))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True)
    assert int(done.stdout) < 128 << 10, done  # KiB; the bomb is 256 MiB


@pytest.mark.parametrize("name", ["l.tga", "l.bmp", "l.tif"])
def test_a_huge_size_in_a_small_file_is_refused_before_memory_is_taken(tmp_path: Path, name: str) -> None:
    Image.fromarray(RGB).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    sizes = {
        "l.tga": (struct.pack("<HH", 90, 70), struct.pack("<HH", 65535, 65535)),
        "l.bmp": (struct.pack("<ii", 90, 70), struct.pack("<ii", 60000, 60000)),
        "l.tif": (struct.pack("<HHII", 256, 4, 1, 90), struct.pack("<HHII", 256, 4, 1, 60_000_000)),
    }
    old, new = sizes[name]
    assert old in content
    (tmp_path / name).write_bytes(content.replace(old, new, 1))
    assert "is no frame" in refused(tmp_path / name) or "cannot be decoded" in refused(tmp_path / name)

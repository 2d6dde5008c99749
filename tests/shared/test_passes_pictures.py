"""PNG, TIFF and JPEG label passes: every layout gives the same exact ids, or words."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared import label_code
from shared.errors import InputRefused, MissingInput
from shared.label_set import NOTHING, label_set_from_dict, load_label_set
from shared.passes import LabelPass, ReadOptions, probe, read_label_pass

DATA = Path(__file__).parents[1] / "data" / "passes"
COCO = load_label_set("coco_stuff")
TRUTH = np.asarray(Image.open(DATA / "truth.png")).astype(np.uint16)


def read(path: Path, label_set: Any = COCO, **options: Any) -> LabelPass:
    return read_label_pass(path, label_set, ReadOptions.from_dict(options))


def refused(path: Path, label_set: Any = COCO, **options: Any) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        read(path, label_set, **options)
    assert caught.value.file == str(path), "the words must name the file"
    return caught.value


def png(path: Path, width: int, height: int, depth: int, kind: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> Path:
    """A PNG written by hand: `rows` are filter byte and samples of every row."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    content = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


def painted(ids: np.ndarray, name: str = "coco_stuff") -> np.ndarray:
    """Ids -> RGB in the first palette of a set; NOTHING becomes black."""
    table = np.zeros((NOTHING + 1, 3), np.uint8)
    for identity, color in next(iter(load_label_set(name).palettes.values())).colors.items():
        table[identity] = color
    return table[ids]


# --- colours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["clean.png", "rgb16.png"])
def test_a_clean_pass_is_the_renderers_truth(name: str) -> None:
    found = read(DATA / name)
    assert found.ids.dtype == np.uint16 and (found.ids == TRUTH).all()
    assert found.coverage.dtype == np.float32 and (found.coverage == 1).all()
    assert found.facts.palette == "runway" and found.facts.guessed == 0
    values, counts = np.unique(TRUTH, return_counts=True)
    assert found.facts.classes == dict(zip(values.tolist(), counts.tolist(), strict=True))


def test_alpha_zero_is_nothing_whatever_its_colour_says() -> None:
    found = read(DATA / "layer_train.png")
    alpha = np.asarray(Image.open(DATA / "layer_train.png"))[..., 3]
    assert set(np.unique(found.ids)) == {6, NOTHING}
    assert ((found.ids == NOTHING) == (alpha == 0)).all() and (found.coverage == (alpha > 0)).all()
    opaque = read(DATA / "rgba.png")
    inside = opaque.ids != NOTHING
    assert (opaque.ids == TRUTH)[inside].all() and (opaque.coverage > 0).sum() == inside.sum()


def test_partial_alpha_is_coverage(tmp_path: Path) -> None:
    rgba = np.dstack([painted(TRUTH), np.full(TRUTH.shape, 255, np.uint8)])
    rgba[:, 100:110, 3] = 51
    rgba[:, 110:, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "soft.png")
    found = read(tmp_path / "soft.png")
    assert (found.ids[:, :110] == TRUTH[:, :110]).all() and (found.ids[:, 110:] == NOTHING).all()
    np.testing.assert_allclose(found.coverage[0, [99, 100, 110]], [1, 0.2, 0], atol=1e-6)


def test_16_bit_colours_must_be_whole_codes(tmp_path: Path) -> None:
    import cv2

    wide = painted(TRUTH)[..., ::-1].astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "ok.png"), np.dstack([wide, np.full(TRUTH.shape, 65535, np.uint16)]))
    assert (read(tmp_path / "ok.png").ids == TRUTH).all()
    wide[200, 300] -= 100
    cv2.imwrite(str(tmp_path / "off.png"), wide)
    words = refused(tmp_path / "off.png").what
    assert "1 of 230400" in words and "x 300, y 200" in words


def test_a_palette_picture_is_refused_until_its_meaning_is_said() -> None:
    for name in ("palette_index.png", "palette_colour.png"):
        error = refused(DATA / name)
        assert "--palette-png index" in error.remedy and "--palette-png colour" in error.remedy
    assert (read(DATA / "palette_index.png", palette_png="index").ids == TRUTH).all()
    assert (read(DATA / "palette_index.png", palette_png="colour").ids == TRUTH).all()
    assert (read(DATA / "palette_colour.png", palette_png="colour").ids == TRUTH).all()
    indices = read(DATA / "palette_colour.png", palette_png="index").ids  # 4 bits a pixel, ids 0 to 9
    assert indices.max() < 10 and len(np.unique(indices)) == 10


def test_transparent_palette_entries_are_nothing(tmp_path: Path) -> None:
    chunks = ((b"PLTE", bytes([214, 0, 0, 1, 135, 0])), (b"tRNS", b"\0\xff"))
    file = png(tmp_path / "p.png", 2, 1, 8, 3, b"\0\0\1", *chunks)
    assert read(file, palette_png="colour").ids.tolist() == [[NOTHING, 2]]
    assert read(file, palette_png="index").ids.tolist() == [[NOTHING, 1]]


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
def test_tiff(tmp_path: Path, compression: str | None) -> None:
    for name, pixels in (("colour.tif", painted(TRUTH)), ("ids.tif", TRUTH.astype(np.uint8))):
        Image.fromarray(pixels).save(tmp_path / name, compression=compression)
        assert (read(tmp_path / name).ids == TRUTH).all(), name
    Image.fromarray(TRUTH).save(tmp_path / "wide.tif", compression=compression)
    assert (read(tmp_path / "wide.tif").ids == TRUTH).all()


def test_the_self_checking_code_is_found_out(tmp_path: Path) -> None:
    table = np.array([label_code.encode(i) for i in range(256)], np.uint8)
    ids = TRUTH.copy()
    ids[:10] = 255
    Image.fromarray(table[ids]).save(tmp_path / "code.png")
    found = read(tmp_path / "code.png")
    assert found.facts.palette == "code"
    assert (found.ids[:10] == NOTHING).all() and (found.coverage[:10] == 0).all()
    assert (found.ids[10:] == TRUTH[10:]).all()
    assert refused(tmp_path / "code.png", palette="runway")
    table[6, 1] += 1  # one code off in one channel is no class any more
    Image.fromarray(table[ids]).save(tmp_path / "off.png")
    assert f"{(ids == 6).sum()} of 230400" in refused(tmp_path / "off.png", palette="code").what


def test_a_palette_that_the_set_does_not_have() -> None:
    error = refused(DATA / "clean.png", palette="controlnet")
    assert "runway" in error.remedy and "code" in error.remedy


# --- a colour of two classes ------------------------------------------------------------------------------


SHARED = [
    ("ade20k", (3, 7), ("road", "skyscraper"), ["road", "sky"], 7),
    ("ade20k", (3, 49), ("road", "skyscraper"), ["skyscraper"], 49),
    ("cityscapes", (23, 17), ("pole", "polegroup"), ["pole", "sky"], 17),
    ("cityscapes", (23, 0), ("unlabeled", "out of roi"), ["static"], 4),
]


@pytest.mark.parametrize(
    "palette",
    [
        None,
        "the set's own",
    ],
)
@pytest.mark.parametrize(("name", "ids", "both", "declared", "expected"), SHARED)
def test_a_shared_colour_names_both_unless_the_shot_declares_one(
    tmp_path: Path,
    name: str,
    ids: tuple[int, int],
    both: tuple[str, str],
    declared: list[str],
    expected: int,
    palette: str | None,
) -> None:
    label_set = load_label_set(name)
    options = {"palette": palette and next(iter(label_set.palettes))}
    file = tmp_path / "a.png"
    Image.fromarray(painted(np.array([[ids[0], ids[1]]] * 4, np.uint16), name)).save(file)
    for unsettled in ([], ["sky"], list(both)):
        words = refused(file, label_set, classes=unsettled, **options).what
        assert all(one in words for one in both) and "x 1, y 0" in words
    assert read(file, label_set, classes=declared, **options).ids.tolist() == [[ids[0], expected]] * 4


@pytest.mark.parametrize(("name", "ids", "both", "declared", "expected"), SHARED)
def test_declared_classes_settle_a_shared_colour_in_any_palette(
    tmp_path: Path, name: str, ids: tuple[int, int], both: tuple[str, str], declared: list[str], expected: int
) -> None:
    Image.fromarray(painted(np.array([[ids[0], ids[1]]] * 4, np.uint16), name)).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png", load_label_set(name), classes=declared)
    assert found.ids.tolist() == [[ids[0], expected]] * 4


# --- ids: NOTHING, 255 and 182 through all three sets -----------------------------------------------------

GOLDEN = {
    # 8-bit value -> id; None: refused
    "coco_stuff": {0: 0, 33: 33, 150: 150, 182: 182, 183: None, 254: None, 255: NOTHING},
    "ade20k": {0: 0, 33: 33, 150: 150, 151: None, 182: None, 254: None, 255: NOTHING},
    "cityscapes": {0: 0, 33: 33, 34: None, 150: None, 182: None, 254: None, 255: NOTHING},
}


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("depth", [8, 16])
def test_golden_ids(tmp_path: Path, name: str, depth: int) -> None:
    label_set = load_label_set(name)
    golden = {NOTHING if depth == 16 and value == 255 else value: i for value, i in GOLDEN[name].items()}
    if depth == 16:
        golden |= {255: None, 65534: None, 65533: None}  # 255 is an ordinary number in 16 bits
    kind = np.uint8 if depth == 8 else np.uint16
    for value, expected in golden.items():
        pixels = np.full((2, 3), value, kind)
        pixels[0, 0] = 5
        Image.fromarray(pixels).save(tmp_path / "ids.png")
        if expected is None:
            words = refused(tmp_path / "ids.png", label_set).what
            assert str(value) in words and "5 p" in words and "x 1, y 0" in words, words
        else:
            found = read(tmp_path / "ids.png", label_set)
            assert found.ids.tolist() == [[5, expected, expected], [expected] * 3]
            assert found.coverage.min() == (0 if expected == NOTHING else 1) and found.coverage[0, 0] == 1


def test_a_set_with_the_id_255_needs_16_bits(tmp_path: Path) -> None:
    labels = [{"id": i, "name": f"class {i}"} for i in (255, 256, 65532)]
    palette = {"own": {"colors": {str(one["id"]): [i, 0, 0] for i, one in enumerate(labels)}}}
    large = label_set_from_dict({"format": 1, "name": "large", "version": 1, "labels": labels, "palettes": palette})
    Image.fromarray(np.array([[255, 256, 65532, 65535]], np.uint16)).save(tmp_path / "wide.png")
    assert read(tmp_path / "wide.png", large).ids.tolist() == [[255, 256, 65532, NOTHING]]
    Image.fromarray(np.array([[255, 255]], np.uint8)).save(tmp_path / "small.png")
    assert read(tmp_path / "small.png", large).ids.tolist() == [[NOTHING, NOTHING]]
    Image.fromarray(np.array([[[0, 0, 0], [1, 0, 0], [2, 0, 0]]], np.uint8)).save(tmp_path / "colour.png")
    assert read(tmp_path / "colour.png", large).ids.tolist() == [[255, 256, 65532]]


def test_grey_with_alpha_and_few_bits(tmp_path: Path) -> None:
    file = png(tmp_path / "la.png", 3, 1, 8, 4, bytes([0, 6, 255, 123, 0, 156, 51]))
    found = read(file)
    assert found.ids.tolist() == [[6, NOTHING, 156]]
    np.testing.assert_allclose(found.coverage, [[1, 0, 0.2]], atol=1e-6)
    assert read(png(tmp_path / "g4.png", 4, 1, 4, 0, bytes([0, 0x12, 0x3F]))).ids.tolist() == [[1, 2, 3, 15]]


def test_ids_in_three_equal_channels_are_read_when_announced(tmp_path: Path) -> None:
    Image.fromarray(np.repeat(TRUTH.astype(np.uint8)[..., None], 3, 2)).save(tmp_path / "rgb.png")
    assert (read(tmp_path / "rgb.png", encoding="ids").ids == TRUTH).all()
    refused(tmp_path / "rgb.png")
    refused(DATA / "clean.png", encoding="ids")
    refused(DATA / "truth.png", encoding="colour")
    refused(DATA / "clean.png", encoding="cryptomatte")


# --- files that are not whole -----------------------------------------------------------------------------


def test_a_file_that_is_cut_off_damaged_or_no_picture(tmp_path: Path) -> None:
    whole = (DATA / "clean.png").read_bytes()
    jpeg = (DATA / "lossy.jpg").read_bytes()
    Image.fromarray(painted(TRUTH)).save(tmp_path / "whole.tif", compression="tiff_lzw")
    tiff = (tmp_path / "whole.tif").read_bytes()
    broken = {
        "empty.png": b"",
        "head.png": whole[:8],
        "cut.png": whole[: len(whole) // 2],
        "last.png": whole[:-8],
        "flipped.png": whole[:4000] + bytes([whole[4000] ^ 0x55]) + whole[4001:],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.tif": tiff[: len(tiff) // 2],
        "text.png": b"hello",
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        error = refused(tmp_path / name)
        assert error.cause or error.remedy, name
        if name not in ("flipped.png", "cut.tif"):
            with pytest.raises(InputRefused):
                probe(tmp_path / name)
    assert "incomplete" in refused(DATA / "cut.png").what
    short = png(tmp_path / "short.png", 64, 64, 8, 2, (b"\0" + bytes(192)) * 10)
    refused(short)
    for path in (tmp_path / "missing.png", tmp_path / "no folder" / "a.png"):
        for look in (probe, lambda p: read(p)):
            with pytest.raises(MissingInput):
                look(path)
    with pytest.raises(InputRefused):
        probe(tmp_path)


@pytest.mark.parametrize(("side", "kind"), [(60000, 2), (30000, 3)])
def test_an_absurd_size_is_refused_in_words(tmp_path: Path, side: int, kind: int) -> None:
    chunks = ((b"PLTE", bytes(12)),) if kind == 3 else ()
    file = png(tmp_path / "bomb.png", side, side, 8, kind, bytes(1000), *chunks)
    refused(file, palette_png="index")
    with pytest.raises(InputRefused):
        probe(file)


def test_a_palette_picture_without_all_its_rows_is_refused(tmp_path: Path) -> None:
    rows = (b"\0" + bytes(64)) * 10
    refused(png(tmp_path / "p.png", 64, 64, 8, 3, rows, (b"PLTE", bytes(12))), palette_png="index")


def test_a_grey_colour_key_is_transparent(tmp_path: Path) -> None:
    file = png(tmp_path / "key.png", 2, 1, 8, 0, bytes([0, 6, 123]), (b"tRNS", struct.pack(">H", 6)))
    assert read(file).ids.tolist() == [[NOTHING, 123]]


def test_probe_tells_size_and_kind_without_decoding() -> None:
    for name in ("clean.png", "truth.png", "lossy.jpg", "palette_colour.png", "multilayer.exr"):
        found = probe(DATA / name)
        assert (found.width, found.height) == (640, 360) and found.kind, name


def test_names_with_spaces_and_other_scripts(tmp_path: Path) -> None:
    folder = tmp_path / "unicode dir – 列車 ünï"
    folder.mkdir()
    for name in ("clean.png", "multilayer.exr", "palette_index.png"):
        file = folder / f"ride – 列車 (final v2) {name}"
        file.write_bytes((DATA / name).read_bytes())
        assert (read(file, palette_png="index").ids == TRUTH).all()
        assert probe(file).width == 640


# --- options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"palete": "x"}, "palette"),
        ({"mode": "guess"}, "strict"),
        ({"palette_png": "colours"}, "index"),
        ({"encoding": 3}, ""),
        ({"names": ["a"]}, ""),
        ({"classes": "sky"}, ""),
    ],
)
def test_wrong_options_are_refused_in_words(data: dict[str, Any], words: str) -> None:
    with pytest.raises(InputRefused) as caught:
        ReadOptions.from_dict(data)
    assert next(iter(data)) in caught.value.what and words in caught.value.remedy


def test_options_from_plain_data_equal_those_from_code() -> None:
    data = {"mode": "nearest", "names": {"Tree*": "tree"}, "classes": ["road"]}
    assert ReadOptions.from_dict(data) == ReadOptions(mode="nearest", names={"Tree*": "tree"}, classes=("road",))
    assert ReadOptions.from_dict({}) == ReadOptions()


def test_who_is_refused_says_which_pixels(tmp_path: Path) -> None:
    sky = COCO.find("sky").id
    soiled = np.full((6, 8), sky, np.uint8)
    soiled[2, 3:6] = 250
    Image.fromarray(soiled).save(tmp_path / "ids.png")
    assert np.array_equal(refused(tmp_path / "ids.png").pixels, soiled == 250)

    colours = np.zeros((6, 8, 3), np.uint8)
    colours[:] = COCO.palettes["runway"].colors[sky]
    colours[4, 1] = (1, 2, 3)
    Image.fromarray(colours).save(tmp_path / "colours.png")
    assert np.argwhere(refused(tmp_path / "colours.png").pixels).tolist() == [[4, 1]]

    Image.fromarray(np.repeat(soiled[..., None] % 250, 3, 2)).save(tmp_path / "grey.png")
    assert refused(tmp_path / "grey.png").pixels.any(), "ids that were saved in RGB"

    nameless = refused(DATA / "crypto_object.exr").pixels
    assert nameless.any() and not nameless.all()
    assert refused(DATA / "lossy.jpg").pixels.any()

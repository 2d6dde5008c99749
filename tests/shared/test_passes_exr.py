"""EXR label passes: every storage, window and kind of channel gives the same exact ids, or words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from shared import label_code
from shared.errors import InputRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import LabelPass, ReadOptions, probe, read_label_pass

DATA = Path(__file__).parents[1] / "data" / "passes"
COCO = load_label_set("coco_stuff")
TRUTH = np.asarray(Image.open(DATA / "truth.png")).astype(np.uint16)
COLORS = np.zeros((256, 3), np.float32)
for identity, color in COCO.palettes["runway"].colors.items():
    COLORS[identity] = np.array(color, np.float32) / 255


def read(path: Path, **options: Any) -> LabelPass:
    return read_label_pass(path, COCO, ReadOptions.from_dict(options))


def refused(path: Path, **options: Any) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        read(path, **options)
    assert caught.value.file == str(path)
    return caught.value


def write(path: Path, channels: dict[str, np.ndarray], compression: Any = OpenEXR.ZIP_COMPRESSION) -> Path:
    header = {"compression": compression, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {name: np.ascontiguousarray(pixels) for name, pixels in channels.items()}).write(str(path))
    return path


def layer(colors: np.ndarray, name: str = "", kind: Any = np.float16) -> dict[str, np.ndarray]:
    return {f"{name}{c}": colors[..., i].astype(kind) for i, c in enumerate("RGB")}


@pytest.mark.parametrize(
    "name", ["multilayer.exr", "multipart.exr", "tiled.exr", "window_beyond.exr", "ids_y.exr", "ids_uint32.exr"]
)
def test_every_storage_gives_the_renderers_truth(name: str) -> None:
    found = read(DATA / name)
    assert (found.ids == TRUTH).all() and (found.coverage == 1).all()
    size = probe(DATA / name)
    assert (size.width, size.height) == (640, 360)


@pytest.mark.parametrize("wanted", ["IndexMA", "indexma.x", "rl_main.IndexMA.X", "rl_main.IndexMA", "Combined"])
def test_colours_and_ids_of_one_file_agree(wanted: str) -> None:
    assert (read(DATA / "multilayer.exr", exr_layer=wanted).ids == TRUTH).all()


def test_a_part_of_colours_is_chosen_by_name() -> None:
    assert (read(DATA / "multipart.exr", exr_layer="rgb").ids == TRUTH).all()
    assert (read(DATA / "multipart.exr", exr_layer="IndexMA").ids == TRUTH).all()
    remedy = refused(DATA / "multipart.exr", exr_layer="beauty").remedy
    assert "rgb" in remedy and "IndexMA" in remedy


def test_ids_are_found_when_announced() -> None:
    assert (read(DATA / "multilayer.exr", encoding="ids").ids == TRUTH).all()


def test_a_part_of_ids_is_chosen_by_name() -> None:
    assert (read(DATA / "multipart.exr", exr_layer="ids").ids == TRUTH).all()


def test_ids_beside_a_beauty_are_found(tmp_path: Path) -> None:
    beauty = layer(COLORS[TRUTH] * 0.3)
    file = write(tmp_path / "a.exr", {**beauty, "label.id": TRUTH.astype(np.float32)})
    assert (read(file).ids == TRUTH).all()


def test_outside_the_data_window_is_nothing() -> None:
    found = read(DATA / "window_inside.exr")
    assert found.ids.shape == (360, 640)
    inside = np.zeros(found.ids.shape, bool)
    inside[72:288, 160:480] = True
    assert (found.ids[inside] == TRUTH[inside]).all() and (found.ids[~inside] == NOTHING).all()
    assert (found.coverage == inside).all()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.uint32])
def test_id_channels_of_every_kind(tmp_path: Path, kind: Any) -> None:
    assert (read(write(tmp_path / "a.exr", {"id": TRUTH.astype(kind)})).ids == TRUTH).all()


@pytest.mark.parametrize("kind", [np.float32, np.uint32])
def test_nothing_in_an_id_channel(tmp_path: Path, kind: Any) -> None:
    ids = np.where(TRUTH == 6, NOTHING, TRUTH)
    found = read(write(tmp_path / "a.exr", {"id": ids.astype(kind)}))
    assert (found.ids == ids).all() and ((found.coverage == 0) == (TRUTH == 6)).all()


@pytest.mark.parametrize("wrong", [-1, 0.5, 255, 183, 2**32 - 1, np.nan, np.inf])
def test_a_number_that_is_no_id_is_refused_with_its_count(tmp_path: Path, wrong: float) -> None:
    ids = np.where(TRUTH == 6, wrong, TRUTH.astype(np.float64))
    kind = np.uint32 if wrong == 2**32 - 1 else np.float32
    error = refused(write(tmp_path / "a.exr", {"id": ids.astype(kind)}))
    assert str(int((TRUTH == 6).sum())) in error.what and error.remedy


@pytest.mark.parametrize("compression", [OpenEXR.DWAA_COMPRESSION, OpenEXR.DWAB_COMPRESSION, OpenEXR.B44_COMPRESSION])
def test_a_lossy_id_channel_is_refused_with_the_compression(tmp_path: Path, compression: Any) -> None:
    error = refused(write(tmp_path / "a.exr", {"Y": TRUTH.astype(np.float16)}, compression))
    assert str(compression).split(".")[-1].split("_")[0] in error.cause
    lossless = write(tmp_path / "b.exr", {"Y": TRUTH.astype(np.float16)}, OpenEXR.PIZ_COMPRESSION)
    assert (read(lossless).ids == TRUTH).all()


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_colours_and_the_code_as_half_and_float(tmp_path: Path, kind: Any) -> None:
    file = write(tmp_path / "a.exr", layer(COLORS[TRUTH], "label.", kind))
    assert (read(file).ids == TRUTH).all()
    table = np.array([label_code.encode(i) for i in range(256)], np.float32) / 255
    ids = TRUTH.copy()
    ids[:20] = 255
    found = read(write(tmp_path / "b.exr", layer(table[ids], "", kind)))
    assert found.facts.palette == "code" and (found.ids[20:] == TRUTH[20:]).all() and (found.ids[:20] == NOTHING).all()


def test_alpha_of_an_exr_is_coverage_and_its_colours_are_multiplied_by_it(tmp_path: Path) -> None:
    alpha = np.ones(TRUTH.shape, np.float32)
    alpha[:, 300:310] = 0.5
    alpha[:, 310:] = 0
    channels = {**layer(COLORS[TRUTH] * alpha[..., None]), "A": alpha.astype(np.float16)}
    found = read(write(tmp_path / "a.exr", channels))
    assert (found.ids[:, :310] == TRUTH[:, :310]).all() and (found.ids[:, 310:] == NOTHING).all()
    np.testing.assert_allclose(found.coverage, alpha, atol=1e-3)


def test_colours_between_the_codes_are_refused(tmp_path: Path) -> None:
    colors = COLORS[TRUTH].copy()
    colors[200, 300] += 0.3 / 255  # rounds to the class, but is no 8-bit code
    words = refused(write(tmp_path / "a.exr", layer(colors, kind=np.float32))).what
    assert words.startswith("1 of 230400") and "x 300, y 200" in words


def test_several_layers_are_listed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.exr", {**layer(COLORS[TRUTH] * 0.3), **layer(COLORS[TRUTH], "label.")})
    error = refused(file)
    assert "--exr-layer" in error.remedy and "label" in error.remedy
    assert (read(file, exr_layer="label").ids == TRUTH).all()


def test_a_file_that_is_not_whole(tmp_path: Path) -> None:
    whole = (DATA / "multilayer.exr").read_bytes()
    middle = len(whole) * 3 // 4
    broken = {
        "empty": b"",
        "magic": whole[:4],
        "header": whole[:200],
        "last": whole[:-1000],
        "flipped": whole[:middle] + bytes(b ^ 0xFF for b in whole[middle : middle + 8]) + whole[middle + 8 :],
    }
    for name, content in broken.items():
        file = tmp_path / f"{name}.exr"
        file.write_bytes(content)
        assert refused(file).remedy, name
        if name == "flipped":
            assert probe(file).width == TRUTH.shape[1], "pixels are decoded when they are read, and not to look"
            continue
        with pytest.raises(InputRefused):
            probe(file)
    for name in ("cut.exr", "header_only.exr"):
        assert "incomplete" in refused(DATA / name).what
        with pytest.raises(InputRefused):
            probe(DATA / name)


@pytest.mark.parametrize(
    ("window", "corners"),
    [
        (b"dataWindow\0box2i\0", (-(10**8), -(10**8), 10**8, 10**8)),
        (b"displayWindow\0box2i\0", (0, 0, 2 * 10**9, 2 * 10**9)),
        (b"displayWindow\0box2i\0", (0, 0, 65535, 65535)),
        (b"displayWindow\0box2i\0", (0, 0, -10, -10)),
    ],
)
def test_an_absurd_window_is_refused_before_memory_is_taken(
    tmp_path: Path, window: bytes, corners: tuple[int, ...]
) -> None:
    whole = (DATA / "multilayer.exr").read_bytes()
    start = whole.index(window) + len(window) + 4
    changed = whole[:start] + np.array(corners, "<i4").tobytes() + whole[start + 16 :]
    (tmp_path / "a.exr").write_bytes(changed)
    refused(tmp_path / "a.exr")

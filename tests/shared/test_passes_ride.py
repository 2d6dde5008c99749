"""The large reference data: every frame of the shot, every soiled file. Skipped where the data are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import LabelPass, ReadOptions, probe, read_label_pass

COCO = load_label_set("coco_stuff")


def read(path: Path, **options: Any) -> LabelPass:
    return read_label_pass(path, COCO, ReadOptions.from_dict(options))


def truth(folder: Path, frame: str) -> np.ndarray:
    return np.asarray(Image.open(folder / "ride" / "truth_id_png" / f"ride_ids.{frame}.png")).astype(np.uint16)


def test_all_clean_frames_are_the_truth_on_every_pixel(data_folder: Path) -> None:
    frames = sorted((data_folder / "ride" / "label_png").glob("*.png"))
    assert len(frames) == 24
    for path in frames:
        assert (read(path).ids == truth(data_folder, path.suffixes[-2][1:])).all(), path.name


def test_exr_colours_and_ids_are_the_truth(data_folder: Path) -> None:
    for path in sorted((data_folder / "ride" / "label_exr").glob("*.exr")):
        expected = truth(data_folder, path.suffixes[-2][1:])
        for layer in (None, "Combined", "IndexMA"):
            assert (read(path, exr_layer=layer).ids == expected).all(), (path.name, layer)


def test_cryptomatte_is_the_truth_but_for_filtered_edges(data_folder: Path) -> None:
    for path in sorted((data_folder / "ride").glob("crypto_*exr/*.exr")):
        agreement = (read(path).ids == truth(data_folder, path.suffixes[-2][1:])).mean()
        assert agreement >= 0.996, (path.name, agreement)


def test_layers_are_the_truth_where_they_are_not_hidden(data_folder: Path) -> None:
    train = sorted((data_folder / "ride" / "layer_train_png").glob("*.png"))
    for path in train[:6]:
        found = read(path)
        assert set(np.unique(found.ids).tolist()) == {6, NOTHING}
        visible = truth(data_folder, path.suffixes[-2][1:]) == 6
        assert (found.ids[visible] == 6).all(), "what the full frame shows of the train is in its layer"


RIGHT: dict[str, dict[str, Any]] = {
    "exr_multipart/*": {},
    "exr_single_channel/*": {},
    "exr_tiled/*": {},
    "exr_windows/*": {},
    "missing_frame_1010/*": {},
    "mixed_resolution/*": {},
    "palette_png/*index*": {"palette_png": "index"},
    "palette_png/*label*": {"palette_png": "colour"},
    "png16/*": {},
    "rgba_png/*": {},
    "unicode*/*": {},
    "noaa_raw_dither/*": {"mode": "nearest"},
    "noaa_srgb_standard/*": {"mode": "nearest"},
}
WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "aa_raw/*": ({}, "anti-aliasing"),
    "noaa_raw_dither/*": ({}, "dither"),
    "noaa_srgb_standard/*": ({}, "sRGB view"),
    "noaa_agx/*": ({}, "AgX"),
    "jpeg/*": ({}, "JPEG"),
    "palette_png/*": ({}, "--palette-png"),
    "truncated/*": ({}, "again"),
    "noaa_agx/?*": ({"mode": "nearest"}, "too far"),
    "truncated/?*": ({"mode": "nearest"}, "again"),
}


@pytest.mark.parametrize("pattern", RIGHT)
def test_soiled_files_with_the_right_result(data_folder: Path, pattern: str) -> None:
    files = sorted((data_folder / "ride" / "dirty").glob(pattern))
    assert files
    for path in files:
        found = read(path, **RIGHT[pattern])
        expected = truth(data_folder, path.suffixes[-2][1:])
        if found.ids.shape != expected.shape:  # mixed_resolution: the first frame at half size
            expected = truth(data_folder, "1001")[1::2, 1::2]
        inside = found.ids != NOTHING
        assert inside.any() and (found.ids == expected)[inside].all(), path.name
        assert probe(path).width == found.facts.width


@pytest.mark.parametrize("pattern", WORDS)
def test_soiled_files_with_the_right_words(data_folder: Path, pattern: str) -> None:
    options, word = WORDS[pattern]
    files = sorted((data_folder / "ride" / "dirty").glob(pattern))
    assert files
    for path in files:
        with pytest.raises(InputRefused) as caught:
            read(path, **options)
        assert word in str(caught.value) and caught.value.remedy and path.name in str(caught.value)


def test_the_sky_that_no_object_covers(data_folder: Path) -> None:
    (path,) = (data_folder / "ride" / "dirty" / "crypto_world_sky").glob("*.exr")
    expected = truth(data_folder, "1001")
    open_sky = read(path)
    assert abs((open_sky.ids == NOTHING).mean() - (expected == 156).mean()) < 0.005
    assert any("--uncovered" in words for words in open_sky.facts.warnings)
    filled = read(path, uncovered="sky")
    assert (filled.ids == expected).mean() >= 0.996 and (filled.coverage == 1).all()
    with pytest.raises(InputRefused):  # the objects are not named as classes
        read(path, crypto="object")
    table = {"*tree*": "tree", "loco": "train", "wagon*": "train", "tender": "train", "house*": "house", "*": "grass"}
    assert read(path, crypto="object", names=table).facts.classes[6] > 19_000


def test_three_sample_files_of_the_specification(data_folder: Path) -> None:
    folder = data_folder / "cryptomatte"
    for path in sorted(folder.glob("*.exr")):
        with pytest.raises(InputRefused) as caught:
            read(path)
        assert "--names" in caught.value.remedy
    found = read(folder / "multichannel.exr", crypto="asset", names={"ball*": "sports ball", "toroidal*": "donut"})
    assert {COCO.by_id(i).name for i in found.facts.classes if i != NOTHING} == {"sports ball", "donut"}


def test_real_annotations_survive_a_walk_through_colours(data_folder: Path, tmp_path: Path) -> None:
    table = np.zeros((NOTHING + 1, 4), np.uint8)
    for identity, color in COCO.palettes["runway"].colors.items():
        table[identity] = (*color, 255)
    for path in sorted((data_folder / "coco_stuff").glob("label_*")):
        ids = read(path).ids  # 255 in these files is NOTHING
        Image.fromarray(table[ids]).save(tmp_path / "colour.png")
        assert (read(tmp_path / "colour.png").ids == ids).all(), path.name

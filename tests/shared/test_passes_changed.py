"""Ids and colours that something changed on their way are named, and undone where that is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image

from shared.label_set import NOTHING, load_label_set
from tests.shared.format_files import IDS, REPORTED, RGB, read, refused, right, write
from tests.shared.test_passes_pictures import painted


def test_colours_made_linear_are_named_and_undone(tmp_path: Path) -> None:
    file = REPORTED / "colours_made_linear" / "label.1001.exr"
    assert "colours were made linear" in refused(file) and "AgX" not in refused(file)
    found = read(file, mode="nearest")
    assert (found.ids == right("colours_made_linear")).all() and "made linear" in found.facts.warnings[0]
    codes = RGB / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    for name, pixels, kind in (
        ("8.tif", np.rint(linear * 255).astype(np.uint8), oiio.UINT8),
        ("16.png", np.rint(linear * 65535).astype(np.uint16), oiio.UINT16),
        ("half.tif", linear.astype(np.float16), oiio.HALF),
        ("float.tif", linear.astype(np.float32), oiio.FLOAT),
    ):
        path = write(tmp_path / name, pixels, kind)
        assert "colours were made linear" in refused(path), name
        assert (read(path, mode="nearest").ids == IDS).all(), name


def test_an_srgb_view_is_undone_whatever_the_bits(tmp_path: Path) -> None:
    codes = RGB / 255
    viewed = np.where(codes <= 0.0031308, codes * 12.92, 1.055 * codes ** (1 / 2.4) - 0.055)
    for name, pixels, kind in (
        ("16.png", np.rint(viewed * 65535).astype(np.uint16), oiio.UINT16),
        ("float.tif", viewed.astype(np.float32), oiio.FLOAT),
    ):
        path = write(tmp_path / name, pixels, kind)
        assert "sRGB view" in refused(path), name
        assert (read(path, mode="nearest").ids == IDS).all(), name


def test_ids_times_257() -> None:
    file = REPORTED / "ids_times_257" / "ids.1001.png"
    assert "all values are 257 times an id" in refused(file)
    assert (read(file, mode="nearest").ids == right("ids_times_257")).all()


@pytest.mark.parametrize(("factor", "kind", "words"), [
    (256, "UINT16", "256 times"),
    (1 / 255, "FLOAT", "an id / 255"),
    (1 / 255, "HALF", "an id / 255"),
    (1 / 65535, "FLOAT", "an id / 65535"),
])  # fmt: skip
def test_scaled_ids_are_named_and_undone(tmp_path: Path, factor: float, kind: str, words: str) -> None:
    dtype = {"UINT16": np.uint16, "FLOAT": np.float32, "HALF": np.float16}[kind]
    path = write(tmp_path / "ids.tif", (IDS[..., None] * factor).astype(dtype), getattr(oiio, kind))
    assert words in refused(path)
    assert (read(path, mode="nearest").ids == IDS).all()


def test_ids_made_linear_and_ids_in_an_exr_are_undone(tmp_path: Path) -> None:
    codes = IDS[..., None] / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(np.float32)
    assert "made linear" in refused(write(tmp_path / "ids.tif", linear, oiio.FLOAT))
    assert (read(tmp_path / "ids.tif", mode="nearest").ids == IDS).all()
    for name, values in (("a", codes), ("b", IDS[..., None] * 257.0), ("c", linear)):
        path = tmp_path / f"{name}.exr"
        OpenEXR.File({}, {"id": values[..., 0].astype(np.float32)}).write(str(path))
        refused(path)
        assert (read(path, mode="nearest").ids == IDS).all(), name


def test_colours_of_8_bits_moved_up_to_16(tmp_path: Path) -> None:
    path = write(tmp_path / "l.png", RGB.astype(np.uint16) * 256, oiio.UINT16)
    assert (read(path).ids == IDS).all()


def test_unknown_ids_are_not_called_scaled(tmp_path: Path) -> None:
    ids = np.where(IDS == 6, 300, IDS)
    assert "do" in refused(write(tmp_path / "ids.tif", ids.astype(np.uint16)[..., None], oiio.UINT16), mode="nearest")


def test_the_ids_of_training_are_warned_of_and_can_be_read() -> None:
    file = REPORTED / "ids_of_training" / "label.1001.png"
    [warning] = read(file, label_set="cityscapes").facts.warnings
    assert "trainIds" in warning and "--label-set cityscapes_train_ids" in warning
    found = read(file, label_set="cityscapes_train_ids")
    assert not found.facts.warnings
    own, trained = load_label_set("cityscapes"), load_label_set("cityscapes_train_ids")
    meant, truth = found.ids, right("ids_of_training")
    assert all(
        own.find(trained.by_id(i).name).id == t
        for i, t in set(zip(meant.flat, truth.flat, strict=True))
        if i != NOTHING
    )


def test_the_colours_of_another_set_are_named_before_a_view_is_blamed(tmp_path: Path) -> None:
    ade = load_label_set("ade20k")
    ids = np.array([ade.find(name).id for name in ("sky", "tree", "grass")])[np.arange(6300).reshape(70, 90) // 2100]
    colours = painted(ids, "ade20k")
    Image.fromarray(colours).save(tmp_path / "l.png")
    words = refused(tmp_path / "l.png")
    assert "All 3 colours are colours of ade20k. Give --label-set ade20k" in words and "AgX" not in words
    assert (read(tmp_path / "l.png", label_set="ade20k").ids == ids).all()
    Image.fromarray(colours).resize((93, 73), Image.Resampling.BILINEAR).save(tmp_path / "soft.png")
    assert "of it, are colours of ade20k" in refused(tmp_path / "soft.png")


def test_an_id_picture_saved_in_rgb_is_named(tmp_path: Path) -> None:
    grey = np.repeat(IDS.astype(np.uint8)[..., None], 3, 2)
    for name in ("l.tga", "l.tif"):
        Image.fromarray(grey).save(tmp_path / name)
        assert "--encoding ids" in refused(tmp_path / name)
        assert (read(tmp_path / name, encoding="ids").ids == IDS).all()

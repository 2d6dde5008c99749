"""Shading passes: the light of a clay render, out of any EXR or picture; what is nothing is said so."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenEXR
import pytest

from shared.errors import InputRefused, MissingInput
from shared.passes.shading_pass import LUMINANCE, NOTHING, layer_of, read_shading
from shared.srgb import REC709_TO_AP1, from_light

SHAPE = (6, 8)
LIGHT = np.linspace(0.0, 3.5, 48, dtype=np.float32).reshape(SHAPE)  # beyond 1, as in the sun
WARM = np.array([1.0, 0.8, 0.5], np.float32)


def exr(path: Path, header: dict[str, Any] | None = None, **channels: np.ndarray) -> Path:
    planes = {name.replace("_", "."): np.ascontiguousarray(one) for name, one in channels.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage, **(header or {})}, planes).write(str(path))
    return path


def rgb(light: np.ndarray, prefix: str = "", colour: np.ndarray = WARM) -> dict[str, np.ndarray]:
    return {f"{prefix}{name}": (light * part).astype(np.float32) for name, part in zip("RGB", colour, strict=True)}


def refused(path: Path, wanted: str | None = None) -> str:
    with pytest.raises(InputRefused) as caught:
        read_shading(path, wanted)
    assert caught.value.file == str(path) and caught.value.remedy
    return str(caught.value)


def test_light_is_the_luminance_of_an_exr_as_it_is(tmp_path):
    expected = LIGHT * (WARM @ LUMINANCE)
    assert np.allclose(read_shading(exr(tmp_path / "a.exr", **rgb(LIGHT))).light, expected, atol=1e-5)
    halves = {name: plane.astype(np.float16) for name, plane in rgb(LIGHT).items()}
    assert np.allclose(read_shading(exr(tmp_path / "h.exr", **halves)).light, expected, rtol=2e-3)
    for name in ("Y", "shading", "clay_Y", "whatever"):
        found = read_shading(exr(tmp_path / "y.exr", **{name: LIGHT}))
        assert np.allclose(found.light, LIGHT) and name.replace("_", ".") in found.kind


def test_white_divides_it_and_nothing_stays_nothing(tmp_path):
    alpha = np.ones(SHAPE, np.float32)
    alpha[0] = 0
    plane = read_shading(exr(tmp_path / "a.exr", A=alpha, **rgb(LIGHT * alpha, colour=np.ones(3)))).plane(3.5)
    assert plane.dtype == np.float32 and (plane[0] == NOTHING).all() and plane[-1, -1] == pytest.approx(1)
    assert np.allclose(plane[1:], LIGHT[1:] / 3.5, atol=1e-5)


def test_an_edge_that_alpha_made_darker_is_as_light_as_its_surface(tmp_path):
    alpha = np.full(SHAPE, 0.25, np.float32)
    found = read_shading(exr(tmp_path / "a.exr", A=alpha, **rgb(LIGHT * alpha, colour=np.ones(3))))
    assert np.allclose(found.light, LIGHT, atol=1e-4)


def test_what_is_no_number_is_nothing_and_what_is_negative_is_dark(tmp_path):
    light = LIGHT.copy()
    light[0, :4] = np.nan, np.inf, -np.inf, -0.5
    for file in (exr(tmp_path / "a.exr", **rgb(light)), exr(tmp_path / "b.exr", Y=light)):
        found = read_shading(file)
        assert found.light[0, :4].tolist() == [NOTHING, NOTHING, NOTHING, 0] and np.isfinite(found.light).all()
        assert (found.plane(2.0)[0, :4] == [NOTHING, NOTHING, NOTHING, 0]).all()


def test_outside_the_data_window_is_nothing(tmp_path):
    first, last = np.array([0, 0], np.int32), np.array([SHAPE[1] - 1, SHAPE[0] - 1], np.int32)
    windows = {"displayWindow": (first, last + np.array([0, 2], np.int32)), "dataWindow": (first, last)}
    light = read_shading(exr(tmp_path / "a.exr", windows, Y=LIGHT)).light
    assert light.shape == (SHAPE[0] + 2, SHAPE[1]) and (light[-2:] == NOTHING).all() and (light[:-2] >= 0).all()


def test_colours_of_acescg_are_brought_to_rec709(tmp_path):
    colours = LIGHT[..., None] * WARM
    wide = dict(zip("RGB", (colours @ REC709_TO_AP1.T).transpose(2, 0, 1), strict=True))
    ap1 = struct.unpack("<8f", struct.pack("<8f", 0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767))
    light = read_shading(exr(tmp_path / "a.exr", {"chromaticities": ap1}, **wide)).light
    assert np.allclose(light, LIGHT * (WARM @ LUMINANCE), atol=1e-4)


def test_pictures_hold_srgb_codes(tmp_path):
    light = LIGHT / LIGHT.max()
    coded = from_light(light)
    for name, dtype, top in (("a.png", np.uint8, 255), ("b.png", np.uint16, 65535), ("c.tif", np.uint16, 65535)):
        for codes in (coded, np.repeat(coded[..., None], 3, 2)):
            cv2.imwrite(str(tmp_path / name), np.rint(codes * top).astype(dtype))
            assert np.allclose(read_shading(tmp_path / name).light, light, atol=1.2 / top)
    cv2.imwrite(str(tmp_path / "d.jpg"), np.kron(np.rint(coded * 255), np.ones((16, 16))).astype(np.uint8))
    assert np.allclose(read_shading(tmp_path / "d.jpg").light[8::16, 8::16], light, atol=0.05)
    alpha = np.full((*SHAPE, 4), 200, np.uint8)
    alpha[:2, :, 3] = 0
    cv2.imwrite(str(tmp_path / "e.png"), alpha)
    found = read_shading(tmp_path / "e.png").light
    assert (found[:2] == NOTHING).all() and np.allclose(found[2:], found[2, 0]) and 0.5 < found[2, 0] < 0.6


def test_floats_of_a_tiff_are_light(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tif"), LIGHT)
    assert np.allclose(read_shading(tmp_path / "a.tif").light, LIGHT)


def test_the_layer_is_found_by_its_name_or_because_there_is_no_other(tmp_path):
    depth = np.full(SHAPE, 9, np.float32)
    several = {**rgb(LIGHT, "View.Combined."), "View.Depth.Z": depth, **rgb(depth, "View.Normal.")}
    assert read_shading(exr(tmp_path / "a.exr", **several)).kind == "EXR View.Combined"
    assert read_shading(exr(tmp_path / "b.exr", **rgb(depth), **rgb(LIGHT, "clay."))).kind == "EXR clay"
    assert read_shading(exr(tmp_path / "c.exr", **rgb(LIGHT), Z=depth)).kind == "EXR RGB"
    assert read_shading(exr(tmp_path / "d.exr", Y=LIGHT, Z=depth)).kind == "EXR Y"


def test_where_it_is_not_clear_the_layers_are_listed_and_one_is_named(tmp_path):
    names = ("VRayLighting", "VRayGlobalIllumination")
    two = exr(tmp_path / "a.exr", **rgb(LIGHT, f"{names[0]}."), **rgb(LIGHT + 1, f"{names[1]}."))
    words = refused(two)
    assert "--shading-layer. It has" in words and all(name in words for name in names)
    assert np.allclose(read_shading(two, "VRayLighting").light, LIGHT * (WARM @ LUMINANCE), atol=1e-5)
    assert "has no layer or channel 'clay'" in refused(two, "clay")
    assert "is not clear" in refused(exr(tmp_path / "z.exr", Z=LIGHT))  # a distance is no light unasked
    assert np.allclose(read_shading(tmp_path / "z.exr", "Z").light, LIGHT)


def test_what_is_not_there_or_damaged_is_said(tmp_path):
    with pytest.raises(MissingInput):
        read_shading(tmp_path / "none.exr")
    whole = exr(tmp_path / "a.exr", Y=LIGHT).read_bytes()
    (tmp_path / "a.exr").write_bytes(whole[: len(whole) * 2 // 3])
    refused(tmp_path / "a.exr")
    with pytest.raises(InputRefused, match="holds no light"):
        layer_of([])

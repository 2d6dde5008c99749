"""Normals of every kind of file become unit vectors, and those of every convention the camera's."""

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from shared.errors import InputRefused
from shared.passes.normal_pass import read_normals, to_camera, turned

SHAPE = (4, 4)
UP = np.array([0, 0.6, 0.8], np.float32)


def exr(path, layer, vector, dtype=np.float32, **more):
    planes = {f"{layer}{c}": np.full(SHAPE, v, dtype) for c, v in zip("XYZ", vector, strict=True)}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {**planes, **more}).write(str(path))
    return path


def png(path, vectors, top=255, alpha=None):
    codes = np.rint((np.asarray(vectors, float) + 1) / 2 * top).astype(np.uint16 if top > 255 else np.uint8)
    codes = codes if alpha is None else np.dstack([codes, alpha])
    if top > 255:
        import cv2

        cv2.imwrite(str(path), codes[..., ::-1])
    else:
        Image.fromarray(codes).save(path)
    return path


BEAUTY = {c: np.zeros(SHAPE, np.float32) for c in "RGB"}


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_layer_is_read_and_what_is_no_number_is_no_surface(tmp_path, dtype):
    planes = {f"N.{c}": np.full(SHAPE, v, dtype) for c, v in zip("XYZ", (0.0, -0.6, 0.8), strict=True)}
    planes["N.X"][0, 0], planes["N.Y"][0, 1], planes["N.Z"][0, 2] = np.nan, np.inf, 0
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {**planes, **BEAUTY}).write(str(tmp_path / "a.exr"))
    found = read_normals(tmp_path / "a.exr")
    assert found.channels == ("N.X", "N.Y", "N.Z") and found.of_the_world
    assert np.allclose(found.vectors[1, 1], (0, -0.6, 0.8), atol=1e-3) and not found.vectors[0, :2].any()
    assert np.allclose(found.vectors[0, 2], (0, -1, 0)), "0.6 long: over an edge, and the greater part of a surface"


@pytest.mark.parametrize(
    ("layer", "of_the_world"),
    [("N.", True), ("rl.Normal.", False), ("WorldNormal.", True), ("normals.", False), ("camera_normal.", False)],
)
def test_whose_axes_they_are_is_in_the_name_with_some_renderers(tmp_path, layer, of_the_world):
    assert read_normals(exr(tmp_path / "a.exr", layer, UP, **BEAUTY)).of_the_world == of_the_world


def test_a_normal_layer_is_found_or_named(tmp_path):
    none = exr(tmp_path / "b.exr", "P.", UP, **BEAUTY)
    with pytest.raises(InputRefused, match=r"no normals were found.*P \(x, y, z\).*--normal-layer"):
        read_normals(none)
    two = exr(tmp_path / "two.exr", "a.N.", UP, **{f"b.N.{c}": np.full(SHAPE, 0.5, np.float32) for c in "XYZ"})
    with pytest.raises(InputRefused, match=r'not clear: "a.N", "b.N"'):
        read_normals(two)
    assert np.allclose(read_normals(two, "a.N").vectors, UP)
    with pytest.raises(InputRefused, match='no layer "c" that could be normal'):
        read_normals(two, "c")


@pytest.mark.parametrize(("top", "near"), [(255, 0.01), (65535, 1e-4)])
def test_a_picture_holds_codes_and_grey_black_and_alpha_0_are_nothing(tmp_path, top, near):
    vectors = np.broadcast_to(UP, (*SHAPE, 3)).copy()
    vectors[0, 0], vectors[0, 1] = 0, -1
    found = read_normals(png(tmp_path / "a.png", vectors, top))
    assert np.abs(found.vectors[1:] - UP).max() < near and not found.vectors[0, :2].any()
    if top == 255:
        alpha = np.full(SHAPE, 255, np.uint8)
        alpha[2] = 0
        found = read_normals(png(tmp_path / "b.png", vectors, alpha=alpha))
        assert not found.vectors[2].any() and np.abs(found.vectors[3] - UP).max() < near


def test_codes_in_an_exr_are_noticed(tmp_path):
    """As V-Ray writes a channel of its own; also where the rest of the frame is the grey of nothing."""
    rows = np.linspace(-1, 1, 4, dtype=np.float32)[:, None] + np.zeros(SHAPE, np.float32)
    vectors = np.stack([rows * 0.7, 0 * rows, np.sqrt(1 - 0.49 * rows**2)], -1)
    vectors[:, 2:] = 0
    planes = {c: np.ascontiguousarray(vectors[..., n] / 2 + 0.5) for n, c in enumerate("RGB")}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(tmp_path / "a.exr"))
    found = read_normals(tmp_path / "a.exr")
    assert np.allclose(found.vectors, vectors, atol=1e-5) and found.odd == 0
    planes = {c: np.ascontiguousarray(np.abs(vectors[..., n])) for n, c in enumerate("RGB")}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(tmp_path / "b.exr"))
    assert np.allclose(read_normals(tmp_path / "b.exr").vectors, np.abs(vectors), atol=1e-5), "none is negative, plain"


def test_normals_of_another_length_are_made_unit_and_short_ones_are_none(tmp_path):
    long = read_normals(exr(tmp_path / "a.exr", "", UP * 3))
    assert np.allclose(long.vectors, UP) and abs(long.length - 3) < 1e-5 and long.odd == 0
    short = exr(tmp_path / "b.exr", "", UP)
    planes = OpenEXR.File(str(short), separate_channels=True).parts[0].channels
    values = {c: planes[c].pixels.copy() for c in "XYZ"}
    for one in values.values():
        one[0, 0], one[0, 1] = one[0, 0] * 0.4, one[0, 1] * 0.7  # over an edge to nothing
    OpenEXR.File({"type": OpenEXR.scanlineimage}, values).write(str(short))
    found = read_normals(short)
    assert not found.vectors[0, 0].any() and np.allclose(found.vectors[0, 1], UP, atol=1e-6)
    assert found.odd == 2 / 16


def test_a_grey_picture_is_no_normal_pass(tmp_path):
    Image.new("L", SHAPE, 128).save(tmp_path / "a.png")
    with pytest.raises(InputRefused, match="red, green and blue, this picture is grey"):
        read_normals(tmp_path / "a.png")


def test_every_convention_becomes_the_cameras():
    right = np.array([[[0.6, 0.0, 0.8]]], np.float32)
    assert np.array_equal(turned(right, "camera"), right)
    assert np.allclose(turned(np.array([[[0.6, -0.5, -0.8]]], np.float32), "camera-down-away"), (0.6, 0.5, 0.8))
    assert np.allclose(turned(np.array([[[0.6, 0.5, -0.8]]], np.float32), "camera-away"), (0.6, 0.5, 0.8))
    assert np.allclose(turned(np.array([[[0.6, -0.5, 0.8]]], np.float32), "camera-down"), (0.6, 0.5, 0.8))
    looks_along_minus_x = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)  # its right is +y, its up +z
    assert np.allclose(turned(right, "world", looks_along_minus_x), (0, 0.8, 0.6))


def test_a_normal_of_the_world_is_turned_into_the_cameras_space():
    looks_along_y = np.array([(1, 0, 0, 7), (0, 0, -1, 8), (0, 1, 0, 9), (0, 0, 0, 1)])  # z up, as Blender's
    faces, up = np.array((0, -1, 0)), np.array((0, 0, 1))
    assert np.allclose(to_camera(np.array([[faces, up]]), looks_along_y), [[(0, 0, 1), (0, 1, 0)]])
    assert np.allclose(to_camera(up, looks_along_y[:3, :3]), (0, 1, 0))

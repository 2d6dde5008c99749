"""Pictures and normals as a model takes them: from files of every kind to display-referred colours."""

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.worker import outputs
from shared.errors import InputRefused
from shared.passes.picture_pass import read_picture_pass
from shared.srgb import from_light, to_light

ABOUT = {"fps": [24, 1], "pixel_aspect": 1.0, "frame": 1, "owner": ""}


@pytest.fixture
def colours():
    """(H, W, 3) sRGB codes 0..1 and a soft alpha."""
    random = np.random.default_rng(4)
    return random.random((9, 16, 3), np.float32), np.linspace(0, 1, 16, dtype=np.float32)[None].repeat(9, 0)


def exr(path, **channels):
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, {name.replace("__", "."): plane for name, plane in channels.items()}).write(str(path))
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "tga"])
def test_codes_stay_codes(tmp_path, colours, suffix):
    codes = np.dstack([np.rint(colours[0] * 255), np.rint(colours[1] * 255)]).astype(np.uint8)
    Image.fromarray(codes).save(tmp_path / f"a.{suffix}")
    found = read_picture_pass(tmp_path / f"a.{suffix}")
    there = codes[..., 3] > 0  # what is nowhere has no colour in a format that multiplies
    assert np.abs(found.colour[there] * 255 - codes[there][:, :3]).max() < 0.51
    assert (np.rint(found.alpha * 255) == codes[..., 3]).all()


def test_grey_palette_and_what_has_no_alpha(tmp_path):
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey).convert("RGB").quantize(64).save(tmp_path / "palette.png")
    for name in ("grey.png", "palette.png"):
        found = read_picture_pass(tmp_path / name)
        assert found.colour.shape == (8, 8, 3) and (found.alpha == 1).all()
        assert np.abs(found.colour * 255 - grey[..., None]).max() < 2


@pytest.mark.parametrize("form", ["exr", "exr-acescg"])
def test_light_becomes_what_the_screen_shows(tmp_path, colours, form):
    picture, alpha = colours
    outputs.write_picture(tmp_path / "a.exr", picture, alpha, {**ABOUT, "format": form})
    found = read_picture_pass(tmp_path / "a.exr")
    solid = alpha > 0.1
    assert np.abs(found.colour - picture)[solid].max() < 0.004 and np.abs(found.alpha - alpha).max() < 0.001


def test_the_picture_of_an_exr_with_many_layers_is_the_beauty(tmp_path):
    light = {c: np.full((4, 4), v, np.float32) for c, v in zip("RGB", (0.2, 0.5, 3.0), strict=True)}
    other = {f"diffuse__{c}": np.zeros((4, 4), np.float32) for c in "RGB"}
    found = read_picture_pass(exr(tmp_path / "a.exr", **light, **other))
    assert np.allclose(found.colour[0, 0], from_light(np.float32([0.2, 0.5, 1])))
    more = {f"gloss__{c}": np.zeros((4, 4), np.float32) for c in "RGB"}
    with pytest.raises(InputRefused, match="which layer of this EXR is the picture is not clear: diffuse, gloss"):
        read_picture_pass(exr(tmp_path / "b.exr", **other, **more))
    with pytest.raises(InputRefused, match="holds no colours"):
        read_picture_pass(exr(tmp_path / "c.exr", Z=light["R"]))


def test_light_and_codes_lead_back():
    values = np.linspace(0, 1, 1001, dtype=np.float32)
    assert np.abs(from_light(to_light(values)) - values).max() < 1e-6

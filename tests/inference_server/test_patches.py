"""The matte of a layer that changes a part of a picture: its alpha, from whichever format it is kept in."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from inference_server.worker import outputs
from inference_server.worker.patches import NAME, fill_patches, is_patch
from shared.consent import CHANGED, MADE


@pytest.mark.parametrize("suffix", ["png", "exr"])
def test_a_matte_has_the_alpha_of_its_layer_and_is_written_once(tmp_path, suffix):
    alpha = np.linspace(0, 1, 20 * 12, dtype=np.float32).reshape(12, 20)
    header = {
        **{"key": "k1", "shot": "sh", "size": [20, 12], "format": suffix, "pixel_aspect": 1.0, "synthetic": CHANGED},
        **{"fps": [24, 1], "frame": 1, "owner": ""},
    }
    picture, mattes = tmp_path / f"mouth.0001.{suffix}", tmp_path / "mattes"
    outputs.write_picture(picture, np.full((12, 20, 3), 0.5, np.float32), alpha, header)
    plan = SimpleNamespace(
        picture_path=lambda layer, frame: picture,
        matte_path=lambda layer, name, frame: mattes / f"{layer}_{name}.{frame:04d}.png",
        out=tmp_path,
        roots=None,
    )
    fill_patches(plan, "mouth", {1: header})
    file = mattes / f"mouth_{NAME}.0001.png"
    made = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert (made[..., :3] == 255).all() and np.abs(made[..., 3] / 255 - alpha).max() <= 1 / 255
    before = file.stat().st_mtime_ns
    fill_patches(plan, "mouth", {1: header})
    assert file.stat().st_mtime_ns == before
    fill_patches(plan, "mouth", {1: {**header, "key": "k2"}})  # painted anew
    assert outputs.read_metadata(file)["key"] == "k2"


def test_what_is_made_whole_is_no_patch():
    assert is_patch({"synthetic": CHANGED})
    assert not is_patch({"synthetic": MADE}) and not is_patch({})

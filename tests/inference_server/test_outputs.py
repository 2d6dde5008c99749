"""Painted frames as EXR: their provenance is found without their pixels, and damage is not copied."""

import numpy as np
import pytest

from inference_server.worker import outputs
from shared.errors import InputRefused

PICTURE = np.linspace(0, 1, 64 * 96 * 3, dtype=np.float32).reshape(64, 96, 3)
METADATA = {
    **{"format": "exr", "key": "abc", "layer": "Ärger", "frame": 1001},
    **{"fps": [24, 1], "pixel_aspect": 1.0, "owner": "Renée"},
}
ALPHA = np.ones((64, 96), np.float32)


@pytest.fixture
def painted(tmp_path):
    path = tmp_path / "tree.1001.exr"
    outputs.write_picture(path, PICTURE, ALPHA, METADATA)
    return path


def test_provenance_comes_from_the_header(painted):
    assert outputs.read_metadata(painted) == METADATA


@pytest.mark.parametrize("left", [0, 4, 100, 400, 0.5, 0.99])
def test_a_frame_that_is_cut_short_is_not_finished(painted, left):
    content = painted.read_bytes()
    painted.write_bytes(content[: left if isinstance(left, int) else int(len(content) * left)])
    assert outputs.read_metadata(painted) is None


def test_a_frame_whose_end_was_never_copied_is_not_finished(painted):
    content = painted.read_bytes()
    painted.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    assert outputs.read_metadata(painted) is None


def test_other_files_have_no_provenance(tmp_path):
    (tmp_path / "a.exr").write_bytes(b"no EXR")
    assert outputs.read_metadata(tmp_path / "a.exr") is outputs.read_metadata(tmp_path / "b.exr") is None


def test_a_copy_has_the_same_pixels_and_a_damaged_frame_has_none(painted, tmp_path):
    outputs.copy_picture(painted, tmp_path / "b.exr", {**METADATA, "layer": "b"})
    assert outputs.read_metadata(tmp_path / "b.exr")["layer"] == "b"
    content = bytearray(painted.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = b"\xaa" * 64
    painted.write_bytes(content)
    with pytest.raises(InputRefused, match="damaged"):
        outputs.copy_picture(painted, tmp_path / "c.exr", METADATA)
    assert not (tmp_path / "c.exr").exists()

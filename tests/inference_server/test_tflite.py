"""Networks as TensorFlow Lite files: the published ones give what LiteRT gives; what is none is refused."""

import numpy as np
import pytest

from inference_server.models.catalogue import find_card
from inference_server.models.tflite import read_network
from shared.errors import ModelRefused
from tests.conftest import ROOT

FOLDER = find_card("blazepose").folder


@pytest.mark.parametrize(("name", "side"), [("pose_detection", 224), ("pose_landmark_full", 256)])
def test_the_shipped_networks_give_what_litert_gives(name, side):
    """ai-edge-litert 2.3.0, of the same random picture; the first network's weights are sparse."""
    wanted = np.load(ROOT / "tests" / "data" / "pose" / "litert.npz")
    network = read_network((FOLDER / f"{name}.tflite").read_bytes(), name)
    outputs = network(np.random.default_rng(0).random((1, side, side, 3), dtype=np.float32))
    for number, found in enumerate(outputs):
        values = wanted[f"{name}_{number}"]
        sample = found.ravel()[:: max(1, found.size // 400)]
        assert np.abs(sample - values).max() <= 1e-3 * max(1, np.abs(values).max())


def test_what_is_no_network_is_refused_in_words():
    content = (FOLDER / "pose_landmark_full.tflite").read_bytes()
    with pytest.raises(ModelRefused, match="no TensorFlow Lite file"):
        read_network(b"PK\x03\x04" + bytes(100), "a.tflite")
    with pytest.raises(ModelRefused, match="cannot be read"):
        read_network(content[: len(content) // 2], "b.tflite")

"""What a model is given of a shading pass: its light over white, at any size, in tiles, over the wire; and its keys."""

import shutil

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from inference_server.models.base import Place
from inference_server.worker.fitting import fit_shading
from inference_server.worker.keys import frame_key
from inference_server.worker.reading import decode
from shared.errors import InputRefused
from shared.handing import uploadable
from shared.passes.shading_pass import NOTHING
from shared.shot import Shot
from tests.inference_server.taking import planner

SIZE = (64, 36)
COLOUR = (140, 104, 47)  # tree
LAYER = {"name": "a", "labels": "label.png", "shading": "clay.####.exr", "shading_white": 4.0}


def light():
    """Brighter to the right, up to 4; nothing in the upper quarter."""
    made = np.tile(np.linspace(0, 4, SIZE[0], dtype=np.float32), (SIZE[1], 1))
    alpha = np.ones(SIZE[::-1], np.float32)
    alpha[: SIZE[1] // 4] = 0
    return made * alpha, alpha


def expected():
    made, alpha = light()
    return np.where(alpha > 0, made / 4, NOTHING)


def write(path, made, alpha):
    planes = {**dict.fromkeys("RGB", made), "A": alpha}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, planes).write(str(path))


@pytest.fixture
def passes(tmp_path):
    folder = tmp_path / "passes"
    folder.mkdir()
    Image.new("RGB", SIZE, COLOUR).save(folder / "label.png")
    for frame in (1001, 1002):
        write(folder / f"clay.{frame}.exr", *light())
    return folder


@pytest.fixture
def plan_of(passes, add_sleep_model, state_folder):
    return planner(add_sleep_model, "shading", passes)


def test_light_is_averaged_over_what_is_there_at_any_size_and_a_tile_has_its_own(plan_of):
    request = decode(plan_of(LAYER, paint_size=list(SIZE)), "a", 1001).request
    assert request.shading.dtype == np.float32
    assert np.allclose(request.shading[: SIZE[1]], expected(), atol=1e-6)
    tile = request.tile((slice(0, 16), slice(16, 48)), Place(16, 0, *SIZE))
    assert np.array_equal(tile.shading, request.shading[:16, 16:48])
    for size in ([32, 18], [160, 90], [80, 40]):
        fitted = fit_shading(expected().astype(np.float32), size, "stretch")
        assert fitted.shape == (size[1], size[0]) and fitted.dtype == np.float32
        there = fitted != NOTHING
        assert there.mean() == pytest.approx(0.75, abs=0.03) and (fitted[there] >= 0).all()
        centres = (np.arange(size[0]) + 0.5) * SIZE[0] / size[0] - 0.5
        assert np.allclose(fitted[-1], np.interp(centres, range(SIZE[0]), expected()[-1]), atol=0.01)
    extended = fit_shading(expected().astype(np.float32), (80, 48), "multiple")
    assert np.array_equal(extended[:36, :64], expected().astype(np.float32)) and (extended[36:, 64:] == 1).all()


def test_of_a_shading_pass_content_layer_and_white_are_in_the_key_of_who_takes_it_alone(passes, plan_of):
    def key(takes="shading", **more):
        plan = plan_of({**LAYER, **more}, takes=takes)
        return frame_key(plan, plan.layers["a"], 1001)

    plain = key()
    assert key() == plain
    assert len({plain, key(shading_layer="clay"), key(shading_white=2.0), key(shading=None)}) == 4
    others = {key("normal"), key("normal", shading=None), key("normal", shading_white=2.0, shading_layer="clay")}
    assert len(others) == 1
    made, alpha = light()
    write(passes / "clay.1001.exr", made * 0.5, alpha)
    assert key() != plain and {key("normal")} == others


def test_a_shading_pass_travels_over_the_wire_with_its_white(passes, plan_of, tmp_path):
    shot = Shot.from_dict({"name": "s", "fps": 24, "first": 1001, "last": 1002, "layers": [LAYER]})
    sent, files = uploadable(shot, passes)
    for name, file in files.items():
        (tmp_path / "spool" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "spool" / name)
    plan = plan_of(*sent.to_dict()["layers"], base=tmp_path / "spool", uploaded=True, paint_size=list(SIZE))
    assert np.allclose(decode(plan, "a", 1002).request.shading[: SIZE[1]], expected(), atol=1e-6)


def test_one_of_another_size_is_refused(passes, plan_of):
    made, alpha = light()
    write(passes / "clay.1001.exr", made[:18].copy(), alpha[:18].copy())
    with pytest.raises(InputRefused, match="the shading pass is 64x18"):
        decode(plan_of(LAYER), "a", 1001)

"""Match grade: a plate takes the colours of a reference, on every frame alike, from a sequence into a comp."""

import json
import re

import numpy as np
import py_aep
import pytest
from PIL import Image

from inference_server.models.base import PaintInput, load_model
from inference_server.models.catalogue import find_card
from inference_server.models.looking import Frames
from inference_server.models.match_grade import from_oklab, least_moving, to_oklab
from inference_server.worker import outputs
from shared.delivery import read_delivery
from tests.conftest import semrender

CARD = "match_grade"
OPTIONS = {"strength": 1.0, "luminance": True}


def picture(seed, mean, size=(72, 128)):
    """A smooth picture (H, W, 3), 0..1, around a colour."""
    coarse = np.random.default_rng(seed).normal(mean, 0.08, (6, 8, 3)).clip(0, 1)
    pixels = Image.fromarray((coarse * 255).astype(np.uint8)).resize(size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(pixels, np.float32) / 255


PLATE, LOOK = picture(1, (0.4, 0.45, 0.5)), picture(2, (0.55, 0.45, 0.3), (40, 60))


@pytest.fixture(scope="module")
def model():
    return load_model(find_card(CARD))


def graded(model, plate, look, coverage=1.0, **options):
    request = PaintInput(
        np.zeros(plate.shape[:2], np.uint16),
        picture=plate,
        options={**OPTIONS, **options},
        coverage=np.full(plate.shape[:2], coverage, np.float32),
        reference=look,
    )
    prepared = model.prepare(Frames([0], lambda number: request))
    return model.paint(PaintInput(**{**vars(request), "prepared": prepared, "reference": None}))


def test_oklab_is_oklab():
    """Values of bottosson.github.io/posts/oklab, as colour libraries give them for sRGB's corners."""
    corners = np.float32([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])
    wanted = [[1, 0, 0], [0.628, 0.2249, 0.1258], [0.8664, -0.2339, 0.1795], [0.452, -0.0325, -0.3115], [0, 0, 0]]
    assert np.abs(to_oklab(corners) - wanted).max() < 2e-4
    assert np.abs(from_oklab(to_oklab(PLATE)) - PLATE).max() < 1e-4


def test_the_map_gives_mean_and_covariance_and_moves_least():
    random = np.random.default_rng(0)
    plate, look = (random.normal(size=(5000, 3)) @ random.normal(size=(3, 3)) + random.normal(size=3) for _ in "ab")
    matrix, offset = least_moving(plate, look)
    moved = plate @ matrix.T + offset
    assert np.allclose(moved.mean(0), look.mean(0)) and np.allclose(np.cov(moved.T), np.cov(look.T), atol=1e-3)
    # of all that do so it is the gradient of a convex function: symmetric, and stretching only
    assert np.allclose(matrix, matrix.T) and (np.linalg.eigvalsh(matrix) > 0).all()


def test_a_plate_takes_the_colours_of_the_reference(model):
    found, look = to_oklab(graded(model, PLATE, LOOK)).reshape(-1, 3), to_oklab(LOOK).reshape(-1, 3)
    assert np.abs(found.mean(0) - look.mean(0)).max() < 0.005
    assert np.abs(np.cov(found.T) - np.cov(look.T)).max() < 0.0005


def test_strength_and_luminance(model):
    assert np.abs(graded(model, PLATE, LOOK, strength=0) - PLATE).max() < 1e-4
    half, whole = to_oklab(graded(model, PLATE, LOOK, strength=0.5)), to_oklab(graded(model, PLATE, LOOK))
    assert np.abs(half - (whole + to_oklab(PLATE)) / 2).mean() < 0.002
    hue = to_oklab(graded(model, PLATE, LOOK, luminance=False))
    assert np.abs(hue[..., 0] - to_oklab(PLATE)[..., 0]).mean() < 0.002 and np.abs(hue - to_oklab(PLATE)).max() > 0.05


def test_a_flat_plate_becomes_the_mean_of_the_reference(model):
    found = graded(model, np.full_like(PLATE, 0.5), LOOK)
    assert np.abs(to_oklab(found) - to_oklab(LOOK).reshape(-1, 3).mean(0)).max() < 0.01


def test_a_layer_that_covers_nothing_is_said(model):
    with pytest.raises(Exception, match="no frame of this layer covers anything"):
        graded(model, PLATE, LOOK, coverage=0)


@pytest.fixture
def plates(tmp_path):
    """Five frames of a plate: on the left it holds still, on the right a bright patch comes in. And a look."""
    folder = tmp_path / "plates"
    folder.mkdir()
    for number in range(5):
        pixels = PLATE.copy()
        pixels[20:50, 124 - 12 * number :] = (0.9, 0.8, 0.2)
        Image.fromarray((pixels * 255).round().astype(np.uint8)).save(folder / f"plate.{1001 + number}.png")
    Image.fromarray((LOOK * 255).round().astype(np.uint8)).save(tmp_path / "look.png")
    return folder


def render(plates, out, *more):
    look = plates.parent / "look.png"
    done = semrender("render", plates, "--model", CARD, "--reference", look, "--out", out, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def frames_of(out):
    return {path.name: np.asarray(Image.open(path)) for path in sorted((out / "plate").iterdir())}


def test_from_a_sequence_into_a_comp(plates, tmp_path):
    out = tmp_path / "out"
    assert "5 frames painted" in render(plates, out)
    pictures = frames_of(out)
    assert len(pictures) == 5
    first, *others = pictures.values()
    assert first.shape == (72, 128, 4) and (first[..., 3] == 255).all()
    still = np.s_[:, :70]
    assert all((other[still] == first[still]).all() for other in others), "what holds still holds still in the grade"
    assert np.abs(first[..., :3] / 255 - PLATE).mean() > 0.03
    delivery = read_delivery(out)
    (layer,) = delivery.layers
    assert (layer.role, layer.provenance.model, layer.provenance.label_set) == ("painting", CARD, "")
    assert layer.provenance.options == {"strength": "1.0", "luminance": "True"}
    (footage,) = py_aep.parse(out / "plate_v001.aep").project.footages
    assert footage.comment.startswith("Painted by match_grade, seed 0. [[semrender:plate/")
    preview = np.asarray(Image.open(out / "preview.png").convert("RGB"))
    assert np.abs(preview[:, :128] / 255 - np.asarray(Image.open(plates / "plate.1003.png")) / 255).max() < 0.01
    (prepared,) = (out / "prepared" / "plate").iterdir()
    with np.load(prepared) as found:
        assert found["matrix"].shape == (3, 3) and found["offset"].shape == (3,)

    prepared.unlink()  # what is finished needs it no more
    assert "0 frames painted, 5 kept" in render(plates, out) and not prepared.exists()
    alone = tmp_path / "alone"
    render(plates, alone, "--frames", "1004", "--no-aep")
    assert (frames_of(alone)["plate.1004.png"] == pictures["plate.1004.png"]).all(), (
        "by all of the shot, not its frames"
    )

    Image.new("RGB", (50, 50), (30, 60, 120)).save(tmp_path / "look.png")
    said = render(plates, out, "--no-aep", "--frames", "1001-1005")
    assert re.search("5 frames painted, 0 kept", said) and (frames_of(out)["plate.1001.png"] != first).any()


def test_a_layer_with_labels_beside_is_cut_by_them_and_has_mattes(plates, colour_frames, tmp_path):
    colour_frames("labels", count=5, size=(128, 72), only="tree")
    layer = {"name": "a", "labels": "labels/shot.####.png", "picture": "plates/plate.####.png"}
    layer |= {"reference": "look.png", "mattes": ["tree"], "hold": "strong"}
    shot = {"name": "s", "fps": 24, "first": 1001, "last": 1005, "model": CARD, "layers": [layer]}
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    done = semrender("render", tmp_path / "shot.json", "--out", tmp_path / "out", "--no-aep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [one.name for one in read_delivery(tmp_path / "out").layers] == ["a", "m_a_tree"]
    header = outputs.read_metadata(tmp_path / "out" / "a" / "s_a.1003.png")
    assert header["hold"] == "strong" and header["label_set"]["name"] == "coco_stuff"
    alpha = np.asarray(Image.open(tmp_path / "out" / "a" / "s_a.1003.png"))[..., 3]
    assert 0 < (alpha == 255).mean() < 0.3

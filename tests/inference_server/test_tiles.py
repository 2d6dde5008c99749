"""Tiles are the whole frame's picture; scale and tiles are part of the key; every size comes out exactly."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models import base
from inference_server.models.base import PaintInput, load_model, memory, reach
from inference_server.models.cards import SCALES, painting_size
from inference_server.models.catalogue import find_card
from inference_server.models.small import network as small
from inference_server.models.spade import network as spade
from inference_server.stability import tiles
from inference_server.stability.tiles import choose_tiles
from inference_server.worker.fitting import fit, unfit
from inference_server.worker.keys import frame_key
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from inference_server.worker.writing import encode
from shared import shot
from shared.errors import ModelRefused
from shared.label_set import load_label_set
from shared.shot import Shot

SAME = 1e-5  # of 1; the bits are the same where the processor's library sums alike for every size, as ours did


@pytest.fixture(scope="module")
def card():
    return find_card(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def model(card):
    return load_model(card)


def random_channels(width, height, block=12, seed=0):
    """Blocks of classes whose edges lie at no multiple of 16."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 24, (height // block + 1, width // block + 1))
    return np.kron(coarse, np.ones((block, block), int))[:height, :width].astype(np.uint16)


def request_for(card, width, height, seed=0):
    channels = fit(random_channels(width, height, seed=seed), painting_size(card, width, height, None), "multiple")
    random = np.random.default_rng(seed)
    normal = random.normal(size=(*channels.shape, 3)).astype(np.float32)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    depth = np.exp(random.normal(3, 1, channels.shape)).astype(np.float32)
    parts = np.kron(random.integers(0, 4, (-(-height // 5) + 8, -(-width // 5) + 8)), np.ones((5, 5), np.int32))
    parts = parts[: channels.shape[0], : channels.shape[1]].astype(np.int32)
    shading = random.uniform(-0.2, 1.2, channels.shape).astype(np.float32)
    guides = {"normal": normal, "depth": depth, "instance": parts, "shading": shading, "sun": (0.6, 0.64, 0.48)}
    return PaintInput(channels, seed=3, options=card.check_options({}), **guides)


@pytest.mark.parametrize(
    ("size", "allowed", "count"), [((641, 203), 0.3, (2, 1)), ((403, 401), 0.35, (2, 2)), ((384, 700), 0.43, (1, 2))]
)
def test_tiles_paint_what_the_whole_frame_paints(card, model, size, allowed, count):
    request = request_for(card, *size)
    size = request.channels.shape[::-1]
    cut = choose_tiles(card, size, allowed)
    assert (len({t.columns.start for t in cut}), len({t.rows.start for t in cut})) == count
    assert all(memory(card, *tile.size)[1] <= allowed * 2**30 for tile in cut)
    whole = model.paint(request)
    assert np.abs(tiles.paint(model, request, cut) - whole).max() <= SAME
    # Tiles that are not told where they lie, or bring less context, show that this test can fail.
    lost = [
        model.paint(replace(request.tile((tile.rows, tile.columns), request.place), place=None)) for tile in cut[-1:]
    ]
    kept = cut[-1].rows.stop - cut[-1].kept_rows.stop  # nothing is cut off below the last
    assert kept == 0 and np.abs(lost[0][-8:, -8:] - whole[-8:, -8:]).max() > 0.01


def test_the_plain_network_is_tiled_alike(card):
    plain = small.load(card, card.folder, "cpu")
    request = request_for(card, 403, 401)
    cut = choose_tiles(card, request.channels.shape[::-1], 0.35)
    assert len(cut) > 1
    assert np.abs(tiles.paint(plain, request, cut) - plain.paint(request)).max() <= SAME


def test_half_precision_is_tiled_alike(card, model):
    request = request_for(card, 403, 401)
    request = replace(request, options={**request.options, "precision": "half"})
    cut = choose_tiles(card, request.channels.shape[::-1], 0.35)
    assert len(cut) > 1 and np.abs(tiles.paint(model, request, cut) - model.paint(request)).max() < 0.02


def test_the_reach_is_what_the_network_looks_at(card, model):
    """Corners of a block are changed; no block further than the reach may answer, and one near it must."""
    request = request_for(card, 448, 448)
    before, far = model.paint(request), 0
    for y, x in ((224, 224), (239, 239), (224, 239)):
        channels = request.channels.copy()
        channels[y, x] = (channels[y, x] + 7) % 24
        normal, depth = request.normal.copy(), request.depth.copy()
        normal[y, x], depth[y, x] = -normal[y, x], depth[y, x] * 2
        parts = request.instance.copy()
        parts[y, x] = 9
        changed = replace(request, channels=channels, normal=normal, depth=depth, instance=parts)
        rows, columns = np.nonzero((model.paint(changed) != before).any(2))
        for place, ends in ((y, rows), (x, columns)):
            far = max(far, place - (ends.min() // 16 * 16 + 15), ends.max() // 16 * 16 - place)
    assert reach(card) - 32 < far <= reach(card)


def test_tiles_cover_every_pixel_once(card):
    random = np.random.default_rng(0)
    for _ in range(200):
        width, height = (16 * int(n) for n in random.integers(1, 200, 2))
        allowed = random.uniform(0.1, 3)
        cut = choose_tiles(card, (width, height), allowed)
        times = np.zeros((height, width), int)
        for tile in cut:
            times[tile.kept_rows, tile.kept_columns] += 1
            for painted, kept, end in (
                (tile.rows, tile.kept_rows, height),
                (tile.columns, tile.kept_columns, width),
            ):
                assert painted.start % 16 == 0 and (painted.stop - painted.start) % 16 == 0
                assert painted.start == 0 or kept.start - painted.start >= reach(card)
                assert painted.stop == end or painted.stop - kept.stop >= reach(card)
        assert (times == 1).all()
        if memory(card, width, height)[1] <= allowed * 2**30:
            assert len(cut) == 1


def test_what_fits_is_one_tile_and_what_never_fits_is_the_finest(card):
    assert len(choose_tiles(card, (1920, 1088), 3)) == 1
    assert len(choose_tiles(card, (3840, 2160), 4)) == 4
    assert len(choose_tiles(card, (640, 368), 0.01)) == (640 // 64) * (368 // 64)


def test_a_network_that_sees_the_whole_frame_is_not_tiled(card, monkeypatch):
    assert not hasattr(spade, "reach")
    monkeypatch.setattr(tiles, "reach", lambda card: None)
    assert len(choose_tiles(card, (3840, 2160), 0.3)) == 1


def test_the_prediction_is_of_the_tiles(card):
    size = (3840, 2160)
    whole, cut = (tiles.painting_memory(card, size, allowed) for allowed in (1000, 3))
    assert sum(memory(card, *size)) == whole and cut < 3.3 * 2**30 < whole


def test_scale_is_of_the_frame_whatever_its_size(card):
    assert set(SCALES) == set(shot.SCALES)
    for width, height in ((1920, 1080), (3840, 2160), (7680, 4320)):
        assert painting_size(card, width, height, None, "coarse") == (512, 288)
        assert painting_size(card, width, height, None, "medium") == (1024, 576)
    assert painting_size(card, 1080, 1920, None, "coarse") == (288, 512)
    assert painting_size(card, 640, 360, None, "fine") == (640, 368)  # never larger than the pass
    assert painting_size(card, 1920, 1080, (320, 180), "fine") == (320, 192)  # an exact size goes first
    assert painting_size(card, 1, 4000, None, "coarse") == (16, 4000)


def plan_of(folder, width, height, **changes):
    """A plan of one frame whose left half is tree and right half grass."""
    label_set = load_label_set("coco_stuff")
    names = next(iter(label_set.palettes.values())).colors
    labels = np.zeros((height, width, 3), np.uint8)
    labels[:, : width // 2] = names[label_set.find("tree").id]
    labels[:, width // 2 :] = names[label_set.find("grass").id]
    folder.mkdir(exist_ok=True)
    Image.fromarray(labels).save(folder / "label.1001.png")
    shot_data = {
        "name": "s",
        "fps": 24,
        "first": 1001,
        "last": 1001,
        "model": DEFAULT_MODEL,
        "layers": [{"name": "l", "labels": "label.####.png"}],
        **changes,
    }
    card = find_card(DEFAULT_MODEL)
    spec = {
        "shot": Shot.from_dict(shot_data).to_dict(),
        "base": str(folder),
        "out": str(folder / "out"),
        "roots": None,
        "format": "png",
        "frames": [1001],
        "models": {"l": {"name": card.name, "hash": card.hash, "options": card.check_options({})}},
        "layers": ["l"],
    }
    return make_plan(spec, "job")


def test_scale_and_memory_are_part_of_the_key(tmp_path):
    keys = []
    for changes in ({}, {"scale": "coarse"}, {"scale": "medium"}, {"paint_memory": 1}, {"paint_size": [64, 64]}):
        plan = plan_of(tmp_path, 48, 32, **changes)
        keys.append(frame_key(plan, plan.layers["l"], 1001))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("size", "changes", "count"),
    [
        ((17, 33), {}, 1),
        ((1, 1), {}, 1),
        ((17, 33), {"paint_size": [16, 16]}, 1),
        ((641, 359), {"scale": "coarse"}, 1),
        ((641, 203), {"paint_memory": 0.3}, 2),
        ((333, 77), {"paint_size": [400, 400]}, 1),
    ],
)
def test_every_size_comes_out_exactly(model, tmp_path, size, changes, count):
    plan = plan_of(tmp_path, *size, **changes)
    decoded = decode(plan, "l", 1001)
    assert len(decoded.tiles) >= count
    encode(plan, decoded, tiles.paint(model, decoded.request, decoded.tiles))
    painted = np.asarray(Image.open(plan.picture_path("l", 1001)))
    assert painted.shape == (size[1], size[0], 4) and (painted[..., 3] == 255).all()


def test_edges_stay_where_they_are_when_a_picture_is_painted_smaller(tmp_path):
    """A painting with one flat colour per class comes back as the labels, for sizes that do not divide."""
    wanted = random_channels(201, 133, block=23)
    for size in ((64, 48), (112, 80), (192, 128)):
        painted = fit(wanted, size, "multiple")
        flat = np.repeat(painted[..., None] / np.float32(24), 3, 2).astype(np.float32)
        assert np.abs(unfit(flat, painted, wanted, "multiple") * 24 - wanted[..., None]).max() < 1e-4
    # Each painted pixel shows what lies under its centre, so a shape keeps its middle.
    ramp = np.repeat(np.arange(64, dtype=np.uint16)[None], 2, 0)
    assert np.abs(fit(ramp, (16, 2), "multiple")[0] - (np.arange(16) * 4 + 1.5)).max() <= 0.5


@pytest.mark.parametrize(
    "made, words",
    [
        (np.zeros((8, 8), np.float32), r"made an array \(8, 8\) of float32, no picture.*must return \(8, 8, 3\)"),
        (np.zeros((7, 8, 3), np.float32), r"made an array \(7, 8, 3\)"),
        (np.full((8, 8, 3), 255, np.uint8), "of uint8, no picture"),
        (np.full((8, 8, 3), np.nan, np.float32), "pixels that are no numbers"),
        (np.full((8, 8, 3), np.inf, np.float32), "pixels that are no numbers"),
    ],
)
def test_what_a_family_makes_is_a_picture_or_is_refused(card, made, words):
    """It would be written: whole numbers as white, NaN as whatever the processor makes of it."""

    class Mistaken(base.Model):
        def paint(self, request):
            return made

    request = PaintInput(np.zeros((8, 8), np.uint16))
    with pytest.raises(ModelRefused, match=words):
        tiles.paint(Mistaken(card, "cpu"), request, choose_tiles(card, (8, 8), 3))


def test_a_card_without_its_family_has_no_reach(card):
    with pytest.raises(Exception, match="which this build does not have"):
        base.reach(replace(card, family="video"))

"""The models that ship; the one that paints by default is deterministic, local, and paints more than flat colours."""

import hashlib

import numpy as np
import pytest

from inference_server.broker.requests import DEFAULT_MODEL
from inference_server.models import catalogue
from inference_server.models.base import PaintInput, checked_weights, load_model
from inference_server.models.cards import load_card
from inference_server.models.catalogue import find_card
from shared.errors import ModelRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import read_label_pass
from tests.conftest import ROOT

FRAME = ROOT / "examples" / "ride_the_train" / "full_frame" / "full_frame_label.1012.png"


@pytest.fixture(scope="module")
def model():
    return load_model(find_card(DEFAULT_MODEL))


@pytest.fixture(scope="module")
def ids():
    return read_label_pass(FRAME, load_label_set("coco_stuff")).ids[100:228, 200:440]


def paint(model, ids, seed=0, look="summer"):
    channels = model.card.labels.channel_table()[ids]
    return model.paint(PaintInput(channels, None, seed, {"look": look}))


def test_same_request_same_pixels_other_seed_other_texture(model, ids):
    one = paint(model, ids)
    assert one.dtype == np.float32 and one.shape == (*ids.shape, 3)
    assert one.min() >= 0 and one.max() <= 1
    assert (one == paint(model, ids)).all()
    other = paint(model, ids, seed=1)
    assert 0 < np.abs(one - other).mean() < 0.1


def test_every_class_has_texture_and_classes_differ(model, ids):
    picture = paint(model, ids)
    means = {}
    for identity in np.unique(ids):
        inside = picture[ids == identity]
        if len(inside) > 500:
            assert inside.std(0).mean() > 0.01, load_label_set("coco_stuff").by_id(int(identity)).name
            means[identity] = inside.mean(0)
    values = np.array(list(means.values()))
    apart = np.abs(values[:, None] - values[None]).max(2) + np.eye(len(values))
    assert apart.min() > 0.02


def test_looks_change_the_picture(model, ids):
    pictures = [paint(model, ids, look=look) for look in model.looks]
    for n, one in enumerate(pictures):
        for other in pictures[n + 1 :]:
            assert np.abs(one - other).mean() > 0.02


def test_a_change_far_away_changes_nothing_here(model, ids):
    """No statistic of the frame enters: a pixel depends on the labels around it, so a locked camera is calm."""
    wide = np.concatenate([ids] * 4, 1)
    changed = wide.copy()
    changed[:, -40:] = load_label_set("coco_stuff").find("sea").id
    one, other = paint(model, wide), paint(model, changed)
    assert np.abs(one[:, :400] - other[:, :400]).max() < 1e-5
    assert np.abs(one[:, -40:] - other[:, -40:]).mean() > 0.02


def test_ids_without_a_class_never_reach_the_network():
    table = find_card(DEFAULT_MODEL).labels.channel_table()
    assert table[NOTHING] < 24 and (table[:183] < 24).all()
    assert (table[183:NOTHING] == NOTHING).all()


def test_damaged_weights_are_refused(tmp_path):
    card = find_card(DEFAULT_MODEL)
    data = bytearray((card.folder / card.weights.file).read_bytes())
    data[-1] ^= 1
    (tmp_path / card.weights.file).write_bytes(data)
    with pytest.raises(ModelRefused, match="not those that the card describes"):
        checked_weights(card, tmp_path)


def test_every_shipped_model_knows_its_whole_label_set():
    shipped = [load_card(folder) for folder in catalogue.SHIPPED.iterdir() if folder.is_dir()]
    assert shipped
    for card in shipped:
        assert hashlib.sha256((card.folder / card.weights.file).read_bytes()).hexdigest() == card.weights.sha256
        assert card.licence == "Apache-2.0"
    painters = [card for card in shipped if card.inputs.labels is not None]
    assert painters
    for card in painters:
        label_set = load_label_set(card.labels.label_set.name)
        assert (card.labels.label_set.version, card.labels.label_set.hash) == (label_set.version, label_set.hash)
        ids = {label.id for label in label_set.labels}
        table = card.labels.channel_table()
        assert [i for i in ids if table[i] == NOTHING] == []
        assert set(card.labels.channels.of) | set(card.labels.fallbacks) <= ids
        assert set(card.labels.fallbacks.values()) <= set(card.labels.trained)

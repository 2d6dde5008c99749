"""`semrender models add`: published checkpoints become models, everything else is refused in words."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models.checkpoint import add_checkpoint
from shared.errors import InputRefused, MissingInput, ModelRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import ReadOptions, read_label_pass
from tests.inference_server.checkpoints import (
    PUBLISHED,
    SMALL,
    add_published,
    add_toys,
    changed,
    nothing_was_added,
    saved,
)
from tests.inference_server.published import Kind, published_state


@pytest.mark.parametrize(
    ("label_set", "golden"),
    [
        ("coco_stuff", {0: 0, 6: 6, 123: 123, 156: 156, 168: 168, 181: 181, 182: 182, 255: 182}),
        ("ade20k", {0: 0, 1: 1, 7: 7, 49: 49, 150: 150, 255: 0}),
        ("cityscapes", {0: 0, 7: 7, 26: 26, 33: 33, 255: 0}),
    ],
)
def test_ids_of_a_file_reach_their_channels(label_set, golden, tmp_path):
    """From the grey values of an 8-bit picture, where 255 is NOTHING, to what enters the network."""
    Image.fromarray(np.array([list(golden)], np.uint8)).save(tmp_path / "ids.png")
    labels = read_label_pass(tmp_path / "ids.png", load_label_set(label_set), ReadOptions(encoding="ids"))
    card = add_published(label_set, tmp_path)
    assert labels.ids[0, -1] == NOTHING
    assert card.labels.channel_table()[labels.ids][0].tolist() == list(golden.values())


@pytest.mark.parametrize(
    ("label_set", "value"), [("ade20k", 151), ("ade20k", 182), ("cityscapes", 34), ("cityscapes", 182)]
)
def test_an_id_of_another_set_reaches_no_channel(label_set, value, tmp_path):
    Image.fromarray(np.full((4, 4), value, np.uint8)).save(tmp_path / "ids.png")
    with pytest.raises(InputRefused, match=str(value)):
        read_label_pass(tmp_path / "ids.png", load_label_set(label_set), ReadOptions(encoding="ids"))
    assert add_published(label_set, tmp_path).labels.channel_table()[value] == NOTHING


@pytest.mark.parametrize(
    ("label_set", "channels", "uses", "size"),
    [
        ("coco_stuff", 183, ("instance",), (256, 256)),
        ("ade20k", 151, (), (256, 256)),
        ("cityscapes", 35, ("instance",), (512, 256)),
    ],
)
def test_published_networks_are_recognised(label_set, channels, uses, size, tmp_path):
    card = add_published(label_set, tmp_path)
    labels = load_label_set(label_set)
    assert (card.labels.channels.count, card.uses, (card.size.width, card.size.height)) == (channels, uses, size)
    assert (card.labels.label_set.name, card.labels.label_set.hash) == (label_set, labels.hash)
    assert set(card.labels.channels.of) == {label.id for label in labels.labels}
    assert card.config["layers"] == PUBLISHED[label_set].layers
    assert card.licence == "as given by its author"


def test_classes_that_coco_never_annotated_are_not_said_to_be_known(tmp_path):
    card = add_published("coco_stuff", tmp_path)
    never = {11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90}
    assert {identity for identity, _ in card.labels.untrained(range(182))} == never


def test_the_wrong_label_set_is_refused_with_both_counts(tmp_path):
    path = saved(tmp_path, published_state(PUBLISHED["coco_stuff"]))
    with pytest.raises(ModelRefused, match=r"184 input channels.*ade20k gives 151.*another label set"):
        add_checkpoint(path, "mine", "ade20k")
    assert nothing_was_added()


GAMMA, MEAN = "up_2.norm_s.mlp_gamma.weight", "G_middle_1.norm_0.param_free_norm.running_mean"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (changed(**{GAMMA: None}), f"lacks {GAMMA}"),
        (changed(**{"up_2.conv_s.weight_orig": None}), "lacks up_2.conv_s.weight"),
        (changed(**{MEAN: None}), f"lacks {MEAN}"),
        (changed(**{GAMMA: torch.zeros(3, 3)}), rf"{GAMMA} is \(3, 3\), not \(4, 2, 3, 3\)"),
        (
            changed(**{"up_2.norm_s.class_specified_affine.weight": torch.zeros(5, 2)}),
            "no place for up_2.norm_s.class_sp",
        ),
        (
            changed(**{"up_3.conv_0.weight_u": None, "up_3.conv_0.weight_v": None}),
            "normalisation of up_3.conv_0 is incomplete",
        ),
        (changed(**{"fc.weight": None}), "no SPADE generator"),
        (changed(**{"fc.weight": torch.zeros(3)}), "no SPADE generator"),
        (changed(**{"head_0.conv_0.weight_orig": None}), "no SPADE generator"),
        (changed(epoch=7), "no SPADE generator"),
        ([torch.zeros(2)], "no SPADE generator"),
        ({"state_dict": published_state(Kind(**SMALL))}, "no SPADE generator"),
    ],
)
def test_every_key_is_accounted_for(state, words, tmp_path):
    path = saved(tmp_path, state)
    with pytest.raises(ModelRefused, match=words) as refused:
        add_toys(path)
    assert refused.value.file == str(path)
    assert nothing_was_added()


class Payload:
    """What a hostile checkpoint would do on being unpickled."""

    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
def test_no_code_in_a_checkpoint_runs(write, tmp_path):
    victim = tmp_path / "victim"
    path = tmp_path / "latest_net_G.pth"
    write({**published_state(Kind(**SMALL)), "extra": Payload(victim)}, path)
    with pytest.raises(ModelRefused, match="read safely"):
        add_toys(path)
    assert not victim.exists()


def test_options_that_were_pickled_are_not_opened(tmp_path):
    victim = tmp_path / "victim"
    (tmp_path / "opt.pkl").write_bytes(pickle.dumps(Payload(victim)))
    add_toys(saved(tmp_path))
    assert not victim.exists()


@pytest.mark.parametrize("content", [b"", b"hello, this is no checkpoint", b"PK\x03\x04" + bytes(200)])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(content)
    with pytest.raises(ModelRefused, match="read safely") as refused:
        add_toys(path)
    assert refused.value.file == str(path) and "latest_net_G.pth" in refused.value.remedy


def test_a_truncated_checkpoint_is_refused(tmp_path):
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelRefused, match="read safely"):
        add_toys(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(MissingInput):
        add_toys(tmp_path / "gone.pth")

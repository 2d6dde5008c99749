"""`semrender models add`: published checkpoints become models, everything else is refused in words."""

import argparse
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models import catalogue
from inference_server.models import cli as models_cli
from inference_server.models.base import PaintInput, load_model
from inference_server.models.checkpoint import add_checkpoint
from inference_server.models.install import remove_model
from shared import places
from shared.errors import InputRefused, MissingInput, ModelRefused
from shared.label_set import NOTHING, load_label_set
from shared.passes import ReadOptions, read_label_pass
from tests.inference_server.published import Kind, own_label_set, published_state

SMALL = {"ngf": 1, "hidden": 2}
PUBLISHED = {
    "coco_stuff": Kind(inputs=184, **SMALL),
    "ade20k": Kind(inputs=151, edges=False, **SMALL),
    "cityscapes": Kind(inputs=36, layers="more", **SMALL),
}


def saved(folder, state=None, name="latest_net_G.pth"):
    path = folder / name
    torch.save(published_state(Kind(**SMALL)) if state is None else state, path)
    return path


def add_toys(path, name="mine", **changes):
    own_label_set()
    return add_checkpoint(path, name, "toys", **{"size": (96, 64), **changes})


def add_published(label_set, folder):
    return add_checkpoint(saved(folder, published_state(PUBLISHED[label_set])), f"my-{label_set}", label_set)


def nothing_was_added():
    folder = places.models_folder()
    return not folder.exists() or not [f for f in folder.iterdir() if not f.name.startswith(".")]


# Channels. Facts of the published networks: COCO-Stuff id - 1 with unknown in 182; ADE20K and Cityscapes raw.


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


# What is refused, and in which words.


def test_the_wrong_label_set_is_refused_with_both_counts(tmp_path):
    path = saved(tmp_path, published_state(PUBLISHED["coco_stuff"]))
    with pytest.raises(ModelRefused, match=r"184 input channels.*ade20k gives 151.*another label set"):
        add_checkpoint(path, "mine", "ade20k")
    assert nothing_was_added()


def changed(**keys):
    """A sound state with some keys replaced; None takes a key away."""
    state = {**published_state(Kind(**SMALL)), **keys}
    return {key: tensor for key, tensor in state.items() if tensor is not None}


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


# Names, replacing and removing.


@pytest.mark.parametrize("name", ["", "..", "../up", ".hidden", "a/b", "a\\b", "a b", "x" * 65])
def test_a_name_is_a_plain_folder_name(name, tmp_path):
    path = saved(tmp_path)
    with pytest.raises(ModelRefused, match="no name for a model"):
        add_toys(path, name)
    with pytest.raises(ModelRefused):
        remove_model(name)
    assert path.exists() and nothing_was_added()


def test_a_model_is_replaced_only_on_request(tmp_path):
    first = add_toys(saved(tmp_path))
    other = saved(tmp_path, published_state(Kind(**SMALL), seed=1))
    with pytest.raises(ModelRefused, match=r"already.*--replace"):
        add_toys(other)
    assert catalogue.find_card("mine").hash == first.hash
    second = add_toys(other, replace=True)
    assert catalogue.find_card("mine").hash == second.hash != first.hash


def test_a_failed_replacement_leaves_the_model(tmp_path):
    first = add_toys(saved(tmp_path))
    labels = np.zeros((64, 96), np.uint16)
    with pytest.raises(ModelRefused):
        add_toys(saved(tmp_path, changed(**{GAMMA: None})), replace=True)
    assert catalogue.find_card("mine").hash == first.hash
    assert load_model(catalogue.find_card("mine")).paint(PaintInput(labels)).shape == (64, 96, 3)


def test_shipped_models_are_neither_replaced_nor_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "shipped")
    (tmp_path / "shipped" / "default").mkdir(parents=True)
    path = saved(tmp_path)
    for replace in (False, True):
        with pytest.raises(ModelRefused, match="ships with semrender"):
            add_toys(path, "default", replace=replace)
    with pytest.raises(ModelRefused, match="ships with semrender"):
        remove_model("default")
    assert (tmp_path / "shipped" / "default").is_dir()


def test_a_removed_model_is_gone(tmp_path):
    folder = add_toys(saved(tmp_path)).folder
    assert remove_model("mine") == folder and not folder.exists()
    with pytest.raises(ModelRefused, match="no model named 'mine'"):
        remove_model("mine")


# What shapes cannot say.

OPTIONS = """----------------- Options ---------------
             aspect_ratio: 2.0                           \t[default: 1.0]
                crop_size: 256                           \t[default: 512]
                load_size: 286                           \t[default: 1024]
    num_upsampling_layers: more                          \t[default: normal]
                     name: a run: with colons
----------------- End -------------------
"""


def test_opt_txt_beside_the_checkpoint_is_read(tmp_path):
    (tmp_path / "opt.txt").write_text(OPTIONS)
    card = add_toys(saved(tmp_path), size=None)
    assert (card.size.width, card.size.height, card.size.multiple) == (256, 128, 64)
    assert card.config["layers"] == "more"


def test_what_the_caller_says_goes_before_opt_txt(tmp_path):
    (tmp_path / "opt.txt").write_text(OPTIONS)
    card = add_toys(saved(tmp_path), size=(96, 32), layers="normal")
    assert (card.size.width, card.size.height, card.config["layers"]) == (96, 32, "normal")


def test_most_is_told_by_its_last_block(tmp_path):
    card = add_toys(saved(tmp_path, published_state(Kind(layers="most", ngf=2, hidden=2))), size=(256, 128))
    assert card.config["layers"] == "most" and card.size.multiple == 128


def test_a_size_between_the_steps_is_refused(tmp_path):
    with pytest.raises(ModelRefused, match="100x64 is no multiple of 32"):
        add_toys(saved(tmp_path), size=(100, 64))


def test_a_style_network_of_another_size_is_refused(tmp_path):
    state = published_state(Kind(vae=True, **SMALL))
    with pytest.raises(ModelRefused, match=r"fc.weight is \(96, 6\), not \(64, 6\)"):
        add_toys(saved(tmp_path, state), size=(64, 64))


# The command.


def run(*arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    models_cli.add_commands(parser.add_subparsers())
    parsed = parser.parse_args([str(argument) for argument in arguments])
    return parsed.run(parsed)


def test_add_list_show_remove(tmp_path, capsys):
    own_label_set()
    path = saved(tmp_path)
    added = ["models", "add", path, "--name", "mine", "--label-set", "toys", "--size", "96x64", "--licence", "CC0"]
    assert run(*added) == 0
    assert "added mine" in capsys.readouterr().out
    assert run("models") == 0
    assert "mine" in capsys.readouterr().out
    assert run("models", "show", "mine") == 0
    shown = capsys.readouterr().out
    for words in ("toys", "96x64", "CC0", "sha256:"):
        assert words in shown
    assert run("--json", "models", "show", "mine") == 0
    assert json.loads(capsys.readouterr().out)["size"]["width"] == 96
    assert run("--json", "models") == 0
    assert "mine" in [card["name"] for card in json.loads(capsys.readouterr().out)["models"]]
    assert run("models", "remove", "mine", "--yes") == 0
    assert nothing_was_added()


def test_a_broken_model_is_listed_with_its_reason(capsys):
    folder = places.models_folder() / "broken"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{")
    assert run("models") == 0
    assert "broken" in (text := capsys.readouterr().out) and "the JSON is broken" in text


def test_torch_is_loaded_by_add_alone():
    code = "import sys, inference_server.models.cli as m; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize("content", [b"\x80\x02.", b"\x80\x02q\x00.", b"\x80\x02X"])
def test_a_damaged_pickle_is_refused_in_words(content, tmp_path):
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(content)
    with pytest.raises(ModelRefused, match="read safely"):
        add_toys(path)


@pytest.mark.parametrize(
    "line",
    ["crop_size: wide", "crop_size: 1e400", "crop_size: 256\naspect_ratio: 0", "num_upsampling_layers: many"],
)
def test_nonsense_in_opt_txt_is_refused_in_words(line, tmp_path):
    (tmp_path / "opt.txt").write_text(line)
    with pytest.raises(ModelRefused, match=r"opt\.txt"):
        add_toys(saved(tmp_path), size=None)


@pytest.mark.parametrize(
    "keys",
    [
        {"up_0.conv_0.weight_u": torch.ones(3)},
        {"up_0.conv_0.weight_v": torch.ones(3)},
        {"up_0.conv_0.weight_orig": torch.tensor(1.0)},
    ],
    ids=str,
)
def test_spectral_vectors_of_other_shapes_are_refused_in_words(keys, tmp_path):
    with pytest.raises(ModelRefused, match=r"up_0\.conv_0"):
        add_toys(saved(tmp_path, changed(**keys)))


@pytest.mark.parametrize("key", ["elsewhere.weight_u", "elsewhere.num_batches_tracked"])
def test_a_stray_key_is_accounted_for_too(key, tmp_path):
    with pytest.raises(ModelRefused, match="elsewhere"):
        add_toys(saved(tmp_path, changed(**{key: torch.ones(3)})))


@pytest.mark.parametrize(
    "keys",
    [{"fc.bias": torch.full((16,), torch.nan)}, {"up_0.conv_0.weight_u": torch.zeros(8)}],
    ids=["nan", "sigma 0"],
)
def test_weights_that_are_no_numbers_are_refused(keys, tmp_path):
    with pytest.raises(ModelRefused, match=r"fc\.bias|up_0\.conv_0"):
        add_toys(saved(tmp_path, changed(**keys)))


def test_weights_that_share_memory_are_added(tmp_path):
    shared = torch.zeros(16)
    add_toys(saved(tmp_path, changed(**{"fc.bias": shared, "head_0.conv_0.bias": shared})))


def test_a_dont_care_channel_is_not_taken_for_instance_edges(tmp_path):
    """Four classes and don't-care need as many channels as four classes and edges; opt.txt tells them apart."""
    (tmp_path / "opt.txt").write_text("label_nc: 4\ncontain_dontcare_label: True\nno_instance: True\n")
    card = add_toys(saved(tmp_path))
    assert (card.uses, card.labels.channels.count, card.labels.channels.nothing) == ((), 5, 4)


def test_a_refused_size_leaves_no_folder_behind(tmp_path):
    with pytest.raises(ModelRefused):
        add_toys(saved(tmp_path), size=(0, 0))
    assert list(places.models_folder().glob(".*")) == []

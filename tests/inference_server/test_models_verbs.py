"""Models are added, listed, shown, replaced and removed; odd files are refused in words."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from inference_server.models import catalogue
from inference_server.models import cli as models_cli
from inference_server.models.base import PaintInput, load_model
from inference_server.models.install import remove_model, restore_model
from shared import places
from shared.errors import InputRefused, MissingInput, ModelRefused
from tests.inference_server.checkpoints import SMALL, add_toys, changed, nothing_was_added, saved
from tests.inference_server.published import Kind, own_label_set, published_state
from tests.inference_server.test_models_add import GAMMA


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


def run(*arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    models_cli.add_commands(parser.add_subparsers())
    parsed = parser.parse_args([str(argument) for argument in arguments])
    return parsed.run(parsed)


def test_a_model_put_aside_comes_back_until_the_next_one_is(add_sleep_model):
    for name in ("first", "second"):
        add_sleep_model(name)
    remove_model("first", aside=True)
    assert "first" not in catalogue.available_cards()[0]
    assert restore_model("first").name == "first" and "first" in catalogue.available_cards()[0]
    with pytest.raises(ModelRefused, match="already"):
        restore_model("first")
    remove_model("first", aside=True)
    remove_model("second", aside=True)
    with pytest.raises(MissingInput, match="removed last"):
        restore_model("first")
    for name in ("../second", "countryside", ""):
        with pytest.raises(InputRefused):
            restore_model(name)


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

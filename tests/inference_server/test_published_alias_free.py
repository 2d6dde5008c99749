"""`semrender models add` of a StyleGAN3: sizes, rates and filters out of the file, the program's own pictures again."""

import numpy as np
import pytest
import torch

from inference_server.models.base import load_model
from inference_server.models.stylegan.published import looking
from inference_server.models.stylegan.published.adding import add_published
from shared.errors import ModelRefused
from tests.inference_server.generators import random_alias_free, small_alias_free
from tests.inference_server.published_generators import persistent, snapshot, write
from tests.inference_server.test_published_generators import NEAR, same_weights, unpacked
from tests.inference_server.test_stylegan import apart


@torch.inference_mode()
def test_every_picture_of_the_reference(data_folder, tmp_path):
    card = add_published(unpacked(data_folder, "sg3_t_64.pkl", tmp_path), "kirk")
    net = load_model(card).net
    wanted = dict(np.load(data_folder / "stylegan2_reference" / "sg3_t_64.npz"))
    w = net.map(torch.from_numpy(wanted["z"]))
    assert apart(w, wanted["w"]) < NEAR
    turned = torch.from_numpy(wanted["transform_inverse"])
    for key, psi, view in (("psi1", 1, None), ("psi07", 0.7, None), ("psi1_rot20_tx01_tym02", 1, turned)):
        picture = wanted[f"image_{key}"]
        assert apart(net.draw(net.truncate(w[: len(picture)], psi), view=view), picture) < NEAR, key


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("kind", ["T", "R"])
def test_both_kinds_in_every_protocol(kind, protocol, tmp_path):
    changes = {"T": {}, "R": {"kernel": 1, "radial": True}}[kind]
    net = random_alias_free(**changes)
    card = add_published(write(tmp_path / "it.pkl", snapshot(persistent(net)), protocol), "kirk")
    same_weights(card, net)
    assert card.config == small_alias_free(**changes)
    assert {option.name for option in card.options} >= {"psi", "rotate", "translate_x"}


def without(module, name):
    def change(file):
        del file[module].state[name]

    return change


def said(module, **state):
    return lambda file: file[module].state.update(state)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (said("synthesis.input", size=np.array([36, 52])), "no squares: size of its SynthesisInput is"),
        (said("synthesis.L0_28_9", out_size=np.array([28, 52])), "no squares: out_size of its SynthesisLayer"),
        (said("synthesis", layer_names=["L0_28_9", "L9_9_9"]), "has no L9_9_9: no StyleGAN3"),
        (without("synthesis", "output_scale"), "says no output_scale"),
        (without("synthesis.L0_28_9", "padding"), "does not say how it is padded"),
        (said("synthesis.L0_28_9", up_factor=2.5), "says no up_factor"),
    ],
)
def test_what_only_looks_like_one_is_refused(change, words, tmp_path):
    file = persistent(random_alias_free())
    change(file)
    content = write(tmp_path / "it.pkl", snapshot(file)).read_bytes()
    with pytest.raises(ModelRefused, match=words):
        looking.look(memoryview(content), None)


def test_a_configuration_that_leads_nowhere_is_refused(tmp_path):
    file = persistent(random_alias_free())
    file["synthesis.L1_40_7"].state["padding"] = [0, 0, 0, 0]
    with pytest.raises(ModelRefused, match="describes no generator") as refused:
        add_published(write(tmp_path / "it.pkl", snapshot(file)), "kirk")
    assert refused.value.file == str(tmp_path / "it.pkl")

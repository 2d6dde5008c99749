"""Files of weights that claim more than they hold: refused in words, before memory is taken."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile

import pytest
import torch
from safetensors.torch import save

from inference_server.models import catalogue
from inference_server.models.base import load_model
from inference_server.models.checkpoint import add_checkpoint
from inference_server.models.install import add_folder
from shared import places
from shared.errors import ModelRefused
from tests.inference_server.published import Kind, published_state

SMALL = {"ngf": 1, "hidden": 2}


def add(path, label_set="coco_stuff"):
    return add_checkpoint(path, "mine", label_set)


def claims_more():
    base = torch.zeros(64, 64)
    return {
        "a stride of 0": {"x": torch.zeros(1).expand(10**6, 10**6)},
        "rows over each other": {"x": base.as_strided((4000, 64), (1, 1))},
        "one storage many times": {f"x{n}": base.view(-1) for n in range(400)},
        "sparse": {"x": torch.sparse_coo_tensor(torch.zeros(2, 1, dtype=torch.long), torch.ones(1), (10**6, 10**6))},
        "without numbers": {"x": torch.empty(10**6, 10**6, device="meta")},
    }


@pytest.mark.parametrize("kind", list(claims_more()))
def test_a_tensor_that_claims_more_than_the_file_is_refused(kind, tmp_path):
    path = tmp_path / "latest_net_G.pth"
    torch.save({"fc.weight": torch.zeros(4, 4), **claims_more()[kind]}, path)
    with pytest.raises(ModelRefused, match=r"read safely\. .*(claims? more numbers|more than tensors)") as refused:
        add(path)
    assert refused.value.file == str(path) and "latest_net_G.pth" in refused.value.remedy


def packed(path, where):
    with zipfile.ZipFile(path) as plain, zipfile.ZipFile(where, "w", zipfile.ZIP_DEFLATED) as small:
        for name in plain.namelist():
            small.writestr(name, plain.read(name))


def test_a_packed_archive_is_not_unpacked(tmp_path):
    """A few kilobytes on disk may be gigabytes of zeros."""
    torch.save({"fc.weight": torch.zeros(2**20)}, tmp_path / "plain.pth")
    packed(tmp_path / "plain.pth", tmp_path / "packed.pth")
    command = [sys.executable, "-m", "semrender", "models", "add", tmp_path / "packed.pth"]
    done = subprocess.run(
        [*command, "--name", "m", "--label-set", "coco_stuff"], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 3 and "Its parts are packed" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"", b"\x80\x02}q\x00.", b"PK\x03\x04" + bytes(99), os.urandom(4096), b"{}" * 999])
def test_the_words_for_junk_are_ours(content, tmp_path):
    """A library's own text, a lone number among them, says nothing to an artist."""
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(content)
    with pytest.raises(ModelRefused) as refused:
        add(path)
    assert refused.value.cause in (
        "It is damaged, or no checkpoint",
        "Its archive is damaged or cut short",
        "There is no fc.weight",
        "It holds more than tensors",
    )


def test_a_wide_network_is_not_built_to_find_out_that_it_does_not_fit(tmp_path):
    """The widths follow from shapes, and a few megabytes of them ask for terabytes of a network."""
    state = published_state(Kind(**SMALL))
    name = next(key for key in state if key.startswith("head_0.conv_0.weight_orig"))
    torch.save({**state, name: torch.ones(2**20, 1, 1, 1)}, tmp_path / "latest_net_G.pth")
    with pytest.raises(ModelRefused):
        add(tmp_path / "latest_net_G.pth")


def changed_model(tmp_path, config, weights=None):
    """The shipped model's folder with another configuration in its card, and if asked other weights."""
    shipped = catalogue.SHIPPED / "countryside"
    card = json.loads((shipped / "card.json").read_text())
    content = (shipped / "weights.safetensors").read_bytes() if weights is None else weights
    card["config"].update(config)
    card["weights"]["sha256"] = hashlib.sha256(content).hexdigest()
    folder = places.models_folder() / card.pop("name").replace("countryside", "mine")
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(content)
    (folder / "card.json").write_text(json.dumps({**card, "name": "mine"}))
    return folder


@pytest.mark.parametrize("widths", [[2**20, 2**20], [24, 48, 96, 144, 200], [24, 48]])
def test_a_card_that_describes_a_network_unlike_its_weights_is_refused(widths, tmp_path):
    changed_model(tmp_path, {"widths": widths})
    with pytest.raises(ModelRefused, match=r"the checkpoint (lacks|has no place for|has other shapes)"):
        load_model(catalogue.find_card("mine"))


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        b"hello",
        (10**12).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (79).to_bytes(8, "little")
        + b'{"x":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,4000000000000]}}',
        save({"x": torch.zeros(4)})[:-4],
    ],
    ids=["empty", "junk", "long header", "no tensors", "large tensor", "cut"],
)
def test_weights_that_are_no_safetensors_are_refused_in_words(weights, tmp_path):
    folder = changed_model(tmp_path, {}, weights)
    with pytest.raises(ModelRefused, match=r"no safetensors file|the checkpoint lacks"):
        load_model(catalogue.find_card("mine"))
    if weights != (2).to_bytes(8, "little") + b"{}":
        with pytest.raises(ModelRefused, match="no safetensors file"):
            add_folder(folder, "other")

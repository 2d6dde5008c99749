"""`semrender models add` of a published generator: what its own program painted comes out, whatever the layout."""

import json
import lzma
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models import catalogue
from inference_server.models.base import PaintInput, checked_weights, load_model
from inference_server.models.stylegan.published.adding import add_published
from shared import places
from shared.errors import ModelRefused
from shared.walking import Seeds, Stop
from tests.conftest import semrender
from tests.inference_server.generators import random_stylegan2
from tests.inference_server.published_generators import (
    Network,
    persistent,
    rosinality,
    snapshot,
    tensorflow,
    trained,
    write,
)
from tests.inference_server.test_stylegan import apart, asked

NEAR = 1e-5


def unpacked(data_folder, name, folder):
    """A file of the reference, as its program wrote it."""
    path = folder / name
    with lzma.open(data_folder / "stylegan2_reference" / f"{name}.xz") as packed:
        path.write_bytes(packed.read())
    return path


def compared(model, wanted, psis=None):
    """Compares all that the reference holds (psis: of these truncations alone) with what is made of the same z."""
    net = model.net
    classes = torch.from_numpy(wanted["c"]) if net.c_dim else None
    with torch.inference_mode():
        w = net.map(torch.from_numpy(wanted["z"]), classes)
        assert apart(w, wanted["w"]) < NEAR
        told = [(key, *asked(key)) for key in wanted if key.startswith("image_")]
        told = [one for one in told if psis is None or one[1] in psis]
        assert told
        for key, psi, cutoff, noisy in told:
            ws = net.truncate(w[: len(wanted[key])], psi, cutoff)
            made = net.draw(ws, net.stored_noise() if noisy else None)
            assert apart(made, wanted[key]) < NEAR, key


@pytest.mark.parametrize(
    ("name", "like", "psis"),
    [
        ("ada_auto_64.pkl", "ada_auto_64", None),
        ("ada_f_cond_256.pkl", "ada_f_cond_256", None),
        ("tf_64.pkl", "ada_auto_64", None),
        ("rosinality_64.pt", "ada_auto_64", None),
        ("rosinality_64_train_legacy.pt", "ada_auto_64", (1.0,)),
    ],
)
def test_every_picture_of_the_reference_in_every_layout(name, like, psis, data_folder, tmp_path):
    card = add_published(unpacked(data_folder, name, tmp_path), "kirk")
    wanted = dict(np.load(data_folder / "stylegan2_reference" / f"{like}.npz"))
    compared(load_model(card), wanted, psis)
    if not card.config["c_dim"]:
        wanted_frame = ((wanted["image_psi1_const"][list(wanted["seeds"]).index(1)] + 1) / 2).clip(0, 1)
        assert apart(frame(card, 1, psi=1), wanted_frame.transpose(1, 2, 0)) < NEAR
    assert card.size.width == card.size.height == int(like.rpartition("_")[2])
    assert np.asarray(Image.open(card.folder / "samples.png")).std() > 20


def frame(card, seed, **options):
    """What the family paints of a seed, as a walk asks for it."""
    last = (card.config["resolution"].bit_length() - 1) * 2 - 3
    walk = (Stop(0, last, ((1.0, Seeds(((1.0, seed),), None)),)),)
    request = PaintInput(np.zeros((64, 64), np.uint16), walk=walk, options=card.check_options(options))
    return load_model(card).paint(request)


def same_weights(card, net):
    ours = checked_weights(card, card.folder)
    assert ours.keys() == net.state_dict().keys()
    for name, value in net.state_dict().items():
        assert torch.equal(ours[name], value), name


def two():
    """A generator, and another that must not be taken for it."""
    net, worse = random_stylegan2(), random_stylegan2()
    worse.mapping.fc0.weight.data += 1
    return net, worse


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_file_of_the_program_in_every_protocol(protocol, tmp_path):
    """Of protocol 2 bytes are texts; weights come out bit for bit, and the average paints, not what it is made of."""
    net, worse = two()
    path = write(tmp_path / "network-snapshot-005000.pkl", snapshot(persistent(net), G=persistent(worse)), protocol)
    card = add_published(path, "kirk")
    same_weights(card, net)
    assert "network-snapshot-005000.pkl" in card.description and "/home/them" not in json.dumps(card.source)


@pytest.mark.parametrize(("classes", "protocol"), [(0, 4), (3, 5), (0, 2)])
def test_a_file_of_the_programs_of_tensorflow(classes, protocol, tmp_path):
    """Its affine biases are stored less 1, which costs their last bit."""
    net = random_stylegan2(c_dim=classes, conv_clamp=None)
    worse = random_stylegan2(c_dim=classes)
    path = write(tmp_path / "it.pkl", (tensorflow(worse, "G"), Network(name="D"), tensorflow(net)), protocol)
    card = add_published(path, "kirk")
    ours = checked_weights(card, card.folder)
    for name, value in net.state_dict().items():
        assert torch.allclose(ours[name], value, rtol=0, atol=3e-7 if "affine.bias" in name else 0), name
    assert card.check_options({})["psi"] == 0.5 and card.config["c_dim"] == classes


@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoints_of_rosinality(zipped, tmp_path):
    """A converted one has an average; of a trained one it is that of many mapped z, the same every time."""
    net, worse = two()
    given = {"_use_new_zipfile_serialization": zipped}
    torch.save({"g_ema": rosinality(net), "latent_avg": net.w_avg[None]}, tmp_path / "converted.pt", **given)
    torch.save(trained(net, worse), tmp_path / "020000.pt", **given)
    same_weights(add_published(tmp_path / "converted.pt", "kirk"), net)
    card = add_published(tmp_path / "020000.pt", "spock")
    again = add_published(tmp_path / "020000.pt", "mccoy")
    assert card.weights.sha256 == again.weights.sha256
    found = load_model(card).net
    many = torch.from_numpy(np.random.RandomState(7).randn(20000, net.z_dim).astype(np.float32))
    with torch.inference_mode():
        wanted = net.map(many).mean(0)
    assert torch.allclose(found.w_avg, wanted, atol=4 * float(net.map(many).std() / 4096**0.5))
    assert "unknown" in card.licence and card.config["conv_clamp"] is None


def test_the_command_says_what_was_added_and_its_licence(tmp_path):
    path = write(tmp_path / "stanford.pkl", {"G_ema": persistent(random_stylegan2())})
    done = semrender("models", "add", path, "--name", "kirk")
    assert done.returncode == 0, done.stderr
    shown = semrender("models", "show", "kirk", "--out", tmp_path / "seeds.png", "--json")
    assert json.loads(shown.stdout)["looks"][:2] == ["seed 1", "seed 2"], shown.stderr
    sheets = [tmp_path / "seeds.png", places.models_folder() / "kirk" / "samples.png"]
    seeds, samples = (np.asarray(Image.open(sheet)).astype(int) for sheet in sheets)
    assert np.abs(seeds - samples).max() <= 1
    assert "added kirk: StyleGAN2, 32x32" in done.stdout and "not for commercial use" in done.stdout
    card = catalogue.find_card("kirk")
    assert card.family == "stylegan" and card.check_options({})["psi"] == 1
    assert "not for commercial use" in card.licence
    assert add_published(path, "kirk", "CC0", replace=True).licence == "CC0"
    assert np.asarray(frame(card, 5)).std() > 0.01


def test_half_precision_rates_and_silent_layers_are_taken_as_they_are(tmp_path):
    """Weights in half, a mapping that learnt faster, layers without noise: the same picture as reckoned by hand."""
    net = random_stylegan2()
    file = persistent(net)
    dense = file["mapping.fc0"].state
    dense["weight_gain"], dense["bias_gain"] = dense["weight_gain"] * 10, dense["bias_gain"] * 10
    dense["_parameters"] = {name: torch.nn.Parameter(one / 10) for name, one in dense["_parameters"].items()}
    conv = file["synthesis.b8.conv1"].state
    conv["_parameters"]["weight"] = torch.nn.Parameter(conv["_parameters"]["weight"].half())
    net.get_submodule("synthesis.b8.conv1").weight.data.copy_(conv["_parameters"]["weight"])
    del conv["_parameters"]["noise_strength"], conv["_buffers"]["noise_const"]
    net.get_submodule("synthesis.b8.conv1").noise_strength.data.zero_()
    card = add_published(write(tmp_path / "a.pkl", snapshot(file)), "kirk")
    with torch.inference_mode():
        ws = net.truncate(net.map(torch.ones(1, net.z_dim)), 0.7)
        theirs = load_model(card).net
        again = theirs.truncate(theirs.map(torch.ones(1, net.z_dim)), 0.7)
        assert apart(theirs.draw(again, theirs.stored_noise()), net.draw(ws, net.stored_noise()).numpy()) < NEAR


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_in_the_middle_of_adding_nothing_is_half_written(tmp_path):
    """At moments spread over the whole of it: there is a whole model, or none, and the next attempt is as any other."""
    path = write(tmp_path / "it.pkl", snapshot(persistent(random_stylegan2(channel_base=4096, channel_max=128))))
    command = [sys.executable, "-m", "semrender", "models", "add", str(path), "--name", "kirk"]
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    whole = time.monotonic() - begun
    for part in (0.6, 0.85, 0.95):
        shutil.rmtree(places.models_folder() / "kirk", ignore_errors=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * part)
        process.send_signal(signal.SIGKILL)
        process.wait()
        found, broken = catalogue.available_cards()
        assert not broken
        if "kirk" in found:
            load_model(found["kirk"])
    add_published(path, "kirk", replace=True)
    assert [folder.name for folder in places.models_folder().iterdir()] == ["kirk"]


def test_killed_between_taking_the_old_away_and_putting_the_new_there(tmp_path):
    """The old one is back with the next attempt, also where that fails."""
    path = write(tmp_path / "it.pkl", snapshot(persistent(random_stylegan2())))
    card = add_published(path, "kirk")
    card.folder.rename(card.folder.with_name(".kirk.old"))
    with pytest.raises(ModelRefused, match="there is a model named kirk already"):
        add_published(path, "kirk")
    load_model(catalogue.find_card("kirk"))

"""`semrender models add` of a published generator: what its own program painted comes out, whatever the layout."""

import json
import lzma
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.models import archive, catalogue
from inference_server.models.base import PaintInput, load_model
from inference_server.models.stylegan.published import looking
from inference_server.models.stylegan.published.adding import add_published
from shared import places
from shared.errors import MissingInput, ModelRefused
from shared.walking import Seeds, Stop
from tests.conftest import semrender
from tests.inference_server.checkpoints import nothing_was_added
from tests.inference_server.generators import random_stylegan2
from tests.inference_server.published import Kind, published_state
from tests.inference_server.published_generators import (
    Network,
    Persistent,
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
    assert card.size.width == card.size.height == int(like.rpartition("_")[2])
    assert np.asarray(Image.open(card.folder / "samples.png")).std() > 20


def frame(card, seed, **options):
    """What the family paints of a seed, as a walk asks for it."""
    last = (card.config["resolution"].bit_length() - 1) * 2 - 3
    walk = (Stop(0, last, ((1.0, Seeds(((1.0, seed),), None)),)),)
    request = PaintInput(np.zeros((64, 64), np.uint16), walk=walk, options=card.check_options(options))
    return load_model(card).paint(request)


def same_weights(card, net):
    ours = load_model(card).net.state_dict()
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


@pytest.mark.parametrize("classes", [0, 3])
def test_a_file_of_the_programs_of_tensorflow(classes, tmp_path):
    """Its affine biases are stored less 1, which costs their last bit."""
    net = random_stylegan2(c_dim=classes, conv_clamp=None)
    worse = random_stylegan2(c_dim=classes)
    path = write(tmp_path / "it.pkl", (tensorflow(worse, "G"), Network(name="D"), tensorflow(net)))
    card = add_published(path, "kirk")
    ours = load_model(card).net.state_dict()
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
    assert "added kirk: StyleGAN2, 32x32" in done.stdout and "not for commercial use" in done.stdout
    card = catalogue.find_card("kirk")
    assert card.family == "stylegan" and card.check_options({})["psi"] == 1
    assert "not for commercial use" in card.licence
    again = semrender("models", "add", path, "--name", "kirk", "--replace", "--licence", "CC0", "--json")
    assert json.loads(again.stdout)["licence"] == "CC0"
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


def changed(path, change):
    file = persistent(random_stylegan2())
    return write(path, change(file))


def with_state(module, **state):
    def change(file):
        (file[module] if module else file).state.update(state)
        return snapshot(file)

    return change


def with_weight(module, name, value):
    def change(file):
        file[module].state["_parameters"][name] = value
        return snapshot(file)

    return change


def without(module, name):
    def change(file):
        del file[module].state["_modules"][name]
        return snapshot(file)

    return change


def skipping(file):
    file["synthesis.b8"].state["_modules"]["skip"] = Persistent("Conv2dLayer", file["synthesis.b8.torgb"].state)
    return snapshot(file)


REFUSED = {
    "G alone": (lambda file: {"G": file, "D": None}, "there is no G_ema in it, the average that paints: it holds G"),
    "nothing": (lambda file: {}, "there is no G_ema.*holds nothing"),
    "a list": (lambda file: [1, 2], "it holds a list, no generator"),
    "a state dict": (lambda file: snapshot({"mapping.w_avg": 1}), "its G_ema is no generator but a dict"),
    "resnet": (skipping, "architecture resnet.*b8.skip"),
    "said to be resnet": (with_state("synthesis.b8", architecture="resnet"), "of the architecture resnet"),
    "orig": (without("synthesis.b8", "torgb"), "architecture orig: its block of 8 pixels"),
    "a gap": (without("synthesis", "b8"), r"the blocks \[4, 16, 32\]"),
    "rectangular": (
        with_weight("synthesis.b4", "const", torch.nn.Parameter(torch.zeros(40, 4, 6))),
        r"no squares: the constant that it begins with is \(40, 4, 6\)",
    ),
    "grey": (with_weight("synthesis.b4.torgb", "weight", torch.nn.Parameter(torch.zeros(1, 40, 1, 1))), "1 channels"),
    "another activation": (with_state("mapping.fc0", activation="swish"), "activation is swish, not lrelu"),
    "another filter": (
        lambda file: file["synthesis.b8"].state["_buffers"].update(resample_filter=torch.ones(4, 4)) or snapshot(file),
        "resample_filter begins with",
    ),
    "StyleGAN-XL": (
        lambda file: snapshot(Persistent("SuperresGenerator", {"_modules": {"synthesis": file["mapping"]}})),
        "its G_ema is a SuperresGenerator of synthesis",
    ),
    "projected": (
        lambda file: snapshot(
            Persistent(
                "Generator",
                {
                    "_modules": {
                        "mapping": file["mapping"],
                        "synthesis": Persistent(
                            "FastganSynthesis",
                            {"_modules": {"init": file["mapping"], "feat_8": file["mapping"]}, "_parameters": {}},
                        ),
                    },
                    "_parameters": {},
                    "_buffers": {},
                },
            )
        ),
        "FastganSynthesis",
    ),
}


@pytest.mark.parametrize("kind", list(REFUSED))
def test_what_is_no_generator_of_ours_is_refused_by_what_it_is(kind, tmp_path):
    change, words = REFUSED[kind]
    with pytest.raises(ModelRefused, match=words) as refused:
        looking.look(memoryview(changed(tmp_path / "it.pkl", change).read_bytes()), None)
    assert refused.value.remedy


def saved(path, value):
    torch.save(value, path)
    return path


def tuple_of(tmp_path, net, **kwargs):
    return write(tmp_path / "it.pkl", (Network(), Network(), tensorflow(net, **kwargs)))


def with_variable(tmp_path, part, name, shape=(1, 1, 1, 1)):
    gs = tensorflow(random_stylegan2())
    gs.state["components"][part].state["variables"].append((name, np.zeros(shape, np.float32)))
    return write(tmp_path / "it.pkl", (Network(), Network(), gs))


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("00000.png", b"")
    return path


MORE_REFUSED = {
    "StyleGAN 1": (
        lambda f: write(f / "it.pkl", (Network(), Network(), Network(version=3, name="Gs"))),
        "of version 3: StyleGAN 1",
    ),
    "one network": (lambda f: write(f / "it.pkl", (tensorflow(random_stylegan2(), "G"),)), "it holds 1 things"),
    "not built": (lambda f: write(f / "it.pkl", (Network(),) * 3), "no mapping and synthesis"),
    "resnet of TensorFlow": (lambda f: with_variable(f, "synthesis", "8x8/Skip/weight"), "architecture resnet"),
    "said so": (lambda f: tuple_of(f, random_stylegan2(), architecture="resnet"), "architecture is resnet, not skip"),
    "rectangular": (lambda f: tuple_of(f, random_stylegan2(), resolution_h=64), "no squares: its resolution_h is 64"),
    "not normalised": (
        lambda f: tuple_of(f, random_stylegan2(), normalize_latents=False),
        "normalize_latents is False",
    ),
    "older classes": (lambda f: with_variable(f, "mapping", "LabelConcat/weight", (5, 12)), "joined by LabelConcat"),
    "StyleGAN 1 by its variables": (
        lambda f: with_variable(f, "synthesis", "ToRGB_lod0/weight"),
        "has ToRGB_lod0/weight, which no StyleGAN2 has",
    ),
    "lucidrains": (
        lambda f: saved(f / "model_0.pt", {"GAN": {"S.net.0.weight": torch.zeros(2)}, "version": "1.8"}),
        "a checkpoint of lucidrains' stylegan2_pytorch",
    ),
    "SPADE": (
        lambda f: saved(f / "latest_net_G.pth", published_state(Kind(ngf=1, hidden=2))),
        "a SPADE checkpoint, which does not say its label set. Say it with --label-set",
    ),
    "g alone": (
        lambda f: saved(f / "it.pt", {"g": rosinality(random_stylegan2()), "d": {}}),
        "no g_ema in it, the average that paints: it holds g, d",
    ),
    "a state": (lambda f: saved(f / "it.pt", rosinality(random_stylegan2())), "the state of one generator"),
    "a tensor": (lambda f: saved(f / "it.pt", torch.zeros(3)), "it holds a tensor, no generator"),
    "more": (
        lambda f: saved(f / "it.pt", {"g_ema": {**rosinality(random_stylegan2()), "style.1.scale": torch.ones(1)}}),
        "g_ema has style.1.scale, which no StyleGAN2",
    ),
    "a zip of pictures": (lambda f: zipped(f / "it.zip"), "a zip archive that torch did not write: it holds 00000.png"),
}


@pytest.mark.parametrize("kind", list(MORE_REFUSED))
def test_files_of_other_programs_are_refused_by_what_they_are(kind, tmp_path):
    make, words = MORE_REFUSED[kind]
    path = make(tmp_path)
    entries = archive.parts(path) if archive.is_archive(path) else None
    with pytest.raises(ModelRefused) as refused:
        looking.look(memoryview(path.read_bytes()), entries)
    assert words in str(refused.value) and refused.value.remedy


UNFIT = {
    "not finite": (
        with_weight("synthesis.b4.conv1", "bias", torch.nn.Parameter(torch.full((40,), float("nan")))),
        "b4.conv1.bias holds values that are no numbers",
    ),
    "a missing weight": (without("synthesis.b8.conv1", "affine"), "lacks synthesis.b8.conv1.affine.bias"),
}


@pytest.mark.parametrize("kind", list(UNFIT))
def test_weights_that_do_not_fit_are_refused(kind, tmp_path):
    change, words = UNFIT[kind]
    path = changed(tmp_path / "it.pkl", change)
    with pytest.raises(ModelRefused, match=words) as refused:
        add_published(path, "kirk")
    assert refused.value.file == str(path)
    assert nothing_was_added()


OTHERS = {
    "empty": (b"", "the file is empty"),
    "a page": (b"<!DOCTYPE html><html>Google Drive</html>", "a page of the web"),
    "text": (b"hello", "neither a pickle nor an archive"),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
    "xz": (b"\xfd7zXZ\x00" + bytes(99), "unpack it first"),
    "a damaged zip": (b"PK\x03\x04" + bytes(99), "damaged or cut short"),
}


@pytest.mark.parametrize("kind", list(OTHERS))
def test_other_files_are_refused_by_what_they_are(kind, tmp_path):
    content, words = OTHERS[kind]
    (tmp_path / "it.pkl").write_bytes(content)
    with pytest.raises(ModelRefused, match=words) as refused:
        add_published(tmp_path / "it.pkl", "kirk")
    assert refused.value.file == str(tmp_path / "it.pkl")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(MissingInput):
        add_published(tmp_path / "gone.pkl", "kirk")


@pytest.mark.parametrize(
    ("given", "words"),
    [((), "Say it with --name"), (("--name", "k", "--size", "64x64"), "--size is of SPADE checkpoints")],
)
def test_what_the_command_lacks_is_said(given, words, tmp_path):
    path = write(tmp_path / "it.pkl", snapshot(persistent(random_stylegan2())))
    done = semrender("models", "add", path, *given)
    assert done.returncode == 3 and words in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_in_the_middle_of_adding_nothing_is_half_written(tmp_path):
    """At moments spread over the whole of it: there is a whole model, or none, and the next attempt is as any other."""
    path = write(tmp_path / "it.pkl", snapshot(persistent(random_stylegan2(channel_base=4096, channel_max=128))))
    command = [sys.executable, "-m", "semrender", "models", "add", str(path), "--name", "kirk"]
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    whole = time.monotonic() - begun
    for part in (0.3, 0.6, 0.8, 0.9, 0.95):
        shutil.rmtree(places.models_folder() / "kirk", ignore_errors=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * part)
        process.send_signal(signal.SIGKILL)
        process.wait()
        found, broken = catalogue.available_cards()
        assert not broken
        if "kirk" in found:
            load_model(found["kirk"])
    subprocess.run([*command, "--replace"], check=True, capture_output=True)
    assert [folder.name for folder in places.models_folder().iterdir()] == ["kirk"]


def test_killed_between_taking_the_old_away_and_putting_the_new_there(tmp_path):
    """The old one is back with the next attempt, also where that fails."""
    path = write(tmp_path / "it.pkl", snapshot(persistent(random_stylegan2())))
    card = add_published(path, "kirk")
    card.folder.rename(card.folder.with_name(".kirk.old"))
    with pytest.raises(ModelRefused, match="there is a model named kirk already"):
        add_published(path, "kirk")
    load_model(catalogue.find_card("kirk"))

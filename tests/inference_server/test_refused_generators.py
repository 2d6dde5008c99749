"""`semrender models add` of what is no generator of ours: refused by what it is, and nothing is added."""

import zipfile

import numpy as np
import pytest
import torch

from inference_server.models import archive
from inference_server.models.stylegan.published import looking
from inference_server.models.stylegan.published.adding import add_published
from shared.errors import MissingInput, ModelRefused
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
    write,
)


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

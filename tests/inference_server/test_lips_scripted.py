"""Wav2Lip as a TorchScript archive, which is a program: its tensors are read, and nothing of it runs."""

import pickle
import warnings
import zipfile
from pathlib import Path

import pytest
import torch

from inference_server.models import scripted
from inference_server.models.base import checked_weights, load_model
from inference_server.models.catalogue import find_card
from inference_server.models.lips.published import add_lips, looks_like
from shared import places
from shared.errors import ModelRefused
from tests.conftest import semrender
from tests.inference_server.speakers import known_network

TOUCHES = "def forward(self, *given): raise SystemError('it ran')\n"


@pytest.fixture(scope="module")
def network():
    """With weights that are all unlike."""
    net, random = known_network(), torch.Generator().manual_seed(3)
    with torch.no_grad():
        for tensor in net.parameters():
            tensor += 0.01 * torch.randn(tensor.shape, generator=random)
    return net


@pytest.fixture(scope="module")
def script(network, tmp_path_factory):
    file = tmp_path_factory.mktemp("published") / "Wav2Lip-SD-GAN.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, (torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96)))
        torch.jit.save(traced, file)
    return file


def again(script, target, change):
    """The archive with its parts as `change` (name, content) gives them."""
    with zipfile.ZipFile(script) as before, zipfile.ZipFile(target, "w") as after:
        for entry in before.infolist():
            content = change(entry.filename, before.read(entry))
            if content is not None:
                after.writestr(entry, content)
    return target


def test_the_same_pixels_as_the_checkpoint(network, script, monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    torch.save({"state_dict": network.state_dict(), "global_step": 1}, tmp_path / "wav2lip_gan.pth")
    assert looks_like(script) and looks_like(tmp_path / "wav2lip_gan.pth")
    added = semrender("models", "add", script, "--name", "scripted")
    assert added.returncode == 0 and "no commercial use" in added.stdout, added.stderr
    plain, same = add_lips(tmp_path / "wav2lip_gan.pth", "plain"), find_card("scripted")
    kept = [checked_weights(card, card.folder) for card in (plain, same)]
    assert set(kept[0]) == set(kept[1]) and len(kept[0]) == 352
    assert all(torch.equal(kept[0][key], kept[1][key]) for key in kept[0])
    random = torch.Generator().manual_seed(0)
    given = torch.rand(2, 1, 80, 16, generator=random), torch.rand(2, 6, 96, 96, generator=random)
    with torch.inference_mode():
        made = [load_model(card).mouth.net(*given) for card in (plain, same)]
    assert torch.equal(*made) and made[0].std() > 0.01


def test_nothing_of_it_runs(network, script, tmp_path):
    ran = tmp_path / "ran"
    coded = again(script, tmp_path / "coded.pt", lambda name, data: TOUCHES.encode() if name.endswith(".py") else data)
    assert len(scripted.read_script(coded)) == 352  # its code is damaged, and nobody looks

    class Touch:
        def __reduce__(self):
            return Path.touch, (ran,)

    # A pickle that calls what its author likes, as torch.load would.
    evil = pickle.dumps({"face_encoder_blocks": Touch()}, protocol=2)
    bad = again(script, tmp_path / "evil.pt", lambda name, data: evil if name.endswith("/data.pkl") else data)
    done = semrender("models", "add", bad, "--name", "lips")
    assert done.returncode != 0 and "evil.pt" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert "getattr, which no file of a generator needs. Nothing of it was run" in done.stderr
    assert not ran.exists() and not places.models_folder().joinpath("lips").exists()


def test_what_is_no_such_script_is_refused_in_words(script, tmp_path):
    lacks = again(script, tmp_path / "lacks.pt", lambda name, data: None if name.endswith("/data/7") else data)
    with pytest.raises(ModelRefused, match="lacks the numbers data/7"):
        add_lips(lacks, "lips")
    short = again(script, tmp_path / "short.pt", lambda name, data: data[:100] if name.endswith("/data/0") else data)
    with pytest.raises(ModelRefused, match="claims 4,704 numbers, and holds 100 bytes"):
        add_lips(short, "lips")
    (tmp_path / "cut.pt").write_bytes(script.read_bytes()[:100_000])
    assert not looks_like(tmp_path / "cut.pt")
    with pytest.raises(ModelRefused, match="damaged or cut short"):
        add_lips(tmp_path / "cut.pt", "lips")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 3)), tmp_path / "other.pt")
    assert not looks_like(tmp_path / "other.pt") and set(scripted.read_script(tmp_path / "other.pt")) == {
        "weight",
        "bias",
    }
    with pytest.raises(ModelRefused, match=r"lacks audio_encoder\.0"):
        add_lips(tmp_path / "other.pt", "lips")

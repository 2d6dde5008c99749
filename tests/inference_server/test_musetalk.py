"""MuseTalk: the numbers of the libraries that its authors use, its weights as they are published, what is refused."""

import hashlib
import json
import os
from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from inference_server.models.base import checked_weights
from inference_server.models.catalogue import find_card
from inference_server.models.faces import mesh
from inference_server.models.lips import latents, musetalk, unet, whisper
from semrender import main
from tests.conftest import ROOT, semrender
from tests.inference_server.test_lips import FACES, clicks, painted, pictures, plate_of

DATA = ROOT / "tests" / "data" / "musetalk"  # outputs of diffusers and transformers with the weights of `seeded`
CONFIG = json.loads((DATA / "recipe.json").read_text())["config"]


def seeded(net, prefix=""):
    """Weights by their names, for a network of another library too."""
    found = {}
    for key, tensor in net.state_dict().items():
        random = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little"))
        found[f"{prefix}{key}"] = torch.from_numpy((random.standard_normal(tensor.shape) * 0.2).astype(np.float32))
    return found


def networks():
    return (
        unet.Network(unet.Sizes.of(CONFIG["unet"])),
        latents.Autoencoder(latents.Sizes.of(CONFIG["vae"])),
        whisper.Encoder(whisper.Sizes.of(CONFIG["whisper"])),
    )


def published(folder, *, old_names=True):
    """A folder as MuseTalk's README tells people to make it."""
    of_unet, vae, hears = networks()
    for name, config in (("musetalkV15/musetalk", "unet"), ("sd-vae/config", "vae"), ("whisper/config", "whisper")):
        (folder / name).parent.mkdir(parents=True)
        (folder / f"{name}.json").write_text(
            json.dumps({"_class_name": "something", "empty": None, "words": [50257] * 90, **CONFIG[config]})
        )
    torch.save(seeded(of_unet), folder / "musetalkV15" / "unet.pth")
    state = seeded(vae)
    if old_names:
        names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
        for key in [key for key in state if ".to_" in key]:
            new = next(key.replace(ours, theirs) for ours, theirs in names.items() if f".{ours}." in key)
            tensor = state.pop(key)
            state[new] = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
    torch.save(state, folder / "sd-vae" / "diffusion_pytorch_model.bin")
    words = {"model.decoder.embed_tokens.weight": torch.zeros(9, 16), "proj_out.weight": torch.zeros(9, 16)}
    save_file({**seeded(hears, "model.encoder."), **words}, folder / "whisper" / "model.safetensors")
    return folder


def test_the_same_numbers_as_diffusers_and_transformers():
    wanted = np.load(DATA / "reference.npz")
    random = np.random.default_rng(1)
    picture = torch.from_numpy(random.uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32))
    small, heard, mel = (
        torch.from_numpy(random.standard_normal(size).astype(np.float32))
        for size in ((1, 8, 8, 8), (1, 50, 16), (1, 80, 100))
    )
    of_unet, vae, hears = (net.eval() for net in networks())
    for net in (of_unet, vae, hears):
        net.load_state_dict(seeded(net))
    with torch.inference_mode():
        for name, found in {
            "encoded": vae.encoded(picture),
            "decoded": vae.decoded(small[:, :4])[:, :, ::4, ::4],
            "unet": of_unet(small, heard),
            "states": hears(mel),
        }.items():
            assert found.shape == wanted[name].shape and np.abs(found.numpy() - wanted[name]).max() < 2e-5, name


def test_the_same_spectrogram_as_whispers_own():
    moments = np.arange(whisper.RATE) / whisper.RATE
    sound = (0.5 * np.sin(2 * np.pi * (200 + 2000 * moments) * moments)).astype(np.float32)
    whole = np.pad(sound, (0, (whisper.SECONDS - 1) * whisper.RATE))
    found = whisper.spectrogram(whole, 80)
    assert found.shape == (80, 3000)
    assert np.abs(found[:, :120:5] - np.load(DATA / "reference.npz")["spectrogram"]).max() < 1e-4


@pytest.mark.parametrize("rate", [25, 24, 30, 60, Fraction(24000, 1001)])
def test_a_frame_hears_what_is_around_its_moment(rate):
    heard = np.arange(500, dtype=np.float32)[:, None, None]  # 10 seconds
    for frame in (10, 37, 100):
        steps = musetalk.part(heard, frame, Fraction(rate)).ravel()
        moment = frame / Fraction(rate) * whisper.STEPS_A_SECOND
        assert list(np.diff(steps)) == [1] * 9 and 0 <= moment - (steps[0] + musetalk.BEFORE) < 1
    assert list(musetalk.part(heard + 1, 0, Fraction(rate)).ravel()[:5]) == [0, 0, 0, 0, 1], "before it all is silent"
    assert not musetalk.part(heard, 11 * rate, Fraction(rate)).any()
    later = musetalk.part(heard, 50, Fraction(25), later=0.1).ravel()
    assert later[0] - musetalk.part(heard, 50, Fraction(25)).ravel()[0] == 5


def test_half_a_minute_is_heard_at_a_time():
    short = {**CONFIG["whisper"], "max_source_positions": 1500}
    net = whisper.Encoder(whisper.Sizes.of(short)).eval()
    net.load_state_dict(seeded(net))
    sound = np.random.default_rng(0).uniform(-0.1, 0.1, 31 * whisper.RATE).astype(np.float32)
    found = whisper.listened(net, sound, "cpu")
    assert found.shape == (31 * whisper.STEPS_A_SECOND, 5, 16)
    assert np.array_equal(found[: 30 * 50], whisper.listened(net, sound[: 30 * whisper.RATE], "cpu"))
    assert whisper.listened(net, sound[:0], "cpu").shape == (0, 5, 16)


@pytest.mark.parametrize("old_names", [True, False])
def test_the_published_folder_is_added(monkeypatch, tmp_path, old_names):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    folder = published(tmp_path / "models", old_names=old_names)
    done = semrender("models", "add", folder, "--name", "muse")
    assert done.returncode == 0 and "for any purpose" in done.stdout, done.stderr
    card = find_card("muse")
    state = checked_weights(card, card.folder)
    for net, name in zip(networks(), ("unet", "vae", "whisper"), strict=True):
        own = {key.removeprefix(f"{name}."): tensor for key, tensor in state.items() if key.startswith(f"{name}.")}
        wanted = seeded(net)
        assert set(own) == set(wanted) and all(torch.equal(own[key], wanted[key]) for key in own), name


def piped(folder):
    (folder / "sd-vae" / "config.json").unlink()
    os.mkfifo(folder / "sd-vae" / "config.json")


def test_what_is_not_all_of_musetalk_is_refused_in_words(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))

    def refused(spoil, *words):
        folder = published(tmp_path / str(len(list(tmp_path.iterdir()))))
        spoil(folder)
        assert main(["models", "add", str(folder), "--name", "muse"]) != 0
        said = capsys.readouterr().err
        assert "Traceback" not in said and all(word in said for word in words), said

    refused(lambda folder: (folder / "whisper" / "model.safetensors").unlink(), "whisper", "is not there")
    refused(lambda folder: (folder / "musetalkV15" / "musetalk.json").unlink(), "musetalk.json", "configuration")
    refused(lambda folder: (folder / "sd-vae" / "config.json").write_text("{"), "sd-vae", "configuration")
    refused(lambda folder: (folder / "sd-vae" / "config.json").write_text("{}"), "block_out_channels")
    wide = json.dumps({**CONFIG["unet"], "block_out_channels": [8, 16, 32]})
    refused(lambda folder: (folder / "musetalkV15" / "musetalk.json").write_text(wide), "lacks down_blocks.2")
    huge = json.dumps({**CONFIG["unet"], "block_out_channels": [8, 10**9, 10**12]})
    refused(lambda folder: (folder / "musetalkV15" / "musetalk.json").write_text(huge), "MuseTalk's")
    deep = json.dumps({**CONFIG["whisper"], "encoder_layers": 10**9})
    refused(lambda folder: (folder / "whisper" / "config.json").write_text(deep), "layers would be 1000000000")
    refused(lambda folder: (folder / "musetalkV15" / "unet.pth").write_bytes(b"PK\x03\x04"), "unet.pth")
    refused(piped, "config.json", "is not there")
    for heads in (0, 3):
        odd = json.dumps({**CONFIG["whisper"], "encoder_attention_heads": heads})
        refused(lambda folder, odd=odd: (folder / "whisper" / "config.json").write_text(odd), f"{heads}", "MuseTalk's")
    half = {"model.encoder.conv1.weight": torch.zeros(16, 80, 3)}
    refused(lambda folder: save_file(half, folder / "whisper" / "model.safetensors"), "lacks")
    assert not (tmp_path / "home" / "models" / "muse").exists()


def test_a_face_is_made_as_published():
    """Half hidden beside whole in latents, ten steps of sound in a row with their places, once and without noise."""
    of_unet, vae, hears = (net.eval() for net in networks())
    state = {}
    for net, name in ((of_unet, "unet"), (vae, "vae"), (hears, "whisper")):
        net.load_state_dict(seeded(net))
        state |= {f"{name}.{key}": tensor for key, tensor in seeded(net).items()}
    mouth = musetalk.MuseTalk(CONFIG, state, "it", "cpu")
    random = np.random.default_rng(3)
    face = random.uniform(0, 1, (256, 256, 3)).astype(np.float32)
    heard = random.standard_normal((100, 5, 16)).astype(np.float32)
    made = mouth.made(face, heard, 20, Fraction(25), 0.0)
    picture = torch.from_numpy(face).permute(2, 0, 1)
    top = (torch.arange(256) < 128).float()[:, None]
    with torch.inference_mode():
        hidden, whole = (vae.encoded((one * 2 - 1)[None]) for one in (picture * top, picture))
        steps = torch.from_numpy(heard[20 * 2 - 4 : 20 * 2 + 6].reshape(1, 50, 16))
        turns = torch.arange(50)[:, None] / 10000 ** (torch.arange(16) // 2 * 2 / 16)
        places = torch.where(torch.arange(16) % 2 == 0, turns.sin(), turns.cos())
        wanted = vae.decoded(of_unet(torch.cat([hidden, whole], 1), steps + places)) / 2 + 0.5
    assert np.abs(made - wanted.clamp(0, 1)[0].permute(1, 2, 0).numpy()).max() < 1e-5


def test_a_mouth_of_it_in_a_clip(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    config = {**CONFIG["whisper"], "max_source_positions": 1500}
    monkeypatch.setitem(CONFIG, "whisper", config)
    added = semrender("models", "add", published(tmp_path / "models"), "--name", "known")
    assert added.returncode == 0, added.stderr
    plate, sound = plate_of(tmp_path / "plate", 4), clicks(tmp_path / "voice.wav", [2])
    said = ("--consent", "synthetic-or-fictional")
    done = painted(tmp_path / "out", plate, sound, *said)
    assert done.returncode == 0, done.stderr
    made = pictures(tmp_path / "out" / "plate")
    assert len(made) == 4 and all(one[..., 3].max() == 255 and not one[:110, :, 3].any() for one in made)
    silent = painted(tmp_path / "silent", plate, clicks(tmp_path / "none.wav", []), *said)
    assert silent.returncode == 0, silent.stderr
    heard = [np.abs(a - b).max() for a, b in zip(made, pictures(tmp_path / "silent" / "plate"), strict=True)]
    assert max(heard) > 1, "what is heard changes the mouth"


def test_its_box_has_the_bridge_of_the_nose_in_the_middle():
    picture = np.asarray(Image.open(FACES / "astronaut.jpg").convert("RGB"))
    reader = mesh.FaceMesh("cpu")
    points = reader.read(picture, reader.search(picture)[0].region).points
    left, top, right, bottom = musetalk.MuseTalk.box(points)
    assert left <= points[:, 0].min() + 3 and right >= points[:, 0].max() - 3
    eyes, tip, chin = points[[33, 263], 1].mean(), points[1, 1], points[mesh.CHIN, 1]
    middle = top + (chin - top) / 2
    assert eyes < middle < tip and chin < bottom < chin + 0.05 * (bottom - top)

"""Lips: the authors' numbers, and a mouth that follows a sound in a clip, on the command line."""

import json
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inference_server.datasets.detector import Face
from inference_server.models.base import checked_weights, load_model
from inference_server.models.catalogue import find_card
from inference_server.models.faces.mesh import Mesh
from inference_server.models.lips import masking, mel, network, pasting, steadying
from inference_server.models.lips.following import follow
from inference_server.models.lips.looking import Look
from inference_server.models.lips.published import add_lips, looks_like
from inference_server.models.lips.wav2lip import Wav2Lip
from shared import places
from shared.delivery import Marker, read_delivery
from shared.errors import ModelRefused
from shared.sounds import heard_alone
from tests.conftest import ROOT, semrender
from tests.inference_server.speakers import GAIN, add_known, known_network, seeded

FACES = ROOT / "tests" / "data" / "faces"
CONSENT = ("--consent", "written-release", "--consent-who", "Eileen", "--consent-purpose", "a test")


@pytest.fixture(scope="module")
def published(data_folder):
    folder = data_folder / "wav2lip_reference"
    recipe = json.loads((folder / "recipe.json").read_text())
    return folder, seeded(recipe)


def test_the_same_faces_as_the_authors_program(published):
    folder, state = published
    wanted = np.load(folder / "network.npz")
    net = network.filled(state, "it")
    sound, faces = torch.from_numpy(wanted["mel"]), torch.from_numpy(wanted["face"]).float() / 255
    with torch.inference_mode():
        assert np.abs(net(sound, faces).numpy() - wanted["output"]).max() < 1e-5
        made = network.folded(net)(sound, faces).numpy()
    assert np.abs(made - wanted["output"]).max() < 1e-5


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_published_checkpoint_is_added_and_paints_the_same(published, monkeypatch, tmp_path, prefix):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    file, (_, state) = tmp_path / "wav2lip_gan.pth", published
    beside = {"optimizer": {"step": torch.zeros(3)}, "global_step": 100000, "global_epoch": 3}
    torch.save({"state_dict": {f"{prefix}{key}": tensor for key, tensor in state.items()}, **beside}, file)
    added = semrender("models", "add", file, "--name", "lips")
    assert added.returncode == 0 and "no commercial use" in added.stdout, added.stderr
    card = find_card("lips")
    kept = checked_weights(card, card.folder)
    assert set(kept) == set(state) and all(torch.equal(kept[key], state[key].float()) for key in state)
    assert load_model(card).mouth.net(torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96)).shape == (1, 3, 96, 96)


def test_what_is_no_such_checkpoint_is_refused_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    state = known_network().state_dict()

    def refused(name, content):
        torch.save(content, tmp_path / name)
        assert looks_like(tmp_path / name)
        with pytest.raises(ModelRefused) as error:
            add_lips(tmp_path / name, "lips")
        assert name in str(error.value)
        return str(error.value)

    larger = {**state, "face_encoder_blocks.8.0.conv_block.0.weight": torch.zeros(1)}
    assert "larger faces than Wav2Lip's 96 pixels" in refused("wav2lip_288.pth", {"state_dict": larger})
    short = {key: tensor for key, tensor in state.items() if "output_block" not in key}
    assert "lacks output_block.0" in refused("short.pth", {"state_dict": short})
    detector = {"conv1_1.weight": torch.zeros(64, 3, 3, 3), "conv3_3_norm.weight": torch.zeros(256)}
    assert "a face detector (S3FD), and paints no mouths" in refused("s3fd-619a316812.pth", detector)
    expert = {"face_encoder.0.conv_block.0.weight": torch.zeros(32, 15, 7, 7)}
    assert "judges lips in training" in refused("lipsync_expert.pth", {"state_dict": expert})
    judge = {
        "face_encoder_blocks.0.0.conv_block.0.weight": torch.zeros(32, 3, 7, 7),
        "binary_pred.0.weight": torch.zeros(1),
    }
    assert "the judge of faces in training" in refused("visual_quality_disc.pth", {"state_dict": judge})
    done = semrender("models", "add", tmp_path / "s3fd-619a316812.pth", "--name", "lips")
    assert done.returncode != 0 and "a face detector (S3FD)" in done.stderr and "Traceback" not in done.stderr
    canary = tmp_path / "ran"
    assert "more than tensors" in refused("evil.pth", {"state_dict": state, "args": Touch(canary)})
    assert not canary.exists() and not places.models_folder().joinpath("lips").exists()


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_the_same_sound_as_the_authors_program(published):
    folder, _ = published
    wanted = np.load(folder / "mel.npz")
    with wave.open(str(folder / "audio_16000_mono.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    made = mel.mel_of(samples)
    assert made.shape == wanted["mel"].shape and np.abs(made - wanted["mel"]).max() < 1e-5
    assert np.abs(mel.slaney(mel.BANDS, mel.WINDOW, mel.LOWEST, mel.HIGHEST) - wanted["mel_filters"]).max() < 1e-7
    stereo = mel.mel_of(mel.shrunk(heard_alone(folder / "audio_44100_stereo.wav")))
    apart = np.abs(stereo - wanted["mel_44100_stereo"])
    assert apart.mean() < 0.01 and apart.max() < 0.25


@pytest.mark.parametrize("rate", ["24", "23.976", "25", "29.97", "30", "60"])
def test_the_same_moments_as_the_authors_program(published, rate):
    folder, _ = published
    wanted = np.load(folder / "mel.npz")
    whole, starts = wanted["mel"], wanted[f"starts_{rate}"]
    fps = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001)}.get(rate) or Fraction(rate)
    for frame, start in enumerate(starts[:-1]):  # the last one theirs repeats, where ours is silent behind the end
        assert (mel.heard(whole, frame, fps, 16) == whole[:, start : start + 16]).all(), frame


def test_silence_stands_beyond_the_ends():
    sound = np.ones((80, 20), np.float32)
    assert (mel.heard(sound, -40, Fraction(24), 16) == -4).all()
    behind = mel.heard(sound, 3, Fraction(24), 16)  # from column 10 on
    assert (behind[:, :10] == 1).all() and (behind[:, 10:] == -4).all()
    later = mel.heard(sound, 3, Fraction(24), 16, later=0.1)
    assert (later[:, :2] == 1).all() and (later[:, 2:] == -4).all()
    assert (mel.mel_of(np.zeros(0, np.float32)) == -4).all() and (mel.mel_of(np.zeros(16000, np.float32)) == -4).all()


def test_a_sound_is_shrunk_without_delay_and_without_echoes_of_its_highest_tones():
    time = np.arange(48000) / 48000
    low, high = np.sin(2 * np.pi * 1000 * time), np.sin(2 * np.pi * 11000 * time)
    made = mel.shrunk((low + high).astype(np.float32))
    assert np.abs(made - low[::3])[100:-100].max() < 1e-3


def face(x, y, size, score=0.9):
    points = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    return Face((x, y, size, size), tuple((x + size * u, y + size * v) for u, v in points), score)


def unread(one):
    """A look at a face of which the mesh says nothing."""
    return Look(one, Mesh(np.zeros((468, 2)), np.zeros(468), -10.0), np.zeros((468, 3), np.float32))


def steadily(faces, shots, number):
    """Places, boxes and points of all that is followed."""
    looks = [{place: unread(one) for place, one in some.items()} for some in follow(faces, shots, number)]
    parts = [part for one in looks for part in steadying.steady(one, (), Wav2Lip.box)]
    return [np.concatenate([getattr(one, name) for one in parts]) for name in ("places", "boxes", "points")]


def test_the_face_is_followed_steadily_and_nothing_crosses_a_cut():
    jitter = np.random.default_rng(1).normal(0, 2, 40)
    faces = [[face(100 + jitter[i], 50, 80), face(300, 50, 40)] for i in range(40)]
    faces[10], faces[11] = [faces[10][1]], []  # the first one is missed twice, the other once
    shots = [0] * 20 + [1] * 20
    places, boxes, points = steadily(faces, shots, 1)
    assert list(places) == list(range(40)) and boxes.shape == (40, 4) and points.shape == (40, 5, 2)
    assert np.diff(boxes[:20, 0]).std() < 0.4 * np.diff(jitter[:20]).std()
    assert np.abs(boxes[:, 2] - boxes[:, 0] - 80).max() < 1e-6  # a square does not breathe
    second = steadily(faces, shots, 2)[1]
    assert np.abs(second[:, 0] - 300).max() < 1e-6
    moved = [[face(100 if i < 20 else 500, 50, 80)] for i in range(40)]
    boxes = steadily(moved, shots, 1)[1]
    assert np.abs(boxes[:20, 0] - 100).max() < 1e-6 and np.abs(boxes[20:, 0] - 500).max() < 1e-6
    gone = [[face(100, 50, 80)] if not 10 <= i < 20 else [] for i in range(40)]
    assert list(steadily(gone, [0] * 40, 1)[0]) == [*range(10), *range(20, 40)]
    assert follow(faces, shots, 3) == []


def test_a_mouth_comes_and_goes_softly_but_for_cuts():
    seen, occluded, gone = steadying.SEEN, steadying.OCCLUDED, steadying.GONE
    states = np.array([seen] * 5 + [occluded] * 2 + [seen] * 5 + [gone] * 3 + [seen] * 5, np.uint8)
    ramp = [1, 1, 0.75, 0.5, 0.25, 0, 0, 0.25, 0.5, 0.75, 0.5, 0.25, 0, 0, 0]
    assert list(steadying.shown(states, [0] * 20)) == [*ramp, 0.25, 0.5, 0.75, 1, 1]
    assert list(steadying.shown(states, [0] * 15 + [1] * 5)) == [*ramp, 1, 1, 1, 1, 1]


def test_a_face_goes_to_the_network_and_back_to_the_pixel():
    plate = np.asarray(Image.open(FACES / "astronaut.jpg").convert("RGB"), np.float32) / 255
    box = np.array([120.0, 62.0, 216.0, 182.0])
    points = np.array([[150.0, 102], [182, 102], [166, 122], [154, 146], [178, 146]])
    mask = masking.of_points(plate.shape[:2], box, points)
    made = pasting.pasted(plate, pasting.cropped(plate, box, network.FACE), box, mask, keep_colour=False)
    inside = mask.new > 0.99
    assert inside.sum() > 500 and np.abs(made - plate)[inside].mean() < 0.02  # resampled twice, not moved
    shifted = [np.abs(np.roll(plate, step, axis) - made)[inside].mean() for axis in (0, 1) for step in (-1, 1)]
    assert min(shifted) > 1.5 * np.abs(made - plate)[inside].mean()
    tinted = np.clip(pasting.cropped(plate, box, network.FACE) * 0.8 + 0.05, 0, 1)
    kept = pasting.pasted(plate, tinted.astype(np.float32), box, mask, keep_colour=True)
    assert np.abs(kept - plate)[inside].mean() < 0.025
    assert not (mask.skin & (mask.new > 0)).any() and mask.skin.sum() > 200


def plate_of(folder, count=16, faces=1, lost=()):
    """Frames 1001 on, of a face that moves; on the lost ones it is away."""
    folder.mkdir()
    source = Image.open(FACES / "astronaut.jpg").convert("RGB")
    for place in range(count):
        frame = Image.new("RGB", (320 * faces, 300), (120, 120, 120))
        for one in range(faces):
            if place not in lost:
                small = source.resize((320, 300)) if one == 0 else source.resize((240, 225))
                frame.paste(small, (320 * one + round(6 * np.sin(place / 3)), 0 if one == 0 else 40))
        frame.save(folder / f"plate.{1001 + place}.png")
    return folder / "plate.####.png"


def clicks(path, frames, fps=24, seconds=1):
    samples = np.zeros(48000 * seconds, np.float32)
    noise = np.random.default_rng(0).uniform(-0.8, 0.8, 2000)
    for frame in frames:
        start = round(frame / fps * 48000)
        samples[start : start + 2000] = noise
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def pictures(folder):
    return [np.asarray(Image.open(file), np.float32) for file in sorted(folder.glob("*.png"))]


@pytest.fixture
def known(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    return add_known(places.models_folder(), loud=3.0)


def painted(out, plate, sound, *more):
    return semrender(
        "render", plate, "--model", "known", "--audio", sound, "--out", out, "--no-aep", "--movie", "none", *more
    )


def test_nobody_is_painted_without_a_ground(known, tmp_path):
    plate, sound = plate_of(tmp_path / "plate", 2), clicks(tmp_path / "voice.wav", [1])
    refused = painted(tmp_path / "out", plate, sound)
    assert refused.returncode == 3 and "the shot does not say on what ground" in refused.stderr
    assert "layer plate, frame 1001" in refused.stderr and "--consent" in refused.stderr
    lacking = painted(tmp_path / "out", plate, sound, *CONSENT)
    assert lacking.returncode == 3 and 'a written release has a "reference"' in lacking.stderr
    alone = painted(tmp_path / "out", plate, sound, "--consent-who", "Eileen")
    assert alone.returncode == 2 and "says nothing without --consent" in alone.stderr
    assert not (tmp_path / "out" / "plate").exists()


def test_the_mouth_follows_the_sound_and_all_else_is_the_plate(known, tmp_path):
    plate = plate_of(tmp_path / "plate", faces=2, lost=range(11, 16))
    sound, out = clicks(tmp_path / "voice.wav", [8]), tmp_path / "out"
    said = (*CONSENT, "--consent-reference", "file 12", "--option", "keep_colour=false", "--option", "score=0.8")
    done = painted(out, plate, sound, *said)
    assert done.returncode == 0, done.stderr
    made, plates = pictures(out / "plate"), pictures(tmp_path / "plate")
    assert len(made) == 16
    for one in made[:11]:
        assert one[..., 3].max() == 255 and not one[:, 330:, 3].any()  # the other face stays
        rows, columns = np.nonzero(one[..., 3])
        assert rows.min() > 110 and rows.max() < 200 and columns.min() > 100 and columns.max() < 230
    assert not any(one[..., 3].any() for one in made[11:])
    lines = [json.loads(line) for line in (out / "plate" / "plate.jsonl").read_text().splitlines()]
    assert [line["face"] for line in lines] == ["seen"] * 11 + ["gone"] * 5
    assert {line["mask"] for line in lines[:11]} == {"mesh"} and [line["shown"] for line in lines[11:]] == [0] * 5

    def bright(one, plate):
        inside = one[..., 3] > 250
        given = 1 / (1 + np.exp(-GAIN * (plate[inside] / 255 - 0.5)))
        return (one[inside][:, :3] / 255 - given).mean()

    def middle(curve):
        return (curve * np.arange(len(curve))).sum() / curve.sum()

    curve = np.array([bright(one, plate) for one, plate in zip(made[:11], plates, strict=False)])
    # a fifth of a second is heard from the frame on: a sound from 8 to 9 is in the middle of what is heard from 6.1 on
    assert abs(middle(curve) - 6.1) < 0.9 and abs(curve[:3]).max() < 0.01 * curve.max()
    earlier = painted(tmp_path / "later", plate, sound, *said, "--option", "offset=100", "--frames", "1001-1011")
    assert earlier.returncode == 0, earlier.stderr
    shifted = pictures(tmp_path / "later" / "plate")
    moved = np.array([bright(one, plate) for one, plate in zip(shifted, plates, strict=False)])
    assert abs(middle(curve) - middle(moved) - 2.4) < 0.4
    alone = painted(tmp_path / "alone", plate, sound, *said, "--frames", "1006")
    assert alone.returncode == 0 and (pictures(tmp_path / "alone" / "plate")[0] == made[5]).all()

    delivery = read_delivery(out)
    layer, (notice,) = delivery.layers[0], delivery.notices
    assert (notice.text, notice.enabled, notice.uid) == ("AI MODIFIED", False, "plate/L/notice")
    matte = delivery.layers[1]
    assert (matte.name, matte.role, matte.enabled, matte.shy) == ("m_plate_mouth", "matte", False, True)
    first = np.asarray(Image.open(out / matte.footage.path))
    assert (first[..., 3] == made[0][..., 3]).all() and (first[..., :3] == 255).all() and first[..., 3].any()
    assert layer.markers == (Marker(1012, 1016, "no face: the plate stays"),)
    assert layer.provenance.consent == "written-release, Eileen, for a test, file 12"
    assert layer.provenance.synthetic.endswith("compositeWithTrainedAlgorithmicMedia")
    header = (out / "plate" / "plate.1001.png").read_bytes()[:3000]
    assert b"XML:com.adobe.xmp" in header and layer.provenance.synthetic.encode() in header


def test_a_clip_without_a_face_is_said(known, tmp_path):
    plate, sound = plate_of(tmp_path / "plate", 3, lost=range(3)), clicks(tmp_path / "voice.wav", [1])
    done = painted(tmp_path / "out", plate, sound, "--consent", "synthetic-or-fictional")
    assert done.returncode != 0 and "no face was found in the clip" in done.stderr and "Traceback" not in done.stderr


def test_the_known_network_is_what_it_says():
    net = known_network(loud=1.0)
    faces = torch.zeros(1, 6, 96, 96)
    faces[:, 3:] = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        silent = net(torch.full((1, 1, 80, 16), -4.0), faces)
        loud = net(torch.full((1, 1, 80, 16), 2.0), faces)
    assert torch.allclose(silent, torch.sigmoid(GAIN * (faces[:, 3:] - 0.5)), atol=1e-5)
    assert (torch.logit(loud) - torch.logit(silent)).mean() > 0.5

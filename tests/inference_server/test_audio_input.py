"""Sound as an input of a model: a small family that paints a picture as bright as it is loud."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.models import base, needs
from inference_server.models.base import Model, load_model
from inference_server.worker.check import check_job
from inference_server.worker.keys import frame_key, prepared_of
from inference_server.worker.plan import make_plan
from inference_server.worker.preparing import prepare
from inference_server.worker.reading import decode
from shared import places
from shared.errors import InputRefused, from_dict
from shared.sounds import Part, Sound, read_wav, write_wav
from tests.shared.sound_files import click, clip_with_sound, sound_file

DEVICE = SimpleNamespace(name="cpu", about="a processor", half=SimpleNamespace(factor=None, gains=False))
FRAMES, LOUD = 12, 5  # and which of them clicks, from 0


class Loudness(Model):
    def prepare(self, frames):
        """{"loud": (n,) of every frame of the shot, 0..1, "first": the first one's moment}."""
        audio = next(frame.audio for frame in frames)
        wav = places.home() / "heard"
        heard = write_wav(wav, Sound(audio.file, 0), audio.first, audio.last, audio.fps)
        samples = np.abs(np.concatenate(list(read_wav(Part(wav, 0, heard.samples), 48000)))[:, 0].astype(np.float64))
        loud = np.array([part.max() for part in np.array_split(samples, audio.last - audio.first + 1)])
        return {"loud": loud / loud.max(), "first": np.array(audio.first)}

    def paint(self, request):
        assert request.audio is None, "prepare alone is given it"
        return request.picture * np.float32(request.prepared["loud"][request.moment - int(request.prepared["first"])])


def load(card, folder, device):
    return Loudness(card, device)


@pytest.fixture
def model(add_sleep_model, monkeypatch, tmp_path):
    """The family is this very file; a plate and two sounds, each of which clicks in another frame."""
    monkeypatch.setitem(base.FAMILIES, "loudness", __name__)
    monkeypatch.setitem(needs.MEMORY, "loudness", lambda card, width, height: (0, 24 * width * height))
    monkeypatch.setitem(needs.PREPARES, "loudness", 2)
    folder = places.models_folder() / add_sleep_model("loudness")
    card = places.read_json(folder / "card.json")
    inputs = {"picture": {"needed": True}, "audio": {"needed": True}}
    places.write_json(folder / "card.json", {**card, "family": "loudness", "inputs": inputs})
    Image.new("RGB", (32, 16), (200, 200, 200)).save(tmp_path / "plate.png")
    for name, frame in (("a", LOUD), ("b", LOUD + 2)):
        sound_file(tmp_path / f"{name}.wav", "pcm_s16le", click(frame * 2000 + 500, FRAMES * 2000, 1))
    clip_with_sound(tmp_path / "singer.mp4", Fraction(24), FRAMES, LOUD)
    return "loudness"


def spec_of(folder, **shot):
    layer = {"name": "a", "picture": "plate.png", **shot.pop("layer", {})}
    body = {
        "name": "s",
        "fps": 24,
        "first": 1001,
        "last": 1000 + FRAMES,
        "model": "loudness",
        "layers": [layer],
        **shot,
    }
    return job_spec({"shot": body}, folder, folder / "out", None, False)


def plan_of(folder, **shot):
    plan = make_plan(spec_of(folder, **shot), "job")
    return plan, plan.layers["a"]


def loudest(folder, **shot):
    plan, own = plan_of(folder, **shot)
    model = load_model(own.card)
    assert prepare(plan, own, model) == {"state": "prepared"} and prepare(plan, own, model) == {"state": "kept"}
    brightness = [model.paint(decode(plan, "a", frame).request).mean() for frame in plan.shot.frames]
    assert max(brightness) > 0.7
    return plan.shot.first + int(np.argmax(brightness))


@pytest.mark.parametrize(
    "shot, frame",
    [
        ({"audio": "a.wav"}, 1001 + LOUD),
        ({"audio": "a.wav", "audio_start": 999}, 999 + LOUD),
        ({"layer": {"picture": "singer.mp4"}}, 1001 + LOUD),
        ({"layer": {"picture": "singer.mp4", "clip_start": 1000}, "last": 1010}, 1000 + LOUD),
    ],
)
def test_a_model_hears_the_shot_frame_by_frame(model, tmp_path, shot, frame):
    assert loudest(tmp_path, **shot) == frame


def test_what_is_heard_is_in_the_keys(model, tmp_path, add_sleep_model):
    def keys(**shot):
        plan, own = plan_of(tmp_path, **shot)
        return frame_key(plan, own, 1001), prepared_of(plan, own).key

    a, b, later = keys(audio="a.wav"), keys(audio="b.wav"), keys(audio="a.wav", audio_start=1002)
    assert len({*a, *b, *later}) == 6
    (tmp_path / "a.wav").write_bytes((tmp_path / "b.wav").read_bytes())
    assert keys(audio="a.wav") == b, "what is in the file counts, not its name"
    add_sleep_model("deaf")
    labels = {"labels": "plate.png", "picture": None}
    deaf = [plan_of(tmp_path, model="deaf", layer=labels, audio=name) for name in ("a.wav", "b.wav")]
    assert len({frame_key(plan, own, 1001) for plan, own in deaf}) == 1, "a model that does not take it is not asked"


def test_a_sound_that_is_needed_and_not_there_is_said(model, tmp_path):
    with pytest.raises(
        InputRefused, match=r'takes picture and audio.*names no audio.*"audio" in the shot.*--audio FILE'
    ):
        spec_of(tmp_path)
    with pytest.raises(InputRefused, match="names no audio"):
        spec_of(tmp_path, audio="none")
    report = check_job(spec_of(tmp_path, audio="a.wav"), "job", lambda: None, 2**40, DEVICE)
    assert report["problems"] == [] and report["layers"][0]["inputs"]["audio"] == "a.wav"
    clip_with_sound(tmp_path / "mute.mp4", Fraction(24), FRAMES, LOUD, sound=False)
    report = check_job(spec_of(tmp_path, layer={"picture": "mute.mp4"}), "job", lambda: None, 2**40, DEVICE)
    assert "needs a sound, and the shot has none" in str(from_dict(report["problems"][0]))

"""Sounds of any rate, length and place, and what the plate does behind its own end."""

import json
import wave
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from inference_server.models.base import Audio, PaintInput, load_model
from inference_server.models.cards import load_card
from inference_server.models.lips import mel
from inference_server.models.looking import Frames
from shared import places
from shared.errors import InputRefused
from shared.frames import find_pass
from shared.passes.clip_pass import picture_number, read_codes
from shared.sequences import Beat
from shared.sounds import heard_alone
from tests.conftest import ROOT, semrender
from tests.inference_server.speakers import add_known

RATES = {
    "24": Fraction(24),
    "25": Fraction(25),
    "23.976": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "60": Fraction(60),
}
OPTIONS = {"offset": 0, "face": 1, "score": 0.6, "silence": "close", "keep_colour": False}
NOBODY = ("--consent", "synthetic-or-fictional")


@pytest.fixture(scope="module")
def face():
    return Image.open(ROOT / "tests" / "data" / "faces" / "astronaut.jpg").convert("RGB")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(load_card(add_known(tmp_path_factory.mktemp("models"), loud=3.0)))


@pytest.fixture
def known(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    return add_known(places.models_folder(), loud=3.0)


def sound(path, seconds=1.0, rate=48000, channels=1, burst=(0.4, 0.5), music=False):
    """Noise between two times, or three notes that never cease; channels unequal."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(3).uniform(-0.7, 0.7, 48000 * 8)[(time * 48000).astype(int)]
    samples = np.where((time >= burst[0]) & (time < burst[1]), noise, 0.0)
    if music:
        samples = sum(0.2 * np.sin(2 * np.pi * note * time) for note in (220, 277.2, 329.6))
    both = np.stack([samples * (1.0 if place == 0 else 0.5) for place in range(channels)], 1)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes((both * 32767).astype("<i2").tobytes())
    return path


def clip(path, face, count, fps, loud=None):
    """A movie whose picture number n is n codes darker, with a sound of 44.1 kHz stereo where there is one."""
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("png", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *face.size, "rgb24"
        heard = None if loud is None else movie.add_stream("pcm_s16le", rate=44100, layout="stereo")
        for number in range(count):
            codes = np.maximum(np.asarray(face, np.int16) - number, 0).astype(np.uint8)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(codes, "rgb24")))
        movie.mux(stream.encode())
        if heard is not None:
            with wave.open(str(loud)) as file:
                codes = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(codes, "s16", "stereo")
            frame.rate = 44100
            movie.mux(heard.encode(frame))
            movie.mux(heard.encode())
    return path


def rendered(source, out, *more):
    return semrender(
        *("render", source, "--model", "known", "--out", out, "--no-aep", "--movie", "none", *NOBODY),
        *("--option", "score=0.6", *more),
    )


def made(folder):
    return [np.asarray(Image.open(file), np.float32) for file in sorted(folder.glob("*.png"))]


@pytest.mark.parametrize("rate", RATES)
def test_every_frame_of_a_shot_hears_its_own_moment(model, face, tmp_path, rate):
    fps = RATES[rate]
    file = sound(tmp_path / "voice.wav")
    first, last = int(0.15 * fps), int(0.6 * fps)  # of the sound, which bursts from 0.4 to 0.5 seconds
    picture, audio = np.asarray(face, np.float32) / 255, Audio(file, fps, first, last)
    frames = [
        PaintInput(
            np.zeros(picture.shape[:2], np.uint16),
            picture=picture,
            audio=audio,
            moment=moment,
            frame=1001 + moment,
            fps=fps,
            options=OPTIONS,
        )
        for moment in range(first, last + 1)
    ]
    prepared = model.prepare(Frames(range(len(frames)), frames.__getitem__))
    assert prepared["moments"].tolist() == list(range(first, last + 1))
    step = max(1, round(fps / 12))
    chosen = [replace(one, prepared=prepared) for one in frames[::step]]
    bright = np.array([(one[..., 3:] * one[..., :3]).sum() / one[..., 3].sum() for one in map(model.paint, chosen)])
    times = np.array([float(one.moment / fps) for one in chosen])
    response = bright - bright.min()
    # what is heard in the 0.2 seconds from 0.3 and 0.4 on has the burst in its middle
    assert abs((response * times).sum() / response.sum() - 0.35) < 0.05
    assert response[times > 0.52].max() < 0.05 * response.max()


def test_a_sound_is_the_same_however_it_is_written(face, tmp_path):
    wanted = mel.mel_of(mel.shrunk(heard_alone(sound(tmp_path / "mono.wav"))))
    others = [sound(tmp_path / "stereo.wav", channels=2), sound(tmp_path / "cd.wav", rate=44100, channels=2)]
    others.append(clip(tmp_path / "inside.mov", face.resize((64, 60)), 24, 24, others[1]))
    for file in others:
        found = mel.mel_of(mel.shrunk(heard_alone(file)))
        columns = min(found.shape[1], wanted.shape[1])
        louder = 0.25 * 8 / 20  # of two channels the mean is a quarter less: 2.5 dB of the 100 that 8 stand for
        assert found.shape[1] - wanted.shape[1] in (0, 1)
        assert np.abs(found[:, 34:38] - wanted[:, 34:38]).mean() < 0.35 + louder, file
        assert (found[:, :columns] > -3.9).mean() == pytest.approx((wanted > -3.9).mean(), abs=0.03)
    silent = mel.mel_of(mel.shrunk(heard_alone(sound(tmp_path / "silent.wav", burst=(9, 9)))))
    assert (silent == -4).all()


def test_pictures_go_on_behind_their_end_as_asked(face, tmp_path):
    beat = Beat((24, 1), 11, end="ping-pong")
    assert [beat.place(number, 4) for number in range(12)] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1]
    assert [replace(beat, end="hold").place(number, 4) for number in range(7)] == [0, 1, 2, 3, 3, 3, 3]
    assert Beat((24, 1), 11).place(5, 4) == 5 and [beat.place(number, 1) for number in range(3)] == [0, 0, 0]
    clip(tmp_path / "plate.mov", face.resize((64, 60)), 4, 24)
    for end, shown in (("ping-pong", [0, 1, 2, 3, 2, 1, 0, 1]), ("hold", [0, 1, 2, 3, 3, 3, 3, 3])):
        found = find_pass("picture", "plate.mov", tmp_path, "it", replace(beat, end=end, last=18))
        assert (found.first, found.last, len(found.files)) == (11, 18, 8)
        assert [picture_number(found, frame) for frame in range(11, 19)] == shown
        assert (read_codes(found, 15)[0] == read_codes(found, 11 + shown[4])[0]).all()
    for number in range(4):
        face.resize((64, 60)).save(tmp_path / f"plate.{1001 + number}.png")
    found = find_pass("picture", "plate.####.png", tmp_path, "it", replace(beat, last=1010))
    names = [found.files[frame].name[6:10] for frame in range(1001, 1011)]
    assert [int(name) - 1001 for name in names] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert find_pass("picture", "plate.####.png", tmp_path, "it", replace(beat, last=1002)).last == 1004


def test_a_sound_longer_than_its_plate(known, face, tmp_path):
    plate = clip(tmp_path / "plate.mov", face, 5, Fraction(24000, 1001), sound(tmp_path / "own.wav", 0.3, 44100, 2))
    voice = sound(tmp_path / "voice.wav", 0.5)  # 11.99 frames
    done = rendered(plate, tmp_path / "cut", "--audio", voice)
    assert done.returncode == 0 and len(made(tmp_path / "cut" / "plate")) == 5, done.stderr  # as long as the plate
    assert "the last 0.29 seconds of voice.wav are not heard" in done.stdout + done.stderr
    assert "--clip-end" in done.stdout + done.stderr
    long = rendered(plate, tmp_path / "long", "--audio", voice, "--clip-end", "ping-pong")
    assert long.returncode == 0, long.stderr
    lines = [json.loads(line) for line in (tmp_path / "long" / "plate" / "plate.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(1, 13)) and {line["face"] for line in lines} == {"seen"}
    assert "are not heard" not in long.stdout + long.stderr
    delivered = sorted((tmp_path / "long" / "passes").rglob("*.png"))
    shown = [np.asarray(Image.open(file), np.int16)[0, 0, 0] for file in delivered]
    assert len(shown) == 12 and [shown[0] - one for one in shown] == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]
    own = rendered(plate, tmp_path / "own")  # the sound that is in the movie, which lasts longer than its pictures
    assert own.returncode == 0 and len(made(tmp_path / "own" / "plate")) == 5, own.stderr
    nothing = rendered(plate, tmp_path / "nothing", "--clip-end", "hold")
    assert nothing.returncode != 0 and "--clip-end says nothing without --audio" in nothing.stderr


def test_a_shot_that_goes_on_behind_its_plate_says_how(known, face, tmp_path):
    clip(tmp_path / "plate.mov", face, 3, 24)
    voice = sound(tmp_path / "voice.wav", 0.2, music=True)
    layer = {"name": "mouth", "picture": "plate.mov", "model": "known", "consent": {"basis": "synthetic-or-fictional"}}
    shot = {"name": "it", "fps": 24, "first": 1, "last": 5, "audio": voice.name, "layers": [layer]}
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    refused = rendered(tmp_path / "shot.json", tmp_path / "out")
    assert refused.returncode != 0 and "lacks 2 of 5 frames: 4-5" in refused.stderr and "clip_end" in refused.stderr
    layer["clip_end"] = "hold"
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    done = rendered(tmp_path / "shot.json", tmp_path / "out")
    assert done.returncode == 0 and len(made(tmp_path / "out" / "mouth")) == 5, done.stderr
    lacking = rendered(tmp_path / "shot.json", tmp_path / "no", "--audio", tmp_path / "gone.wav")
    assert lacking.returncode != 0 and "gone.wav: the sound is not there" in lacking.stderr
    with pytest.raises(InputRefused, match="clip_end"):
        from shared.shot import Shot

        Shot.from_dict({**shot, "layers": [{**layer, "clip_end": "loop"}]})

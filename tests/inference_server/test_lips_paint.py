"""A new mouth on a face that speaks: its seam, what lies outside it, silence, and whether it follows its sound."""

import json
import wave
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import Image

from inference_server.models.base import Audio, PaintInput, load_model
from inference_server.models.cards import load_card
from inference_server.models.faces.mesh import FaceMesh
from inference_server.models.lips import agreement
from inference_server.models.lips.mel import shrunk
from inference_server.models.looking import Frames
from shared import places
from shared.sounds import heard_alone
from tests.conftest import ROOT, semrender
from tests.inference_server.heads import Head
from tests.inference_server.speakers import add_known
from tests.inference_server.test_lips import clicks

OPTIONS = {"offset": 0, "face": 1, "score": 0.6, "silence": "close", "keep_colour": True}
FPS = Fraction(24)


@pytest.fixture(scope="module")
def reader():
    return FaceMesh("cpu")


@pytest.fixture(scope="module")
def head(reader):
    return Head(np.asarray(Image.open(ROOT / "tests" / "data" / "faces" / "astronaut.jpg").convert("RGB")), reader)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(load_card(add_known(tmp_path_factory.mktemp("models"), loud=1.0)))


def syllables(path, seconds=2.0, rate=48000):
    """Noise that swells and falls as speech does, unevenly; silence in the first and last sixth."""
    time = np.arange(int(seconds * rate)) / rate
    swell = np.abs(np.sin(2 * np.pi * 1.9 * time)) ** 2 * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 0.43 * time + 1)))
    swell *= (time > seconds / 6) & (time < seconds * 5 / 6)
    noise = np.random.default_rng(5).uniform(-0.7, 0.7, len(time)) * swell
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((noise * 32767).astype("<i2").tobytes())
    return path


def loudness(sound, count):
    """0..1, of frames at 24 a second."""
    loud = agreement.at_frames(agreement.envelope(shrunk(heard_alone(sound))), np.arange(count), FPS)
    return loud / loud.max()


def asked(pictures, sound, **options):
    audio = Audio(sound, FPS, 0, len(pictures) - 1)
    return [
        PaintInput(
            np.zeros(one.shape[:2], np.uint16),
            picture=one.astype(np.float32) / 255,
            audio=audio,
            moment=place,
            frame=place,
            options={**OPTIONS, **options},
        )
        for place, one in enumerate(pictures)
    ]


def told(model, frames, chosen):
    """How much of the new mouth is shown on the chosen ones, as the model says."""
    prepared = model.prepare(Frames(range(len(frames)), frames.__getitem__))
    found = []
    for place in chosen:
        model.paint(replace(frames[place], prepared=prepared))
        found.append(model.said["shown"])
    return found


def along(picture, where):
    """The mean difference of neighbours of which one at least lies in `where`."""
    found = []
    for axis in (0, 1):
        step = np.abs(np.diff(picture, axis=axis)).mean(2)
        one, other = (where[1:], where[:-1]) if axis == 0 else (where[:, 1:], where[:, :-1])
        found.append(step[one | other])
    return np.concatenate(found).mean()


def across(picture, mask, reach):
    """The mean difference between the two sides of a mask's edge, `reach` pixels from where half of it shows."""
    soft = cv2.GaussianBlur(mask, (0, 0), 2)
    down, right = np.gradient(soft)
    steep = np.hypot(right, down) + 1e-9
    y, x = np.nonzero(cv2.morphologyEx((mask > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    way = np.stack([right[y, x], down[y, x]]) / steep[y, x] * reach
    sides = [
        cv2.remap(
            picture, np.float32(x + sign * way[0])[:, None], np.float32(y + sign * way[1])[:, None], cv2.INTER_LINEAR
        )
        for sign in (-1, 1)
    ]
    return np.abs(sides[0] - sides[1]).mean()


@pytest.mark.parametrize("keep_colour", [True, False])
def test_no_seam_is_seen_and_outside_all_is_the_plate(model, head, tmp_path, keep_colour):
    pictures = [head.drawn(head.picture, 0, opening) for opening in (0.0, 0.03, 0.05)]
    frames = asked(pictures, clicks(tmp_path / "voice.wav", [1]), keep_colour=keep_colour)
    prepared = model.prepare(Frames(range(len(frames)), frames.__getitem__))
    for place, one in enumerate(frames):
        made = model.paint(replace(one, prepared=prepared))
        mask = made[..., 3]
        composed = one.picture * (1 - mask[..., None]) + made[..., :3] * mask[..., None]
        left, top, right, bottom = prepared["boxes"][place]
        assert np.abs(composed - one.picture)[mask > 0.99].mean() > 0.015  # the mouth is another
        assert (composed == one.picture)[mask == 0].all()
        rows, columns = np.nonzero(mask)
        assert (
            left < columns.min()
            and columns.max() < right
            and rows.max() < bottom
            and rows.min() + 0.5 > (top + bottom) / 2
        )
        edge = (mask > 0) & (mask < 1)
        assert along(composed, edge) <= 1.5 * along(one.picture, edge)
        reach = 0.05 * (right - left)  # the whole of the soft edge lies between
        assert across(composed, mask, reach) <= 1.5 * across(one.picture, mask, reach)


def test_where_nothing_is_heard_the_plate_stays_if_one_likes(model, head, tmp_path):
    count = 36
    pictures = [head.picture] * count
    sound = syllables(tmp_path / "voice.wav", seconds=1.5)  # heard from 0.25 to 1.25 seconds
    # frame n is made of what is heard in a fifth of a second from it on
    assert told(model, asked(pictures, sound), (0, 15, 35)) == [1, 1, 1]
    kept = asked(pictures, sound, silence="keep")
    assert told(model, kept, (0, 1, 8, 9, 15, 24, 32, 35)) == [0, 0, 1, 1, 1, 1, 0, 0]
    rising = told(model, kept, range(2, 9))
    assert rising[rising.index(0.25) - 1 : rising.index(0.25) + 4] == [0, 0.25, 0.5, 0.75, 1]
    later = asked(pictures, sound, silence="keep", offset=250)
    assert told(model, kept, (26,))[0] > 0 and told(model, later, (18, 26, 35)) == [1, 0, 0]


@pytest.mark.parametrize("lag", [-4, 0, 3])
def test_how_far_a_mouth_is_behind_its_sound_is_measured(head, reader, tmp_path, lag):
    count = 48
    loud = loudness(syllables(tmp_path / "voice.wav"), count + 20)
    opened = [0.08 * (loud[place - lag] if place >= lag else 0) for place in range(count)]
    (found, *_) = reader.search(head.picture)
    read = [reader.read(head.drawn(head.picture, 0, max(0.004, one)), found.region).opening for one in opened]
    result = agreement.agreement(read, loud[:count].tolist())
    assert result.lag == lag and result.correlation > 0.9
    words = {-4: "opens 4 frames before the sound", 0: "opens with the sound", 3: "opens 3 frames behind the sound"}
    assert words[lag] in result.words
    assert agreement.agreement([0.05] * count, loud[:count].tolist()) is None  # it does not move
    assert agreement.agreement(read[:20], loud[:20].tolist()) is None  # too short for a word
    noise = np.random.default_rng(2).uniform(0, 0.1, 480).tolist()
    unlike = agreement.agreement(noise, np.tile(loud[:count], 10).tolist())
    assert "hardly follows" in unlike.words


def test_a_job_says_whether_the_mouth_follows(head, monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    add_known(places.models_folder(), loud=0.2)  # shows the plate's own mouth, which is two frames late
    count = 40
    sound = syllables(tmp_path / "voice.wav")
    loud = loudness(sound, count)
    plate = tmp_path / "plate"
    plate.mkdir()
    for place in range(count):
        opened = 0.09 * (loud[place - 2] if place >= 2 else 0)
        Image.fromarray(head.drawn(head.picture, 0, max(0.004, opened))).save(plate / f"plate.{1001 + place}.png")
    done = semrender(
        *("render", plate / "plate.####.png", "--model", "known", "--audio", sound, "--out", tmp_path / "out"),
        *("--no-aep", "--movie", "none", "--consent", "synthetic-or-fictional", "--option", "score=0.6"),
    )
    assert done.returncode == 0, done.stderr
    assert "layer plate: the mouth opens 2 frames behind the sound" in done.stdout + done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out" / "plate" / "plate.jsonl").read_text().splitlines()]
    assert len(lines) == count and all(line["opening"] > 0 and line["loud"] >= 0 for line in lines)

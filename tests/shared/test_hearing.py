"""What is heard on a frame: exact to the sample at every rate, level with every loudness."""

from fractions import Fraction

import numpy as np
import pytest

from shared.errors import InputRefused
from shared.hearing import edges_of, hear
from shared.sounds import RATE, heard_alone
from shared.walk import FEATURES, Route
from tests.shared.sound_files import click, sound_file

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
]
CLICKS = (20_000, 61_234, 110_017)
LENGTH = 3 * RATE


def clicks(length=LENGTH, at=CLICKS):
    return sum(click(place, length, 1)[0] for place in at)


def frame_of(sample, fps):
    return int(np.searchsorted(edges_of(0, 1000, fps), sample, side="right")) - 1


def curve(samples, fps, frames=None, **route):
    heard = hear(samples, Route(**{"feature": "rms", "release": 0.0, **route}), fps)
    return np.array([heard.at(frame) for frame in range(frames or round(len(samples) / RATE * fps))])


def loudest(values, near):
    begin = max(0, near - 5)
    return begin + int(values[begin : near + 6].argmax())


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("feature", ["rms", "speech", "onset", "high"])
def test_a_click_is_on_its_own_frame_at_every_rate(fps, feature):
    wanted = [7, 25, 44, 60]
    edges = edges_of(0, 80, fps)
    at = [edges[7], edges[25] + 300, edges[45] - 48, edges[60] + 1]  # from its first sample to its last
    values = curve(clicks(at=at), fps, feature=feature)
    assert [loudest(values, frame) for frame in wanted] == wanted
    assert values.max() == 1 and values.min() >= 0


@pytest.mark.parametrize("offset", [-500, -40, 40, 500])
def test_an_offset_moves_the_picture_by_so_many_samples(offset):
    fps = Fraction(30000, 1001)
    values = curve(clicks(), fps, 95, offset=offset)
    for at in CLICKS[1:]:
        wanted = frame_of(at + 24 + offset * RATE // 1000, fps)
        assert loudest(values, wanted) == wanted


def test_the_curve_of_a_frame_does_not_know_how_long_the_shot_is_or_how_loud_the_copy():
    noise = np.random.default_rng(0).normal(0, 0.1, LENGTH).astype(np.float32) * np.repeat(
        np.linspace(0, 1, 30), LENGTH // 30
    ).astype(np.float32)
    values = curve(noise, Fraction(24))
    assert np.allclose(values, curve(noise / 8, Fraction(24)), atol=1e-4)
    assert values[0] < 0.05 and values[-1] > 0.9


def test_attack_and_release_are_as_long_as_they_say_whatever_the_rate():
    for fps in (Fraction(25), Fraction(50)):
        values = curve(clicks(at=(RATE,)), fps, feature="speech", attack=40.0, release=120.0)
        at = frame_of(RATE + 24, fps)
        assert values.argmax() == at
        last = np.flatnonzero(values > 0.02)[-1]
        assert 0.079 <= (last - at) / fps <= 0.2
        assert values[at + round(0.25 * fps) :].max() == 0


def test_bands_and_notes_hear_their_own():
    time = np.arange(LENGTH) / RATE
    third = LENGTH // 3
    low, middle, high = (0.3 * np.sin(2 * np.pi * hertz * time).astype(np.float32) for hertz in (60, 440, 5000))
    samples = np.concatenate([low[:third], middle[:third], high[:third]])
    for feature, part in (("bass", 0), ("mid", 1), ("speech", 1), ("high", 2), ("chroma.A", 1)):
        values = curve(samples, Fraction(24), feature=feature)
        means = [values[place * 24 + 4 : place * 24 + 20].mean() for place in range(3)]
        assert np.argmax(means) == part and sorted(means)[1] < 0.1, (feature, means)


def test_silence_and_no_sound_at_all_are_zero():
    for samples in (np.zeros(LENGTH, np.float32), np.zeros(0, np.float32), np.full(LENGTH, 1e-5, np.float32)):
        for feature in FEATURES:
            assert not curve(samples, Fraction(24), 72, feature=feature).any()


@pytest.mark.parametrize(
    "codec, suffix, rate, channels",
    [
        ("pcm_s16le", "wav", 8000, 1),
        ("pcm_s16le", "wav", 44100, 2),
        ("flac", "flac", 48000, 2),
        ("libmp3lame", "mp3", 44100, 2),
        ("aac", "m4a", 48000, 2),
    ],
)
def test_files_of_every_kind_click_on_the_same_frame(tmp_path, codec, suffix, rate, channels):
    file = sound_file(tmp_path / f"a.{suffix}", codec, click(rate + rate // 50, 2 * rate, channels), rate)
    values = curve(heard_alone(file), Fraction(24), 48)
    assert values.argmax() == 24


def test_a_sound_that_breaks_off_is_refused_in_words(tmp_path):
    whole = sound_file(tmp_path / "b.flac", "flac", click(0, RATE, 1)).read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[:40])
    with pytest.raises(InputRefused) as refused:
        heard_alone(tmp_path / "a.flac")
    assert refused.value.file and "--audio none" in str(refused.value)

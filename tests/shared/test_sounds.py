"""Sound cut to frames: every sample in its place, whatever file it comes from; and movies that have it in sync."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from shared.clips import Clip
from shared.errors import InputRefused, SemrenderError
from shared.movies import write_movie
from shared.sounds import RATE, Part, Sound, about_wav, has_sound, probe_sound, read_wav, write_wav
from tests.shared.sound_files import click, clip_with_sound, place_of_click, sound_file

NTSC = Fraction(30000, 1001)


def cut(tmp_path, file, start, first, last, fps):
    path = tmp_path / "cut"
    heard = write_wav(path, Sound(file, start), first, last, fps)
    samples = np.concatenate(list(read_wav(Part(path, 0, heard.samples), 4800)))
    assert (heard.channels, heard.bits, heard.samples) == about_wav(path) and samples.shape == (
        heard.samples,
        heard.channels,
    )
    return heard, samples


@pytest.mark.parametrize("codec, kind", [("pcm_s16le", np.int16), ("pcm_s24le", np.int32)])
def test_what_is_48_khz_already_keeps_every_bit(tmp_path, codec, kind):
    wide = np.iinfo(kind)
    random = np.random.default_rng(0).integers(wide.min, wide.max, (1, RATE), kind)
    if kind is np.int32:
        random = random & ~np.int32(255)
    file = sound_file(tmp_path / "a.wav", codec, random)
    heard, samples = cut(tmp_path, file, 1, -1, 12, Fraction(24))
    assert heard.heard == 24000 and not samples[:4000].any()
    assert (samples[4000:, 0] == random[0, :24000]).all()
    heard, samples = cut(tmp_path, file, 1001, 1011, 1030, Fraction(24))
    assert (samples[:28000, 0] == random[0, 20000:]).all() and not samples[28000:].any() and heard.heard == 28000
    assert cut(tmp_path, file, 1, 100, 101, Fraction(24))[0].heard == 0


@pytest.mark.parametrize(
    "name, codec, rate",
    [("a.m4a", "aac", 44100), ("a.mp3", "libmp3lame", 44100), ("a.flac", "flac", 44100), ("a.mkv", "libopus", 48000)],
)
def test_a_click_is_where_it_was_whatever_compressed_it(tmp_path, name, codec, rate):
    file = sound_file(tmp_path / name, codec, click(12345, rate), rate)
    _, samples = cut(tmp_path, file, 1, 1, 24, Fraction(24))
    assert abs(place_of_click(samples[:, 0], rate) - 12345 * RATE / rate) <= 2


def test_frames_of_a_broken_rate_begin_at_the_nearest_sample(tmp_path):
    sound = Sound(tmp_path, 1001)
    spans = [sound.samples_of(frame, frame, NTSC) for frame in range(1001, 3000)]
    assert spans[0] == (0, 1602) and all(a + n == b for (a, n), (b, _) in pairwise(spans))
    assert {count for _, count in spans} == {1601, 1602} and sound.samples_of(991, 1000, NTSC)[0] == -16016


@pytest.mark.parametrize("later", [0, 1024 + 4410])  # what comes before it counts in whole milliseconds
def test_the_sound_of_a_clip_belongs_to_its_pictures(tmp_path, later):
    file = clip_with_sound(tmp_path / "a.mp4", NTSC, 36, 20, later)
    assert has_sound(file) and probe_sound(file) == "aac, 44100 Hz, stereo"
    _, samples = cut(tmp_path, file, 1001, 1011, 1036, NTSC)
    assert abs(place_of_click(samples[:, 0], 44100) - round(10 / NTSC * RATE)) <= 2


def joined(path):
    """Two files of ADTS AAC in one, stereo at 48 kHz and mono at 44.1: a second of each, with a click in its middle."""
    first = sound_file(path.with_name("first.aac"), "aac", click(24000, 48000, 2))
    second = sound_file(path.with_name("second.aac"), "aac", click(22050, 44100, 1), 44100)
    path.write_bytes(first.read_bytes() + second.read_bytes())
    return path


def test_a_sound_that_changes_its_kind_midway_is_heard_to_its_end(tmp_path):
    heard, samples = cut(tmp_path, joined(tmp_path / "a.aac"), 1, 1, 50, Fraction(24))
    assert (heard.channels, heard.bits) == (2, 24) and 2 * RATE < heard.heard < 2.1 * RATE
    priming, first = 1024, 48 * 1024  # samples of the encoder; whole packets
    assert abs(place_of_click(samples[:RATE, 0]) - (24000 + priming)) <= 2
    second = first + (22050 + priming) * RATE / 44100
    assert abs(RATE + place_of_click(samples[RATE:, 1], 44100) - second) <= 2


@pytest.mark.parametrize("kind, suffix, codec", [("h264", ".mp4", "aac"), ("prores", ".mov", "pcm_s24le")])
def test_a_movie_flashes_and_clicks_at_once(tmp_path, kind, suffix, codec):
    write_wav(tmp_path / "all", Sound(clip_with_sound(tmp_path / "a.mp4", NTSC, 36, 20), 1), 1, 36, NTSC)
    part = Part(tmp_path / "all", *Sound(tmp_path / "all", 1).samples_of(11, 30, NTSC))
    pictures = (np.full((36, 64, 3), 255 if number == 20 else 0, np.uint8) for number in range(10, 30))
    movie = tmp_path / f"b{suffix}"
    write_movie(movie, pictures, NTSC, kind, sound=part)
    with av.open(str(movie)) as opened:
        video, audio = opened.streams.video[0], opened.streams.audio[0]
        assert audio.codec_context.name == codec and audio.rate == RATE
        assert abs(audio.duration * audio.time_base - video.duration * video.time_base) < Fraction(1, 1000)
        (flash,) = (f.pts * f.time_base for f in opened.decode(video) if f.to_ndarray(format="gray").mean() > 128)
    assert flash == 10 / NTSC
    _, samples = cut(tmp_path, movie, 1, 1, 20, NTSC)
    assert abs(place_of_click(samples[:, 0], 44100) - flash * RATE) <= 2


@pytest.mark.parametrize(
    "name, text",
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{0}/a.aac\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "ffconcat version 1.0\nfile below/a.mp4\n"),
        ("list.wav", "ffconcat version 1.0\nfile below/a.mp4\n"),
    ],
    ids=["playlist", "list-as-clip", "list-as-sound"],
)
def test_a_file_that_names_others_is_neither_sound_nor_clip(tmp_path, name, text):
    (tmp_path / "below").mkdir()
    clip_with_sound(tmp_path / "below" / "a.mp4", Fraction(24), 3, 1)
    sound_file(tmp_path / "below" / "a.aac", "aac", click(0, 4800))
    (tmp_path / name).write_text(text.format(tmp_path / "below"))
    assert not has_sound(tmp_path / name)
    with pytest.raises(InputRefused, match=rf"{name}: there is no sound in it.*FLAC.* are read\..*--audio none"):
        write_wav(tmp_path / "cut", Sound(tmp_path / name, 1), 1, 2, Fraction(24))
    with pytest.raises(InputRefused, match=rf"{name}: there is no picture in it.* are read"):
        Clip(tmp_path / name)


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("none.wav", None, r"none\.wav: the sound is not there.*--audio none"),
        ("text.wav", b"not a sound", r"text\.wav: the sound cannot be opened"),
        ("still.png", "picture", r"still\.png: there is no sound in it"),
    ],
)
def test_a_file_without_sound_is_refused_in_words(tmp_path, name, content, words):
    if content == "picture":
        from PIL import Image

        Image.new("RGB", (8, 8)).save(tmp_path / name)
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    assert not has_sound(tmp_path / name)
    with pytest.raises(SemrenderError, match=words):
        probe_sound(tmp_path / name)

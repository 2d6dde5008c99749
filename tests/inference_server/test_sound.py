"""The sound of a shot: of its clip or named, in the movie and beside the layers, exactly where the pictures are."""

import errno
import json
import shutil
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.worker import outputs
from inference_server.worker.check import check_job
from inference_server.worker.sounding import deliver_sound, sound_of
from shared.delivery import read_delivery
from shared.errors import DiskFull, InputRefused
from shared.handing import uploadable
from shared.shot import Shot
from shared.sounds import RATE, Part, read_wav
from tests.conftest import semrender
from tests.shared.sound_files import click, clip_with_sound, place_of_click, sound_file

DEVICE = SimpleNamespace(name="cpu", about="a processor", half=SimpleNamespace(factor=None, gains=False))
NTSC = Fraction(30000, 1001)
COUNT, FLASH = 24, 12  # frames, and which of them flashes and clicks, from 0


@pytest.fixture
def clip(tmp_path):
    Image.new("RGB", (8, 8), (120, 120, 120)).save(tmp_path / "look.png")
    return clip_with_sound(tmp_path / "singer.mp4", NTSC, COUNT, FLASH)


def shot_of(layer=None, **more):
    layer = {"name": "a", "picture": "singer.mp4", "reference": "look.png", **(layer or {})}
    shot = {"name": "s", "fps": [30000, 1001], "first": 1001, "last": 1024, "model": "match_grade", **more}
    return Shot.from_dict({**shot, "layers": [layer]})


def checked(folder, **more):
    spec = job_spec({"shot": shot_of(**more).to_dict()}, folder, folder / "out", None, False)
    return check_job(spec, "job", lambda: None, 2**40, DEVICE)


def test_the_sound_is_what_the_shot_names_else_that_of_its_clip(clip, tmp_path):
    def of(layer=None, **more):
        found = sound_of(shot_of(layer, **more), tmp_path, None)
        return found and (found.file.name, found.start)

    assert of() == ("singer.mp4", 1001) and of({"clip_start": 996}) == ("singer.mp4", 996)
    assert of(audio="mix.wav") == ("mix.wav", 1001) and of(audio="mix.wav", audio_start=990) == ("mix.wav", 990)
    assert of(audio="none") is None and of({"picture": "look.png"}) is None
    assert checked(tmp_path)["sound"] == "singer.mp4 from frame 1001: aac, 44100 Hz, stereo"
    (problem,) = checked(tmp_path, audio="look.png")["problems"]
    assert problem["what"] == "there is no sound in it" and problem["file"].endswith("look.png")
    with pytest.raises(InputRefused, match='"audio_start" says nothing without "audio"'):
        shot_of(audio_start=5)
    spec = job_spec({"shot": shot_of(audio="../mix.wav").to_dict()}, tmp_path, tmp_path / "out", None, False)
    with pytest.raises(InputRefused, match="outside the folders"):
        check_job({**spec, "roots": [str(tmp_path)]}, "job", lambda: None, 2**40, DEVICE)


def test_a_sound_travels_over_the_wire(clip, tmp_path):
    sound_file(tmp_path / "mix.wav", "pcm_s16le", click(0, RATE))
    sent, files = uploadable(shot_of(audio=str(tmp_path / "mix.wav")), tmp_path)
    assert sent.audio == "audio/mix.wav"
    for name, file in files.items():
        (tmp_path / "spool" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "spool" / name)
    spec = job_spec({"shot": sent.to_dict()}, tmp_path / "spool", tmp_path / "out", None, True)
    report = check_job(spec, "job", lambda: None, 2**40, DEVICE)
    assert report["problems"] == [] and report["sound"].startswith("mix.wav from frame 1001: pcm_s16le")


def test_trouble_with_the_sound_is_a_note_of_the_delivery(tmp_path, monkeypatch):
    sound_file(tmp_path / "mix.wav", "pcm_s16le", click(0, RATE, 1))

    def delivered(roots=None, audio="mix.wav"):
        return deliver_sound(shot_of({"picture": "look.png"}, audio=audio), tmp_path, roots, "s", tmp_path / "out")

    (sound,), notes = delivered()
    assert sound.footage.channels == 1 and notes == []
    shutil.rmtree(tmp_path / "out" / "audio")
    (tmp_path / "out" / "audio").write_bytes(b"")  # where the folder would be
    unwritable = delivered()
    (tmp_path / "out" / "audio").unlink()
    outside = delivered([str(tmp_path / "root")])
    gone = delivered(audio="gone.wav")
    monkeypatch.setattr(av, "AudioResampler", Unfit)
    unfit = delivered()
    found = [
        (unwritable, "exists"),
        (outside, "outside the folders"),
        (gone, "not there"),
        (unfit, "Frame does not match"),
    ]
    for (sounds, (note,)), words in found:
        assert sounds == () and note.startswith("no sound was delivered: ") and words in note
    monkeypatch.undo()
    monkeypatch.setattr(outputs, "_rename", full)
    with pytest.raises(DiskFull):
        delivered()
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setattr("pathlib.Path.mkdir", full)
    with pytest.raises(DiskFull):
        delivered()


class Unfit:
    """A resampler that takes nothing."""

    def __init__(self, *_):
        pass

    def resample(self, frame):
        raise ValueError("Frame does not match AudioResampler setup")


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def in_movie(path):
    """Times in seconds of the flash and of the click of a movie, each as decoded."""
    with av.open(str(path)) as movie:
        flash = max((f.to_ndarray(format="gray").mean(), f.time) for f in movie.decode(video=0))[1]
    with av.open(str(path)) as movie:
        pieces = [(f.time, f.to_ndarray().reshape(-1, f.samples)[0]) for f in movie.decode(audio=0)]
    at = place_of_click(np.concatenate([samples for _, samples in pieces]))
    return flash, pieces[0][0] + at / RATE


def test_a_clip_is_delivered_with_its_sound(clip, tmp_path):
    shot, out = tmp_path / "shot.json", tmp_path / "out"
    shot.write_text(json.dumps(shot_of({"blend": "NORMAL"}).to_dict()))

    def render(*more):
        done = semrender("render", shot, "--out", out, "--no-aep", *more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "sound: singer.mp4 from frame 1001" in render("--frames", "1007-1020")
    delivery = read_delivery(out)
    (sound,) = delivery.audio
    file = sound.footage
    assert (sound.uid, file.uid, file.path) == ("s/L/audio", "s/F/audio", "audio/s.wav")
    assert (file.rate, file.channels, file.bits, file.start) == (RATE, 2, 24, 1001), "of the whole shot"
    assert file.samples == round(COUNT / NTSC * RATE) and (delivery.shot.first, delivery.shot.last) == (1007, 1020)
    samples = np.concatenate(list(read_wav(Part(out / file.path, 0, file.samples), RATE)))
    assert abs(place_of_click(samples[:, 0], 44100) - FLASH / NTSC * RATE) <= 2
    flash, heard = in_movie(out / "movie.mp4")
    assert flash == pytest.approx(6 / NTSC) and abs(heard - flash) < 3 / RATE

    before = [(path.stat().st_mtime_ns, path.read_bytes()) for path in (out / "movie.mp4", out / file.path)]
    content = (out / "delivery.json").read_bytes()
    render("--frames", "1007-1020")
    assert before == [(path.stat().st_mtime_ns, path.read_bytes()) for path in (out / "movie.mp4", out / file.path)]
    assert (out / "delivery.json").read_bytes() == content

    sound_file(tmp_path / "mix.wav", "pcm_s16le", click(4000, RATE, 1))
    said = render("--frames", "1007-1020", "--audio", tmp_path / "mix.wav", "--audio-start", "1010")
    assert "0 frames painted, 14 kept" in said
    now = read_delivery(out)
    assert now.shot.version == delivery.shot.version + 1 == now.audio[0].footage.version
    assert (now.audio[0].footage.bits, now.audio[0].footage.channels) == (16, 1)
    assert abs(in_movie(out / "movie.mp4")[1] - (3 / NTSC + 4000 / RATE)) < 3 / RATE

    render("--frames", "1007-1020", "--audio", "none")
    with av.open(str(out / "movie.mp4")) as movie:
        assert not movie.streams.audio
    assert read_delivery(out).audio == ()

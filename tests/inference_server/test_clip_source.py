"""From a clip into a comp: source, painting and sound, cut by time, in step, whatever the clip is made of."""

import json
from fractions import Fraction

import av
import cv2
import numpy as np
import py_aep
import pytest
from PIL import Image

from ae_bridge.others import nuke, timeline
from ae_bridge.others.stack import read_comp
from shared.delivery import read_delivery
from shared.delivery_check import validate
from shared.errors import InputRefused
from shared.rates import parse_time, resampled
from shared.shot_input import shot_from_input
from shared.sounds import Part, read_wav
from tests.conftest import semrender

RATE, COUNT, FLASH = 25, 30, 17  # the clip is white on one frame, on which its sound clicks
SIZE = (36, 64)


def clip_file(path, codec="libx264", planes="yuv420p", sound="aac", turn=None, clip_rate=RATE):
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream(codec, rate=clip_rate)
        stream.height, stream.width, stream.pix_fmt = *SIZE, planes
        if turn is not None:
            stream.set_display_rotation(turn)
        heard = movie.add_stream(sound, rate=48000)
        heard.layout = "mono"
        for number in range(COUNT):
            pixels = np.full((*SIZE, 3), 255 if number == FLASH else 40 + number, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=planes)
            frame.pts, frame.time_base = number, Fraction(1, clip_rate)
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
        samples = np.zeros(COUNT * 48000 // clip_rate, np.float32)
        click = FLASH * 48000 // clip_rate
        samples[click : click + 400] = np.sin(np.arange(400) * 0.4)
        kind = heard.codec_context.format.name
        samples = (samples * 32767).astype(np.int16) if kind.startswith("s16") else samples
        for at in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 1024].copy(), kind, "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
            movie.mux(heard.encode(frame))
        movie.mux(heard.encode())
    return path


def render(folder, clip, *more):
    Image.new("RGB", (8, 8), (200, 120, 40)).save(folder / "look.png")
    out = folder / "out"
    command = ("render", clip, "--model", "match_grade", "--option", "strength=0", "--out", out, *more)
    done = semrender(*command, "--reference", folder / "look.png")
    assert done.returncode == 0, done.stdout + done.stderr
    return out, done.stdout


def white(folder, layer):
    """The place, from the first frame, of the white one."""
    footage = layer.footage
    files = [
        folder / footage.path.replace(f".{footage.first:04d}.", f".{n:04d}.")
        for n in range(footage.first, footage.last + 1)
    ]
    return int(np.argmax([cv2.imread(str(file))[..., :3].mean() for file in files]))


def test_source_painting_and_sound_lie_in_step_in_the_comp(tmp_path):
    clip = clip_file(tmp_path / "singer.mov", "prores_ks", "yuv422p10le", "pcm_s16le", turn=90)
    out, _ = render(tmp_path, clip, "--from", "0.2", "--to", "0:01")
    delivery = read_delivery(out)
    validate(delivery, out)
    shot, (painting, source), (sound,) = delivery.shot, delivery.layers, delivery.audio
    assert (shot.first, shot.last, shot.width, shot.height) == (6, 25, 36, 64), (
        "frames keep their numbers, and it stands"
    )
    assert (source.name, source.role) == ("singer source", "picture") and source.footage.color == ""
    assert (source.enabled, source.guide, source.shy) == (True, True, False)
    stored = cv2.imread(str(out / source.footage.path), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16 and stored.shape == (64, 36, 3)
    samples = np.concatenate(list(read_wav(Part(out / sound.footage.path, 0, sound.footage.samples), 4096)))[:, 0]
    click = int(np.argmax(np.abs(samples.astype(float)) > np.abs(samples.astype(float)).max() / 4))
    assert sound.footage.start == 6 and click * RATE // 48000 == white(out, source) == white(out, painting) == FLASH - 5

    project = py_aep.parse(next(out.glob("*.aep"))).project
    layers = list(project.compositions[0].layers)
    assert [layer.name for layer in layers] == ["singer", "singer source", "singer sound"]
    assert [layer.guide_layer for layer in layers] == [False, True, False] and all(layer.enabled for layer in layers)
    assert [layer.start_time for layer in layers] == [0, 0, 0] and layers[2].has_audio

    before = {file: file.stat().st_mtime_ns for file in (out / "passes").rglob("*.png")}
    render(tmp_path, clip, "--from", "0.2", "--to", "0:01")
    assert {file: file.stat().st_mtime_ns for file in (out / "passes").rglob("*.png")} == before and len(before) == 20
    assert read_delivery(out).shot.version == 1

    comp = read_comp(out)
    assert [layer.name for layer in comp.shown] == ["singer"], "a guide is in nobody's picture"
    assert [layer.name for layer in comp.aside] == ["singer source"]
    assert "singer_picture" in nuke.script(comp)
    source_track, painted, heard = timeline.timeline([comp], "singer", [], False)["tracks"]["children"]
    assert [clip["enabled"] for clip in source_track["children"]] == [False], "below, and switched off"
    assert "singer_picture" in json.dumps(source_track) and painted["name"] == "V1" and heard["name"] == "A1"


def test_a_clip_without_its_source_beside_the_painting(tmp_path):
    out, said = render(tmp_path, clip_file(tmp_path / "a.mp4"), "--passes", "", "--fps", "10", "--no-aep")
    assert [layer.role for layer in read_delivery(out).layers] == ["painting"] and not (out / "passes").exists()
    assert "its clip states 25 fps, the shot 10: 60% of its pictures are left out" in said


@pytest.mark.parametrize(
    "clip, shot, words",
    [
        (60, 24, "60% of its pictures are left out"),
        (25, Fraction(24000, 1001), "4% of its pictures are left out"),
        (30, Fraction(30000, 1001), "one in 1001 of its pictures is left out"),
        (24, 25, "one in 24 of its pictures is shown twice"),
        (25, 50, "each of its pictures stands on 2 frames"),
        (24, 60, "its pictures stand on 2 or 3 frames"),
    ],
)
def test_another_rate_in_words(clip, shot, words):
    assert resampled(Fraction(clip), Fraction(shot)) == words


@pytest.mark.parametrize(
    "span, frames",
    [
        ((None, None), (1, 30)),
        ((0, "0:01"), (1, 25)),
        (("0.5", None), (14, 30)),
        ((0.2, 0.24), (6, 6)),
        ((1, "9:00:00"), (26, 30)),
    ],
)
def test_times_cut_a_clip_to_the_frames_that_begin_between_them(tmp_path, span, frames):
    clip = clip_file(tmp_path / "a.mp4")
    begins, ends = (None if time is None else parse_time(time) for time in span)
    shot, _ = shot_from_input(clip, "picture", None, (begins, ends))
    assert (shot.first, shot.last) == frames and shot.layers[0].clip_start in (None, 1)


def test_times_that_cut_nothing_out_are_refused(tmp_path):
    clip = clip_file(tmp_path / "a.mp4")
    with pytest.raises(InputRefused, match=r"no frame of the clip lies between these times\. It is 1\.2 seconds long"):
        shot_from_input(clip, "picture", None, (Fraction(2), None))
    with pytest.raises(InputRefused, match=r"times cut a clip, and this is none.*--frames 25-48"):
        shot_from_input(tmp_path, "picture", None, (Fraction(2), None))
    for text in ("1:2:3:4", "-1", "soon", "1:75.5.5", ""):
        with pytest.raises(InputRefused, match=r"is no time\. Write seconds or"):
            parse_time(text)

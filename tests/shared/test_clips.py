"""Clips by frame number: rates, random access, alpha, turns, interlaced ones, damaged ones."""

import struct
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from semrender import main
from shared import clips
from shared.clips import Clip
from shared.errors import InputRefused, MissingInput

COUNT = 20


def picture(number, channels):
    """Its number in white and black bars, red below; on the right the alpha is 100."""
    pixels = np.zeros((48, 80, channels), np.uint8)
    for bit in range(8):
        pixels[:24, bit * 10 : bit * 10 + 10, :3] = 255 * (number >> bit & 1)
    pixels[30:, :40, 0] = 200
    if channels == 4:
        pixels[..., 3] = 255
        pixels[:, 60:, 3] = 100
    return pixels


def number_of(pixels):
    half = np.iinfo(pixels.dtype).max / 2
    return sum(int(pixels[12, bit * 10 + 5, 1] > half) << bit for bit in range(8))


def clip_file(path, codec="libx264", planes="yuv420p", rate=Fraction(24), options=(), times=None, turn=None):
    channels = 4 if planes.startswith("yuva") else 3
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream(codec, rate=rate, options=dict(options))
        stream.width, stream.height, stream.pix_fmt = 80, 48, planes
        base = 1 / rate if times is None else Fraction(1, 1000)
        stream.codec_context.time_base = base
        if turn is not None:
            stream.set_display_rotation(turn)
        for i in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(i, channels), "rgba" if channels == 4 else "rgb24")
            frame = frame.reformat(format=planes)
            frame.pts, frame.time_base = i if times is None else times[i], base
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    "name, about",
    [
        ("a.mp4", {"options": {"x264-params": "open-gop=1:keyint=6"}, "rate": Fraction(30000, 1001)}),
        ("a.mkv", {}),
        ("a.mov", {"codec": "prores_ks", "planes": "yuva444p10le", "options": {"profile": "4"}}),
        ("a.webm", {"codec": "libvpx-vp9", "planes": "yuva420p"}),
        ("a.gif", {"codec": "gif", "planes": "rgb8", "rate": Fraction(25)}),
    ],
)
def test_any_order_gives_the_same_frames(tmp_path, name, about):
    with Clip(clip_file(tmp_path / name, **about), first=1001) as clip:
        assert clip.fps == about.get("rate", 24) and clip.frames == range(1001, 1001 + COUNT) and not clip.variable
        in_order = [clip.frame(number) for number in clip.frames]
        assert [number_of(pixels) for pixels in in_order] == list(range(COUNT))
        for number in np.random.default_rng(1).permutation(clip.frames):
            assert (clip.frame(int(number)) == in_order[number - 1001]).all()
        if about.get("planes", "").startswith("yuva"):
            alpha = in_order[3][..., 3] / np.iinfo(in_order[3].dtype).max
            assert alpha[20, 20] == 1 and abs(alpha[20, 70] - 100 / 255) < 0.002
        with pytest.raises(MissingInput, match="no such frame"):
            clip.frame(1000)


def test_uneven_times_become_an_even_rate_by_the_nearest(tmp_path):
    times = np.concatenate([[0], np.cumsum(np.random.default_rng(2).choice([20, 33, 50, 100], COUNT - 1))]).tolist()
    with Clip(clip_file(tmp_path / "a.mkv", times=times), (24, 1)) as clip:
        shown = [number_of(clip.frame(number)) for number in clip.frames]
        nearest = [min(range(COUNT), key=lambda i: abs(times[i] - Fraction(1000 * n, 24))) for n in range(len(shown))]
        assert clip.variable and shown == nearest and len(shown) > 20


def test_a_turned_clip_stands_upright(tmp_path):
    path = clip_file(tmp_path / "a.mp4", turn=90)
    with Clip(path) as clip:
        assert clip.frame(1).shape == (80, 48, 3)
        other = cv2.VideoCapture(str(path)).read()[1][..., ::-1]  # turns by the same tag
        assert np.abs(clip.frame(1).astype(int) - other).mean() < 4


def test_interlaced_is_refused_or_made_whole(tmp_path):
    path = clip_file(tmp_path / "a.mp4", options={"flags": "+ildct+ilme", "x264-params": "tff=1"})
    with Clip(path) as clip:
        with pytest.raises(InputRefused, match=r"frame 3, .*interlaced"):
            clip.frame(3)
        assert [number_of(clip.frame(number, "auto")) for number in (7, 1, 20)] == [6, 0, 19]


def test_a_picture_of_another_size_than_the_first_is_refused(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for i, (width, height) in enumerate([(64, 48)] * 3 + [(128, 96)] * 3 + [(64, 48)]):
            codec = av.CodecContext.create("mjpeg", "w")
            codec.width, codec.height, codec.pix_fmt, codec.time_base = width, height, "yuvj420p", Fraction(1, 24)
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 90, np.uint8), "rgb24")
            frame = frame.reformat(format="yuvj420p")
            frame.pts, frame.time_base = 0, Fraction(1, 24)
            for packet in codec.encode(frame):
                packet.stream, packet.pts, packet.dts, packet.time_base = stream, i, i, Fraction(1, 24)
                movie.mux(packet)
    with Clip(path) as clip:
        assert clip.size == (64, 48) and [clip.frame(n).shape for n in (1, 3, 7)] == [(48, 64, 3)] * 3
        with pytest.raises(InputRefused, match=r"frame 4, .*picture 3 of the clip is 128x96. Its first is 64x48"):
            clip.frame(4)


def test_a_damaged_clip_is_refused_in_words(tmp_path):
    path = clip_file(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(InputRefused, match=r"a\.mp4"):
        Clip(path)


def gif(path, width, height):
    """One white picture, a single block long, of whatever size its header says."""
    size = struct.pack("<HH", width, height)
    colours, data = b"\x80\0\0" + bytes(3) + b"\xff" * 3, b"\2\2\x44\1\0;"
    path.write_bytes(b"GIF89a" + size + colours + b"," + bytes(4) + size + b"\0" + data)
    return path


@pytest.mark.parametrize("size", [(20000, 20000), (32769, 2)])
def test_a_size_that_is_no_frame_is_refused_before_memory_is_taken(tmp_path, size, monkeypatch):
    monkeypatch.setattr(Clip, "_decoded_from", None)
    with pytest.raises(InputRefused, match=r"a\.gif: the clip's pictures have no size that is read.*At most 32768 "):
        Clip(gif(tmp_path / "a.gif", *size))


def test_one_budget_bounds_the_pictures_of_all_clips(tmp_path, monkeypatch):
    files = [clip_file(tmp_path / name, codec="mjpeg", planes="yuvj420p") for name in ("a.mkv", "b.mkv")]
    before = clips.kept.taken
    with Clip(files[0]) as a, Clip(files[1]) as b:
        one = (clips.kept.taken - before) // 2
        monkeypatch.setattr(clips, "KEPT_BYTES", 5 * one)
        for clip in (a, b, a, b):
            assert [number_of(clip.frame(number)) for number in clip.frames] == list(range(COUNT))
            assert 4 * one < clips.kept.taken <= 5 * one
        monkeypatch.setattr(clips, "KEPT_BYTES", one // 2)
        for clip in (a, b):
            assert [number_of(clip.frame(number)) for number in (3, 9, 1)] == [2, 8, 0] and clips.kept.taken == one
    assert clips.kept.taken == 0


def test_what_of_a_damaged_clip_can_be_read_does_not_hang_on_what_was_read_before(tmp_path):
    path = clip_file(tmp_path / "a.mp4", options={"x264-params": "keyint=5:bframes=0"})
    with av.open(str(path)) as movie:
        places = [(packet.pos, packet.size) for packet in movie.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    at, size = places[7]
    data[at : at + size] = b"\xff" * size
    path.write_bytes(data)

    def read(clip, index):
        try:
            return number_of(clip.picture(index))
        except InputRefused:
            return None

    def alone(index):
        with Clip(path) as clip:
            return read(clip, index)

    found = [alone(index) for index in range(COUNT)]
    assert found[7] is None and found[10:] == list(range(10, COUNT))
    for order in (range(COUNT), (3, 12, 9, 7, 8, 6), np.random.default_rng(4).permutation(COUNT).tolist()):
        with Clip(path) as clip:
            assert {index: read(clip, index) for index in order} == {index: found[index] for index in order}


def test_the_command_writes_numbered_frames(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["clip", str(clip_file(tmp_path / "a.mp4")), "--out", str(out), "--first", "1001", "--fps", "12"]) == 0
    assert "frames 1001-1010 at 12 fps" in capsys.readouterr().out
    files = sorted(out.iterdir())
    assert files[0].name == "a.1001.png" and len(files) == COUNT // 2
    assert number_of(cv2.imread(str(files[3]))) == 6


@pytest.mark.parametrize("name", ["a.ts", "a.mxf"])
def test_what_cameras_and_tape_write_is_read_in_any_order(tmp_path, name):
    about = {"codec": "mpeg2video", "rate": Fraction(25), "options": {"g": "6"}}
    with Clip(clip_file(tmp_path / name, **about)) as clip:
        assert clip.fps == 25 and len(clip.frames) == COUNT and clip.told(None) == []
        in_order = [clip.picture(index) for index in range(COUNT)]
    for index in np.random.default_rng(6).permutation(COUNT)[:8].tolist():
        with Clip(tmp_path / name) as clip:
            assert number_of(clip.picture(index)) == index and (clip.picture(index) == in_order[index]).all()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_of_a_clip_that_is_cut_off_what_is_there_is_read_and_the_rest_told(tmp_path, name):
    path = tmp_path / name
    options = {"x264-params": "keyint=4:bframes=2", "qp": "1"}
    with av.open(str(path), "w", options={"movflags": "+faststart"} if name.endswith("4") else {}) as movie:
        stream = movie.add_stream("libx264", rate=24, options=options)
        stream.width, stream.height, stream.pix_fmt = 80, 48, "yuv420p"
        for i in range(60):
            frame = av.VideoFrame.from_ndarray(picture(i, 3), "rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 24)
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with Clip(path) as clip:
        count = len(clip.frames)
        assert 20 < count < 55 and not clip.variable and clip.fps == 24
        assert [number_of(clip.picture(index)) for index in range(count)] == list(range(count))
        (words,) = clip.told(None)
        assert words.startswith("is cut short: ") and "of 2.5" in words


def test_codes_of_hdr_are_told(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 80, 48, "yuv420p"
        stream.codec_context.color_trc = 18
        frame = av.VideoFrame.from_ndarray(picture(1, 3), "rgb24").reformat(format="yuv420p")
        frame.color_trc = 18
        movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    with Clip(path) as clip:
        assert clip.told(None) == ["is HDR (HLG): its codes are taken as they are and look flat; convert it to Rec.709"]

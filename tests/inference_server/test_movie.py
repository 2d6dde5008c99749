"""The movie beside the layers: its frames, rate, shape and colours, and when it is made anew."""

import json
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from shared.errors import InputRefused
from shared.movies import about_movie, write_movie
from tests.conftest import semrender


def flat(colour, size=(36, 64), kind=np.uint8):
    return np.full((*size, 3), np.round(np.array(colour) * np.iinfo(kind).max), kind)


def decoded(path):
    with av.open(str(path)) as movie:
        frames = [frame.to_ndarray(format="rgb24") for frame in movie.decode(video=0)]
        return movie.streams.video[0], frames


@pytest.mark.parametrize("kind, depth", [("h264", np.uint8), ("prores", np.uint16)])
def test_a_movie_shows_what_went_in(tmp_path, kind, depth):
    colours = [(0.8, 0.1, 0.1), (0.1, 0.7, 0.2), (0.5, 0.5, 0.5), (0, 0, 0), (1, 1, 1)]
    path = tmp_path / "a"
    pictures = (flat(colour, (35, 63), depth) for colour in colours)
    assert write_movie(path, pictures, Fraction(24000, 1001), kind, 2.0, "words") == 5
    stream, frames = decoded(path)
    assert stream.average_rate == Fraction(24000, 1001) and stream.sample_aspect_ratio == 2
    context = stream.codec_context
    assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 13, 1, 1)
    assert [frame.shape for frame in frames] == [(36, 64, 3)] * 5
    for colour, frame in zip(colours, frames, strict=True):
        assert abs(frame - np.array(colour) * 255).max() <= 3
    with av.open(str(path)) as movie:
        assert about_movie(path) == "words" == movie.metadata["comment"]


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0\0moov", b"\0\0\0\x10ftypmp42....\xff\xff\xff\xffmoov\xa9des", b"words"]
)
def test_of_what_is_no_movie_of_ours_nothing_is_known(content, tmp_path):
    (tmp_path / "a.mp4").write_bytes(content)
    assert about_movie(tmp_path / "a.mp4") is None
    assert about_movie(tmp_path / "b.mp4") is None


def test_pictures_of_two_sizes_are_no_movie(tmp_path):
    with pytest.raises(InputRefused, match=r"picture 2 .* another size"):
        write_movie(tmp_path / "a", [flat((0, 0, 0)), flat((0, 0, 0), (18, 32))], Fraction(24), "h264")


@pytest.mark.parametrize("size", [(180, 320), (96, 168), (96, 160)])
def test_the_same_pictures_are_the_same_movie(tmp_path, size):
    grid = np.random.default_rng(0).integers(0, 255, (size[0] // 8 + 2, size[1] // 8 + 2, 3)).astype(np.uint8)
    large = cv2.resize(grid, (size[1] + 64, size[0] + 64), interpolation=cv2.INTER_CUBIC)
    moving = [large[i : i + size[0], 2 * i : 2 * i + size[1]] for i in range(24)]
    made = set()
    for _ in range(10):
        write_movie(tmp_path / "m.mp4", moving, Fraction(24), "h264")
        made.add((tmp_path / "m.mp4").read_bytes())
    assert len(made) == 1


def test_a_render_brings_a_movie_and_makes_it_anew_when_its_frames_changed(add_sleep_model, colour_frames, tmp_path):
    model, out = add_sleep_model(), tmp_path / "out"

    def render(*more):
        done = semrender("--json", "render", labels, "--out", out, "--model", model, "--no-aep", *more)
        assert done.returncode == 0, done.stderr
        return [line for line in map(json.loads, done.stdout.splitlines()) if line["event"] == "done"][-1]

    labels = colour_frames()
    render("--fps", "23.976")
    movie = out / "movie.mp4"
    stream, frames = decoded(movie)
    assert stream.average_rate == Fraction(24000, 1001) and len(frames) == 4 and frames[0].shape == (36, 64, 3)
    before = movie.stat().st_mtime_ns
    next(path for path in out.rglob("*.1002.png") if path.parent.parent == out).unlink()
    render("--fps", "23.976")
    assert movie.stat().st_mtime_ns == before  # the frame came back as it was
    render("--fps", "25", "--movie", "prores")
    assert not movie.exists() and decoded(out / "movie.mov")[0].average_rate == 25
    assert not list(out.rglob("*.tmp*"))

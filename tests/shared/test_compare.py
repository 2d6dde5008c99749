"""`semrender compare`: what it shows and tells of deliveries, frames, pictures and clips; three frames of 64x36."""

import json
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from semrender import main
from shared import comparisons
from shared.clips import Clip
from shared.compared import open_compared
from shared.delivery import write_delivery
from shared.movies import write_movie
from shared.sounds import Part, Sound, has_sound, read_wav, write_wav
from tests.conftest import semrender
from tests.shared.deliveries import minimal, painting
from tests.shared.sound_files import clip_with_sound, place_of_click

SIZE = (36, 64)


def frames(folder, colour, numbers=range(1001, 1004), size=SIZE, alpha=255):
    """PNG frames of one colour, RGB, with straight alpha."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        pixels = np.full((*size, 4), (*colour[::-1], alpha), np.uint8)
        cv2.imwrite(str(folder / f"{folder.name}.{number}.png"), pixels)
    return folder


@pytest.fixture
def delivery(tmp_path):
    """Green at half alpha and half opacity over red."""
    top, below = (
        replace(
            one := painting(name, blend=blend, opacity=opacity),
            uid=name,
            footage=replace(one.footage, uid=name, path=f"{name}/{name}.1001.png"),
        )
        for name, blend, opacity in [("top", "SCREEN", 50.0), ("below", "NORMAL", 100.0)]
    )
    folder = tmp_path / "take"
    frames(folder / "top", (0, 200, 0), alpha=128)
    frames(folder / "below", (100, 0, 0))
    write_delivery(replace(minimal(), layers=(top, below)), folder)
    return folder


def read(path):
    return cv2.imread(str(path))[..., ::-1]


def told(capsys, *arguments):
    assert main(["--json", "compare", *map(str, arguments)]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    assert main(["compare", *map(str, arguments)]) == 3
    return capsys.readouterr().err


def test_a_delivery_is_its_layers_over_one_another_or_one_of_them(delivery):
    whole, one = open_compared(delivery), open_compared(delivery / "delivery.json", "below")
    assert list(whole.frames) == [1001, 1002, 1003] and whole.fps == 24
    assert np.abs(whole.picture(1002)[0, 0].astype(int) - (75, 50, 0)).max() <= 1
    assert whole.notes == ("layer top is blended SCREEN in the comp, here it lies over those below",)
    assert (one.picture(1001) == (100, 0, 0)).all() and not one.notes


def test_a_difference_is_measured_by_frame_and_gained(tmp_path, capsys):
    a, b = frames(tmp_path / "a", (10, 20, 30)), frames(tmp_path / "b", (14, 20, 30))
    frames(b, (10, 30, 30), [1002])
    out = tmp_path / "new" / "sheet.png"
    found = told(capsys, a, b, "--out", out, "--how", "difference")
    assert [(one["frame"], one["largest"]) for one in found["differences"]] == [(1001, 4), (1002, 10), (1003, 4)]
    assert found["differences"][1]["mean"] == pytest.approx(10 / 3, abs=1e-3)
    assert found["gain"] == 25 and found["shown"] == [1001, 1002, 1003]
    assert {(100, 0, 0), (0, 250, 0)} <= set(map(tuple, read(out).reshape(-1, 3).tolist()))
    assert [path.name for path in out.parent.iterdir()] == ["sheet.png"]


def test_the_same_pictures_differ_by_nothing(tmp_path, capsys):
    a = frames(tmp_path / "a", (10, 20, 30))
    found = told(capsys, a, a, "--out", tmp_path / "o.png", "--how", "difference")
    assert found["gain"] == 1 and all(one["mean"] == one["largest"] == 0 for one in found["differences"])


def test_a_line_of_words_stands_above_and_the_wipe_has_both_sides():
    a, b = np.full((*SIZE, 3), 200, np.uint8), np.full((*SIZE, 3), 60, np.uint8)
    wiped = comparisons.wipe(a, b, 0.25)
    assert (wiped[:, :15] == 200).all() and (wiped[:, 17:] == 60).all()
    assert (comparisons.side(a, b)[:, -64:] == 60).all()
    above = comparisons.titled(wiped, "take one", "1001", "take two")
    assert (above[-36:] == wiped).all() and above[:-36].max() > 150


def test_a_sheet_holds_twelve_frames_of_many(tmp_path, capsys):
    a = frames(tmp_path / "a", (10, 20, 30), range(1, 31))
    found = told(capsys, a, a, "--out", tmp_path / "o.png")
    assert found["shown"] == list(range(1, 31, 3))


def test_what_only_one_has_and_another_size_is_said(tmp_path, capsys):
    a, b = frames(tmp_path / "a", (10, 20, 30)), frames(tmp_path / "b", (0, 0, 0), range(1002, 1006), (18, 32))
    found = told(capsys, a, b, "--out", tmp_path / "o.png")
    assert found["frames"] == [1002, 1003]
    assert found["notes"] == ["only in a: 1001", "only in b: 1004-1005", "b is 32x18, scaled to 64x36"]
    frames(a, (0, 0, 0), [1003], (20, 30))
    assert told(capsys, a, b, "--out", tmp_path / "o.png")["frames"] == [1002, 1003]


def test_a_picture_without_a_number_stands_on_every_frame(tmp_path, capsys):
    a = frames(tmp_path / "a", (10, 20, 30))
    still = tmp_path / "still.png"
    (a / "a.1003.png").rename(still)
    assert told(capsys, a, still, "--out", tmp_path / "o.png")["frames"] == [1001, 1002]
    assert told(capsys, still, still, "--out", tmp_path / "o.png")["frames"] == [1]


def test_two_of_one_name_are_told_apart_by_their_folders(tmp_path, capsys):
    a, b = frames(tmp_path / "one" / "take", (10, 20, 30)), frames(tmp_path / "two" / "take", (0, 0, 0), [1001])
    assert told(capsys, a, b, "--out", tmp_path / "o.png")["notes"] == ["only in one/take: 1002-1003"]


def test_refusals_name_what_is_there(tmp_path, delivery, capsys):
    a, b = frames(tmp_path / "a", (10, 20, 30)), frames(tmp_path / "b", (0, 0, 0), range(1, 4))
    out = ("--out", tmp_path / "o.png")
    words = refused(capsys, a, b, *out)
    assert "no frame to compare" in words and "a has 1001-1003; b has 1-3" in words
    assert "none of the frames 7 is in both" in refused(capsys, a, a, *out, "--frames", "7")
    assert "--layer names a layer of a delivery" in refused(capsys, a, b, *out, "--layer", "top")
    assert 'no layer "tip". There are top, below. Perhaps "top"' in refused(capsys, delivery, a, *out, "--layer", "tip")
    assert "Write .png for a sheet" in refused(capsys, a, b, "--out", tmp_path / "o.gif")
    assert not (tmp_path / "o.png").exists()


def test_the_command_makes_a_movie_of_a_clip_and_frames(tmp_path):
    rate = Fraction(24000, 1001)
    clip = tmp_path / "clip.mp4"
    write_movie(clip, [np.full((*SIZE, 3), 90, np.uint8)] * 3, rate, "h264")
    out = tmp_path / "both.mp4"
    a = frames(tmp_path / "a", (90, 90, 90), range(2, 5))
    done = semrender("compare", a, clip, "--how", "difference", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "frames 2-3 of a and clip.mp4" in done.stdout and "only in a: 4" in done.stdout
    assert "mean difference" in done.stdout
    with Clip(out) as movie:
        assert list(movie.frames) == [1, 2] and movie.fps == rate
        assert movie.frame(1).shape[1] == 64


def test_a_movie_has_the_sound_of_the_first(tmp_path, capsys):
    rate = Fraction(30000, 1001)
    clip = clip_with_sound(tmp_path / "clip.mp4", rate, 24, 12)
    out = tmp_path / "both.mp4"
    assert main(["compare", str(clip), str(clip), "--out", str(out), "--frames", "7-20"]) == 0
    heard = write_wav(tmp_path / "heard", Sound(out, 1), 1, 14, rate)
    samples = np.concatenate(list(read_wav(Part(tmp_path / "heard", 0, heard.samples), 4800)))[:, 0]
    assert abs(place_of_click(samples, 44100) - 6 / rate * 48000) <= 2
    assert main(["compare", str(clip), str(clip), "--out", str(out), "--frames", "7,9"]) == 0
    assert "the frames have gaps, so the movie has no sound" in capsys.readouterr().out and not has_sound(out)

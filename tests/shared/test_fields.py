"""Interlaced clips: told by what is said and by what is seen, made whole, the same in any order."""

from fractions import Fraction

import av
import numpy as np
import pytest

from semrender import main
from shared.clips import Clip
from shared.errors import InputRefused
from tests.inference_server.test_clip_inputs import checked, plan_of

COUNT, STEP, WIDE = 12, 4, 24  # pixels that the bar goes on by a field, and its width


def at(field):
    """A red bar before a mottled ground, one field's time on."""
    ground = np.random.default_rng(0).integers(60, 180, (24, 40, 1)).repeat(4, 0).repeat(4, 1)
    pixels = np.repeat(ground, 3, 2).astype(np.uint8)
    pixels[:, 10 + STEP * field : 10 + STEP * field + WIDE] = (230, 40, 40)
    return pixels


def woven(number, first):
    """Lines of two moments; first: "top", "bottom", or "whole" for one moment alone."""
    earlier, later = at(2 * number), at(2 * number + (first != "whole"))
    pixels = earlier.copy()
    pixels[first == "top" :: 2] = later[first == "top" :: 2]
    return pixels


def clip_file(path, first, marked=None):
    """A moving bar; marked: what the stream says, whatever is in it."""
    options = {"crf": "6", "preset": "veryfast", "x264-params": "keyint=5"}
    if marked:
        options |= {"flags": "+ildct+ilme", "x264-params": f"{marked[0]}ff=1:keyint=5"}
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=Fraction(25), options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(woven(number, first), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    return path


def combs(pixels):
    """How much lines differ from both their neighbours, in codes."""
    red = pixels[..., 0].astype(int)
    above, here, below = red[:-2], red[1:-1], red[2:]
    return np.sqrt(np.maximum((here - above) * (here - below), 0)).mean()


def left_edge(pixels):
    return np.argmax((pixels[..., 0].astype(int) - pixels[..., 1]).mean(0) > 90)


@pytest.mark.parametrize(
    "first, marked, how", [("top", "top", "auto"), ("bottom", "bottom", "auto"), ("bottom", None, "bottom")]
)
def test_combs_go_and_the_earlier_field_stays(tmp_path, first, marked, how):
    with Clip(clip_file(tmp_path / "a.mp4", first, marked)) as clip:
        assert clip.looks == first and clip.marked == bool(marked)
        for index in (0, 5, COUNT - 1):
            made, taken = (combs(clip.picture(index, one)) for one in (how, "off"))
            assert made < 0.4 < 1.2 < taken
            edge = left_edge(clip.picture(index, how))
            assert abs(int(edge) - (10 + STEP * 2 * index)) <= 1, "of the earlier field"


def test_a_frame_alone_is_the_frame_in_order_bit_for_bit(tmp_path):
    path = clip_file(tmp_path / "a.mp4", "top", "top")
    with Clip(path) as clip:
        in_order = [clip.picture(index, "auto") for index in range(COUNT)]
    for index in np.random.default_rng(5).permutation(COUNT).tolist():
        with Clip(path) as clip:
            assert (clip.picture(index, "auto") == in_order[index]).all()


@pytest.mark.parametrize(
    "first, marked, how, words",
    [
        ("top", None, None, "looks interlaced, top field first: --deinterlace top"),
        ("top", None, "auto", 'does not say that it is interlaced, and looks so: "top" deinterlaces it'),
        ("bottom", None, "top", "looks interlaced, bottom field, not top, first"),
        ("top", "top", "auto", ""),
        ("top", None, "top", ""),
        ("top", "top", "off", ""),
        ("whole", None, None, ""),
        ("whole", None, "auto", ""),
        ("whole", None, "top", 'shows whole pictures: deinterlaced they lose lines, "off" keeps them'),
        ("whole", "top", "auto", 'shows whole pictures: deinterlaced they lose lines, "off" keeps them'),
    ],
)
def test_what_is_seen_is_said(tmp_path, first, marked, how, words):
    with Clip(clip_file(tmp_path / "a.mp4", first, marked)) as clip:
        told = clip.check_fields(how)
        assert told.startswith(words) and bool(told) == bool(words)


def test_marked_whole_pictures_are_refused_with_what_keeps_them(tmp_path):
    clip_file(tmp_path / "a.mp4", "whole", "top")
    with Clip(tmp_path / "a.mp4") as clip:
        with pytest.raises(InputRefused, match=r"interlaced. Its pictures look whole all the same.*: off takes"):
            clip.check_fields(None)
        assert (clip.picture(3, "off") == clip.picture(3, "off")).all()


def test_of_a_layer_it_is_asked_said_and_in_the_key(tmp_path):
    from PIL import Image

    from inference_server.worker.keys import input_hash
    from shared.passes.clip_pass import read_picture

    Image.new("RGB", (8, 8), (200, 120, 40)).save(tmp_path / "look.png")
    clip_file(tmp_path / "a.mp4", "top", "top")
    clip_file(tmp_path / "unmarked.mp4", "bottom")
    when = {"first": 1, "last": COUNT, "fps": 25}
    (problem,) = checked(tmp_path, {"picture": "a.mp4"}, **when)["problems"]
    assert "The top field is the earlier one" in problem["cause"] and "auto makes whole" in problem["remedy"]
    report = checked(tmp_path, {"picture": "a.mp4", "deinterlace": "auto"}, **when)
    assert report["problems"] == [] and not [words for words in report["warnings"] if "interlaced" in words]
    (words,) = [w for w in checked(tmp_path, {"picture": "unmarked.mp4"}, **when)["warnings"] if "interlaced" in w]
    assert words.startswith("layer a: its clip looks interlaced, bottom field first")

    def outline(**layer):
        return plan_of(tmp_path, {**layer}, **when), plan_of(tmp_path, {**layer}, **when).layers["a"].outline

    keys = {how: input_hash(*outline(picture="a.mp4", deinterlace=how), 4) for how in ("off", "auto", "top")}
    bare = input_hash(*outline(picture="unmarked.mp4"), 4)
    assert len(set(keys.values())) == 3 and bare == input_hash(*outline(picture="unmarked.mp4", deinterlace="off"), 4)
    made = read_picture(outline(picture="a.mp4", deinterlace="auto")[1], 4).colour
    taken = read_picture(outline(picture="a.mp4", deinterlace="off")[1], 4).colour
    assert combs(made * 255) < 0.4 < 1.2 < combs(taken * 255)


def test_the_command_says_it_and_does_it(tmp_path, capsys):
    path = clip_file(tmp_path / "a.mp4", "top", "top")
    assert main(["clip", str(path), "--out", str(tmp_path / "raw")]) != 0
    assert "--deinterlace" in capsys.readouterr().err
    assert main(["clip", str(path), "--out", str(tmp_path / "made"), "--deinterlace"]) == 0
    clip_file(tmp_path / "b.mp4", "bottom")
    assert main(["clip", str(tmp_path / "b.mp4"), "--out", str(tmp_path / "b")]) == 0
    assert "note: the clip looks interlaced, bottom field first" in capsys.readouterr().err

"""`semrender clip normalise`: somebody in a clip at one place and size, with the ways back, from whatever is filmed."""

import json
import subprocess
import sys
import time
from fractions import Fraction

import av
import cv2
import jsonschema
import numpy as np
import pytest
from PIL import Image

from inference_server.datasets.journal import Journal
from inference_server.motion.document import read_normalised, way_of
from inference_server.motion.template import read_template
from semrender import main
from shared.schema import plain
from tests.conftest import ROOT
from tools.schemas import schemas

WALK = ROOT / "tests" / "data" / "pose" / "walk.####.jpg"
ASTRONAUT = ROOT / "tests" / "data" / "faces" / "astronaut.jpg"
FRAMES = range(1033, 1041)


def picture(frame):
    return np.asarray(Image.open(str(WALK).replace("####", str(frame))))


def clip_file(path, pictures, rate=Fraction(24), turn=None, times=None):
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=rate, options={"qp": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if turn is not None:
            stream.set_display_rotation(turn)
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            if times is not None:
                frame.time_base, frame.pts = Fraction(1, 1000), times[number]
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    return path


def files_of(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    out = tmp_path_factory.mktemp("walk") / "out"
    assert main(["clip", "normalise", str(WALK), "--out", str(out)]) == 0
    return out


def test_a_person_stands_in_the_middle_and_what_is_in_the_canvas_returns_to_the_source(walk):
    found = read_normalised(walk)
    jsonschema.validate(json.loads((walk / "normalised.json").read_text()), schemas()["normalised"])
    (person,) = found.people
    assert (person.first, person.last, person.unseen) == (1033, 1040, ()) and (found.width, found.height) == (640, 360)
    assert sorted(file.name for file in (walk / "person_1").iterdir()) == [f"walk.{n}.png" for n in FRAMES]
    for frame, there, back in zip(FRAMES, person.to_canvas, person.to_source, strict=True):
        points = np.array([[0.5, 0.5, 1], [320, 180, 1], [639.5, 359.5, 1]])
        canvas = points @ way_of(there).T
        assert np.abs(np.column_stack([canvas, np.ones(3)]) @ way_of(back).T - points[:, :2]).max() < 1e-3
        drawn = np.asarray(Image.open(walk / "person_1" / f"walk.{frame}.png"))
        rows, columns = np.mgrid[40:470:86, 40:470:86]
        inside = np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5, np.ones(rows.size)])
        places = (inside @ way_of(back).T - 0.5).astype(np.float32)
        source = cv2.remap(picture(frame), places[:, 0], places[:, 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        assert np.abs(source.reshape(-1, 3).astype(int) - drawn[rows.ravel(), columns.ravel()]).mean() < 3
    assert (walk / "people.png").is_file() and Image.open(walk / "template.png").size == (512, 512)


def test_once_more_writes_the_same_and_whoever_is_not_there_is_refused(walk, capsys):
    before = files_of(walk)
    assert main(["clip", "normalise", str(WALK), "--out", str(walk), "--people", "1"]) == 0
    assert files_of(walk) == before
    capsys.readouterr()
    assert main(["clip", "normalise", str(WALK), "--out", str(walk), "--people", "2"]) == 3
    assert "there is no person 2. There are 1" in capsys.readouterr().err


def test_stopped_it_goes_on_where_it_was(walk, tmp_path, monkeypatch, capsys):
    out, add = tmp_path / "out", Journal.add

    def stopped(journal, key, row):
        add(journal, key, row)
        if len(list(journal)) == 3:
            raise KeyboardInterrupt

    command = ["clip", "normalise", str(WALK), "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", stopped)
        assert main(command) == 130
    looked = out / ".work" / "looked.jsonl"
    kept = looked.read_text().splitlines()
    assert "goes on from here" in capsys.readouterr().err and len(kept) == 3
    assert main(command) == 0
    assert looked.read_text().splitlines()[:3] == kept
    assert files_of(out) == files_of(walk)


def test_killed_while_it_looks_and_while_it_draws_it_goes_on(walk, tmp_path):
    """kill -9 twice; what was seen is not looked at again, and the files are the same in the end."""
    out = tmp_path / "out"
    words = [sys.executable, "-m", "semrender", "clip", "normalise", str(WALK), "--out", str(out)]
    rows = {}
    for name, least in (("looked", 3), ("drawn", 2)):
        notes = out / ".work" / f"{name}.jsonl"
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
        while not notes.is_file() or notes.read_bytes().count(b"\n") < least:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        process.kill()
        process.wait()
        rows[name] = notes.read_bytes()
    assert subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
    looked = (out / ".work" / "looked.jsonl").read_bytes()
    assert looked.startswith(rows["looked"]) and looked.count(b"\n") == len(FRAMES)
    assert files_of(out) == files_of(walk)


def sequence(folder, pictures):
    folder.mkdir()
    for number, pixels in enumerate(pictures, 1):
        Image.fromarray(np.ascontiguousarray(pixels)).save(folder / f"one.{number:04d}.png")
    return folder / "one.####.png"


def normalised(clip, out, *more):
    assert main(["clip", "normalise", str(clip), "--out", str(out), *more]) == 0
    return read_normalised(out)


def test_mirrored_lying_and_cut_off(tmp_path):
    """Mirrored, somebody is where they are, mirrored; lying, too, and a template that levels sets them upright."""
    whole = picture(1033)
    upright, mirrored, lying = (
        normalised(sequence(tmp_path / name, [one]), tmp_path / f"{name}_out").people[0].to_canvas[0]
        for name, one in (("plain", whole), ("mirrored", whole[:, ::-1]), ("lying", np.rot90(whole)))
    )
    x, y = (256 - upright[2]) / upright[0], (256 - upright[5]) / upright[4]  # the middle of the hips
    assert np.abs(way_of(mirrored) @ (640 - x, y, 1) - 256).max() < 8
    assert np.abs(way_of(lying) @ (y, 640 - x, 1) - 256).max() < 8
    template = tmp_path / "level.json"
    template.write_text(json.dumps({**plain(read_template("person")), "level": True}))
    found = normalised(tmp_path / "lying" / "one.####.png", tmp_path / "level", "--template", str(template))
    turn = way_of(found.people[0].to_canvas[0])[:, :2]
    assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(np.pi / 2, abs=0.15), "a quarter to the right"
    cut = normalised(sequence(tmp_path / "cut", [whole[:210]]), tmp_path / "cut_out")
    assert cut.notes == ("person 1: the picture cuts them off on 1",)


def test_seven_people_are_seven_and_whoever_is_not_wanted_any_more_is_cleared(tmp_path, capsys):
    part = picture(1033)[60:360, 210:430]
    row = np.concatenate([cv2.convertScaleAbs(part, alpha=0.7 + 0.1 * n) for n in range(7)], 1)
    clip, out = sequence(tmp_path / "seven", [row]), tmp_path / "out"
    assert [one.id for one in normalised(clip, out).people] == list(range(1, 8))
    capsys.readouterr()
    assert [one.id for one in normalised(clip, out, "--people", "3,5").people] == [3, 5]
    assert sorted(one.name for one in out.iterdir() if one.name.startswith("person")) == ["person_3", "person_5"]
    assert "person_7: what was drawn there before and is not asked for now was removed" in capsys.readouterr().out


def test_a_clip_that_was_cut_short_is_said_and_one_without_its_index_refused(tmp_path, capsys):
    pictures = [picture(frame) for frame in FRAMES]
    whole = clip_file(tmp_path / "whole.mkv", pictures * 3).read_bytes()
    (tmp_path / "part.mkv").write_bytes(whole[: len(whole) // 2])
    assert any("is cut short" in note for note in normalised(tmp_path / "part.mkv", tmp_path / "part").notes)
    whole = clip_file(tmp_path / "whole.mp4", pictures).read_bytes()
    (tmp_path / "part.mp4").write_bytes(whole[: len(whole) // 2])
    assert main(["clip", "normalise", str(tmp_path / "part.mp4"), "--out", str(tmp_path / "no")]) == 3
    assert "cut off before its index was written" in capsys.readouterr().err


def test_a_phone_held_upright_a_faster_rate_and_uneven_times(tmp_path, capsys):
    """60 frames a second, turned by its tag, into 24; uneven ones only with a rate that somebody says."""
    upright = [np.pad(picture(frame)[:, 160:480], ((140, 140), (0, 0), (0, 0)), "edge") for frame in FRAMES]
    lying = [np.rot90(one, -1) for one in upright]
    clip = clip_file(tmp_path / "phone.mp4", [one for one in lying for _ in range(5)], Fraction(60), turn=90)
    assert main(["clip", "normalise", str(clip), "--fps", "12", "--out", str(tmp_path / "out"), "--json"]) == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert done["people"] == [{"id": 1, "first": 1, "last": 8, "files": "person_1/phone.####.png"}]
    assert any("60 frames a second, of which 12 are taken" in note for note in done["notes"])
    found = read_normalised(tmp_path / "out")
    assert (found.width, found.height) == (320, 640)
    times = [0, 40, 200, 240, 400, 440, 700, 760]
    uneven = clip_file(tmp_path / "uneven.mp4", upright, Fraction(1000), times=times)
    assert main(["clip", "normalise", str(uneven), "--out", str(tmp_path / "no")]) == 3
    assert "uneven times" in capsys.readouterr().err


def test_nobody_and_gaps_are_said(tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8)
    for number in (1, 2, 4):
        Image.fromarray(noise).resize((320, 180), Image.Resampling.BICUBIC).save(tmp_path / f"empty.{number:04d}.png")
    assert main(["clip", "normalise", str(tmp_path / "empty.####.png"), "--out", str(tmp_path / "out")]) == 3
    assert "frames 3 are not there" in capsys.readouterr().err
    (tmp_path / "empty.0004.png").unlink()
    assert main(["clip", "normalise", str(tmp_path / "empty.####.png"), "--out", str(tmp_path / "out")]) == 3
    assert "no person is found in this clip" in capsys.readouterr().err
    assert main(["clip", "normalise", str(WALK), "--out", str(tmp_path)]) == 3
    assert "no folder of a normalised clip" in capsys.readouterr().err


def test_two_faces_are_kept_apart_and_locked(tmp_path):
    face = cv2.resize(np.asarray(Image.open(ASTRONAUT)), (200, 188), interpolation=cv2.INTER_AREA)[:180, :160]
    frames = [np.concatenate([np.roll(face, n, 1), face[:, ::-1]], 1) for n in range(8)]
    clip = clip_file(tmp_path / "two.mp4", frames)
    out = tmp_path / "out"
    command = ["clip", "normalise", str(clip), "--template", "face", "--mode", "lock", "--people", "2"]
    assert main([*command, "--out", str(out)]) == 0
    found = read_normalised(out)
    assert [one.id for one in found.people] == [2] and len(set(found.people[0].to_canvas)) == 1
    assert not (out / "person_1").exists() and plain(found)["template"]["of"] == "face"


def test_after_effects_puts_back_what_was_made_on_the_canvas(walk, tmp_path, capsys):
    """Comps of the clip: somebody stands still as on the canvas, and every point of it returns to its pixel."""
    import py_aep

    assert main(["aep", str(walk), "--out", str(tmp_path / "walk.aep")]) == 0
    found = {one.name: one for one in py_aep.parse(tmp_path / "walk.aep").project.compositions}
    (person,) = read_normalised(walk).people
    still, (back, clip) = found["walk person 1"].layers[0], found["walk"].layers
    assert back.name == "put back person 1"
    for at in range(8):
        way = way_of(person.to_canvas[at])
        for point in ([0, 0], [640, 360], [311.7, 90.25]):
            canvas = (way @ [*point, 1]).tolist()
            assert still.source_point_to_comp(point, time=at / 24)[:2] == pytest.approx(canvas, abs=0.05)
            assert back.source_point_to_comp(canvas, time=at / 24)[:2] == pytest.approx(point, abs=0.05)
            assert clip.source_point_to_comp(point, time=at / 24)[:2] == pytest.approx(point)

"""A clip as the picture of a layer: its frames, keys, rate and shape, and what of a clip is refused."""

import os
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.worker import keys, reading
from inference_server.worker.check import check_job
from inference_server.worker.keys import frame_key
from inference_server.worker.plan import make_plan
from inference_server.worker.reading import decode
from inference_server.worker.signs import Signs
from inference_server.worker.worker import Worker
from semrender.commands import main
from shared import frames
from shared.delivery import read_delivery
from shared.errors import InputRefused, SemrenderError, from_dict
from shared.handing import uploadable
from shared.passes import clip_pass
from shared.shot import Shot
from shared.shot_input import shot_from_input
from tests.conftest import semrender
from tests.shared.test_clips import COUNT, clip_file, number_of

DEVICE = SimpleNamespace(name="cpu", about="a processor", half=SimpleNamespace(factor=None, gains=False))
NTSC = Fraction(30000, 1001)


@pytest.fixture
def clip(tmp_path):
    Image.new("RGB", (8, 8), (200, 120, 40)).save(tmp_path / "look.png")
    options = {"x264-params": "keyint=7:bframes=3"}
    return clip_file(tmp_path / "singer.mp4", rate=NTSC, options=options)


def shot_of(layer, **shot):
    body = {"name": "s", "fps": [30000, 1001], "first": 1001, "last": 1000 + COUNT, "model": "match_grade", **shot}
    return Shot.from_dict({**body, "layers": [{"name": "a", "reference": "look.png", **layer}]})


def spec_of(folder, layer, **shot):
    return job_spec({"shot": shot_of(layer, **shot).to_dict()}, folder, folder / "out", None, False)


def plan_of(folder, layer, **shot):
    return make_plan(spec_of(folder, layer, **shot), "job")


def checked(folder, layer, **shot):
    return check_job(spec_of(folder, layer, **shot), "job", lambda: None, 2**40, DEVICE)


def test_a_clip_gives_the_frames_that_its_pictures_would_in_any_order(clip, tmp_path):
    assert main(["clip", str(clip), "--out", str(tmp_path / "frames"), "--first", "1001"]) == 0
    files = plan_of(tmp_path, {"picture": "frames/singer.####.png"})
    plan = plan_of(tmp_path, {"picture": "singer.mp4"})
    for one in (files, plan):
        (tmp_path / "out" / "prepared" / "a").mkdir(parents=True, exist_ok=True)
        np.savez(
            keys.prepared_of(one, one.layers["a"]).file,
            matrix=np.eye(3),
            offset=np.zeros(3),
        )
    for number in np.random.default_rng(3).permutation(plan.shot.frames).tolist():
        found, wanted = (decode(one, "a", number).request for one in (plan, files))
        assert (found.picture == wanted.picture).all() and (found.coverage == 1).all()
        assert number_of((found.picture * 255).astype(np.uint8)) == number - 1001
    assert len(plan.layers["a"].prepared_from) == 16


def test_what_is_prepared_is_keyed_once_a_frame(clip, tmp_path, monkeypatch):
    plan = plan_of(tmp_path, {"picture": "singer.mp4"})
    own, made, real = plan.layers["a"], [], keys.prepared_of
    path = keys.prepared_of(plan, own).file
    path.parent.mkdir(parents=True)
    np.savez(path, matrix=np.eye(3), offset=np.zeros(3))
    for module in (keys, reading):
        monkeypatch.setattr(module, "prepared_of", lambda plan, own: made.append(own) or real(plan, own))
    assert decode(plan, "a", 1001).request.prepared["matrix"].shape == (3, 3) and len(made) == 1


def test_a_clip_is_read_once_for_the_keys_of_all_frames(clip, tmp_path, monkeypatch):
    hashed, opened = [], []
    digest, opening = keys.hashlib.file_digest, clip_pass.Clip
    monkeypatch.setattr(keys.hashlib, "file_digest", lambda file, kind: hashed.append(file.name) or digest(file, kind))
    monkeypatch.setattr(clip_pass, "Clip", lambda path, **how: opened.append(path) or opening(path, **how))
    plan = plan_of(tmp_path, {"picture": "singer.mp4"})
    own = plan.layers["a"]
    made = [frame_key(plan, own, number) for number in plan.shot.frames]
    assert len(set(made)) == COUNT and opened == [clip] and [str(name) for name in hashed].count(str(clip)) == 1
    later = plan_of(tmp_path, {"picture": "singer.mp4", "clip_start": 1011}, first=1011, last=1020)
    read = {keys.input_hash(later, later.layers["a"].outline, 1011), keys.input_hash(plan, own.outline, 1001)}
    assert len(read) == 1, "what is read counts, not where in the shot it lies"
    clip.write_bytes(clip.read_bytes() + b"\0")
    assert frame_key(plan, own, 1001) != made[0]


def test_a_clip_lies_in_the_shot_where_it_is_said_and_at_the_rate_of_the_shot(clip, tmp_path):
    own = plan_of(tmp_path, {"picture": "singer.mp4", "clip_start": 996}, last=1005).layers["a"]
    shown = [clip_pass.read_picture(own.outline, n).colour for n in range(1001, 1006)]
    assert [number_of((one * 255).astype(np.uint8)) for one in shown] == [5, 6, 7, 8, 9]
    report = checked(tmp_path, {"picture": "singer.mp4"}, fps=15, last=1005)
    told = "layer a: its clip states 30000/1001 (29.970) fps, the shot 15: 50% of its pictures are left out"
    assert told in report["warnings"]
    half = plan_of(tmp_path, {"picture": "singer.mp4"}, fps=15, last=1005).layers["a"].outline
    assert [clip_pass.picture_number(half, n) for n in range(1001, 1006)] == [0, 2, 4, 6, 8]


def test_what_travels_over_the_wire_is_the_clip_itself(clip, tmp_path):
    sent, files = uploadable(shot_of({"picture": str(clip)}), tmp_path)
    assert sent.layers[0].picture == "0_picture/singer.mp4"
    for name, file in files.items():
        (tmp_path / "spool" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "spool" / name)
    spec = job_spec({"shot": sent.to_dict()}, tmp_path / "spool", tmp_path / "out", None, True)
    assert check_job(spec, "job", lambda: None, 2**40, DEVICE)["problems"] == []


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
@pytest.mark.parametrize("name", ["link.mp4", "folder"])
def test_a_link_out_of_the_roots_is_refused_before_anything_is_opened(clip, tmp_path, monkeypatch, name):
    root, opened = tmp_path / "root", []
    root.mkdir()
    (root / name).symlink_to(tmp_path if name == "folder" else clip)
    for module, called in ((clip_pass, "Clip"), (frames, "find_sequence")):
        monkeypatch.setattr(module, called, lambda *of: opened.append(of))
    spec = {**spec_of(root, {"picture": name, "reference": name}), "roots": [str(root)]}
    for used in (lambda: check_job(spec, "job", lambda: None, 2**40, DEVICE), lambda: make_plan(spec, "job")):
        with pytest.raises(InputRefused, match=rf"{name}: this path is outside.*by a link"):
            used()
    assert opened == []


def test_clips_are_open_only_while_they_are_read(clip, tmp_path, monkeypatch):
    names = [tmp_path / f"{letter}.mp4" for letter in "abcd"]
    for name in names:
        shutil.copy(clip, name)

    def read(path):
        with clip_pass.opened(path) as one:
            return number_of(one.picture(3))

    def held():
        return sorted(Path(file.path).name for file in psutil.Process().open_files() if file.path.endswith(".mp4"))

    clip_pass.close_clips()
    monkeypatch.setattr(clip_pass, "OPEN", 2)
    assert [read(name) for name in names] == [3] * 4 and held() == ["c.mp4", "d.mp4"]
    names[3].write_bytes(clip.read_bytes() + bytes(8))
    assert read(names[3]) == 3 and held() == ["c.mp4", "d.mp4"], "one reader of a file that was made anew"
    with clip_pass.opened(names[0]) as first:
        assert [read(names[1]), read(names[2])] == [3, 3] and held() == ["a.mp4", "b.mp4", "c.mp4"]
        clip_pass.close_clips()
        assert number_of(first.picture(3)) == 3 and held() == ["a.mp4"], "who reads it reads on"
    assert held() == []
    (tmp_path / "e.mp4").write_bytes(b"no clip")
    with pytest.raises(SemrenderError, match="cannot be opened"):
        read(tmp_path / "e.mp4")
    assert read(names[0]) == 3 and len(clip_pass._readers) == 1

    forgotten = SimpleNamespace(specs={}, plans={}, previews={}, holders={}, signs=Signs())
    with ThreadPoolExecutor(1) as forgotten.decoders:
        Worker.receive(forgotten, {"forget": "job"})
    assert held() == []


def test_other_clips_are_read_while_one_is_opened(clip, tmp_path, monkeypatch):
    shutil.copy(clip, tmp_path / "long.mp4")
    begun, go_on, opening = threading.Event(), threading.Event(), clip_pass.Clip

    def gated(path, **how):
        if path.name == "long.mp4":
            begun.set()
            assert go_on.wait(20)
        return opening(path, **how)

    monkeypatch.setattr(clip_pass, "Clip", gated)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(clip_pass.probe_clip, tmp_path / "long.mp4")
        assert begun.wait(20)
        other = clip_pass.probe_clip(clip)
        go_on.set()
        assert long.result() == other


def audio_alone(path):
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        movie.mux(stream.encode(frame))
        movie.mux(stream.encode())


@pytest.mark.parametrize(
    "layer, shot, words",
    [
        ({"picture": "none.mp4"}, {}, r"layer a, .*none\.mp4: the clip is not there"),
        ({"picture": "sound.mp4"}, {}, r"layer a, .*sound\.mp4: there is no picture in it"),
        ({"picture": "cut.mp4"}, {}, r"layer a, .*cut\.mp4: the clip cannot be opened"),
        ({"picture": "lines.mp4"}, {}, r"the clip is interlaced\..*\"deinterlace\" \(--deinterlace\): off takes"),
        ({"picture": "singer.mp4"}, {"last": 1030}, "the picture pass lacks 10 of 30 .*The clip has frames 1001-1020"),
        ({"labels": "singer.mp4", "picture": "singer.mp4"}, {}, "a clip is no label pass"),
        ({"picture": "singer.mp4", "reference": "singer.mp4"}, {}, "the reference is a clip. Name one picture"),
        ({"picture": "singer.mp4"}, {"width": 64, "height": 36}, "the picture pass is 80x48"),
    ],
)
def test_a_clip_that_does_not_do_is_refused_in_words(clip, tmp_path, layer, shot, words):
    audio_alone(tmp_path / "sound.mp4")
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[:900])
    clip_file(tmp_path / "lines.mp4", options={"flags": "+ildct+ilme", "x264-params": "tff=1"})
    (problem,) = checked(tmp_path, layer, **shot)["problems"]
    assert re.search(words, str(from_dict(problem))), problem


def test_an_uneven_clip_is_told_or_asked_for_its_rate(tmp_path, clip):
    times = np.cumsum(np.random.default_rng(2).choice([20, 33, 50, 100], COUNT)).tolist()
    clip_file(tmp_path / "phone.mkv", times=times)
    with pytest.raises(SemrenderError, match=r"phone\.mkv: the clip's pictures come at uneven times.*--fps 24"):
        shot_from_input(tmp_path / "phone.mkv", "picture")
    shot, _ = shot_from_input(tmp_path / "phone.mkv", "picture", (24, 1))
    assert shot.rate == (24, 1) and abs(shot.last - (times[-1] - times[0]) / 1000 * 24) < 3
    found = checked(tmp_path, {"picture": "phone.mkv"}, first=1, last=shot.last, fps=24)
    assert "layer a: its clip's pictures come at uneven times; each frame shows the nearest" in found["warnings"]
    with pytest.raises(SemrenderError, match=r"a clip is no label pass.*--model match_grade"):
        shot_from_input(clip)


def test_from_a_clip_into_a_comp(tmp_path, clip):
    out = tmp_path / "out"
    done = semrender("render", clip, "--model", "match_grade", "--reference", tmp_path / "look.png", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    shot, (layer, _) = read_delivery(out).shot, read_delivery(out).layers
    assert (shot.name, shot.fps_num, shot.fps_den, shot.first, shot.last) == ("singer", 30000, 1001, 1, COUNT)
    assert (shot.width, shot.height, layer.role) == (80, 48, "painting")
    with av.open(str(out / "movie.mp4")) as movie:
        frames = [frame.to_ndarray(format="rgb24") for frame in movie.decode(video=0)]
        assert movie.streams.video[0].average_rate == NTSC and len(frames) == COUNT

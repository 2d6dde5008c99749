"""Walks as the worker paints them: each frame by itself, keyed by its own points, led by the sound sample by sample."""

import wave
from fractions import Fraction

import numpy as np
import py_aep
import pytest
import torch
from PIL import Image

from inference_server.broker.requests import job_spec
from inference_server.desk.saving import moved
from inference_server.models.base import load_model
from inference_server.stability import tiles
from inference_server.worker.check import check_job
from inference_server.worker.keys import frame_key
from inference_server.worker.plan import make_plan
from inference_server.worker.preparing import prepare
from inference_server.worker.reading import decode
from inference_server.worker.writing import encode
from semrender.commands import main
from shared.delivery import read_delivery
from shared.errors import InputRefused, MissingInput, SemrenderError, from_dict
from shared.handing import describe, uploadable
from shared.hearing import edges_of
from shared.shot import Shot
from shared.sounds import RATE
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import running_server
from tests.inference_server.test_audio_input import DEVICE
from tests.inference_server.walkers import add_generator
from tests.shared.sound_files import click, sound_file

FIRST, LAST = 1001, 1012
THREE = {"keys": [{"seed": 1}, {"seed": 5}, {"seed": 9}]}
ROUTE = {"feature": "rms", "towards": {"seed": 77}, "amount": 0.9, "release": 0}


@pytest.fixture
def face(state_folder):
    return add_generator()


def spec_of(folder, walk, **shot):
    layer = {"name": "a", "model": "face", "walk": walk, **shot.pop("layer", {})}
    body = {"name": "s", "fps": 24, "first": FIRST, "last": LAST, "layers": [layer], **shot}
    return job_spec({"shot": body}, folder, folder / "out", None, False)


def plan_of(folder, walk, **shot):
    plan = make_plan(spec_of(folder, walk, **shot), "job")
    return plan, plan.layers["a"]


def checked(folder, walk, **shot):
    return check_job(spec_of(folder, walk, **shot), "job", lambda: None, 2**40, DEVICE)


def painted(plan, frame, model):
    decoded = decode(plan, "a", frame)
    return tiles.paint(model, decoded.request, decoded.tiles)


def keys(folder, walk, frames=range(FIRST, LAST + 1), **shot):
    plan, own = plan_of(folder, walk, **shot)
    return [frame_key(plan, own, frame) for frame in frames]


def differing(one, other):
    return [FIRST + place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def sound(path, count=LAST + 1 - FIRST, at=(5,), rate=48000):
    """Clicks in the middle of frames from 0, at 24 frames a second."""
    return sound_file(
        path, "pcm_s16le", sum(click(n * rate // 24 + rate // 60, count * rate // 24, 1) for n in at), rate
    )


def test_a_frame_alone_is_that_of_the_clip_and_a_seed_is_that_of_the_tools(face, tmp_path):
    plan, own = plan_of(tmp_path, {**THREE, "loop": True}, layer={"options": {"noise": "loop"}})
    clip = {frame: painted(plan, frame, load_model(own.card)) for frame in plan.shot.frames}
    fresh, _ = plan_of(tmp_path, {**THREE, "loop": True}, layer={"options": {"noise": "loop"}})
    assert np.array_equal(painted(fresh, 1007, load_model(own.card)), clip[1007])
    steps = [np.abs(clip[a] - clip[a + 1]).mean() for a in range(FIRST, LAST)]
    assert np.abs(clip[LAST] - clip[FIRST]).mean() < 1.3 * np.median(steps), "the loop closes"
    model = load_model(own.card)
    z = torch.tensor(np.random.RandomState(5).randn(1, 16), dtype=torch.float32)
    with torch.inference_mode():
        wanted = model.net.draw(model.net.truncate(model.net.map(z), 1.0), model.net.stored_noise())
    plan, _ = plan_of(tmp_path, {"keys": [{"seed": 5}]})
    assert np.array_equal(painted(plan, FIRST, model), ((wanted[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0).numpy())


def test_options_truncate_and_noise_turns_without_pulsing(face, tmp_path):
    model = load_model(plan_of(tmp_path, THREE)[1].card)

    def with_options(**options):
        return painted(plan_of(tmp_path, {"keys": [{"seed": 5}]}, layer={"options": options})[0], FIRST + 3, model)

    average = with_options(psi=0)
    assert np.abs(with_options(psi=0.5) - average).mean() < np.abs(with_options() - average).mean()
    assert not np.array_equal(with_options(cutoff=2, psi=0), average)
    assert not np.array_equal(with_options(noise="none"), with_options())
    assert not np.array_equal(with_options(noise="loop"), with_options())
    model.stored = [torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))]
    assert all(0.97 < model.noise("loop", 3, turn / 12)[0].std() < 1.03 for turn in range(12))
    assert torch.equal(model.noise("loop", 3, 0.0)[0], model.stored[0]), "it begins with the still picture"
    model.stored = [torch.zeros(1, 1, 512, 512)]
    assert model.noise("loop", 3, 0.3)[0] is model.stored[0], "what is finest would crawl"


def test_a_key_is_of_what_its_frame_is_painted_of(face, tmp_path):
    def way(moved=1005, **more):
        frames = (1001, 1003, moved, 1007, 1009, 1012)
        return {"keys": [{"seed": number, "frame": frame} for number, frame in enumerate(frames)], **more}

    plain = keys(tmp_path, way())
    assert len(set(plain)) == len(plain)
    moved = differing(plain, keys(tmp_path, way(1006)))
    assert moved and min(moved) > 1001 and max(moved) < 1009
    assert keys(tmp_path, way(), last=1020) == plain, "a longer shot keeps its frames"
    sound(tmp_path / "a.wav")
    assert keys(tmp_path, way(), audio="a.wav") == plain, "a sound that drives nothing is of no matter"
    assert not set(keys(tmp_path, way(), layer={"options": {"psi": 0.5}})) & set(plain)
    assert len(set(keys(tmp_path, {"keys": [{"seed": 1}]}))) == 1, "what stands still is painted once"
    driven = keys(tmp_path, way(drive=[ROUTE]), audio="a.wav")
    assert not set(driven) & set(plain)
    assert keys(tmp_path, way(drive=[ROUTE]), audio="a.wav", last=1020) == driven
    for change in ({"attack": 90}, {"amount": 0.5}, {"towards": {"seed": 78}}):
        assert not set(keys(tmp_path, way(drive=[{**ROUTE, **change}]), audio="a.wav")) & set(driven)
    sound(tmp_path / "a.wav", at=(6,))
    assert not set(keys(tmp_path, way(drive=[ROUTE]), audio="a.wav")) & set(driven)


@pytest.mark.parametrize("fps", [24, "30000/1001"])
def test_the_picture_moves_on_the_frame_of_the_click(face, tmp_path, fps):
    rate = Fraction(fps)
    at = edges_of(0, 12, rate)[[4, 9]] + (0, 700)
    file = sound_file(tmp_path / "a.wav", "pcm_s16le", sum(click(place, 12 * RATE // 20, 1) for place in at))
    plan, own = plan_of(tmp_path, {"keys": [{"seed": 1}], "drive": [ROUTE]}, audio=file.name, fps=fps)
    model = load_model(own.card)
    assert prepare(plan, own, model) == {"state": "prepared"} and prepare(plan, own, model) == {"state": "kept"}
    clip = [painted(plan, frame, model) for frame in plan.shot.frames]
    still = [np.array_equal(picture, clip[0]) for picture in clip]
    assert [place for place, one in enumerate(still) if not one] == [4, 9]


@pytest.mark.parametrize(
    "shot, place, words",
    [
        ({"audio": "silent.wav"}, "warnings", "silent.wav is silent: it moves nothing"),
        ({"audio": "short.wav"}, "warnings", "the sound ends on frame 1004: from there on it moves nothing"),
        ({"audio": "short.wav", "audio_start": 900}, "warnings", "nothing of the sound is heard in the shot"),
        ({"audio": "broken.flac"}, "problems", "broken.flac"),
        ({"audio": "cut.flac"}, "problems", "It is damaged after 0.4 seconds, or was cut off there"),
        ({"audio": "gone.wav"}, "problems", "the sound is not there"),
        ({"audio": "long.wav"}, "", ""),
        ({"audio": "low.wav"}, "", ""),
        ({"audio": "cinema.wav"}, "", ""),
    ],
)
def test_what_is_wrong_with_the_sound_is_said_before_painting(face, tmp_path, shot, place, words):
    sound_file(tmp_path / "silent.wav", "pcm_s16le", np.zeros((1, 48000), np.float32))
    sound(tmp_path / "short.wav", 3, (1,))
    sound(tmp_path / "long.wav", 200)
    sound(tmp_path / "low.wav", rate=8000)
    with wave.open(str(tmp_path / "cinema.wav"), "wb") as cinema:
        cinema.setparams((6, 2, RATE, 0, "NONE", ""))
        cinema.writeframes(np.repeat(click(9000, RATE, 1).T * 32767, 6, 1).astype("<i2").tobytes())
    whole = sound_file(tmp_path / "broken.flac", "flac", click(9, 48000, 2)).read_bytes()
    (tmp_path / "broken.flac").write_bytes(whole[:60])
    hiss = np.random.RandomState(1).uniform(-0.5, 0.5, (1, 48000)).astype(np.float32)
    whole = sound_file(tmp_path / "cut.flac", "flac", hiss).read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    report = checked(tmp_path, {**THREE, "drive": "speech"}, **shot)
    said = {"warnings": report["warnings"], "problems": [str(from_dict(one)) for one in report["problems"]]}
    for kind, lines in said.items():
        lines = [line for line in lines if "colour" not in line]
        assert (words in " ".join(lines)) if kind == place else not lines, said


def test_a_driven_walk_without_a_sound_and_a_walk_for_a_model_of_labels_are_refused(face, tmp_path):
    with pytest.raises(InputRefused, match=r"driven by a sound, and the shot has none.*--audio FILE"):
        spec_of(tmp_path, {**THREE, "drive": "music"})
    with pytest.raises(SemrenderError, match="takes labels"):
        spec_of(tmp_path, THREE, layer={"model": "countryside"})
    with pytest.raises(InputRefused, match=r"names no walk.*--seeds A,B,C"):
        spec_of(tmp_path, None, layer={"picture": "a.png"})


def test_layers_and_classes_are_those_of_the_model(face, tmp_path):
    (problem,) = checked(tmp_path, {**THREE, "ranges": [{"layers": "12-", "circle": {"seed": 2}}]})["problems"]
    assert '"12-" are beyond those of the model' in str(from_dict(problem))
    report = checked(tmp_path, {**THREE, "ranges": [{"layers": "colour", "circle": {"seed": 2}}]})
    assert not report["problems"] and "colour begins at layer 8, and the model has 8" in report["warnings"][0]
    (problem,) = checked(tmp_path, {"keys": [{"seed": 1, "class": 2}]})["problems"]
    assert "has no class 2. It knows none" in str(from_dict(problem))


def test_classes_are_painted(state_folder, tmp_path):
    add_generator(c_dim=3)
    model = load_model(plan_of(tmp_path, THREE)[1].card)

    def of(key, **options):
        return painted(plan_of(tmp_path, {"keys": [{"seed": 1, **key}]}, layer={"options": options})[0], FIRST, model)

    assert np.array_equal(of({}), of({"class": 0})) and np.array_equal(of({}, **{"class": 2}), of({"class": 2}))
    assert not np.array_equal(of({}), of({"class": 2}))


def test_a_shot_that_is_saved_elsewhere_names_the_same_w_files(face, tmp_path):
    plan, _ = plan_of(tmp_path, {"keys": [{"w": "p/a.npz", "index": 1}]})
    walk = moved(plan.shot, tmp_path, tmp_path / "other").layers[0].walk
    assert walk.keys[0].w == (tmp_path / "p" / "a.npz").as_posix() and walk.keys[0].index == 1


def test_points_of_a_w_file_are_painted_and_others_refused(face, tmp_path):
    model = load_model(plan_of(tmp_path, THREE)[1].card)
    z = torch.tensor(np.random.RandomState(5).randn(1, 16), dtype=torch.float32)
    w = model.net.map(z).detach().numpy()
    np.savez(tmp_path / "flat.npz", w=w)
    np.savez(tmp_path / "wide.npz", w=np.repeat(w[:, None], 8, 1))
    seed = painted(plan_of(tmp_path, {"keys": [{"seed": 5}]})[0], FIRST, model)
    for name in ("flat.npz", "wide.npz"):
        assert np.array_equal(painted(plan_of(tmp_path, {"keys": [{"w": name}]})[0], FIRST, model), seed)
    before = keys(tmp_path, {"keys": [{"w": "flat.npz"}]})
    np.savez(tmp_path / "flat.npz", w=w + 1)
    assert not set(before) & set(keys(tmp_path, {"keys": [{"w": "flat.npz"}]}))
    np.savez(tmp_path / "other.npz", w=np.zeros((1, 512)))
    np.savez(tmp_path / "named.npz", v=w)
    np.savez(tmp_path / "nan.npz", w=w * np.nan)
    np.savez(tmp_path / "pickled.npz", w=np.array([{}], object))
    (tmp_path / "text.npz").write_text("no")
    for key, words in (
        ({"w": "gone.npz"}, "the w file is not there"),
        ({"w": "flat.npz", "index": 7}, "has 1 point, and number 7 is asked for"),
        ({"w": "other.npz"}, "a point of this w file is (512,), and one of the model face (16,) or (8, 16)"),
        ({"w": "named.npz"}, "this is no w file"),
        ({"w": "nan.npz"}, 'its "w" is float'),
        ({"w": "pickled.npz"}, "this is no w file"),
        ({"w": "text.npz"}, "this is no w file"),
    ):
        (problem,) = checked(tmp_path, {"keys": [key]})["problems"]
        assert words in str(from_dict(problem)) and key["w"] in str(from_dict(problem))
    with pytest.raises(InputRefused, match="outside the folders"):
        spec = spec_of(tmp_path, {"keys": [{"w": "../x.npz"}]})
        make_plan({**spec, "roots": [str(tmp_path)]}, "job")
    with pytest.raises(MissingInput, match="w file is not there"):
        keys(tmp_path, {"keys": [{"w": "gone.npz"}]})


@pytest.mark.parametrize(
    "shot, size, box",
    [
        ({}, (32, 32), (0, 0, 32, 32)),
        ({"width": 96, "height": 54}, (96, 54), (21, 0, 54, 54)),
        ({"width": 96, "height": 54, "pixel_aspect": 2.0}, (96, 54), (34, 0, 27, 54)),
        ({"width": 40, "height": 90, "paint_size": [64, 64]}, (40, 90), (0, 25, 40, 40)),
    ],
)
def test_the_picture_stands_in_the_middle_of_the_frame(face, tmp_path, shot, size, box):
    plan, own = plan_of(tmp_path, THREE, **shot)
    decoded = decode(plan, "a", FIRST)
    encode(plan, decoded, tiles.paint(load_model(own.card), decoded.request, decoded.tiles))
    alpha = np.asarray(Image.open(plan.picture_path("a", FIRST)))[..., 3]
    left, top, width, height = box
    assert alpha.shape == size[::-1] and alpha[top : top + height, left : left + width].min() == 255
    assert np.count_nonzero(alpha) == width * height
    report = checked(tmp_path, THREE, **shot)
    assert report["size"] == list(size) and not report["problems"]


def test_a_walk_goes_with_its_sound_from_the_command_line_into_the_comp(face, tmp_path):
    sound(tmp_path / "voice.wav", 8, (3,))
    command = ("render", "--model", face, "--seeds", "1,5", "--audio", str(tmp_path / "voice.wav"), "--drive", "music")
    done = semrender(*command, "--out", str(tmp_path / "out"))
    assert done.returncode == 0 and "8 frames painted" in done.stdout, done.stderr + done.stdout
    assert "walk read from 2 keyframes, driven by bass, mid, onset" in done.stdout
    delivery = read_delivery(tmp_path / "out")
    (audio,) = delivery.audio
    assert (audio.footage.samples, audio.footage.start) == (8 * 2000, 1) and delivery.shot.frames == 8
    heard = py_aep.parse(next((tmp_path / "out").glob("*.aep"))).project.compositions[0].layers[-1]
    assert (heard.has_audio, heard.audio_enabled, heard.start_time) == (True, True, 0)
    frames = sorted((tmp_path / "out" / face).glob("*.png"))
    before = [np.asarray(Image.open(file)) for file in frames]
    for file in frames[2:5]:
        file.unlink()
    done = semrender(*command, "--out", str(tmp_path / "out"))
    assert "3 frames painted, 5 kept" in done.stdout
    assert all(np.array_equal(np.asarray(Image.open(file)), was) for file, was in zip(frames, before, strict=True))


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((), "nothing is named that could be painted"),
        (("--loop",), "--loop says nothing without --seeds"),
        (("--seeds", "1,x"), "--seeds: 'x' is no seed and no w file"),
        (("--seeds", "1"), "seeds alone do not say which model paints"),
        (("--seeds", "1", "--model", "face"), "how long the walk is is not said"),
        (("--seeds", "1", "--model", "face", "--frames", "1-9x2"), "has gaps"),
    ],
)
def test_what_seeds_alone_lack_is_said(face, arguments, words, capsys):
    assert main(["check", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_sheet_shows_keyframes_routes_and_curves_before_anything_is_painted(face, tmp_path, capsys):
    sound(tmp_path / "voice.wav", 48, (20,))
    given = ("--model", face, "--seeds", "1,5", "--audio", str(tmp_path / "voice.wav"), "--drive", "speech")
    assert main(["walk", *given, "--out", str(tmp_path / "walk.png")]) == 0
    sheet = np.asarray(Image.open(tmp_path / "walk.png").convert("RGB")).astype(int)
    bars = (np.abs(sheet - (200, 60, 40)).sum(2) == 0).any(0).nonzero()[0]
    first = (bars[0] - 12) / (960 - 24) * 48
    assert round(first) == 20 and [file.name for file in tmp_path.iterdir() if file.suffix == ".png"] == ["walk.png"]
    assert main(["walk", str(ROOT / "examples" / "ride_the_train")]) == 3
    assert "no layer of the shot walks" in capsys.readouterr().err


def test_a_walk_beside_a_layer_of_passes_is_as_large_and_lies_over_it(face, tmp_path, add_sleep_model):
    add_sleep_model("flat")
    (tmp_path / "l").mkdir()
    for frame in range(FIRST, LAST + 1):
        Image.fromarray(np.full((36, 64), 124, np.uint8)).save(tmp_path / "l" / f"l.{frame}.png")
    layers = [
        {"name": "a", "model": "face", "walk": THREE},
        {"name": "b", "model": "flat", "labels": "l/l.####.png", "read": {"encoding": "ids"}},
    ]
    body = {"name": "s", "fps": 24, "first": FIRST, "last": LAST, "layers": layers}
    for alone in (["a"], ["a", "b"]):
        spec = job_spec({"shot": body, "layers": alone}, tmp_path, tmp_path / "out", None, False)
        report = check_job(spec, "job", lambda: None, 2**40, DEVICE)
        assert not report["problems"] and report["size"] == [64, 36]
        plan = make_plan(spec, "job")
        assert plan.size == (64, 36) and decode(plan, "a", FIRST).coverage.sum() == 36 * 36


def test_a_walk_goes_to_a_server_that_sees_none_of_its_files(face, tmp_path):
    np.savez(tmp_path / "p.npz", w=np.ones((1, 16)))
    sound(tmp_path / "a.wav")
    walks = ({"keys": [{"seed": 1}, {"w": "p.npz"}], "drive": "speech"}, THREE)
    with running_server() as client:
        for walk, audio in zip(walks, ("a.wav", "none"), strict=True):
            layer = {"name": "a", "model": "face", "walk": walk}
            body = {"name": "s", "fps": 24, "first": FIRST, "last": FIRST + 1, "audio": audio, "layers": [layer]}
            sent, files = uploadable(Shot.from_dict(body), tmp_path)
            job = client.submit({**describe(sent, tmp_path, None, None), "out": str(tmp_path / "here")}, files)
            assert list(client.watch(job))[-1]["event"] == "done"
            client.collect(job, tmp_path / job)
            assert len(list((tmp_path / job / "a").glob("*.png"))) == 2

"""`semrender render` end to end: real processes, real sockets, real files; a stand-in for the network."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import numpy as np
import OpenEXR
import psutil
import pytest
from PIL import Image

from inference_server.worker import outputs
from shared.delivery import read_delivery
from shared.label_set import load_label_set
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import wait_for


def pixels(path):
    return np.asarray(Image.open(path))


def render_json(*arguments, **options):
    done = semrender("--json", "render", *arguments, **options)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done, lines


def workers_left():
    """Servers and workers of this test; others may run beside it."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        with contextlib.suppress(psutil.Error):
            ours = process.environ().get("SEMRENDER_HOME") == os.environ["SEMRENDER_HOME"]
            if ours and ("inference_server.worker.worker" in command or "semrender serve --private" in command):
                found.append(process.pid)
    return found


def test_a_bare_folder_becomes_a_delivery_and_a_project(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    out = tmp_path / "out"
    done = semrender("render", colour_frames(), "--out", out, "--model", model, "--mattes", "all")
    assert done.returncode == 0, done.stderr
    delivery = read_delivery(out)
    assert (delivery.shot.first, delivery.shot.last, delivery.shot.width, delivery.shot.height) == (1001, 1004, 64, 36)
    names = [layer.name for layer in delivery.layers]
    assert names[0] == "shot"
    assert {name.split("_")[-1] for name in names[1:]} == {"grass", "sky-other", "tree"}
    assert (out / "preview.png").exists() and (out / "preview.webp").exists()
    assert list(out.glob("*_v001.aep"))
    assert not list(out.rglob("*.tmp*"))


def test_the_picture_is_the_pass_cut_by_its_coverage(add_sleep_model, colour_frames, tmp_path):
    """The stand-in paints one flat colour per class, so every pixel's colour tells its class."""
    model = add_sleep_model()
    out = tmp_path / "out"
    full, tree = colour_frames("full"), colour_frames("tree", only="tree")
    done = semrender("render", tree, "--context", full, "--out", out, "--model", model, "--no-aep")
    assert done.returncode == 0, done.stderr
    painted = pixels(next(p for p in out.rglob("*.1002.png") if p.parent.parent == out))
    label = pixels(tree / "shot.1002.png")
    assert painted.shape == (36, 64, 4)
    assert (painted[..., 3] == label[..., 3]).all()
    inside = painted[label[..., 3] > 0][:, :3]
    assert len(np.unique(inside, axis=0)) == 1
    # Beyond the edge the context is painted, so that a soft edge has no halo.
    beside = painted[20, 40, :3]
    assert (beside != inside[0]).any() and beside.any()


def test_provenance_is_in_the_header(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    out = tmp_path / "out"
    semrender("render", colour_frames(), "--out", out, "--model", model, "--seed", 7, "--no-aep")
    path = next(p for p in out.rglob("*.1001.png"))
    header = outputs.read_metadata(path)
    assert header["seed"] == 7 and header["model"]["name"] == model
    assert header["label_set"]["hash"] == load_label_set("coco_stuff").hash
    picture = Image.open(path)
    picture.load()
    assert picture.info["srgb"] == 0
    assert json.loads(picture.info["semrender"])["key"] == header["key"]


def test_running_again_keeps_every_frame_and_another_seed_paints_anew(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    arguments = [colour_frames(), "--out", tmp_path / "out", "--model", model, "--no-aep", "--mattes", "tree"]
    counts = []
    for more in ([], [], ["--seed", 5]):
        _, lines = render_json(*arguments, *more)
        ended = next(line for line in lines if line["event"] == "done")
        counts.append((ended["painted"], ended["kept"]))
    assert counts == [(4, 0), (0, 4), (4, 0)]


def test_a_frame_without_its_matte_is_painted_again(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    out = tmp_path / "out"
    arguments = [colour_frames(), "--out", out, "--model", model, "--no-aep", "--mattes", "tree"]
    render_json(*arguments)
    next((out / "mattes").rglob("*.1003.png")).unlink()
    _, lines = render_json(*arguments)
    assert {line["frame"]: line["state"] for line in lines if line["event"] == "frame"} == {
        1001: "kept",
        1002: "kept",
        1003: "painted",
        1004: "kept",
    }


def test_the_same_request_gives_the_same_pixels(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    labels = colour_frames()
    for out in ("one", "two"):
        semrender("render", labels, "--out", tmp_path / out, "--model", model, "--no-aep")
    for path in (tmp_path / "one").rglob("*.100?.png"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_exr_is_linear_premultiplied_and_tagged(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    labels = colour_frames(only="tree")
    for form in ("png", "exr", "exr-acescg"):
        done = semrender("render", labels, "--out", tmp_path / form, "--model", model, "--format", form, "--no-aep")
        assert done.returncode == 0, done.stderr
    srgb = pixels(next((tmp_path / "png").rglob("*.1001.png"))).astype(np.float64) / 255
    file = OpenEXR.File(str(next((tmp_path / "exr").rglob("*.1001.exr"))))
    linear = file.channels()["RGBA"].pixels
    assert linear.dtype == np.float16
    expected = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)[..., :3] * srgb[..., 3:]
    assert np.abs(linear[..., :3] - expected).max() < 0.005
    assert file.header()["chromaticities"][:2] == pytest.approx((0.64, 0.33))
    aces = OpenEXR.File(str(next((tmp_path / "exr-acescg").rglob("*.1001.exr"))))
    assert aces.header()["chromaticities"][:2] == pytest.approx((0.713, 0.293))
    assert read_delivery(tmp_path / "exr").layers[0].footage.alpha == "PREMULTIPLIED"


def test_a_bad_frame_fails_alone_and_names_itself(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    labels = colour_frames()
    broken = pixels(labels / "shot.1003.png").copy()
    broken[5, 7, :3] = (1, 2, 3)
    Image.fromarray(broken).save(labels / "shot.1003.png")
    done = semrender("render", labels, "--out", tmp_path / "out", "--model", model)
    assert done.returncode == 4
    assert "1 of 4 frames failed" in done.stderr and "frame 1003" in done.stderr and "x 7, y 5" in done.stderr
    assert not (tmp_path / "out" / "delivery.json").exists()
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3


def test_an_exr_that_is_whole_but_damaged_inside_fails_its_own_frame(add_sleep_model, colour_frames, tmp_path):
    """Nobody decodes a night's passes before it begins: what is in them is found out as they are painted."""
    labels, model = tmp_path / "exr", add_sleep_model()
    labels.mkdir()
    for png in colour_frames().iterdir():
        colours = pixels(png).astype(np.float32) / 255
        channels = {name: np.ascontiguousarray(colours[..., at]) for at, name in enumerate("RGBA")}
        OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION}, channels).write(str(labels / f"{png.stem}.exr"))
    broken = labels / "shot.1003.exr"
    content = bytearray(broken.read_bytes())
    content[-100:-80] = bytes(20)
    broken.write_bytes(content)
    done = semrender("render", labels, "--out", tmp_path / "out", "--model", model)
    assert done.returncode == 4 and "1 of 4 frames failed" in done.stderr
    assert "frame 1003" in done.stderr and "copy of it went wrong" in done.stderr and str(broken) in done.stderr
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3


def test_faults_of_the_files_are_all_named_before_rendering(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    labels = colour_frames(count=8)
    (labels / "shot.1003.png").unlink()
    data = (labels / "shot.1005.png").read_bytes()
    (labels / "shot.1005.png").write_bytes(data[: len(data) // 2])
    Image.new("RGB", (32, 18)).save(labels / "shot.1007.png")
    done = semrender("render", labels / "shot.####.png", "--out", tmp_path / "out", "--model", model)
    assert done.returncode == 3
    for words in ("1003", "1005", "incomplete", "1007", "32x18"):
        assert words in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "none"], "no model named 'none'"),
        (["--option", "look=dawn"], "has no option 'look'"),
        (["--layer", "train"], "no layer named train"),
        (["--frames", "2000"], "runs from 1001 to 1004"),
        (["--map", "tree"], "no pair of classes"),
        (["--map", "treee=river"], "has no class 'treee'. Perhaps it is tree"),
        (["--map", "tree=rivver"], "the map leads to 'rivver': the label set coco_stuff has no class 'rivver'"),
        (["--size", "big"], "no size"),
    ],
)
def test_wrong_requests_are_refused_in_words(add_sleep_model, colour_frames, tmp_path, arguments, words):
    model = add_sleep_model()
    done = semrender("render", colour_frames(), "--out", tmp_path / "out", "--model", model, *arguments)
    assert done.returncode == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_declared_classes_settle_a_colour_that_two_classes_share(add_sleep_model, tmp_path):
    """ADE20K's road and skyscraper have one colour."""
    model = add_sleep_model(label_set="ade20k")
    Image.new("RGB", (64, 36), (140, 140, 140)).save(tmp_path / "street.1.png")
    arguments = [
        "render",
        tmp_path / "street.1.png",
        "--out",
        tmp_path / "out",
        "--model",
        model,
        "--label-set",
        "ade20k",
    ]
    done = semrender(*arguments)
    assert done.returncode == 3 and "road, skyscraper" in done.stderr
    done = semrender(*arguments, "--classes", "road,sky")
    assert done.returncode == 0 and "road 100%" in done.stdout


def test_names_with_spaces_and_other_scripts_and_odd_sizes(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    labels = colour_frames(folder="ünï 列車 [final] 100%", name="étiquette #2", size=(63, 35), count=2)
    out = tmp_path / "out put – 列車"
    done = semrender("render", labels, "--out", out, "--model", model)
    assert done.returncode == 0, done.stderr
    assert pixels(next(out.rglob("*.1001.png"))).shape == (35, 63, 4)
    assert list(out.glob("*.aep"))


def test_frames_with_gaps_are_painted_without_a_delivery(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    out = tmp_path / "out"
    done = semrender("render", colour_frames(), "--out", out, "--model", model, "--frames", "1001,1004")
    assert done.returncode == 0 and "have gaps" in done.stdout
    assert not (out / "delivery.json").exists()
    done = semrender("render", colour_frames(), "--out", out, "--model", model)
    assert "2 frames painted, 2 kept" in done.stdout and (out / "delivery.json").exists()


def start(arguments, **options):
    if os.name == "posix":  # also where the tests run in the background, which ignores Ctrl-C
        options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        [sys.executable, "-m", "semrender", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **options,
    )


def wait_for_frames(out, count):
    wait_for(lambda: len(list(out.rglob("*.png"))) >= count, seconds=60)


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    gate(3)
    labels, out = colour_frames(count=40), tmp_path / "out"
    process = start(["render", labels, "--out", out, "--model", model])
    wait_for_frames(out, 3)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Run the same command again" in words and "Traceback" not in words
    assert not list(out.rglob("*.tmp*")) and not workers_left()


@pytest.mark.skipif(os.name == "nt", reason="kills processes by signal")
def test_a_killed_server_gives_one_message_and_running_again_finishes(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    gate(5)
    labels, out = colour_frames(count=30), tmp_path / "out"
    process = start(["render", labels, "--out", out, "--model", model])
    wait_for_frames(out, 5)
    server = next(child for child in psutil.Process(process.pid).children() if "serve" in child.cmdline())
    server.kill()
    _, words = process.communicate(timeout=30)
    assert process.returncode == 5
    last = words.strip().splitlines()[-1]
    assert "the server stopped in the middle of the work" in last and "run the same command again" in last
    wait_for(lambda: not workers_left())  # the worker must not outlive its broker
    gate(None)
    for path in out.rglob("*.png"):
        assert outputs.read_metadata(path) is not None, "only whole files stand under final names"
    done, lines = render_json(labels, "--out", out, "--model", model)
    ended = next(line for line in lines if line["event"] == "done")
    assert done.returncode == 0 and ended["kept"] >= 5 and ended["painted"] + ended["kept"] == 30


@pytest.mark.skipif(os.name == "nt", reason="kills processes by signal")
def test_a_killed_worker_is_replaced_and_the_job_finishes(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    gate(4)
    labels, out = colour_frames(count=20), tmp_path / "out"
    process = start(["--json", "render", labels, "--out", out, "--model", model, "--no-aep"])
    wait_for_frames(out, 4)
    children = psutil.Process(process.pid).children(recursive=True)
    next(child for child in children if "inference_server.worker.worker" in child.cmdline()).kill()
    gate(None)
    text, words = process.communicate(timeout=60)
    assert process.returncode == 0, words
    ended = next(line for line in map(json.loads, text.splitlines()) if line["event"] == "done")
    # A frame that was on disk, but not yet reported, is found there by the next worker.
    assert ended["painted"] + ended["kept"] == 20 and ended["kept"] <= 4

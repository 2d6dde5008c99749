"""Devices and precisions as users ask for them: what is there is named, what is not is refused in words."""

import json
import os
import subprocess
import sys
from argparse import ArgumentTypeError

import pytest

from inference_server.broker.requests import settled
from inference_server.commands.progress import show_report
from inference_server.models import precision
from inference_server.models.checkpoint import PRECISION
from inference_server.models.device_names import device_name
from inference_server.models.devices import choose_device
from inference_server.models.precision import Half
from inference_server.worker import outputs
from shared.errors import InputRefused, ModelRefused
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import running_server

# What the libraries are told, to be on another processor than this one.
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "NUMBA_CPU_NAME": "haswell"}
CASCADE_LAKE = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"}
X86 = precision.half_of("cpu").factor is not None or "AVX2" in precision.half_of("cpu").device
needs_avx512 = pytest.mark.skipif(precision.half_of("cpu").factor is None, reason="this processor has no AVX-512")


def painted(out):
    """Header of the first frame."""
    return outputs.read_metadata(next(iter(sorted(out.glob("shot/*.png")))))


def render(folder, out, model, *more, **environment):
    arguments = ("render", folder, "--out", out, "--model", model, "--device", "cpu", "--no-aep", "--frames", "1001")
    return semrender("--json", *arguments, *more, env={**os.environ, **environment})


@pytest.fixture
def half_model(add_sleep_model):
    """A stand-in that may be asked for a precision, as the shipped model may."""
    return add_sleep_model("choosy", options=[PRECISION])


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:x", "cuda:-1", "cuda:", "cuda:01", "cpu:0", "mps:0", ""])
def test_an_unknown_name_is_none(name):
    with pytest.raises(ArgumentTypeError, match="say auto, cpu, cuda, cuda:N or mps"):
        device_name(name)


@pytest.mark.parametrize(
    "command", [("render", ".", "--out", "x"), ("demo",), ("check", "."), ("serve",), ("train", ".")]
)
def test_an_unknown_device_is_a_wrong_argument(command):
    done = semrender(*command, "--device=tpu")
    assert done.returncode == 2 and "there is no device named 'tpu'" in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "mps"])
def test_a_known_name_is_taken(name):
    assert device_name(name) == name


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    if sys.platform == "darwin":
        pytest.skip("a Mac has mps")


@pytest.mark.parametrize("name", ["cuda:7", "mps"])
def test_a_device_that_is_not_here_is_refused_in_words(name, no_gpu, add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    done = semrender("render", colour_frames(), "--out", tmp_path / "out", "--model", model, "--device", name)
    assert done.returncode == 3, (done.stdout, done.stderr)
    assert f"there is no device {name} here" in done.stderr and "Leave out --device" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "out" / "shot").exists()


def test_a_server_for_a_device_that_is_not_here_ends_in_words_and_loses_no_job(no_gpu):
    done = subprocess.run(
        [sys.executable, "-m", "semrender", "serve", "--device", "cuda:3"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 3 and "there is no device cuda:3 here" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_choosing_a_device_that_is_not_here_raises(no_gpu):
    with pytest.raises(InputRefused, match="no device mps here"):
        choose_device("mps")
    assert choose_device("auto").name == "cpu"


def test_the_device_is_named_before_painting_and_in_what_was_made(half_model, colour_frames, tmp_path):
    done = render(colour_frames(), tmp_path / "out", half_model)
    events = {line["event"]: line for line in map(json.loads, done.stdout.splitlines())}
    about = precision.half_of("cpu").device
    assert events["checked"]["device"] == {"name": "cpu", "about": about, "half": precision.half_of("cpu").factor}
    assert events["checked"]["layers"][0]["precision"] == "float32"
    assert events["made"]["device"] == events["checked"]["device"]
    assert events["made"]["server"].startswith("tcp://127.0.0.1:")
    assert painted(tmp_path / "out")["device"] == about


def test_the_first_lines_name_the_device_its_precision_and_what_the_other_would_gain(capsys):
    layer = {"name": "a", "model": "m", "precision": "float32", "classes": [], "guessed": 0}
    report = {"shot": "s", "first": 1, "last": 2, "size": None, "fps": 24.0, "layers": [layer], "warnings": []}
    device = {"name": "cpu", "about": "processor with AMX", "half": 2.0}
    for change, words in (
        ({}, "in float32 (--option precision=auto: about 2 times as fast)\n"),
        ({"half": 0.3}, "in float32\n"),
        ({"half": None}, "in float32\n"),
    ):
        show_report({**report, "device": {**device, **change}})
        assert capsys.readouterr().out.splitlines(True)[0].endswith(f", on the processor with AMX {words}")
    show_report({**report, "layers": [], "device": device})  # refused before a layer was looked at
    assert capsys.readouterr().out == "s: frames 1-2, 24 fps, on the processor with AMX\n"
    show_report(report)  # of a job of before
    assert "on the" not in capsys.readouterr().out


def test_another_device_than_the_running_servers_is_refused(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    with running_server() as client:
        while not client.hello("test")["workers"][0]["ready"]:
            pass
        done = semrender("render", colour_frames(), "--out", tmp_path / "out", "--model", model, "--device", "cuda")
        assert done.returncode == 5 and "paints on cpu, not on cuda" in done.stderr


# Precision


def test_auto_is_settled_by_the_device_and_is_the_same_picture_as_what_it_stands_for(
    half_model, colour_frames, tmp_path
):
    """Under its own key: what was painted by name is kept by `auto`, and the other way round."""
    takes = "half" if precision.half_of("cpu").gains else "float32"
    folder, out = colour_frames(), tmp_path / "out"
    assert render(folder, out, half_model, "--option", f"precision={takes}").returncode == 0
    named = painted(out)
    done = render(folder, out, half_model, "--option", "precision=auto")
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-2])["kept"] == 1
    assert painted(out)["options"] == {"precision": takes} and painted(out)["key"] == named["key"]


def test_the_default_is_float32_whatever_the_device(half_model, colour_frames, tmp_path):
    assert render(colour_frames(), tmp_path / "out", half_model).returncode == 0
    assert painted(tmp_path / "out")["options"] == {"precision": "float32"}


@pytest.mark.skipif(not X86, reason="imitates a processor by what an x86 one leaves out")
def test_half_on_a_processor_without_it_is_refused_in_words_and_auto_paints(half_model, colour_frames, tmp_path):
    folder, out = colour_frames(), tmp_path / "out"
    done = render(folder, out, half_model, "--option", "precision=half", **AVX2)
    assert done.returncode == 3, (done.stdout, done.stderr)
    assert "precision=half cannot be had here" in done.stderr and "AVX2" in done.stderr
    assert "Use precision=auto" in done.stderr and "Traceback" not in done.stderr
    done = render(folder, out, half_model, "--option", "precision=auto", **AVX2)
    assert done.returncode == 0 and painted(out)["options"] == {"precision": "float32"}


@needs_avx512
def test_half_where_it_loses_is_warned_of_and_auto_takes_float32(half_model, colour_frames, tmp_path):
    folder, out = colour_frames(), tmp_path / "out"
    done = render(folder, out, half_model, "--option", "precision=half", **CASCADE_LAKE)
    (checked,) = [line for line in map(json.loads, done.stdout.splitlines()) if line["event"] == "checked"]
    assert done.returncode == 0 and painted(out)["options"] == {"precision": "half"}
    assert any("times as long as float32" in words and "precision=auto" in words for words in checked["warnings"])
    done = render(folder, tmp_path / "auto", half_model, "--option", "precision=auto", **CASCADE_LAKE)
    assert painted(tmp_path / "auto")["options"] == {"precision": "float32"}


@needs_avx512
@pytest.mark.parametrize(
    ("isa", "words", "gains"),
    [("AVX2", "AVX2", False), ("AVX512_CORE", "without bfloat16", False), ("avx2", "AVX2", False)],
)
def test_the_libraries_limit_is_ours(isa, words, gains, monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", isa)
    found = precision.half_of("cpu")
    assert words in found.device and found.gains is gains


def test_a_model_of_its_own_refuses_half_in_words(monkeypatch):
    monkeypatch.setattr(precision, "half_of", lambda device: Half("processor with AVX2", False, False))
    with pytest.raises(ModelRefused, match="cannot be had here"):
        precision.is_half({"precision": "half"}, "cpu")
    assert not precision.is_half({"precision": "auto"}, "cpu") and not precision.is_half({}, "cpu")
    monkeypatch.setattr(precision, "half_of", lambda device: Half("a card", True, True))
    assert precision.is_half({"precision": "auto"}, "cuda:0")


def test_settling_a_job_changes_what_is_auto_and_nothing_else():
    def spec(*options):
        return {"models": {str(n): {"hash": "h", "options": each} for n, each in enumerate(options)}, "shot": {"a": 1}}

    asked = spec({"precision": "auto", "look": "auto"}, {"precision": "half"}, {})
    assert settled(asked, True) == spec({"precision": "half", "look": "auto"}, {"precision": "half"}, {})
    assert settled(asked, False) == spec({"precision": "float32", "look": "auto"}, {"precision": "half"}, {})
    assert settled(spec({"precision": "float32"}), True) is None


@pytest.mark.skipif(not X86, reason="imitates a processor by what an x86 one leaves out")
def test_the_shipped_model_paints_with_avx2_alone(colour_frames, tmp_path):
    """The same picture, in vectors of eight: one code of 255 apart at most."""
    import numpy as np
    from PIL import Image

    folder = colour_frames()
    for out, environment in (("here", {}), ("there", AVX2)):
        done = render(folder, tmp_path / out, "countryside", "--option", "precision=auto", **environment)
        assert done.returncode == 0, done.stderr
    here, there = (np.asarray(Image.open(next(tmp_path.glob(f"{out}/shot/*.png"))), int) for out in ("here", "there"))
    assert painted(tmp_path / "there")["options"]["precision"] == "float32"
    limit = 1 if painted(tmp_path / "here")["options"]["precision"] == "float32" else 24
    assert abs(here - there).max() <= limit

"""Every command says what it refuses in the same words: one sentence, an exit code, an object with `--json`."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT, semrender
from tests.inference_server.servers import kill, start_server

PASSES = ROOT / "tests" / "data" / "passes"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The state folder of a server that all cases of this file share."""
    folder = tmp_path_factory.mktemp("shared-state")
    process = start_server(SEMRENDER_HOME=str(folder))
    yield folder
    kill(process)


def says(home, *arguments, code, **environment):
    """What a command says on standard error, after the promises that hold for every refusal were looked at."""
    env = {**os.environ, "SEMRENDER_HOME": str(home), **environment}
    plain = semrender(*arguments, env=env)
    as_json = semrender("--json", *arguments, env=env)
    for found in (plain, as_json):
        assert found.returncode == code, found.stderr
        assert "Traceback" not in found.stdout + found.stderr
    error = [json.loads(line) for line in as_json.stdout.splitlines()][-1]
    assert error["event"] == "error"
    assert error["what"] in plain.stderr
    assert error["what"] in as_json.stderr
    return plain.stderr


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("anti_aliased.png", "anti-aliasing"),
        ("agx_view.png", "view transform"),
        ("dithered.png", "no class of coco_stuff"),
        ("lossy.jpg", "JPEG"),
        ("cut.png", "cut"),
        ("cut.exr", "cut"),
        ("header_only.exr", ""),
        ("spec_special_chars.exr", "--names"),
    ],
)
def test_check_refuses_a_pass_in_the_words_of_render(home, tmp_path, file, words):
    shutil.copy(PASSES / file, tmp_path / f"label.1001{Path(file).suffix}")

    check = says(home, "check", tmp_path, code=3)
    render = says(home, "render", tmp_path, "--out", tmp_path / "out", code=3)

    assert words in check
    assert check == render


def test_check_says_what_it_found_beside_the_problem(home, tmp_path):
    for frame in (1001, 1003):
        shutil.copy(PASSES / "clean.png", tmp_path / f"label.{frame}.png")

    found = semrender("check", tmp_path, env={**os.environ, "SEMRENDER_HOME": str(home)})

    assert "frames 1001-1003" in found.stdout
    assert "lacks 1 of 3 frames: 1002" in found.stderr

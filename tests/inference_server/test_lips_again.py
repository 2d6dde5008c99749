"""The same request gives the same bytes: again, after frames were lost, and after the job was killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from shared import places
from tests.conftest import ROOT, semrender
from tests.inference_server.speakers import add_known
from tests.inference_server.test_lips import clicks, plate_of

COUNT = 10


@pytest.fixture
def asked(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    add_known(places.models_folder(), loud=3.0)
    plate, sound = plate_of(tmp_path / "plate", COUNT), clicks(tmp_path / "voice.wav", [2, 6])

    def arguments(out):
        return (
            *("render", plate, "--model", "known", "--audio", sound, "--out", out, "--no-aep", "--movie", "none"),
            *("--consent", "synthetic-or-fictional", "--option", "score=0.6"),
        )

    return arguments


def files(out):
    return {file.name: file.read_bytes() for file in (out / "plate").iterdir() if not file.name.startswith(".")}


def test_the_same_bytes_again_and_after_a_kill(asked, tmp_path):
    once = tmp_path / "once"
    done = semrender(*asked(once))
    assert done.returncode == 0, done.stderr
    wanted = files(once)
    assert len(wanted) == COUNT + 1 and "plate.jsonl" in wanted
    for name in list(wanted)[:3]:
        (once / "plate" / name).unlink()
    assert semrender(*asked(once)).returncode == 0 and files(once) == wanted

    killed = tmp_path / "killed"
    command = [sys.executable, "-m", "semrender", *map(str, asked(killed))]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, start_new_session=True, **quiet)
    until = time.monotonic() + 120
    while not list((killed / "plate").glob("*.png")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert semrender(*asked(killed)).returncode == 0 and files(killed) == wanted

"""A machine's server for a farm: there for all chunks, found by them, ended at the end, whatever became of it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from inference_server.farm.session import devices_given
from shared import places
from tests.conftest import ROOT, semrender
from tests.inference_server.farm.conftest import farm, files, paintings
from tests.inference_server.servers import wait_for


def told(done):
    """The environment of an `enter`, as an engine reads it."""
    lines = [line.removeprefix("openjd_env: ") for line in done.stdout.splitlines() if line.startswith("openjd_env: ")]
    return dict(line.split("=", 1) for line in lines)


def server_of(home):
    found = places.read_json(home / "connection.json")
    return None if found is None else psutil.Process(found["pid"])


def gone(process):
    """Dead; in a container nobody may have taken note of it."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def entered(tmp_path, state_folder):
    """A session as an engine begins it: nothing of it is left behind, whatever the test did."""
    home = tmp_path / "session" / "semrender"
    done = farm("enter", "--home", home, "--models", state_folder / "models", "--device", "cpu")
    process = server_of(home)
    yield home, done
    for one in [*process.children(recursive=True), process] if process.is_running() else []:
        one.kill()


def test_it_is_begun_found_by_chunks_and_ended(entered, farm_shot, tmp_path):
    home, done = entered
    environment = told(done)
    assert environment["SEMRENDER_HOME"] == str(home) and environment["SEMRENDER_MODELS"] == str(places.models_folder())
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["openjd_env"] * 2 + ["openjd_status"]
    process, shot = server_of(home), farm_shot()
    inside = {**os.environ, **environment}
    for block in ("83", "84"):
        farm("chunk", shot, "--out", tmp_path / "out", "--blocks", block, "--progress", "openjd", env=inside)
    jobs = semrender("--json", "jobs", env=inside).stdout
    assert jobs.count('"state": "done"') == 2 and jobs.count('"name": "sh"') == 2, "by the one server"
    assert len(files(tmp_path / "out")) == 12 and paintings(home) == 12
    farm("leave", env=inside)
    assert gone(process) and not (home / "connection.json").exists()
    assert "no server runs" in farm("leave", env=inside).stdout


def test_it_holds_no_pipe_and_no_session_of_whoever_began_it(entered):
    process = server_of(entered[0])
    assert os.getsid(process.pid) != os.getsid(0)
    targets = [str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in range(3)]
    assert targets[0] == os.devnull and all(target.endswith("farm-server.log") for target in targets[1:])


def test_a_second_enter_finds_the_first(entered, state_folder):
    home, done = entered
    again = farm("enter", "--home", home, "--models", state_folder / "models")
    assert told(again) == told(done) and "goes on" in again.stdout


def test_one_that_hangs_is_killed(entered):
    home, _ = entered
    process = server_of(home)
    process.suspend()
    began = time.monotonic()
    done = farm("leave", "--home", home)
    assert "was killed" in done.stdout and time.monotonic() - began < 60
    assert gone(process) and not (home / "connection.json").exists()


def test_a_device_that_is_not_there_is_said_and_nothing_is_left(tmp_path):
    home = tmp_path / "home"
    done = farm("enter", "--home", home, "--device", "cuda:7", code=5)
    assert done.stdout.startswith("openjd_fail: ") and "no server could be started" in done.stdout
    assert "cuda:7" in done.stdout and not done.stderr and server_of(home) is None


def test_the_numbers_of_a_process_that_is_not_ours_kill_nobody(tmp_path):
    home = tmp_path / "home"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=ROOT) as other:
        places.write_json(home / "connection.json", {"address": "tcp://127.0.0.1:1", "pid": other.pid})
        assert "no server runs" in farm("leave", "--home", home).stdout
        assert other.poll() is None
        other.communicate(b"\n")


def test_the_cards_that_a_queue_gave_are_obeyed():
    assert devices_given({"CUE_GPU_CORES": "0,2"}) == {"CUDA_VISIBLE_DEVICES": "0,2"}
    assert devices_given({"CUE_GPU_CORES": "0,2", "CUDA_VISIBLE_DEVICES": "1"}) == devices_given({}) == {}


def test_models_of_all_machines_are_read_and_a_users_own_goes_before(add_sleep_model, tmp_path, monkeypatch):
    from inference_server.models import catalogue, sleep

    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("SEMRENDER_HOME", str(tmp_path / "many"))
        sleep.add("common", 0.0)
        sleep.add("both", 0.5)
    add_sleep_model("both")
    assert "common" not in catalogue.available_cards()[0]
    monkeypatch.setenv("SEMRENDER_MODELS", os.pathsep.join([str(tmp_path / "none"), str(tmp_path / "many" / "models")]))
    assert catalogue.find_card("common").folder == tmp_path / "many" / "models" / "common"
    assert catalogue.find_card("both").folder == places.models_folder() / "both"


def test_a_server_that_is_killed_is_begun_again_and_what_it_painted_is_kept(
    entered, farm_shot, add_sleep_model, tmp_path
):
    """Amid a chunk, with its painter: the same command again finishes, and paints no frame a second time."""
    home, done = entered
    add_sleep_model("gated", config={"seconds": 0, "gate": True, "tally": True})
    shot, out = farm_shot(model="gated"), tmp_path / "out"
    inside = {**os.environ, **told(done)}
    (home / "gate").write_text("5")
    command = [sys.executable, "-m", "semrender", "farm", "chunk", str(shot), "--out", str(out), "--blocks", "83-84"]
    with subprocess.Popen([*command, "--progress", "openjd"], cwd=ROOT, env=inside, stdout=subprocess.PIPE) as chunk:
        wait_for(lambda: len(list(out.glob("all/*.png"))) == 5)
        process = server_of(home)
        for one in [*process.children(recursive=True), process]:
            one.kill()
        chunk.kill()  # as an engine that gave the task up
    (home / "gate").unlink()
    before = {file: file.stat().st_mtime_ns for file in out.glob("all/*.png")}
    again = farm("enter", "--home", home, "--models", places.models_folder(), "--device", "cpu")
    try:
        said = farm("chunk", shot, "--out", out, "--blocks", "83-84", "--progress", "openjd", env=inside).stdout
    finally:
        farm("leave", env=inside)
    assert told(again) == told(done) and "openjd_progress: 100.0" in said
    assert {file: file.stat().st_mtime_ns for file in before} == before and len(files(out)) == 12
    assert 12 <= paintings(home) <= 12 + 4, "but for what it had in hand"

"""A worker that outlives its broker writes nothing any more."""

import subprocess
import sys

import psutil
import pytest

from inference_server.worker import fence
from tests.conftest import ROOT

LATE = """
import sys
from pathlib import Path
from inference_server.worker import fence, outputs
fence.stand_before(int(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
outputs.place(Path(sys.argv[2]), b"late")
"""


@pytest.fixture
def broker():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("how", ["alive", "killed", "killed and not waited for"])
def test_what_is_written_after_the_broker_died_is_not_put_in_place(how, broker, tmp_path):
    """The worker stands between its reading and its rename, as one that was stopped does; then it goes on."""
    file = tmp_path / "a.png"
    file.write_bytes(b"of the next server")
    command = [sys.executable, "-c", LATE, str(broker.pid), str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as worker:
        assert worker.stdout.readline() == b"ready\n"
        if how != "alive":
            broker.kill()
            gone = psutil.Process(broker.pid)
            while gone.is_running() and gone.status() != psutil.STATUS_ZOMBIE:
                pass
        if how == "killed":
            broker.wait()
        worker.communicate(b"go on\n", timeout=60)
    assert worker.returncode == (0 if how == "alive" else fence.ORPHANED)
    assert file.read_bytes() == (b"late" if how == "alive" else b"of the next server")
    assert [left.name for left in tmp_path.iterdir()] == ["a.png"], "nothing half-written is left"


def test_a_worker_that_starts_after_its_broker_died_leaves(broker, tmp_path):
    broker.kill()
    broker.wait()
    command = [sys.executable, "-c", LATE, str(broker.pid), str(tmp_path / "a.png")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, cwd=ROOT, timeout=60)
    assert done.returncode == fence.ORPHANED and done.stdout == b""

"""What a farm sends to end a command ends its job, also on a server that runs on."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.inference_server.servers import running_server, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")


def started(*arguments):
    command = [sys.executable, "-m", "semrender", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def commands(farm_shot, add_gated_model, tmp_path):
    """A shot of a model that waits, painted by each command that waits for its job."""
    shot = farm_shot(model=add_gated_model("gated"))
    chunk = ("farm", "chunk", shot, "--out", tmp_path / "out", "--blocks", "83-84")
    return {
        "render": ("render", shot, "--out", tmp_path / "out"),
        "chunk": (*chunk, "--progress", "none"),
        "openjd": (*chunk, "--progress", "openjd"),
    }


@pytest.mark.parametrize(
    "name, number",
    [("render", signal.SIGTERM), ("chunk", signal.SIGTERM), ("chunk", signal.SIGINT), ("openjd", signal.SIGTERM)],
)
def test_the_job_is_cancelled_on_a_server_that_runs_on(commands, name, number, gate):
    with running_server() as client:
        gate(2)
        process = started(*commands[name])
        wait_for(lambda: [job for job in client.jobs() if job["done"] == 2])
        process.send_signal(number)
        wait_for(lambda: [job["state"] for job in client.jobs()] == ["cancelled"])
        said = process.communicate(timeout=60)
        assert process.returncode == 130, said
        gate(None)
        client.request("ping")
    assert ("openjd_fail: stopped" in said[0]) if name == "openjd" else ("semrender: stopped" in said[1])


@pytest.mark.parametrize("name", ["render", "chunk"])
def test_a_server_of_its_own_ends_with_it(commands, name, gate, state_folder):
    from tests.inference_server.test_render import workers_left

    gate(2)
    process = started(*commands[name])
    wait_for(workers_left)
    process.send_signal(signal.SIGTERM)
    gate(None)
    process.communicate(timeout=60)
    assert process.returncode == 130
    wait_for(lambda: not workers_left())


def test_a_job_that_is_on_its_way_when_the_signal_comes_is_withdrawn(commands, gate, monkeypatch, tmp_path, capsys):
    """The signal comes after the server has the job and before the command knows it."""
    from semrender import main
    from shared.client import Client

    sent = Client.submit

    def interrupted(self, *arguments):
        sent(self, *arguments)
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("unreachable")

    monkeypatch.setattr(Client, "submit", interrupted)
    with running_server() as client:
        assert main([str(word) for word in commands["chunk"]]) == 130
        assert [job["state"] for job in client.jobs()] == ["cancelled"]
        gate(None)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

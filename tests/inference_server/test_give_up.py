"""A machine on which no worker starts: every job is told why."""

import subprocess

from inference_server import broker as module
from inference_server.broker import Broker
from inference_server.supervisor import Worker
from tests.conftest import ROOT


def test_jobs_fail_in_words_when_no_worker_starts(monkeypatch, add_sleep_model, tmp_path):
    started = []

    def start_broken(address, device):
        """A real process that ends at once, as one with a damaged torch does."""
        process = subprocess.Popen(["python3", "-c", "raise SystemExit(3)"], stdin=subprocess.PIPE, cwd=ROOT)
        started.append(process)
        return Worker(device, process, str(len(started)).encode())

    monkeypatch.setattr(module, "start_worker", start_broken)
    broker = Broker("test", "cpu")
    shot = {
        "name": "s",
        "fps": 24,
        "first": 1,
        "last": 2,
        "model": add_sleep_model(),
        "layers": [{"name": "a", "labels": "a.#.png"}],
    }
    job = broker._open({"shot": shot, "base": str(tmp_path), "out": str(tmp_path / "out")}, [], only_check=False)
    for _ in range(module.STARTS):
        started[-1].wait(10)
        broker._supervise()
    broker.clients.close()
    broker.backstage.close()
    assert len(started) == module.STARTS
    assert job.state == "failed" and "no worker could be started" in job.errors[0]["what"]

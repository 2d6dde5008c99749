"""A machine on which no worker starts: every job is told why."""

import subprocess

from inference_server import broker as module
from inference_server.broker import Broker, Settings
from inference_server.requests import job_spec
from inference_server.supervisor import Worker
from tests.conftest import ROOT


def test_jobs_fail_in_words_when_no_worker_starts(monkeypatch, add_sleep_model, tmp_path):
    started = []

    def start_broken(address, device, models_mib):
        """A real process that ends at once, as one with a damaged torch does."""
        process = subprocess.Popen(["python3", "-c", "raise SystemExit(3)"], stdin=subprocess.PIPE, cwd=ROOT)
        started.append(process)
        return Worker(device, process, str(len(started)).encode())

    monkeypatch.setattr(module, "start_worker", start_broken)
    broker = Broker(Settings("test", "cpu"))
    shot = {
        "name": "s",
        "fps": 24,
        "first": 1,
        "last": 2,
        "model": add_sleep_model(),
        "layers": [{"name": "a", "labels": "a.#.png"}],
    }
    out = tmp_path / "out"
    broker.jobs.open("a", job_spec({"shot": shot}, tmp_path, out, None, uploaded=False))
    for _ in range(module.STARTS):
        started[-1].wait(10)
        broker.turn(messages=False)
    assert len(started) == module.STARTS
    assert broker.jobs.summary("a")["state"] == "failed"
    assert "no worker could be started" in broker.jobs.errors("a")[0]["what"]
    broker.close()

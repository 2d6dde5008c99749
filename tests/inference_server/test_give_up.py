"""A machine on which no worker starts: the jobs wait and say why, or, where nobody could wait, fail in words."""

import subprocess

import pytest

from inference_server.broker import crew
from inference_server.broker.broker import Broker
from inference_server.broker.requests import job_spec
from inference_server.broker.settings import Settings
from inference_server.broker.supervisor import Worker
from shared import protocol
from shared.errors import InputRefused
from tests.conftest import ROOT


@pytest.fixture
def starts(monkeypatch):
    """The processes that were started as workers, each real and ended at once, as with a damaged torch."""
    started = []

    def start_broken(way, device, *_):
        if len(started) == 1:  # so little memory that there is no further process
            started.append(None)
            raise BlockingIOError(11, "Resource temporarily unavailable")
        process = subprocess.Popen(["python3", "-c", "raise SystemExit(3)"], stdin=subprocess.PIPE, cwd=ROOT)
        started.append(process)
        return Worker(device, process, str(len(started)).encode())

    monkeypatch.setattr(crew, "start_worker", start_broken)
    monkeypatch.setattr(crew, "MOST_SECONDS", 0.0)
    return started


def fail_to_start(broker, starts, times):
    for _ in range(4 * times):
        if starts[-1] is not None:
            starts[-1].wait(10)
        broker.turn(messages=False)
        if len(starts) > times:
            break
    assert len(starts) > times


def spec(model, tmp_path):
    shot = {"name": "s", "fps": 24, "first": 1, "last": 2, "model": model}
    shot["layers"] = [{"name": "a", "labels": "a.#.png"}]
    return job_spec({"shot": shot}, tmp_path, tmp_path / "out", None, uploaded=False)


def test_jobs_of_a_private_server_fail_in_words(starts, add_sleep_model, tmp_path):
    broker = Broker(Settings("test", "cpu"))
    broker.jobs.open("a", spec(add_sleep_model(), tmp_path))
    fail_to_start(broker, starts, crew.STARTS)
    assert broker.jobs.summary("a")["state"] == "failed"
    (error,) = broker.jobs.errors("a")
    assert "no worker could be started" in error["what"] and "ended with code 3" in error["cause"]
    broker.close()


def test_jobs_of_a_server_wait_and_go_on_when_a_worker_is_ready(starts, add_sleep_model, tmp_path):
    broker = Broker(Settings("test", "cpu", ledger=tmp_path / "ledger.sqlite"))
    model = add_sleep_model()
    broker.jobs.open("a", spec(model, tmp_path))
    broker.jobs.open("asked", spec(model, tmp_path))
    broker.jobs.open("only looked at", spec(model, tmp_path), only_check=True)
    broker.jobs.pause("asked", "asked")
    fail_to_start(broker, starts, crew.STARTS)
    assert broker.jobs.summary("a")["state"] == "paused"
    assert "no worker: none could be started, the last one ended with code 3" in broker.jobs.summary("a")["paused"]
    assert broker.jobs.summary("only looked at")["state"] == "failed", "somebody waits in front of it"
    broker.jobs.open("later", spec(model, tmp_path))
    fail_to_start(broker, starts, crew.STARTS + 5)
    assert broker.jobs.summary("later")["state"] == "paused" and broker.jobs.summary("a")["failed"] == 0
    broker.ledger.commit()
    told = [name for _, name, _ in broker.jobs.events("a", 0)]
    assert told == ["paused"], "once, however often it is tried"
    process = subprocess.Popen(["python3", "-c", "input()"], stdin=subprocess.PIPE)
    worker = Worker("cpu", process, b"w")
    broker.crew.workers[b"w"] = worker
    broker.crew._ready(worker, {"device": "cpu"})
    assert broker.jobs.summary("a")["state"] == broker.jobs.summary("later")["state"] == "checking"
    assert broker.jobs.summary("asked")["paused"] == "asked"
    broker.close()


def test_a_device_that_was_here_and_is_gone_is_waited_for_in_its_own_words(starts, add_sleep_model, tmp_path):
    """A driver that is being updated: the worker says why it cannot have its device, and one failed start is enough."""
    broker = Broker(Settings("test", "cpu", ledger=tmp_path / "ledger.sqlite"))
    broker.jobs.open("a", spec(add_sleep_model(), tmp_path))
    process = subprocess.Popen(["python3", "-c", "input()"], stdin=subprocess.PIPE)
    worker = Worker("cuda:0", process, b"w")
    starts[0].wait(10)
    broker.crew.workers = {b"w": worker}
    broker.crew._ready(worker, {"device": "cuda:0"})
    process.kill()
    process.wait()
    broker.turn(messages=False)  # one start fails for want of memory
    broker.turn(messages=False)
    (again,) = [one for one in broker.crew.workers.values() if one.device == "cuda:0"]
    refusal = InputRefused("there is no device cuda:0 here").to_dict()
    broker.crew.heard(again.name, protocol.pack({"refused": refusal}))
    assert broker.crew.unfit is None, "the server stays: its device was here"
    again.process.wait(10)
    broker.turn(messages=False)
    assert "there is no device cuda:0 here" in broker.jobs.summary("a")["paused"]
    broker.close()

"""Real servers for the tests: started as a user starts them, killed as the night kills them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

from shared import places
from shared.client import Client
from shared.connection import known_connection
from shared.label_set import load_label_set
from shared.shot_input import shot_from_input
from tests.conftest import ROOT


def start_server(*arguments, **environment):
    """A server process that has said where it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "semrender", "serve", "--device", "cpu", "--reserve-mib", "1", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    line = process.stdout.readline()
    assert "serves on" in line, line
    return process


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


def stop(process, seconds=30):
    (places.home() / "gate").unlink(missing_ok=True)  # it finishes what it has in hand
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
    process.stdout.close()


@contextmanager
def running_server(*arguments, **environment):
    """A server and a client of it."""
    process = start_server(*arguments, **environment)
    try:
        with Client(places.read_json(places.connection_file()), find=known_connection) as client:
            yield client
    finally:
        stop(process)


def job_of(folder, out, model, **more):
    shot, base = shot_from_input(str(folder))
    return {"shot": {**shot.to_dict(), "model": model}, "base": str(base.resolve()), "out": str(out), **more}


def wait_for(condition, seconds=30.0, every=0.02):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(every)
    return found


def channel_of(name, label_set="coco_stuff"):
    """The channel of a class in the stand-in's table."""
    labels = load_label_set(label_set)
    return [label.id for label in labels.labels].index(labels.find(name).id)

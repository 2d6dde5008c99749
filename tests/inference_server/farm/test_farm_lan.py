"""A server with --farm and a machine that joins, as real processes: the whole way of a job, and what may die on it."""

import os
import random
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import zmq

from inference_server.farm.joined import kept
from inference_server.models import sleep
from inference_server.tasks import OUTCOMES
from shared import places
from shared.client import Client
from shared.connection import knock, known_connection
from shared.errors import InputRefused, ServerError, from_dict
from tests.conftest import ROOT, semrender
from tests.inference_server.farm.conftest import files, paintings, spoil
from tests.inference_server.servers import job_of, wait_for

SECONDS = 240.0  # for what takes five on a machine with nothing else to do


def three_ports():
    """The first of three free ports in a row, none of which the system gives to whoever asks for any."""
    for first in random.sample(range(10_000, 30_000), 100):
        with ExitStack() as stack:
            try:
                for port in range(first, first + 3):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
                return first
            except OSError:
                continue
    raise AssertionError("no three ports in a row are free")


@contextmanager
def process(*words, home, **more):
    """A command that runs until it is stopped, with the lines that it says."""
    environment = {**os.environ, "SEMRENDER_HOME": str(home), "PYTHONUNBUFFERED": "1", **more}
    command = [sys.executable, "-m", "semrender", *map(str, words)]
    with (home / "stderr").open("w") as errors:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": errors}
        started = subprocess.Popen(command, text=True, cwd=ROOT, env=environment, **pipes)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(SECONDS)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
        started.stdout.close()


def line_with(started, word):
    return next(line for line in started.stdout if word in line)


@pytest.fixture(scope="module")
def lan(tmp_path_factory):
    """A server with its farm, and another machine, "two", that has joined it: their processes and state folders."""
    home, other = (tmp_path_factory.mktemp(name) for name in ("home", "two"))
    place = f"127.0.0.1:{three_ports()}"
    with ExitStack() as stack:
        serve = stack.enter_context(process("serve", "--device", "cpu", "--farm", place, home=home))
        code = line_with(serve, "semrender join").split()[-1]
        words, models = ("--name", "two", "--device", "cpu"), {"SEMRENDER_MODELS": str(home / "models")}
        join = stack.enter_context(process("join", place, code, *words, home=other, **models))
        line_with(join, "paints for")
        yield serve, join, home, other


@pytest.fixture(autouse=True)
def state_folder(lan, monkeypatch):
    """That of the server."""
    monkeypatch.setenv("SEMRENDER_HOME", str(lan[2]))
    return lan[2]


@pytest.fixture
def add_sleep_model(state_folder):
    """As everywhere, one that a test before has added is there, and what one has painted is another's picture."""

    def add(name="stand-in", seconds=0.0, config=(), **changes):
        if not (places.models_folder() / name).exists():
            sleep.add(name, seconds, config={"seconds": seconds, **dict(config), "of": name}, **changes)

    return add


@pytest.fixture
def farm(lan, state_folder):
    """A client of the server, both processes, and the other machine's state folder.

    At the end gates are opened and what has not ended is cancelled: a test that fails keeps no other one waiting.
    """
    serve, join, home, other = lan
    with Client(places.read_json(places.connection_file()), find=known_connection) as client:
        wait_for(lambda: len(there(client)) == 2, SECONDS)
        yield client, serve, join, other
        for one in (home, other):
            (one / "gate").unlink(missing_ok=True)
        for job in client.jobs():
            if not job["ended"]:
                client.cancel(job["job"])


def there(client):
    return client.hello("test")["machines"]


def chunk_events(client, job):
    found = client.request("events", {"job": job, "since": 0})[0]["events"]
    return [body for _, name, body in found if name == "chunk"]


def ended(client, job):
    state = client.request("show", {"job": job})[0]["state"]
    return state if state in ("done", "failed", "cancelled") else None


def below(started):
    """Its children and theirs: words of the command -> process."""
    found = psutil.Process(started.pid).children(recursive=True)
    return {" ".join(one.cmdline()): one for one in found}


def one_of(started, words):
    return next(one for command, one in below(started).items() if words in command)


def submitted(client, shot, out, model):
    return client.submit({**job_of(shot, out, model), "part": "farm", "per": 1})


def test_two_machines_paint_one_job_and_nothing_of_it_is_open_to_others(
    farm, farm_shot, add_sleep_model, state_folder, tmp_path
):
    client, serve, join, other = farm
    add_sleep_model("slow", 0.05, config={"gate": True, "tally": True})
    before = {home: paintings(home) for home in (state_folder, other)}
    for home in before:
        (home / "gate").write_text("0")
    shot = farm_shot(count=48, hold="gentle", model="slow")
    job = submitted(client, shot, tmp_path / "out", "slow")
    wait_for(lambda: all(paintings(home) > count for home, count in before.items()), SECONDS)
    for home in before:
        (home / "gate").unlink()
    assert wait_for(lambda: ended(client, job), SECONDS) == "done"
    semrender("render", shot, "--out", tmp_path / "whole", "--here", seconds=SECONDS)
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    workers = [one_of(serve, "join --own"), psutil.Process(join.pid)]
    for one in [*workers, one_of(serve, "farm coordinator")]:
        listens = {found.laddr.ip for found in one.net_connections("tcp") if found.status == psutil.CONN_LISTEN}
        assert listens == {"127.0.0.1"}
        loaded = {Path(found.path).name for found in one.memory_maps()}
        assert not any(name.startswith(("libtorch", "cv2")) for name in loaded)


def test_a_damaged_pass_fails_what_is_made_of_it_and_all_others_are_painted(farm, farm_shot, add_sleep_model, tmp_path):
    client, *_ = farm
    add_sleep_model("quick")
    shot = farm_shot(count=36, layers=("near", "far"), model="quick", far={"hold": "gentle"})
    spoil(shot.parent / "near" / "label.1004.png")
    spoil(shot.parent / "far" / "label.1011.png")  # of which five held pictures are made
    job = submitted(client, shot, tmp_path / "out", "quick")
    assert wait_for(lambda: ended(client, job), SECONDS) == "failed"
    shown = client.request("show", {"job": job})[0]
    there = sum(shown[outcome] for outcome in OUTCOMES)
    assert (shown["failed"], there, shown["done"], shown["total"]) == (6, 66, 66, 72)
    errors = shown["errors"]
    assert {(one["code"], one["layer"], one["frame"]) for one in errors} == {
        ("input", "near", 1004),
        ("input", "far", 1011),
    }
    assert "6 of 72 frames failed" in semrender("jobs", "watch", job, "--out", tmp_path / "out").stderr
    alone = semrender("render", shot, "--out", tmp_path / "whole", "--here", seconds=SECONDS)
    assert alone.returncode == 4 and all(str(from_dict(one)) in alone.stderr for one in errors), "as one machine says"
    assert files(tmp_path / "out") == files(tmp_path / "whole") and len(files(tmp_path / "out")) == 66 + 35
    states = {layer: client.request("pictures", {"job": job, "layer": layer})[0]["states"] for layer in ("near", "far")}
    assert states == {"near": "pppf" + "p" * 32, "far": "p" * 8 + "fffff" + "p" * 23}


def test_the_job_of_a_killed_coordinator_is_finished_by_the_next(
    farm, farm_shot, add_sleep_model, state_folder, tmp_path
):
    client, serve, _, other = farm
    before = paintings(state_folder) + paintings(other)
    for home in (state_folder, other):
        (home / "gate").write_text("3")
    add_sleep_model("gated", config={"gate": True, "tally": True})
    job = submitted(client, farm_shot(count=60, model="gated"), tmp_path / "out", "gated")
    wait_for(lambda: len(list((tmp_path / "out").rglob("*.png"))) >= 2, SECONDS)
    one_of(serve, "farm coordinator").kill()
    for home in (state_folder, other):
        (home / "gate").unlink()
    assert wait_for(lambda: ended(client, job), SECONDS) == "done"
    shown = client.request("show", {"job": job})[0]
    assert sum(shown[outcome] for outcome in ("painted", "kept", "copied")) == 60 and shown["kept"] >= 2
    assert paintings(state_folder) + paintings(other) - before <= 60 + 4, "no more twice than was in hand"


def test_what_is_cancelled_is_soon_painted_nowhere(farm, farm_shot, add_sleep_model, state_folder, tmp_path):
    client, _, _, other = farm
    before = {home: paintings(home) for home in (state_folder, other)}
    for home in before:
        (home / "gate").write_text("1")
    add_sleep_model("waits", config={"gate": True, "tally": True})
    job = submitted(client, farm_shot(count=60, model="waits"), tmp_path / "out", "waits")
    wait_for(lambda: all(paintings(home) > count for home, count in before.items()), SECONDS)
    client.cancel(job)
    with Client(places.read_json(other / "connection.json")) as two:
        for server in (client, two):
            wait_for(lambda server=server: all(one["ended"] for one in server.jobs()), SECONDS)


def test_a_machines_key_asks_for_what_painting_takes_alone_and_a_strangers_for_nothing(lan, farm):
    client, _, _, other = farm
    joined = kept(other / "farm" / "joined")
    far = joined.broker(joined.where())
    with Client(far) as machine:
        assert machine.hello("farm")["version"]
        with pytest.raises(ServerError, match="does not know that job"):
            machine.request("passes", {"job": "none"})
        for verb in ("jobs", "submit", "stop", "take_chunk", "told_machines", "fetch", "sees"):
            with pytest.raises(InputRefused, match="may not ask for this"):
                machine.request(verb)
        with pytest.raises(InputRefused, match="may not ask for this"):
            machine.request("jobs", {"verb": "ping"})
    public, secret = (key.decode() for key in zmq.curve_keypair())
    assert "key" in knock({**far, "public_key": public, "secret_key": secret}, SECONDS)
    assert client.jobs() is not None


def test_a_machine_that_hangs_does_not_keep_the_end_of_a_job_waiting(
    farm, farm_shot, add_sleep_model, state_folder, tmp_path
):
    client, _, _, other = farm
    add_sleep_model("hangs", config={"gate": True})
    for home in (state_folder, other):
        (home / "gate").write_text("0")
    job = submitted(client, farm_shot(count=60, model="hangs"), tmp_path / "out", "hangs")
    wait_for(lambda: {body["machine"] for body in chunk_events(client, job)} == {places.HOST, "two"}, SECONDS)
    (state_folder / "gate").unlink()  # the other one is there, says so, and paints nothing
    assert wait_for(lambda: ended(client, job), SECONDS) == "done"
    told = chunk_events(client, job)
    begun = [tuple(body["blocks"]) for body in told if body["state"] == "started" and body["machine"] == "two"]
    assert begun and {body["machine"] for body in told if body["state"] == "ended"} == {places.HOST}
    with Client(places.read_json(other / "connection.json")) as two:
        wait_for(lambda: all(one["ended"] for one in two.jobs()), SECONDS)


def test_what_a_killed_join_has_left_ends_when_its_machine_joins_again(
    farm, farm_shot, add_sleep_model, state_folder, tmp_path
):
    client, _, join, other = farm
    for home in (state_folder, other):
        (home / "gate").write_text("1")
    add_sleep_model("stays", config={"gate": True})
    job = submitted(client, farm_shot(count=60, model="stays"), tmp_path / "out", "stays")
    models = {"SEMRENDER_MODELS": str(state_folder / "models")}
    with Client(places.read_json(other / "connection.json")) as two:
        pieces = wait_for(lambda: [one["job"] for one in two.jobs() if one["out"] == str(tmp_path / "out")], SECONDS)
        join.kill()
        with process("join", "--device", "cpu", home=other, **models) as again:
            line_with(again, "paints for")
            for piece in pieces:
                *_, (_, name, last) = two.request("events", {"job": piece, "since": 0})[0]["events"]
                assert (name, last["why"]) == ("cancelled", "its machine has joined the farm anew")
            for home in (state_folder, other):
                (home / "gate").unlink()
            assert wait_for(lambda: ended(client, job), SECONDS) == "done"
    assert "has ended" in semrender("farm", "leave", "--home", other).stdout, "no join of now has begun it"

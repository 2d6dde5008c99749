"""A machine paints a piece of another's job as long as somebody asks for it: leases, restarts, what ends, and why."""

import json
import os
import subprocess
import sys

import psutil
import pytest

from inference_server.broker.crew import AHEAD, OVERTAKING
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.pieces import CARE_SECONDS, LATE_SECONDS, LEASE_SECONDS, Pieces
from inference_server.tasks import OUTCOMES
from shared import places
from shared.client import Client
from tests.conftest import ROOT
from tests.inference_server.farm.conftest import chunk_of, paintings
from tests.inference_server.servers import job_of, wait_for

SPEC = {
    **{"shot": {"name": "s", "first": 1001, "last": 1004}, "layers": ["a"], "frames": [1001, 1002, 1003, 1004]},
    **{"out": "/out", "base": "/shot", "owner": "ada", "models": {}, "holds": {}, "part": "paint", "of": "far"},
}


@pytest.fixture
def jobs():
    return Jobs(Ledger(None))


@pytest.fixture
def pieces(jobs):
    """One piece, "p", that was asked for at 0, beside a job of this machine's own artists."""
    jobs.open("own", {**SPEC, "of": ""})
    jobs.open("p", {**SPEC, "by": "one"})
    found = Pieces(jobs, LEASE_SECONDS, 0.0)
    found.begun("p", 0.0)
    return found


def active(jobs):
    return {row["id"] for row in jobs.active()}


def test_what_nobody_asks_for_waits_and_goes_on_when_somebody_does(jobs, pieces):
    assert pieces.care(LATE_SECONDS) == [] and active(jobs) == {"own", "p"}
    pieces.care(LATE_SECONDS + CARE_SECONDS)
    assert active(jobs) == {"own"} and jobs.summary("p")["state"] == "checking", "nobody is told of it"
    pieces.asked("p", LATE_SECONDS + CARE_SECONDS)
    assert active(jobs) == {"own", "p"}
    assert pieces.care(LEASE_SECONDS + LATE_SECONDS) == [] and jobs.summary("p")["state"] == "checking"


def test_what_nobody_has_asked_for_over_a_lease_has_ended_and_says_why(jobs, pieces):
    pieces.asked("own", 0.0)
    assert pieces.care(LEASE_SECONDS) == []
    assert pieces.care(LEASE_SECONDS + CARE_SECONDS) == ["p"]
    *_, (_, name, body) = jobs.events("p", 0)
    assert (name, body["why"]) == ("cancelled", "nobody has asked for it for 60 s")
    assert active(jobs) == {"own"} and not jobs.ended("own")


def test_it_is_known_for_a_lease_to_whoever_asks_how_it_ended_and_forgotten_then(jobs, pieces):
    jobs.cancel("p")
    pieces.asked("p", 30.0)
    pieces.care(30.0 + LEASE_SECONDS)
    assert jobs.known("p")
    pieces.care(31.0 + LEASE_SECONDS)
    assert not jobs.known("p") and jobs.known("own")
    assert pieces.care(40.0 + LEASE_SECONDS) == []


def test_after_a_restart_it_waits_until_somebody_asks_and_the_lease_begins_anew(jobs, pieces):
    again = Jobs(jobs.ledger)
    again.recover()
    later = Pieces(again, LEASE_SECONDS, 5000.0)
    assert active(again) == {"own"} and later.care(5000.0 + LEASE_SECONDS) == []
    later.asked("p", 5000.0 + LEASE_SECONDS)
    assert active(again) == {"own", "p"}
    third = Pieces(again, LEASE_SECONDS, 9000.0)
    assert third.care(9001.0 + LEASE_SECONDS) == ["p"]


def test_a_machine_that_joins_anew_ends_what_the_one_before_it_had_handed_over(jobs, pieces):
    jobs.open("q", {**SPEC, "by": "two"})
    pieces.begun("q", 0.0)
    assert pieces.end("one", "it joined anew") == ["p"] and active(jobs) == {"own", "q"}
    assert pieces.end("one", "it joined anew") == [], "it has ended already"
    assert [body["why"] for _, name, body in jobs.events("p", 0) if name == "cancelled"] == ["it joined anew"]


SERVER = """
import sys
from inference_server import builds
from inference_server.broker.broker import Broker
from inference_server.broker.settings import Settings
from shared import places
ledger = places.home() / "ledger.sqlite"
broker = Broker(Settings("test", "cpu", ledger=ledger, reserve_mib=1, lease=float(sys.argv[1]), build=builds.own()))
places.write_json(places.connection_file(), broker.connection())
print("serves", flush=True)
broker.run()
"""
PAINTER = """
import json, sys
from inference_server.farm.errand import errand
from shared import VERSION, door
run, far = json.load(sys.stdin)
with door.find(here=True) as server:
    server.version = VERSION
    errand(run, server, far, lambda _: True)
"""


class Machine:
    """One of a farm: its server, whose leases are as short as is said, and who hands runs over to it."""

    def __init__(self, home, models):
        self.home, self.running = home, []
        self._environment = {**os.environ, "SEMRENDER_HOME": str(home), "SEMRENDER_MODELS": str(models)}
        home.mkdir()
        self.gate(1)

    def _process(self, code, *arguments, **more):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        self.running.append(subprocess.Popen(command, text=True, cwd=ROOT, env=self._environment, **more))
        return self.running[-1]

    def serve(self, lease):
        """The server, and a client of it."""
        server = self._process(SERVER, lease, stdout=subprocess.PIPE)
        assert server.stdout.readline() == "serves\n"
        return server, Client(places.read_json(self.home / "connection.json"))

    def paint(self, run, far, client):
        """The process that has a run painted, and the piece that it has handed over, of which a picture is there."""
        painter = self._process(PAINTER, stdin=subprocess.PIPE)
        painter.stdin.write(json.dumps([run, far]))
        painter.stdin.close()
        (piece,) = wait_for(lambda: [one for one in client.jobs() if one["done"]])
        return painter, piece["job"]

    def gate(self, count):
        (self.home / "gate").write_text(str(count))

    def close(self):
        for process in self.running:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


@pytest.fixture
def one(tmp_path, state_folder):
    found = Machine(tmp_path / "one", state_folder / "models")
    yield found
    found.close()


@pytest.fixture
def run(resident, farm_shot, add_sleep_model, tmp_path):
    """Twelve pictures of a farm's job, by a model that waits."""
    add_sleep_model("gated", config={"seconds": 0, "gate": True, "tally": True})
    return chunk_of(resident, farm_shot(first=1009, model="gated"), tmp_path / "out", model="gated")


def is_idle(client):
    return not any(worker["tasks"] for worker in client.hello("test")["workers"])


def test_what_a_killed_machines_part_left_behind_is_painted_no_further(resident, one, run):
    _, client = one.serve(lease=2.0)
    with client:
        painter, piece = one.paint(run, resident.connection, client)
        painter.kill()
        wait_for(lambda: client.ask("show", piece)["state"] == "cancelled")
        *_, (_, _, last) = client.request("events", {"job": piece, "since": 0})[0]["events"]
        assert last["why"] == "nobody has asked for it for 2 s"
        (one.home / "gate").unlink()
        wait_for(lambda: is_idle(client))
        assert paintings(one.home) <= 1 + AHEAD + OVERTAKING, "but for what was in hand"


def test_a_server_that_was_begun_again_goes_on_with_a_piece_when_somebody_asks_for_it(resident, one, run, tmp_path):
    server, client = one.serve(lease=600.0)
    with client:
        painter, piece = one.paint(run, resident.connection, client)
    workers = psutil.Process(server.pid).children(recursive=True)
    for process in (painter, server):
        process.kill()
        process.wait()
    psutil.wait_procs(workers)  # they end by themselves, and paint what the gate lets through until then
    (one.home / "gate").unlink()
    before = paintings(one.home)
    _, client = one.serve(lease=600.0)
    with client:
        shot = tmp_path / "shot" / "all"
        later = client.submit(job_of(shot, tmp_path / "own", "gated", frames=[1011], priority=-100))
        assert list(client.watch(later))[-1]["event"] == "done", "an artist here waits for nothing that nobody wants"
        assert client.ask("show", piece)["done"] == 1 and paintings(one.home) == before + 1
        *_, last = client.watch(piece)
        assert last["event"] == "done"
        assert sum(last["body"][outcome] for outcome in OUTCOMES) == len(run["frames"])

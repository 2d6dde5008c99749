"""A machine that is asked to leave: it takes nothing more, gives back what it has, and only then ends its server."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import distributed
import psutil
import pytest
import zmq
from distributed.core import Status

from inference_server.farm import certificates, dask_engine, join
from inference_server.farm.dask_engine import DaskEngine, work
from inference_server.farm.engine import ENDED, STARTED, Machine
from inference_server.farm.joined import Joined
from inference_server.farm.session import begin_server
from shared import places
from shared.errors import Interrupted, MachineRefused, ServerError
from tests.conftest import ROOT
from tests.inference_server.farm.test_farm_engine import until
from tests.inference_server.servers import running_server, wait_for

SECONDS = 90.0
BREAKS = {
    "socket": zmq.ZMQError(zmq.ENOTSUP),
    "context": zmq.ContextTerminated(),
    "cancelled": asyncio.CancelledError(),
    "server": ServerError("its server was ended"),
    "told": MachineRefused("one was told to stop"),
    "unforeseen": KeyError("no more"),
    "exit": SystemExit(1),
}


def machine(name, port, identity, gate, seconds):
    """A machine's process, which leaves when its standard input has a line."""
    dask_engine.LEAVE_SECONDS, leave = seconds, threading.Event()

    def paint(chunk, tell):
        if chunk["what"] == "paint":
            return {"painted": 1, "kept": 0, "copied": 0}
        if chunk["what"] == "hang":
            wait_for(gate.exists, SECONDS)
        while tell(0):
            pass
        if chunk["what"] == "tell":
            gate.write_text(distributed.get_worker().status.name)
        raise BREAKS.get(chunk["what"], Interrupted("stopped"))

    def listen():
        sys.stdin.readline()
        leave.set()

    threading.Thread(target=listen, daemon=True).start()
    about = Machine(name, len(BREAKS), "0.1.0", "3.11")
    work(f"tls://127.0.0.1:{port}", "127.0.0.1", identity, about, paint, leave)


@pytest.fixture
def farm(tmp_path, state_folder):
    """An engine, and what begins a machine of it."""
    engine, processes = DaskEngine("127.0.0.1", 0, certificates.bring_identity("coordinator", tmp_path / "own")), []

    def begin(name, seconds=SECONDS):
        identity = certificates.bring_identity(name, tmp_path / name)
        words = f"{name!r}, {engine.port}, Path({str(identity)!r}), Path({str(tmp_path / 'gate')!r}), {seconds}"
        script = "from pathlib import Path; from tests.inference_server.farm.test_farm_leaving import machine; "
        command = [sys.executable, "-c", f"{script}machine({words})"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, text=True, env=environment, cwd=ROOT))
        wait_for(lambda: name in [one.name for one in engine.machines()], SECONDS)
        return processes[-1]

    yield engine, begin
    (tmp_path / "gate").touch()
    for process in processes:
        process.stdin.close()
    for process in processes:
        process.wait(SECONDS)
    engine.close()


def asked_to_leave(process):
    process.stdin.write("\n")
    process.stdin.flush()


def ends(engine, handles):
    return {one.handle: one for one in until(engine, handles, ENDED) if one.kind == ENDED}


def test_whatever_breaks_while_a_machine_leaves_its_pieces_have_stopped(farm, state_folder):
    engine, begin = farm
    one = begin("one")
    handles = [engine.start({"what": what}) for what in BREAKS]
    until(engine, handles, STARTED)
    asked_to_leave(one)
    assert {str(end.error) for end in ends(engine, handles).values()} == {"one has stopped."}
    assert {type(end.error) for end in ends(engine, []).values()} <= {Interrupted} and one.wait(SECONDS) == 0
    assert not list(state_folder.glob("reports/*")), "nothing of it is to be looked into"


def test_a_machine_that_leaves_takes_nothing_more_and_ends_after_what_it_has_in_hand(farm, tmp_path):
    engine, begin = farm
    one, _ = begin("one"), begin("two")
    held = engine.start({"what": "hang"}, without=["two"])
    waiting = [engine.start({"what": "wait"}, without=["one"]) for _ in BREAKS]  # every place of the other
    until(engine, [held, *waiting], STARTED)
    asked_to_leave(one)
    leaving = next(worker for worker in engine._scheduler.workers.values() if worker.name == "one")
    wait_for(lambda: leaving.status is Status.closing_gracefully, SECONDS)
    late = engine.start({"what": "paint"})
    engine.stop(waiting[0])
    assert ends(engine, [late])[late].machine == "two" and one.poll() is None
    (tmp_path / "gate").touch()
    assert isinstance(ends(engine, [held])[held].error, Interrupted) and one.wait(SECONDS) == 0
    assert [one.name for one in engine.machines()] == ["two"]


def test_what_a_machine_has_in_hand_is_dropped_as_soon_as_its_farm_is_gone(farm, tmp_path):
    engine, begin = farm
    one = begin("one")
    until(engine, [engine.start({"what": "tell"})], STARTED)
    for line in list(engine._scheduler.stream_comms.values()):
        line.abort()  # as where the coordinator is killed
    assert one.wait(SECONDS) == 0 and (tmp_path / "gate").read_text() == "closing", "and not when all else has ended"


def test_a_farm_that_was_away_for_a_moment_is_found_again_at_once_and_one_that_stays_away_is_left_in_peace():
    waits, away = [], 0.0
    while away < 3600:
        waits.append(join.until_next_try(away))
        assert waits[-1] <= max(1.0, away / 9), "so much later than it came back, at most"
        away += waits[-1]
    assert waits == sorted(waits) and waits[-1] == 10.0


def test_a_piece_that_does_not_stop_is_given_back_without_its_end(farm):
    engine, begin = farm
    one = begin("one", seconds=0.0)
    handle = engine.start({"what": "hang"})
    until(engine, [handle], STARTED)
    asked_to_leave(one)
    end = ends(engine, [handle])[handle]
    assert isinstance(end.error, Interrupted) and end.machine == "one" and one.wait(SECONDS) == 0


def test_what_comes_while_it_leaves_is_not_wanted_and_every_end_is_said_once():
    here, said = dask_engine.Here("one", lambda *_: {}), []
    here.begin("before")
    assert here.wanted("before")
    here.leave()
    here.begin("after")
    assert not here.wanted("before") and not here.wanted("after")
    here.told(renew=["before", "after"])
    assert not here.wanted("before"), "who leaves has left"
    here.end("before", lambda: said.append(("before", here.busy)))
    here.give_up(lambda handle: said.append((handle, here.busy)))
    here.end("after", lambda: said.append("again"))
    assert said == [("before", True), ("after", True)] and not here.busy, "it is in hand until that is said"


LEAVES = """
import sys, threading
from inference_server.farm import join

def work(here):
    print("at work", flush=True)
    here.leave.wait()
    sys.stdin.readline()
    print("given back", flush=True)

join._joined = lambda _: join.Joined(None, "127.0.0.1", 1, "one", "", "", "")
join._keep_working, join.Here.ready = work, lambda _: None
join.Here.close = lambda _: print("server ended", flush=True)
from semrender import main
sys.exit(main(["join"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_is_ended_after_what_is_in_hand_was_given_back(state_folder, number):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LEAVES], cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "at work\n"
        process.send_signal(number)
        assert process.stdout.readline() == "one leaves the farm\n"
        said, _ = process.communicate("\n", timeout=SECONDS)
    assert said.splitlines() == ["given back", "server ended"] and process.returncode == 0


def test_who_leaves_begins_no_server(state_folder):
    leave = threading.Event()
    leave.set()
    here = join.Here(Joined(Path(), "", 1, "one", "", "", ""), [], "cpu", leave, begins=True)
    with pytest.raises(ServerError, match="the server of one does not run"):
        here.server()
    before = set(psutil.Process().children())
    with pytest.raises(ServerError, match="no server could be started"):
        begin_server("cpu", leave)
    begun = set(psutil.Process().children()) - before
    psutil.wait_procs(begun, SECONDS)
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in begun)
    assert places.read_json(places.connection_file()) is None


ENDS = """
import atexit, threading
from shared import door
from shared.client import Client
from shared.connection import known_connection

turned = threading.Event()

def one_more_turn():
    turned.clear()
    assert turned.wait(20), "its thread does not wait any more"

atexit.register(one_more_turn)  # who registers first comes last

class Watched(Client):
    def _look_at_process(self):
        turned.set()

client = Watched(known_connection())
server = door.Server(client, None)
threading.Thread(target=client._receive, args=(300,), daemon=True).start()
assert turned.wait(20)
"""


def test_a_process_that_ends_closes_no_socket_that_another_of_its_threads_is_waiting_at(state_folder):
    with running_server():
        done = subprocess.run([sys.executable, "-c", ENDS], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0 and done.stderr == ""

"""The engine with machines as real processes: pieces there and counts back, a loss that is told, and who is let in."""

import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from inference_server.farm import certificates
from inference_server.farm.coordinator import FAILED_IN_A_ROW, SILENT_SECONDS, Coordinator
from inference_server.farm.dask_engine import DaskEngine, work
from inference_server.farm.engine import ENDED, LOST, PROGRESS, STARTED, Happened, Machine
from shared.errors import FramesFailed, InputRefused, Interrupted, SemrenderError, ServerError
from tests.conftest import ROOT
from tests.inference_server.servers import wait_for

SECONDS = 90.0


def machine(name, port, identity):
    """What a machine's process does here: a piece says what to do with it."""

    def paint(chunk, tell):
        done = 0
        while chunk["what"] == "wait" or done < chunk.get("pictures", 0):
            if not tell(done):
                raise Interrupted(f"{name} has stopped")
            done += 1 if chunk["what"] != "wait" else 0
            time.sleep(0.01)
        if chunk["what"] == "refuse":
            raise InputRefused("no pass", layer="sky", frame=7, remedy="Paint one")
        if chunk["what"] == "spoil":
            named = [InputRefused("damaged", layer="sky", frame=7)]
            raise FramesFailed("1 failed").with_frames(named, {"painted": done, "kept": 0, "copied": 0})
        if chunk["what"] == "fail":
            raise RuntimeError("nobody thought of this")
        return {"painted": done, "kept": 0, "copied": 0}

    about = Machine(name, 2, "0.1.0", "3.11", ("cpu",))
    work(f"tls://127.0.0.1:{port}", "127.0.0.1", identity, about, paint, threading.Event())


@pytest.fixture(scope="module")
def farm(tmp_path_factory):
    """An engine with two machines, "one" and "two", and their processes."""
    home = tmp_path_factory.mktemp("farm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMRENDER_HOME", str(home))
        identities = {name: certificates.bring_identity(name, home / name) for name in ("coordinator", "one", "two")}
    engine, processes = DaskEngine("127.0.0.1", 0, identities["coordinator"]), {}

    def begin(name):
        script = "from tests.inference_server.farm.test_farm_engine import machine; from pathlib import Path; "
        script += f"machine({name!r}, {engine.port}, Path({str(identities[name])!r}))"
        environment = {**os.environ, "SEMRENDER_HOME": str(home), "PYTHONPATH": str(ROOT)}
        processes[name] = subprocess.Popen([sys.executable, "-c", script], env=environment, cwd=ROOT)
        wait_for(lambda: name in [one.name for one in engine.machines()], SECONDS)

    begin("one")
    begin("two")
    yield engine, begin, processes, identities
    engine.close()
    for process in processes.values():
        process.wait(SECONDS)


def until(engine, handles, kind, seen=None):
    """The events until each of these pieces has had one of this kind."""
    seen, missing, end = [] if seen is None else seen, set(handles), time.monotonic() + SECONDS
    while missing:
        assert time.monotonic() < end, (missing, seen)
        for happened in engine.events(0.2):
            seen.append(happened)
            if happened.kind == kind:
                missing.discard(happened.handle)
    return seen


def test_pieces_go_to_whoever_is_free_and_counts_come_back(farm):
    engine, _, _, _ = farm
    assert [(one.name, one.slots, one.devices) for one in engine.machines()] == [
        ("one", 2, ("cpu",)),
        ("two", 2, ("cpu",)),
    ]
    handles = [engine.start({"what": "paint", "pictures": 12}) for _ in range(4)]
    seen = until(engine, handles, ENDED)
    assert {one.machine for one in seen} == {"one", "two"} and len(set(handles)) == 4
    for handle in handles:
        own = [one for one in seen if one.handle == handle]
        assert own[0].kind == STARTED and own[-1].counts == {"painted": 12, "kept": 0, "copied": 0}
        done = [one.done for one in own if one.kind == PROGRESS]
        assert done == sorted(done) and done[-1] == 11


def test_some_machines_can_be_left_out_and_errors_keep_their_words(farm):
    engine, _, _, _ = farm
    handles = [engine.start({"what": what}, without=["one"]) for what in ("refuse", "fail", "paint")]
    ended = {one.handle: one for one in until(engine, handles, ENDED) if one.kind == ENDED}
    refused, failed, painted = (ended[handle] for handle in handles)
    assert {one.machine for one in ended.values()} == {"two"} and painted.error is None
    assert isinstance(refused.error, InputRefused) and str(refused.error).startswith("layer sky, frame 7: no pass")
    assert type(failed.error) is SemrenderError and "two could not paint a piece" in failed.error.what


def test_a_piece_that_nobody_may_have_goes_to_nobody(farm):
    engine, _, _, _ = farm
    handle = engine.start({"what": "paint", "pictures": 1}, without=["one", "two"])
    (lost,) = until(engine, [handle], LOST)
    assert lost.machine == "" and "no machine that may have the piece" in lost.error.what


def test_an_error_of_some_pictures_names_them_and_comes_with_the_counts_of_the_others(farm):
    engine, _, _, _ = farm
    handle = engine.start({"what": "spoil", "pictures": 5})
    ended = until(engine, [handle], ENDED)[-1]
    assert isinstance(ended.error, FramesFailed) and ended.counts == {"painted": 5, "kept": 0, "copied": 0}
    assert [(one.code, one.layer, one.frame) for one in ended.error.errors] == [("input", "sky", 7)]


def test_what_is_stopped_is_stopped_at_its_machine_and_no_more_is_told_of_it(farm):
    engine, _, _, _ = farm
    stopped = engine.start({"what": "wait"}, without=["two"])
    until(engine, [stopped], PROGRESS)
    engine.stop(stopped)
    both = [engine.start({"what": "paint", "pictures": 3}, without=["two"]) for _ in range(2)]
    seen = until(engine, both, ENDED)
    assert stopped not in {one.handle for one in seen}, "and its machine has both places again"


def test_a_killed_machines_pieces_are_lost_in_words_and_the_others_go_on(farm):
    engine, begin, processes, _ = farm
    handles = [engine.start({"what": "wait"}, without=["two"]) for _ in range(2)]
    other = engine.start({"what": "wait"}, without=["one"])
    until(engine, [*handles, other], STARTED)
    processes["one"].kill()
    processes["one"].wait()
    seen = [one for one in until(engine, handles, LOST) if one.kind == LOST]
    assert {one.handle for one in seen} == set(handles) and all("one has left" in str(one.error) for one in seen)
    assert [one.name for one in engine.machines()] == ["two"]
    engine.stop(other)
    begin("one")
    again = [engine.start({"what": "paint", "pictures": 1}) for _ in range(3)]
    assert {one.counts["painted"] for one in until(engine, again, ENDED) if one.kind == ENDED} == {1}


def test_a_machine_is_there_once(farm):
    engine, _, _, identities = farm
    about = Machine("one", 2, "0.1.0", "3.11")
    place = (f"tls://127.0.0.1:{engine.port}", "127.0.0.1", identities["one"], about, lambda *_: {}, threading.Event())
    with ThreadPoolExecutor(1) as apart, pytest.raises(ServerError, match="one works for the farm already"):
        apart.submit(work, *place).result()  # it has an event loop of its own, as its process would have
    assert [one.name for one in engine.machines()] == ["one", "two"]


def test_a_strangers_certificate_none_and_no_tls_are_turned_away(farm, tmp_path, monkeypatch):
    engine, _, _, _ = farm
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path))
    foreign = certificates.calling(certificates.bring_identity("one", tmp_path / "stranger"))
    own = certificates.strange()
    foreign.verify_mode = own.verify_mode
    for context in (foreign, own, None):
        with socket.create_connection(("127.0.0.1", engine.port), timeout=SECONDS) as raw:
            raw.settimeout(SECONDS)
            try:
                made = raw if context is None else context.wrap_socket(raw)
                made.sendall(b"\0" * 64)
                while said := made.recv(4096):
                    assert b"compression" not in said, "the engine's greeting"
            except OSError:
                pass
    assert len(engine.machines()) == 2


class Slow:
    """An engine whose machines do what a test says, to try the coordinator's own rules against the clock."""

    def __init__(self, *names):
        self.names, self.slots, self.given, self.stopped, self.happened = names, 1, {}, [], []

    def machines(self):
        return [Machine(name, self.slots, "0.1.0", "3.11") for name in self.names]

    def start(self, chunk, without=()):
        self.given[f"h{len(self.given)}"] = (chunk["task"], sorted(without))
        return f"h{len(self.given) - 1}"

    def events(self, seconds):
        happened, self.happened = self.happened, []
        return happened

    def stop(self, handle):
        self.stopped.append(handle)


def test_a_port_that_another_has_is_told_in_words(tmp_path, state_folder):
    identity = certificates.bring_identity("coordinator", tmp_path / "coordinator")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"cannot use 127.0.0.1:{port}.*in use"):
            DaskEngine("127.0.0.1", port, identity)


class Asked:
    """A broker that has so many runs of twelve pictures, and remembers what it was told."""

    def __init__(self):
        self.told, self.task, self.unwanted, self.without, self.runs = [], 0, set(), [], 1000

    def request(self, verb, body):
        self.told.append((verb, body))
        if verb == "take_chunk":
            if self.task == self.runs:
                return {"chunk": None}, []
            self.task += 1
            chunk = {"task": self.task, "job": "a", "blocks": "83", "pictures": 12, "without": self.without}
            return {"chunk": chunk}, []
        held = sorted(set(range(1, self.task + 1)) - self.unwanted)
        return {"wanted": body.get("task") in held, "held": held}, []

    def of(self, verb):
        return [body for one, body in self.told if one == verb]


@pytest.fixture
def coordinated():
    """A coordinator, its engine of two machines, its broker, and a clock that a test moves."""
    engine, broker, clock = Slow("one", "two"), Asked(), [0.0]
    return Coordinator(engine, broker, "one", lambda: clock[0]), engine, broker, clock


def test_it_holds_as_many_runs_as_there_are_slots_and_begins_with_none(coordinated):
    coordinator, engine, broker, _ = coordinated
    assert broker.told == [("give_back", {"machine": "farm"})]
    for _ in range(3):
        coordinator.turn(0)
    assert len(engine.given) == 2 and [one["own"] for one in broker.of("told_machines")[0]["machines"]] == [True, False]
    engine.happened = [Happened(ENDED, "h0", "two", counts={"painted": 8, "kept": 4, "copied": 0})]
    coordinator.turn(0)
    assert broker.of("end_chunk") == [
        {"task": 1, "machine": "farm", "painter": "two", "painted": 8, "kept": 4, "copied": 0}
    ]
    assert len(engine.given) == 3


def test_the_counts_of_a_run_with_failed_pictures_are_told_with_its_error(coordinated):
    coordinator, engine, broker, _ = coordinated
    coordinator.turn(0)
    error = FramesFailed("1 failed").with_frames([InputRefused("damaged", layer="sky", frame=7)])
    counts = {"painted": 11, "kept": 0, "copied": 0}
    engine.happened = [Happened(ENDED, "h0", "two", counts=counts, error=error)]
    coordinator.turn(0)
    told = {"task": 1, "machine": "farm", "painter": "two", "error": error.to_dict(), "left": False}
    assert broker.of("end_chunk") == [{**told, **counts}]


def test_what_is_not_wanted_is_stopped_and_what_is_silent_is_anothers(coordinated):
    coordinator, engine, broker, clock = coordinated
    coordinator.turn(0)
    engine.happened = [Happened(STARTED, "h0", "two"), Happened(PROGRESS, "h0", "two", 5)]
    broker.unwanted = {2}
    clock[0] = 1.0
    coordinator.turn(0)
    assert engine.stopped == ["h1"] and {"task": 1, "machine": "farm", "done": 5, "painter": "two"} in broker.of(
        "told_chunk"
    )
    clock[0] = SILENT_SECONDS + 2.0
    coordinator.turn(0)
    assert engine.stopped[1:] == ["h0", "h2"]
    (lost,) = broker.of("end_chunk")
    assert lost["left"] and lost["painter"] == "two" and "silent for 60 s" in lost["error"]["what"]
    assert broker.of("give_back")[1:] == [{"task": 3, "machine": "farm"}], "no machine had begun with it"


def test_what_waited_for_a_machine_that_has_left_is_nobodys_loss(coordinated):
    coordinator, engine, broker, _ = coordinated
    coordinator.turn(0)
    engine.happened = [Happened(LOST, "h0", "", error=ServerError("the machine that had the piece has left"))]
    coordinator.turn(0)
    assert broker.of("give_back")[1:] == [{"task": 1, "machine": "farm"}] and broker.of("end_chunk") == []


def test_what_is_not_wanted_is_stopped_on_all_machines_after_one_question(coordinated):
    coordinator, engine, broker, clock = coordinated
    coordinator.turn(0)
    clock[0], broker.unwanted = 1.0, {1, 2}
    coordinator.turn(0)
    assert engine.stopped == ["h0", "h1"] and len(broker.of("told_chunk")) == 1


def test_what_all_machines_refuse_is_given_back(coordinated):
    coordinator, engine, broker, clock = coordinated
    broker.without = ["one", "two"]
    coordinator.turn(0)
    assert engine.given == {} and broker.of("give_back")[1:] == [{"task": 1, "machine": "farm"}]
    broker.without, clock[0] = ["one"], 1.0
    coordinator.turn(0)
    assert engine.given["h0"] == (2, ["one"])


@pytest.mark.parametrize("error", [ServerError("its server died"), SemrenderError("it could not, unforeseen")])
def test_a_machine_that_fails_again_and_again_rests_and_one_that_stops_is_no_loss(coordinated, error):
    coordinator, engine, broker, clock = coordinated
    for number in range(FAILED_IN_A_ROW):
        coordinator.turn(0)
        engine.happened = [Happened(ENDED, f"h{number}", "two", error=error)]
    coordinator.turn(0)
    state = {one["name"]: one["state"] for one in broker.of("told_machines")[-1]["machines"]}
    assert state == {"one": "ready", "two": "refused"} and list(engine.given) == ["h0", "h1", "h2"]
    engine.happened = [Happened(ENDED, "h2", "one", counts={"painted": 1, "kept": 0, "copied": 0})]
    coordinator.turn(0)
    assert engine.given["h3"] == (4, ["two"])
    clock[0] = 50.0
    engine.happened = [Happened(ENDED, "h3", "one", error=Interrupted("it leaves"))]
    coordinator.turn(0)
    assert {"task": 4, "machine": "farm"} in broker.of("give_back")
    assert {one["state"] for one in broker.of("told_machines")[-1]["machines"]} == {"ready"}


def test_a_run_that_comes_again_is_for_another_machine_and_stopped_where_it_was(coordinated):
    coordinator, engine, broker, clock = coordinated
    engine.slots, broker.runs = 2, 3
    coordinator.turn(0)
    engine.happened = [Happened(STARTED, f"h{number}", "one" if number < 2 else "two") for number in range(3)]
    coordinator.turn(0)
    counts = {"painted": 12, "kept": 0, "copied": 0}
    engine.happened = [Happened(ENDED, "h2", "two", counts=counts)]
    broker.task, broker.runs, broker.without, clock[0] = 1, 2, ["one"], 1.0
    coordinator.turn(0)
    assert engine.stopped == ["h1"] and engine.given["h3"] == (2, ["one"])
    engine.happened = [Happened(ENDED, "h1", "one", counts=counts), Happened(ENDED, "h3", "two", counts=counts)]
    coordinator.turn(0)
    assert broker.of("end_chunk")[-1] == {"task": 2, "machine": "farm", "painter": "two", **counts}
    assert [body["task"] for body in broker.of("end_chunk")] == [3, 2], "nobody waits for the one that was stopped"
    assert broker.of("give_back")[1:] == []

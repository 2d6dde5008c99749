"""Machines that do not see the disk of a shot: models, passes and results travel, each once, over links that break."""

import contextlib
import hashlib
import json
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from inference_server.farm.errand import errand
from inference_server.farm.passing import frames_needed
from shared import protocol
from shared.errors import InputRefused, MachineRefused, ServerError
from shared.shot import Shot
from tests.conftest import semrender
from tests.inference_server.farm.conftest import chunk_of, files, paintings
from tests.inference_server.servers import job_of, wait_for


class Line:
    """A cable between a machine and the server: it counts what goes each way, and can be cut."""

    def __init__(self, address):
        self.port = int(address.rsplit(":", 1)[1])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.down = self.up = 0  # bytes to the machine, and from it
        self.cut_after = None  # bytes to the machine
        self.open, self.lock = [], threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def connection(self, known):
        return {**known, "address": f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"}

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self.port))
            self.open += [near, there]
            threading.Thread(target=self._carry, args=(there, near, "down"), daemon=True).start()
            threading.Thread(target=self._carry, args=(near, there, "up"), daemon=True).start()

    def _carry(self, source, target, way):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
                with self.lock:
                    setattr(self, way, getattr(self, way) + len(piece))
                    if way == "down" and self.cut_after is not None and self.down > self.cut_after:
                        self.cut_after = None
                        break
        except OSError:
            pass
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        for one in self.open:
            one.close()


@pytest.fixture
def line(resident):
    found = Line(resident.address)
    yield found
    found.close()


SIZE = 5 * 2**20 + 11  # bytes of a model's weights: three pieces


@pytest.fixture
def heavy(state_folder, add_sleep_model, resident):
    """The stand-in of the shots with weights that take a while on their way; a function that writes other ones."""
    file = state_folder / "models" / "stand-in" / "none"

    def write(seed):
        file.write_bytes(random.Random(seed).randbytes(SIZE))

    def describe():
        card = json.loads((file.parent / "card.json").read_text())
        card["weights"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        (file.parent / "card.json").write_text(json.dumps(card))

    return write, describe


def told(broker, chunk):
    """How a machine says how far it is with its run."""
    return lambda done: broker.request("told_chunk", {"task": chunk["task"], "machine": "one", "done": done})[0][
        "wanted"
    ]


def painted_by(errand_of, broker, job):
    """Every run of a job painted, one after the other; the counts."""
    counts = []
    while broker.request("show", {"job": job})[0]["state"] in ("checking", "painting", "paused"):
        if chunk := broker.request("take_chunk", {"machine": "one"})[0]["chunk"]:
            counts.append(errand_of(chunk))
            broker.request("end_chunk", {"task": chunk["task"], "machine": "one", **counts[-1]})
    return counts


def test_what_no_disk_shares_travels_once_and_the_files_are_those_of_one_machine(
    resident, machine, farm_shot, line, heavy, tmp_path
):
    shot = farm_shot(count=28, first=1009, layers=("a", "b"), a={"hold": "gentle", "mattes": ["tree"]})
    write, describe = heavy
    write(1)
    describe()
    passes = sum(path.stat().st_size for path in shot.parent.rglob("*.png"))
    server, home, far = machine("one", models=tmp_path / "none"), tmp_path / "one", line.connection(resident.connection)
    line.cut_after = 3 * 2**20

    def errand_of(chunk):
        maps = [f"{tmp_path}=/not/here"]
        return errand(chunk, server, far, told(resident, chunk), maps=maps, machine="one", home=home)

    job = resident.submit({**job_of(shot, tmp_path / "out", "stand-in"), "part": "farm", "per": 1})
    counts = painted_by(errand_of, resident, job)
    assert sorted(one["painted"] for one in counts) == [8, 24, 24]
    most = SIZE + passes + protocol.CHUNK + 2**19  # the piece that was cut comes again
    assert line.cut_after is None and SIZE + passes < line.down < most, "each once"
    assert list(resident.watch(job))[-1]["event"] == "done"
    semrender("render", shot, "--out", tmp_path / "whole", "--no-aep", "--movie", "none")
    whole, sent = files(tmp_path / "whole"), files(tmp_path / "out")
    painted = [name for name in whole if name.startswith(("a/", "b/", "mattes/"))]
    assert len(painted) == 3 * 28 and {name: sent[name] for name in painted} == {name: whole[name] for name in painted}
    assert not any((home / "farm").rglob("out/*/*.png")) and not any((tmp_path / "out").rglob(".*")), "nothing is left"
    # The same shot again, into another folder: its passes do not come again.
    kept = {path: path.stat().st_mtime_ns for path in (home / "farm" / "passes").rglob("*")}
    resident.submit({**job_of(shot, tmp_path / "again", "stand-in"), "part": "farm", "per": 1})
    chunk = wait_for(lambda: resident.request("take_chunk", {"machine": "one"})[0]["chunk"])
    assert errand_of(chunk)["painted"] == 24
    assert kept == {path: path.stat().st_mtime_ns for path in (home / "farm" / "passes").rglob("*")}
    # Another machine takes the run that this one did not end: what is over there is fetched, and not painted again.
    assert errand_of(chunk) == {"painted": 0, "kept": 24, "copied": 0}


def test_two_machines_with_one_run_meet_although_they_share_no_disk(
    resident, machine, farm_shot, add_sleep_model, tmp_path
):
    shot, out = farm_shot(count=12, first=1009, model="gated"), tmp_path / "out"
    add_sleep_model("gated", config={"seconds": 0, "gate": True, "tally": True})
    chunk = chunk_of(resident, shot, out, model="gated")
    homes, servers = [tmp_path / name for name in ("one", "two")], [machine(name) for name in ("one", "two")]
    gate = homes[0] / "gate"

    def paint(number, run):
        about = {"maps": [f"{tmp_path}=/not/here"], "machine": homes[number].name, "home": homes[number]}
        return errand(run, servers[number], resident.connection, lambda _: True, **about)

    gate.write_text("5")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(paint, 0, chunk)
        wait_for(lambda: len(list(out.rglob("*.png"))) == 5 and paintings(homes[0]) == 6)
        assert paint(1, {**chunk, "backwards": True}) == {"painted": 7, "kept": 5, "copied": 0}
        gate.write_text("6")  # the sixth was the other one's before, which it hears; the seventh it has in hand
        wait_for(lambda: len(list((homes[0] / "farm").rglob("out/*/*.png"))) >= 11 and paintings(homes[0]) == 7)
        gate.unlink()
        assert first.result() == {"painted": 7, "kept": 5, "copied": 0}
    assert paintings(homes[0]) == 7, "what lay further on it did not paint again"


def test_weights_that_are_not_the_cards_are_refused_in_words_and_kept_nowhere(
    resident, machine, farm_shot, heavy, tmp_path
):
    shot = farm_shot(count=4)
    write, describe = heavy
    write(1)
    describe()
    chunk = chunk_of(resident, shot, tmp_path / "out")
    server, home = machine("one", models=tmp_path / "none"), tmp_path / "one"
    write(2)
    with pytest.raises(MachineRefused, match=r"^one has no stand-in, .*not those that the card describes.*models add"):
        errand(chunk, server, resident.connection, lambda _: True, machine="one", home=home)
    describe()
    with pytest.raises(MachineRefused, match=r"one has no stand-in, .*there is no stand-in of that hash here"):
        errand(chunk, server, resident.connection, lambda _: True, machine="one", home=home)
    assert [path.name for path in (home / "received").rglob("*") if path.is_file()] == ["card.json"]


def test_what_machines_may_ask_and_bring(resident, farm_shot, tmp_path):
    chunk = chunk_of(resident, farm_shot(count=8), tmp_path / "out")
    job, model = chunk["job"], chunk["models"]["all"]
    about = resident.request("model", {"name": model["name"], "hash": model["hash"]})[0]
    assert about["card"]["name"] == "stand-in" and about["files"] == [["none", 0, hashlib.sha256(b"").hexdigest()]]
    for more in ({"file": "card.json"}, {"file": "../card.json"}, {"hash": "sha256:" + "0" * 64}, {"hash": "../x"}):
        with pytest.raises(InputRefused):
            resident.request("model", {"name": model["name"], "hash": model["hash"], **more})
    with pytest.raises(InputRefused, match="no such pass"):
        resident.request("fetch_pass", {"job": job, "name": "../shot.json"})
    whole = {"job": job, "name": "all/sh_all.1001.png", "size": 3, "sum": hashlib.sha256(b"abc").hexdigest(), "key": ""}
    for name in ("../x.png", "/x.png", "x.png", "elsewhere/x.png", "all/.x.png", "delivery.json", "a\\b/x.png"):
        with pytest.raises(InputRefused):
            resident.request("put_result", {**whole, "name": name}, [b"abc"])
    with pytest.raises(InputRefused, match="came before"):
        resident.request("put_result", {**whole, "offset": 2}, [b"c"])
    with pytest.raises(ServerError, match="arrived damaged"):
        resident.request("put_result", whole, [b"abx"])
    assert not resident.request("put_result", whole, [b"a"])[0]["there"]
    assert not list((tmp_path / "out").rglob("*.png"))
    assert resident.request("put_result", {**whole, "offset": 1}, [b"bc"])[0]["there"]
    target = tmp_path / "out" / "all" / "sh_all.1001.png"
    assert target.read_bytes() == b"abc" and len(list(target.parent.iterdir())) == 1
    resident.cancel(job)
    with pytest.raises(InputRefused, match="has ended"):
        resident.request("put_result", whole, [b"abc"])
    other = resident.submit(job_of(tmp_path / "shot" / "all", tmp_path / "other", "stand-in"))
    with pytest.raises(InputRefused, match="not painted by other machines"):
        resident.request("passes", {"job": other})


@pytest.mark.parametrize(
    "hold, frames, needed",
    [
        ({}, [1005, 1006], {1005, 1006}),
        ({"hold": "strong"}, [1060], set(range(1056, 1101))),
        ({"model": "painter of faces"}, [1005], set(range(1001, 1101))),
    ],
)
def test_the_frames_whose_passes_a_run_needs(hold, frames, needed):
    layer = {"name": "a", "labels": "a", **hold}
    shot = Shot.from_dict({"name": "s", "fps": 24, "first": 1001, "last": 1100, "layers": [layer]})
    found = frames_needed(shot, ["a"], frames, {"a": "lips" if "model" in hold else "small"})
    assert found == needed

"""A real disk that fills up under a farm: a machine that is held up says so, one alone without room is refused."""

import subprocess
import threading
from contextlib import contextmanager, suppress

import pytest

from inference_server.farm.errand import errand
from shared.client import Client
from shared.errors import MachineRefused
from tests.conftest import semrender
from tests.inference_server.farm.conftest import chunk_of, files
from tests.inference_server.servers import wait_for

ROOM = 4 * 2**20  # bytes; the servers of the tests leave one MiB of it free


@contextmanager
def small_disk(folder):
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """To the last page."""
    with (folder / ".ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return folder / ".ballast"


@pytest.fixture
def run(resident, machine, farm_shot, add_sleep_model, tmp_path):
    """Twelve pictures of a farm's job, by a model of which machine one paints two at first."""
    add_sleep_model("gated", config={"seconds": 0, "gate": True})
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "gate").write_text("2")

    def taken(out):
        return chunk_of(resident, farm_shot(first=1009, model="gated"), out, model="gated")

    yield taken
    (tmp_path / "one" / "gate").unlink(missing_ok=True)


@pytest.mark.parametrize("there", [2, 0])  # pictures, before the disk is full
def test_what_is_full_for_all_holds_a_machine_up_and_its_job_says_so_until_there_is_room(
    resident, machine, run, tmp_path, there
):
    with small_disk(tmp_path / "out") as out:
        chunk, server, counts = run(out), machine("one"), []
        painting = threading.Thread(
            target=lambda: counts.append(errand(chunk, server, resident.connection, lambda _: True, machine="one"))
        )
        if there:
            painting.start()
            wait_for(lambda: len(list(out.rglob("*.png"))) == there)
        ballast = fill(out)
        if not there:
            painting.start()
        (tmp_path / "one" / "gate").unlink()
        told = wait_for(lambda: (found := resident.ask("show", chunk["job"]))["state"] == "paused" and found)
        words = "Machine one is held up: no space: "
        assert told["paused"].startswith(words) and str(out) in told["paused"]
        (share,) = told["farm"]["machines"]
        assert (share["state"], share["words"], told["left"]) == ("held", told["paused"], None)
        assert f"({words}" in semrender("jobs").stdout
        ballast.unlink()
        wait_for(lambda: resident.ask("show", chunk["job"])["state"] == "painting")
        painting.join(60)
        assert sum(counts[0].values()) == 12 and len(files(out)) == 12
        events = resident.request("events", {"job": chunk["job"], "since": 0})[0]["events"]
        held, *_, on = [body for _, name, body in events if name == "machine"]
        assert (held["state"], on["state"], on["words"]) == ("held", "painting", "Machine one goes on")
        assert held["words"].startswith(words)


def test_where_results_travel_a_full_disk_holds_the_machine_up_too(resident, machine, run, tmp_path):
    with small_disk(tmp_path / "out") as out:
        chunk, server, counts = run(out), machine("one"), []
        away = {"maps": [f"{out}=/not/here"], "machine": "one", "home": tmp_path / "one"}
        painting = threading.Thread(
            target=lambda: counts.append(errand(chunk, server, resident.connection, lambda _: True, **away))
        )
        painting.start()
        wait_for(lambda: len(list(out.rglob("*.png"))) == 2)
        ballast = fill(out)
        (tmp_path / "one" / "gate").unlink()
        told = wait_for(lambda: (found := resident.ask("show", chunk["job"]))["state"] == "paused" and found)
        assert told["paused"].startswith("Machine one is held up: ") and str(out) in told["paused"]
        ballast.unlink()
        wait_for(lambda: resident.ask("show", chunk["job"])["state"] == "painting")
        painting.join(60)
        assert sum(counts[0].values()) == 12 and len(files(out)) == 12
        assert resident.ask("show", chunk["job"])["failed"] == 0


def test_a_machine_whose_own_disk_is_full_is_refused_and_what_it_had_is_for_others(resident, machine, run, tmp_path):
    chunk, home = run(tmp_path / "out"), tmp_path / "one"
    with small_disk(home / "farm" / "jobs") as own:
        fill(own)
        (home / "gate").unlink()
        with pytest.raises(MachineRefused, match=r"one cannot go on: no space: .*must be free"):
            errand(
                *(chunk, machine("one"), resident.connection, lambda _: True),
                maps=[f"{tmp_path / 'out'}=/not/here"],
                machine="one",
                home=home,
            )
    assert errand(chunk, machine("two"), resident.connection, lambda _: True, machine="two")["painted"] == 12


def test_who_is_paused_on_its_own_machine_is_refused(resident, machine, run, tmp_path):
    chunk, server = run(tmp_path / "out"), machine("one")
    with Client(server.client.connection) as artist:

        def tell(done):
            for job in artist.jobs() if done == 2 else ():
                artist.ask("pause", job["job"])
            return True

        with pytest.raises(MachineRefused, match="one cannot go on: asked"):
            errand(chunk, server, resident.connection, tell, machine="one")

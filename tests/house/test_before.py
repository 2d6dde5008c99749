"""What the version before wrote still works: shots, frames with their keys, deliveries, the ledger.

`tests/data/before` was made by semrender 0.1.0 at its first landing; its ledger has `/BEFORE` where the folder was.
"""

import json
import shutil
import sqlite3

import pytest

from ae_bridge.aep import make_project
from inference_server.models.catalogue import find_card
from inference_server.worker import outputs
from shared.delivery import read_delivery
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import running_server

BEFORE = ROOT / "tests" / "data" / "before"


@pytest.fixture
def before(tmp_path):
    return shutil.copytree(BEFORE, tmp_path / "before")


@pytest.mark.parametrize(
    "folder, arguments", [("painted", ()), ("painted_exr", ("--format", "exr", "--frames", "1001"))]
)
def test_frames_of_before_are_kept(before, folder, arguments):
    out = before / folder
    pictures = {path: path.read_bytes() for path in (out / "all").iterdir()}
    done = semrender("--json", "render", before / "shot.json", "--out", out, "--no-aep", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    ended = next(json.loads(line) for line in done.stdout.splitlines() if '"event": "done"' in line)
    assert (ended["painted"], ended["kept"]) == (0, len(pictures))
    assert {path: path.read_bytes() for path in (out / "all").iterdir()} == pictures
    assert read_delivery(out).shot.version == 1


def test_the_card_has_the_hash_of_before():
    header = outputs.read_metadata(BEFORE / "painted" / "all" / "before_all.1001.png")
    assert find_card(header["model"]["name"]).hash == header["model"]["hash"]


def test_a_delivery_of_before_becomes_a_project(before):
    delivery = read_delivery(before / "painted")
    assert [layer.name for layer in delivery.layers] == ["all", "m_all_tree"]
    assert make_project(before / "painted" / "delivery.json").path.stat().st_size > 10_000


def test_a_ledger_of_before_goes_on(before, state_folder):
    shutil.move(before / "ledger.sqlite", state_folder / "ledger.sqlite")
    ledger = sqlite3.connect(state_folder / "ledger.sqlite")
    for table, column in [("jobs", "out"), ("jobs", "spec"), ("events", "body"), ("paintings", "out")]:
        ledger.execute(f"UPDATE {table} SET {column} = replace({column}, '/BEFORE', ?)", (before.as_posix(),))
    ledger.commit()
    ledger.close()
    with running_server() as client:
        jobs = {job["job"]: job for job in client.jobs()}
        assert [job["state"] for job in jobs.values()].count("done") >= 4
        (unfinished,) = [job for job in jobs if jobs[job]["total"] == 3 and jobs[job]["out"].endswith("unfinished")]
        *_, last = client.watch(unfinished)
        assert last["event"] == "done", last
    assert read_delivery(before / "unfinished").shot.frames == 3

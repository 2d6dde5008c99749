"""What the version before wrote still works: shots, frames with their keys, deliveries, the ledger.

`tests/data/before` was made by semrender 0.1.0 at its first landing; its ledger has `/BEFORE` where the folder was.
`half.sqlite` and `half` are what a later server of before, killed amid a job, left.
"""

import json
import shutil
import sqlite3

import pytest

from ae_bridge.aep import make_project
from inference_server.broker.ledger import VERSION
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
    # The shot names no model, and the default was this one then.
    model = ("--model", "countryside")
    done = semrender("--json", "render", before / "shot.json", "--out", out, "--no-aep", *model, *arguments)
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


def take_over(before, ledger, state_folder):
    """The ledger of a server of before, where the new one looks for it."""
    shutil.move(before / ledger, state_folder / "ledger.sqlite")
    opened = sqlite3.connect(state_folder / "ledger.sqlite")
    columns = [("jobs", "out"), ("jobs", "spec"), ("jobs", "report"), ("events", "body"), ("paintings", "out")]
    for table, column in columns:
        opened.execute(f"UPDATE {table} SET {column} = replace({column}, '/BEFORE', ?)", (before.as_posix(),))
    opened.commit()
    opened.close()


def test_a_ledger_of_before_goes_on(before, state_folder):
    take_over(before, "ledger.sqlite", state_folder)
    with running_server() as client:
        jobs = {job["job"]: job for job in client.jobs()}
        assert [job["state"] for job in jobs.values()].count("done") >= 4
        (unfinished,) = [job for job in jobs if jobs[job]["total"] == 3 and jobs[job]["out"].endswith("unfinished")]
        *_, last = client.watch(unfinished)
        assert last["event"] == "done", last
    assert read_delivery(before / "unfinished").shot.frames == 3


def test_a_new_server_takes_over_amid_a_job(before, state_folder):
    """The old one was killed: one frame was told, the next one on disk and not told, the last one in hand."""
    take_over(before, "half.sqlite", state_folder)
    pictures = {path: path.read_bytes() for path in (before / "half" / "all").iterdir()}
    assert len(pictures) == 2
    with running_server() as client:
        (job,) = (job["job"] for job in client.jobs())
        events = list(client.watch(job, since=2))
        assert [event["n"] for event in events] == list(range(3, 3 + len(events))), "the numbers go on"
        assert [(event["event"], event["body"].get("state")) for event in events] == [
            *[("resumed", None), ("frame", "kept"), ("frame", "painted")],
            ("done", None),
        ]
        assert (events[-1]["body"]["painted"], events[-1]["body"]["kept"]) == (2, 1)
    assert {path: path.read_bytes() for path in pictures} == pictures
    assert read_delivery(before / "half").shot.frames == 3
    ledger = sqlite3.connect(state_folder / "ledger.sqlite")
    assert ledger.execute("PRAGMA user_version").fetchone() == (VERSION,), "an older build refuses it from now on"
    ledger.close()

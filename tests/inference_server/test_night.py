"""A night's work: what is detached ends with its comp, and what another machine asked for reaches that machine."""

import json

import pytest

from shared import places, takes
from shared.delivery import read_delivery
from tests.conftest import semrender
from tests.inference_server.servers import kill, running_server, start_server, stop


@pytest.fixture
def labels(colour_frames, add_sleep_model):
    add_sleep_model("nap")
    return colour_frames()


def render(labels, *arguments):
    done = semrender("--json", "render", labels, "--model", "nap", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def watch(job, *arguments, code=0):
    done = semrender("--json", "jobs", "watch", job, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def inbox(state_folder):
    index = places.read_json(state_folder / "after_effects" / "inbox" / "index.json") or {"entries": []}
    return [entry["folder"] for entry in index["entries"]]


def test_a_detached_job_ends_with_its_comp_though_nobody_watches(labels, tmp_path, state_folder):
    with running_server() as client:
        (told,) = render(labels, "--out", tmp_path / "sh", "--detach")
        *_, done = client.watch(told["job"])  # looks on and makes nothing
        assert done["event"] == "done" and done["body"]["project"] == str(tmp_path / "sh" / "shot_v001.aep")
        assert (tmp_path / "sh" / "shot_v001.aep").is_file() and inbox(state_folder) == [(tmp_path / "sh").as_posix()]
        made = watch(told["job"])[-1]
        assert made["project"] == done["body"]["project"]
        shown = semrender("jobs", "watch", told["job"]).stdout
        assert f"4 frames painted, 0 kept from before, in {done['body']['seconds']:.1f} s" in shown
        assert [path.name for path in (tmp_path / "sh").glob("*.aep")] == ["shot_v001.aep"]


def test_no_aep_is_remembered_with_the_job(labels, tmp_path, state_folder):
    with running_server() as client:
        (told,) = render(labels, "--out", tmp_path / "sh", "--detach", "--no-aep")
        assert [event["event"] for event in client.watch(told["job"])][-1] == "done"
        assert "project" not in watch(told["job"])[-1]
    assert not list((tmp_path / "sh").glob("*.aep")) and inbox(state_folder) == [(tmp_path / "sh").as_posix()]


def test_the_comp_is_made_after_a_restart_too(colour_frames, add_sleep_model, tmp_path):
    add_sleep_model("nap", 0.05)
    server = start_server()
    try:
        (told,) = render(colour_frames(count=20), "--out", tmp_path / "sh", "--detach")
        kill(server)
        server = start_server()
        assert watch(told["job"])[-1]["project"] == str(tmp_path / "sh" / "shot_v001.aep")
    finally:
        stop(server)


def test_a_comp_is_made_once_for_one_delivery(labels, tmp_path):
    with running_server():
        for _ in range(3):
            made = render(labels, "--out", tmp_path / "sh")[-1]
            assert made["project"] == str(tmp_path / "sh" / "shot_v001.aep")
        delivered = (tmp_path / "sh" / "delivery.json").read_bytes()
        (labels / "shot.1002.png").write_bytes((labels / "shot.1001.png").read_bytes())
        assert render(labels, "--out", tmp_path / "sh")[-1]["project"] == str(tmp_path / "sh" / "shot_v002.aep")
    assert len(list((tmp_path / "sh").glob("*.aep"))) == 2
    assert (tmp_path / "sh" / "delivery.json").read_bytes() != delivered


def test_a_comp_that_cannot_be_made_is_a_note_and_the_job_is_done(labels, tmp_path):
    with running_server() as client:
        (told,) = render(labels, "--out", tmp_path / "sh", "--fps", "120", "--detach")
        *_, done = client.watch(told["job"])
    assert done["event"] == "done" and "project" not in done["body"]
    assert any("no After Effects project was written" in note and "99" in note for note in done["body"]["notes"])


@pytest.fixture
def far(tmp_path):
    """A server that sees no folder of ours: passes are sent, files fetched."""
    (tmp_path / "its own").mkdir()
    with running_server("--root", tmp_path / "its own") as client:
        yield client


def test_what_is_detached_without_a_shared_disk_reaches_the_folder_asked_for(labels, tmp_path, far, state_folder):
    (told,) = render(labels, "--out", tmp_path / "sh", "--detach")
    assert [event["event"] for event in far.watch(told["job"])][-1] == "done"
    shown = semrender("jobs").stdout
    assert f" {tmp_path / 'sh'} on {places.HOST}" in shown and "spool" not in shown
    assert inbox(state_folder) == []  # what is in the spool is nobody's comp
    made = watch(told["job"])[-1]
    assert made["project"] == str(tmp_path / "sh" / "shot_v001.aep")
    assert read_delivery(tmp_path / "sh").shot.frames == 4 and inbox(state_folder) == [(tmp_path / "sh").as_posix()]
    spool = state_folder / "spool"
    assert not list(spool.rglob("*.aep"))


def test_files_for_another_machine_are_never_put_where_the_server_has_them(labels, tmp_path, far, monkeypatch):
    job = far.submit(
        {"shot": shot_of("shot.####.png"), "host": "elsewhere", "out": "Z:\\paint", "comp": True},
        {path.name: path for path in labels.iterdir()},
    )
    assert [event["event"] for event in far.watch(job)][-1] == "done"
    (refused,) = watch(job, code=3)
    assert refused["event"] == "error" and "Z:\\paint" in refused["cause"] and "--out" in refused["remedy"]
    made = watch(job, "--out", tmp_path / "here")[-1]
    assert made["delivery"] == str(tmp_path / "here" / "delivery.json")


def shot_of(pattern):
    layer = {"name": "shot", "labels": pattern}
    return {"name": "shot", "fps": 24, "first": 1001, "last": 1004, "model": "nap", "layers": [layer]}


def test_another_look_that_is_fetched_goes_beside_too(labels, tmp_path, far):
    out = tmp_path / "sh"
    render(labels, "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    events = render(labels, "--out", out, "--seed", 5)
    assert events[-1]["delivery"] == str(tmp_path / "sh_take002" / "delivery.json")
    assert render(labels, "--out", out, "--seed", 5)[-1]["project"] == str(tmp_path / "sh_take002" / "shot_v001.aep")
    assert {path: path.read_bytes() for path in before} == before
    render(labels, "--out", out, "--seed", 5, "--overwrite")
    assert read_delivery(out).layers[0].provenance.seed == 5


def test_what_is_fetched_again_is_kept_by_its_key_not_its_size(labels, tmp_path, far):
    out = tmp_path / "sh"
    render(labels, "--out", out, "--mattes", "all")
    old = {
        path: (path.stat().st_mtime_ns, takes.key_of(path)) for path in out.rglob("*.png") if "preview" not in str(path)
    }
    (labels / "shot.1002.png").write_bytes((labels / "shot.1001.png").read_bytes())
    render(labels, "--out", out, "--mattes", "all")
    for path, (changed, key) in old.items():
        another = ".1002." in path.name
        assert (takes.key_of(path) != key) == (path.stat().st_mtime_ns != changed) == another, path
    assert read_delivery(out).shot.version == 2


def test_a_range_that_is_fetched_leaves_the_whole_shot_delivered(labels, tmp_path, far):
    out = tmp_path / "sh"
    render(labels, "--out", out)
    (labels / "shot.1002.png").write_bytes((labels / "shot.1001.png").read_bytes())
    render(labels, "--out", out, "--frames", 1002)
    delivery = read_delivery(out)
    assert (delivery.shot.first, delivery.shot.last, delivery.shot.version) == (1001, 1004, 2)

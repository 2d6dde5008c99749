"""The server as its clients see it: a real process on a real socket."""

import json
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from shared import places, protocol
from shared.client import Client
from shared.connection import connected
from shared.errors import InputRefused, ModelRefused, ServerError
from shared.servers import find_server, private_server
from shared.shot_input import shot_from_input
from tests.conftest import ROOT, semrender


@pytest.fixture
def client(state_folder):
    with private_server("test", "cpu") as connected:
        yield connected


def job_of(folder, out, model, **more):
    shot, base = shot_from_input(str(folder))
    return {"shot": {**shot.to_dict(), "model": model}, "base": str(base.resolve()), "out": str(out), **more}


def test_hello_says_version_and_workers(client):
    about = client.hello("test")
    assert about["protocol"] == protocol.PROTOCOL and about["pid"] == client.process.pid
    assert [worker["device"] for worker in about["workers"]] == ["cpu"]


def test_version_skew_is_answered_with_who_must_update(client):
    with pytest.raises(ServerError, match="Update the server"):
        client.request("hello", {"protocol": 99, "min_protocol": 99, "client": "test"})
    with pytest.raises(ServerError, match="Update the client"):
        client.request("hello", {"protocol": 0, "min_protocol": 0, "client": "test"})


def test_unknown_verbs_and_garbage_are_refused_and_the_server_lives(client):
    with pytest.raises(ServerError, match="does not know the verb 'paint'"):
        client.request("paint", {})
    raw = connected(client.connection)
    for frames in ([b"\xc1\xff"], [b""], [b"a" * 100, b"b"], [b"\x93\x01\x02\x03"], [b"\x80"], [b"\x80"] * 3):
        raw.send_multipart(frames)
        assert raw.poll(5000)
        header, _ = protocol.unpack(raw.recv_multipart())
        assert header["ok"] is False
    raw.close()
    client.request("ping")


@pytest.mark.parametrize("body", [{}, {"shot": None}, {"shot": {"name": "x"}}, {"shot": [1]}])
def test_a_job_without_a_sound_shot_is_refused(client, body):
    with pytest.raises(InputRefused):
        client.request("submit", body)


def test_models_travel_as_cards(client, add_sleep_model):
    add_sleep_model("quick")
    broken = places.models_folder() / "broken"
    broken.mkdir()
    (broken / "card.json").write_text("{")
    answer = client.models()
    assert "quick" in {card["name"] for card in answer["models"]}
    assert "the JSON is broken" in answer["broken"]["broken"]


def test_an_unknown_model_is_refused_with_near_names(client, add_sleep_model, colour_frames, tmp_path):
    add_sleep_model("quick")
    with pytest.raises(ModelRefused, match=r"Did you mean quick\?$"):
        client.submit(job_of(colour_frames(), tmp_path / "out", "quikc"))


def test_check_says_what_is_in_without_painting(client, add_sleep_model, colour_frames, tmp_path):
    report = client.check(job_of(colour_frames(), tmp_path / "out", add_sleep_model()))
    assert report["size"] == [64, 36] and report["problems"] == []
    assert {found["name"] for found in report["layers"][0]["classes"]} == {"grass", "sky-other", "tree"}
    assert report["layers"][0]["labels"] == "8-bit RGBA PNG"
    assert not (tmp_path / "out").exists()


def test_classes_a_model_never_saw_are_named(client, add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model(trained=[156, 168], fallbacks={123: 168})
    report = client.check(job_of(colour_frames(), tmp_path / "out", model))
    assert f"{model} never saw grass: it is painted as tree" in report["warnings"]


def test_without_a_shared_disk_files_go_as_blobs_and_come_back(client, add_sleep_model, colour_frames, tmp_path):
    folder = colour_frames(count=2)
    job = job_of(folder, tmp_path / "out", add_sleep_model())
    shot = {**job["shot"], "layers": [{"name": "tree", "labels": "shot.####.png"}]}
    identity = client.submit({"shot": shot}, {file.name: file for file in folder.iterdir()})
    events = list(client.watch(identity))
    assert events[-1]["event"] == "done"
    frame = next(event["body"]["file"] for event in events if event["event"] == "frame")
    assert client.fetch(identity, frame).startswith(b"\x89PNG")
    assert json.loads(client.fetch(identity, "delivery.json"))["schema"] == "semrender.delivery"
    made = client.collect(identity, tmp_path / "here")
    assert (tmp_path / "here" / "delivery.json") in made and not list((tmp_path / "here").rglob("*.tmp"))
    for path in ("../in/shot.1001.png", "/etc/passwd", "."):
        with pytest.raises(InputRefused):
            client.fetch(identity, path)


@pytest.mark.parametrize("name", ["../escape.png", "/abs.png", "a/../../b.png", "c:\\x.png", ""])
def test_blobs_cannot_leave_their_folder(client, name, state_folder):
    with pytest.raises(InputRefused):
        client.request("put", {"job": "0" * 32, "name": name, "offset": 0, "size": 1}, [b"x"])
    assert not list(state_folder.rglob("escape.png"))


def test_watch_replays_what_was_missed(client, add_sleep_model, colour_frames, tmp_path):
    identity = client.submit(job_of(colour_frames(), tmp_path / "out", add_sleep_model()))
    events = list(client.watch(identity))
    assert [event["n"] for event in events] == list(range(1, len(events) + 1))
    with Client(client.connection) as other:
        assert list(other.watch(identity)) == events
        assert list(other.watch(identity, since=3)) == events[3:]


def test_cancel_stops_one_job_and_the_next_goes_on(client, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    gate(1)
    labels = colour_frames(count=50)
    first = client.submit(job_of(labels, tmp_path / "one", model))
    for event in client.watch(first):
        if event["event"] == "frame":
            second = client.submit(job_of(labels, tmp_path / "two", model, frames=[1001, 1002]))
            client.cancel(first)
            gate(None)
            break
    assert list(client.watch(first))[-1]["event"] == "cancelled"
    assert list(client.watch(second))[-1]["event"] == "done"
    assert len(list((tmp_path / "one").rglob("*.png"))) < 20


def test_hosts_find_a_public_server_through_its_connection_file(state_folder):
    assert find_server("test") is None
    process = subprocess.Popen(
        [sys.executable, "-m", "semrender", "serve", "--device", "cpu"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert "serves on tcp://127.0.0.1:" in process.stdout.readline()
        if os.name == "posix":
            assert stat.S_IMODE(places.connection_file().stat().st_mode) == 0o600
        with find_server("test") as found:
            assert found.hello("test")["pid"] == process.pid
        assert places.read_json(places.installation_file())["python"] == sys.executable
        again = semrender("serve")
        assert again.returncode == 5 and "another server has the ledger open" in again.stderr
        doctor = semrender("doctor")
        assert f"pid {process.pid}" in doctor.stdout and doctor.returncode == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert not places.connection_file().exists()


def test_a_private_server_ends_with_its_client(client, state_folder):
    process = client.process
    process.stdin.close()
    until = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert process.returncode == 0

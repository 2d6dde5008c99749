"""The hand on the queue: pause, priority, previews that overtake, restarts, the same thing asked twice."""

import json
import signal
import subprocess
import sys

import psutil
import pytest
from PIL import Image

from inference_server.worker import outputs
from shared.client import Client
from shared.connection import known_connection
from shared.errors import InputRefused, ServerError
from shared.servers import private_server
from shared.shot_input import shot_from_input
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import job_of, kill, running_server, start_server, stop, wait_for


@pytest.fixture
def client(state_folder):
    with private_server("test", "cpu") as connected:
        yield connected


def frames_done(client, job):
    return next(one["done"] for one in client.jobs() if one["job"] == job)


def state(client, job):
    return next(one["state"] for one in client.jobs() if one["job"] == job)


def test_a_preview_overtakes_a_batch_within_a_frame(client, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    labels = colour_frames(count=30)
    batch = client.submit(job_of(labels, tmp_path / "batch", model))
    gate(2)
    wait_for(lambda: frames_done(client, batch) == 2)
    job = job_of(labels, tmp_path / "preview", model, frames=[1030], priority=50)
    preview = client.submit(job)
    wait_for(lambda: state(client, preview) == "painting")
    gate(3)  # the frame of the batch that was being painted
    wait_for(lambda: frames_done(client, batch) == 3)
    gate(4)
    assert list(client.watch(preview))[-1]["event"] == "done"
    assert frames_done(client, batch) == 3, "no further frame of the batch came between"
    client.cancel(batch)
    gate(None)


def test_priority_changes_the_order_of_waiting_jobs(client, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    labels = colour_frames(count=12)
    jobs = [
        client.submit({**job_of(labels, tmp_path / str(n), model), "shot": shot(labels, model, n)}) for n in range(3)
    ]
    wait_for(lambda: all(state(client, job) == "painting" for job in jobs))
    client.ask("priority", jobs[2], priority=10)
    gate(4 + 12)  # what is in hand, of whichever job was checked first, and the job that was hurried: no other frame
    wait_for(lambda: frames_done(client, jobs[2]) == 12)
    gate(None)
    for bad in (1000, "high", True, None):
        with pytest.raises(InputRefused):
            client.ask("priority", jobs[0], priority=bad)


def shot(labels, model, seed):
    return {**shot_from_input(str(labels))[0].to_dict(), "model": model, "seed": seed}


def test_a_paused_job_finishes_what_is_in_hand_and_goes_on_when_asked(
    client, add_gated_model, gate, colour_frames, tmp_path
):
    model, labels = add_gated_model(), colour_frames(count=20)
    job = client.submit(job_of(labels, tmp_path / "out", model))
    gate(3)
    wait_for(lambda: frames_done(client, job) == 3)
    client.ask("pause", job)
    gate(None)
    stood = []
    for n in range(2):  # frames of others go through the worker behind what it had in hand
        other = {**job_of(labels, tmp_path / str(n), model, frames=[1001]), "shot": shot(labels, model, 10 + n)}
        assert list(client.watch(client.submit(other)))[-1]["event"] == "done"
        stood.append(frames_done(client, job))
    assert 3 < stood[0] == stood[1] < 20
    assert client.jobs()[0]["state"] == "paused" and client.jobs()[0]["paused"] == "asked"
    client.ask("resume", job)
    events = [event["event"] for event in client.watch(job)]
    assert events[-1] == "done" and "paused" in events and "resumed" in events


def test_cancelled_jobs_give_their_places_back(client, add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    labels = colour_frames(count=30)
    for n in range(6):
        job = client.submit({**job_of(labels, tmp_path / str(n), model), "shot": shot(labels, model, n)})
        gate(2 * n + 1)  # the frame of the cancelled one that was being painted, and the first of this
        wait_for(lambda job=job: frames_done(client, job) > 0)
        client.cancel(job)
    gate(None)
    last = client.submit({**job_of(labels, tmp_path / "last", model), "shot": shot(labels, model, 99)})
    events = list(client.watch(last))
    assert events[-1]["body"]["painted"] == 30


def test_the_same_submit_twice_is_one_job(client, add_sleep_model, colour_frames, tmp_path):
    job = {**job_of(colour_frames(), tmp_path / "out", add_sleep_model()), "job": "ab" * 16}
    assert client.submit(job) == client.submit(job) == "ab" * 16
    assert [one["job"] for one in client.jobs()] == ["ab" * 16]
    with pytest.raises(InputRefused, match="no name of a job"):
        client.request("submit", {**job, "job": "../x"})


def test_equal_frames_are_painted_once_and_copied(client, add_sleep_model, colour_frames, tmp_path):
    """A held drawing: every frame but the first two is the same picture."""
    folder = colour_frames(count=8)
    held = (folder / "shot.1002.png").read_bytes()
    for frame in range(1003, 1009):
        (folder / f"shot.{frame}.png").write_bytes(held)
    job = job_of(folder, tmp_path / "out", add_sleep_model(seconds=0.05))
    job["shot"]["layers"][0]["mattes"] = "all"
    for form in ("png", "exr"):
        done = list(client.watch(client.submit({**job, "format": form, "out": str(tmp_path / form)})))[-1]
        assert (done["body"]["painted"], done["body"]["copied"]) == (2, 6), done
        files = sorted((tmp_path / form / job["shot"]["layers"][0]["name"]).iterdir())
        headers = [outputs.read_metadata(file) for file in files]
        assert [header["frame"] for header in headers] == list(range(1001, 1009))
        assert len({header["key"] for header in headers}) == 2
        if form == "png":
            assert Image.open(files[1]).tobytes() == Image.open(files[7]).tobytes()
        else:
            import OpenEXR

            first, last = (OpenEXR.File(str(file)).channels()["RGBA"].pixels for file in (files[1], files[7]))
            assert (first == last).all() and first.any()
        assert len(list((tmp_path / form / "mattes").rglob("*.1008.png"))) == 3


def test_another_job_with_the_same_frames_copies_them_and_paints_what_is_gone(
    client, add_sleep_model, colour_frames, tmp_path
):
    labels, model = colour_frames(count=6), add_sleep_model(seconds=0.02)
    list(client.watch(client.submit(job_of(labels, tmp_path / "one", model))))
    next((tmp_path / "one").rglob("*.1003.png")).unlink()
    done = list(client.watch(client.submit(job_of(labels, tmp_path / "two", model))))[-1]
    assert (done["body"]["painted"], done["body"]["copied"]) == (1, 5)


def test_a_pass_that_changes_after_the_check_fails_in_words(client, add_gated_model, gate, colour_frames, tmp_path):
    labels = colour_frames(count=20)
    job = client.submit(job_of(labels, tmp_path / "out", add_gated_model()))
    for event in client.watch(job):
        if event["event"] == "checked":
            (labels / "shot.1020.png").write_bytes((labels / "shot.1001.png").read_bytes())
            gate(None)
    assert event["event"] == "failed"
    assert "was changed after the job was accepted" in event["body"]["errors"][0]["what"]
    assert event["body"]["errors"][0]["frame"] == 1020


def test_a_killed_server_goes_on_where_it_was_and_its_watcher_misses_nothing(
    add_gated_model, gate, colour_frames, tmp_path
):
    model = add_gated_model()
    gate(6)
    server = start_server()
    watcher = None
    try:
        arguments = [
            "--json",
            "render",
            colour_frames(count=40),
            "--out",
            tmp_path / "out",
            "--model",
            model,
            "--no-aep",
        ]
        watcher = subprocess.Popen(
            [sys.executable, "-m", "semrender", *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        wait_for(lambda: len(list((tmp_path / "out").rglob("*.png"))) > 5)
        kill(server)
        gate(None)
        server = start_server()
        text, _ = watcher.communicate(timeout=90)
    finally:
        stop(server)
        if watcher is not None:
            watcher.kill()
    assert watcher.returncode == 0
    lines = [json.loads(line) for line in text.splitlines()]
    frames = [line["frame"] for line in lines if line["event"] == "frame"]
    assert sorted(frames) == list(range(1001, 1041)), "every frame was told once"
    assert any(line["event"] == "resumed" for line in lines)


def test_a_watcher_that_lost_its_server_looks_for_it_however_patient_it_is(
    add_gated_model, gate, colour_frames, tmp_path
):
    server = start_server()
    try:
        with Client(known_connection(), find=known_connection, patience=3600) as client:
            job = client.submit(job_of(colour_frames(), tmp_path / "out", add_gated_model()))
            events = client.watch(job)
            next(events)
            kill(server)
            gate(None)
            server = start_server()
            assert list(events)[-1]["event"] == "done"
    finally:
        stop(server)


def test_a_server_that_is_asked_to_stop_finishes_what_is_in_hand(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    gate(1)
    server = start_server()
    with Client(json.loads((tmp_path_home() / "connection.json").read_text())) as client:
        job = client.submit(job_of(colour_frames(count=30), tmp_path / "out", model))
        wait_for(lambda: frames_done(client, job) > 0)
        server.send_signal(signal.SIGTERM)
        gate(None)
        server.wait(30)
    server.stdout.close()
    assert server.returncode == 0 and not list((tmp_path / "out").rglob("*.tmp*"))
    painted = len(list((tmp_path / "out").rglob("*.png")))
    with running_server() as client:
        assert frames_done(client, job) == painted, "what was in hand was finished and entered"
        client.cancel(job)


def tmp_path_home():
    from shared import places

    return places.home()


def test_jobs_on_the_command_line(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    none = semrender("jobs")
    assert none.returncode == 5 and "no server runs" in none.stderr
    labels = colour_frames(count=20)
    with running_server() as client:
        handed = semrender("render", labels, "--out", tmp_path / "out", "--model", model, "--detach", "--priority", 3)
        job = handed.stdout.strip()
        assert len(job) == 32, handed.stderr
        heads, listed = semrender("jobs").stdout.splitlines()
        assert listed.startswith(job[:8]) and listed[heads.index("priority") :].split()[0] == "3"
        assert "paused" in semrender("jobs", "pause", job[:6]).stdout
        assert semrender("jobs", "resume", job[:6]).returncode == 0
        assert "1 paused" not in semrender("doctor").stdout
        gate(None)
        watched = semrender("jobs", "watch", job[:6])
        assert watched.returncode == 0 and "20 frames painted" in watched.stdout
        assert list((tmp_path / "out").glob("*.aep"))
        wrong = semrender("jobs", "cancel", "zz")
        assert wrong.returncode == 3 and "no job begins with 'zz'" in wrong.stderr
        cleaned = semrender("jobs", "clean", "--days", "0")
        assert cleaned.stdout.startswith("1 job forgotten")
        assert client.jobs() == []


def test_two_servers_cannot_share_a_ledger_or_a_port(state_folder, monkeypatch, tmp_path):
    with running_server() as client:
        second = semrender("serve")
        assert second.returncode == 5 and "another server has the ledger open" in second.stderr
        port = client.address.rsplit(":", 1)[1]
        monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "elsewhere"))
        third = semrender("serve", "--port", port)
        assert third.returncode == 5 and "cannot be used" in third.stderr and "--port" in third.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_a_server_that_is_slow_to_end_is_not_another_one(add_gated_model, gate, colour_frames, tmp_path):
    model = add_gated_model()
    with running_server() as client:
        job = client.submit(job_of(colour_frames(count=4), tmp_path / "out", model))
        wait_for(lambda: state(client, job) == "painting" and client.hello("test")["workers"][0]["tasks"])
        first = psutil.Process(client.hello("test")["pid"])
        first.suspend()
        silent = semrender("serve")
        first.resume()
        assert silent.returncode == 5 and "another server has the ledger open and does not answer" in silent.stderr
        client.request("stop")
        wait_for(lambda: client.hello("test")["ending"])
        again = semrender("serve")
        assert again.returncode == 5 and "the server of before is ending" in again.stderr, "what it has in hand waits"
        assert "Run the command again in a moment" in again.stderr
        gate(None)


def test_a_damaged_ledger_is_named_and_not_touched(state_folder):
    ledger = state_folder / "ledger.sqlite"
    ledger.write_bytes(b"SQLite format 3\0" + b"\x99" * 5000)
    done = semrender("serve")
    assert done.returncode == 5 and "the ledger is damaged" in done.stderr and str(ledger) in done.stderr
    assert ledger.read_bytes().endswith(b"\x99" * 100)


def test_a_lost_job_is_said_to_be_lost(client):
    with pytest.raises(ServerError, match="does not know that job"):
        list(client.watch("0" * 32))

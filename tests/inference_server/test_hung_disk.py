"""A network disk that hangs: whoever names it hears of it, and the server goes on for everybody else.

The disk is a real one: a FUSE file system of which nobody answers the kernel's questions.
"""

import ctypes
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from inference_server.broker.aside import MOST, Aside
from shared import places
from shared.client import Client
from shared.errors import ServerError
from tests.inference_server.servers import job_of, running_server, start_server, stop, wait_for

DETACH = 2


@pytest.fixture
def hang(tmp_path):
    """`hang(folder)` puts a disk there that never answers; `hang.end()` takes it away, as an unmount by force does."""
    if sys.platform != "linux" or os.geteuid() or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("only root on Linux with FUSE can make a disk that hangs")
    libc, mounted = ctypes.CDLL(None, use_errno=True), []

    def mount(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={descriptor},rootmode=40000,user_id=0,group_id=0".encode()
        if libc.mount(b"hung", os.fsencode(folder), b"fuse", 0, options):
            os.close(descriptor)
            pytest.skip(f"no file system can be mounted here: {os.strerror(ctypes.get_errno())}")
        mounted.append((folder, descriptor))
        return folder

    def end():
        while mounted:
            folder, descriptor = mounted.pop()
            libc.umount2(os.fsencode(folder), DETACH)
            os.close(descriptor)

    mount.end = end
    yield mount
    end()


def test_whoever_names_a_disk_that_hangs_hears_of_it_and_the_others_are_served(
    hang, add_sleep_model, colour_frames, tmp_path
):
    model, labels = add_sleep_model(), colour_frames()
    with running_server() as client:
        sound = client.submit(job_of(labels, tmp_path / "sound", model))
        assert list(client.watch(sound))[-1]["event"] == "done"
        dead = hang(tmp_path / "share")
        job = job_of(labels, tmp_path / "sound", model)
        asked = [
            ("sees", {"files": [[str(dead / "a.png"), ""]]}, dead / "a.png"),
            ("submit", {**job, "job": "a" * 32, "out": str(dead / "out")}, dead / "out"),
            ("submit", {**job, "job": "b" * 32, "base": str(dead / "in")}, dead / "in"),
            ("check", {**job, "out": str(dead / "out")}, dead / "out"),
            (
                "submit",
                {**job, "job": "c" * 32, "shot": {**job["shot"], "label_set": f"{dead}/l.json"}},
                dead / "l.json",
            ),
        ]
        said = []

        def ask(verb, body, path):
            with Client(places.read_json(places.connection_file())) as other:
                try:
                    other.request(verb, body, seconds=30.0, attempts=1)
                except ServerError as error:
                    said.append((str(path), error))

        threads = [threading.Thread(target=ask, args=one) for one in asked]
        for thread in threads:
            thread.start()
        done = client.submit(job_of(colour_frames("more"), tmp_path / "more", model))
        # A loop that looked at the disk itself would never come back: nobody answers the kernel.
        assert list(client.watch(done))[-1]["event"] == "done", "while the others wait"
        for thread in threads:
            thread.join()
        assert len(said) == len(asked)
        for path, error in said:
            assert "the disk does not answer" in error.what and error.file == path and "cause" in error.to_dict()
        client.request("ping", attempts=1)
        hang.end()
        taken = []

        def accepted():
            with suppress(ServerError):  # until the looks that hung have come back
                taken.append(client.submit(job_of(labels, dead / "out", model)))
            return bool(taken)

        wait_for(accepted)
        assert list(client.watch(taken[0]))[-1]["event"] == "done", "the folder is there again"


def test_an_output_folder_that_hangs_is_told_and_neither_stops_another_job_nor_the_end_of_the_server(
    hang, add_gated_model, gate, colour_frames, tmp_path, monkeypatch
):
    server = start_server()
    out = tmp_path / "share" / "out"
    with Client(places.read_json(places.connection_file())) as client:
        gate(0)
        job = client.submit(job_of(colour_frames(count=2), out, add_gated_model()))
        gate(2)
        assert list(client.watch(job))[-1]["event"] == "done"
        hang(tmp_path / "share")
        for verb, body in (("tree", {"after": ""}), ("fetch", {"path": "delivery.json"})):
            with pytest.raises(ServerError, match="the disk does not answer"):
                client.request(verb, {"job": job, **body}, seconds=60.0, attempts=1)
        assert client.jobs()[0]["state"] == "done"
    stop(server)
    assert server.returncode == 0


@pytest.fixture
def aside():
    made = Aside()
    yield made
    made.close()


def answers(aside, count):
    """What the next `count` looks came to, in the order in which they were told."""
    found = []
    while len(found) < count:
        for then, value in aside.answered():
            then(value)
            with suppress(ServerError):
                found.append(value())
                continue
            found.append("hangs")
    return found


def test_a_look_that_hangs_is_given_up_once_and_its_folder_is_not_asked_again(aside):
    free, told = threading.Event(), []
    aside.ask(Path("a"), free.wait, told.append, 0.0)
    assert answers(aside, 1) == ["hangs"]
    aside.ask(Path("a"), lambda: 1, told.append, 60.0)
    aside.ask(Path("b"), lambda: 2, told.append, 60.0)
    assert sorted(map(str, answers(aside, 2))) == ["2", "hangs"] and len(told) == 3
    free.set()
    wait_for(lambda: not aside.answered() and not aside._going)
    aside.ask(Path("a"), lambda: 3, told.append, 60.0)
    assert answers(aside, 1) == [3]


def test_looks_beyond_the_most_wait_and_what_waits_too_long_is_told(aside):
    free = threading.Event()
    for number in range(MOST):
        aside.ask(Path(str(number)), free.wait, lambda found: None, 3600.0)
    aside.ask(Path("late"), lambda: 1, lambda found: None, 0.0)
    assert answers(aside, 1) == ["hangs"]
    aside.ask(Path("next"), lambda: "next", lambda found: None, 3600.0)
    assert len(aside._going) == MOST
    free.set()
    assert set(answers(aside, MOST + 1)) == {True, "next"}


def test_the_loop_hears_of_an_answer_at_once(aside):
    aside.ask(Path("a"), lambda: 1, lambda found: None, 60.0)
    aside.bell.setblocking(True)
    assert aside.bell.recv(1) == b"\0"
    aside.bell.setblocking(False)
    assert answers(aside, 1) == [1]

"""The output folder: listed by pages whatever is in it, and looked at before anything is painted."""

import os
import shutil
import sys
from types import SimpleNamespace

import pytest

from inference_server.broker import spool, verbs
from inference_server.broker.jobs import Jobs
from inference_server.broker.ledger import Ledger
from inference_server.broker.requests import job_spec
from inference_server.broker.verbs import Verbs
from inference_server.commands.progress import Teller
from inference_server.models.devices import choose_device
from inference_server.worker.check import check_job
from shared import protocol
from shared.errors import InputRefused
from shared.servers import private_server
from shared.told import event_of
from tests.conftest import semrender
from tests.inference_server.servers import job_of, running_server

NAMES = ["a/1.png", "a/b/2.png", "a/c.png", "a.png", "a b/x.png", "z/ä.png", "delivery.json"]


def fill(folder, names=NAMES):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def pages(folder, most):
    after, found = "", []
    while True:
        files, after = spool.page(folder, {"a", "a b", "z", "empty", "loop"}, after, most)
        assert len(files) <= most
        found += files
        if not after:
            return found


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100])
def test_pages_of_any_length_hold_every_file_once(most, tmp_path):
    fill(tmp_path, [*NAMES, ".hidden.tmp", "a/.beside.tmp", "of others/1.png", "b/1.png"])
    (tmp_path / "empty").mkdir()
    if os.name == "posix":
        (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
        (tmp_path / "loop").symlink_to(tmp_path)
    found = pages(tmp_path, most)
    assert sorted(found) == sorted([name, len(name.encode())] for name in NAMES)


def test_a_folder_that_is_not_there_has_no_files(tmp_path):
    assert spool.page(tmp_path / "gone", (), "", 10) == ([], "")


def test_what_comes_and_goes_between_two_pages_ends_nothing(tmp_path):
    first, after = spool.page(fill(tmp_path), {"a", "a b"}, "", 5)
    shutil.rmtree(tmp_path / after.split("/")[0], ignore_errors=True)
    fill(tmp_path, ["zz.png"])
    rest, more = spool.page(tmp_path, {"a", "a b"}, after, 100)
    names = [name for name, _ in first + rest]
    assert not more and len(names) == len(set(names)) and "zz.png" in names


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What `tree` answers of a job whose output folder is `tmp_path / "out"`, without a server."""
    jobs = Jobs(Ledger(None))
    jobs.open(
        "a",
        {
            "shot": {"name": "s", "layers": [{"name": n} for n in ("a", "a b", "z")]},
            "frames": [1],
            "layers": ["a"],
            "roots": None,
            "out": str(tmp_path / "out"),
        },
    )
    answers = []
    broker = SimpleNamespace(
        jobs=jobs,
        spool=None,
        answer=lambda client, frames: answers.append(frames),
        look=lambda client, request, folder, work, then, seconds: then(work()),
    )
    monkeypatch.setattr(verbs, "PAGE", 3)
    monkeypatch.setattr(verbs, "MOST_AT_ONCE", 20)

    def ask(**body):
        Verbs(broker).tree(b"", "r", {"job": "a", **body}, [])
        return protocol.answer(protocol.unpack(answers.pop())[0])

    return ask


def test_a_client_of_the_version_before_gets_all_or_words(asked, tmp_path):
    fill(tmp_path / "out")
    assert len(asked(after="")["files"]) <= 3 and asked(after="")["next"]
    assert sorted(asked()["files"]) == sorted([name, len(name.encode())] for name in NAMES), "as before"
    fill(tmp_path / "out", [f"of others/{n}.png" for n in range(20)])
    assert len(asked()["files"]) == len(NAMES), "what others keep there is not the job's"
    fill(tmp_path / "out", [f"mattes/more/{n}.png" for n in range(20)])
    with pytest.raises(InputRefused, match="Update the client"):
        asked()


def test_a_large_delivery_is_collected_whole(state_folder, add_sleep_model, colour_frames, tmp_path):
    folder = colour_frames(count=1)
    with private_server("test", "cpu") as client:
        job = job_of(folder, tmp_path / "out", add_sleep_model())
        shot = {**job["shot"], "layers": [{"name": "tree", "labels": "shot.####.png"}]}
        identity = client.submit({"shot": shot}, {file.name: file for file in folder.iterdir()})
        list(client.watch(identity))
        out = state_folder / "spool" / identity / "out"
        fill(out, [f"mattes/many/{n:04d}.png" for n in range(verbs.PAGE + 100)])
        listed = list(client._tree(identity))
    names = [name for name, _, _ in listed]
    assert len(names) == len(set(names)) > verbs.PAGE + 100
    assert {"delivery.json", "mattes/many/0000.png", f"mattes/many/{verbs.PAGE + 99:04d}.png"} <= set(names)


# Before anything is painted


def test_a_folder_that_takes_no_files_is_refused_in_the_check(add_sleep_model, colour_frames, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    labels, out = colour_frames(count=1), tmp_path / "file" / "out"
    job = job_of(labels, out, add_sleep_model())
    spec = job_spec(job, labels, out, None, uploaded=False)
    (problem,) = check_job(spec, "a", lambda: None, 10**12, choose_device("cpu"))["problems"]
    assert problem["what"] == "the output folder cannot be written" and problem["file"] == str(out)
    assert not check_job({**spec, "only_check": True}, "a", lambda: None, 10**12, choose_device("cpu"))["problems"]


def test_a_folder_that_takes_files_is_left_as_it_was(add_sleep_model, colour_frames, tmp_path):
    labels, out = colour_frames(count=1), tmp_path / "out"
    spec = job_spec(job_of(labels, out, add_sleep_model()), labels, out, None, uploaded=False)
    assert not check_job(spec, "a", lambda: None, 10**12, choose_device("cpu"))["problems"]
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("with_server", [False, True])
def test_render_into_a_folder_that_takes_no_files(with_server, add_sleep_model, colour_frames, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    command = ["render", colour_frames(count=2), "--out", tmp_path / "file" / "out", "--model", add_sleep_model()]
    if with_server:
        with running_server():
            done = semrender(*command)
    else:
        done = semrender(*command)
    assert done.returncode == 3 and "the output folder cannot be written" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_system_that_does_not_count_takes_what_it_takes(monkeypatch, tmp_path):
    monkeypatch.setattr(spool.shutil, "disk_usage", lambda _: SimpleNamespace(total=0, used=0, free=0))
    assert spool.free(tmp_path) == sys.maxsize


def test_a_wait_before_the_first_frame_is_said(capsys):
    Teller().tell(event_of({"event": "paused", "n": 1, "body": {"why": "no space: 300 MiB must be free"}}))
    assert "paused: no space: 300 MiB must be free" in capsys.readouterr().out

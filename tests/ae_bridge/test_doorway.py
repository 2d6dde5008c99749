"""The panel's door to a real server: what it does, and who does not get in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from ae_bridge import doorway, inbox
from shared import places
from shared.client import Client
from shared.connection import Connection
from shared.delivery import read_delivery
from tests.inference_server.servers import job_of, kill, running_server, start_server, wait_for

Body = dict[str, Any]


def raw(line: bytes, seconds: float = 15.0) -> bytes:
    found = places.read_json(doorway.doorway_file())
    assert found is not None
    with socket.create_connection((found["host"], found["port"]), seconds) as connection:
        answer = b""
        try:
            connection.sendall(line)
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionError:
            pass
        return answer


def ask(verb: str, **more: Any) -> Body:
    token = (places.read_json(doorway.doorway_file()) or {})["token"]
    answer: Body = json.loads(raw(json.dumps({"token": token, "verb": verb, **more}).encode() + b"\n"))
    return answer


@pytest.fixture
def server(state_folder: Path, add_sleep_model: Any) -> Iterator[Client]:
    add_sleep_model(seconds=0.1)
    with running_server() as client:
        yield client


@pytest.fixture
def painted(server: Client, colour_frames: Any, tmp_path: Path) -> Path:
    """The output folder of a finished job, in a shared folder."""
    inbox.watch(tmp_path)
    out = tmp_path / "sh"
    job = server.submit(job_of(colour_frames(), out, "stand-in"))
    assert list(server.watch(job))[-1]["event"] == "done"
    return out


def listed() -> list[str]:
    return [entry["folder"] for entry in inbox.entries()]


def ended(job: str) -> Body:
    return wait_for(lambda: (found := ask("progress", job=job))["state"] in ("done", "cancelled", "failed") and found)


def test_what_anybody_has_painted_is_in_the_lists(painted: Path, tmp_path: Path) -> None:
    """As Maya and the farm hand over jobs: nobody asked for a comp, and nobody watches."""
    assert listed() == [painted.as_posix()]
    assert [entry["folder"] for entry in inbox.entries(inbox.list_of(tmp_path))] == [painted.as_posix()]


def test_a_part_of_a_shot_is_listed_when_the_rest_is_there(server: Client, colour_frames: Any, tmp_path: Path) -> None:
    """As a farm paints it: a job for each range, into one folder."""
    labels = colour_frames()
    for frames, seen in (([1001, 1002], []), ([1003, 1004], [(tmp_path / "sh").as_posix()])):
        job = server.submit(job_of(labels, tmp_path / "sh", "stand-in", frames=frames))
        assert list(server.watch(job))[-1]["event"] == "done"
        assert (tmp_path / "sh" / "delivery.json").is_file() and listed() == seen


def test_a_take_with_another_seed_is_painted_and_offered(painted: Path) -> None:
    assert [card["name"] for card in ask("models")["models"] if card["name"] == "stand-in"]
    again = ask("repaint", folder=painted.as_posix(), seed=77)
    assert again["ok"], again
    assert ended(again["job"])["done"] == 4
    take = Path(again["folder"])
    assert take.name == "sh_take002"
    layers = [layer for layer in read_delivery(take).layers if layer.role == "painting"]
    assert {layer.provenance.seed for layer in layers} == {77}
    assert read_delivery(painted).shot.uid == read_delivery(take).shot.uid  # so it is an update
    assert listed() == [take.as_posix(), painted.as_posix()]
    assert Path(ask("repaint", folder=take.as_posix(), seed=3)["folder"]).name == "sh_take003"


def test_a_preview_is_one_frame_and_is_not_offered(painted: Path) -> None:
    job = ask("repaint", folder=painted.as_posix(), seed=5, frame=1002)
    found = ended(job["job"])
    assert (found["state"], found["total"]) == ("done", 1)
    assert Path(found["preview"]).is_file() and listed() == [painted.as_posix()]


def test_a_take_can_be_cancelled(painted: Path, add_gated_model: Any) -> None:
    add_gated_model("waits")
    job = ask("repaint", folder=painted.as_posix(), model="waits")["job"]
    assert ask("cancel", job=job)["ok"]
    assert ended(job)["state"] == "cancelled" and listed() == [painted.as_posix()]


def test_what_cannot_be_done_is_said_in_words(painted: Path, tmp_path: Path) -> None:
    assert "no delivery.json" in ask("repaint", folder=(tmp_path / "none").as_posix())["error"]
    assert "seed" in ask("repaint", folder=painted.as_posix(), seed="many")["error"]
    assert "no option" in ask("repaint", folder=painted.as_posix(), options={"weather": 1})["error"]
    assert "folder" in ask("repaint")["error"]
    assert "has no layer none" in ask("repaint", folder=painted.as_posix(), layer="none")["error"]
    unknown = shutil.copytree(painted, tmp_path / "copied")
    found = ask("models", folder=unknown.as_posix())
    assert "does not know how this was painted" in found["fault"] and found["models"] and not found["layers"]
    job = ask("repaint", folder=painted.as_posix(), model="match_grade", reference=(tmp_path / "no.png").as_posix())
    assert ended(job["job"])["state"] == "failed" and "no.png" in ask("progress", job=job["job"])["error"]
    assert "know that job" in ask("progress", job="x")["error"]


STRANGERS = [
    (b'{"token": "wrong", "verb": "models"}\n', "token is wrong"),
    (b'{"verb": "models"}\n', "token is wrong"),
    (b'{"token": 5, "verb": "models"}\n', "token is wrong"),
    ('{"token": "\u00e4\ud7ff"}\n'.encode(), "token is wrong"),
    (b"[]\n", "token is wrong"),
    (b"GET / HTTP/1.0\n\n", "not JSON"),
    (b"\xff\x00\xfe\n", "not JSON"),
    (b"[" * 60_000 + b"\n", "not JSON"),
    (b"x" * (doorway.MAX_LINE + 70_000) + b"\n", "one line of at most"),
]


def test_who_does_not_know_the_token_gets_nothing(server: Client) -> None:
    for line, words in STRANGERS:
        answer = raw(line)
        # A huge line may be cut off before its answer is read.
        assert words in json.loads(answer)["error"] if answer else len(line) > doorway.MAX_LINE
    assert ask("models")["ok"]


def test_whoever_says_nothing_makes_room_for_the_panel(server: Client) -> None:
    door = places.read_json(doorway.doorway_file()) or {}
    silent = [socket.create_connection((door["host"], door["port"])) for _ in range(3 * doorway.MAX_CONNECTIONS)]
    assert ask("models")["ok"]
    silent[0].settimeout(10)
    assert silent[0].recv(100) == b"" or silent[0].recv(100) == b"", "the oldest was sent away"
    for one in silent:
        one.close()


def test_unknown_verbs_are_refused(server: Client) -> None:
    for verb in ("stop", "_models", 7, None, ["models"]):
        assert "no such verb" in ask(verb)["error"]  # type: ignore[arg-type]


def test_silent_and_many_visitors_do_not_close_the_door(server: Client) -> None:
    found = places.read_json(doorway.doorway_file())
    assert found is not None
    silent = [socket.create_connection(("127.0.0.1", found["port"])) for _ in range(60)]
    began = time.monotonic()

    def back() -> bool:
        try:
            return bool(ask("models")["ok"])
        except (ValueError, OSError):
            return False

    wait_for(back, 60.0)
    assert time.monotonic() - began < 60
    for one in silent:
        one.close()
    assert server.request("ping")[0] is not None


def test_the_door_file_is_for_its_owner_and_goes_with_the_server(state_folder: Path, add_sleep_model: Any) -> None:
    with running_server():
        mode = stat.S_IMODE(doorway.doorway_file().stat().st_mode)
        assert sys.platform == "win32" or mode == 0o600
    assert not doorway.doorway_file().exists()


def test_a_killed_server_takes_its_door_along_and_the_next_has_another(state_folder: Path) -> None:
    process = start_server()
    before = places.read_json(doorway.doorway_file())
    assert before is not None and before["pid"] == process.pid
    kill(process)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", before["port"]), 2).close()
    with running_server():
        after = places.read_json(doorway.doorway_file())
        assert after is not None and after["token"] != before["token"] and ask("models")["ok"]
    assert os.environ["SEMRENDER_HOME"] == str(state_folder)


def test_the_door_shows_that_it_lives_and_lets_another_door_be(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the panel need not try the door of a server that was killed."""
    monkeypatch.setattr(doorway, "BEAT", 0)
    file = doorway.doorway_file()
    with doorway._Door(cast(Connection, None)) as door:
        for token, beats in ((door.token, True), ("of another server", False)):
            places.write_json(file, {"token": token})
            os.utime(file, (1, 1))
            door.service_actions()
            assert (file.stat().st_mtime > 1) == beats

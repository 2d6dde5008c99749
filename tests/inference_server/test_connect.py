"""A server elsewhere: addresses and keys are looked at before they are stored, and nobody paints here unasked."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import zmq

from inference_server.commands.connect_cli import add_commands, checked_address, checked_key
from shared import places
from shared.command import Parser
from shared.connection import knock
from shared.errors import InputRefused
from tests.conftest import semrender
from tests.inference_server.servers import running_server

KEY = zmq.curve_keypair()[0].decode()


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers, as behind a firewall."""
    with socket.create_server(("127.0.0.1", 0)) as listening:  # the system takes them
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    "address",
    [
        "192.168.1.5:5599",
        "http://192.168.1.5:8188",
        "tcp://renderbox",
        "tcp://render box:5599",
        "tcp://renderbox:0",
        "tcp://renderbox:70000",
        "tcp://:5599",
        "tcp://renderbox:5599/queue",
        "tcp://user@renderbox:5599",
        "ipc:///tmp/x",
        "",
    ],
)
def test_what_is_no_address_is_refused_and_not_stored(address):
    done = semrender("connect", address, KEY)
    assert done.returncode == 3 and "tcp://HOST:PORT" in done.stderr
    assert not places.remote_file().exists()


@pytest.mark.parametrize(
    "address", ["tcp://renderbox:5599", "tcp://10.0.0.7:1", "tcp://[fe80::1]:65535", "tcp://a.b:80"]
)
def test_addresses(address):
    assert checked_address(address) == address


def test_what_is_no_key_is_refused():
    for key in ("a" * 40, KEY[:-1], KEY + "0", KEY[:-1] + '"', "", "ab" * 20):
        with pytest.raises(InputRefused, match="no server key"):
            checked_key(key)


def test_every_key_that_a_server_can_have_is_one():
    for _ in range(2000):
        checked_key(zmq.curve_keypair()[0].decode())


def test_a_key_that_begins_like_an_option_is_a_key(silent_port):
    key = "-h" + KEY[2:]
    done = semrender("connect", f"tcp://127.0.0.1:{silent_port}", key, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["event"] == "connected"
    assert places.read_json(places.remote_file())["server_key"] == key


@pytest.mark.parametrize("beginning", ["-", "--", "---", "-j", "--json=", "--help"])
def test_whatever_a_key_begins_with_it_is_no_option(beginning):
    key = beginning + KEY[len(beginning) :]
    parser = Parser()
    add_commands(parser.add_subparsers(required=True))
    for line in (
        ["connect", "tcp://a:1", key],
        ["connect", "tcp://a:1", "--json", key],
        ["connect", "tcp://a:1", key, "--json"],
    ):
        assert parser.parse_args(line).server_key == key


def test_a_server_that_does_not_answer_is_said_and_nothing_is_painted_here(
    silent_port, add_sleep_model, colour_frames, tmp_path
):
    done = semrender("connect", f"tcp://127.0.0.1:{silent_port}", KEY)
    assert done.returncode == 0 and "does not answer yet" in done.stdout and "client.key" in done.stdout
    labels, model, out = colour_frames(), add_sleep_model(), tmp_path / "out"
    commands = (["render", labels, "--out", out, "--model", model], ["check", labels, "--model", model], ["jobs"])
    with ThreadPoolExecutor() as beside:  # each waits for the server
        said = list(beside.map(lambda command: semrender(*command), commands))
    for command, done in zip(commands, said, strict=True):
        assert done.returncode == 5, (command, done.stdout)
        assert f"127.0.0.1:{silent_port}" in done.stderr and "firewall" in done.stderr and "--here" in done.stderr
    assert not out.exists() or not list(out.rglob("*.png"))
    assert semrender("render", labels, "--out", out, "--model", model, "--here", "--no-aep").returncode == 0
    gone = semrender("--json", "disconnect")
    assert json.loads(gone.stdout)["address"].endswith(str(silent_port))
    assert semrender("check", labels, "--model", model).returncode == 0
    assert "no server" in semrender("disconnect").stdout


def test_a_port_that_nobody_has_is_said_without_waiting():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = {"address": f"tcp://127.0.0.1:{listening.getsockname()[1]}"}
    assert knock(address, seconds=3600) == "Nobody answers there"


def test_who_is_not_let_in_yet_is_told_and_then_let_in(tmp_path, monkeypatch):
    clients = tmp_path / "clients"
    clients.mkdir()
    with running_server("--bind", "tcp://127.0.0.1:0", "--clients", clients) as client:
        address, key = client.address, client.connection["server_key"]
        monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "artist"))
        told = json.loads(semrender("--json", "connect", address, key).stdout)
        assert told["state"] == "turned away"
        (clients / "artist.key").write_bytes((tmp_path / "artist" / "keys" / "client.key").read_bytes())
        told = json.loads(semrender("--json", "connect", address, key).stdout)
        assert told["state"] == "ready"
        assert semrender("jobs").returncode == 0
        monkeypatch.undo()

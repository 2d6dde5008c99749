"""Who gets in and what a job may touch. Real CURVE handshakes, links, and network namespaces where they can be had."""

import contextlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import zmq
import zmq.auth

from inference_server.broker.requests import job_spec
from inference_server.broker.security import check_bind
from inference_server.roots import inside
from shared import places
from shared.client import Client
from shared.errors import InputRefused, ServerError
from shared.servers import private_server
from tests.conftest import ROOT, semrender
from tests.inference_server.servers import job_of, running_server

posix = pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")


def pair():
    return dict(zip(("public_key", "secret_key"), (key.decode() for key in zmq.curve_keypair()), strict=True))


def no_answer(connection):
    with Client(connection) as client, pytest.raises(ServerError) as raised:
        client.request("ping", seconds=1.0, attempts=1)
    return raised.value


def test_no_keys_wrong_keys_and_unlisted_keys_do_not_get_in(state_folder):
    with running_server() as client:
        known = client.connection
        assert "turned away" not in str(client.hello("test"))
        assert "did not answer" in no_answer({"address": known["address"]}).what
        wrong_server = {**known, "server_key": pair()["public_key"]}
        assert "did not answer" in no_answer(wrong_server).what
        unlisted = no_answer({**known, **pair()})
        assert "does not know this client's key" in unlisted.cause
        client.request("ping")
    log = (state_folder / "logs" / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert any("unknown key" in line["what"] for line in lines)


def test_nobody_but_its_workers_gets_in_backstage(state_folder):
    """A stranger of this machine without the key, one with a client's key, and one who sends without end."""
    with running_server() as client:
        server = psutil.Process(client.hello("test")["pid"])
        front = int(client.address.rsplit(":", 1)[1])
        doors = {found.laddr.port for found in server.net_connections() if found.status == "LISTEN"} - {front}
        before = server.memory_info().rss
        for port in doors:
            address = {"address": f"tcp://127.0.0.1:{port}"}
            assert "did not answer" in no_answer(address).what
            assert "did not answer" in no_answer({**client.connection, **address}).what
            endless(port)
        assert server.memory_info().rss - before < 50 * 2**20
        assert client.hello("test")["workers"]


def endless(port):
    """64 MiB of one message that goes on and on, without CURVE (ZMTP 3.0, RFC 23)."""
    with socket.create_connection(("127.0.0.1", port)) as line, contextlib.suppress(OSError):
        line.settimeout(3)
        line.sendall(b"\xff" + bytes(8) + b"\x7f\x03\0" + b"NULL".ljust(20, b"\0") + bytes(32))
        line.recv(64)
        ready = b"\x05READY\x0bSocket-Type" + b"\0\0\0\x06DEALER"
        line.sendall(b"\x04" + bytes([len(ready)]) + ready)
        for _ in range(64):
            line.sendall(b"\x03" + (2**20).to_bytes(8, "big") + bytes(2**20))


@posix
def test_keys_and_connection_are_readable_by_the_user_alone(state_folder):
    with running_server():
        for file in (places.connection_file(), places.home() / "keys" / "server.json"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        connection = places.read_json(places.connection_file())
        assert {"address", "server_key", "public_key", "secret_key", "pid", "version"} <= set(connection)


def test_an_address_of_the_network_needs_a_list_of_clients(tmp_path):
    for address in ("tcp://0.0.0.0:5599", "tcp://*:5599", "tcp://192.168.1.2:0"):
        with pytest.raises(ServerError, match="no list of allowed clients"):
            check_bind(address, None)
        check_bind(address, tmp_path)
    check_bind("tcp://127.0.0.1:0", None)
    done = semrender("serve", "--bind", "tcp://0.0.0.0:0")
    assert done.returncode == 5 and "--clients FOLDER" in done.stderr


def test_a_listed_client_paints_by_upload_and_a_removed_one_is_out(
    add_sleep_model, colour_frames, tmp_path, monkeypatch, state_folder
):
    """The whole way of a second machine: keys, upload, painting, collecting the files."""
    model, labels = add_sleep_model(), colour_frames(count=3)
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    with running_server("--bind", "tcp://0.0.0.0:0", "--clients", allowed) as local:
        there = tmp_path / "other machine"
        shutil.copytree(state_folder / "models", there / "models")
        monkeypatch.setenv("SEMRENDER_HOME", str(there))
        told = semrender("connect", local.address, local.connection["server_key"])
        assert told.returncode == 0, told.stderr
        public = there / "keys" / "client.key"
        assert str(public) in told.stdout
        before = semrender("render", labels, "--out", tmp_path / "out", "--model", model, "--no-aep")
        assert before.returncode == 5 and "does not know this client's key" in before.stderr
        shutil.copy(public, allowed / "other.key")
        done = semrender("render", labels, "--out", tmp_path / "out", "--model", model, "--mattes", "tree")
        assert done.returncode == 0, done.stderr
        assert len(list((tmp_path / "out" / "labels").glob("*.png"))) == 3 or list(
            (tmp_path / "out").rglob("*.1001.png")
        )
        assert list((tmp_path / "out").glob("*.aep")) and (tmp_path / "out" / "delivery.json").exists()
        assert any((state_folder / "spool").rglob("delivery.json")), "it was painted in the server's spool"
        (allowed / "other.key").unlink()
        after = semrender("render", labels, "--out", tmp_path / "out", "--model", model)
        assert after.returncode == 5 and "does not know this client's key" in after.stderr


def test_without_roots_a_client_of_the_network_may_name_no_path(add_sleep_model, colour_frames, tmp_path):
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    with running_server("--bind", "tcp://0.0.0.0:0", "--clients", allowed) as local:
        assert not local.shares_disk(next(colour_frames().iterdir()), tmp_path / "out")
        with pytest.raises(InputRefused, match="outside the folders"):
            local.submit(job_of(tmp_path / "labels", tmp_path / "out", add_sleep_model()))


def test_a_shared_disk_is_found_by_looking(colour_frames, tmp_path):
    with running_server() as client:
        label = next(colour_frames().iterdir())
        assert client.shares_disk(label, tmp_path / "out")
        assert not list((tmp_path / "out").iterdir()), "the nonce is gone"
        same = client.request("sees", {"files": [[str(label), "0" * 64], [str(tmp_path / "none"), ""], [1], None]})
        assert same[0]["same"] == [False] * 4


def spec_of(shot, base, out, roots=None, uploaded=False):
    return job_spec({"shot": shot}, base, out, roots, uploaded)


def shot_of(labels, model, **more):
    return {
        "name": "s",
        "fps": 24,
        "first": 1,
        "last": 1,
        "model": model,
        "layers": [{"name": "a", "labels": labels}],
        **more,
    }


@pytest.mark.parametrize(
    "pattern", ["/etc/passwd", "../x.png", "a/../../x.png", "C:\\x.png", "\\\\host\\x.png", "a\\..\\..\\x"]
)
def test_an_uploaded_job_cannot_name_files_of_the_server(pattern, add_sleep_model, tmp_path):
    model = add_sleep_model()
    with pytest.raises(InputRefused, match="must lie in its job's folder"):
        spec_of(shot_of(pattern, model), tmp_path, tmp_path / "out", [str(tmp_path)], uploaded=True)
    with pytest.raises(InputRefused, match="must lie in its job's folder"):
        spec_of(shot_of("a", model, context=pattern), tmp_path, tmp_path / "out", [str(tmp_path)], uploaded=True)


def test_folders_and_label_sets_outside_the_roots_are_refused(add_sleep_model, tmp_path):
    model = add_sleep_model()
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(InputRefused, match="outside the folders"):
        spec_of(shot_of("a", model), tmp_path, root / "out", [str(root)])
    with pytest.raises(InputRefused, match="outside the folders"):
        spec_of(shot_of("a", model), root, root / ".." / "out", [str(root)])
    with pytest.raises(InputRefused, match="outside the folders"):
        spec_of(shot_of("a", model, label_set=str(tmp_path / "set.json")), root, root / "out", [str(root)])


@posix
def test_links_that_lead_out_of_the_roots_are_followed_and_refused(add_sleep_model, colour_frames, tmp_path):
    model = add_sleep_model()
    outside, root = colour_frames("outside", count=1), tmp_path / "root"
    (root / "labels").mkdir(parents=True)
    (root / "labels" / "shot.1001.png").symlink_to(outside / "shot.1001.png")
    with pytest.raises(InputRefused, match="by a link"):
        inside(root / "labels" / "shot.1001.png", [str(root)])
    with running_server("--root", root) as client:
        ended = list(client.watch(client.submit(job_of(root / "labels", root / "out", model))))[-1]
        assert ended["event"] == "failed" and "outside the folders" in ended["body"]["errors"][0]["what"]
        # The output: a folder that is a link to elsewhere.
        (root / "labels" / "shot.1001.png").unlink()
        shutil.copy(outside / "shot.1001.png", root / "labels")
        (root / "out").mkdir(exist_ok=True)
        (tmp_path / "elsewhere").mkdir()
        name = job_of(root / "labels", root / "out", model)["shot"]["layers"][0]["name"]
        (root / "out" / name).symlink_to(tmp_path / "elsewhere")
        ended = list(client.watch(client.submit(job_of(root / "labels", root / "out", model))))[-1]
        assert ended["event"] == "failed" and "outside the folders" in ended["body"]["errors"][0]["what"]
        assert not any((tmp_path / "elsewhere").iterdir())


def test_an_upload_is_bounded_and_may_come_twice(add_sleep_model, colour_frames, state_folder):
    with running_server("--spool-gib", "0.001") as client:
        job = "cd" * 16
        for _ in range(3):
            client.request("put", {"job": job, "name": "a/x.png", "offset": 0, "size": 3}, [b"abc"])
        assert (state_folder / "spool" / job / "in" / "a" / "x.png").read_bytes() == b"abc"
        with pytest.raises(InputRefused, match="spool is full"):
            client.request("put", {"job": job, "name": "b.png", "offset": 0, "size": 2_000_000}, [b"x" * 2_000_000])
        for bad in (
            {"offset": 5, "size": 8},
            {"offset": -1, "size": 3},
            {"offset": 0, "size": 1},
            {"offset": 0, "size": 2**60},
            {"offset": "0", "size": 3},
        ):
            with pytest.raises(InputRefused):
                client.request("put", {"job": job, "name": "c.png", **bad}, [b"abc"])
        with pytest.raises(InputRefused, match="has not arrived whole"):
            client.request("submit", {"job": job, "shot": None, "files": [["a/x.png", 4]]})


@pytest.fixture
def namespace():
    """Another network namespace with a cable to ours: (its name, our address there). A second machine to the kernel."""
    name, ours = f"semrender{os.getpid()}", "10.254.77.1"
    commands = [
        f"ip netns add {name}",
        f"ip link add sr{os.getpid()} type veth peer name there netns {name}",
        f"ip addr add {ours}/30 dev sr{os.getpid()}",
        f"ip link set sr{os.getpid()} up",
        f"ip -n {name} addr add 10.254.77.2/30 dev there",
        f"ip -n {name} link set there up",
        f"ip -n {name} link set lo up",
    ]
    try:
        for command in commands:
            subprocess.run(command.split(), check=True, capture_output=True, timeout=20)
        yield name, ours
    except (OSError, subprocess.CalledProcessError) as error:
        words = getattr(error, "stderr", b"") or str(error).encode()
        pytest.skip(f"NOT TESTED: no network namespace can be made here: {words.decode(errors='replace')[:200]}")
    finally:
        with contextlib.suppress(OSError):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=20)


ASK = """
import json, sys
from shared.client import Client
from shared.errors import ServerError
try:
    Client(json.loads(sys.argv[1])).request("ping", seconds=2.0, attempts=1)
    print("in")
except ServerError as error:
    print("out:", error.cause)
"""


def test_from_another_network_namespace_only_a_listed_key_gets_in(namespace, tmp_path, state_folder):
    name, ours = namespace
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    zmq.auth.create_certificates(allowed, "friend")
    public, secret = (key.decode() for key in zmq.auth.load_certificate(allowed / "friend.key_secret"))

    def asked(connection):
        command = ["ip", "netns", "exec", name, sys.executable, "-c", ASK, json.dumps(connection)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout

    beside = ThreadPoolExecutor()  # who is not let in waits
    with running_server("--bind", f"tcp://{ours}:0", "--clients", allowed) as local:
        server = {"address": local.address, "server_key": local.connection["server_key"]}
        friend = {**server, "public_key": public, "secret_key": secret}
        known, unlisted, *others = beside.map(
            asked,
            (
                friend,
                {**server, **pair()},
                {"address": local.address},
                {**server, "server_key": pair()["public_key"], **pair()},
            ),
        )
        assert known == "in\n"
        assert unlisted.startswith("out: It does not know this client's key")
        assert all(other.startswith("out:") for other in others)
    with running_server() as local:  # on loopback there is nobody to be found at all
        port = local.address.rsplit(":", 1)[1]
        ways = (local.connection, {**local.connection, "address": f"tcp://{ours}:{port}"})
        assert list(beside.map(asked, ways)) == ["out: Nobody answers there\n"] * 2


def test_nothing_that_is_read_is_unpickled():
    unsafe = re.compile(r"^\s*(import|from) (pickle|marshal|shelve)\b|weights_only=False|allow_pickle=True", re.M)
    for room in ("inference_server", "shared", "ae_bridge"):
        for file in (ROOT / room).rglob("*.py"):
            assert not unsafe.search(file.read_text(encoding="utf-8")), file


def test_a_private_server_leaves_the_spool_of_others_alone(state_folder):
    others = state_folder / "spool" / ("ab" * 16)
    (others / "out").mkdir(parents=True)
    with private_server("test", "cpu") as client:
        client.request("clean", {})
        assert others.exists()
    with running_server() as client:
        assert not others.exists(), "no job of this ledger claims it"


def test_what_leads_out_of_the_roots_later_is_neither_listed_nor_fetched(add_sleep_model, colour_frames, tmp_path):
    root, secret = tmp_path / "labels", tmp_path / "secret"
    colour_frames(count=1)
    secret.mkdir()
    (secret / "id_rsa").write_text("PRIVATE")
    (secret / "unannounced_film.1001.png").write_bytes(b"")
    with running_server("--root", root) as client:
        spec = job_of(root, root / "out", add_sleep_model())
        job = client.submit(spec)
        assert list(client.watch(job))[-1]["event"] == "done"
        (root / "out").rename(root / "old")
        (root / "out").symlink_to(secret)
        for ask in (lambda: client.request("tree", {"job": job}), lambda: client.fetch(job, "id_rsa")):
            with pytest.raises(InputRefused, match="outside the folders"):
                ask()
        (root / "out").unlink()
        for pattern in (str(secret / "x.####.png"), str(secret), "../secret/x.####.png"):
            spec["shot"]["layers"][0]["labels"] = pattern
            found = client.check(spec)["problems"]
            assert "outside the folders" in found[0]["what"] and "unannounced" not in str(found)


@posix
def test_a_pipe_is_no_file_and_stops_nobody(add_sleep_model, colour_frames, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with running_server() as client:
        job = job_of(colour_frames(), tmp_path / "out", add_sleep_model())
        job["shot"]["label_set"] = str(tmp_path / "pipe.json")
        with pytest.raises(InputRefused, match="it is no file"):
            client.submit(job)
        assert client.request("sees", {"files": [[str(tmp_path / "pipe.json"), "0"]]})[0]["same"] == [False]


def test_an_accepted_job_takes_no_further_pieces(add_gated_model, colour_frames, tmp_path):
    labels = colour_frames(count=1)
    with running_server() as client:
        job = job_of(labels, tmp_path / "out", add_gated_model())
        job["shot"]["layers"][0]["labels"] = "labels"
        identity = client.submit(job, {f"labels/{file.name}": file for file in labels.iterdir()})
        with pytest.raises(InputRefused, match="was accepted"):
            client.request("put", {"job": identity, "name": "labels/x", "offset": 0, "size": 1}, [b"x"])


def test_keys_that_were_cut_short_are_never_replaced(state_folder):
    file = state_folder / "keys" / "server.json"
    file.parent.mkdir()
    for damaged in (b"", b'{"public": "', b"\xff\xfe", b'{"public": "short", "secret": "short"}'):
        file.write_bytes(damaged)
        done = semrender("serve")
        assert done.returncode == 5 and "keys are damaged" in done.stderr and str(file) in done.stderr
        assert file.read_bytes() == damaged


def test_code_in_the_artists_folder_is_never_run(add_sleep_model, colour_frames, tmp_path):
    labels, owned = colour_frames(count=1), tmp_path / "owned"
    for name in ("psutil", "random", "semrender", "zmq"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(owned)!r}, 'w').write('x')\nraise ImportError('not the one')\n"
        )
    command = [Path(sys.executable).with_name("semrender"), "render", labels, "--out", "out"]
    done = subprocess.run(
        [*map(str, command), "--model", add_sleep_model(), "--no-aep"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not owned.exists()

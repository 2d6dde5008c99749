"""Who gets into a farm: by a code once, by the farm's certificate, and nobody else; with real sockets."""

import json
import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from inference_server.farm import certificates, codes, extra, wire
from inference_server.farm.beside import Beside, address_of
from inference_server.farm.gate import AT_ONCE, Gate, clients_folder
from inference_server.farm.joined import Joined, enrol, kept
from inference_server.farm.wire import Talk
from shared import places
from shared.errors import InputRefused, ServerError
from tests.conftest import semrender


@pytest.fixture
def coordinator(state_folder):
    return certificates.bring_identity(certificates.COORDINATOR, certificates.folder() / "coordinator")


@pytest.fixture
def gate(coordinator):
    """A farm's gate; `names` of those who joined."""
    about = {"scheduler": 1, "broker": 2, "server_key": "k" * 40}
    names = []
    made = Gate("127.0.0.1", 0, coordinator, about, names.append)
    made.names = names
    yield made
    made.close()


@contextmanager
def reached(gate, context):
    """A connection to it, by TLS where there is a context."""
    with socket.create_connection(("127.0.0.1", gate.port)) as raw:
        if context is None:
            yield raw
            return
        with context.wrap_socket(raw) as secure:
            yield secure


def join(gate, folder, code, name="two"):
    return enrol(folder, "127.0.0.1", gate.port, codes.read(code), name)


@pytest.fixture
def stranger(tmp_path, monkeypatch, state_folder):
    """The identity of another farm's machine."""
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "elsewhere"))
    found = certificates.bring_identity("two", tmp_path / "stranger")
    monkeypatch.setenv("SEMRENDER_HOME", str(state_folder))
    return found


def test_a_machine_joins_by_a_code_and_is_told_where_to_work(gate, tmp_path):
    joined = join(gate, tmp_path / "one", codes.make().lower())
    about = joined.where()
    assert (about["name"], about["scheduler"], about["versions"], about["here"]) == (
        *("two", 1, extra.versions()),
        "127.0.0.1",
    )
    assert kept(tmp_path / "one") == joined and gate.names == ["two"]
    assert joined.public in (clients_folder() / "two.key").read_text()
    for file in [*(tmp_path / "one").iterdir(), *certificates.folder().rglob("*.pem")]:
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_code_works_once_and_not_when_it_is_old(gate, tmp_path, monkeypatch):
    code, late = codes.make(), codes.make()
    join(gate, tmp_path / "one", code)
    with pytest.raises(InputRefused, match="not good"):
        join(gate, tmp_path / "two", code)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + codes.SECONDS + 1)
    with pytest.raises(InputRefused, match="not good"):
        join(gate, tmp_path / "two", late)
    assert codes.outstanding() == {} and gate.names == ["two"]


def test_of_two_who_come_with_one_code_at_once_one_has_it(gate, tmp_path):
    code, made, refused = codes.make(), [], []

    def come(number):
        try:
            made.append(join(gate, tmp_path / str(number), code))
        except InputRefused as error:
            refused.append(error)

    both = [threading.Thread(target=come, args=(number,)) for number in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(made) == 1 and len(refused) == 3


def test_after_some_wrong_codes_none_is_good(gate, tmp_path, monkeypatch):
    monkeypatch.setattr("inference_server.farm.gate.WRONG_SECONDS", 0.0)
    code = codes.make()
    for _ in range(codes.TRIES):
        with pytest.raises(InputRefused):
            join(gate, tmp_path / "one", "0000-0000-0000-0000")
    with pytest.raises(InputRefused):
        join(gate, tmp_path / "one", code)
    assert gate.names == []


def test_who_stands_between_and_passes_everything_on_is_noticed(gate, tmp_path, stranger):
    """It has a certificate of its own, sees the whole exchange, and can use none of it."""
    code, seen = codes.make(), []
    with socket.create_server(("127.0.0.1", 0)) as between:

        def pass_on():
            made, _ = between.accept()
            with certificates.listening(stranger).wrap_socket(made, server_side=True) as near:
                seen.append(Talk(near).hear())
                with reached(gate, certificates.strange()) as far:
                    talk = Talk(far)
                    talk.say(seen[0])
                    seen.append(talk.hear())
                Talk(near).say({"body": json.dumps({"name": "two"}), "proof": seen[0]["proof"]})

        passing = threading.Thread(target=pass_on)
        passing.start()
        with pytest.raises(ServerError, match="does not know the code"):
            enrol(tmp_path / "one", "127.0.0.1", between.getsockname()[1], codes.read(code), "two")
        passing.join()
    assert seen[1]["error"]["what"] == "this code is not good" and gate.names == []
    assert codes.read(code) not in json.dumps(seen).upper() and not (tmp_path / "one").exists()
    join(gate, tmp_path / "one", code)


def test_a_strangers_certificate_and_none_and_no_tls_get_nothing(gate, stranger):
    foreign = certificates.calling(stranger)
    foreign.verify_mode = ssl.CERT_NONE  # it would talk to anybody
    for context, refused in ((foreign, True), (certificates.strange(), False), (None, True)):
        with reached(gate, context) as made:
            talk = Talk(made)
            if refused:
                with pytest.raises(ServerError):
                    talk.say({"do": "where"})
                    talk.hear()
            else:
                talk.say({"do": "where"})
                assert "no request" in talk.hear()["error"]["what"]


def test_a_machine_knows_its_own_farm_again(gate, stranger, tmp_path):
    joined = join(gate, tmp_path / "one", codes.make())
    other = Gate("127.0.0.1", 0, stranger, {}, print)
    with pytest.raises(InputRefused, match="does not belong to the farm"):
        Joined(**{**vars(joined), "port": other.port}).where()
    other.close()
    fellow = certificates.bring_identity("three", tmp_path / "three")
    third = Gate("127.0.0.1", 0, fellow, {}, print)
    with pytest.raises(ServerError, match="is not the farm"):
        Joined(**{**vars(joined), "port": third.port}).where()
    third.close()


def test_whose_name_is_taken_gets_another_and_who_was_put_out_is_told(gate, tmp_path):
    first, second = (join(gate, tmp_path / name, codes.make()) for name in ("one", "two"))
    assert (first.name, second.name) == ("two", "two-2")
    (clients_folder() / "two.key").unlink()
    with pytest.raises(InputRefused, match="belongs to this farm no more"):
        first.where()
    assert second.where()["name"] == "two-2"
    for name in ("../two", "two two", "x" * 49):
        with pytest.raises((InputRefused, ServerError)):
            join(gate, tmp_path / "three", codes.make(), name)


@pytest.mark.parametrize("name", ["semrender", "Python", "distributed", "build"])
def test_another_version_is_refused_in_words_and_the_code_stays_good(gate, tmp_path, name):
    code, asked = codes.make(), {"name": "two", "request": "", "curve": ""}
    said = json.dumps({**asked, "versions": {**extra.versions(), name: "0.0"}})
    with reached(gate, certificates.strange()) as made:
        shown = certificates.fingerprint(made.getpeercert(binary_form=True))
        claim = codes.proof(codes.secret_of(codes.read(code), shown), "machine", shown, said)
        talk = Talk(made)
        talk.say({"do": "join", "body": said, "proof": claim})
        answer = talk.hear()
    runs = "another build of semrender" if name == extra.BUILD else f"{name} 0.0, the farm of {places.HOST} runs "
    assert answer["error"]["what"].startswith(f"two runs {runs}")
    join(gate, tmp_path / "one", code)


def test_nonsense_and_too_much_are_ended_at_once(gate, tmp_path):
    for content in (b"\xff" * 4, (3).to_bytes(4, "big") + b"[1]", (2).to_bytes(4, "big") + b"{}"):
        with reached(gate, certificates.strange()) as made:
            made.sendall(content)
            assert "error" in Talk(made).hear()
    join(gate, tmp_path / "one", codes.make())


def test_who_is_silent_is_not_waited_for(gate, monkeypatch):
    monkeypatch.setattr("inference_server.farm.gate.HANDSHAKE_SECONDS", 0.5)
    held = [socket.create_connection(("127.0.0.1", gate.port)) for _ in range(AT_ONCE + 2)]
    for one in held:
        one.settimeout(30)
        assert one.recv(1) == b""
        one.close()


def test_machines_that_come_all_at_once_are_let_in_one_after_the_other(gate, tmp_path):
    held = [socket.create_connection(("127.0.0.1", gate.port)) for _ in range(AT_ONCE)]
    given = {f"m{number}": codes.make() for number in range(2 * AT_ONCE)}
    with ThreadPoolExecutor(len(given)) as pool:
        coming = [pool.submit(join, gate, tmp_path / name, code, name) for name, code in given.items()]
        for one in held:
            one.close()
        assert {one.result().name for one in coming} == set(given)
        there = [pool.submit(one.result().where) for one in coming]
        assert {one.result()["name"] for one in there} == set(given), "as after a power cut"


def test_a_farm_that_cuts_the_connection_is_tried_again_and_not_taken_for_another(gate, tmp_path):
    joined = join(gate, tmp_path / "one", codes.make())
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def cut():
            made, _ = listener.accept()
            made.recv(4096)  # or the end is no end but a reset
            made.close()

        threading.Thread(target=cut, daemon=True).start()
        with pytest.raises(ServerError, match="does not answer"):
            Joined(**{**vars(joined), "port": listener.getsockname()[1]}).where()


@pytest.mark.parametrize(
    "text", ["tcp://10.0.0.5:8730", "tcp://127.0.0.1", "http://x", "10.0.0.5:99999", "a b", "x:0", ""]
)
def test_no_farm_is_reached_without_tls_or_at_no_address(text):
    with pytest.raises(InputRefused):
        address_of(text)


def test_an_address_is_a_host_with_or_without_a_port():
    assert address_of("render1") == ("render1", wire.PORT)
    assert address_of("tls://10.0.0.5:9000") == ("10.0.0.5", 9000)
    assert address_of("[fe80::1]:9000") == ("fe80::1", 9000)
    assert Beside("127.0.0.1:9000").door == "tcp://127.0.0.1:9002"


def test_the_commands_say_what_is_wrong(state_folder):
    for words, said in (
        (("serve", "--farm", "tcp://10.0.0.5:8730"), "never reached by tcp://"),
        (("join", "127.0.0.1:1", "ABC"), "no code to join with"),
        (("join",), "joined no farm"),
        (("join", "127.0.0.1:1", "0000-0000-0000-0000"), "does not answer"),
    ):
        done = semrender(*words)
        assert done.returncode in (3, 5) and said in done.stderr, (words, done.stderr)


def test_without_the_extra_the_commands_say_what_to_install_and_the_others_work(state_folder, tmp_path):
    """As if it were not installed: no module and no metadata of it is found."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as m, sys\n"
        "found = m.version\n"
        "def version(name):\n"
        "    if name in ('distributed', 'cryptography'): raise m.PackageNotFoundError(name)\n"
        "    return found(name)\n"
        "m.version = version\n"
        "for name in ('dask', 'distributed', 'cryptography'): sys.modules[name] = None\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    for words in (("serve", "--farm", "127.0.0.1"), ("join", "127.0.0.1", "0000-0000-0000-0000")):
        done = semrender(*words, env=environment)
        assert done.returncode == 1 and "pip install 'semrender[farm]'" in done.stderr, done.stderr
    for words in (("help", "serve"), ("farm", "--help")):
        assert semrender(*words, env=environment).returncode == 0

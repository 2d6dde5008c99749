"""Files that anyone may have made, given to `semrender models add`: nothing runs, nothing grows, words name it."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch

from inference_server.models.stylegan.published import adding, looking
from shared.errors import ModelRefused
from tests.conftest import ROOT, semrender
from tests.inference_server.checkpoints import nothing_was_added
from tests.inference_server.generators import random_alias_free, random_stylegan2
from tests.inference_server.published_generators import (
    Network,
    persistent,
    rosinality,
    snapshot,
    tensorflow,
    trained,
    write,
)

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are Linux's")


class Call:
    """Pickled as a call of something by name."""

    def __init__(self, called, *arguments):
        self.called, self.arguments = called, arguments

    def __reduce__(self):
        return self.called, self.arguments


def file():
    return persistent(random_stylegan2())


def look(content):
    """Read to the end as the reading process does, in this one."""
    for weight in looking.look(memoryview(content), None).weights.values():
        weight.numbers()


def refused(content, tmp_path, words):
    """Refused by the command's own function, with the file's name; the canary was not touched."""
    path = tmp_path / "it.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelRefused, match=words) as error:
        adding.add_published(path, "kirk")
    assert error.value.file == str(path)
    assert not (tmp_path / "canary").exists()
    assert nothing_was_added()


def dumped(value, tmp_path, more=(), protocol=4):
    return write(tmp_path / "made", value, protocol, more).read_bytes()


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_call_of_the_system_at_the_top(protocol, tmp_path):
    bad = Call(os.system, f"touch {tmp_path / 'canary'}")
    module = os.system.__module__
    refused(dumped(snapshot(file(), extra=bad), tmp_path, (), protocol), tmp_path, rf"It names {module}\.system")
    refused(pickle.dumps(bad, protocol), tmp_path, rf"It names {module}\.system")


@pytest.mark.parametrize("where", ["G_ema", "D"])
def test_a_call_of_the_system_inside_the_stream_of_a_tensor(where, tmp_path):
    """The stream is a pickle in a pickle, and torch's own way of reading it runs what is in there; also of a network
    that nobody asked for."""
    stream = io.BytesIO()
    torch.save(Call(os.system, f"touch {tmp_path / 'canary'}"), stream, _use_new_zipfile_serialization=False)
    net = file()
    hidden = Call(torch.storage._load_from_bytes, stream.getvalue())
    net["mapping.fc0"].state["_parameters"]["bias"] = Call(
        torch._utils._rebuild_tensor_v2, hidden, 0, (12,), (1,), False, {}
    )
    whole = snapshot(net) if where == "G_ema" else snapshot(file(), D=net)
    refused(dumped(whole, tmp_path), tmp_path, rf"It names {os.system.__module__}\.system")


def test_the_source_of_a_class_is_not_looked_at(tmp_path):
    canary = tmp_path / "canary"
    source = f"import pathlib\npathlib.Path({str(canary)!r}).touch()\n" + "#" * 5000
    net = persistent(random_stylegan2(), source=source)
    path = write(tmp_path / "it.pkl", snapshot(net))
    assert len(adding.read(path).state) > 20 and not canary.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy.testing", "_private.utils.runstring"),
        ("torch._utils", "_rebuild_tensor_v2.__globals__"),
        ("collections", "OrderedDict.__init__"),
        ("numpy", "dtype.__reduce__"),
        ("numpy", "f2py.crackfortran.param_eval"),
        ("torch", "hub.load"),
        ("torch.storage", "_load_from_bytes.__code__"),
        ("builtins", "getattr"),
        ("builtins", "eval"),
        ("torch", "load"),
        ("torch.serialization", "load"),
        ("inference_server.models.stylegan.published.ada", "Module"),
    ],
)
def test_a_path_of_attributes_is_another_name(module, name, tmp_path):
    content = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(one)]) + one.encode() for one in (module, name)) + b"\x93."
    with pytest.raises(ModelRefused) as error:
        look(content)
    assert f"It names {module}.{name}" in error.value.cause


def test_a_name_in_a_file_cannot_forge_what_is_told(tmp_path):
    """Neither by what a terminal obeys, nor by a second line."""
    parts = ("os\x1b[2J", "system\nadded kirk")
    content = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(one)]) + one.encode() for one in parts) + b"\x93."
    refused(content, tmp_path, r"It names os\\x1b\[2J\.system\\nadded kirk, which")


@linux
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "it.pkl")
    done = semrender("models", "add", str(tmp_path / "it.pkl"), "--name", "kirk")
    assert done.returncode == 3 and "is not there" in done.stderr


def test_attributes_of_a_name_that_is_allowed_cannot_be_set(tmp_path):
    """BUILD on a function would change its defaults for the whole process."""
    before = torch._utils._rebuild_tensor_v2.__defaults__
    content = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__K\x07\x85s\x86b."
    refused(content, tmp_path, r"It sets attributes of torch._utils\._rebuild_tensor_v2")
    assert torch._utils._rebuild_tensor_v2.__defaults__ == before


def test_calls_of_what_may_only_be_named(tmp_path):
    for content in (b"\x80\x02cnumpy\nndarray\n)R.", b"\x80\x02cnumpy\nndarray\n)\x81.", b"\x80\x02K\x01)R."):
        with pytest.raises(ModelRefused, match=r"It calls (numpy\.ndarray|what is no name)"):
            look(content)


def viewed(offset, shape, strides):
    """A generator one of whose tensors says this of itself."""
    net = file()
    bias = net["mapping.fc0"].state["_parameters"]["bias"]
    storage = torch.storage.TypedStorage(wrap_storage=bias.data.untyped_storage(), dtype=bias.dtype, _internal=True)
    view = Call(torch._utils._rebuild_tensor_v2, storage, offset, shape, strides, False, {})
    net["mapping.fc0"].state["_parameters"]["bias"] = view
    return snapshot(net)


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (13,), (1,)),
        (1, (12,), (1,)),
        (0, (12,), (2,)),
        (11, (12,), (-1,)),
        (-1, (12,), (1,)),
        (0, (-1,), (1,)),
        (0, (10**6, 10**6), (0, 0)),
        (0, (2**62, 4), (1, 1)),
        (2**63, (1,), (1,)),
        (0, (12,), (1, 1)),
        (0, (True,), (1,)),
        (0, (12.0,), (1,)),
        (0, ("12",), (1,)),
    ],
)
def test_views_beyond_what_is_stored(offset, shape, strides, tmp_path):
    with pytest.raises(ModelRefused, match=r"a tensor|damaged"):
        look(dumped(viewed(offset, shape, strides), tmp_path))


class Filled(Call):
    def __init__(self, *given, state):
        super().__init__(*given)
        self.state = state

    def __reduce__(self):
        return self.called, self.arguments, self.state


def with_array(kind, shape, content):
    made = Filled(np._core.multiarray._reconstruct, np.ndarray, (0,), b"b", state=(1, shape, kind, False, content))
    net = file()
    net["synthesis.b4"].state["architecture"] = made
    return snapshot(net)


def test_arrays_of_objects_and_arrays_that_claim_more(tmp_path):
    with pytest.raises(ModelRefused, match=r"an array of Python objects \(numpy\.dtype\)"):
        look(dumped(with_array(np.dtype("O"), (1,), [1]), tmp_path))
    for shape, content, words in (
        ((10**6,), b"1234", "claims 1,000,000 numbers"),
        ((), b"12", "claims 1 numbers"),
        ((2**31, 2**31), b"1234", "numbers"),
        ((-1,), b"1234", "impossible shape"),
    ):
        with pytest.raises(ModelRefused, match=words):
            look(dumped(with_array(np.dtype("f4"), shape, content), tmp_path))


def test_lengths_beyond_the_file(tmp_path):
    for content in (
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62),
        b"\x80\x04\x8d" + struct.pack("<Q", 2**62),
        b"\x80\x04\x96" + struct.pack("<Q", 2**64 - 1),
        b"\x80\x04B\xff\xff\xff\xff",
        b"\x80\x04\x8b\xff\xff\xff\x7f",
        b"\x80\x04\x95" + b"\xff" * 8,
    ):
        with pytest.raises(ModelRefused, match=r"claims|whole number of|holds|instruction|cut short"):
            look(content)
    refused(
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + bytes(100), tmp_path, "It claims 4,611,686,018,427,387,904 bytes"
    )


def test_the_next_instruction_is_none_of_a_machine_with_powers():
    """Of the protocols before 2, of extensions, of buffers elsewhere."""
    for code in (b"i", b"o", b"S", b"V", b"I", b"P", b"\x82", b"\x83", b"\x84", b"\x97", b"\x98", b"\xff"):
        with pytest.raises(ModelRefused, match=r"instruction 0x[0-9a-f]{2} at byte 2"):
            look(b"\x80\x02" + code + b"os\nsystem\n.")


def test_cut_at_every_thousandth_byte(tmp_path):
    content = dumped(snapshot(file()), tmp_path)
    assert len(content) > 150_000
    for length in range(1, len(content), 1000):
        with pytest.raises(ModelRefused, match=r"cut short|damaged|claims"):
            look(content[:length])


BOMBS = {
    "tuples of tuples": b"\x80\x04" + b"K\x00" + b"\x85" * 390_000 + b".",
    "lists in lists": b"\x80\x04" + b"]" * 390_000 + b"a" * 9000 + b".",
    "a memo of many": b"\x80\x04N" + b"\x94" * 399_000 + b".",
    "doubling": b"\x80\x04]" + b"(2e" * 130_000 + b".",
    "many steps": b"\x80\x04" + b"N0" * 300_000 + b"N.",
    "marks": b"\x80\x04" + b"(" * 399_000 + b".",
    "keys": b"\x80\x04}(" + b"".join(b"J" + struct.pack("<i", n) + b"N" for n in range(130_000)) + b"u.",
}


@linux
@pytest.mark.parametrize("kind", list(BOMBS))
def test_bombs_take_no_more_memory_than_a_file_may(kind, tmp_path):
    path = tmp_path / "it.pkl"
    path.write_bytes(BOMBS[kind])
    assert peak(path) - peak(small(tmp_path)) < 2 * len(BOMBS[kind]) + looking.BESIDE
    refused(BOMBS[kind], tmp_path, "It holds|instructions|damaged|memory")


def small(tmp_path):
    path = tmp_path / "small.pkl"
    path.write_bytes(b"\x80\x04N.")
    return path


MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(done.returncode)
"""


def peak(path):
    """Bytes that the reading process took at most. A small process starts it: what forks counts as the child's."""
    measured = [sys.executable, "-I", "-S", "-c", MEASURE, *adding.command(path)]
    return int(subprocess.run(measured, capture_output=True, text=True, check=True).stdout)


@linux
def test_memory_stays_below_twice_the_file(tmp_path):
    """Of a sound file of some megabytes, of which the generator is a third."""
    big = {"channel_base": 8192, "channel_max": 256, "w_dim": 128}
    net, others = persistent(random_stylegan2(**big)), [persistent(random_stylegan2(**big)) for _ in range(2)]
    path = write(tmp_path / "it.pkl", snapshot(net, G=others[0], D=others[1]))
    size = path.stat().st_size
    assert size > 8 * 2**20
    assert peak(path) - peak(small(tmp_path)) < 2 * size


@linux
def test_the_reading_process_may_do_nothing_else(tmp_path):
    """It writes no file, opens none but its own, and reaches no network, where the system can take that away."""
    code = """
import socket, sys, tempfile, os
sys.argv = ["it", sys.argv[1]]
from inference_server.models.stylegan.published import looking
found = []
def look(data, entries):
    for attempt in (lambda: open(sys.argv[1] + ".made", "wb").write(b"x"), lambda: socket.socket(),
                    lambda: open(os.path.dirname(sys.argv[1]) + "/secret").read(), lambda: bytearray(2**30)):
        try:
            attempt()
            found.append("done")
        except BaseException as error:
            found.append(type(error).__name__)
    print(found, file=sys.stderr)
    raise ValueError
looking.look = look
looking.main()
"""
    (tmp_path / "secret").write_text("secret")
    done = subprocess.run(
        [sys.executable, "-c", code, str(small(tmp_path))], capture_output=True, text=True, cwd=ROOT, timeout=100
    )
    took = done.stderr.splitlines()[-1]
    assert took == "['PermissionError', 'PermissionError', 'PermissionError', 'MemoryError']", done.stderr
    assert not (tmp_path / "small.pkl.made").exists()


def test_a_process_that_never_answers_is_ended(tmp_path, monkeypatch):
    """The clock of whoever asked is the last that counts."""
    monkeypatch.setattr(adding, "SECONDS", 0.5)
    monkeypatch.setattr(adding, "command", lambda path: [sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(ModelRefused, match="took too long"):
        adding.read(small(tmp_path))
    monkeypatch.setattr(adding, "command", lambda path: [sys.executable, "-c", "import os; os.abort()"])
    with pytest.raises(ModelRefused, match="more memory or time than it may"):
        adding.read(small(tmp_path))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_call_of_the_system_in_a_checkpoint_of_torch(zipped, tmp_path):
    net = random_stylegan2()
    whole = {**trained(net, net), "args": Call(os.system, f"touch {tmp_path / 'canary'}")}
    torch.save(whole, tmp_path / "made", _use_new_zipfile_serialization=zipped)
    refused((tmp_path / "made").read_bytes(), tmp_path, rf"It names {os.system.__module__}\.system")


def test_an_archive_that_lacks_numbers_or_claims_more(tmp_path):
    torch.save({"g_ema": rosinality(random_stylegan2())}, tmp_path / "made.pt")
    with zipfile.ZipFile(tmp_path / "made.pt") as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    first = next(name for name in parts if name.endswith("data/0"))
    listing = next(name for name in parts if name.endswith("data.pkl"))
    for change, words in (
        ({first: None}, "lacks the numbers data/0"),
        ({first: parts[first][:-4]}, "claims .* numbers, and holds"),
        ({listing: parts[listing][:500]}, "cut short"),
        ({listing.replace("data.pkl", "byteorder"): b"big"}, "another order of bytes"),
    ):
        with zipfile.ZipFile(tmp_path / "it.pkl", "w") as made:
            for name, content in {**parts, **change}.items():
                if content is not None:
                    made.writestr(name, content)
        refused((tmp_path / "it.pkl").read_bytes(), tmp_path, words)


def test_an_older_stream_whose_counts_differ(tmp_path):
    net = random_stylegan2()
    torch.save({"g_ema": rosinality(net)}, tmp_path / "made", _use_new_zipfile_serialization=False)
    content = (tmp_path / "made").read_bytes()
    for length in range(1, len(content), 1000):
        with pytest.raises(ModelRefused, match=r"cut short|damaged|claims"):
            look(content[:length])
    count = content.index(b"\x0c\x00\x00\x00\x00\x00\x00\x00")
    with pytest.raises(ModelRefused, match=r"counts differ|claims"):
        look(content[:count] + struct.pack("<Q", 2**60) + content[count + 8 :])


LAYOUTS = {
    "ada": lambda net, path: write(path, snapshot(persistent(net))),
    "alias-free": lambda net, path: write(path, snapshot(persistent(random_alias_free()))),
    "tensorflow": lambda net, path: write(path, (Network(), Network(), tensorflow(net))),
    "older": lambda net, path: torch.save(trained(net, net), path, _use_new_zipfile_serialization=False),
    "zip": lambda net, path: torch.save({"g_ema": rosinality(net), "latent_avg": net.w_avg}, path),
}


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_some_thousand_mutations_execute_nothing(layout, tmp_path):
    """`tests.inference_server.mutations` was run with a hundred thousand by hand."""
    path = tmp_path / "it.pkl"
    LAYOUTS[layout](random_stylegan2(img_resolution=8, channel_base=64), path)
    command = [sys.executable, "-m", "tests.inference_server.mutations", str(path), "1000"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["executed"] == [] and told.get("other", 0) == 0, told
    assert told["refused"] > 300 and told["read"] > 20, told
    assert told["taken"] < 2 * told["size"] + 32 * 2**20

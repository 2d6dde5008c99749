"""Which build this is: of its code alone, wherever it lies, and told by the server that paints with it."""

import shutil

import pytest

from inference_server import builds
from tests.inference_server.servers import running_server


@pytest.fixture
def copied(tmp_path):
    """The code of this build in another place."""
    for room in builds.ROOMS:
        wanted = shutil.ignore_patterns("static", "weights", "__pycache__")
        shutil.copytree(room, tmp_path / "there" / room.name, ignore=wanted)
        shutil.copytree(room, tmp_path / "here" / room.name, ignore=wanted)
    here, there = ([tmp_path / name / room.name for room in builds.ROOMS] for name in ("here", "there"))
    return here, there


def test_a_build_is_its_code_wherever_it_lies(copied):
    here, there = copied
    first = builds.build_of(here)
    assert first == builds.build_of(there)
    keys = there[1] / "worker" / "keys.py"
    whole = keys.read_bytes()
    keys.write_bytes(whole.replace(b"\n", b"\r\n"))
    (keys.parent / "keys.cpython-311.pyc").write_bytes(b"compiled")
    assert builds.build_of(there) == first, "another system's ends of lines, and what Python compiles"
    keys.write_bytes(whole.replace(b"RECIPE = ", b"RECIPE = 1 + ", 1))
    assert builds.build_of(there) != first


def test_a_file_that_is_called_otherwise_is_another_build(copied):
    here, there = copied
    (there[0] / "values.py").rename(there[0] / "valued.py")
    assert builds.build_of(here) != builds.build_of(there)


def test_a_server_tells_its_build(state_folder):
    with running_server() as client:
        assert client.hello("test")["build"] == builds.own() == builds.build_of(builds.ROOMS)

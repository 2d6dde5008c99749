"""The fake Maya for these tests. They also run on Python 3.9 with pyzmq, msgpack and pytest alone:

python3.9 -m pytest tests/maya_plugin --confcutdir tests/maya_plugin
"""

import struct
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKES = ROOT / "tests" / "fakes"
if str(FAKES) not in sys.path:
    sys.path.insert(0, str(FAKES))


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def scene(tmp_path):
    """A new, empty Maya; what it counted and what was set on it is forgotten afterwards."""
    from maya.scene import SCENE

    SCENE.__init__()
    SCENE.project = str(tmp_path / "project")
    return SCENE


@pytest.fixture
def host(scene):
    from maya_plugin.host.session import MayaHost

    return MayaHost()


def coco(name):
    from shared.label_set import load_label_set

    return load_label_set("coco_stuff").find(name).id


def read_png(path):
    """Rows of (r, g, b, a) of a PNG as the fake writes them: 8-bit RGBA, no filter."""
    data = Path(path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, size = 8, b"", (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", chunk[:8])
        elif kind == b"IDAT":
            body += chunk
        at += 12 + length
    raw, (width, height) = zlib.decompress(body), size
    step = 1 + 4 * width
    rows = [raw[y * step + 1 : (y + 1) * step] for y in range(height)]
    return [[tuple(row[4 * x : 4 * x + 4]) for x in range(width)] for row in rows]


def decoded(path):
    """Ids of a label pass by the code, None for what is no code: a second opinion beside shared.passes."""
    from shared.label_code import EMPTY, encode

    table = {encode(identity): identity for identity in range(EMPTY + 1)}
    return [[table.get(pixel[:3]) for pixel in row] for row in read_png(path)]


def facing(width, height, x, y, depth, camera_distance, box, focal):
    """The pixels (row, column) that a rectangle facing the camera covers, worked out by hand.

    x, y: its centre; depth: its z; box: its half sides; focal: half of the picture at distance 1.
    """
    away = camera_distance - depth
    inside = set()
    for row in range(height):
        for column in range(width):
            px = ((column + 0.5) / width * 2 - 1) * focal[0] * away
            py = (1 - (row + 0.5) / height * 2) * focal[1] * away
            if abs(px - x) < box[0] and abs(py - y) < box[1]:
                inside.add((row, column))
    return inside

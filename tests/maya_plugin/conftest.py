"""The fake Maya for these tests. They also run on Python 3.9 with pyzmq, msgpack and pytest alone:

python3.9 -m pytest tests/maya_plugin --confcutdir tests/maya_plugin
"""

import functools
import importlib.util
import struct
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKES = ROOT / "tests" / "fakes"
SIZE = (96, 54)
WHOLE = "defaultRenderLayer"
if str(FAKES) not in sys.path:
    sys.path.insert(0, str(FAKES))

# The server's side needs Python 3.11 and its packages.
collect_ignore = [] if importlib.util.find_spec("numpy") else ["test_end_to_end.py", "test_typings.py"]


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def scene(tmp_path):
    """A new, empty Maya; what it counted and what was set on it is forgotten afterwards."""
    from maya import viewport
    from maya.scene import SCENE

    SCENE.__init__()
    viewport.reset()
    _another_session()
    SCENE.project = str(tmp_path / "project")
    return SCENE


def _another_session():
    """What the plug-in knows of the Maya that it runs in."""
    from maya_plugin.host import callbacks, showing, viewport

    callbacks.stop_all()
    for known in (viewport._ours, viewport._from_below, viewport._by_attribute, showing._stop, showing._waiting):
        known.clear()


@pytest.fixture
def host(scene):
    from maya_plugin.host.session import MayaHost

    return MayaHost()


@pytest.fixture
def plugin(scene, monkeypatch):
    """The plug-in may be loaded, for the command that sets keys; it stays while something of it can be undone."""
    from maya import cmds

    monkeypatch.setenv("MAYA_PLUG_IN_PATH", str(ROOT / "maya_plugin"))
    yield
    scene.undo_queue.clear()
    scene.redo_queue.clear()
    if "semrender_plugin" in scene.plugins:
        cmds.unloadPlugin("semrender_plugin")


@pytest.fixture
def write(tmp_path):
    """Writes a poses document; the file."""
    from shared.poses import write_poses

    def to(poses, name="dance.poses.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_poses(tmp_path / name, poses)
        return str(tmp_path / name)

    return to


@functools.cache
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


@pytest.fixture
def shot(scene, host):
    """A tree left before a river that fills the lower half, and a thing without class right; the sky is nothing."""
    from maya import cmds, world

    scene.has_arnold = True
    cmds.loadPlugin("mtoa", quiet=True)
    scene.make_arnold()
    camera = world.camera()
    world.resolution(*SIZE)
    cmds.polyPlane(name="tree", width=1.5, height=2, subdivisionsX=1, subdivisionsY=4)
    cmds.setAttr("tree.rotate", 90, 0, 0, type="double3")
    cmds.move(-1.5, 0, 1, "tree")
    for name, x, y, w, h, z in (("river", 0, -2, 20, 3, 0), ("crate", 1.5, 0.5, 1, 1, 0.5)):
        cmds.polyCube(name=name, width=w, height=h, depth=0.0002)
        cmds.move(x, y, z, name)
    world.shader("bark", "tree")
    host.assign({coco("tree"): ["|tree"], coco("river"): ["|river"]})
    scene.undo_queue.clear()
    cmds.file(modified=False)
    return camera


def request(camera, tmp_path, **more):
    from maya_plugin.core.contract import ShotRequest

    return ShotRequest(
        **{"folder": str(tmp_path / "out"), "camera": camera, "first": 1, "last": 1, "layers": (WHOLE,), **more}
    )


def focal(width=SIZE[0], height=SIZE[1]):
    x, y = 1.41732 * 25.4 / 2 / 35, 0.94488 * 25.4 / 2 / 35
    return (x, x * height / width) if width / height > x / y else (y * width / height, y)


def analytic(size=SIZE):
    """The picture of `shot`, worked out by hand."""
    from shared import label_code

    empty = label_code.EMPTY
    rows = [[empty] * size[0] for _ in range(size[1])]
    things = (
        (coco("river"), 0, -2, 0.0001, (10, 1.5)),
        (empty, 1.5, 0.5, 0.5001, (0.5, 0.5)),
        (coco("tree"), -1.5, 0, 1.0, (0.75, 1)),
    )
    for identity, x, y, z, box in things:
        for row, column in facing(*size, x, y, z, 10.0, box, focal(*size)):
            rows[row][column] = identity
    return rows


def maya_programs(folder, monkeypatch):
    """A Maya's own folder with its two programs: mayapy, and maya that is started in batch mode."""
    for name, start in (("mayapy", ""), ("maya", "-m maya.batchmode ")):
        program = folder / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{FAKES}" exec {sys.executable} {start}"$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("MAYA_LOCATION", str(folder))

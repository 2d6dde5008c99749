"""The process of a model: what it may not do, and what becomes of it when it does not end, takes all, or dies."""

import http.server
import os
import threading

import numpy as np
import psutil
import pytest

from inference_server.models.runway import adding
from inference_server.models.runway.host import Running
from inference_server.models.runway.shim.runway import _confine
from shared import places
from shared.errors import ModelRefused, SemrenderError
from tests.inference_server.runway_models import add, frame, painter, plain, write

PICTURE = np.full((8, 8, 3), 0.5, np.float32)
BRIGHT = np.full((8, 8, 3), 1, np.float32)


@pytest.fixture
def painting(tmp_path):
    """A model whose body is this where the picture is grey; on others it returns what it is given."""
    models = []

    def made(body, **more):
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        folder = plain(tmp_path / "model", f"if pixels[0, 0, 0] == 128:\n{lines}\nreturn pixels")
        card, _ = add(folder, **more)
        models.append(painter(card))
        return lambda picture=PICTURE: models[-1].paint(frame(picture, card))

    yield made
    for model in models:
        model.close()


def goes_on(paint):
    assert (paint(BRIGHT) == 1).all()


def test_one_that_prints_reads_and_changes_folders(painting, tmp_path):
    paint = painting("print('x' * 5000000)\nsys.stdin.read()\nos.write(1, b'y' * 100000)\nos.chdir('/')\nreturn pixels")
    assert (paint() == np.float32(128 / 255)).all()
    goes_on(paint)


def test_one_that_writes_does_so_in_a_folder_that_is_thrown_away(painting, tmp_path):
    paint = painting(
        "open('made', 'w').write('x')\nopen('runway_model.py', 'w')\n"
        "open(os.path.expanduser('~/x'), 'w')\nimport tempfile\ntempfile.TemporaryFile()\nreturn pixels"
    )
    paint()
    assert [one.name for one in (tmp_path / "model").iterdir()] == ["runway_model.py"]
    work = places.home() / "runway" / "work"
    assert len(list(work.iterdir())) == 1
    goes_on(paint)


@pytest.mark.parametrize("way", ["crash", "hang", "memory", "fork"])
def test_one_that_goes_wrong_is_ended_with_all_it_started(painting, tmp_path, way):
    bodies = {
        "crash": "print('the end is near')\nos._exit(3)",
        "hang": "time.sleep(600)",
        "memory": "kept = np.ones(2**27)\ntime.sleep(600)",
        "fork": "for n in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(600)\n"
        "time.sleep(600)",
    }
    words = {"crash": "ended with code 3; it printed last: the end is near", "memory": "more than 0.5 GiB"}
    before = {one.pid for one in psutil.process_iter()}
    paint = painting(bodies[way], seconds=30.0 if way == "memory" else 1.0, memory=2**29)
    with pytest.raises(SemrenderError, match=words.get(way, "took longer than 1 seconds")):
        paint()
    left = [one for one in psutil.process_iter() if one.pid not in before and one.ppid() in (1, os.getpid())]
    assert not [one for one in left if one.status() != psutil.STATUS_ZOMBIE and "_guest" in " ".join(one.cmdline())]
    goes_on(paint)


confined = pytest.mark.skipif(not all(_confine.able().values()), reason="this system confines nothing")


@confined
def test_no_network_neither_here_nor_outside(painting, tmp_path):
    asked = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    server = http.server.HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tries = f"""
import socket, subprocess, urllib.request
refused = []
def attempt(what):
    try:
        what()
    except OSError as error:
        refused.append(type(error).__name__)
attempt(lambda: urllib.request.urlopen("http://127.0.0.1:{server.server_port}/"))
attempt(lambda: socket.create_connection(("192.0.2.1", 80), 1))
attempt(lambda: socket.socket(socket.AF_UNIX))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
child = subprocess.call([sys.executable, "-c", "import socket; socket.socket()"])
return pixels if len(refused) == 4 and child == 1 else 1 / 0
"""
    paint = painting(tries)
    paint()
    assert asked == []
    server.shutdown()


@confined
def test_no_files_but_its_own(painting, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s")
    tries = f"""
for what in (lambda: open({str(secret)!r}), lambda: open({str(secret)!r}, "w"), lambda: os.remove({str(secret)!r}),
             lambda: os.listdir({str(tmp_path)!r}), lambda: open({str(tmp_path / "new")!r}, "w"),
             lambda: os.kill(os.getppid(), 0), lambda: open("/proc/%d/environ" % os.getppid()).read()):
    try:
        what()
    except OSError:
        continue
    raise AssertionError(what.__code__.co_names)
assert not [name for name in os.environ if "SECRET" in name or name.startswith("SEMRENDER")]
return pixels
"""
    os.environ["MY_SECRET"] = "x"
    try:
        painting(tries)()
    finally:
        del os.environ["MY_SECRET"]
    assert secret.read_text() == "s"


COMMAND = '@runway.command("m", inputs={"i": image}, outputs={"o": image})\ndef m(a, b): 1\n'


def test_one_that_does_not_start_is_not_added(tmp_path):
    setup = "\n@runway.setup\ndef setup(opts):\n    raise RuntimeError('no weights')\n"
    with pytest.raises(ModelRefused, match=r"could not be set up.*RuntimeError: no weights"):
        add(write(tmp_path / "a", setup + COMMAND))
    with pytest.raises(ModelRefused, match=r"could not be run.*not_there.*--with"):
        add(write(tmp_path / "b", f"import not_there\n{COMMAND}"))
    assert not list(places.models_folder().iterdir())
    assert not list((places.home() / "runway" / "work").iterdir())


def test_the_question_cannot_be_forged_by_what_it_is_about(tmp_path):
    """A name that clears the terminal, or writes a row of its own, is shown for what it is."""
    command = '@runway.command("go\\x1b[2J", inputs={"a": image}, outputs={"b\\r\\nnetwork   none": image})\n'
    folder = write(tmp_path / "model", command + "def go(model, inputs):\n    return inputs\n")
    (folder / "requirements.txt").write_text("numpy\n\x1b[2Jodd\n")
    rows = adding.words(adding.look(folder), Running(python="python"))
    assert all(row.isprintable() for row in rows)
    assert r"command   go\x1b[2J: a: image -> b\r\nnetwork   none: image" in rows

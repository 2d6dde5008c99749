"""An event loop to wait in, Maya's dark colours, and a panel on a scene in memory."""

# ruff: noqa: E402, what is said of numpy must be said before Qt is imported

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# No Maya has numpy, and PySide6 6.5, where it finds one, complains at length that it is newer than its own.
sys.modules.setdefault("numpy", None)

from maya_plugin.ui.panel import Panel
from maya_plugin.ui.qt import QtCore, QtGui, QtWidgets
from maya_plugin.ui.services import services
from shared import places
from tests.maya_plugin.in_qt.memory_host import MemoryHost

TURN_MS = 10


def application():
    """The one application of the process, in Fusion and in the colours of Maya's own windows."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    role, group = QtGui.QPalette.ColorRole, QtGui.QPalette.ColorGroup
    palette = QtGui.QPalette(QtGui.QColor(93, 93, 93), QtGui.QColor(68, 68, 68))
    colours = {
        role.Window: 68,
        role.Base: 43,
        role.AlternateBase: 48,
        role.Button: 93,
        role.Text: 200,
        role.WindowText: 200,
        role.ButtonText: 220,
        role.ToolTipBase: 255,
        role.ToolTipText: 20,
        role.BrightText: 255,
    }
    for one, grey in colours.items():
        palette.setColor(one, QtGui.QColor(grey, grey, grey))
    for one in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(group.Disabled, one, QtGui.QColor(135, 135, 135))
    palette.setColor(role.Light, QtGui.QColor(88, 88, 88))
    palette.setColor(role.PlaceholderText, QtGui.QColor(140, 140, 140))
    palette.setColor(role.Highlight, QtGui.QColor(82, 133, 166))
    palette.setColor(role.HighlightedText, QtGui.QColor(255, 255, 255))
    app.setPalette(palette)
    return app


def spin(milliseconds):
    """Let the event loop run, as Maya's does."""
    until = time.monotonic() + milliseconds / 1000
    while time.monotonic() < until:
        QtCore.QCoreApplication.processEvents()
        time.sleep(TURN_MS / 1000)


def wait_for(condition, seconds=60):
    """Run the event loop until the condition holds. Turns are counted, so that a frozen machine loses no time."""
    for _ in range(int(seconds * 1000 / TURN_MS)):
        if condition():
            return
        QtCore.QCoreApplication.processEvents()
        time.sleep(TURN_MS / 1000)
    raise AssertionError("it did not happen in time")


def know_server(python):
    """As after `semrender serve` was run once: it says which Python runs the server."""
    places.write_json(places.installation_file(), {"python": python, "version": "0"})


def add_gated_model(name="waits"):
    """A stand-in in the user's models that paints as many frames as `let` says, none at first."""
    add = f"sleep.add({name!r}, 0, config={{'seconds': 0, 'gate': True}})"
    command = [server_python(), "-c", f"from inference_server.models import sleep; {add}"]
    subprocess.run(command, check=True, cwd=Path(__file__).resolve().parents[3])
    let(0)
    return name


def let(count):
    """How many frames a gated stand-in may have begun; None = all."""
    if count is None:
        (places.home() / "gate").unlink(missing_ok=True)
    else:
        places.write_json(places.home() / "gate", count)


def server_python():
    """The Python that has the server, which is not the one that has Qt."""
    return os.environ.get("SEMRENDER_SERVER_PYTHON", sys.executable)


@contextmanager
def panel_on(folder, host=None, **stand_ins):
    """A panel on a scene in memory, with its session running; a server that it started is stopped."""
    made = services(host or MemoryHost(folder))
    made.confirm = lambda *_: True
    for name, stand_in in stand_ins.items():
        setattr(made, name, stand_in)
    panel = Panel(made)
    panel.resize(420, 780)
    panel.show()
    made.session.begin()
    try:
        yield panel
    finally:
        let(None)
        made.session.stop_server()
        with_server = made.session.server.state == "ready"
        until = time.monotonic() + 20
        while with_server and made.session.server.state in ("ready", "stopping") and time.monotonic() < until:
            spin(50)
        panel.leave()
        made.session.end()
        panel.deleteLater()
        spin(20)


CLASSES = {
    "*sky*": "sky-other",
    "*ridge*": "mountain",
    "*meadow": "grass",
    "*brook": "river",
    "*pine*": "tree",
    "*embankment": "gravel",
    "*rails": "railroad",
    "|train|*": "train",
}


def give_classes(panel):
    """As an artist does it: pick things, search the class, press Enter."""
    host, page = panel.host, panel.classes
    for pattern, name in CLASSES.items():
        host.pick(pattern)
        spin(80)
        page.search.setText(name)
        page.search.returnPressed.emit()
        spin(10)
    page.search.clear()


def read_json(path):
    return json.loads(Path(path).read_text("utf-8"))

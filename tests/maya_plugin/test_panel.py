"""The panel in every Qt that is here, each in a process of its own, where no cv2 is.

SEMRENDER_QT_PYTHONS names further interpreters, such as one of Python 3.9 with PySide2 5.15.2.1, separated as in PATH;
they need pytest, pyzmq and msgpack, too. CONTRIBUTING.md says how to make them.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PYTHONS = [sys.executable, *filter(None, os.environ.get("SEMRENDER_QT_PYTHONS", "").split(os.pathsep))]
ASK = "import sys\ntry:\n import PySide6.QtWidgets as q\nexcept ImportError:\n import PySide2.QtWidgets as q\n"
ASK += "from importlib import import_module as i\nb = q.__name__.split('.')[0]\n"
ASK += "print(b, i(b).__version__, 'Python', sys.version.split()[0])"


@pytest.fixture(params=PYTHONS, ids=lambda path: Path(path).parts[-3])
def python(request):
    asked = subprocess.run([request.param, "-c", ASK], capture_output=True, text=True)
    if asked.returncode:
        pytest.skip(f"no Qt that works in {request.param}: {asked.stderr.strip().splitlines()[-1]}")
    print(asked.stdout)
    return request.param


CHECKS = ("panel", "paint", "looking", "icons", "desk", "walk", "rig", "batch", "cryptomatte", "people", "feeding")


@pytest.mark.parametrize("checks", [f"check_{name}.py" for name in CHECKS])
def test_the_panel_in_qt(python, checks, tmp_path):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SEMRENDER_SERVER_PYTHON": sys.executable}
    environment.update(PYTHONPATH=str(ROOT), XDG_RUNTIME_DIR=str(tmp_path))
    options = ["-q", "-p", "no:cacheprovider", "--confcutdir", "tests/maya_plugin", "--basetemp", str(tmp_path / "t")]
    command = [python, "-m", "pytest", *options, f"tests/maya_plugin/in_qt/{checks}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=1200)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_the_panel_is_tried_in_the_qt_that_mayas_carry_and_in_no_newer_one():
    """Maya 2025 and 2026: 6.5.3 with Python 3.11; Maya 2027: 6.8 with Python 3.13."""
    wanted = re.findall(r"'(PySide6-Essentials[^']*)'", (ROOT / "setup.py").read_text("utf-8"))
    locked = [line for line in (ROOT / "tools" / "locked.txt").read_text("utf-8").splitlines() if "pyside6" in line]
    for python, carried in (("3.11", ["6.5.3"]), ("3.13", ["6.8.0", "6.8.3"])):
        here = {"python_version": python, "python_full_version": f"{python}.9"}
        mine = [one for one in map(Requirement, wanted) if one.marker.evaluate(here)]
        (lock,) = [one for one in map(Requirement, locked) if one.marker.evaluate(here)]
        assert len(mine) == 1 and all(mine[0].specifier.contains(version) for version in carried)
        assert not any(mine[0].specifier.contains(version) for version in ("6.4.3", "6.9.0", "6.11.3", "6.12.0"))
        assert mine[0].specifier.contains(str(lock.specifier).removeprefix("=="))


@pytest.mark.skipif(importlib.util.find_spec("PySide6") is None, reason="PySide6 is not installed")
def test_the_panel_needs_nothing_but_qt_zmq_and_msgpack():
    code = (
        "import sys, maya_plugin.ui.panel; "
        "print([m for m in ('numpy','cv2','OpenEXR','PIL','fileseq','torch','sqlite3','maya') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    if "libEGL" in done.stderr or "libGL" in done.stderr:
        pytest.skip("this machine has no libEGL")
    # PySide6 itself looks for numpy
    assert done.stdout.strip() in ("[]", "['numpy']"), done.stderr


def test_qt_has_one_name_and_the_panel_knows_no_maya():
    for file in (ROOT / "maya_plugin").rglob("*.py"):
        text = file.read_text("utf-8")
        inside = file.relative_to(ROOT / "maya_plugin").as_posix()
        assert ("import PySide" not in text and "from PySide" not in text) or inside == "ui/qt.py", inside
        assert not inside.startswith("ui/") or "maya_plugin.host" not in text, inside

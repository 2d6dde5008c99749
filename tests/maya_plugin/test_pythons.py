"""Core, host, batch and installer in the Pythons of other Mayas, with pyzmq, msgpack and pytest alone.

SEMRENDER_QT_PYTHONS names the interpreters, as for the panel (test_panel.py).
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.maya_plugin.conftest import ROOT

PYTHONS = [path for path in os.environ.get("SEMRENDER_QT_PYTHONS", "").split(os.pathsep) if path]
NAMES = ("core", "classes", "contract", "install", "installer", "passes", "cryptomatte", "joints", "caches")
NAMES += ("pictures", "remembered")
FILES = [f"tests/maya_plugin/test_{name}.py" for name in NAMES]


@pytest.mark.skipif(not PYTHONS, reason="SEMRENDER_QT_PYTHONS names no other Python")
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: Path(path).parts[-3])
def test_what_maya_runs_runs_there(python):
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--confcutdir", "tests/maya_plugin", *FILES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-6000:] + done.stderr[-2000:]

"""What the plug-in believes of Maya, asked of the fake; tools/maya_probe.py asks the real one."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.contract import maya as contract
from tests.maya_plugin.conftest import FAKES, ROOT


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda one: one.__name__)
def test_the_fake_is_as_maya_is_believed_to_be(scene, check):
    contract.new_scene()
    check()


def test_a_maya_without_graphics_fails_only_what_needs_them(scene):
    scene.has_gpu = False
    for check in contract.CHECKS:
        contract.new_scene()
        if check.__name__ in contract.NEEDS_GRAPHICS:
            with pytest.raises(Exception, match="Graphics hardware"):
                check()
        else:
            check()


def test_the_probe_writes_its_report(tmp_path):
    """The tool itself, in a process that has only the fake."""
    for name in ("tools", "tests/contract", "maya_plugin", "shared", "typings"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "tests" / "__init__.py", tmp_path / "tests" / "__init__.py")
    environment = {**os.environ, "PYTHONPATH": str(FAKES)}
    command = [sys.executable, str(tmp_path / "tools" / "maya_probe.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=120)
    assert "0 do not" in done.stdout, done.stdout + done.stderr
    report = json.loads((tmp_path / "maya_probe_2023.json").read_text("utf-8"))
    assert set(report["beliefs"].values()) == {"holds"} and len(report["beliefs"]) == len(contract.CHECKS)

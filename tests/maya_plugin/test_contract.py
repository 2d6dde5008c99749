"""What the plug-in believes of Maya, asked of the fake; tools/maya_probe.py asks the real one."""

import importlib.util
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
            with pytest.raises(Exception, match=r"[gG]raphics"):
                check()
        else:
            check()


@pytest.mark.parametrize("ask", contract.QUESTIONS, ids=lambda one: one.__name__)
def test_a_question_is_answered_in_what_json_can_hold(scene, ask):
    contract.new_scene()
    assert json.loads(json.dumps(ask())) is not None


@pytest.fixture
def probe():
    spec = importlib.util.spec_from_file_location("maya_probe", ROOT / "tools" / "maya_probe.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", ["", "shot.ma"])
def test_the_probe_leaves_a_scene_alone_that_is_somebodys(scene, probe, capsys, name):
    """An unsaved cube was gone after 18 beliefs."""
    from maya import cmds

    cmds.polyCube(name="precious")
    cmds.file(rename=name)
    cmds.file(modified=not name)
    assert probe.main() == 3
    assert cmds.objExists("precious") and "File > New Scene" in capsys.readouterr().out


def test_the_probe_gives_back_what_is_no_scenes(scene, probe, monkeypatch, tmp_path, capsys):
    """Also where a belief breaks half-way; and each is in the file before it is asked."""
    from maya import cmds

    def breaks():
        cmds.currentUnit(time="ntsc")
        cmds.undoInfo(stateWithoutFlush=False)
        cmds.workspace("/elsewhere", openWorkspace=True)
        cmds.optionVar(stringValue=("semrenderPanel", "lost"))
        cmds.optionVar(stringValue=("semrenderOther", "left"))
        seen.append(json.loads((tmp_path / "maya_probe_2023.json").read_text("utf-8"))["beliefs"])
        raise RuntimeError(str(ROOT / "secret"))

    seen = []
    monkeypatch.setattr(contract, "CHECKS", [breaks])
    monkeypatch.setattr(contract, "QUESTIONS", [])
    monkeypatch.setattr(probe, "report_file", lambda version: tmp_path / f"maya_probe_{version}.json")
    cmds.optionVar(stringValue=("semrenderPanel", "kept"))
    before = scene.project, scene.time_unit, scene.recording, {**scene.options}
    cmds.file(modified=False)
    assert probe.main() == 1
    assert (scene.project, scene.time_unit, scene.recording, scene.options) == before
    assert seen == [{"breaks": probe.BUSY}]
    said = json.loads((tmp_path / "maya_probe_2023.json").read_text("utf-8"))["beliefs"]["breaks"]
    assert "RuntimeError: …" in said and str(ROOT) not in said
    assert "1 do not: breaks" in capsys.readouterr().out


def test_the_probe_writes_its_report(tmp_path):
    """The tool itself, in a process that has only the fake."""
    for name in ("tools", "tests/contract", "maya_plugin", "shared", "typings"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "tests" / "__init__.py", tmp_path / "tests" / "__init__.py")
    environment = {**os.environ, "PYTHONPATH": str(FAKES), "SEMRENDER_FAKE_DRAWS": "mayapy"}
    command = [sys.executable, str(tmp_path / "tools" / "maya_probe.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=120)
    assert done.returncode == 0 and "0 do not" in done.stdout, done.stdout + done.stderr
    report = json.loads((tmp_path / "maya_probe_2023.json").read_text("utf-8"))
    assert set(report["beliefs"].values()) == {"holds"} and len(report["beliefs"]) == len(contract.CHECKS)

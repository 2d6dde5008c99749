"""The stub of Maya's commands is the allow-list: the fake has exactly it, Autodesk's tables have all of it."""

import ast
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import tomllib

from tests.maya_plugin.conftest import FAKES, ROOT

STUB = ROOT / "typings" / "maya" / "cmds.pyi"
STUBBED = (
    "maya.cmds", "maya.mel", "maya.OpenMayaUI", "maya.standalone", "maya.api.OpenMaya", "maya.api.OpenMayaAnim",
    "maya.app.renderSetup.model.renderSetup", "mtoa.core",
)  # fmt: skip

# Real in Maya 2023 and yet not in mayaff's table: their short names are Python keywords or the long ones (facts 6.2).
NOT_IN_TABLE = {("shadingNode", "asShader"), ("select", "add")}
# Of MtoA (facts/maya.md 4.4), AbcImport and maya-usd (its commands/Readme.md)
OF_PLUGINS = {"arnoldRender", "AbcImport", "mayaUSDImport"}
MODES = {"query", "edit"}


def flags(source):
    """(command, flag) of every keyword in a stub."""
    return {
        (node.name, argument.arg)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.kwonlyargs
    }


def commands(source):
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def test_the_fake_has_the_signatures_of_the_stub():
    """A misspelt or missing flag of the fake is an error of stubtest."""
    modules = [name for name in STUBBED if (FAKES / (name.replace(".", "/") + ".py")).is_file()]
    assert {"maya.cmds", "maya.api.OpenMaya"} <= set(modules)
    environment = {**os.environ, "MYPYPATH": str(ROOT / "typings"), "PYTHONPATH": str(FAKES)}
    command = [sys.executable, "-m", "mypy.stubtest", *modules, "--concise", "--ignore-missing-stub"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=FAKES, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubtest_notices_a_misspelt_flag(tmp_path):
    """The check above can fail."""
    import shutil

    shutil.copytree(FAKES, tmp_path / "fakes", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "fakes" / "maya" / "cmds_nodes.py"
    text = file.read_text("utf-8")
    assert "def connectAttr(source, destination, /, *, force=NO" in text
    file.write_text(
        text.replace(
            "def connectAttr(source, destination, /, *, force=NO", "def connectAttr(source, destination, /, *, forse=NO"
        )
    )
    environment = {**os.environ, "MYPYPATH": str(ROOT / "typings"), "PYTHONPATH": str(tmp_path / "fakes")}
    command = [sys.executable, "-m", "mypy.stubtest", "maya.cmds", "--concise", "--ignore-missing-stub"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path / "fakes", timeout=300)
    assert done.returncode != 0 and "connectAttr" in done.stdout


def test_every_flag_is_one_of_autodesks():
    try:  # found, not imported: mayaff itself needs a setuptools that is gone
        mayaff, stub_package = metadata.distribution("mayaff"), metadata.distribution("maya-stubs")
    except metadata.PackageNotFoundError:
        pytest.skip("pip install maya-stubs mayaff")
    table = json.loads(Path(str(mayaff.locate_file("mayaff/maya_configs/2023.json"))).read_text("utf-8"))
    folder = Path(str(stub_package.locate_file("maya-stubs")))
    stubs = "\n".join(path.read_text("utf-8") for path in sorted((folder / "cmds").glob("*.pyi")))
    autodesk = flags(stubs)
    source = STUB.read_text("utf-8")
    assert commands(source) - commands(stubs) == OF_PLUGINS
    used = {(command, flag) for command, flag in flags(source) if flag not in MODES and command not in OF_PLUGINS}
    assert used - autodesk == set(), "no such flag in Autodesk's documentation"
    in_2023 = {(command, flag) for command, known in table.items() for flag in known.values()}
    assert used - in_2023 == NOT_IN_TABLE, "not in Maya 2023, or not known to be"


def test_every_stubbed_command_is_used():
    """The stub stays the list of what we need, no more."""
    text = "\n".join(
        path.read_text("utf-8")
        for folder in ("maya_plugin", "tests/maya_plugin", "tests/contract", "tests/fakes/maya", "tools")
        for path in (ROOT / folder).rglob("*.py")
        if not path.name.startswith("cmds")
    )
    unused = {name for name in commands(STUB.read_text("utf-8")) if f"cmds.{name}" not in text}
    assert unused == set()


def test_no_short_flags():
    pytest.importorskip("flake8_maya_flags", reason="pip install flake8-maya-flags")
    command = [sys.executable, "-m", "flake8", "--select", "MAF", "maya_plugin", "tests/contract", "tools"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_maya_runs_is_python_3_9():
    pytest.importorskip("vermin", reason="pip install vermin")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    safe = next(one for one in contracts if one["name"].startswith("what Maya imports of shared"))["source_modules"]
    files = [str(path) for path in (ROOT / "maya_plugin").rglob("*.py") if path.name not in ("build.py", "cli.py")]
    files += [str(ROOT / f"{name.replace('.', '/')}.py") for name in safe]
    command = [str(Path(sys.executable).with_name("vermin")), "-t=3.9-", "--no-tips", "--violations", *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stdout
    for file in files:
        text = Path(file).read_text("utf-8")
        assert "from __future__ import annotations" in text or "__init__" in file or "->" not in text, file

"""The built module and its installer: rows, libraries, a foreign `shared`, drop, upgrade, uninstall."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from maya_plugin import build, install
from shared.errors import InputRefused
from tests.maya_plugin.conftest import FAKES, ROOT

PYTHON = f"{sys.version_info[0]}{sys.version_info[1]}"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Wheels of this environment's own libraries under the names of all that are needed."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, package, version in (("pyzmq", "zmq", build.PYZMQ), ("msgpack", "msgpack", build.MSGPACK)):
        root = Path(importlib.util.find_spec(package).origin).parent
        folders = [root, *root.parent.glob(f"{name}.libs")]
        first = folder / "first.zip"
        with zipfile.ZipFile(first, "w") as archive:
            for file in (file for one in folders for file in one.rglob("*") if file.is_file()):
                if not {"tests", "__pycache__"} & {*file.relative_to(root.parent).parts}:
                    archive.write(file, file.relative_to(root.parent).as_posix())
        for python in {"39", *install.PYTHONS.values()} if name == "pyzmq" else {"39"}:
            for tag in ("win_amd64", "macosx_10_15_universal2", "manylinux2014_x86_64"):
                os.link(first, folder / f"{name}-{version}-cp{python}-cp{python}-{tag}.whl")
        first.unlink()
    return folder


def installer(module):
    (found,) = module.glob("semrender_install_*.py")
    return found


@pytest.fixture(scope="module")
def module(wheels, tmp_path_factory):
    return build.build(tmp_path_factory.mktemp("built"), wheels)


def rows(text):
    found = []
    for block in text.strip().split("\n\n"):
        first, *rest = block.split("\n")
        row = re.fullmatch(r"\+ MAYAVERSION:(\d+) PLATFORM:(\w+) semrender (\S+) (.+)", first)
        paths = [line[len("PYTHONPATH +:= ") :] for line in rest if line.startswith("PYTHONPATH +:= ")]
        assert row and len(paths) == len(rest) == 2
        found.append((int(row[1]), row[2], row[4], paths))
    return found


def test_every_maya_on_every_system_has_a_row_and_its_library(module):
    """Acceptance 5, the .mod."""
    found = rows((module / "semrender.mod").read_text("utf-8"))
    assert {row[:2] for row in found} == {(maya, p) for maya in range(2023, 2028) for p in ("win64", "linux", "mac")}
    for _, _, root, paths in found:
        assert (module / root / paths[0] / "zmq" / "__init__.py").is_file()
        assert (module / root / paths[1] / "msgpack" / "fallback.py").is_file()
    assert not list((module / "semrender" / "vendor" / "python").rglob("*.so"))
    starts = (module / "semrender" / "scripts" / "userSetup.py").read_text("utf-8")
    assert starts == (ROOT / "maya_plugin" / "userSetup.py").read_text("utf-8")
    assert module.with_name(f"{module.name}.zip").is_file()
    assert [path.name for path in module.iterdir() if path.suffix == ".mod"] == ["semrender.mod"]


def test_no_import_of_the_module_leaves_the_private_package(module):
    for file in (module / "semrender").rglob("*.py"):
        if "vendor" not in file.parts:
            text = file.read_text("utf-8")
            assert not re.search(r"^\s*(from|import) (shared|maya_plugin)\b", text, re.M), file
    text = "".join(path.read_text("utf-8") for path in (ROOT / "maya_plugin").rglob("*.py"))
    strings = re.findall(r"""["']maya_plugin[.][^"']*["']""", text)
    assert not strings, f"a name in a string is not rewritten: {strings}"


def test_an_import_that_cannot_be_rewritten_is_refused():
    assert build.rewritten("from shared import client\nx = 'from shared import y'\n") == (
        "from semrender_maya.shared import client\nx = 'from shared import y'\n"
    )
    with pytest.raises(InputRefused, match="from package import module"):
        build.rewritten("import shared.client\n")


def test_missing_wheels_are_named(tmp_path):
    with pytest.raises(InputRefused, match=r"no wheel of pyzmq 26\.4\.0 for Python 310"):
        build.build(tmp_path / "out", tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


IN_MAYA = """
import importlib, json, os, sys, threading
from pathlib import Path
import shared
assert shared.WHOSE == "the studio's"
from maya import cmds, cmds_ui, plugins, windows
from maya.api import OpenMaya
from maya.app.general.executeDroppedPythonFile import executeDroppedPythonFile
from maya.scene import SCENE
settings, first, second = map(Path, sys.argv[1:])
SCENE.app_dir = f"{settings}/"
OURS = "semrender_maya"
windows.reset()
windows.add_tab("semrender")
SCENE.options["semrenderPanel"] = "{}"
plugins.autoload["semrender_plugin"] = True  # as a version before set it

def drop(folder):
    paths = list(sys.path)
    installer, = folder.glob("semrender_install_*.py")
    sys.path.insert(0, str(folder))
    importlib.import_module(installer.stem)
    del sys.modules[installer.stem], sys.path[0]
    assert cmds.pluginInfo("semrender_plugin", query=True, loaded=True) == LOADED, "importing it does nothing"
    executeDroppedPythonFile(str(installer), "dropped")
    assert installer.stem not in sys.modules and str(folder) not in sys.path
    assert [path for path in paths if path not in sys.path and "semrender" not in path] == []

def have():
    return {
        "finds": importlib.util.find_spec(OURS) is not None,
        "autoload": [name for name, on in plugins.autoload.items() if on],
        "commands": sorted(OpenMaya.commands), "callbacks": len(OpenMaya.callbacks),
        "threads": threading.active_count(), "plugins": sorted(SCENE.plugins),
        "mods": sorted(p.name for p in (settings / "modules").glob("*")),
        "from": sorted({m.__file__.split("/semrender/")[0] for n, m in sys.modules.items() if n.startswith(OURS)}),
    }

told = {}
LOADED = False
cmds_ui.answers += ["Go on"]
drop(first)
from semrender_maya.maya_plugin.host.session import MayaHost
assert MayaHost().scene().name == "untitled"
MayaHost().watch(print)
import zmq, msgpack
told["zmq"], told["msgpack"] = zmq.__file__, msgpack.Packer.__module__
told["first"], told["said"] = have(), list(cmds_ui.dialogs)
LOADED = True
cmds_ui.answers += ["Install", "Go on"]
drop(first)
told["again"] = have()
cmds_ui.answers += ["Install", "Go on"]
drop(second)
told["upgraded"] = have()
told["mod"] = (settings / "modules" / "semrender.mod").read_text()
for _ in range(2):
    cmds.unloadPlugin("semrender_plugin.py")
    told["unloaded"] = have()
    cmds.loadPlugin(str(second / "semrender" / "plug-ins" / "semrender_plugin.py"))
told["reloaded"] = have()
assert "semrender" in windows.shelves
cmds_ui.answers += ["Uninstall"]
drop(second)
told["gone"] = have()
told["left"] = [list(windows.shelves), sorted(n for n in SCENE.options if "semrender" in n + str(SCENE.options[n]))]
windows.show_tab("Mine")
assert windows.shelves["Mine"], "the artist's shelves are filled as before"
assert shared.WHOSE == "the studio's" and sys.modules["shared"] is shared
print(json.dumps(told))
"""


def test_drop_twice_upgrade_and_uninstall_beside_a_foreign_shared(module, tmp_path):
    """Acceptance 4 and 5, in a process that has no packages of its own."""
    import shutil

    foreign = tmp_path / "studio" / "shared"
    foreign.mkdir(parents=True)
    (foreign / "__init__.py").write_text('WHOSE = "the studio\'s"\n')
    second = tmp_path / "newer" / "semrender-9.9.9"
    shutil.copytree(module, second)
    own = second / "semrender" / "scripts" / "semrender_maya" / "maya_plugin" / "__init__.py"
    own.write_text(own.read_text("utf-8").replace('VERSION = "0.1.0"', 'VERSION = "9.9.9"'), "utf-8")
    settings = tmp_path / "maya settings"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FAKES), str(foreign.parent)])}
    command = [sys.executable, "-S", "-c", IN_MAYA, str(settings), str(module), str(second)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    first = told["first"]
    assert f"vendor/linux_{PYTHON}/zmq" in told["zmq"] and told["msgpack"] == "msgpack.fallback"
    assert first["commands"] == ["semrender", "semrenderKeys"] and first["plugins"] == ["semrender_plugin"]
    assert first["mods"] == ["semrender.mod"] and first["from"] == [str(module)]
    assert "press Allow" in told["said"][0]
    assert "python.org" in told["said"][1] and "semrender serve" in told["said"][1]
    assert {**told["again"], "callbacks": first["callbacks"]} == first
    assert told["upgraded"]["from"] == [str(second)] and told["upgraded"]["mods"] == ["semrender.mod"]
    assert told["upgraded"]["callbacks"] == 0, "what the old version watched is not watched any more"
    assert {root for _, _, root, _ in rows(told["mod"])} == {(second / "semrender").as_posix()}
    assert told["unloaded"]["commands"] == [] and told["unloaded"]["plugins"] == []
    assert told["reloaded"] == told["upgraded"]
    assert first["finds"] and told["upgraded"]["finds"] and told["upgraded"]["autoload"] == []
    assert told["gone"]["commands"] == told["gone"]["plugins"] == told["gone"]["mods"] == []
    assert told["left"] == [["Polygons", "Rigging", "Mine"], []]
    assert told["gone"]["threads"] == first["threads"]


MAKE_SCENE = """
from maya import cmds, world
cmds.polyCube(name="a"); world.camera(); world.resolution(32, 18); cmds.setAttr("defaultRenderGlobals.endFrame", 1)
cmds.file(rename="scene.ma"); cmds.file(save=True, type="mayaAscii")
"""


def test_a_batch_runs_from_the_module_alone(module, tmp_path):
    """As on a farm: the private package and its libraries on the path, and no other packages."""
    root = module / "semrender"
    folders = [FAKES, root / "scripts", root / "vendor" / f"linux_{PYTHON}", root / "vendor" / "python"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}

    def run(*arguments):
        command = [sys.executable, "-S", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60)

    assert run("-c", MAKE_SCENE).returncode == 0
    done = run("-m", "semrender_maya.maya_plugin.batch", "scene.ma", "--camera", "shotcam", "--unchecked")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "semrender" / "scene" / "shot.json").is_file()


def test_mayapy_install_and_uninstall_without_a_running_maya(module, tmp_path):
    settings = tmp_path / "settings"

    def run(*more):
        command = [sys.executable, "-S", str(installer(module)), "--settings", str(settings), *more]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)

    assert run().returncode == 0 and (settings / "modules" / "semrender.mod").is_file()
    assert "was uninstalled" in run("--uninstall").stdout
    assert list((settings / "modules").iterdir()) == []
    prefs, shelf = (
        settings / "2025" / "prefs",
        settings / "2025" / "ja_JP" / "prefs" / "shelves" / "shelf_semrender.mel",
    )
    shelf.parent.mkdir(parents=True)
    shelf.touch()
    prefs.mkdir()
    kept = b'evalDeferred("autoLoadPlugin(\\"\\", \\"mtoa\\", \\"mtoa\\")");\r\n'
    (prefs / "pluginPrefs.mel").write_bytes(kept + kept.replace(b"mtoa", b"semrender_plugin") + b"//\xff\r\n")
    again = run("--uninstall").stdout
    assert "was not installed" in again and str(shelf) in again and "Delete Shelf" in again
    assert (prefs / "pluginPrefs.mel").read_bytes() == kept + b"//\xff\r\n", "a warning at each start"


def test_an_installer_alone_says_what_is_missing(tmp_path, module):
    alone = tmp_path / "alone.py"
    alone.write_bytes(installer(module).read_bytes())
    done = subprocess.run([sys.executable, str(alone)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "Unpack the whole archive" in done.stderr and "Traceback" not in done.stderr


def test_where_a_server_is_installed_nothing_is_said_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path))
    assert "py -3.11" in install.server_words() or "python3.11" in install.server_words()
    (tmp_path / "installation.json").write_text("{}")
    assert install.server_words() == ""


def test_the_command_builds_and_installs(wheels, tmp_path):
    if importlib.util.find_spec("fileseq") is None:
        pytest.skip("the command needs the packages of the server's side")
    command = [sys.executable, "-m", "semrender", "--json", "maya", "install", "--wheels", str(wheels)]
    command += ["--settings", str(tmp_path / "settings")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert Path(made["module"]).read_text("utf-8").count("MAYAVERSION") == 15
    kept = Path(os.environ["SEMRENDER_HOME"]) / "maya"
    assert kept in Path(made["plug_in"]).parents and not (tmp_path / "build").exists(), (
        "not where the artist happens to be"
    )

"""The installer by itself: which Maya, which folders, what Maya trusts, and the start of a Maya that has the module."""

import sys
from pathlib import Path

import pytest

from maya_plugin import install
from tests.maya_plugin.conftest import ROOT


@pytest.mark.parametrize(
    ("maya", "product", "words"),
    [
        (2022, "Maya 2022", "semrender is made for Maya 2023 to 2027; this is Maya 2022."),
        (2028, "Maya 2028", "semrender is made for Maya 2023 to 2027; this is Maya 2028."),
        (2024, "Maya LT 2024", "semrender needs Maya's Python and its plug-ins, which Maya LT 2024 does not have."),
    ],
)
def test_a_maya_that_cannot_have_it_is_told(scene, monkeypatch, maya, product, words, tmp_path):
    from maya import cmds, cmds_ui

    monkeypatch.setattr(cmds, "about", lambda majorVersion=False, product=False: tell if product else str(maya))
    tell = product
    monkeypatch.setattr(install, "here", lambda: tmp_path)
    cmds_ui.dialogs.clear()
    scene.app_dir = f"{tmp_path}/"
    install.onMayaDroppedPythonFile()
    assert cmds_ui.dialogs == [words]
    assert not (tmp_path / "modules").exists()


@pytest.fixture
def small(tmp_path, scene, monkeypatch):
    """A module that has nothing in it but a plug-in, in a Maya that asks before it loads."""
    from maya import cmds_ui, plugins

    root = tmp_path / "semrender"
    for folder in ("plug-ins", f"scripts/{install.PACKAGE}/maya_plugin", "vendor/linux_311"):
        (root / folder).mkdir(parents=True)
    (root / "scripts" / install.PACKAGE / "maya_plugin" / "__init__.py").write_text('VERSION = "0.1.0"\n')
    text = "def maya_useNewAPI(): pass\ndef initializePlugin(me): pass\ndef uninitializePlugin(me): pass\n"
    (root / "plug-ins" / "semrender_plugin.py").write_text(text)
    monkeypatch.setattr(install, "here", lambda: root)
    monkeypatch.setattr(plugins, "security", ["allow"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    scene.app_dir = f"{tmp_path}/"
    cmds_ui.dialogs.clear()
    cmds_ui.answers[:] = ["Go on"]
    cmds_ui.messages.clear()
    (tmp_path / "installation.json").write_text("{}")
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path))
    return root


def test_what_maya_will_ask_is_said_before_it_asks(small):
    """Once: whoever has allowed the folder, the artist or IT, is not told again."""
    from maya import cmds, cmds_ui

    install.onMayaDroppedPythonFile()
    first, second = cmds_ui.dialogs
    assert "press Allow" in first and (small / "plug-ins").as_posix() in first and "Maya asks" in second
    assert cmds.pluginInfo("semrender_plugin", query=True, loaded=True)
    cmds_ui.dialogs.clear()
    cmds_ui.answers += ["Install"]
    install.onMayaDroppedPythonFile()
    assert cmds_ui.dialogs == ["semrender is installed. Install 0.1.0 over it, or uninstall it?"]


@pytest.mark.parametrize("way", ["deny", "deny quietly"])
def test_a_maya_that_refuses_the_plug_in_is_explained(small, monkeypatch, way):
    from maya import cmds_ui, plugins

    monkeypatch.setattr(plugins, "security", [way])
    install.onMayaDroppedPythonFile()
    assert cmds_ui.messages == [] and "does not trust the folder" in cmds_ui.dialogs[-1]
    assert (small / "plug-ins").as_posix() in cmds_ui.dialogs[-1] and "Security > Plug-ins" in cmds_ui.dialogs[-1]


def test_whoever_does_not_want_to_be_asked_changes_nothing(small, tmp_path):
    from maya import cmds_ui

    cmds_ui.answers[:] = ["Cancel"]
    install.onMayaDroppedPythonFile()
    assert len(cmds_ui.dialogs) == 1 and not (tmp_path / "modules").exists()


def test_the_folders_that_are_trusted_are_read_as_maya_may_keep_them(scene):
    scene.options["SafeModeAllowedlistPaths"] = [r"C:\Tools", "//server/maya/"]
    assert install.trusted(Path("//server/maya/semrender/plug-ins")) and install.trusted(Path("c:/tools"))
    assert not install.trusted(Path("C:/ToolsOfOthers"))
    scene.options["SafeModeAllowedlistPaths"] = "/one"
    assert install.trusted(Path("/one/two")) and not install.trusted(Path("/two"))


def test_documents_are_where_windows_says_they_are(monkeypatch):
    """OneDrive moves them; Maya asks the shell."""

    class Shell:
        failed, place = 0, r"C:\Users\ann\OneDrive - Studio\Dokumente"

        def SHGetFolderPathW(self, owner, which, token, flags, found):  # noqa: N802
            assert which == 5
            found.value = self.place
            return self.failed

    windll = type("Windll", (), {"shell32": Shell()})
    monkeypatch.setattr("ctypes.windll", windll, raising=False)
    monkeypatch.setattr(install.sys, "platform", "win32")
    monkeypatch.delenv("MAYA_APP_DIR", raising=False)
    assert install.settings_folder() == Path(Shell.place) / "maya"
    Shell.failed = 1
    assert install.settings_folder() == Path.home() / "Documents" / "maya"


def test_a_name_with_accents_is_not_in_the_row(monkeypatch):
    home = Path("/users/José")
    modules = home / "Documents" / "maya" / "modules"
    root = home / "AppData" / "semrender"
    assert install.written_root(root, modules) == "../../../AppData/semrender"
    assert install.written_root(Path("/opt/semrender"), modules) == "/opt/semrender"
    odd = home / "Größe" / "semrender"
    assert install.written_root(odd, modules) == odd.as_posix(), "elsewhere than on Windows such names work"
    monkeypatch.setattr(install.sys, "platform", "win32")
    with pytest.raises(install.Refused, match="Unpack the archive into a folder such as"):
        install.written_root(odd, modules)


@pytest.mark.parametrize(("environment", "loads"), [({}, True), ({"SEMRENDER_AUTOLOAD": "0"}, False)])
def test_a_maya_with_the_module_loads_the_plug_in_at_its_start(scene, monkeypatch, environment, loads):
    """After `semrender maya install`, and from a central MAYA_MODULE_PATH: there was no shelf."""
    from maya import cmds, windows

    monkeypatch.setenv("MAYA_PLUG_IN_PATH", str(ROOT / "maya_plugin"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    scene.hooks["interactive"] = lambda: None
    windows.reset()
    windows.start(ROOT / "maya_plugin")
    assert cmds.pluginInfo("semrender_plugin", query=True, loaded=True) is loads
    if loads:
        cmds.unloadPlugin("semrender_plugin")


def test_a_start_goes_on_where_the_plug_in_cannot_be_loaded(scene, monkeypatch, capsys):
    from maya import windows

    monkeypatch.setenv("MAYA_PLUG_IN_PATH", "/nowhere")
    scene.hooks["interactive"] = lambda: None
    windows.reset()
    windows.start(ROOT / "maya_plugin")
    assert "semrender was not loaded" in capsys.readouterr().out
    del scene.hooks["interactive"]
    windows.start(ROOT / "maya_plugin")
    assert capsys.readouterr().out == "", "a Maya without window is left alone"

"""A panel on a scene in memory, without a server; a Maya with a window and the plug-in in it."""

import pytest

from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.walk import ROOT, SIZE, stop_server


@pytest.fixture(scope="session", autouse=True)
def app():
    return desk.application()


@pytest.fixture
def panel(tmp_path):
    with desk.panel_on(tmp_path / "project") as made:
        yield made


@pytest.fixture
def server():
    """As after an installation: the panel knows which Python runs the server."""
    desk.know_server(desk.server_python())


@pytest.fixture
def maya(scene, tmp_path, server, monkeypatch):
    """A Maya with a window and the plug-in in it: a tree on grass under a sky, nothing has a class yet."""
    from maya import cmds, windows, world
    from maya.api import OpenMaya

    windows.reset()
    folder = tmp_path / "valley"
    folder.mkdir()
    scene.path = str(folder / "valley.ma")
    world.camera()
    world.resolution(*SIZE)
    cmds.setAttr("defaultRenderGlobals.startFrame", 1)
    cmds.setAttr("defaultRenderGlobals.endFrame", 3)
    scene.slider = (1.0, 3.0)
    for name, x, y, w, h, z in (
        ("sky", 0, 0, 40, 40, -3),
        ("meadow", 0, -3, 40, 5, -2),
        ("pine", -0.7, 0.2, 1.4, 2.6, 0),
    ):
        cmds.polyCube(name=name, width=w, height=h, depth=0.0002)
        cmds.move(x, y, z, name)
    monkeypatch.setattr(OpenMaya.MGlobal, "state", OpenMaya.MGlobal.kInteractive)
    monkeypatch.setenv("MAYA_PLUG_IN_PATH", str(ROOT / "maya_plugin"))
    cmds.loadPlugin("semrender_plugin")
    yield cmds
    if "semrender_plugin" in scene.plugins:
        from maya_plugin import interactive

        if interactive._services is not None:
            stop_server(interactive._services.session)
        cmds.unloadPlugin("semrender_plugin")

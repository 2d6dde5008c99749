"""The plug-in among Maya's windows: shelf, panel, workspaces, the end of Maya. Without a server."""

import json
import threading
from pathlib import Path

import pytest

from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.walk import ROOT, open_panel

OURS = ["Classes", "Show", "Frame", "Shot", "To AE"]
CONTROL = "semrenderPanelControl"


@pytest.fixture
def windows(maya):
    from maya import windows

    return windows


@pytest.fixture
def interactive(maya):
    from maya_plugin import interactive

    yield interactive
    interactive._end_session()


def titles(windows, shelf="semrender"):
    return [one["label"] for one in windows.shelves[shelf].values()]


def others_are_filled(windows):
    for name in [name for name in windows.shelves if name != "semrender"]:
        windows.show_tab(name)
        assert titles(windows, name) == [name], f"the artist's shelf {name} comes up empty"


def one_more_shelf(windows):
    """The artist makes a shelf after ours was there: it stands behind ours, and later rows would shift."""
    button = {"label": "Later", "command": "sphere", "docTag": "", "sourceType": "mel", "image1": ""}
    windows.save("Later", {"1": button})
    windows.add_tab("Later")


def start_again(windows, scene):
    """Maya is closed with the plug-in in it, and started with its module."""
    from maya import cmds

    windows.leave()
    cmds.unloadPlugin("semrender_plugin")
    scene.hooks["interactive"] = lambda: None  # what `about(batch)` says
    return windows.start(ROOT / "maya_plugin")


def test_closing_the_panel_leaves_the_work_and_unloading_leaves_the_shelf(maya, windows, interactive):
    from maya.api import OpenMaya

    panel = open_panel()
    assert interactive._panel is panel and titles(windows) == OURS and windows.front == ["Polygons"]
    session = interactive._services.session
    windows.close(CONTROL)
    desk.spin(50)
    assert interactive._panel is None and interactive._services.session is session
    again = open_panel()
    assert again is not panel
    windows.press("semrender", "Classes")
    assert interactive._panel is again and windows.controls[CONTROL].raised == 1
    maya.unloadPlugin("semrender_plugin")
    assert windows.controls == {} and titles(windows) == OURS
    assert OpenMaya.callbacks == {} and OpenMaya.commands == {}
    assert not [one.name for one in threading.enumerate() if one.name.startswith("semrender")]
    others_are_filled(windows)
    windows.press("semrender", "Classes")
    assert "semrender_plugin" in maya.pluginInfo.__globals__["SCENE"].plugins, "a button of the shelf loads it again"


@pytest.mark.parametrize("tagged", [True, False])
def test_the_next_start_has_the_same_five_buttons_and_all_shelves(maya, windows, scene, interactive, tagged):
    """Also where the artist has renamed one and added his own, and whether or not Maya keeps the tags."""
    windows.keeps_doc_tag[0] = tagged
    one_more_shelf(windows)
    buttons = windows.shelves["semrender"]
    next(iter(buttons.values())).update(label="mine")
    buttons["own"] = {"label": "own", "command": "sphere", "docTag": "", "sourceType": "mel", "image1": ""}
    assert start_again(windows, scene) == []
    assert titles(windows) == ["mine", *OURS[1:], "own"]
    assert all(Path(one["image1"]).is_file() for one in windows.shelves["semrender"].values() if one["label"] != "own")
    others_are_filled(windows)


def test_a_plug_in_that_is_loaded_before_the_windows_are_there_waits_with_its_shelf(maya, windows, scene):
    from maya import plugins

    windows.leave()
    maya.unloadPlugin("semrender_plugin")
    plugins.autoload["semrender_plugin"] = True
    try:
        assert windows.start() == [] and titles(windows) == OURS
    finally:
        plugins.autoload.clear()


def test_a_maya_without_shelves_has_the_panel_all_the_same(maya, windows, scene, interactive):
    windows.kiosk[0] = True
    assert start_again(windows, scene) == [] and windows.shelves == {}
    maya.loadPlugin("semrender_plugin")
    assert interactive.show() is not None


def test_a_shelf_that_maya_cannot_add_stops_nothing(maya, windows, scene, monkeypatch, caplog):
    def spacing_separator(name):  # a known fault of Maya's own procedure
        raise RuntimeError("Object's name 'spacingSeparator' is not unique.")

    maya.unloadPlugin("semrender_plugin")
    windows.delete_tab("semrender")
    monkeypatch.setattr(windows, "add_tab", spacing_separator)
    maya.loadPlugin("semrender_plugin")
    assert "spacingSeparator" in caplog.text and "semrender" not in windows.shelves


def test_uninstalling_leaves_nothing(maya, windows, scene, interactive):
    from maya import cmds_ui

    from maya_plugin.host import traces

    one_more_shelf(windows)
    open_panel()
    windows.show_tab("semrender")
    file = windows.shelf_folder() / "shelf_semrender.mel"
    windows.save("semrender", windows.shelves["semrender"])
    scene.options["semrenderPanel"] = "{}"
    command = next(iter(windows.shelves["semrender"].values()))["command"]
    maya.unloadPlugin("semrender_plugin")
    traces.remove()
    assert windows.states == {} and list(windows.shelves) == ["Polygons", "Rigging", "Mine", "Later"]
    assert [name for name in scene.options if "semrender" in f"{name}{scene.options[name]}"] == []
    assert not file.exists() and json.loads(Path(f"{file}.deleted").read_text("utf-8"))
    others_are_filled(windows)
    windows.leave()
    windows.start()
    assert list(windows.shelves) == ["Polygons", "Rigging", "Mine", "Later"]
    others_are_filled(windows)
    traces.remove()
    with pytest.MonkeyPatch.context() as gone:  # a shelf of another Maya, whose preferences nobody has asked
        gone.setenv("MAYA_PLUG_IN_PATH", "/nowhere")
        from maya import mel

        mel.eval(command)
    assert "Delete Shelf" in cmds_ui.warnings.pop()


@pytest.mark.parametrize("way", ["filled", "empty", "hidden"])
def test_a_panel_that_maya_restores_is_there_when_it_is_asked_for(maya, windows, scene, interactive, way):
    """A restored tab stayed blank, and then every button of the shelf ended in an AssertionError."""
    open_panel()
    windows.restores[0] = way
    assert start_again(windows, scene) == []
    assert (interactive._panel is not None) == (way == "filled")
    windows.press("semrender", "Classes")
    shown = interactive._panel
    assert shown is not None
    windows.idle()  # a hidden tab is filled by Maya once it has been drawn
    desk.spin(20)
    layout = windows.controls[CONTROL].widget.layout()
    assert layout.count() == 1 and layout.itemAt(0).widget() is interactive._panel


def test_a_restored_panel_whose_plug_in_is_gone_says_nothing(maya, windows, scene, monkeypatch, caplog):
    open_panel()
    windows.leave()
    maya.unloadPlugin("semrender_plugin")
    monkeypatch.setenv("MAYA_PLUG_IN_PATH", "/nowhere")
    windows.start()
    assert windows.controls[CONTROL].widget.layout().count() == 0 and "was not restored" in caplog.text
    _, script, closed = windows.states[CONTROL]
    exec(script.replace("'maya_plugin'", "'a_module_that_is_gone'"), {})
    exec(closed.replace("maya_plugin", "a_module_that_is_gone"), {})


def test_a_button_waits_for_a_place_that_is_not_there_yet(maya, windows, interactive, monkeypatch):
    open_panel()
    windows.close(CONTROL)
    address = interactive.dock.address
    monkeypatch.setattr(interactive.dock, "show", lambda *_: None)
    monkeypatch.setattr(interactive.dock, "address", lambda: 0)
    windows.press("semrender", "Classes")
    assert interactive._panel is None and len(windows.deferred) == 1
    monkeypatch.undo()
    assert interactive.dock.address is address
    windows.idle()
    assert interactive._panel is not None


def test_a_workspace_that_deletes_the_panel_without_a_word_leaves_no_listener(maya, windows, interactive):
    """Then every selection ended in a traceback."""
    from maya.api import OpenMaya

    open_panel()
    before = len(OpenMaya.callbacks)
    windows.controls[CONTROL].widget.deleteLater()
    desk.application().sendPostedEvents(None, 52)  # DeferredDelete
    desk.spin(20)
    assert interactive._panel is None and len(OpenMaya.callbacks) < before
    maya.select("pine", replace=True)
    OpenMaya.send("SelectionChanged")
    windows.controls.pop(CONTROL)
    assert open_panel() is not None


def test_maya_that_ends_is_not_made_to_wait_and_its_callbacks_are_left_alone(maya, windows, interactive):
    from maya.api import OpenMaya

    open_panel()
    session = interactive._services.session
    before = dict(OpenMaya.callbacks)
    session._thread.join, joined = lambda *_: joined.append(1), []
    OpenMaya.send(OpenMaya.MSceneMessage.kMayaExiting)
    assert OpenMaya.callbacks == before and session._ending.is_set() and joined == []
    del session._thread.join


def test_nothing_of_qt_is_changed_for_others():
    """Tools tell PySide2 from PySide6 by where QAction is."""
    from maya_plugin.ui import qt

    if qt.QtCore.__name__.startswith("PySide2"):
        assert not hasattr(qt.QtGui, "QAction") and not hasattr(qt.QtGui, "QShortcut")

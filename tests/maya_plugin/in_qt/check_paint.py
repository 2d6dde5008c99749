"""The page Paint: model and options, camera, layers, frames, where results go, and what it remembers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from maya_plugin.core.cards import Option, read_models
from maya_plugin.core.contract import BatchCommand
from maya_plugin.core.sun import Sun
from maya_plugin.ui.class_list import ROW
from maya_plugin.ui.options import OptionRows
from maya_plugin.ui.qt import Qt, QtCore, QtGui, QtWidgets
from shared.inputs import SUN
from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.check_panel import COUNTRYSIDE, Key, QtTest, models, said


def test_options_are_controls_of_their_kind():
    host = QtWidgets.QWidget()
    rows = OptionRows(QtWidgets.QFormLayout(host), 0)
    options = [
        Option("look", "Look", "choice", "a", ("a", "b")),
        Option("detail", "Detail", "number", 0.5, min=0, max=1),
        Option("steps", "Steps", "integer", 3, min=1, max=9),
        Option("open", "Open", "integer", 70),
        Option("snow", "Snow", "boolean", False),
    ]
    rows.show_options(options, {"look": "b", "steps": "nonsense", "snow": True, "detail": 7})
    assert rows.values() == {"look": "b", "detail": 1.0, "steps": 3, "open": 70, "snow": True}
    rows.show_options(options[:1], {"look": "gone"})
    assert rows.values() == {"look": "a"}
    assert len(host.findChildren(QtWidgets.QComboBox)) >= 1
    odd = [
        Option("tiny", "Tiny", "number", 0.00002, min=0, max=0.001),
        Option("large", "Large", "integer", 2**40),
        Option("tint", "Tint", "colour", "#ffcc00"),
    ]
    rows.show_options(odd, {"tint": "#000000"})
    assert rows.values() == {"tiny": 0.00002, "large": 2**40, "tint": "#ffcc00"}, "as the card says, to the last digit"
    rows.show_options(options, {"snow": "yes", "steps": True})
    assert rows.values()["snow"] is False and rows.values()["steps"] == 3


def test_models_that_the_scene_cannot_feed_come_last_greyed_with_what_they_lack(panel):
    plain = {"licence": "free", "options": []}
    told = [
        {**plain, "name": "toy", "title": "Toy", "inputs": {"picture": {"needed": True}, "audio": {"needed": True}}},
        {**plain, "name": "face", "title": "Face", "inputs": {"walk": {"needed": True}, "audio": {}}},
        {**plain, "name": "relight", "title": "Relight", "inputs": {"picture": {"needed": True}, "reference": {}}},
        desk.read_json(COUNTRYSIDE),
    ]
    panel._told(read_models({"models": told, "broken": {"old": "no card"}, "default": "countryside"}))
    box = panel.paint.model
    assert [box.itemText(n) for n in range(box.count())] == [
        "Toy",
        "Relight",
        "Countryside 2",
        "Face (needs a walk)",
        "old (cannot be used)",
    ]
    assert [box.model().item(n).isEnabled() for n in range(5)] == [True, True, True, False, False]
    assert panel.paint.card().name == "countryside" and not panel.paint.reference.isVisibleTo(panel.paint)
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert panel.paint.reference.isVisibleTo(panel.paint) and not panel.paint.sound.isVisibleTo(panel.paint)
    remarks = [panel.classes.model.index(i).data(ROW).remark for i in range(100)]
    assert not any(remarks), "it paints no classes"


def test_settings_of_the_page_come_back_with_the_scene(panel):
    panel._told(models())
    page = panel.paint
    page.seed.setValue(77)
    page.extra["depth"].setChecked(True)
    page.scale.setCurrentIndex(1)
    panel.paint_actions._keep(page.choices())
    json.dumps(dict(panel.host.remembered()))
    with desk.panel_on(None, host=panel.host) as other:
        other._told(models())
        assert other.paint.choices() == page.choices()


def test_looking_again_keeps_what_was_chosen_until_the_scene_is_another(panel):
    page, scene = panel.paint, panel.host.present
    page.layers.item(0).setCheckState(Qt.CheckState.Unchecked)
    page.camera.setCurrentIndex(1)
    page.first.setValue(5)
    panel.host.present = replace(scene, frame=20)
    panel._look_again()
    assert page.chosen_layers() == () and page.camera.currentText() == "persp" and page.first.value() == 5
    assert "20" in page.frame_button.text()
    panel.host.present = replace(scene, path="/other.ma", slider=(3, 9))
    for tell in panel.host.tellers:
        tell("scene")
    desk.spin(120)
    assert page.chosen_layers() == ("defaultRenderLayer",) and page.camera.currentText() == "shotCam"
    assert page.first.value() == 3


def test_the_panel_can_be_as_narrow_as_the_channel_box(panel):
    panel._told(models())
    panel.paint._more.setChecked(True)
    panel.host.present = replace(panel.host.present, slider=(1001, 1048))
    panel._look_again()
    larger = panel.fontMetrics().height() / 14  # than Maya's own font; a Qt without windows has another default
    assert panel.minimumSizeHint().width() <= 400 * larger


def test_a_range_the_wrong_way_round_cannot_be_rendered(panel):
    panel.paint.first.setValue(30)
    assert not panel.paint.shot_button.isEnabled()
    panel.paint.last.setValue(40)
    assert panel.paint.shot_button.isEnabled() and "30–40" in panel.paint.shot_button.text()


def test_painting_without_layer_or_class_is_refused_in_words(panel):
    panel.paint.layers.item(0).setCheckState(Qt.CheckState.Unchecked)
    panel.paint.frame_button.click()
    assert "No layer is ticked" in said(panel)
    panel.paint.layers.item(0).setCheckState(Qt.CheckState.Checked)
    panel.paint.frame_button.click()
    desk.wait_for(lambda: "Nothing in the scene has a class" in said(panel))
    assert QtWidgets.QApplication.overrideCursor() is None


def test_the_wipe_follows_mouse_and_arrow_keys(panel):
    viewer = panel.paint.viewer
    panel.pages.setCurrentWidget(panel.paint)
    image = QtGui.QImage(200, 50, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor(255, 0, 0))
    painter = QtGui.QPainter(image)
    painter.fillRect(100, 0, 100, 50, QtGui.QColor(0, 0, 255))
    painter.end()
    viewer._arrive(image, "preview.png", "job", "countryside, seed 7")
    desk.spin(50)

    def colour_at(part):
        area = viewer._area().toRect()
        grabbed = viewer.grab().toImage()
        scale = grabbed.devicePixelRatio()
        x, y = (area.left() + part * area.width()) * scale, (area.top() + area.height() * 0.3) * scale
        return grabbed.pixelColor(int(x), int(y)).getRgb()[:3]

    assert colour_at(0.3) == (255, 0, 0) and colour_at(0.7) == (0, 0, 255)
    QtTest.QTest.keyClick(viewer, Key.Key_Left)
    assert viewer.wipe == pytest.approx(0.45)
    area = viewer._area().toRect()
    place = QtCore.QPoint(int(area.left() + 0.9 * area.width()), area.center().y())
    QtTest.QTest.mouseClick(viewer, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert viewer.wipe == pytest.approx(0.9, abs=0.02)
    assert colour_at(0.8) == (255, 0, 0)


def source(page, name):
    page.frames.source.setCurrentIndex(page.frames.source.findData(name))
    page.frames.source.activated.emit(0)
    return page.first.value(), page.last.value()


def test_the_range_is_the_time_sliders_until_it_is_changed_by_hand(panel):
    """It was that of the render settings, 1 to 10, which animators never set."""
    page, scene = panel.paint, panel.host.present
    panel.host.present = replace(scene, slider=(1001, 1048), first=1, last=10, step=2.0)
    panel._look_again()
    assert "1001–1048" in page.shot_button.text()
    panel.host.present = replace(panel.host.present, slider=(990, 1048), fractions=("slider",))
    panel._look_again()
    assert page.first.value() == 990 and "sub-frames are not rendered" in page.frames._words.text()
    assert source(page, "rendered") == (1, 10) and "step of 2 is not followed" in page.frames._words.text()
    assert source(page, "marked") == (1, 10) and "Shift" in page.frames._words.text()
    panel.host.present = replace(panel.host.present, marked=(1010, 1012))
    panel._look_again()
    assert (page.first.value(), page.last.value()) == (1010, 1012) and not page.frames._words.text()
    page.last.setValue(1020)
    assert page.frames.source.currentText() == "Custom"
    panel._look_again()
    assert (page.first.value(), page.last.value()) == (1010, 1020)
    panel.paint_actions._keep(page.choices())
    with desk.panel_on(None, host=panel.host) as other:
        assert (other.paint.first.value(), other.paint.last.value()) == (1010, 1020)


def test_results_go_where_the_artist_says(panel, tmp_path, monkeypatch):
    page, asked = panel.paint, []
    assert page.results.shot.placeholderText() == "valley"
    page.results.shot.setText("sh020")
    page.results.folder.setText("<project>/work/<shot>/<version>")
    assert str(Path("work", "sh020")) in page.results.folder.toolTip() and "<images>" in page.results.folder.toolTip()
    panel.host.pick("*")
    panel.class_actions.assign(1)
    monkeypatch.setattr(panel.host, "render_preview", lambda request: asked.append(request))
    page.frame_button.click()
    desk.wait_for(lambda: asked)
    inside = tmp_path / "project" / "work" / "sh020" / "shotCam" / "frame_0012" / "passes"
    assert Path(asked[0].folder) == inside and inside.is_dir() and asked[0].name == "sh020"
    page.results.folder.setText("<nowhere>/x")
    assert "no <nowhere>" in page.results.folder.toolTip()
    page.frame_button.click()
    assert "Results has no <nowhere>" in said(panel) or "Results has no &lt;nowhere&gt;" in said(panel)
    panel.services.folder_to_choose = lambda *_: str(tmp_path / "chosen")
    page.results.browse.click()
    assert page.results.folder.text() == str(tmp_path / "chosen")


def test_a_folder_that_cannot_be_written_is_refused_in_words_before_anything_is_rendered(panel, tmp_path):
    """It was "something unforeseen", after the render."""
    (tmp_path / "file").touch()
    panel.paint.results.folder.setText(str(tmp_path / "file" / "below"))
    for button in (panel.paint.frame_button, panel.paint.shot_button):
        panel.messages.hide()
        button.click()
        assert "cannot be written" in said(panel) and "under More settings" in said(panel)
    assert QtWidgets.QApplication.overrideCursor() is None


def test_the_scene_is_scanned_when_it_changed_and_once_for_many_changes(panel):
    """The mouse over the panel, and every reference of a scene that was opened, had everything asked again."""
    scans, loads = [], []
    count, load = panel.host.assignments, panel.host.settings
    panel.host.assignments = lambda: scans.append(1) or count()
    panel.host.settings = lambda: loads.append(1) or load()
    for _ in range(3):
        QtCore.QCoreApplication.sendEvent(panel, QtCore.QEvent(QtCore.QEvent.Type.Enter))
    assert scans == []
    for _ in range(50):
        for tell in panel.host.tellers:
            tell("changed")
    desk.spin(120)
    assert len(scans) == 1
    loads.clear()
    for _ in range(50):
        for tell in panel.host.tellers:
            tell("scene")
    desk.spin(120)
    assert len(scans) == 2 and len(loads) < 6
    panel.hide()
    for tell in panel.host.tellers:
        tell("changed")
    desk.spin(120)
    assert len(scans) == 2, "nobody sees it"
    panel.show()
    QtCore.QCoreApplication.sendEvent(panel, QtCore.QEvent(QtCore.QEvent.Type.Enter))
    assert len(scans) == 3


COMMAND = BatchCommand(("maya",), {}, "request.json", "maya.log", "It takes a licence", "events.jsonl")


def lit(panel):
    """A model that is told where the sun stands, and uses normals and depth."""
    card = desk.read_json(COUNTRYSIDE)
    angle = {"kind": "number", "default": 40.0, "min": -360.0, "max": 360.0}
    options = [{**angle, "name": name, "title": name} for name in SUN]
    card = {**card, "name": "lit", "inputs": {**card["inputs"], "normal": {}, "depth": {}}, "options": options}
    panel._told(read_models({"models": [card, desk.read_json(COUNTRYSIDE)], "broken": {}, "default": "lit"}))
    panel.host.pick("*")
    panel.class_actions.assign(1)
    return panel.paint.options._controls


def asked_for(panel, button, monkeypatch):
    asked = []
    monkeypatch.setattr(panel.host, "render_preview", lambda request: asked.append(request))
    monkeypatch.setattr(panel.host, "prepare_shot", lambda request: asked.append(request) or COMMAND)
    monkeypatch.setattr(panel.services, "confirm", lambda *_: False)
    button.click()
    desk.wait_for(lambda: asked)
    return asked[0]


def test_the_sun_is_that_of_the_scene_until_the_artist_turns_it(panel, monkeypatch):
    """The camera of this scene turns to the right by a degree a frame; the range is 1 to 24, the frame 12."""
    page = panel.paint
    panel.host.sunlight = Sun("sunLight", 91.0, 30.5)
    azimuth, elevation = lit(panel)
    assert page.sun.isVisibleTo(page) and page.sun.text() == "Sun as in the scene: sunLight"
    lit(panel)
    azimuth, elevation = lit(panel)
    form = page.options._form
    assert form.getWidgetPosition(page.sun.parentWidget())[0] + 1 == form.getWidgetPosition(azimuth)[0]
    assert not azimuth.isEnabled() and (azimuth.value(), elevation.value()) == (90.0, 30.5)
    panel.host.sunlight = Sun("sunLight", 101.0, 30.5)
    assert asked_for(panel, page.frame_button, monkeypatch).options == {SUN[0]: 89.0, SUN[1]: 30.5}
    assert azimuth.value() == 100.0, "the page counts from the first frame of its range"
    request = asked_for(panel, page.shot_button, monkeypatch)
    assert request.first == 1 and request.options == {SUN[0]: 100.0, SUN[1]: 30.5}
    page.sun.click()
    assert azimuth.isEnabled() and azimuth.value() == 100.0
    azimuth.setValue(-20.25)
    assert asked_for(panel, page.shot_button, monkeypatch).options[SUN[0]] == -20.25
    assert asked_for(panel, page.frame_button, monkeypatch).options[SUN[0]] == -31.25, "the same sun, from frame 12"
    panel.paint_actions._keep(page.choices())
    with desk.panel_on(None, host=panel.host) as other:
        row = lit(other)[0]
        assert not other.paint.sun.isChecked() and row.value() == -20.25 and row.isEnabled()
    page.model.setCurrentIndex(page.model.findData("countryside"))
    page.model.activated.emit(page.model.currentIndex())
    assert not page.sun.isVisibleTo(page)


def test_a_scene_without_a_sun_leaves_the_numbers_to_the_artist(panel, monkeypatch):
    azimuth, elevation = lit(panel)
    assert "it has none" in panel.paint.sun.text() and azimuth.isEnabled() and azimuth.value() == 40.0
    elevation.setValue(12.5)
    options = asked_for(panel, panel.paint.shot_button, monkeypatch).options
    assert options == {SUN[0]: 40.0, SUN[1]: 12.5}


def test_guides_are_rendered_unasked_where_the_scene_is_not_touched_by_that(panel, monkeypatch):
    lit(panel)
    shot = asked_for(panel, panel.paint.shot_button, monkeypatch)
    assert shot.extra == shot.guides == ("normal", "depth")
    frame = asked_for(panel, panel.paint.frame_button, monkeypatch)
    assert frame.extra == frame.guides == ()
    of_page = panel.paint.card
    parted = replace(of_page(), inputs={**of_page().inputs, "instance": {}})
    monkeypatch.setattr(panel.paint, "card", lambda: parted)
    frame = asked_for(panel, panel.paint.frame_button, monkeypatch)
    assert frame.extra == frame.guides == ("instance",), "the viewport draws it"
    assert asked_for(panel, panel.paint.shot_button, monkeypatch).guides == ("instance", "normal", "depth")
    monkeypatch.setattr(panel.paint, "card", of_page)
    shaded = replace(of_page(), inputs={**of_page().inputs, "shading": {}})
    monkeypatch.setattr(panel.paint, "card", lambda: shaded)
    assert asked_for(panel, panel.paint.shot_button, monkeypatch).guides == ("normal", "depth", "shading")
    assert asked_for(panel, panel.paint.frame_button, monkeypatch).extra == ()
    panel.paint.renderer.setCurrentIndex(1)  # Arnold
    assert asked_for(panel, panel.paint.shot_button, monkeypatch).extra == ("normal", "depth")
    panel.paint.extra["shading"].setChecked(True)
    shot = asked_for(panel, panel.paint.shot_button, monkeypatch)
    assert shot.extra == ("normal", "depth", "shading") and shot.guides == ("normal", "depth")
    frame = asked_for(panel, panel.paint.frame_button, monkeypatch)
    assert frame.extra == ("normal", "depth"), "a frame is not refused for it"
    panel.paint.extra["shading"].setChecked(False)
    monkeypatch.setattr(panel.paint, "card", of_page)
    assert asked_for(panel, panel.paint.frame_button, monkeypatch).extra == ("normal", "depth")
    panel.paint.extra["depth"].setChecked(True)
    shot = asked_for(panel, panel.paint.shot_button, monkeypatch)
    assert shot.extra == ("normal", "depth") and shot.guides == ("normal",), (
        "what is asked for is no guide to leave out"
    )

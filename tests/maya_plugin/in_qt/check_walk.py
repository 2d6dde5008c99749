"""From a selection in Maya to the painted frame in the panel: fake Maya, real panel, real server, real model."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from maya_plugin.core import news as io
from maya_plugin.core.jobs import Order, new_id
from maya_plugin.ui.qt import QtCore, QtGui, QtWidgets
from shared import places
from shared.label_set import load_label_set
from tests.maya_plugin.conftest import maya_programs
from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.walk import SIZE, TURN, all_classes, colour, job, open_panel, paint


def test_from_selection_to_painted_frame(maya, tmp_path):
    from maya import windows

    panel = open_panel()
    assert panel.classes._without.text() == "3 things have no class"
    all_classes(panel, maya)
    assert panel.classes._without.text() == "Everything has a class"
    maya.undo()
    desk.spin(20)
    panel.class_actions.refresh()
    assert panel.classes._without.text() == "1 thing has no class", "one step of undo takes one assignment back"
    maya.redo()
    panel.class_actions.refresh()
    windows.press("semrender", "Frame")
    desk.wait_for(panel.paint.viewer.has_picture)
    out = tmp_path / "valley" / "semrender" / "valley" / "shotcam" / "frame_0001" / "painted"
    preview = QtGui.QImage(str(out / "preview.png"))
    labels, painting = panel.paint.viewer._left, panel.paint.viewer._right
    assert painting == preview.copy(SIZE[0], 0, *SIZE) and labels == preview.copy(0, 0, *SIZE)
    assert (labels.width(), labels.height()) == SIZE == (painting.width(), painting.height())
    palette = next(iter(load_label_set("coco_stuff").palettes.values())).colors
    table = {name: palette[load_label_set("coco_stuff").find(name).id] for name in ("sky-other", "grass", "tree")}
    assert colour(labels, 0.5, 0.05) == table["sky-other"]
    assert colour(labels, 0.9, 0.95) == table["grass"]
    assert colour(labels, 0.4, 0.48) == table["tree"]
    sky, grass = colour(painting, 0.5, 0.05), colour(painting, 0.9, 0.95)
    assert sky[2] > sky[0] and grass[1] > grass[2], "it is painted as a sky and as grass"
    panel.paint._place.click()
    planes = maya.ls(type="imagePlane")
    assert len(planes) == 1 and str(out) in maya.getAttr(f"{planes[0]}.imageName")
    assert QtWidgets.QApplication.overrideCursor() is None


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for mayapy is a shell script")
def test_a_shot_from_the_shelf_by_a_maya_of_its_own_to_after_effects(maya, tmp_path, monkeypatch):
    from maya import windows

    from maya_plugin import interactive

    maya_programs(tmp_path / "maya", monkeypatch)
    panel = open_panel()
    all_classes(panel, maya)
    asked = []
    interactive._services.confirm = lambda *words: asked.append(words) or True
    windows.press("semrender", "Shot")
    assert "takes one Maya licence" in asked[0][2] and "3 frames of valley" in asked[0][2]
    desk.wait_for(lambda: panel.jobs.current() and panel.jobs.current().ended)
    done = panel.jobs.current()
    assert done.state == "done" and done.total == 3, done
    out = tmp_path / "valley" / "semrender" / "valley" / "shotcam" / "shot"
    assert Path(done.out) == out / "painted" and len(list(out.glob("painted/*/*.png"))) == 3
    windows.press("semrender", "To AE")
    desk.wait_for(lambda: "valley_v001.aep lies beside the painting" in panel.messages.words.text())


def test_show_classes_from_the_shelf_and_back(maya):
    from maya import windows

    panel = open_panel()
    all_classes(panel, maya)
    windows.press("semrender", "Show")
    assert panel.host.shows_classes() and panel.classes._look.isChecked()
    windows.press("semrender", "Show")
    assert not panel.host.shows_classes() and not panel.classes._look.isChecked()


def test_a_soiled_pass_is_refused_with_its_cause_and_the_setting(maya, scene):
    panel = open_panel()
    all_classes(panel, maya)

    scene.smoothed_by_driver = True
    panel.paint.frame_button.click()
    desk.wait_for(lambda: panel.messages.isVisibleTo(panel) and "no class" in panel.messages.words.text())
    words = panel.messages.words.text()
    assert "edges between classes" in words and "graphics driver's control panel" in words and "frame 1" in words
    assert "In Maya look at" not in words, "a frame is drawn whatever Maya is set to"
    assert not panel.paint.viewer.has_picture()
    desk.wait_for(lambda: panel.jobs.current().state == "failed")
    panel.messages.hide()
    panel.jobs._result.click()
    assert "edges between classes" in panel.messages.words.text() and panel.messages.isVisibleTo(panel)
    panel.messages.hide()
    panel.services.session._jobs = {}  # as after a restart of Maya
    desk.wait_for(lambda: panel.jobs.current().kind == "other" and panel.jobs.current().error is None)
    panel.jobs._result.click()
    desk.wait_for(lambda: panel.messages.isVisibleTo(panel))
    assert "edges between classes" in panel.messages.words.text()


def test_pause_resume_and_cancel(panel, server, tmp_path):
    order = paint(panel, tmp_path, 8, desk.add_gated_model())
    desk.let(1)
    desk.wait_for(lambda: job(panel, order) and job(panel, order).done >= 1)
    panel.jobs._pause.click()
    desk.wait_for(lambda: job(panel, order).state == "paused")
    assert "Resume" in panel.jobs._pause.text()
    panel.jobs._pause.click()
    desk.wait_for(lambda: job(panel, order).state == "painting")
    panel.jobs._cancel.click()
    desk.wait_for(lambda: job(panel, order).state == "cancelled")
    assert not panel.jobs._cancel.isEnabled() and not panel.jobs._send.isEnabled()


def test_a_finished_shot_goes_to_after_effects(panel, server, tmp_path):
    order = paint(panel, tmp_path, 2, desk.add_gated_model())
    desk.let(None)
    desk.wait_for(lambda: job(panel, order) and job(panel, order).state == "done")
    panel.services.open_path = lambda path: opened.append(path) or True
    opened = []
    panel.paint_actions.send_latest()
    desk.wait_for(lambda: "Open in After Effects" in panel.messages.button.text())
    panel.messages.button.click()
    assert len(opened) == 1 and opened[0].endswith("_v001.aep") and Path(opened[0]).is_file()


def test_a_server_that_sees_no_disk_of_ours_gets_the_passes_sent_and_gives_the_files_back(panel, server, tmp_path):
    from maya_plugin.core.contract import ShotRequest
    from tests.maya_plugin.in_qt.memory_host import WHOLE, render

    panel.host.pick("*")
    panel.class_actions.assign(load_label_set("coco_stuff").find("grass").id)
    request = ShotRequest(str(tmp_path / "passes"), "|cam", 1, 2, (WHOLE,), width=64, height=32)
    report = render(panel.host, request, [1, 2])
    session = panel.services.session
    session.start_server()
    desk.wait_for(lambda: session.server.state == io.READY)
    session._client.shares_disk = lambda readable, writable: False  # as `sees` says of another machine
    order = Order(new_id(), "far", str(tmp_path / "painted"))
    session.paint(order, report.shot_file)
    desk.wait_for(lambda: job(panel, order) and job(panel, order).state == "done")
    assert (tmp_path / "painted" / "delivery.json").is_file()
    assert len(list((tmp_path / "painted").rglob("*.png"))) >= 3


class Gaps:
    """How long the event loop was away, in turns of a thread that counts: a frozen machine freezes both."""

    def __init__(self):
        self.turns, self.longest, self._seen, self._going = 0, 0, 0, True
        self.timer = QtCore.QTimer()
        self.timer.setInterval(int(TURN * 1000))
        self.timer.timeout.connect(self._tick)
        self.thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.timer.start()
        return self

    def __exit__(self, *_):
        self._going = False
        self.timer.stop()
        self.thread.join()

    def _count(self):
        while self._going:
            time.sleep(TURN)
            self.turns += 1

    def _tick(self):
        now = self.turns
        self.longest, self._seen = max(self.longest, now - self._seen), now


MANY_TURNS = 60  # of 10 ms; an answer that is waited for on the wrong thread takes 150 and more


def test_the_server_is_killed_and_comes_back_while_the_panel_watches_and_never_waits(panel, server, tmp_path):
    """Start, paint, kill, look for it in vain, start again: with an event loop that keeps turning."""
    model = desk.add_gated_model()
    with Gaps() as gaps:
        order = paint(panel, tmp_path, 4, model)
        desk.let(1)
        desk.wait_for(lambda: job(panel, order) and job(panel, order).done >= 1)
        os.kill(places.read_json(places.connection_file())["pid"], signal.SIGKILL)
        desk.wait_for(lambda: panel.services.session.server.state == io.LOST)
        desk.spin(3000)  # a dead server's address is asked again and again
        assert not job(panel, order).ended and panel.server.button.text() == "Start server"
        desk.let(None)
        panel.server.button.click()
        desk.wait_for(lambda: job(panel, order).state == "done")
        assert job(panel, order).done == 4 and (tmp_path / "painted" / "delivery.json").is_file()
        assert gaps.turns > 100 and gaps.longest < MANY_TURNS, gaps.longest
        time.sleep(1.0)  # the measure measures: this does block
        desk.spin(50)
        assert gaps.longest >= MANY_TURNS


def test_without_an_installation_the_panel_says_what_to_do(panel):
    panel.server.button.click()
    desk.wait_for(lambda: "No semrender server is installed" in panel.messages.words.text())
    assert "semrender serve" in panel.messages.words.text()


def test_painting_without_an_installation_fails_in_words_and_leaves_nothing_waiting(panel, tmp_path):
    order = paint(panel, tmp_path, 1)
    desk.wait_for(lambda: job(panel, order) and job(panel, order).state == "failed")
    assert "No semrender server is installed" in panel.messages.words.text()
    assert panel.services.session._ready == []


def test_what_an_older_version_left_goes_back_by_a_button(maya):
    keeper = maya.sets(name="semrender_kept_bark", empty=True)
    maya.addAttr(keeper, longName="semrenderShownKept", attributeType="message")
    panel = open_panel()
    assert "lass colours were left" in panel.messages.words.text()
    assert panel.messages.button.text() == "Put the look back"
    panel.messages.button.click()
    assert not maya.objExists(keeper) and not panel.messages.isVisibleTo(panel)

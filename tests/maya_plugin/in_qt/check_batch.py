"""A shot from the panel by a Maya of its own: fake Maya, real panel, real server."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.delivery import read_delivery
from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.memory_host import write_png
from tests.maya_plugin.in_qt.walk import shot_of


def test_a_shot_is_rendered_apart_and_painted(tmp_path, server):
    asked = []
    with desk.panel_on(tmp_path / "project", confirm=lambda *words: asked.append(words) or True) as panel:
        shot_of(panel)
        panel.paint.shot_button.click()
        assert "one Maya licence" in asked[0][2]
        desk.wait_for(lambda: panel.jobs.current() and panel.jobs.current().state == "done")
        out = tmp_path / "project" / "semrender" / "valley" / "shotCam" / "shot"
        assert (out / "passes" / "shot.json").is_file() and (out / "painted" / "delivery.json").is_file()
        desk.wait_for(panel.paint.viewer.has_picture)
        desk.wait_for(lambda: panel.paint.viewer.words == "")


def test_a_beauty_is_graded_by_a_reference(tmp_path, server):
    """A model that takes no labels: the beauty is its picture, nothing needs a class."""
    look = str(tmp_path / "look.png")
    write_png(Path(look), [[(200, 120, 40, 255)] * 8] * 8, 8, 8)
    with desk.panel_on(tmp_path / "project", file_to_open=lambda *_: look) as panel:
        page = panel.paint
        page.scale.setCurrentIndex(2)
        panel.services.session.start_server()
        desk.wait_for(page.model.count)
        page.model.setCurrentIndex(page.model.findData("match_grade"))
        page.model.activated.emit(page.model.currentIndex())
        page.frame_button.click()
        assert "needs a reference picture" in panel.messages.words.text()
        page.choose_reference.emit()
        page.frame_button.click()
        desk.wait_for(page.viewer.has_picture)
        (delivery,) = (tmp_path / "project").rglob("delivery.json")
        (layer,) = [one for one in read_delivery(delivery).layers if one.role == "painting"]
        assert layer.provenance.model == "match_grade" and layer.provenance.options["strength"] == "1.0"
        assert panel.host.settings().panel["reference"] == look


def test_who_says_no_to_the_licence_starts_nothing(tmp_path):
    with desk.panel_on(tmp_path, confirm=lambda *_: False) as panel:
        shot_of(panel)
        panel.paint.shot_button.click()
        desk.spin(100)
        assert panel.paint_actions._jobs == {}


@pytest.mark.parametrize(
    "script, words",
    [
        ("import sys; print('no licence'); sys.exit(7)", "no licence"),
        (
            'import sys; open(sys.argv[-1], \'a\').write(\'{"event": "error", "what": "the camera is gone"}\\n\')',
            "The camera is gone",
        ),
    ],
)
def test_a_batch_that_fails_says_why(tmp_path, server, script, words):
    with desk.panel_on(tmp_path) as panel:
        shot_of(panel)
        prepare = panel.host.prepare_shot

        def broken(request):
            command = prepare(request)
            return replace(command, arguments=(command.arguments[0], "-c", script, command.events_file))

        panel.host.prepare_shot = broken
        panel.paint.shot_button.click()
        desk.wait_for(lambda: panel.jobs.current() and panel.jobs.current().state == "failed")
        assert words in panel.messages.words.text()
        panel.messages.hide()
        panel.jobs._result.click()
        assert words in panel.messages.words.text() and panel.messages.isVisibleTo(panel)


def test_a_batch_can_be_cancelled(tmp_path, server):
    with desk.panel_on(tmp_path) as panel:
        shot_of(panel, frames=500)
        panel.paint.shot_button.click()
        desk.wait_for(lambda: panel.jobs.current() and panel.jobs.current().done > 1)
        batch = next(iter(panel.services.session._batches.values()))
        panel.jobs._cancel.click()
        desk.wait_for(lambda: panel.jobs.current().state == "cancelled")
        desk.wait_for(lambda: batch._process.poll() is not None)

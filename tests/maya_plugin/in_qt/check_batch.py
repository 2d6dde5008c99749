"""A shot from the panel by a Maya of its own: fake Maya, real panel, real server."""

from dataclasses import replace

import pytest

from tests.maya_plugin.in_qt import desk
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
        ('print(\'{"event": "error", "code": "input", "what": "the camera is gone"}\')', "The camera is gone"),
    ],
)
def test_a_batch_that_fails_says_why(tmp_path, server, script, words):
    with desk.panel_on(tmp_path) as panel:
        shot_of(panel)
        prepare = panel.host.prepare_shot

        def broken(request):
            command = prepare(request)
            return replace(command, arguments=(command.arguments[0], "-c", script))

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

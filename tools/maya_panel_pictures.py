"""Walk through the Maya panel, from an empty scene to a painted frame and a refused pass: a picture of each step.

    QT_QPA_PLATFORM=offscreen PYTHONPATH=. python tools/maya_panel_pictures.py FOLDER [--scale 2]

Needs a Python with PySide2 or PySide6; SEMRENDER_SERVER_PYTHON names the one with the server. The scene is the one in
memory of the tests; server, model and painting are real.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from maya_plugin.core.cards import Models

if TYPE_CHECKING:
    from maya_plugin.ui.panel import Panel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="of a display of high density")
    parsed = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(parsed.scale)
    with tempfile.TemporaryDirectory() as home:
        os.environ["SEMRENDER_HOME"] = home
        walk(parsed.folder, Path(home))


def walk(folder: Path, home: Path) -> None:
    from maya_plugin.ui import dialogs
    from maya_plugin.ui.cryptomatte import CryptomatteDialog
    from maya_plugin.ui.qt import QtWidgets
    from tests.maya_plugin.in_qt import desk

    app = desk.application()
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []

    def keep(name: str, widget: QtWidgets.QWidget) -> None:
        desk.spin(150)
        file = folder / f"maya_{name}.png"
        assert widget.grab().save(str(file)), file
        pictures.append(file)

    shown: list[QtWidgets.QDialog] = []

    def run_dialog(dialog: QtWidgets.QDialog) -> bool:
        if isinstance(dialog, dialogs.PatternDialog):
            dialog.pattern.setText("pine_*")
        if isinstance(dialog, CryptomatteDialog):
            dialog.by.setCurrentIndex(1)
            dialog.frame.setText("/shows/valley/sh010/lit/beauty.1001.exr")
        dialog.show()
        shown.append(dialog)
        keep(type(dialog).__name__.removesuffix("Dialog").lower(), dialog)
        dialog.hide()
        return isinstance(dialog, dialogs.SuggestDialog)

    desk.know_server(desk.server_python())
    with desk.panel_on(home / "project", run_dialog=run_dialog) as panel:
        keep("empty", panel)
        panel.host.pick("*pine_0[0-3]")
        panel.classes.search.setText("tree")
        keep("search", panel)
        panel.classes.search.clear()
        panel.classes.suggest.emit()
        desk.give_classes(panel)
        panel.host.classes.pop("|line|rails")
        panel.host.unloaded = True
        panel.paint_actions.check_scene()
        keep("findings", panel.paint_actions.findings)
        panel.host.unloaded = False
        panel.paint_actions.findings.hide()
        desk.give_classes(panel)
        panel.host.pick("|train|*")
        panel.class_actions.policies()
        panel.classes.list.setCurrentIndex(panel.classes.model.index(0))
        panel.class_actions.by_name()
        panel.cryptomatte.ask()
        panel.messages.hide()
        panel.server.button.click()
        desk.wait_for(lambda: panel.paint.model.count())
        panel.classes.views.setCurrentIndex(1)
        panel.classes.list.setCurrentIndex(panel.classes.model.index(7))
        keep("classes", panel)
        panel.pages.setCurrentWidget(panel.paint)
        keep("paint", panel)
        panel.paint.frame_button.click()
        desk.wait_for(panel.paint.viewer.has_picture)
        keep("painted", panel)
        panel.paint.seed.setValue(5)
        panel.paint.frame_button.click()
        desk.wait_for(lambda: panel.paint.strip.count() == 2)
        panel.paint.strip.menu(panel.paint.strip.item(1)).actions()[0].trigger()
        keep("compared", panel)
        panel.paint.seed.setValue(0)
        panel.paint._more.click()
        size = panel.size()
        panel.resize(size.width(), size.height() * 3 // 2)  # so that all of them are seen
        panel.paint.results.folder.setText("<images>/semrender/<shot>")
        keep("settings", panel)
        panel.paint.results.folder.clear()
        panel.resize(size)
        panel.paint._more.click()
        panel.paint.last.setValue(8)
        panel.paint.shot_button.click()
        desk.wait_for(lambda: panel.jobs.current() and panel.jobs.current().state == "painting")
        desk.wait_for(lambda: panel.jobs.current().done > 1)
        keep("jobs", panel)
        desk.wait_for(lambda: panel.jobs.current().state == "done")
        keep("done", panel)
        panel.jobs._send.click()
        desk.wait_for(lambda: "beside" in panel.messages.words.text())
        keep("sent", panel)
        panel.messages.hide()
        panel.host.soiled = True
        panel.host.fix_for = lambda error: None  # type: ignore[method-assign]  # Maya has no button for this one
        panel.pages.setCurrentWidget(panel.paint)
        panel.paint.frame_button.click()
        desk.wait_for(lambda: panel.messages.isVisible() and "no class" in panel.messages.words.text())
        keep("refused", panel)
        panel.messages.hide()
        panel.people.of_result(str(people(home / "painted")))
        panel.messages.hide()
        show_lips(panel)
        keep("consent", panel)
    for file in pictures:
        print(file)
    app.quit()


def people(folder: Path) -> Path:
    """The folder of a painting with two people in space, of another rate than the scene's."""
    from shared.places import write_json
    from shared.poses import write_poses
    from tests.maya_plugin.skeleton_scenes import document, person

    (folder / "poses").mkdir(parents=True)
    two = (person(name="anna"), person(identity=2, name="ben"))
    write_poses(folder / "poses" / "dance.poses.json", document(*two, fps=(25, 1), space="floor"))
    shot = {"uid": "s1", "name": "s", "width": 10, "height": 10, "fps": 25, "fps_num": 25, "fps_den": 1, "first": 1}
    made = {
        "schema": "semrender.delivery",
        "schema_version": 1,
        "generator": "",
        "delivery_id": "d1",
        "created": "2026-01-01",
    }
    of = {"name": "dance", "path": "poses/dance.poses.json", "usd": "poses/dance.usda", "bvh": []}
    write_json(
        folder / "delivery.json",
        {**made, "shot": {**shot, "last": 8, "frames": 8, "version": 1}, "layers": [], "poses": [of]},
    )
    return folder


def show_lips(panel: Panel) -> None:
    """As where a checkpoint of Wav2Lip was added: none ships."""
    from maya_plugin.core.cards import Card

    lips = Card(
        name="wav2lip",
        title="Wav2Lip",
        description="A mouth that follows the sound of the shot.",
        licence="research only",
        inputs={"picture": {"needed": True}, "audio": {"needed": True}},
        label_set="",
        trained=frozenset(),
        fallbacks={},
        options=(),
        likeness=True,
    )
    panel._told(Models((lips,), {}, "wav2lip"))
    panel.paint.model.setCurrentIndex(0)
    panel.paint.model.activated.emit(0)
    panel.paint.consent.basis.setCurrentIndex(2)
    for name, text in (("who", "Eileen"), ("purpose", "dub of scene 4"), ("reference", "")):
        panel.paint.consent.said[name].setText(text)
    panel.paint.frame_button.click()


if __name__ == "__main__":
    main()

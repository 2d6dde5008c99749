"""A day with somebody else's asset: referenced, namespaced, locked, of several materials; and somebody else's render.

The fake Maya with windows, the real panel and server. SEMRENDER_PICTURES names a folder for a picture of each step.
"""

import os
import shutil
from pathlib import Path

import pytest

from maya_plugin.core.contract import Settings
from shared.label_set import load_label_set
from tests.maya_plugin.in_qt import desk
from tests.maya_plugin.in_qt.walk import colour, give, open_panel, select

RENDERED = Path(__file__).parents[2] / "data" / "passes" / "crypto_object.exr"


def keep(name, widget):
    folder = os.environ.get("SEMRENDER_PICTURES")
    if folder:
        desk.spin(100)
        assert widget.grab().save(str(Path(folder) / f"rig_{name}.png"))


@pytest.fixture
def valley(maya, scene, tmp_path):
    """The valley of the other walks below a referenced, locked train of two materials by faces."""
    from maya import cmds, world

    scene_file = scene.path
    cmds.file(rename=scene_file)
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    for name in ("Loco", "Tender", "Wagon1"):
        cmds.polyCube(name=name, width=0.5, height=0.5, depth=0.0002)
    for x, name in ((-0.6, "Loco"), (0.0, "Tender"), (0.6, "Wagon1")):
        cmds.move(x, -0.3, 1, name)
    cmds.group("Loco", "Tender", "Wagon1", name="train")
    world.shader("steel", "Loco", "Tender", "Wagon1")
    world.shader("rust", "Loco.f[0:2]")
    world.shape("pfxHair", "smoke")
    for plug in ("LocoShape.visibility", "smokeShape.visibility", "Loco.translate"):
        cmds.setAttr(plug, lock=True)
    asset = str(tmp_path / "train_v007.ma")
    cmds.file(rename=asset)
    cmds.file(save=True, type="mayaAscii")
    cmds.file(scene_file, open=True, force=True)
    cmds.file(asset, reference=True, namespace="train")
    cmds.file(save=True, type="mayaAscii")
    return scene


def look(scene):
    """What a painted frame must leave as it is."""
    from maya import cmds

    edits = cmds.referenceQuery(cmds.ls(references=True)[0], editStrings=True)
    shading = {group: sorted(cmds.sets(group, query=True) or []) for group in cmds.ls(type="shadingEngine")}
    return edits, shading, sorted(cmds.ls(type=["groupId"])), len(scene.undo_queue), scene.modified, set(scene.green)


def test_an_asset_of_somebody_else_is_painted_and_left_alone(valley, maya, tmp_path):
    from maya import windows

    panel = open_panel()
    keep("empty", panel)
    for thing, name in (("sky", "sky-other"), ("meadow", "grass"), ("pine", "tree"), ("train:train", "train")):
        give(panel, maya, thing, name)
    panel.paint_actions.check_scene()
    found = panel.paint_actions.findings
    said = [found.list.topLevelItem(row).text(0) for row in range(found.list.topLevelItemCount())]
    assert "1 × pfxHair left out" in said and not any("no class" in line for line in said)
    keep("findings", found)
    found.hide()
    before = look(valley)
    windows.press("semrender", "Show")
    assert panel.host.shows_classes() and look(valley) == before, "class colours are drawn, not worn"
    keep("shown", panel)
    windows.press("semrender", "Frame")
    desk.wait_for(panel.paint.viewer.has_picture)
    assert look(valley)[:4] == before[:4] and look(valley)[5] == set()
    windows.press("semrender", "Show")
    assert not panel.host.shows_classes() and look(valley) == before
    labels = load_label_set("coco_stuff")
    train = next(iter(labels.palettes.values())).colors[labels.find("train").id]
    assert colour(panel.paint.viewer._left, 0.5, 0.55) == train
    keep("painted", panel)
    select(maya, "train:train")
    panel.paint.project_picture.emit()
    assert "projected onto 3 things" in panel.messages.words.text()
    keep("projected", panel)
    panel.paint.unproject_picture.emit()
    assert look(valley)[1] == before[1], "every face wears its own material again"


def test_a_render_of_somebody_else_is_painted_by_the_names_of_the_scene(valley, maya, tmp_path):
    frame = tmp_path / "lit" / "beauty.1001.exr"
    frame.parent.mkdir()
    shutil.copy(RENDERED, frame)
    panel = open_panel()
    give(panel, maya, "train:train", "train")
    panel.host.save_settings(Settings(rest="grass"))
    panel.services.run_dialog = lambda dialog: (dialog.frame.setText(str(frame)), keep("cryptomatte", dialog), True)[2]
    panel.work.do(panel.cryptomatte.ask)
    desk.wait_for(lambda: "written" in panel.messages.words.text())
    assert panel.messages.words.text().startswith("3 names of 3 things written.")
    keep("names", panel)
    panel.messages.button.click()
    desk.wait_for(lambda: panel.jobs.current() is not None and panel.jobs.current().ended)
    assert panel.jobs.current().state == "done", panel.messages.words.text()
    assert (Path(panel.jobs.current().out) / "delivery.json").is_file()
    desk.wait_for(panel.paint.viewer.has_picture)
    panel.pages.setCurrentWidget(panel.paint)
    keep("rendered", panel)

"""Names for a Cryptomatte from the panel, alone and with a frame that somebody else rendered."""

import json
import shutil
from pathlib import Path

from maya_plugin.ui.cryptomatte import CryptomatteDialog
from shared.label_set import load_label_set
from shared.shot import read_shot
from tests.maya_plugin.in_qt import desk

PASSES = Path(__file__).parents[2] / "data" / "passes"


def coco(name):
    return load_label_set("coco_stuff").find(name).id


def said(panel):
    return panel.messages.words.text() if panel.messages.isVisibleTo(panel) else ""


def choose(box, key):
    box.setCurrentIndex(box.findData(key))
    assert box.currentData() == key


def test_the_table_alone(tmp_path):
    def arnold(dialog):
        assert isinstance(dialog, CryptomatteDialog) and not dialog.rule.isEnabled()
        choose(dialog.by, "own")
        assert dialog.rule.isEnabled()
        dialog.rule.setText("studio_{transform}")
        return True

    file = tmp_path / "names.json"
    with desk.panel_on(tmp_path, run_dialog=arnold, file_to_save=lambda *_: str(file)) as panel:
        panel.work.do(panel.cryptomatte.ask)
        assert "Nothing in the scene has a class" in said(panel) and not file.exists()
        panel.host.classes = {"|train|loco": coco("train"), "|set|meadow": coco("grass")}
        panel.work.do(panel.cryptomatte.ask)
        assert json.loads(file.read_text("utf-8")) == {"studio_loco": "train", "studio_meadow": "grass"}
        assert said(panel).startswith("2 names of 2 things written")


def test_a_rendered_frame_says_how_things_are_named_and_is_painted(tmp_path, server):
    for frame in (7, 8):
        shutil.copy(PASSES / "crypto_object.exr", tmp_path / f"beauty.{frame:04d}.exr")

    def with_a_frame(dialog):
        choose(dialog.what, "object")
        dialog.frame.setText(str(tmp_path / "beauty.0007.exr"))
        return True

    with desk.panel_on(tmp_path / "project", run_dialog=with_a_frame) as panel:
        handed = []
        panel.services.session.paint = lambda order, shot: handed.append((order, shot))
        panel.host.classes = {"|train|loco": coco("train"), "|train|wagon_1": coco("train")}
        panel.work.do(panel.cryptomatte.ask)
        desk.wait_for(lambda: "written" in said(panel))
        assert said(panel).startswith("2 names of 2 things written. 24 names (Tender, House1, ")
        assert "1 thing (|train|wagon_1) with a class not in the rendered file" in said(panel)
        panel.messages.button.click()
        ((order, shot_file),) = handed
        shot, base = read_shot(Path(shot_file))
        assert (shot.first, shot.last, order.out) == (7, 8, str(base.parent / "painted"))
        assert shot.layers[0].read["names"]["loco"] == "train"
        assert (base / shot.layers[0].labels.replace("####", "0008")).is_file()


def test_a_file_of_another_scene_is_told(tmp_path, server):
    def odd(dialog):
        dialog.frame.setText(str(PASSES / "spec_special_chars.exr"))
        return True

    with desk.panel_on(tmp_path, run_dialog=odd) as panel:
        panel.host.classes = {"|train|loco": coco("train")}
        panel.work.do(panel.cryptomatte.ask)
        desk.wait_for(lambda: "No name of the rendered file" in said(panel))
        assert "objects, materials or assets" in said(panel)

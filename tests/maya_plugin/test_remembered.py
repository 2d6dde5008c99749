"""What is remembered and where, which frames a shot has, and where its results go."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from maya_plugin.core import ranges, results
from shared.errors import InputRefused


def test_settings_of_the_panel_leave_no_trace_on_the_scene(scene, host):
    """The first Ctrl+Z after Paint took "semrender settings" back, and the scene was modified."""
    from maya import cmds

    cmds.polyCube(name="box")
    cmds.file(modified=False)
    last = cmds.undoInfo(query=True, undoName=True)
    host.remember({"model": "countryside", "seed": 7, "recent": [3, 1], "format": "exr"})
    assert cmds.file(query=True, modified=True) is False and cmds.undoInfo(query=True, undoName=True) == last
    assert host.remembered() == {"model": "countryside", "seed": 7, "recent": [3, 1], "format": "exr"}
    assert dict(host.settings().panel) == {"model": "countryside", "seed": 7}, "only what decides the picture"
    cmds.undo()
    assert not cmds.objExists("box") and host.remembered()["seed"] == 7
    cmds.file(newFile=True, force=True)
    assert host.remembered() == {"recent": [3, 1], "format": "exr"}, "these are the artist's"
    host.remember({"recent": [5]})
    assert not cmds.objExists("semrenderSettings") and host.remembered()["format"] == "exr"
    scene.options["semrenderPanel"] = "no JSON"
    assert host.remembered() == {}


def test_what_the_artist_decides_for_the_scene_is_a_step_of_undo(scene, host):
    from maya import cmds

    host.remember({"model": "countryside"})
    host.save_settings(replace(host.settings(), rest="grass"))
    assert cmds.file(query=True, modified=True) is True and cmds.undoInfo(query=True, undoName=True)
    cmds.undo()
    assert host.settings().rest == "" and host.remembered()["model"] == "countryside"


def test_a_scene_of_a_version_before_is_understood(scene, host):
    from maya import cmds

    cmds.createNode("network", name="semrenderSettings", skipSelect=True)
    cmds.addAttr("semrenderSettings", longName="semrenderSettings", dataType="string")
    old = {"label_set": "coco_stuff", "panel": {"recent": [9], "divide": 2, "seed": 4}}
    cmds.setAttr("semrenderSettings.semrenderSettings", json.dumps(old), type="string")
    assert host.remembered() == {"recent": [9], "divide": 2, "seed": 4}
    host.remember({"recent": [1]})
    assert host.remembered()["recent"] == [1]


@pytest.mark.parametrize(
    ("name", "shot"),
    [
        ("shot_v012", "shot"),
        ("sh010_anim.v003", "sh010_anim"),
        ("sh010_v003_mb", "sh010_mb"),
        ("shot.0042", "shot"),
        ("sh_0010", "sh_0010"),
        ("vine_village", "vine_village"),
        ("v003", "v003"),
        ("untitled", "untitled"),
    ],
)
def test_the_next_version_of_a_scene_is_the_same_shot(name, shot):
    """Else "only what has changed" never holds, and After Effects gets another place each day."""
    assert results.shot_of(name) == shot


def test_results_go_where_the_project_sends_pictures(scene, host, tmp_path):
    project = tmp_path / "project"
    scene.path = str(project / "scenes" / "sh010_v012.ma")
    assert host.scene().shot == "sh010"
    assert host.scene().folder == (project / "images" / "semrender" / "sh010").as_posix()
    scene.file_rules["images"] = "renders/today"
    assert results.of_shot(host.scene(), "ns:cam").painted == (
        project / "renders/today/semrender/sh010/ns_cam/shot/painted"
    )
    scene.path = str(tmp_path / "elsewhere" / "sh010.ma")
    assert host.scene().folder == (tmp_path / "elsewhere" / "semrender" / "sh010").as_posix(), "of another project"
    scene.path = ""
    assert host.scene().folder == (project / "renders/today/semrender/untitled").as_posix()


def test_the_words_of_a_results_folder(scene, host, tmp_path):
    project = tmp_path / "project"
    scene.path = str(project / "scenes" / "sh010_v012.ma")
    found = host.scene()
    words = "<project>/out/<shot>/<version>/<camera>"
    assert results.of_frame(found, "cam", -3, words, "mine").passes == (
        project / "out" / "mine" / "v012" / "cam" / "frame_m0003" / "passes"
    )
    assert results.of_rendered(found, "out", "").passes == project / "out" / "rendered" / "passes"
    assert results.folder(found, str(tmp_path / "far")) == tmp_path / "far"
    with pytest.raises(InputRefused, match=r"no <frame>.*<version>"):
        results.folder(found, "<frame>")


def test_the_range_is_asked_of_the_time_slider(scene, host):
    from maya import cmds

    cmds.setAttr("defaultRenderGlobals.byFrameStep", 2.0)
    scene.slider = (1001.0, 1024.4)
    found = host.scene()
    assert (found.slider, found.marked, found.step, found.fractions) == ((1001, 1024), None, 2.0, ("slider",))
    scene.marked = (1003.0, 1006.0)
    assert host.scene().marked is None, "a Maya without window has no slider"
    scene.hooks["interactive"] = lambda: None
    assert ranges.span(host.scene(), ranges.MARKED) == (1003, 1005)
    scene.marked = (1003.0, 1004.0)
    assert host.scene().marked == (1003, 1003)


def test_a_folder_is_made_or_refused_before_the_work(tmp_path):
    results.make(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(InputRefused, match="cannot be written"):
        results.make(Path(tmp_path / "file" / "below"))

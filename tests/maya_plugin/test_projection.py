"""A painting thrown onto things: from where, onto what, and how it comes off again."""

import pytest

from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.tracks import seen_film
from tests.maya_plugin.conftest import SIZE


@pytest.fixture
def picture(tmp_path):
    file = tmp_path / "all.0001.png"
    file.write_bytes(b"a painting")
    return str(file)


def worn(scene):
    """Shading group -> members, as a scene shows it."""
    from maya import cmds

    found = {group: sorted(cmds.sets(group, query=True) or []) for group in cmds.ls(type="shadingEngine")}
    return {group: members for group, members in found.items() if members}


def projected():
    """The shapes that wear a projection."""
    from maya import cmds

    groups = [group for group in cmds.ls(type="shadingEngine") if group.startswith("semrender_projected")]
    return sorted(one for group in groups for one in cmds.sets(group, query=True) or [])


@pytest.mark.parametrize(
    "lens",
    [
        {},
        {"filmFit": 2, "horizontalFilmOffset": 0.11, "verticalFilmOffset": -0.07},
        {"lensSqueezeRatio": 1.3, "cameraScale": 0.9, "focalLength": 28.0},
    ],
)
@pytest.mark.parametrize("fit", range(4))
def test_the_projector_sees_what_the_camera_saw_however_a_picture_is_fitted(host, shot, picture, lens, fit):
    from maya import cmds, world

    from maya_plugin.host import tracks

    for name, value in lens.items():
        cmds.setAttr(f"{shot}.{name}", value)
    cmds.setAttr("shotcam.rotate", -4, 6, 10, type="double3")
    world.animate("shotcam", "translateX", {1: 0.0, 5: 2.0})
    host.project_picture(picture, shot, 5, ["|tree"])
    projector = next(one for one in cmds.ls(type="camera", long=True) if "semrender_projector" in one)
    expected = tracks.matrix(shot, 5)
    cmds.setAttr(f"{projector}.filmFit", fit)
    film, centre = seen_film(tracks.lens(shot, range(5, 6)), *SIZE, 1.0)
    assert tracks.matrix(projector, 1) == pytest.approx(expected)
    lens_of_it = tracks.lens(projector, range(1, 2))
    assert lens_of_it.focal == tracks.lens(shot, range(5, 6)).focal
    seen, middle = seen_film(lens_of_it, *SIZE, 1.0)
    assert seen == pytest.approx(film) and (middle is None) == (centre is None)
    assert centre is None or middle == pytest.approx(centre)
    cmds.setAttr("shotcam.rotate", 0, 90, 0, type="double3")
    assert tracks.matrix(projector, 1) == pytest.approx(expected), "what moves later does not move the painting"


def test_faces_get_their_own_materials_back_and_one_undo_takes_all_of_it(host, shot, scene, picture):
    from maya import cmds, world

    world.shader("leaf", "tree.f[1:2]")
    before, nodes = worn(scene), sorted(cmds.ls())
    assert host.project_picture(picture, shot, 1, ["|tree", "|river"]) == 2
    assert projected() == ["riverShape", "treeShape"]
    shader = next(one for one in cmds.ls(type="file"))
    assert cmds.getAttr(f"{shader}.fileTextureName") == picture
    cmds.undo()
    assert worn(scene) == before and sorted(cmds.ls()) == nodes
    cmds.redo()
    assert host.unproject_pictures() == 1
    remembered = cmds.ls(type="groupId")  # what Maya keeps of faces that were in a set
    assert worn(scene) == before and sorted({*cmds.ls()} - {*remembered} | {*nodes}) == nodes, "nothing of it is left"
    assert host.unproject_pictures() == 0


def test_a_second_painting_takes_the_place_of_the_first_and_the_first_look_comes_back(host, shot, scene, picture):
    before = worn(scene)
    host.project_picture(picture, shot, 1, ["|tree", "|river"])
    host.project_picture(picture, shot, 2, ["|tree"])
    assert projected() == ["riverShape", "treeShape"]
    host.project_picture(picture, shot, 3, ["|river"])
    assert host.unproject_pictures() == 2, "the first one covered nothing any more and is gone"
    assert worn(scene) == before


def test_what_the_artist_assigns_meanwhile_stays(host, shot, scene, picture):
    from maya import world

    host.project_picture(picture, shot, 1, ["|tree", "|river"])
    world.shader("gold", "river")
    host.unproject_pictures()
    assert worn(scene)["goldSG"] == ["riverShape"] or worn(scene)["goldSG"] == ["river"]
    assert any("tree" in one for one in worn(scene)["barkSG"])


def test_a_material_that_is_gone_leaves_the_default_one(host, shot, scene, picture):
    from maya import cmds

    host.project_picture(picture, shot, 1, ["|tree"])
    cmds.delete("barkSG")
    host.unproject_pictures()
    assert any("tree" in one for one in worn(scene)["initialShadingGroup"])


def test_what_cannot_be_projected_is_said_and_nothing_is_made(host, shot, scene, picture):
    from maya import cmds

    nodes = sorted(cmds.ls())
    with pytest.raises(HostRefused, match="nothing is selected"):
        host.project_picture(picture, shot, 1, [])
    with pytest.raises(HostRefused, match="not there"):
        host.project_picture(picture + "x", shot, 1, ["|tree"])
    cmds.setAttr(f"{shot}.orthographic", True)
    with pytest.raises(HostRefused, match="orthographic"):
        host.project_picture(picture, shot, 1, ["|tree"])
    assert sorted(cmds.ls()) == nodes


def test_a_projection_lies_in_the_root_and_comes_off_in_whatever_namespace(host, shot, scene, picture):
    from maya import cmds
    from maya.api import OpenMaya

    before, nodes = worn(scene), sorted(cmds.ls())
    OpenMaya.MNamespace.addNamespace("work")
    OpenMaya.MNamespace.setCurrentNamespace("work")
    host.project_picture(picture, shot, 1, ["|tree"])
    assert scene.namespace == "work"
    made = [name for name in cmds.ls() if "semrender_proj" in name]
    assert made and not any(":" in name for name in made)
    assert host.unproject_pictures() == 1
    assert worn(scene) == before and sorted(cmds.ls()) == nodes

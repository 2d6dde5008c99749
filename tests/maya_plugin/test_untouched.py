"""What Paint frame and Show classes leave in the artist's scene: nothing, whatever the scene is like."""

import json

import pytest

from shared import instance_code, label_code
from shared.errors import SemrenderError
from tests.maya_plugin.conftest import SIZE, analytic, coco, decoded, facing, focal, read_png, request
from tests.maya_plugin.pass_scenes import painted, state


@pytest.fixture
def rig(host, scene, tmp_path):
    """A shot with a referenced, namespaced asset of several materials by faces, and a camera published with locks."""
    from maya import cmds, world

    cmds.polyCube(name="hull", width=1, height=1, depth=0.0002)
    world.shader("paint", "hull")
    world.shader("rust", "hull.f[0:2]")
    world.shape("pfxHair", "fur")
    cmds.setAttr("furShape.visibility", lock=True)
    camera = world.camera().rpartition("|")[2]
    cmds.setAttr(f"{camera}.backgroundColor", lock=True)
    cmds.setAttr(f"{camera}.depthOfField", True)
    cmds.setAttr(f"{camera}.depthOfField", lock=True)
    cmds.file(rename=str(tmp_path / "boat.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    world.resolution(*SIZE)
    cmds.file(str(tmp_path / "boat.ma"), reference=True, namespace="left")
    cmds.polyCube(name="ground", width=20, height=1, depth=0.0002)
    cmds.move(0, -2, 0, "ground")
    host.assign({coco("boat"): ["|left:hull"], coco("river"): ["|ground"]})
    scene.undo_queue.clear()
    cmds.file(modified=False)
    return "|left:shotcam|left:shotcamShape"


def painted_frame(host, camera, tmp_path, **more):
    report = host.render_preview(request(camera, tmp_path, **more))
    return decoded(next(iter(report.labels.values())))


def work_in(namespace):
    from maya.api import OpenMaya

    if namespace:
        OpenMaya.MNamespace.addNamespace(namespace)
    OpenMaya.MNamespace.setCurrentNamespace(f":{namespace}")


def edits():
    from maya import cmds

    return cmds.referenceQuery("leftRN", editStrings=True)


def hull():
    return facing(*SIZE, 0, 0, 0.0001, 10.0, (0.5, 0.5), focal())


def test_paint_frame_leaves_a_published_rig_alone(host, scene, rig, tmp_path):
    """No reference edit, no groupId, no green mesh, no undo entry, no modified flag; locks are no hindrance."""
    before, edited = state(scene), edits()
    assert painted(painted_frame(host, rig, tmp_path), "boat") == hull()
    assert state(scene) == before and edits() == edited and scene.green == set()


def test_paint_frame_works_in_any_namespace(host, scene, shot, tmp_path):
    from maya import cmds

    work_in("work")
    cmds.file(modified=False)
    scene.undo_queue.clear()
    before = state(scene)
    painted_frame(host, shot, tmp_path)
    assert state(scene) == before
    assert scene.namespace == "work"


def test_a_shading_group_that_takes_nothing_back_is_no_matter(host, scene, shot, tmp_path):
    from maya import cmds

    cmds.lockNode("initialShadingGroup", lock=True)
    before = state(scene)
    painted_frame(host, shot, tmp_path)
    host.show_classes(True)
    host.show_classes(False)
    assert state(scene) == before


def test_show_classes_changes_nothing_and_saves_nothing(host, scene, rig, tmp_path):
    from maya import cmds
    from maya.api import OpenMaya

    stop = host.watch(lambda what: None)
    before, edited = state(scene), edits()
    host.show_classes(True)
    assert host.shows_classes()
    assert {**state(scene), "panels": before["panels"]} == before and edits() == edited and scene.green == set()
    cmds.file(rename=str(tmp_path / "shot.ma"))
    OpenMaya.send(OpenMaya.MSceneMessage.kBeforeSave)
    cmds.file(save=True, type="mayaAscii")
    OpenMaya.send(OpenMaya.MSceneMessage.kAfterSave)
    assert host.shows_classes(), "they survive a save"
    assert "semrenderClasses" not in json.dumps(json.loads((tmp_path / "shot.ma").read_text())["panels"])
    host.show_classes(False)
    assert not host.shows_classes()
    stop()


def test_a_material_that_is_given_while_classes_are_shown_stays(host, scene, shot):
    from maya import cmds, world

    host.show_classes(True)
    gold = world.shader("gold", "river")
    host.show_classes(False)
    assert "river" in str(cmds.sets(gold, query=True))


def test_settings_are_kept_in_the_root_and_hinder_nobody(host, scene):
    from maya import cmds

    from maya_plugin.core.contract import Settings

    work_in("work")
    host.save_settings(Settings(rest="sky"))
    assert host.settings().rest == "sky" and cmds.objExists(":semrenderSettings")
    cmds.createNode("network", name="note", skipSelect=True)
    host.save_settings(Settings(rest="tree"))
    work_in("")
    cmds.rename("semrenderSettings", "somebody_else")  # as importing a reference does, or merging a namespace
    assert host.settings() == Settings()


def test_settings_that_are_the_same_are_not_written(host, scene):
    from maya import cmds

    from maya_plugin.core.contract import Settings

    host.save_settings(Settings(rest="sky"))
    cmds.file(modified=False)
    scene.undo_queue.clear()
    host.save_settings(Settings(rest="sky"))
    assert not scene.modified and scene.undo_queue == []


def test_classes_are_made_in_the_root_and_found_from_anywhere(host, scene, shot):
    from maya import cmds

    work_in("work")
    host.assign({coco("boat"): ["|crate"]})
    assert [one for one in cmds.ls(type="objectSet") if "boat" in one] == ["semrender_coco_stuff_008_boat"]
    host.assign({coco("rock"): ["|crate"]})
    assert host.assignments()[0].name == "river" and len(host.assignments()) == 3


def test_a_node_of_settings_that_an_older_version_locked_is_unlocked(host, scene):
    from maya import cmds

    from maya_plugin.core.contract import Settings

    host.save_settings(Settings(rest="sky"))
    cmds.lockNode("semrenderSettings", lock=True)
    host.save_settings(Settings(rest="tree"))
    assert host.settings().rest == "tree" and cmds.rename("semrenderSettings", "anything") == "anything"


# What is drawn


@pytest.mark.parametrize("below", [False, True])
def test_a_frame_is_exact_whatever_the_scene_is_set_to(host, scene, shot, tmp_path, below):
    """Without one setting of Hardware 2.0, of colour management or of the renderer's output being touched."""
    from maya import cmds
    from maya.api import OpenMayaRender

    scene.rows_from_below = below
    for setting in ("multiSampleEnable", "ssaoEnable", "motionBlurEnable", "floatingPointRTEnable"):
        cmds.setAttr(f"hardwareRenderingGlobals.{setting}", True)
    before = state(scene)
    scene.calls.clear()
    assert painted_frame(host, shot, tmp_path) == analytic()
    assert not {"setAttr", "connectAttr", "createNode", "delete", "select"} & set(scene.calls)
    assert state(scene) == before
    assert (
        OpenMayaRender.MRenderTarget.lent == 0
        and OpenMayaRender.MShaderManager.held == 0
        and OpenMayaRender.MRenderTargetManager.names == set()
    )
    assert OpenMayaRender.MRenderer.renderOverrideName() == ""
    assert list((tmp_path / "project").rglob("*.iff")) == []


def test_a_maya_that_heeds_the_attribute_alone_is_asked_by_it(host, scene, shot, tmp_path):
    """Set for the moment of a render, and found out once."""
    scene.override_by = "attribute"
    before = state(scene)
    assert painted_frame(host, shot, tmp_path) == analytic()
    scene.calls.clear()
    assert painted_frame(host, shot, tmp_path) == analytic()
    assert scene.calls["ogsRender"] == 1 and state(scene) == before


def test_what_maya_wrote_before_is_not_taken_away(host, scene, shot, tmp_path):
    old = tmp_path / "project" / "images" / "tmp" / "untitled.iff"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"a test render of the artist's")
    painted_frame(host, shot, tmp_path)
    assert old.is_file()


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("style", ["transform", "shape"])
def test_faces_and_instances_have_their_class(host, scene, shot, tmp_path, alike, style):
    """By triangles where an object set cannot tell them apart."""
    from maya import cmds

    scene.instances_alike, scene.component_style = alike, style
    cmds.instance("crate", name="sign")
    cmds.move(3, 0.5, 0.5, "sign")
    host.assign({coco("rock"): ["|tree.f[2:3]"], coco("street sign"): ["|sign"]})
    rows = painted_frame(host, shot, tmp_path)
    halves = [facing(*SIZE, -1.5, y, 1.0, 10.0, (0.75, 0.5), focal()) for y in (-0.5, 0.5)]
    assert sorted(map(len, (painted(rows, "tree"), painted(rows, "rock")))) == sorted(map(len, halves))
    assert painted(rows, "rock") in halves and painted(rows, "tree") in halves
    assert painted(rows, "street sign") == facing(*SIZE, 3, 0.5, 0.5001, 10.0, (0.5, 0.5), focal())


def test_layers_boxes_and_what_is_left_out(host, scene, shot, tmp_path):
    from maya import cmds, world

    world.shape("gpuCache", "bush")
    world.shape("pfxHair", "fur")
    cmds.setAttr("furShape.visibility", lock=True)
    cmds.move(0, 1.5, 2.0, "bush")
    host.assign({coco("bush"): ["|bush"], coco("person"): ["|fur"]})
    layer = world.layer("front", "bush", "tree")
    cmds.file(modified=False)
    before = state(scene)
    report = host.render_preview(request(shot, tmp_path, layers=(layer,), extra=("instance",)))
    front = decoded(report.labels["front"])
    assert {one for row in front for one in row} == {coco("bush"), coco("tree"), label_code.EMPTY}
    whole = decoded(tmp_path / "out" / "full" / "label.0001.png")
    assert painted(front, "bush") == painted(whole, "bush") != set() and painted(whole, "river") != set()
    numbers = json.loads((tmp_path / "out" / "instances.json").read_text())["instances"]
    seen = {pixel[:3] for row in read_png(tmp_path / "out" / "front" / "instance.0001.png") for pixel in row}
    wanted = {"|bush|bushShape", "|tree|treeShape"}
    assert seen == {instance_code.encode(numbers[path]) for path in wanted} | {instance_code.NOTHING}
    assert state(scene) == before


def test_in_what_a_frame_differs_from_a_shot_is_said(host, scene, shot, tmp_path):
    from maya import cmds, world

    cmds.connectAttr(f"{cmds.shadingNode('checker', asTexture=True, name='leaves')}.outColor", "bark.transparency")
    push = cmds.shadingNode("displacementShader", asShader=True, name="push")
    cmds.connectAttr(f"{push}.displacement", f"{world.shader('rough', 'crate')}.displacementShader")
    cmds.setAttr("treeShape.displaySmoothMesh", 2)
    host.assign({coco("rock"): ["|tree.f[2:3]"]})
    report = host.render_preview(request(shot, tmp_path))
    assert report.counts == {"leaf and alpha cards drawn whole": 1}
    words = " ".join(report.notes)
    for said in ("1 × leaf or alpha card whole", "1 thing is displaced or subdivided", "1 × smoothed mesh"):
        assert said in words


def test_a_sky_of_a_class_is_the_emptiness_of_the_whole_scene_alone(host, shot, tmp_path):
    from maya import world

    from maya_plugin.core.contract import Settings

    host.save_settings(Settings(rest="sky"))
    report = host.render_preview(request(shot, tmp_path, layers=(world.layer("front", "tree"),)))
    front, whole = decoded(report.labels["front"]), decoded(tmp_path / "out" / "full" / "label.0001.png")
    assert {one for row in front for one in row} == {coco("tree"), label_code.EMPTY}
    assert {one for row in whole for one in row} == {coco("tree"), coco("river"), coco("sky")}


def test_a_beauty_beside_the_labels_leaves_no_trace(host, scene, shot, tmp_path):
    before = state(scene)
    host.render_preview(request(shot, tmp_path, extra=("beauty",)))
    assert state(scene) == before and (tmp_path / "out" / "masterLayer" / "beauty.0001.png").is_file()


def test_a_viewport_that_asks_nobody_is_said(host, scene, shot, tmp_path):
    scene.override_by = "nothing"
    with pytest.raises(SemrenderError, match="draws nothing here"):
        host.render_preview(request(shot, tmp_path))


def test_values_that_need_other_materials_are_for_shots_and_arnolds_leave_no_trace(host, scene, shot, tmp_path):
    before = state(scene)
    with pytest.raises(SemrenderError, match=r"no depth by hardware.*Render a shot of this one frame"):
        host.render_preview(request(shot, tmp_path, extra=("depth",)))
    host.render_preview(request(shot, tmp_path, renderer="arnold", extra=("depth", "motion")))
    assert state(scene) == before
    made = {file.name for file in (tmp_path / "out" / "masterLayer").iterdir()}
    assert made == {"label.0001.png", "depth.0001.exr", "motion.0001.exr"}

"""Show classes is a view that follows the scene; and what older versions left of theirs goes away."""

import pytest

from maya_plugin.core import passes
from shared.errors import SemrenderError
from shared.label_set import load_label_set
from tests.maya_plugin.conftest import SIZE, coco, facing, focal
from tests.maya_plugin.pass_scenes import worn


def seen(scene, camera, panel="modelPanel4"):
    """(row, column) -> colour of what the artist sees."""
    from maya import viewport as fake

    rows = fake.of_panel(scene, panel, scene.one(camera), *SIZE)
    return {(y, x): tuple(round(v, 3) for v in pixel[:3]) for y, row in enumerate(rows) for x, pixel in enumerate(row)}


def shown(name):
    labels = load_label_set("coco_stuff")
    palette = next(iter(labels.palettes.values())).colors
    return tuple(round(v, 3) for v in passes.shown_value(palette[labels.find(name).id], True))


def test_the_viewport_shows_classes_and_follows_at_once(host, scene, shot):
    from maya import cmds, windows
    from maya.api import OpenMaya

    OpenMaya.MGlobal.state = OpenMaya.MGlobal.kInteractive
    tree = facing(*SIZE, -1.5, 0, 1.0, 10.0, (0.75, 1), focal())
    crate = facing(*SIZE, 1.5, 0.5, 0.5001, 10.0, (0.5, 0.5), focal())
    own = seen(scene, shot)
    host.show_classes(True)
    now = seen(scene, shot)
    assert {now[at] for at in tree} == {shown("tree")}
    assert {now[at] for at in crate} == {own[at] for at in crate}, "what has no class keeps its look"
    host.assign({coco("rock"): ["|tree.f[2:3]"], coco("boat"): ["|crate"]})
    now = seen(scene, shot)
    assert {now[at] for at in tree} == {shown("tree"), shown("rock")} and {now[at] for at in crate} == {shown("boat")}
    cmds.undo()
    OpenMaya.send("Undo")
    OpenMaya.send("NameChanged")
    assert len(windows.deferred) == 1, "one refresh, however much happens"
    windows.idle()
    now = seen(scene, shot)
    assert {now[at] for at in crate} == {own[at] for at in crate}
    host.show_classes(False)
    assert seen(scene, shot) == own
    assert OpenMaya.callbacks == {}
    OpenMaya.MGlobal.state = OpenMaya.MGlobal.kBatch


def test_a_panel_with_another_override_keeps_it_and_unloading_leaves_none_of_ours(host, scene, shot):
    from maya import cmds
    from maya import viewport as fake
    from maya.api import OpenMayaRender

    from maya_plugin.host import showing, viewport

    OpenMayaRender.MRenderer.registerOverride(OpenMayaRender.MRenderOverride("somebodys"))
    cmds.modelEditor("modelPanel2", edit=True, rendererOverrideName="somebodys")
    host.show_classes(True)
    assert fake.panels["modelPanel2"] == "somebodys" and fake.panels["modelPanel1"] == viewport.CLASSES
    showing.end()
    viewport.end()
    assert set(fake.overrides) == {"somebodys"} and set(fake.panels.values()) == {"", "somebodys"}
    assert OpenMayaRender.MShaderManager.held == 0


def test_another_scene_is_shown_in_its_own_classes(host, scene, shot):
    from maya import cmds, windows
    from maya.api import OpenMaya

    OpenMaya.MGlobal.state = OpenMaya.MGlobal.kInteractive
    host.show_classes(True)
    cmds.file(newFile=True, force=True)
    OpenMaya.send(OpenMaya.MSceneMessage.kAfterNew)
    windows.idle()
    assert host.shows_classes()
    host.show_classes(False)
    OpenMaya.MGlobal.state = OpenMaya.MGlobal.kBatch


# What older versions left


@pytest.fixture
def left(scene, shot):
    """A scene that was saved while a version before showed classes: materials swapped, keepers that remember."""
    from maya import cmds, world

    world.shader("moss", "crate.f[0:1]")
    kept = {}
    for group in ("barkSG", "initialShadingGroup", "mossSG"):
        kept[group] = cmds.ls(cmds.sets(group, query=True), long=True)
        keeper = cmds.sets(name=f"semrender_kept_{group}", empty=True)
        cmds.addAttr(keeper, longName="semrenderShownKept", attributeType="message")
        cmds.connectAttr(f"{group}.message", f"{keeper}.semrenderShownKept")
        cmds.sets(kept[group], edit=True, addElement=keeper)
    coat = world.shader("semrender", "tree", "river", "crate", kind="surfaceShader")
    cmds.addAttr(coat, longName="semrenderShownCoat", attributeType="bool")
    return kept


def test_what_a_crash_left_is_said_and_put_back(host, scene, left):
    from maya import cmds

    from maya_plugin.host import rescue

    with pytest.raises(SemrenderError, match="class colours were left") as caught:
        host.check_scene()
    fix = host.fix_for(caught.value)
    assert fix.label == "Put the look back"
    scene.undo_queue.clear()
    host.fix(fix.name)
    host.check_scene()
    assert rescue.left() == [] and [name for name, _ in scene.undo_queue] == ["Put the look back"]
    assert worn()["barkSG"] == {"|tree|treeShape": None}
    assert worn()["mossSG"] == {"|crate": [(0, 1)]}
    cmds.undo()
    assert rescue.left() != []


def test_boxes_and_aovs_of_a_killed_render_go_and_what_only_sounds_like_them_stays(host, scene):
    from maya import cmds

    cmds.loadPlugin("mtoa", quiet=True)
    cmds.polyCube(name="semrender_box")
    cmds.createNode("aiAOV", name="semrender_Z", skipSelect=True)
    cmds.polyCube(name="semrender_boxes")
    with pytest.raises(SemrenderError, match="class colours were left"):
        host.check_scene()
    host.fix("put_back")
    assert cmds.ls("semrender_*") == ["semrender_boxes", "semrender_boxesShape"]
    host.check_scene()


def test_what_refuses_is_named_and_can_be_tried_again(host, scene, left):
    """All others come back; the keeper of the one that does not is never deleted before its members returned."""
    from maya import cmds

    from maya_plugin.host import rescue

    cmds.lockNode("barkSG", lock=True)
    with pytest.raises(SemrenderError, match=r"1 material did not come back, such as that of barkSG.*locked"):
        host.fix("put_back")
    assert "|river|riverShape" in worn()["initialShadingGroup"] and "mossSG" in worn()
    assert "semrender_kept_barkSG" in rescue.left()
    cmds.lockNode("barkSG", lock=False)
    host.fix("put_back")
    assert worn()["barkSG"] == {"|tree|treeShape": None} and rescue.left() == []


def test_what_is_left_is_found_in_namespaces(host, scene, left):
    from maya import cmds
    from maya.api import OpenMaya

    OpenMaya.MNamespace.addNamespace("old")
    for node in cmds.ls("*.semrenderShownKept", objectsOnly=True):
        cmds.rename(node, f"old:{node}")
    host.fix("put_back")
    host.check_scene()

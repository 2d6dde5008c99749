"""Classes on objects, in the fake Maya: what is assigned, what the rule makes of it, and one undo step each."""

import pytest

from maya_plugin.core.contract import Settings
from maya_plugin.core.rules import Rule, match
from shared.errors import InputRefused
from shared.label_set import load_label_set
from tests.maya_plugin.conftest import coco


def members_by_class(host):
    from maya_plugin.host import classes

    return {own.name: sorted(own.members) for own in classes.class_sets() if own.members}


def class_of(host, path):
    return next(thing.class_id for thing in host.objects() if thing.path == path)


def three_cubes():
    from maya import cmds

    for name in "abc":
        cmds.polyCube(name=name)


def test_objects_faces_instances_and_references_are_assigned(host, scene, tmp_path):
    """Acceptance 1: three things, faces, an instance and a referenced node; undo, redo."""
    from maya import cmds

    cmds.polyCube(name="asset")
    cmds.file(rename=str(tmp_path / "asset.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    three_cubes()
    cmds.instance("a", name="a_again")
    cmds.file(str(tmp_path / "asset.ma"), reference=True, namespace="set")
    scene.undo_queue.clear()
    done = host.assign(
        {coco("tree"): ["|a", "|set:asset"], coco("river"): ["|a_again", "|c.f[0:2]"], coco("train"): ["|b"]}
    )
    assert done.members == 5 and done.notes == ()
    assert members_by_class(host) == {"tree": ["|a", "|set:asset"], "river": ["|a_again", "|c.f[0:2]"], "train": ["|b"]}
    assert class_of(host, "|a|aShape") == coco("tree")
    assert class_of(host, "|a_again|aShape") == coco("river"), "an instance has its own class"
    assert class_of(host, "|set:asset|set:assetShape") == coco("tree")
    assert [name for name, _ in scene.undo_queue] == ["Assign class"]
    after = members_by_class(host)
    cmds.undo()
    assert members_by_class(host) == {}
    cmds.redo()
    assert members_by_class(host) == after


@pytest.mark.parametrize("style", ["transform", "shape"])
def test_a_member_is_in_one_class_only(host, scene, style):
    scene.component_style = style
    three_cubes()
    host.assign({coco("tree"): ["|a", "|b.f[0:3]"]})
    host.assign({coco("river"): ["|b.f[2:5]"]})
    faces = {own.name: own.faces for own in host.assignments()}
    assert faces == {"tree": 2, "river": 4}
    host.assign({coco("river"): ["|a"]})
    assert {own.name: own.objects for own in host.assignments()} == {"tree": 0, "river": 1}
    host.assign({coco("train"): ["|b"]})
    assert members_by_class(host) == {"river": ["|a"], "train": ["|b"]}, "the whole takes its faces along"


def test_the_last_action_wins_below_a_group_and_exceptions_come_after_it(host):
    from maya import cmds

    three_cubes()
    cmds.group("a", "b", name="forest")
    host.assign({coco("river"): ["|forest|a"]})
    host.assign({coco("tree"): ["|forest"]})
    assert class_of(host, "|forest|a|aShape") == coco("tree")
    host.assign({coco("rock"): ["|forest|b"]})
    assert class_of(host, "|forest|b|bShape") == coco("rock")
    assert class_of(host, "|forest|a|aShape") == coco("tree")
    assert class_of(host, "|c|cShape") is None
    assert host.unassigned() == ("|c",)


def test_identity_is_in_the_tag_and_not_in_the_name(host):
    from maya import cmds

    three_cubes()
    host.assign({coco("tree"): ["|a"]})
    node = cmds.ls("*.semrenderClass", objectsOnly=True)[0]
    cmds.rename(node, "something_else")
    cmds.group("a", name="moved")
    host.assign({coco("tree"): ["|b"]})
    assert cmds.ls("*.semrenderClass", objectsOnly=True) == ["something_else"]
    assert members_by_class(host) == {"tree": ["|b", "|moved|a"]}


def test_classes_that_come_with_an_asset_hold_until_the_scene_says_otherwise(host, tmp_path):
    from maya import cmds

    cmds.polyCube(name="trunk")
    host.assign({coco("tree"): ["|trunk"]})
    cmds.file(rename=str(tmp_path / "tree.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    cmds.file(str(tmp_path / "tree.ma"), reference=True, namespace="left")
    assert class_of(host, "|left:trunk|left:trunkShape") == coco("tree")
    done = host.assign({coco("rock"): ["|left:trunk"]})
    assert "comes with an asset" in done.notes[0]
    assert class_of(host, "|left:trunk|left:trunkShape") == coco("rock")


def test_another_label_set_finds_classes_by_name_and_shows_what_is_missing(host):
    three_cubes()
    host.assign({coco("tree"): ["|a"], coco("railroad"): ["|b"]})
    host.save_settings(Settings(label_set="ade20k"))
    found = {own.name: own for own in host.assignments()}
    ade = load_label_set("ade20k")
    assert found["tree"].class_id == ade.find("tree").id
    assert found["railroad"].missing and found["railroad"].class_id == -1
    assert host.select_class(-1) == 1 and host.selection() == ("|b",)
    host.assign({ade.find("tree").id: ["|c"]})
    assert members_by_class(host)["tree"] == ["|a", "|c"], "the set of that name is used on"


def test_what_is_not_there_or_cannot_have_a_class_is_said(host):
    three_cubes()
    done = host.assign({coco("tree"): ["|a", "|gone", "lambert1"]})
    assert done.members == 1 and done.notes == ("2 of what was named is not in the scene or cannot have a class",)


def test_unassign_is_one_step(host, scene):
    three_cubes()
    host.assign({coco("tree"): ["|a", "|b"]})
    scene.undo_queue.clear()
    assert host.unassign(["|a"]).members == 1
    assert members_by_class(host) == {"tree": ["|b"]}
    assert [name for name, _ in scene.undo_queue] == ["Remove class"]


def test_selection_gives_nodes_and_faces_and_nothing_else(host):
    from maya import cmds

    three_cubes()
    cmds.select(["a", "b.f[1:2]", "lambert1"], replace=True)
    assert host.selection() == ("|a", "|b.f[1:2]")
    host.select(["|c"])
    assert host.selection() == ("|c",)
    host.select([])
    assert host.selection() == ()


def test_export_and_import_give_the_same_classes(host, tmp_path):
    from maya import cmds

    three_cubes()
    host.assign({coco("tree"): ["|a", "|b.f[0:1]"], coco("river"): ["|c"]})
    before = members_by_class(host)
    file = str(tmp_path / "classes.json")
    assert host.export_classes(file).members == 3
    cmds.file(newFile=True, force=True)
    three_cubes()
    assert host.import_classes(file).members == 3
    assert members_by_class(host) == before
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputRefused, match="no file of classes"):
        host.import_classes(str(tmp_path / "other.json"))


def test_two_thousand_objects_take_few_commands(host, scene):
    """At most 20 commands plus one per 500 members; where a class is there already, it is read, too."""
    from maya import world

    world.many_meshes(2000, "pine")
    world.many_meshes(20, "house")
    labels = load_label_set("coco_stuff")
    scene.calls.clear()
    host.assign(match([Rule("pine*", "tree")], host.objects(), labels))
    assert sum(scene.calls.values()) <= 20 + 2000 // 500, scene.calls
    assert host.assignments()[0].objects == 2000
    scene.calls.clear()
    host.assign(match([Rule("pine*", "river")], host.objects(), labels))
    assert sum(scene.calls.values()) <= 25 + 2 * 2000 // 500, scene.calls


def test_settings_live_in_the_scene_and_survive_it(host, tmp_path):
    from maya import cmds

    assert host.settings() == Settings()
    wanted = Settings("ade20k", "sky", {"hair": "box"}, {"model": "mine", "seed": 3})
    host.save_settings(wanted)
    cmds.undo()
    assert host.settings() == Settings()
    cmds.redo()
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    assert host.settings() == Settings()
    cmds.file(str(tmp_path / "shot.ma"), open=True, force=True)
    assert host.settings() == wanted
    assert host.scene().name == "shot" and host.scene().folder == (tmp_path / "semrender" / "shot").as_posix()


def test_a_name_of_a_class_that_is_none_is_refused_with_the_near_ones(host):
    three_cubes()
    with pytest.raises(InputRefused, match="tree"):
        match([Rule("a", "treee")], host.objects(), load_label_set("coco_stuff"))


@pytest.mark.parametrize("stays", [True, False])
def test_a_duplicate_without_class_is_counted_as_such(scene, host, stays):
    """Whether Duplicate keeps memberships is open: either way the panel tells the truth."""
    from maya import cmds

    scene.copies_stay_in_sets = stays
    cmds.polyCube(name="box")
    host.assign({coco("tree"): ["|box"]})
    cmds.duplicate("box", name="copy")
    assert list(host.unassigned()) == ([] if stays else ["|copy"])

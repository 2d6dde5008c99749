"""What Check scene says of a scene, and that each line can be selected and mended."""

from tests.maya_plugin.conftest import coco


def said(host):
    return {one.words: one for one in host.findings()}


def test_what_has_no_class_is_told_and_selected(host, shot):
    found = said(host)
    assert list(found) == ["1 thing has no class and will be left unpainted", "the scene was never saved"]
    line = next(iter(found.values()))
    assert line.members == ("|crate",) and not line.stops
    host.select(line.members)
    assert host.selection() == ("|crate",)
    host.assign({coco("rock"): ["|crate"]})
    assert list(said(host)) == ["the scene was never saved"]


def test_a_scene_without_any_class_stops_a_render_and_says_so_first(host, shot):
    host.unassign(["|tree", "|river"])
    first = host.findings()[0]
    assert first.stops and first.words == "nothing in the scene has a class" and len(first.members) == 3


def test_members_of_a_class_that_is_not_in_the_set_are_taken_out_by_the_button(host, shot):
    from maya import cmds

    own = cmds.ls("*.semrenderClass", objectsOnly=True)[0]
    cmds.setAttr(f"{own}.semrenderClass", '{"label_set": "coco_stuff", "id": 4000, "name": "dragon"}', type="string")
    line = next(one for one in host.findings() if "lacks" in one.words)
    assert line.words == "1 member has a class that coco_stuff lacks" and len(line.members) == 1
    host.fix(line.fix.name)
    assert not any("lacks" in one for one in said(host))


def test_an_unloaded_reference_is_named_and_loaded(host, shot, scene, tmp_path):
    from maya import cmds

    asset = str(tmp_path / "house.ma")
    cmds.file(rename=asset)
    cmds.file(save=True)
    cmds.file(asset, reference=True, namespace="house")
    node = next(one for one in cmds.ls(references=True))
    scene.one(node)[-1].values["unloaded"] = True
    line = next(one for one in host.findings() if "not loaded" in one.words)
    assert node in line.words
    host.fix(line.fix.name)
    assert not any("not loaded" in one for one in said(host))


def test_what_is_left_out_and_what_is_simulated_afresh_is_counted(host, shot):
    from maya import cmds, world

    world.shape("nParticle", "dust")
    world.shape("gpuCache", "city")
    cmds.createNode("unknown", name="weta", skipSelect=True)
    found = said(host)
    assert found["1 × nParticle left out"].members == ("|dust",)
    assert found["1 × gpuCache drawn as its box by Paint frame, and opened by Render shot"].members == ("|city",)
    assert found["1 node is of a plug-in that is not loaded"].members == ("weta",)
    assert found["1 simulation has no cache"].members == ("|dust|dustShape",)
    cache = cmds.createNode("cacheFile", name="cached", skipSelect=True)
    cmds.connectAttr(f"{cache}.outCacheData", "dustShape.message", force=True)
    assert "1 simulation has no cache" not in said(host)

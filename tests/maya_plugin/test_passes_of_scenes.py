"""What stands where in a pass, of everything that scenes hold."""

import json
import math

import pytest

from maya_plugin.core import passes, refusal
from maya_plugin.core.contract import ARNOLD, Settings
from shared import instance_code, label_code
from shared.errors import InputRefused, SemrenderError
from shared.shot import read_shot
from tests.maya_plugin.conftest import SIZE, analytic, coco, decoded, facing, focal, read_png, request
from tests.maya_plugin.pass_scenes import labels_of, painted, rendered, state, worn


@pytest.mark.parametrize("rest", ["", "sky"])
def test_what_has_no_class_is_nothing_or_the_chosen_class(host, shot, tmp_path, rest):
    host.save_settings(Settings(rest=rest))
    report = rendered(request(shot, tmp_path))
    found = decoded(report.labels["masterLayer"])
    row, column = next(iter(facing(*SIZE, 1.5, 0.5, 0.5001, 10.0, (0.3, 0.3), focal())))
    assert found[row][column] == (coco("sky") if rest else label_code.EMPTY)
    words = "sky-other" if rest else "outside the layer"
    assert report.notes == (f"1 thing without class is {words}, such as crateShape",)
    assert report.classes == (("river", "sky-other", "tree") if rest else ("river", "tree"))


def test_the_emptiness_of_the_whole_scene_is_of_the_class_of_the_rest(host, scene, shot, tmp_path):
    """A sky without a dome; a layer's own emptiness stays outside of it."""
    from maya import cmds, world

    host.save_settings(Settings(rest="sky"))
    layer = world.layer("front", "tree")
    cmds.move(3.0, 1.0, 10.0, "shotcam")
    cmds.setAttr("shotcam.rotate", 0, 15, 0, type="double3")
    before = state(scene, copy=True)
    for renderer in ("hardware", "arnold"):
        rendered(request(shot, tmp_path, layers=(layer,), renderer=renderer))
        whole = decoded(tmp_path / "out" / "full" / "label.0001.png")
        found = {one for row in whole for one in row}
        assert found == {coco("tree"), coco("river"), coco("sky")}
        front = decoded(tmp_path / "out" / "front" / "label.0001.png")
        assert {one for row in front for one in row} == {coco("tree"), label_code.EMPTY}
        assert painted(front, "tree") == painted(whole, "tree")
    assert state(scene, copy=True) == before


def test_displacement_and_cut_outs_keep_the_outline_of_the_beauty(host, scene, shot, tmp_path):
    from maya import cmds

    push = cmds.shadingNode("displacementShader", asShader=True, name="push")
    cmds.setAttr("push.scale", 0.4)
    cmds.connectAttr(f"{push}.displacement", "barkSG.displacementShader")
    tree = coco("tree")
    large = sum(one == tree for row in labels_of(host, shot, tmp_path) for one in row)
    small = sum(one == tree for row in analytic() for one in row)
    assert large > 1.5 * small
    cmds.shadingNode("checker", asTexture=True, name="leaves")
    cmds.connectAttr("leaves.outColor", "bark.transparency")
    report = rendered(request(shot, tmp_path))
    cut = sum(one == tree for row in decoded(report.labels["masterLayer"]) for one in row)
    assert 0.4 * large < cut < 0.6 * large
    assert report.counts == {"leaf and alpha cards cut out by their transparency": 1}
    host.save_settings(Settings(policies={"cards": "solid"}))
    report = rendered(request(shot, tmp_path))
    assert sum(one == tree for row in decoded(report.labels["masterLayer"]) for one in row) == large
    assert report.counts == {"leaf and alpha cards drawn whole": 1}


def test_awkward_things_are_treated_by_policy_and_counted(host, scene, shot, tmp_path):
    from maya import cmds, world

    for kind, name, x in (("gpuCache", "bush", 0.0), ("pfxHair", "fur", 2.6), ("nParticle", "dust", -3.2)):
        world.shape(kind, name)
        cmds.move(x, 1.5, 2.0, name)
    host.assign({coco("bush"): ["|bush"], coco("person"): ["|fur"]})
    before = state(scene, copy=True)
    report = rendered(request(shot, tmp_path))
    found = {one for row in decoded(report.labels["masterLayer"]) for one in row}
    assert found == {coco("tree"), coco("river"), coco("bush"), label_code.EMPTY}
    assert report.counts == {"GPU caches drawn as boxes": 1, "hair and fur left out": 1, "particles left out": 1}
    assert state(scene, copy=True) == before
    host.save_settings(Settings(policies={"hair": "box", "caches": "skip"}))
    report = rendered(request(shot, tmp_path))
    found = {one for row in decoded(report.labels["masterLayer"]) for one in row}
    assert coco("person") in found and coco("bush") not in found and None not in found


def test_boxes_follow_what_they_stand_for_into_layers_and_through_time(host, scene, shot, tmp_path):
    from maya import world

    from maya_plugin.host import passes as host_passes

    world.shape("gpuCache", "bush")
    world.animate("bush", "translateX", {1: -2, 3: 2})
    host.assign({coco("bush"): ["|bush"]})
    layer = world.layer("front", "bush")
    asked = request(shot, tmp_path, layers=(layer,), last=3)
    host_passes.render_passes(asked, [1, 2, 3], 3, lambda layer, frame: None)
    columns = []
    for frame in (1, 2, 3):
        rows = decoded(tmp_path / "out" / "front" / f"label.000{frame}.png")
        columns.append([x for row in rows for x, one in enumerate(row) if one == coco("bush")])
    means = [sum(found) / len(found) for found in columns]
    assert means[0] < 30 < means[1] < 66 < means[2]


def test_instance_ids_are_stable_and_more_than_255(host, scene, shot, tmp_path):
    from maya import cmds

    from maya_plugin.host import passes as host_passes

    cmds.instance("tree", name="tree_again")
    cmds.move(0.0, 1.2, 1.0, "tree_again")
    rendered(request(shot, tmp_path, extra=("instance",)))
    numbers = json.loads((tmp_path / "out" / host_passes.INSTANCES).read_text())["instances"]
    assert set(numbers) == {"|tree|treeShape", "|tree_again|treeShape", "|river|riverShape", "|crate|crateShape"}
    pixels = {pixel[:3] for row in read_png(tmp_path / "out" / "masterLayer" / "instance.0001.png") for pixel in row}
    assert pixels == {instance_code.encode(n) for n in numbers.values()} | {instance_code.NOTHING}
    cmds.polyCube(name="aaa")
    rendered(request(shot, tmp_path, extra=("instance",)))
    again = json.loads((tmp_path / "out" / host_passes.INSTANCES).read_text())["instances"]
    assert {path: again[path] for path in numbers} == numbers and again["|aaa|aaaShape"] == 4


def numbered(tmp_path, number, layer="masterLayer"):
    """The pixels (row, column) of a number in the instance pass."""
    rows = read_png(tmp_path / "out" / layer / "instance.0001.png")
    code = instance_code.encode(number)
    return {(y, x) for y, row in enumerate(rows) for x, pixel in enumerate(row) if pixel[:3] == code}


@pytest.mark.parametrize("renderer", ["hardware", ARNOLD])
def test_a_window_in_a_wall_is_a_part_of_its_own(host, scene, shot, tmp_path, renderer):
    """By the shading groups of faces, whatever the faces' class is, and the look comes back after each frame."""
    from maya import cmds, world

    world.shader("glass", "tree.f[2:3]")
    cmds.instance("tree", name="tree_again")
    cmds.move(3.0, 1.0, 1.0, "tree_again")
    host.assign({coco("rock"): ["|tree.f[3]"]})
    before = worn()
    rendered(request(shot, tmp_path, extra=("instance", "beauty"), renderer=renderer, last=2), [1, 2])
    numbers = json.loads((tmp_path / "out" / "instances.json").read_text())["instances"]
    wall, pane = "|tree|treeShape", "|tree|treeShape glassSG"
    halves = [facing(*SIZE, -1.5, y, 1.0, 10.0, (0.75, 0.5), focal()) for y in (-0.5, 0.5)]
    assert numbered(tmp_path, numbers[wall]) == halves[0] and numbered(tmp_path, numbers[pane]) == halves[1]
    assert "|tree_again|treeShape" in numbers and "|crate|crateShape glassSG" not in numbers
    rows = decoded(tmp_path / "out" / "masterLayer" / "label.0001.png")
    assert painted(rows, "rock") | painted(rows, "tree") == halves[0] | halves[1]
    second = (tmp_path / "out" / "masterLayer" / "instance.0002.png").read_bytes()
    assert second == (tmp_path / "out" / "masterLayer" / "instance.0001.png").read_bytes()
    assert worn() == before
    report = host.render_preview(request(shot, tmp_path / "again", extra=("instance",), renderer=renderer))
    assert not report.notes or "smoothed" not in report.notes[0]
    assert numbered(tmp_path / "again", numbers[pane]) == halves[1]
    cmds.setAttr("treeShape.displaySmoothMesh", 2)
    report = host.render_preview(request(shot, tmp_path / "smooth", extra=("instance",), renderer=renderer))
    assert "2 × smoothed mesh of several materials of one number in this frame" in report.notes
    assert numbered(tmp_path / "smooth", numbers[wall]) == halves[0] | halves[1]


def test_without_instances_parts_share_their_coats(host, scene, shot, tmp_path, monkeypatch):
    """A mesh of several materials wears one class as a whole; what was numbered before changes nothing."""
    from maya import world

    world.shader("glass", "tree.f[2:3]")
    rendered(request(shot, tmp_path, extra=("instance",)))
    made = []
    create = scene.create

    def told(kind, *rest, **more):
        made.append(kind)
        return create(kind, *rest, **more)

    monkeypatch.setattr(scene, "create", told)
    rendered(request(shot, tmp_path))
    assert made.count("surfaceShader") == len({"tree", "river", "nothing"})
    left = json.loads((tmp_path / "out" / "instances.json").read_text())["instances"]
    assert "|tree|treeShape glassSG" in left, "numbers are kept for later frames"


def test_numbers_that_nobody_asked_for_are_left_out_where_parts_are_many(host, scene, shot, tmp_path, monkeypatch):
    monkeypatch.setattr(passes, "MANY_PARTS", 2)
    asked = request(shot, tmp_path, extra=("instance",), guides=("instance",))
    report = rendered(asked)
    assert any("the scene has 3, and more than 2 take long" in note for note in report.notes)
    assert not list((tmp_path / "out").rglob("instance.*.png"))
    assert read_shot(tmp_path / "out" / "shot.json")[0].layers[0].instance is None
    report = rendered(request(shot, tmp_path, extra=("instance",)))
    assert (tmp_path / "out" / "masterLayer" / "instance.0001.png").is_file(), "asked for, it is rendered"


def test_depth_and_motion_come_from_arnold_and_motion_is_marked_open(host, scene, shot, tmp_path):
    report = rendered(request(shot, tmp_path, renderer=ARNOLD, extra=("depth", "motion")))
    assert report.marked_open == ("motion",)
    for kind in ("depth", "motion"):
        assert (tmp_path / "out" / "masterLayer" / f"{kind}.0001.exr").read_bytes()[:4] == b"\x76\x2f\x31\x01"
    written, _ = read_shot(tmp_path / "out")
    assert written.layers[0].depth == "masterLayer/depth.####.exr"
    with pytest.raises(InputRefused, match="hardware cannot render motion"):
        rendered(request(shot, tmp_path, extra=("motion",)))


@pytest.mark.parametrize("style", ["transform", "shape"])
def test_faces_have_their_class_whatever_materials_they_wear(host, scene, shot, tmp_path, style):
    """Four strips: class and material by faces, overlapping; the look comes back face by face."""
    from maya import world

    scene.component_style = style
    world.shader("moss", "tree.f[1:2]")
    world.shader("snow", "tree.f[3]")
    host.assign({coco("rock"): ["|tree.f[2:3]"]})
    before = worn()
    rows = labels_of(host, shot, tmp_path)
    strips = [facing(*SIZE, -1.5, -0.75 + 0.5 * n, 1.0, 10.0, (0.75, 0.25), focal()) for n in range(4)]
    halves = [strips[0] | strips[1], strips[2] | strips[3]]
    assert painted(rows, "tree") | painted(rows, "rock") == halves[0] | halves[1]
    assert painted(rows, "rock") in halves and painted(rows, "tree") in halves
    assert worn() == before
    host.show_classes(True)
    assert labels_of(host, shot, tmp_path) == rows
    host.show_classes(False)
    assert worn() == before


def test_an_instance_is_rendered_in_a_class_of_its_own(host, scene, shot, tmp_path):
    from maya import cmds

    cmds.instance("tree", name="sign")
    cmds.setAttr("sign.rotate", 90, 0, 0, type="double3")
    cmds.move(1.5, 0.0, 1.0, "sign")
    host.assign({coco("street sign"): ["|sign"]})
    rows = labels_of(host, shot, tmp_path)
    assert painted(rows, "street sign") == facing(*SIZE, 1.5, 0, 1.0, 10.0, (0.75, 1), focal())
    assert painted(rows, "tree") == facing(*SIZE, -1.5, 0, 1.0, 10.0, (0.75, 1), focal())


def test_referenced_things_are_rendered_in_the_scenes_class(host, scene, tmp_path):
    from maya import cmds, world

    cmds.polyCube(name="hull", width=1, height=1, depth=0.0002)
    host.assign({coco("boat"): ["|hull"]})
    cmds.file(rename=str(tmp_path / "boat.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    camera = world.camera()
    world.resolution(*SIZE)
    cmds.file(str(tmp_path / "boat.ma"), reference=True, namespace="left")
    assert {one.asset for one in host.objects()} == {"boat"}
    expected = facing(*SIZE, 0, 0, 0.0001, 10.0, (0.5, 0.5), focal())
    assert painted(labels_of(host, camera, tmp_path), "boat") == expected
    host.assign({coco("truck"): ["|left:hull"]})
    before = state(scene, copy=True)
    rows = labels_of(host, camera, tmp_path)
    assert painted(rows, "truck") == expected and painted(rows, "boat") == set()
    assert state(scene, copy=True) == before


def test_animation_is_that_of_the_frame(host, shot, tmp_path):
    from maya import world

    from maya_plugin.host import passes as host_passes

    world.animate("tree", "translateX", {1: -1.5, 2: 1.5})
    told = []
    asked = request(shot, tmp_path, last=2)
    host_passes.render_passes(asked, [1, 2], 2, lambda layer, frame: told.append((layer, frame)))
    assert told == [("masterLayer", 1), ("masterLayer", 2)]
    left, right = (decoded(tmp_path / "out" / "masterLayer" / f"label.000{frame}.png") for frame in (1, 2))
    tree = coco("tree")
    assert sum(row[x] == tree for row in left for x in range(48)) > 50
    assert sum(row[x] == tree for row in right for x in range(48)) == 0


@pytest.mark.parametrize(
    ("unit", "rate"),
    [("film", (24, 1)), ("pal", (25, 1)), ("ntscf", (60, 1)), ("23.976fps", (24000, 1001)), ("29.97df", (30000, 1001)),
     ("59.94fps", (60000, 1001)), ("47.952fps", (48000, 1001)), ("12fps", (12, 1))],
)  # fmt: skip
def test_time_units_are_exact_rates(host, shot, tmp_path, unit, rate):
    from maya import cmds

    cmds.currentUnit(time=unit)
    assert (host.scene().fps_num, host.scene().fps_den) == rate


@pytest.mark.parametrize("unit", ["hour", "min", "sec", "millisec"])
def test_a_time_unit_that_is_no_rate_is_refused_with_the_place_to_change_it(host, shot, unit):
    from maya import cmds

    cmds.currentUnit(time=unit)
    with pytest.raises(InputRefused, match="Preferences"):
        host.scene()


def test_arnold_that_is_not_loaded_has_a_button(host, scene, tmp_path):
    from maya import world

    camera = world.camera()
    with pytest.raises(SemrenderError, match="Arnold is not loaded") as caught:
        rendered(request(camera, tmp_path, renderer=ARNOLD))
    fix = host.fix_for(caught.value)
    assert fix is not None and fix.label == "Load Arnold"
    host.fix(fix.name)
    rendered(request(camera, tmp_path, renderer=ARNOLD, width=32, height=18))
    assert host.fix_for(InputRefused("something else")) is None


def test_a_setting_that_does_not_take_is_named_with_its_place(host, scene, shot, tmp_path):
    """A studio callback that puts colour management back at once."""

    def stubborn(plug, *values, **_):
        if plug == "hardwareRenderingGlobals.multiSampleEnable" and values == (False,):
            raise RuntimeError("locked by the studio")

    from maya import cmds

    cmds.setAttr("hardwareRenderingGlobals.multiSampleEnable", True)
    scene.hooks["setAttr"] = stubborn
    with pytest.raises(refusal.HostRefused, match=r"multiSampleEnable.*Multisample Anti-aliasing"):
        rendered(request(shot, tmp_path))


def test_without_a_graphics_card_the_error_says_so(host, scene, shot, tmp_path):
    scene.has_gpu = False
    with pytest.raises(SemrenderError, match="Graphics hardware feature level insufficient"):
        rendered(request(shot, tmp_path))


def test_what_is_no_surface_is_not_drawn(host, scene, shot, tmp_path):
    """Locators, lights and image planes that the artist lets Hardware 2.0 draw."""
    from maya import cmds, schema, world

    world.shape("locator", "handle")
    cmds.move(-1.5, 0.0, 3.0, "handle")
    cmds.imagePlane(camera=shot, fileName="plate.png", name="plate")
    everything = [1] * len(schema.FILTER_NAMES)
    cmds.setAttr("hardwareRenderingGlobals.objectTypeFilterValueArray", everything, type="Int32Array")
    assert labels_of(host, shot, tmp_path) == analytic()
    assert cmds.getAttr("hardwareRenderingGlobals.objectTypeFilterValueArray") == everything
    rendered(request(shot, tmp_path, extra=("beauty",)))
    rows = read_png(tmp_path / "out" / "masterLayer" / "beauty.0001.png")
    assert rows[27][30][:3] == (101, 199, 151), "the artist's own picture has them, through the view transform"


def test_negative_frames_have_file_names_that_patterns_find():
    assert passes.file_of("a", "label", -3, "hardware") == "a/label.-0003.png"


def test_shown_colours_are_linear_where_maya_manages_colour():
    assert passes.shown_value((255, 0, 188), False) == (1.0, 0.0, 188 / 255)
    red, _, blue = passes.shown_value((255, 0, 188), True)
    assert red == pytest.approx(1.0) and math.isclose(blue, 0.503, abs_tol=0.001)

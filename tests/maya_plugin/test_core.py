"""What the plug-in knows without Maya: members, the rule of classes, names, suggestions, policies, files, words."""

import json

import pytest

from maya_plugin.core import (
    classes,
    events,
    exchange,
    jobs,
    looks,
    members,
    passes,
    policy,
    refusal,
    suggest,
    time_units,
)
from maya_plugin.core.contract import EXTRA_PASSES, Layer, Scene, SceneObject, Settings, ShotRequest
from maya_plugin.core.looks import Part
from maya_plugin.core.rules import ASSET, MATERIAL, Rule, match, read_table
from shared.errors import InputRefused
from shared.label_set import Label, LabelSet, Palette, load_label_set

COCO = load_label_set("coco_stuff")


def thing(node, **more):
    return SceneObject(path=f"{node}|{node.rpartition('|')[2]}Shape", node=node, kind="mesh", **more)


def test_members_are_nodes_or_faces():
    assert members.split("|a|b") == ("|a|b", None)
    assert members.split("|a|b.f[3:7]") == ("|a|b", (3, 7))
    assert members.split("|a|b.f[3]") == ("|a|b", (3, 3))
    assert members.face_count(["|a", "|a.f[3:7]", "|b.f[1]"]) == 6
    assert list(members.upwards("|a|b|c")) == ["|a|b|c", "|a|b", "|a"]
    assert members.bare("|city|ns:other:house") == "house" and members.short("|city|ns:house") == "ns:house"
    assert members.merged([(4, 5), (0, 1), (2, 2), (7, 9), (8, 12)]) == [(0, 2), (4, 5), (7, 12)]


def test_the_rule_of_classes_is_faces_then_shape_then_the_nearest_group():
    tree, river, rock = (COCO.find(name).id for name in ("tree", "river", "rock"))
    sets = [
        classes.ClassSet("s1", "coco_stuff", tree, "tree", ("|g", "|g|in|b")),
        classes.ClassSet("s2", "coco_stuff", river, "river", ("|g|in", "|g|a.f[0:2]", "|g|a|aShape.f[3:4]")),
        classes.ClassSet("s3", "coco_stuff", rock, "rock", ("|g|a|aShape", "|h"), referenced=True),
        classes.ClassSet("s4", "other", 3, "no such class", ("|h",)),
        classes.ClassSet("s5", "coco_stuff", tree, "tree", ("|h",)),
    ]
    table = classes.Membership(sets, COCO)
    assert table.of("|g|in|b|bShape").whole == tree
    assert table.of("|g|in|c|cShape").whole == river
    assert table.of("|g|a|aShape") == classes.ClassOf(rock, {river: ((0, 4),)})
    assert table.of("|h|hShape").whole == tree, "the scene's own set wins over the asset's"
    assert table.of("|elsewhere|shape") == classes.ClassOf(None, {})


def test_what_an_assignment_takes_away():
    have = ["|g|a", "|g|a|aShape", "|ga", "|b.f[0:5]", "|c|cShape.f[2:3]"]
    assert classes.to_remove(["|g"], have) == ["|g|a", "|g|a|aShape"]
    assert classes.to_remove(["|b.f[4:9]"], have) == ["|b.f[4:5]"]
    assert classes.to_remove(["|b"], have) == ["|b.f[0:5]"]
    assert classes.to_remove(["|c.f[0:2]"], have) == ["|c|cShape.f[2:2]"], "under the shape's or the transform's name"
    assert classes.to_remove(["|d"], have) == []


def test_parts_of_a_shape_keep_the_traits_of_its_materials():
    cut = looks.Traits(cutout="leaf.outColor")
    found = looks.parts(classes.ClassOf(1, {2: ((2, 5),)}), 255, {looks.PLAIN: None, cut: ((4, 9),)})
    assert found == [
        Part(1),
        Part(2, span=(2, 3)),
        Part(2, cut, span=(4, 5)),
        Part(1, cut, span=(6, 9)),
    ]
    assert looks.parts(classes.ClassOf(None), 255, {}) == [Part(255)]


def test_parts_of_a_shape_are_those_of_its_shading_groups_too():
    groups = {"wallSG": ((0, 3), (8, 9)), "glassSG": ((4, 5), (6, 7))}
    found = looks.parts(classes.ClassOf(1, {2: ((7, 8),)}), 255, groups=groups)
    assert found == [
        Part(1),
        Part(1, group="wallSG", span=(0, 3)),
        Part(1, group="glassSG", span=(4, 6)),
        Part(2, group="glassSG", span=(7, 7)),
        Part(2, group="wallSG", span=(8, 8)),
        Part(1, group="wallSG", span=(9, 9)),
    ]
    wall, door = looks.parts(classes.ClassOf(1), 255, groups={"wallSG": None, "doorSG": ((2, 3),)})
    assert (wall, door) == (Part(1, group="wallSG"), Part(1, group="doorSG", span=(2, 3)))
    assert [part.span for part in looks.by_faces([wall, door], 6)] == [(0, 1), (2, 3), (4, 5)]
    assert [part.span for part in looks.by_faces([wall, door], 3)] == [(0, 1), (2, 2)], "faces that are no more there"
    names = looks.names_of_parts("|a|aShape", groups)
    assert names == {"": "|a|aShape", "glassSG": "|a|aShape", "wallSG": "|a|aShape wallSG"}
    assert looks.names_of_parts("|a|aShape", {"wallSG": None, "doorSG": ((2, 3),)})["doorSG"] == "|a|aShape doorSG"
    assert looks.names_of_parts("|a|aShape", {}) == {"": "|a|aShape"}


def test_rules_match_names_groups_materials_and_assets():
    things = [
        thing("|forest|ns:Pine_01", materials=("ns:barkMat",)),
        thing("|city|house", asset="villa_v003"),
        thing("|ground", materials=("dirt",)),
    ]
    rules = [
        Rule("pine*", "tree"),
        Rule("villa*", "house", ASSET),
        Rule("DIRT", "dirt", MATERIAL),
        Rule("*", "sky"),
    ]
    found = match(rules, things, COCO)
    assert found == {
        COCO.find("tree").id: ("|forest|ns:Pine_01",),
        COCO.find("house").id: ("|city|house",),
        COCO.find("dirt").id: ("|ground",),
    }
    assert match([Rule("forest", "tree")], things, COCO) == {COCO.find("tree").id: ("|forest|ns:Pine_01",)}
    with pytest.raises(InputRefused, match="a rule is for node, material, asset"):
        match([Rule("a", "tree", "colour")], things, COCO)


def test_tables_are_csv_or_json(tmp_path):
    (tmp_path / "a.csv").write_text("name,class,kind\nbark*,tree\nvilla,house,asset\n\n", "utf-8-sig")
    assert read_table(str(tmp_path / "a.csv")) == [Rule("bark*", "tree", MATERIAL), Rule("villa", "house", ASSET)]
    (tmp_path / "b.json").write_text('{"bark": "tree"}')
    assert read_table(str(tmp_path / "b.json")) == [Rule("bark", "tree", MATERIAL)]
    for name, text, words in (
        ("c.csv", "bark\n", "line 1 of the table"),
        ("d.csv", "bark,tree,colour\n", "line 1"),
        ("e.json", "[]", "one object"),
        ("f.json", "{", "not JSON"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputRefused, match=words):
            read_table(str(tmp_path / name))
    with pytest.raises(InputRefused, match="cannot be read"):
        read_table(str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PineTree_03_geo", "tree"),
        ("river_surface", "river"),
        ("ns:trees12", "tree"),
        ("railroad_track", "railroad"),
        ("skyDome", "sky-other"),
        ("pCube7", None),
        ("group4", None),
        ("carpet_01", "carpet"),
    ],
)
def test_names_suggest_classes(name, expected):
    found = suggest.suggest([thing(f"|{name}")], COCO)
    assert [one.name for one in found] == ([expected] if expected else []), found


def test_suggestions_are_grouped_by_reason_surest_first_and_leave_what_has_a_class():
    things = [
        thing("|forest|a", materials=("grass_mat",)),
        thing("|forest|b", materials=("grass_mat",)),
        thing("|x|tree_01"),
        thing("|y|tree_02", class_id=3),
        thing("|set|rock|chunk1"),
    ]
    found = suggest.suggest(things, COCO)
    assert [(one.name, one.because, one.nodes) for one in found] == [
        ("tree", "name tree_01", ("|x|tree_01",)),
        ("grass", "material grass_mat", ("|forest|a", "|forest|b")),
        ("rock", "group rock", ("|set|rock|chunk1",)),
    ]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_every_awkward_type_has_a_first_choice_and_is_counted():
    assert policy.treatment("mesh", False, {}) == policy.PLAIN
    assert policy.treatment("mesh", True, {}) == policy.CUT
    assert policy.treatment("mesh", True, {"cards": "solid"}) == policy.SOLID
    for one in policy.AWKWARD:
        for kind in one.types:
            assert kind in policy.TYPES
            first = policy.BOX if one.choices[0] == policy.OPEN else one.choices[0]
            assert policy.treatment(kind, False, {}) == first
            assert policy.treatment(kind, False, {one.key: one.choices[1]}) == one.choices[1]
            assert policy.treatment(kind, False, {one.key: "nonsense"}) == first
    treated = [("mesh", "plain"), ("gpuCache", "box"), ("gpuCache", "box"), ("pfxHair", "skip"), ("mesh", "cut")]
    assert policy.counts(treated) == {
        "GPU caches drawn as boxes": 2,
        "hair and fur left out": 1,
        "leaf and alpha cards cut out by their transparency": 1,
    }


LAYERS = (
    Layer("rs_a", "train", False, True),
    Layer("rs_b", "TRAIN", False, True),
    Layer("rs_c", "full", False, True),
    Layer("rs_d", "con", False, True),
    Layer("rs_e", "a/b:c ", False, True),
    Layer("defaultRenderLayer", "masterLayer", True, True),
)


def test_layers_have_file_names_of_their_own_on_every_system():
    plans = passes.plan_layers([layer.node for layer in LAYERS[:5]], LAYERS)
    names = [plan.name for plan in plans]
    assert names == ["train", "TRAIN_2", "full_2", "layer_con", "a_b_c_", "full"]
    assert [plan.painted for plan in plans] == [True] * 5 + [False]
    assert len(passes.plan_layers(["defaultRenderLayer"], LAYERS)) == 1
    with pytest.raises(InputRefused, match="no render layer gone"):
        passes.plan_layers(["gone"], LAYERS)
    with pytest.raises(InputRefused, match="no render layer is chosen"):
        passes.plan_layers([], LAYERS)


def shot_of(layers, **more):
    scene = Scene("/a/b.ma", "b", "/a", False, 1, 1, 5, 24000, 1001, 640, 360, 2.0)
    request = ShotRequest("/out", "|cam|camShape", 1, 5, layers, **more)
    plans = passes.plan_layers(layers, LAYERS)
    return passes.build_shot(request, scene, Settings(label_set="ade20k"), plans, 5)


def test_the_shot_says_what_was_rendered():
    shot = shot_of(("rs_a",), renderer="arnold", extra=EXTRA_PASSES, model="m", options={"x": 1}, seed=3, name="sh010")
    assert shot.to_dict() == {
        "format": 1, "name": "sh010", "fps": "24000/1001", "first": 1, "last": 5, "width": 640, "height": 360,
        "pixel_aspect": 2.0, "centimetres": 1.0, "context": "full/label.####.png", "context_read": {"palette": "code"},
        "label_set": "ade20k", "model": "m", "options": {"x": 1}, "seed": 3,
        "layers": [{
            "name": "train", "labels": "train/label.####.png", "instance": "train/instance.####.png",
            "motion": "train/motion.####.exr", "depth": "train/depth.####.exr", "beauty": "train/beauty.####.exr",
            "normal": "train/normal.####.exr", "normal_is": "camera", "read": {"palette": "code"},
            "shading": "train/shading.####.exr", "shading_white": 0.5,
        }],
    }  # fmt: skip
    assert shot_of(("defaultRenderLayer",)).context is None
    both = shot_of(("rs_a", "defaultRenderLayer"))
    assert both.context == "masterLayer/label.####.png" and len(both.layers) == 2


def test_a_label_set_that_the_code_has_no_room_for_is_refused():
    labels = tuple(Label(number, f"class {number}") for number in range(300))
    colors = {label.id: (label.id & 255, label.id >> 8, 0) for label in labels}
    large = LabelSet("large", 1, labels, {"p": Palette("p", "", colors)})
    with pytest.raises(InputRefused, match=r"ids up to 299; label passes have room for 0 to 254"):
        passes.check_label_set(large)
    passes.check_label_set(COCO)


def test_requests_that_cannot_be_are_refused():
    asked = ShotRequest("/out", "cam", 1, 5, ("a",))
    passes.check_request(asked)
    for more, words in (
        ({"renderer": "vray"}, "not by 'vray'"),
        ({"extra": ("motion",)}, "hardware cannot render motion"),
        ({"last": 0}, "ends"),
    ):
        with pytest.raises(InputRefused, match=words):
            passes.check_request(ShotRequest(**{**vars(asked), **more}))


def test_events_are_one_line_each_and_chatter_is_none():
    line = events.line("rendered", layer="Bäume", frame=3, done=1, total=2)
    assert "\n" not in line and events.parse(line) == json.loads(line)
    for text in ("Warning: no licence", '{"event": "unknown"}', "{broken", "[1]", ""):
        assert events.parse(text) is None
    assert events.frame_range("1001-1024") == (1001, 1024) and events.frame_range("-5--2") == (-5, -2)
    assert events.frame_range("7") == (7, 7) and events.frame_range("a-b") is None


def test_exchange_reads_what_it_wrote_and_says_what_it_cannot(tmp_path):
    file = str(tmp_path / "classes.json")
    own = [
        classes.ClassSet("s", "coco_stuff", 1, "tree", ("|a", "|b.f[0:1]")),
        classes.ClassSet("t", "x", 1, "thing of my own", ("|c",)),
    ]
    assert exchange.write(file, "coco_stuff", own) == 3
    found, notes = exchange.read(file, COCO)
    assert found == {COCO.find("tree").id: ("|a", "|b.f[0:1]")}
    assert notes == ("the label set coco_stuff has no class thing of my own: 1 members left out",)
    with pytest.raises(InputRefused, match="cannot be written there"):
        exchange.write(str(tmp_path / "classes.json" / "below.json"), "coco_stuff", own)


def test_a_refusal_names_the_setting_of_the_renderer():
    problem = InputRefused(
        "37 pixels are no class", layer="train", frame=3, cause="The edges between classes are blended"
    )
    told = refusal.explain(problem, "hardware")
    assert (told.layer, told.frame, told.what, told.cause) == ("train", 3, problem.what, problem.cause)
    assert "multiSampleEnable = off" in told.remedy and "graphics driver" in told.remedy
    assert "AASamples = 1" in refusal.explain(problem, "arnold").remedy
    other = InputRefused("frame 7 is missing")
    assert refusal.explain(other, "hardware") is other
    dithered = refusal.explain(InputRefused("x", cause="the renderer dithered"), "hardware")
    assert dithered.remedy.startswith("a render callback")


def test_every_named_time_unit_is_a_rate():
    for unit, rate in time_units.NAMED.items():
        assert time_units.rational(unit) == (rate, 1)
    assert time_units.rational("23.976fps") == (24000, 1001) and time_units.rational("100fps") == (100, 1)
    with pytest.raises(InputRefused):
        time_units.rational("2000fps")


@pytest.mark.parametrize(
    ("told", "project", "names"),
    [
        ("sh010", "/shows/valley", ("sh010", "valley", None)),
        ("sh010", "/shows/valley/", ("sh010", "valley", None)),
        ("sq010/sh010", "/shows/valley", ("sh010", "valley", "sq010")),
        ("ep1\\sq010 / sh 010", "/shows/val ley", ("sh_010", "val_ley", "ep1_sq010")),
        ("sh010", "/home/ann/maya/projects/default", ("sh010", None, None)),
        ("sq010/sh010", "/home/ann/maya/projects/default", ("sh010", "default", "sq010")),
        ("sh010", "", ("sh010", None, None)),
    ],
)
def test_a_shot_has_the_names_of_its_show_and_sequence(told, project, names):
    from maya_plugin.core.passes import shot_names

    assert shot_names(told, project) == names


def test_a_job_of_a_farm_says_how_many_machines_paint_it_and_how_long_they_take():
    summary = {"job": "a" * 32, "name": "sh", "out": "/out", "state": "painting", "done": 30, "total": 90, "failed": 0}
    machine = {"done": 12, "hand": 12, "state": "painting", "words": ""}
    left = {"name": "two", "done": 0, "hand": 0, "state": "left", "words": "Machine two has left; its 12 frames are …"}
    farm = {"machines": [{**machine, "name": "one"}, left, {**machine, "name": "three"}], "painting": 2}
    job = jobs.foreign({**summary, "events": 3, "paused": "", "farm": farm, "left": 40.0})
    assert jobs.words(job) == "Painting, 30 of 90, 2 machines, 40 s left"
    assert job.machines == ("one: 12 frames", "Machine two has left; its 12 frames are …", "three: 12 frames")
    before = jobs.foreign({**summary, "events": 3, "paused": ""})
    assert jobs.words(before) == "Painting, 30 of 90" and before.machines == (), "of a server of before"

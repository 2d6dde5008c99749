"""What is inside caches and stages: prims that are picked and classed, and caches opened as meshes in a copy."""

from pathlib import Path

import pytest

from maya_plugin.core import events
from maya_plugin.core.contract import Settings
from maya_plugin.core.refusal import HostRefused
from maya_plugin.host import imports, usd
from shared.label_set import load_label_set
from tests.maya_plugin.conftest import SIZE, WHOLE, coco, decoded, request

COCO = load_label_set("coco_stuff")
TAXONOMY = "semantics:labels:coco_stuff"
SET = """#usda 1.0
(
    defaultPrim = "World"
)
def Xform "World"
{
    def Xform "forest" (prepend apiSchemas = ["SemanticsLabelsAPI:class"])
    {
        token[] semantics:labels:class = ["Q10884", "tree"]
        def Mesh "pine_01"
        {
            float3[] extent = [(-1.2, -1, -0.001), (-0.4, 1, 0.001)]
        }
        def Mesh "rock"
        {
            float3[] extent = [(-0.3, -0.8, -0.001), (0.3, -0.2, 0.001)]
            double3 xformOp:translate = (0, 0, 0.2)
        }
    }
    def Mesh "barn"
    {
        float3[] extent = [(0.4, -1, -0.001), (1.2, 1, 0.001)]
    }
    def Xform "copies" (instanceable = true)
    {
    }
}
def Mesh "ground"
{
    float3[] extent = [(-9, -2, -0.5), (9, -1, -0.49)]
}
"""


@pytest.fixture
def stage(scene, host, tmp_path):
    """A stage of USD in the scene; the name of its shape."""
    from maya import cmds, world

    cmds.loadPlugin("mayaUsdPlugin", quiet=True)
    (tmp_path / "set.usda").write_text(SET)
    world.shape("mayaUsdProxyShape", "stage")
    cmds.setAttr("stageShape.filePath", str(tmp_path / "set.usda"), type="string")
    cmds.file(modified=False)
    scene.undo_queue.clear()
    return "|stage|stageShape"


def labels(prim):
    """What a prim says itself, and which schemas it has."""
    from mayaUsd import ufe

    found = ufe.ufePathToPrim(prim)
    return found.GetAttribute(TAXONOMY).Get(), found.GetAppliedSchemas()


def test_prims_are_picked_and_stay_picked_after_a_render(host, stage, tmp_path):
    from maya import cmds, world

    camera = world.camera()
    barn = f"{stage},/World/barn"
    cmds.select(["stage", barn], replace=True)
    assert cmds.ls(selection=True) == ["stage"], "Maya tells prims only when it is asked for them"
    assert host.selection() == ("|stage", barn)
    host.render_preview(request(camera, tmp_path))
    assert host.selection() == ("|stage", barn)


def test_a_class_on_a_prim_is_a_semantic_label_and_comes_back(host, scene, stage):
    from maya import cmds

    barn, forest = f"{stage},/World/barn", f"{stage},/World/forest"
    cmds.polyCube(name="hill")
    scene.undo_queue.clear()
    done = host.assign({coco("house"): [barn], coco("mountain"): ["|hill"]})
    assert done.members == 2 and labels(barn) == (["house"], ["SemanticsLabelsAPI:coco_stuff"])
    assert [name for name, _ in scene.undo_queue] == ["Assign class"]
    found = {one.name: one.objects for one in host.assignments()}
    assert found == {"house": 1, "mountain": 1, "tree": 1}, "the asset says of its forest what it is"
    assert host.select_class(coco("house")) == 1 and host.selection() == (barn,)
    host.assign({coco("bush"): [forest]})
    assert usd.of_stage(stage, COCO)["/World/forest"] == coco("bush"), "the scene's own set goes before"
    for _ in ("bush", "the selection", "house"):
        cmds.undo()
    assert labels(barn) == (None, []) and usd.of_stage(stage, COCO) == {"/World/forest": coco("tree")}


def test_the_last_word_holds_for_what_is_below_and_can_be_taken_back(host, stage):
    barn, world = f"{stage},/World/barn", f"{stage},/World"
    host.assign({coco("house"): [barn]})
    host.assign({coco("grass"): [world]})
    assert labels(barn) == (None, []) and labels(world)[0] == ["grass"]
    host.unassign([world])
    assert labels(world) == (None, [])


def test_what_cannot_be_edited_is_said(host, scene, stage):
    done = host.assign({coco("house"): [f"{stage},/World/copies", f"{stage},/World/gone", f"{stage},/World/barn"]})
    assert done.members == 1 and "2 prims are no more there, or below an instance" in done.notes[0]
    next(iter(scene.stages.values())).editable = False
    with pytest.raises(HostRefused, match=r"prim\. Cannot set apiSchemas on </World/barn>\. Layer @set.usda@ is not"):
        host.assign({coco("tree"): [f"{stage},/World/barn"]})


def rendered(host, tmp_path, **places):
    """The classes at places of the picture, from the middle, in units of the scene."""
    from maya import cmds, world

    camera = world.camera(distance=4.0) if not cmds.objExists("shotcam") else "|shotcam|shotcamShape"
    world.resolution(*SIZE)
    rows = decoded(host.render_preview(request(camera, tmp_path, layers=(WHOLE,))).labels["masterLayer"])
    half = 1.41732 * 25.4 / 2 / 35 * 4.0
    found = {}
    for name, (x, y) in places.items():
        column, row = int((x / half + 1) * SIZE[0] / 2), int((1 - y / half * SIZE[0] / SIZE[1]) * SIZE[1] / 2)
        found[name] = None if rows[row][column] == 255 else COCO.by_id(rows[row][column]).name
    return found


SEEN = {"pine": (-0.8, 0.3), "rock": (0, -0.5), "barn": (0.8, 0.3), "ground": (0, -1.1), "sky": (0, 0.6)}


def test_a_stage_is_opened_and_classed_by_labels_and_by_names_inside(host, stage, tmp_path):
    """A box of one class before, its things with classes of their own after."""
    from maya.api import OpenMaya

    host.assign({coco("house"): [f"{stage},/World/barn"], coco("grass"): ["|stage"]})
    assert set(rendered(host, tmp_path, **SEEN).values()) <= {"grass", None}
    settings = Settings(inner={"rock*": "rock", "*arn": "river"})
    OpenMaya.MNamespace.addNamespace("work")
    OpenMaya.MNamespace.setCurrentNamespace("work")  # as the scene was saved
    assert imports.open_caches(settings, COCO, {}) == []
    assert rendered(host, tmp_path, **SEEN) == {
        "pine": "tree",  # the asset's own label, of its group
        "rock": "tree",  # a label goes before a name
        "barn": "house",
        "ground": "grass",  # the class of the stage
        "sky": None,
    }
    assert imports.open_caches(settings, COCO, {}) == [], "what is open is no cache any more"


@pytest.mark.parametrize("kind", ["gpuCache", "aiStandIn"])
def test_alembic_is_opened_at_its_place_and_classed_by_names(host, scene, tmp_path, kind):
    from maya import cmds, world

    scene.has_arnold = True
    cmds.loadPlugin("mtoa", quiet=True)
    (tmp_path / "set.abc").write_text(SET.replace('token[] semantics:labels:class = ["Q10884", "tree"]', ""))
    world.shape(kind, "ns_cache")
    attribute = "cacheFileName" if kind == "gpuCache" else "dso"
    cmds.setAttr(f"ns_cacheShape.{attribute}", str(tmp_path / "set.abc"), type="string")
    cmds.move(0, 0.2, 0, "ns_cache")
    host.assign({coco("grass"): ["|ns_cache|ns_cacheShape"]})
    assert imports.open_caches(Settings(inner={"pine*": "tree", "forest": "bush", "barn": "house"}), COCO, {}) == []
    moved = {name: (x, y + 0.2) for name, (x, y) in SEEN.items()}
    assert rendered(host, tmp_path, **moved) == {
        "pine": "tree", "rock": "bush", "barn": "house", "ground": "grass", "sky": None,
    }  # fmt: skip


def test_what_cannot_be_opened_stays_a_box_and_is_told(host, scene, tmp_path):
    from maya import cmds, world

    scene.has_arnold = True
    cmds.loadPlugin("mtoa", quiet=True)
    for name, kind, attribute, file in (
        ("a", "aiStandIn", "dso", "tree.ass"),
        ("b", "aiStandIn", "dso", "tree2.ass"),
        ("c", "gpuCache", "cacheFileName", ""),
        ("d", "gpuCache", "cacheFileName", str(tmp_path / "gone.abc")),
        ("e", "gpuCache", "cacheFileName", "part.abc"),
    ):
        world.shape(kind, name)
        cmds.setAttr(f"{name}Shape.{attribute}", file, type="string")
    cmds.setAttr("eShape.cacheGeomPath", "|World|barn", type="string")
    told = imports.open_caches(Settings(), COCO, {})
    assert "2 × a aiStandIn of .ass cannot be opened as meshes: drawn as its box" in told
    assert "1 × a gpuCache without file cannot be opened: drawn as its box" in told
    assert "1 × a GPU cache that shows a part of its file cannot be opened: drawn as its box" in told
    assert any("gone.abc cannot be opened (Failed to open layer" in one for one in told) and len(told) == 4
    assert imports.open_caches(Settings(policies={"caches": "box", "standins": "skip"}), COCO, {}) == []
    assert len(cmds.ls(type="gpuCache", noIntermediate=True)) == 3


def test_a_scene_of_labelled_prims_is_no_scene_without_class(host, scene, stage):
    from maya import cmds, world

    world.shape("gpuCache", "wood")
    cmds.setAttr("woodShape.cacheFileName", "wood.abc", type="string")
    told = {finding.words: finding for finding in host.findings()}
    assert "1 thing has no class and will be left unpainted" in told, "the stage's forest is a tree by its label"
    assert "1 × gpuCache drawn as its box by Paint frame, and opened by Render shot" in told
    host.save_settings(Settings(inner={"pine*": "tree"}))
    assert not [finding for finding in host.findings() if "class" in finding.words]


def test_instances_of_a_cache_are_all_opened(host, scene, tmp_path):
    from maya import cmds, world

    (tmp_path / "set.abc").write_text(SET)
    world.shape("gpuCache", "one")
    cmds.setAttr("oneShape.cacheFileName", str(tmp_path / "set.abc"), type="string")
    cmds.instance("one", name="two")
    assert imports.open_caches(Settings(), COCO, {}) == []
    found = cmds.ls(type="mesh", long=True)
    assert {one.split("|")[1] for one in found} == {"one", "two"} and len(found) == 8
    assert not cmds.ls(type="gpuCache", noIntermediate=True)


def test_the_classes_of_a_stage_that_was_not_saved_go_along(host, stage, tmp_path, monkeypatch):
    """What Maya writes of edits in memory into a copy is open; so the request has them."""
    import json

    from maya import cmds, world

    from maya_plugin.host import copies

    camera = world.camera(distance=4.0)
    monkeypatch.setattr(copies, "_program", lambda renderer, arguments: (("mayapy",), {}))
    host.assign({coco("house"): [f"{stage},/World/barn"]})
    command = host.prepare_shot(request(camera, tmp_path))
    prims = json.loads(Path(command.request_file).read_text("utf-8"))["prims"]
    assert prims == {f"{stage},/World/barn": "house", f"{stage},/World/forest": "tree"}
    (copy,) = Path(command.request_file).parent.glob("*.ma")
    cmds.file(str(copy), open=True, force=True)
    assert usd.of_stage(stage, COCO) == {"/World/forest": coco("tree")}, "the fake writes none of them"
    imports.open_caches(Settings(), COCO, prims)
    assert rendered(host, tmp_path, **SEEN)["barn"] == "house"


def test_the_batch_opens_what_the_scene_holds(host, stage, tmp_path, capsys):
    from maya import cmds, world

    from maya_plugin import batch

    world.camera(distance=4.0)
    world.resolution(*SIZE)
    world.shape("gpuCache", "lost")
    host.assign({coco("house"): ["|stage"]})
    host.save_settings(Settings(inner={"rock": "rock"}))
    cmds.file(rename=str(tmp_path / "sh010.ma"))
    cmds.file(save=True, type="mayaAscii")
    arguments = [str(tmp_path / "sh010.ma"), "--unchecked", "--camera", "shotcam", "--frames", "1-1", "--out"]
    assert batch.main([*arguments, str(tmp_path / "out")]) == 0
    told = [event for line in capsys.readouterr().out.splitlines() if (event := events.parse(line))]
    assert "1 × a gpuCache without file cannot be opened: drawn as its box" in told[-1]["notes"]
    (label,) = (tmp_path / "out").rglob("label.0001.png")
    seen = {one for row in decoded(label) for one in row}
    assert {coco("tree"), coco("house")} <= seen, "the label of the forest, and the class of the stage"

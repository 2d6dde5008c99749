"""What a render does in a copy that artists made: locks, strangers, what is missing, and one evaluation a frame."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from maya_plugin.core import machine
from maya_plugin.core.contract import ARNOLD, HARDWARE, Settings, ShotRequest
from shared.errors import SemrenderError
from tests.maya_plugin.conftest import FAKES, ROOT, WHOLE, analytic, coco, decoded, maya_programs, read_png, request
from tests.maya_plugin.pass_scenes import labels_of, painted, rendered


def locked_from_a_reference(scene, *nodes):
    """These nodes come with a reference that has locked them."""
    from maya.scene import Node

    reference = Node("reference", "rigRN")
    reference.values["file"] = "/rigs/rig.ma"
    scene._add(reference)
    for name in nodes:
        scene.one(name)[-1].reference = reference


def test_shapes_of_unknown_plug_ins_are_hidden_and_counted_each_by_its_type(host, scene, shot, tmp_path):
    from maya import cmds, world

    for kind, name, x in (
        ("pgYetiMaya", "fur", 0.0),
        ("pgYetiMaya", "beard", 1.0),
        ("bifrostGraphShape", "foam", -1.0),
    ):
        world.shape(kind, name)
        cmds.move(x, 0.5, 2.0, name)
    world.shape("nurbsCurve", "path")
    world.shape("aiAreaLight", "key")
    report = rendered(request(shot, tmp_path))
    assert decoded(report.labels["masterLayer"]) == analytic()
    assert report.counts == {"pgYetiMaya left out": 2, "bifrostGraphShape left out": 1}, "no curve, no light"
    host.save_settings(Settings(policies={"unknown": "box"}))
    host.assign({coco("person"): ["|fur"]})
    report = rendered(request(shot, tmp_path))
    assert painted(decoded(report.labels["masterLayer"]), "person")
    assert report.counts["pgYetiMaya drawn as boxes"] == 2


@pytest.mark.parametrize("renderer", [HARDWARE, ARNOLD])
def test_a_locked_camera_and_a_locked_rig_refuse_nothing(host, scene, shot, tmp_path, renderer):
    """Row 23: locks that come with a reference cannot be opened."""
    from maya import cmds, world

    world.shape("pfxHair", "hair")
    cmds.move(0.0, 0.5, 2.0, "hair")
    locked = ["shotcamShape.backgroundColor", "shotcamShape.depthOfField", "shotcamShape.renderable"]
    locked += ["shotcamShape.focalLength", "hairShape.visibility", "perspShape.renderable"]
    for plug in locked:
        cmds.setAttr(plug, lock=True)
    locked_from_a_reference(scene, "shotcam", "shotcamShape", "hair", "hairShape", "persp", "perspShape")
    touched = []
    scene.hooks["setAttr"] = lambda plug, *args, **more: touched.append(plug)
    report = rendered(request(shot, tmp_path, renderer=renderer))
    scene.hooks.clear()
    assert decoded(report.labels["masterLayer"]) == analytic()
    assert report.counts == {"hair and fur left out": 1} and not any("cannot be hidden" in one for one in report.notes)
    assert not [plug for plug in touched if "shotcamShape" in plug or "persp" in plug], "cameras are read alone"
    for plug in ("hairShape.lodVisibility", "hairShape.overrideEnabled"):
        cmds.setAttr(plug, lock=True)
    report = rendered(request(shot, tmp_path, renderer=renderer))
    assert "1 things cannot be hidden and draw themselves, such as hairShape" in report.notes


def test_our_camera_sees_what_a_moving_zooming_camera_sees(host, scene, shot, tmp_path):
    """A locked node gives no connection: then its lens is copied at every frame."""
    from maya import world

    world.animate("shotcam", "translateX", {1: 0.0, 3: 1.0})
    world.animate("shotcamShape", "focalLength", {1: 35.0, 3: 50.0})
    asked = request(shot, tmp_path, last=3)
    rendered(asked, [1, 2, 3])
    files = [tmp_path / "out" / "masterLayer" / f"label.000{frame}.png" for frame in (1, 2, 3)]
    moving = [decoded(file) for file in files]
    assert moving[0] == analytic() and moving[0] != moving[1] != moving[2]
    scene.one("shotcamShape")[-1].locked = True
    rendered(asked, [1, 2, 3])
    assert [decoded(file) for file in files] == moving


def test_a_frame_is_evaluated_once_for_all_layers_and_passes(host, scene, shot, tmp_path):
    from maya import world

    layers = (world.layer("front", "tree"), world.layer("back", "river", setup=False))
    times = []
    scene.hooks["currentTime"] = lambda *args, **_: times.extend(args)
    asked = request(shot, tmp_path, layers=layers, last=4, extra=("instance", "beauty"))
    rendered(asked, [1, 2, 3, 4])
    assert times[:4] == [1, 2, 3, 4] and set(times[4:]) <= {1.0}, "and in the end back to where it was"
    for layer in ("front", "back"):
        assert len(list((tmp_path / "out" / layer).glob("*.png"))) == 12


def test_the_beauty_has_the_artists_look_and_the_layers_materials_again_at_every_frame(host, scene, shot, tmp_path):
    """Between two frames of labels: what a layer overrides, hair that labels leave out, no box, the image plane."""
    from maya import cmds, world

    world.shape("pfxHair", "hair")
    world.shape("directionalLight", "sun")
    cmds.move(0.0, 0.5, 2.0, "hair")
    layer = world.layer("front", "tree", "hair")
    world.material_override("all_clay", layer, world.shader("clay", color=(1.0, 0.0, 0.0)))
    cmds.setAttr("hardwareRenderingGlobals.objectTypeFilterValueArray", [1] * 22, type="Int32Array")
    cmds.setAttr("defaultColorMgtGlobals.outputTransformEnabled", False)
    rendered(request(shot, tmp_path, layers=(layer,), extra=("beauty",), last=2), [1, 2])
    for frame in (1, 2):
        file = tmp_path / "out" / "front" / f"beauty.000{frame}.png"
        colors = {pixel[:3] for row in read_png(file) for pixel in row}
        assert any(red > 90 and not green and not blue for red, green, blue in colors), "clay"
        assert (51, 26, 26) in colors, "hair"
        labels = decoded(tmp_path / "out" / "front" / f"label.000{frame}.png")
        assert {one for row in labels for one in row} == {coco("tree"), 255}
    assert cmds.getAttr("all_clay.selfEnabled") is True


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize(
    ("kind", "plug", "leaf"),
    [
        ("aiStandardSurface", "opacity", "outColor"),
        ("aiStandardSurface", "opacity", "outAlpha"),
        ("usdPreviewSurface", "opacity", "outAlpha"),
        ("PxrSurface", "presence", "outAlpha"),
        ("VRayMtl", "opacityMap", "outAlpha"),
        ("RedshiftMaterial", "opacity_color", "outColor"),
        ("lambert", "transparency", "outAlpha"),
    ],
)
def test_leaf_cards_are_cut_whichever_plug_their_opacity_comes_by(host, scene, shot, tmp_path, tells, kind, plug, leaf):
    """Row 11: one number goes into three only by the children; Maya may or may not tell their sources."""
    from maya import cmds, world

    scene.tells_children = tells
    world.shader("leafy", "tree", kind=kind)
    cmds.shadingNode("checker", asTexture=True, name="leaves")
    single = not cmds.attributeQuery(f"{plug}R", node="leafy", exists=True) or kind in (
        "usdPreviewSurface",
        "PxrSurface",
    )
    targets = [f"leafy.{plug}"] if leaf == "outColor" or single else [f"leafy.{plug}{letter}" for letter in "RGB"]
    for target in targets:
        cmds.connectAttr(f"leaves.{leaf}", target)
    report = rendered(request(shot, tmp_path))
    tree = sum(one == coco("tree") for row in decoded(report.labels["masterLayer"]) for one in row)
    whole = sum(one == coco("tree") for row in analytic() for one in row)
    assert report.counts == {"leaf and alpha cards cut out by their transparency": 1}
    assert 0.4 * whole < tree < 0.6 * whole


def test_one_number_into_three_is_refused_by_maya(scene):
    from maya import cmds

    cmds.shadingNode("checker", asTexture=True, name="leaves")
    cmds.shadingNode("surfaceShader", asShader=True, name="flat")
    with pytest.raises(RuntimeError, match="cannot be connected"):
        cmds.connectAttr("leaves.outAlpha", "flat.outTransparency")


def test_materials_of_other_renderers_alone_are_seen(host, scene, shot):
    from maya import cmds

    for plug in ("aiSurfaceShader", "rsSurfaceShader"):
        material = cmds.shadingNode("aiStandardSurface", asShader=True, name=f"of_{plug}")
        group = cmds.sets(name=f"{plug}SG", renderable=True, noSurfaceShader=True, empty=True)
        cmds.connectAttr(f"{material}.outColor", f"{group}.{plug}")
        cmds.sets(["tree" if plug.startswith("ai") else "river"], edit=True, forceElement=group)
    materials = {one.node: one.materials for one in host.objects()}
    assert materials["|tree"] == ("of_aiSurfaceShader",) and materials["|river"] == ("of_rsSurfaceShader",)


def test_templates_and_boxes_of_display_layers_are_surfaces_in_the_copy(host, scene, shot, tmp_path):
    """Row 36; whether Maya's renders follow them is open."""
    from maya import cmds

    from maya_plugin.host import opened

    cmds.createNode("displayLayer", name="animation", skipSelect=True)
    cmds.setAttr("animation.displayType", 1)
    cmds.connectAttr("animation.drawInfo", "tree.drawOverride")
    cmds.setAttr("river.overrideEnabled", True)
    cmds.setAttr("river.overrideShading", False)
    assert labels_of(host, shot, tmp_path) != analytic()
    assert opened.made_ready(request(shot, tmp_path), []) == []
    assert labels_of(host, shot, tmp_path) == analytic()


def test_layers_come_in_the_order_that_the_artist_has_given_them(host, scene, shot):
    from maya import cmds, world

    for name in ("one", "two", "three"):
        world.layer(name, "tree")
    scene.layer_order = ["three", "one", "two"]
    assert [one.name for one in host.layers()] == ["three", "one", "two", "masterLayer"]
    scene.reset()
    for order, name in enumerate(("old", "new"), 1):
        cmds.setAttr(f"{world.layer(name, setup=False)}.displayOrder", order)
    assert [one.name for one in host.layers()] == ["new", "old", "masterLayer"], "new ones lie on top"


# The copy


def prepared(host, shot, tmp_path, monkeypatch, **more):
    maya_programs(tmp_path / "maya", monkeypatch)
    return host.prepare_shot(replace(ShotRequest(str(tmp_path / "out"), shot, 1, 2, (WHOLE,)), **more))


def test_a_binary_scene_with_unknown_nodes_is_copied_in_its_own_type(host, scene, shot, tmp_path, monkeypatch):
    from maya import cmds

    cmds.createNode("unknown", name="turtle", skipSelect=True)
    scene.path, scene.file_type = str(tmp_path / "sh010.mb"), "mayaBinary"
    (tmp_path / "sh010__hair.xgen").write_text("Palette")
    command = prepared(host, shot, tmp_path, monkeypatch)
    folder = Path(command.request_file).parent
    assert (folder / "sh010.mb").is_file() and (folder / "sh010__hair.xgen").is_file(), "as XGen looks for it"
    scene.missing_plugins.add("mtoaOld")
    scene.hooks["file"] = unknown_data
    with pytest.raises(SemrenderError, match="holds what this Maya does not know") as caught:
        prepared(host, shot, tmp_path, monkeypatch)
    assert "mtoaOld" in caught.value.cause and "Optimize Scene Size" in caught.value.remedy


def unknown_data(*args, exportAll=False, **_):
    if exportAll:
        raise RuntimeError("This file contains unknown data which is preventing Maya from changing the file format.")


def test_the_studios_pythonpath_comes_after_ours(host, scene, shot, tmp_path, monkeypatch):
    studio = os.pathsep.join(["/studio/maya", "/studio/rez"])
    monkeypatch.setenv("PYTHONPATH", studio)
    path = prepared(host, shot, tmp_path, monkeypatch).environment["PYTHONPATH"].split(os.pathsep)
    assert path[-2:] == ["/studio/maya", "/studio/rez"] and len(path) > 2


def test_each_renderer_has_its_program(host, scene, shot, tmp_path, monkeypatch):
    hardware = prepared(host, shot, tmp_path, monkeypatch).arguments
    assert hardware[0].endswith("bin/maya") and hardware[1:3] == ("-batch", "-command") and "in_maya" in hardware[3]
    arnold = prepared(host, shot, tmp_path, monkeypatch, renderer=ARNOLD).arguments
    assert arnold[0].endswith("bin/mayapy") and arnold[1] == "-m"


def test_a_scene_is_not_copied_for_a_renderer_that_was_tried_in_vain(host, scene, shot, tmp_path, monkeypatch):
    machine.remember_hardware("2023", "no graphics card")
    with pytest.raises(SemrenderError, match="does not draw in a Maya without windows") as caught:
        prepared(host, shot, tmp_path, monkeypatch)
    assert "Arnold" in caught.value.remedy and not (tmp_path / "out").exists()
    prepared(host, shot, tmp_path, monkeypatch, renderer=ARNOLD)


def test_what_is_missing_in_the_opened_copy_is_told_and_a_classed_thing_is_not_missed(host, scene, shot, tmp_path):
    from maya import cmds, world

    from maya_plugin.host import opened

    world.shape("pgYetiMaya", "fur")
    cmds.file(rename=str(tmp_path / "sh010.ma"))
    cmds.file(save=True, type="mayaAscii")
    scene.missing_plugins.add("pgYetiMaya")
    missing = opened.open_copy(str(tmp_path / "sh010.ma"), None)
    assert missing == [
        "plug-ins that the scene needs are not in this Maya: pgYetiMaya",
        "1 nodes are of types that this Maya does not know, such as furShape",
    ]
    asked = replace(request(shot, tmp_path), classed=("|tree", "|river"), shapes={"mesh": 3, "pgYetiMaya": 1})
    assert opened.made_ready(asked, missing)[2:] == ["the session had more than its copy: 1 x pgYetiMaya"]
    cmds.delete("tree")
    with pytest.raises(SemrenderError, match="1 things that have a class are not in the copy"):
        opened.made_ready(asked, missing)
    cmds.delete("shotcam")
    with pytest.raises(SemrenderError, match="the camera shotcam is not in the copy"):
        opened.made_ready(asked, missing)


def test_a_reference_that_is_not_there_is_told(host, scene, tmp_path):
    from maya import cmds

    from maya_plugin.host import opened

    cmds.polyCube(name="hull")
    cmds.file(rename=str(tmp_path / "boat.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(newFile=True, force=True)
    cmds.file(str(tmp_path / "boat.ma"), reference=True, namespace="left")
    cmds.file(rename=str(tmp_path / "sh010.ma"))
    cmds.file(save=True, type="mayaAscii")
    scene.missing_files.add(str(tmp_path / "boat.ma"))
    assert opened.open_copy(str(tmp_path / "sh010.ma"), None) == ["1 references are not loaded: leftRN"]
    with pytest.raises(SemrenderError, match="cannot open the scene"):
        scene.path = ""
        opened.open_copy(str(tmp_path / "none.ma"), None)


def test_a_simulation_without_a_cache_is_told(host, scene, shot, tmp_path):
    from maya import cmds

    from maya_plugin.host import opened

    cmds.createNode("nucleus", name="wind", skipSelect=True)
    asked = replace(request(shot, tmp_path), first=1001, last=1010)
    assert opened.made_ready(asked, []) == [
        "wind simulates without a cache, from before frame 1001 on: cache it, then render"
    ]
    assert opened.made_ready(request(shot, tmp_path), []) == []


@pytest.mark.parametrize(("has_arnold", "code"), [(True, 0), (False, 3)])
def test_where_hardware_draws_nothing_arnold_renders_in_words(host, scene, shot, tmp_path, has_arnold, code):
    """A whole process: mayapy, in which the fake draws nothing, as Autodesk's own tests believe."""
    from maya import cmds

    cmds.file(rename=str(tmp_path / "sh010.ma"))
    cmds.file(save=True, type="mayaAscii")
    environment = {**os.environ, "PYTHONPATH": str(FAKES), "SEMRENDER_FAKE_DRAWS": "maya"}
    command = [sys.executable, "-m", "maya_plugin.batch", str(tmp_path / "sh010.ma"), "--out", str(tmp_path / "out")]
    command += ["--unchecked", "--camera", "shotcam", "--renderer", "hardware", "--frames", "1"]
    if not has_arnold:
        environment["SEMRENDER_FAKE_ARNOLD"] = "none"
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if has_arnold:
        words = "Hardware 2.0 draws nothing here, so Arnold renders the passes: ogsRender draws nothing in mayapy"
        assert words in told[-1]["notes"]
        assert decoded(tmp_path / "out" / "masterLayer" / "label.0001.png") == analytic()
    else:
        assert told[-1]["what"] == "neither Hardware 2.0 nor Arnold renders here"
    with pytest.raises(SemrenderError, match="does not draw in a Maya without windows"):
        machine.check_hardware("2023")

"""What we believe of the render of a shot in a copy: what is drawn, what is connected, what is written."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core.contract import HARDWARE
from tests.contract.asking import check, graphics, question, refuses
from tests.contract.pictures import colours


def _camera() -> str:
    transform = cmds.createNode("transform", name="lens", skipSelect=True)
    cmds.move(0.0, 0.0, 10.0, transform)
    return cmds.ls(cmds.createNode("camera", name="lensShape", parent=transform, skipSelect=True), long=True)[0]


@check
def one_number_does_not_go_into_three() -> None:
    """The cut-out of a leaf card is often one channel; it goes into the children of three."""
    cmds.shadingNode("checker", asTexture=True, name="leaves")
    cmds.shadingNode("surfaceShader", asShader=True, name="flat")
    refuses(lambda: cmds.connectAttr("leaves.outAlpha", "flat.outTransparency"), RuntimeError)
    for letter in "RGB":
        cmds.connectAttr("leaves.outAlpha", f"flat.outTransparency{letter}")
        told = cmds.listConnections(f"flat.outTransparency{letter}", source=True, destination=False, plugs=True)
        assert told == ["leaves.outAlpha"], told
    assert cmds.getAttr("leaves.outAlpha", type=True) in ("float", "double")
    assert cmds.getAttr("leaves.outColor", type=True) in ("float3", "double3")


@check
def a_camera_of_ours_follows_the_lens_of_another() -> None:
    from maya_plugin.host.lens import Follower

    camera = _camera()
    cmds.setAttr(f"{camera}.focalLength", lock=True)
    ours = Follower(camera)
    cmds.setAttr(f"{camera}.focalLength", lock=False)
    cmds.setAttr(f"{camera}.focalLength", 70.0)
    assert cmds.getAttr(f"{ours.shape}.focalLength") == 70.0
    there = cmds.xform(ours.transform, query=True, worldSpace=True, translation=True)
    assert [round(one, 6) for one in there] == [0.0, 0.0, 10.0], there
    ours.close()
    assert cmds.ls("semrender_camera*") == []


@check
def shapes_of_every_plug_in_are_listed() -> None:
    cmds.polyCube(name="box")
    cmds.createNode("transform", name="point", skipSelect=True)
    cmds.createNode("locator", name="pointShape", parent="point", skipSelect=True)
    listed = cmds.ls(shapes=True, long=True, noIntermediate=True, allPaths=True, showType=True)
    kinds = {listed[at]: listed[at + 1] for at in range(0, len(listed), 2)}
    assert kinds["|box|boxShape"] == "mesh" and kinds["|point|pointShape"] == "locator", kinds
    assert cmds.file(query=True, type=True) in (["mayaAscii"], ["mayaBinary"], None)


@check
@graphics
def hardware_writes_normals_and_distances_as_floats() -> None:
    """A file is written; what is in it the server's check and a look at a sphere must tell."""
    from maya_plugin.core.looks import PLAIN
    from maya_plugin.host import keep, renderers
    from maya_plugin.host.coats import Coat, Wardrobe

    camera = _camera()
    cmds.polyCube(name="box")
    with tempfile.TemporaryDirectory() as folder, keep.untouched():
        coats = Wardrobe({Coat((("label", (0, 0, 0)),), PLAIN): ["|box|boxShape"]})
        coats.wear()
        try:
            for kind in ("normal", "depth"):
                target = Path(folder, f"{kind}.exr")
                with renderers.ready(HARDWARE, (64, 36), kind):
                    coats.show(kind)
                    renderers.render(HARDWARE, camera, 1, (64, 36), "defaultRenderLayer", target)
                assert target.read_bytes()[:4] == b"\x76\x2f\x31\x01", "no EXR"
        finally:
            coats.close()


@check
@graphics
def clay_takes_the_light_of_the_scene() -> None:
    """A square that faces a light of intensity 1 straight on is 0.5; 0.25 where that is turned by 60 degrees."""
    from maya_plugin.core.looks import PLAIN
    from maya_plugin.core.render_settings import EXTRAS, Setting
    from maya_plugin.host import keep, renderers
    from maya_plugin.host.coats import Coat, Wardrobe

    camera = _camera()
    cmds.polyPlane(name="square", width=40, height=40, subdivisionsX=1, subdivisionsY=1)
    cmds.setAttr("square.rotate", 90, 0, 0, type="double3")
    above = cmds.createNode("transform", name="sun", skipSelect=True)
    cmds.createNode("directionalLight", name="sunShape", parent=above, skipSelect=True)
    of_eight_bits = [
        Setting("hardwareRenderingGlobals.floatingPointRTEnable", False, EXTRAS, ""),
        Setting("defaultRenderGlobals.imageFormat", 32, EXTRAS, ""),
    ]
    found = []
    with tempfile.TemporaryDirectory() as folder, keep.untouched():
        coats = Wardrobe({Coat((("label", (0, 0, 0)),), PLAIN): ["|square|squareShape"]})
        coats.wear()
        try:
            with renderers.ready(HARDWARE, (64, 36), "shading"), keep.changed(of_eight_bits):
                coats.show("shading")
                for turned in (0, 60):
                    cmds.setAttr("sun.rotate", 0, turned, 0, type="double3")
                    target = Path(folder, f"shading{turned}.png")
                    renderers.render(HARDWARE, camera, 1, (64, 36), "defaultRenderLayer", target)
                    found.append(colours(target.read_bytes()))
        finally:
            coats.close()
    straight, aslant = ({code for color in one for code in color} for one in found)
    assert straight <= {127, 128} and aslant <= {63, 64}, found


@question
def does_hardware_draw_without_windows() -> Any:
    """Run the probe by mayapy and by `maya -batch` (mayabatch), too: "" where it draws."""
    from maya_plugin.host import opened

    return {"batch": bool(cmds.about(batch=True)), "why not": opened.try_hardware()}


@question
def are_the_sources_of_children_told_for_the_whole() -> Any:
    cmds.shadingNode("checker", asTexture=True, name="leaves")
    cmds.shadingNode("surfaceShader", asShader=True, name="flat")
    cmds.connectAttr("leaves.outAlpha", "flat.outTransparencyR")
    return cmds.listConnections("flat.outTransparency", source=True, destination=False, plugs=True) or []


@question
def which_order_have_layers_of_the_old_system() -> Any:
    """`displayOrder` of layers that were made one after the other; the newest lies on top in the editor."""
    made = [cmds.createNode("renderLayer", name=name, skipSelect=True) for name in ("first", "second")]
    return [int(cmds.getAttr(f"{node}.displayOrder")) for node in made]


@question
def which_shapes_does_this_maya_know() -> Any:
    """Types of shapes beyond those that are known to be drawn or not to be."""
    from maya_plugin.core import policy

    return sorted(kind for kind in cmds.allNodeTypes() if kind.endswith("Shape") and policy.seen(kind))


@question
def what_does_arnold_write() -> Any:
    """Whether MtoA has the nodes and attributes that normals, classes and motion need."""
    if not cmds.pluginInfo("mtoa", query=True, loaded=True):
        return "mtoa is not loaded"
    wanted = {
        "aiAOV": ("type", "outputs"),
        "aiStateVector": ("variable", "outValue"),
        "aiSpaceTransform": ("type", "from", "to", "normalize", "outValue"),
        "aiWriteVector": ("input", "aovName", "blend"),
        "aiWriteFloat": ("input", "aovName", "blend"),
        "aiUserDataFloat": ("attribute", "outValue"),
        "aiOptions": ("aovShaders", "motion_frames", "range_type", "renderType", "regionMaxX"),
    }
    known = set(cmds.allNodeTypes())
    lacking = []
    for kind, names in wanted.items():
        if kind not in known:
            lacking.append(kind)
            continue
        node = cmds.createNode(kind, skipSelect=True)
        lacking += [f"{kind}.{name}" for name in names if not cmds.attributeQuery(name, node=node, exists=True)]
    return lacking

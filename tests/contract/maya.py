"""What the plug-in believes of Maya. Each function is one belief; it raises AssertionError where Maya differs.

They run against the fake in tests/maya_plugin/test_contract.py, and inside a real Maya by tools/maya_probe.py, which
writes a report. Each begins with a new scene. A belief that fails there is a bug of the plug-in or of the fake.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maya import cmds

from maya_plugin.core import render_settings
from maya_plugin.core.contract import ShotRequest
from maya_plugin.core.time_units import NAMED, rational
from shared import label_code
from shared.label_set import load_label_set

Check = Callable[[], None]
CHECKS: list[Check] = []
NEEDS_GRAPHICS: set[str] = set()


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def new_scene() -> None:
    cmds.file(newFile=True, force=True)


def refuses(action: Callable[[], Any], *kinds: type[Exception]) -> None:
    try:
        action()
    except kinds:
        return
    raise AssertionError(f"Maya did not raise {' or '.join(kind.__name__ for kind in kinds)}")


@check
def nothing_is_none_or_an_empty_list() -> None:
    cmds.polyCube(name="box")
    empty = cmds.sets(name="nobody", empty=True)
    assert cmds.sets(empty, query=True) is None
    assert cmds.listConnections("box.translate") is None
    assert cmds.listRelatives("boxShape", children=True) is None
    assert cmds.ls("nothing_of_this_name") == []
    assert cmds.ls("*.semrenderClass", objectsOnly=True, recursive=True) == []


@check
def values_come_as_we_read_them() -> None:
    cmds.createNode("network", name="note", skipSelect=True)
    cmds.addAttr("note", longName="text", dataType="string")
    assert cmds.getAttr("note.text") is None
    cmds.setAttr("note.text", "words", type="string")
    assert cmds.getAttr("note.text") == "words"
    cmds.polyCube(name="box")
    assert cmds.getAttr("box.translate") == [(0.0, 0.0, 0.0)]
    assert isinstance(cmds.getAttr("hardwareRenderingGlobals.multiSampleEnable"), bool)
    assert cmds.attributeQuery("translate", node="box", exists=True) is True
    assert cmds.attributeQuery("nothing", node="box", exists=True) is False


@check
def members_of_sets_are_nodes_and_faces() -> None:
    cmds.polyCube(name="box")
    made = cmds.sets(name="some", empty=True)
    cmds.sets(["|box"], edit=True, addElement=made)
    assert cmds.ls(cmds.sets(made, query=True) or [], long=True) == ["|box"]
    cmds.sets(["|box"], edit=True, remove=made)
    cmds.sets(["|box.f[0:3]"], edit=True, addElement=made)
    told = cmds.ls(cmds.sets(made, query=True) or [], long=True)
    assert told in (["|box.f[0:3]"], ["|box|boxShape.f[0:3]"]), told
    cmds.sets(["|box.f[1:2]"], edit=True, remove=made)
    left = cmds.ls(cmds.sets(made, query=True) or [], long=True)
    assert [one.rpartition(".")[2] for one in left] == ["f[0]", "f[3]"], left


@check
def shading_groups_share_a_partition() -> None:
    cmds.polyCube(name="box")
    one = cmds.sets(name="oneSG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.sets(["|box|boxShape"], edit=True, forceElement=one)
    assert "box" not in str(cmds.sets("initialShadingGroup", query=True))
    cmds.sets(["|box|boxShape.f[0:1]"], edit=True, forceElement="initialShadingGroup")
    told = cmds.ls(cmds.sets(one, query=True) or [], long=True)
    assert [name.rpartition(".")[2] for name in told] == ["f[2:5]"], told


@check
def an_instance_has_shading_of_its_own() -> None:
    cmds.polyCube(name="box")
    cmds.instance("box", name="again")
    group = cmds.sets(name="ownSG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.sets(["|again|boxShape"], edit=True, forceElement=group)
    assert cmds.ls(cmds.sets(group, query=True) or [], long=True) == ["|again|boxShape"]
    paths = cmds.ls(type=["mesh"], long=True, noIntermediate=True, allPaths=True, showType=True)
    assert sorted(paths[::2]) == ["|again|boxShape", "|box|boxShape"] and set(paths[1::2]) == {"mesh"}


@check
def a_chunk_is_one_undo_step_and_undo_can_be_off_without_a_loss() -> None:
    cmds.polyCube(name="box")
    cmds.undoInfo(openChunk=True, chunkName="ours")
    cmds.setAttr("box.visibility", False)
    cmds.move(1.0, 0.0, 0.0, "box")
    cmds.undoInfo(closeChunk=True)
    cmds.undoInfo(stateWithoutFlush=False)
    cmds.move(2.0, 0.0, 0.0, "box")
    cmds.move(1.0, 0.0, 0.0, "box")
    cmds.undoInfo(stateWithoutFlush=True)
    assert cmds.undoInfo(query=True, undoName=True) == "ours"
    cmds.undo()
    assert cmds.getAttr("box.visibility") is True and cmds.getAttr("box.translate") == [(0.0, 0.0, 0.0)]
    cmds.redo()
    assert cmds.getAttr("box.translate") == [(1.0, 0.0, 0.0)]


@check
def locks_and_connections_refuse() -> None:
    cmds.polyCube(name="box")
    cmds.polyCube(name="other")
    cmds.setAttr("box.visibility", lock=True)
    refuses(lambda: cmds.setAttr("box.visibility", False), RuntimeError)
    cmds.connectAttr("other.translate", "box.translate")
    refuses(lambda: cmds.connectAttr("other.scale", "box.translate"), RuntimeError)
    refuses(lambda: cmds.setAttr("box.translate", 1.0, 1.0, 1.0, type="double3"), RuntimeError)
    assert cmds.listConnections("box.translate", source=True, destination=False, plugs=True) == ["other.translate"]


@check
def a_locked_node_keeps_its_values_open() -> None:
    cmds.createNode("network", name="note", skipSelect=True)
    cmds.addAttr("note", longName="text", dataType="string")
    cmds.lockNode("note", lock=True)
    cmds.setAttr("note.text", "words", type="string")
    refuses(lambda: cmds.delete("note"), RuntimeError)


@check
def an_unknown_type_is_refused_by_ls() -> None:
    assert "mesh" in cmds.allNodeTypes() and "noSuchType" not in cmds.allNodeTypes()
    refuses(lambda: cmds.ls(type="noSuchType"), RuntimeError)


@check
def names_with_an_attribute_are_found_in_every_namespace() -> None:
    made = cmds.sets(name="tagged", empty=True)
    cmds.addAttr(made, longName="semrenderClass", dataType="string")
    assert cmds.ls("*.semrenderClass", objectsOnly=True, recursive=True) == ["tagged"]


@check
def the_selection_has_full_names() -> None:
    cmds.polyCube(name="box")
    cmds.select(["box", "box.f[0:1]"], replace=True)
    told = cmds.ls(selection=True, long=True)
    assert told[0] == "|box" and told[1] in ("|box.f[0:1]", "|box|boxShape.f[0:1]"), told
    cmds.select(clear=True)
    assert cmds.ls(selection=True, long=True) == []


@check
def a_copy_of_the_scene_is_written_without_a_trace() -> None:
    cmds.polyCube(name="box")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "copy.ma").as_posix()
        cmds.file(path, exportAll=True, type="mayaAscii", preserveReferences=True, force=True)
        assert cmds.file(query=True, sceneName=True) == "" and cmds.file(query=True, modified=True) is True
        cmds.file(path, open=True, force=True)
        assert cmds.ls("box", long=True) == ["|box"]
        new_scene()


@check
def the_default_layer_hangs_on_the_layer_manager() -> None:
    assert "defaultRenderLayer" in (cmds.listConnections("renderLayerManager.renderLayerId", type="renderLayer") or [])
    assert cmds.editRenderLayerGlobals(query=True, currentRenderLayer=True) == "defaultRenderLayer"


@check
def every_setting_of_hardware_2_exists() -> None:
    needed = [one.attribute.split(".") for one in render_settings.HARDWARE_LABELS if not one.optional]
    missing = [name for node, name in needed if not cmds.attributeQuery(name, node=node, exists=True)]
    assert missing == [], missing
    names = cmds.getAttr("hardwareRenderingGlobals.objectTypeFilterNameArray")
    values = cmds.getAttr("hardwareRenderingGlobals.objectTypeFilterValueArray")
    assert len(names) == len(values) and "Polygons" in names, names


@check
def time_units_have_the_names_we_know() -> None:
    before = cmds.currentUnit(query=True, time=True)
    try:
        for unit in (*NAMED, "23.976fps", "29.97fps", "59.94fps", "48fps"):
            if unit == "48fps":
                continue  # Maya tells it as "show"
            cmds.currentUnit(time=unit)
            assert cmds.currentUnit(query=True, time=True) == unit
            rational(unit)
    finally:
        cmds.currentUnit(time=before)


@check
def a_matrix_of_another_time() -> None:
    """In centimetres, asked without going there; a camera has the attributes that say what its picture covers."""
    transform = cmds.createNode("transform", name="lens", skipSelect=True)
    camera = cmds.createNode("camera", name="lensShape", parent=transform, skipSelect=True)
    cmds.move(1.0, 2.0, 3.0, transform)
    now = cmds.currentTime(query=True)
    found = cmds.getAttr(f"{camera}.worldMatrix[0]", time=now + 5)
    assert [round(one, 6) for one in found] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 2, 3, 1], found
    assert cmds.currentTime(query=True) == now
    assert cmds.upAxis(query=True, axis=True) in ("y", "z")
    names = ("horizontalFilmOffset", "verticalFilmOffset", "cameraScale", "lensSqueezeRatio", "filmFit", "orthographic")
    values = [cmds.getAttr(f"{camera}.{name}", time=now) for name in names]
    assert values[:4] == [0, 0, 1, 1] and values[5] in (False, 0), values


@check
def class_colours_come_off_again() -> None:
    from maya_plugin.host import look
    from maya_plugin.host.session import MayaHost

    host = MayaHost()
    for name in ("one", "two"):
        cmds.polyCube(name=name)
    group = cmds.sets(name="facesSG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.sets(["|two|twoShape.f[0:2]"], edit=True, forceElement=group)
    tree = load_label_set("coco_stuff").find("tree").id
    host.assign({tree: ["|one", "|two.f[1:4]"]})
    before = look.worn()
    host.show_classes(True)
    host.show_classes(False)
    assert look.worn() == before


@check
def every_code_survives_hardware_2() -> None:
    """16 x 16 squares, one per code: the picture must hold all 256 codes and nothing else."""
    from maya_plugin.core.looks import Traits
    from maya_plugin.host import keep, look, renderers

    transform = cmds.createNode("transform", name="lens", skipSelect=True)
    camera = cmds.ls(cmds.createNode("camera", name="lensShape", parent=transform, skipSelect=True), long=True)[0]
    cmds.move(0.0, 0.0, 20.0, transform)
    coats = {}
    for code in range(256):
        name = f"square{code}"
        cmds.polyPlane(name=name, width=0.4, height=0.4, subdivisionsX=1, subdivisionsY=1)
        cmds.setAttr(f"{name}.rotate", 90, 0, 0, type="double3")
        cmds.move((code % 16 - 7.5) * 0.5, (code // 16 - 7.5) * 0.5, 0.0, name)
        red, green, blue = (value / 255 for value in label_code.encode(code))
        shape = (cmds.listRelatives(name, shapes=True, fullPath=True) or [""])[0]  # squareShape7, not square7Shape
        coats[look.Coat((red, green, blue), Traits())] = [shape]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "codes.png")
        set_up = renderers.ready("hardware", camera, (128, 128), "label", label_code.encode(255))
        with keep.untouched(), set_up, look.worn_for_a_pass(coats):
            renderers.render("hardware", camera, 1, (128, 128), "defaultRenderLayer", target)
        found = colours(target.read_bytes())
    table = {label_code.encode(code) for code in range(256)}
    assert found <= table, f"{len(found - table)} colours are no code, such as {sorted(found - table)[:3]}"
    assert found == table, f"{len(table - found)} codes are missing"


@check
def a_preview_is_exact_and_leaves_no_trace() -> None:
    from maya_plugin.host.session import MayaHost

    host = MayaHost()
    cmds.polyCube(name="box")
    transform = cmds.createNode("transform", name="lens", skipSelect=True)
    camera = cmds.ls(cmds.createNode("camera", name="lensShape", parent=transform, skipSelect=True), long=True)[0]
    cmds.move(0.0, 0.0, 8.0, transform)
    tree = load_label_set("coco_stuff").find("tree").id
    host.assign({tree: ["|box"]})
    cmds.setAttr("hardwareRenderingGlobals.multiSampleEnable", True)
    cmds.file(modified=False)
    last, nodes = cmds.undoInfo(query=True, undoName=True), sorted(cmds.ls())
    with tempfile.TemporaryDirectory() as folder:
        asked = ShotRequest(folder, camera, 1, 1, ("defaultRenderLayer",), width=64, height=36)
        report = host.render_preview(asked)
        found = colours(Path(report.labels["masterLayer"]).read_bytes())
    assert found == {label_code.encode(tree), label_code.encode(255)}, found
    assert cmds.file(query=True, modified=True) is False
    assert cmds.undoInfo(query=True, undoName=True) == last and sorted(cmds.ls()) == nodes
    assert cmds.getAttr("hardwareRenderingGlobals.multiSampleEnable") is True


NEEDS_GRAPHICS.update({"every_code_survives_hardware_2", "a_preview_is_exact_and_leaves_no_trace"})


def colours(data: bytes) -> set[tuple[int, int, int]]:
    """All colours of an 8-bit RGB or RGBA PNG with any filter (PNG specification, section 9)."""
    at, body, header = 8, b"", (0, 0, 0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBB", chunk[:10])
        elif kind == b"IDAT":
            body += chunk
        at += 12 + length
    width, height, bits, kind_of_colour = header
    assert bits == 8 and kind_of_colour in (2, 6), "no 8-bit RGB"
    step = 4 if kind_of_colour == 6 else 3
    raw, before = zlib.decompress(body), bytes(width * step)
    found: set[tuple[int, int, int]] = set()
    for y in range(height):
        start = y * (1 + width * step)
        method, row = raw[start], bytearray(raw[start + 1 : start + 1 + width * step])
        for x in range(len(row)):
            left, corner = (row[x - step], before[x - step]) if x >= step else (0, 0)
            row[x] = (row[x] + _predicted(method, left, before[x], corner)) & 255
        found.update((row[x], row[x + 1], row[x + 2]) for x in range(0, len(row), step))
        before = bytes(row)
    return found


def _predicted(method: int, left: int, above: int, corner: int) -> int:
    if method == 4:
        guess = left + above - corner
        return min((abs(guess - one), order, one) for order, one in enumerate((left, above, corner)))[2]
    return (0, left, above, (left + above) // 2)[method]

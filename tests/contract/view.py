"""What we believe of Viewport 2.0 and its overrides, and of what stays behind when materials are swapped."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from maya import cmds
from maya.api import OpenMaya

from maya_plugin.host import drawings, viewport
from maya_plugin.host.overrides import Color, Drawing
from shared import label_code
from tests.contract.asking import check, graphics, new_scene, question

WHOLE = "defaultRenderLayer"


def code(identity: int) -> Color:
    return cast(Color, tuple(value / 255 for value in label_code.encode(identity)))


def lens(away: float = 8.0) -> str:
    transform = cmds.createNode("transform", name="lens", skipSelect=True)
    camera = cmds.createNode("camera", name="lensShape", parent=transform, skipSelect=True)
    cmds.move(0.0, 0.0, away, transform)
    return cmds.ls(camera, long=True)[0]


def drawn(camera: str, drawing: Drawing, size: int = 32) -> list[bytes]:
    return viewport.picture(camera, 1, (size, size), WHOLE, code(255), drawing)


def codes(rows: Sequence[bytes]) -> set[tuple[int, ...]]:
    return {tuple(row[x : x + 3]) for row in rows for x in range(0, len(row), 4)}


@check
def the_current_namespace_is_no_step_of_undo() -> None:
    space = OpenMaya.MNamespace
    space.addNamespace("work")
    cmds.polyCube(name="box")
    last = cmds.undoInfo(query=True, undoName=True)
    space.setCurrentNamespace(":work")
    assert cmds.undoInfo(query=True, undoName=True) == last and space.currentNamespace() == ":work"
    assert cmds.createNode("network", name="note", skipSelect=True) == "work:note"
    space.setCurrentNamespace(":")
    assert cmds.objExists(":work:note") and not cmds.objExists(":note")


@check
@graphics
def every_code_survives_the_viewport() -> None:
    """256 squares in 256 colours by one operation each, whatever Hardware 2.0 and colour management are set to."""
    camera, shapes = lens(20.0), {}
    for identity in range(255):
        name = f"square{identity}"
        cmds.polyPlane(name=name, width=0.4, height=0.4, subdivisionsX=1, subdivisionsY=1)
        cmds.setAttr(f"{name}.rotate", 90, 0, 0, type="double3")
        cmds.move((identity % 16 - 7.5) * 0.5, (identity // 16 - 7.5) * 0.5, 0.0, name)
        shapes[code(identity)] = [(cmds.listRelatives(name, shapes=True, fullPath=True) or [""])[0]]
    cmds.setAttr("hardwareRenderingGlobals.multiSampleEnable", True)
    found = codes(drawn(camera, Drawing(shapes), 128))
    table = {label_code.encode(identity) for identity in range(256)}
    assert found == table, f"{len(found - table)} colours are no code, {len(table - found)} codes are missing"


@check
@graphics
def triangles_are_as_exact_and_lie_in_the_same_depth() -> None:
    """Faces of a mesh, a box before it, and a shape of an object set behind it."""
    camera = lens()
    cmds.polyPlane(name="strips", width=4, height=4, subdivisionsX=1, subdivisionsY=2)
    cmds.setAttr("strips.rotate", 90, 0, 0, type="double3")
    cmds.polyCube(name="behind", width=20, height=20, depth=1)
    cmds.move(0, 0, -4, "behind")
    cmds.polyCube(name="before", width=1, height=1, depth=1)
    cmds.move(0, 0, 2, "before")
    strips: Mapping[str, Any] = {"|strips|stripsShape": [(code(1), None), (code(2), (1, 1))]}
    made = Drawing({code(3): ["|behind|behindShape"]}, strips, {code(4): drawings.box("|before|beforeShape")})
    rows = drawn(camera, made)
    assert codes(rows) == {label_code.encode(identity) for identity in (1, 2, 3, 4)}, codes(rows)
    middle = rows[16][64:67]
    assert tuple(middle) == label_code.encode(4), "the box lies before the mesh"


@check
@graphics
def a_frame_and_shown_classes_leave_nothing_behind_on_a_reference() -> None:
    from maya_plugin.core.contract import ShotRequest
    from maya_plugin.host.session import MayaHost
    from shared.label_set import load_label_set

    host, tree = MayaHost(), load_label_set("coco_stuff").find("tree").id
    with tempfile.TemporaryDirectory() as folder:
        refer(folder)
        camera = lens()
        host.assign({tree: ["|asset:box"]})
        before = (traces(), cmds.undoInfo(query=True, undoName=True), sorted(cmds.ls()))
        cmds.file(modified=False)
        host.render_preview(ShotRequest(folder, camera, 1, 1, (WHOLE,), width=32, height=32))
        host.show_classes(True)
        host.show_classes(False)
        assert (traces(), cmds.undoInfo(query=True, undoName=True), sorted(cmds.ls())) == before
        assert not cmds.file(query=True, modified=True)
        new_scene()


@question
def what_a_swap_of_materials_leaves_on_a_reference() -> dict[str, int]:
    """For the record: what versions before did, and the process of a shot still does on its copy."""
    with tempfile.TemporaryDirectory() as folder:
        refer(folder)
        before = traces()
        flat = cmds.sets(name="flatSG", renderable=True, noSurfaceShader=True, empty=True)
        had = {group: cmds.sets(group, query=True) or [] for group in cmds.ls(type="shadingEngine")}
        cmds.sets(["|asset:box|asset:boxShape"], edit=True, forceElement=flat)
        for group, members in had.items():
            if members:
                cmds.sets(members, edit=True, forceElement=group)
        after = traces()
        new_scene()
    return {"edits": after[0] - before[0], "groupId": after[1] - before[1]}


@question
def how_the_viewport_draws() -> dict[str, Any]:
    """Which row is first, and whether an object set tells instances and faces apart."""
    camera = lens()
    cmds.polyPlane(name="left", width=2, height=2, subdivisionsX=1, subdivisionsY=2)
    cmds.setAttr("left.rotate", 90, 0, 0, type="double3")
    cmds.instance("left", name="right")
    cmds.move(-2, 0, 0, "left")
    cmds.move(2, 0, 0, "right")
    try:
        one = drawn(camera, Drawing({code(1): ["|left|leftShape"]}))
        faces = drawn(camera, Drawing({code(1): ["|left|leftShape.f[0]"]}))
    except Exception as error:  # no graphics here
        return {"nothing": str(error)}
    left, right = ({tuple(row[4 * x : 4 * x + 3]) for row in one} for x in (8, 24))
    count = sum(tuple(row[32:35]) == label_code.encode(1) for row in faces)
    return {
        "rows from below": viewport._from_below[0],
        "override by the attribute alone": bool(viewport._by_attribute),
        "instances apart": label_code.encode(1) in left and label_code.encode(1) not in right,
        "rows of one face of two": count,
        "rows of both": sum(tuple(row[32:35]) == label_code.encode(1) for row in one),
    }


@question
def whether_the_override_of_a_panel_is_saved() -> bool:
    """Scene files of others hold the names of their overrides: ours is taken off while a file is written."""
    from maya_plugin.host.session import MayaHost

    host = MayaHost()
    with tempfile.TemporaryDirectory() as folder:
        cmds.file(rename=str(Path(folder) / "shown.ma"))
        try:
            host.show_classes(True)
            cmds.file(save=True, type="mayaAscii", force=True)
        except Exception:  # no windows here
            return False
        finally:
            host.show_classes(False)
        text = (Path(folder) / "shown.ma").read_text(encoding="utf-8", errors="replace")
        new_scene()
    return viewport.CLASSES in text


def refer(folder: str) -> None:
    """A referenced mesh with history, of two materials by faces."""
    cmds.polyCube(name="box")
    group = cmds.sets(name="sideSG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.sets(["|box|boxShape.f[0:1]"], edit=True, forceElement=group)
    file = (Path(folder) / "asset.ma").as_posix()
    cmds.file(rename=file)
    cmds.file(save=True, type="mayaAscii", force=True)
    new_scene()
    cmds.file(file, reference=True, namespace="asset")


def traces() -> tuple[int, int]:
    """(edits of the reference, groupId nodes)."""
    return len(cmds.referenceQuery("assetRN", editStrings=True) or []), len(cmds.ls(type="groupId"))

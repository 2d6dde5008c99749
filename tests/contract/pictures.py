"""What we believe of pictures: settings, class colours, exact codes."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path

from maya import cmds

from maya_plugin.core import render_settings
from maya_plugin.core.contract import ShotRequest
from shared import label_code
from shared.label_set import load_label_set
from tests.contract.asking import check, graphics


@check
def every_setting_of_hardware_2_exists() -> None:
    needed = [one.attribute.split(".") for one in render_settings.HARDWARE_LABELS if not one.optional]
    missing = [name for node, name in needed if not cmds.attributeQuery(name, node=node, exists=True)]
    assert missing == [], missing
    names = cmds.getAttr("hardwareRenderingGlobals.objectTypeFilterNameArray")
    values = cmds.getAttr("hardwareRenderingGlobals.objectTypeFilterValueArray")
    assert len(names) == len(values) and "Polygons" in names, names


@check
@graphics
def class_colours_come_off_again() -> None:
    from maya_plugin.host.objects import shading
    from maya_plugin.host.session import MayaHost

    host = MayaHost()
    for name in ("one", "two"):
        cmds.polyCube(name=name)
    group = cmds.sets(name="facesSG", renderable=True, noSurfaceShader=True, empty=True)
    cmds.sets(["|two|twoShape.f[0:2]"], edit=True, forceElement=group)
    tree = load_label_set("coco_stuff").find("tree").id
    host.assign({tree: ["|one", "|two.f[1:4]"]})
    before = shading()
    host.show_classes(True)
    assert shading() == before and (host.shows_classes() or not cmds.getPanel(type="modelPanel"))
    host.show_classes(False)
    assert shading() == before and not host.shows_classes()


@check
@graphics
def every_code_survives_hardware_2() -> None:
    """16 x 16 squares, one per code: the picture must hold all 256 codes and nothing else."""
    from maya_plugin.core.looks import Traits
    from maya_plugin.host import keep, renderers
    from maya_plugin.host.coats import Coat, Wardrobe

    transform = cmds.createNode("transform", name="lens", skipSelect=True)
    camera = cmds.ls(cmds.createNode("camera", name="lensShape", parent=transform, skipSelect=True), long=True)[0]
    cmds.move(0.0, 0.0, 20.0, transform)
    coats = {}
    for code in range(256):
        name = f"square{code}"
        cmds.polyPlane(name=name, width=0.4, height=0.4, subdivisionsX=1, subdivisionsY=1)
        cmds.setAttr(f"{name}.rotate", 90, 0, 0, type="double3")
        cmds.move((code % 16 - 7.5) * 0.5, (code // 16 - 7.5) * 0.5, 0.0, name)
        shape = (cmds.listRelatives(name, shapes=True, fullPath=True) or [""])[0]  # squareShape7, not square7Shape
        coats[Coat((("label", label_code.encode(code)),), Traits())] = [shape]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "codes.png")
        red, green, blue = (value / 255 for value in label_code.encode(255))
        cmds.setAttr(f"{camera}.backgroundColor", red, green, blue, type="double3")
        set_up = renderers.ready("hardware", (128, 128), "label")
        with keep.untouched(), set_up:
            wardrobe = Wardrobe(coats)
            wardrobe.wear()
            wardrobe.show("label")
            renderers.render("hardware", camera, 1, (128, 128), "defaultRenderLayer", target)
            wardrobe.close()
        found = colours(target.read_bytes())
    table = {label_code.encode(code) for code in range(256)}
    assert found <= table, f"{len(found - table)} colours are no code, such as {sorted(found - table)[:3]}"
    assert found == table, f"{len(table - found)} codes are missing"


@check
@graphics
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

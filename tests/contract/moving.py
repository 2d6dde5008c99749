"""What we believe of keys, and what we ask of USD in Maya."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from maya import cmds

from tests.contract.asking import check, question

MESH = """#usda 1.0
(
    defaultPrim = "World"
)
def Xform "World"
{
    def Mesh "barn"
    {
        float3[] extent = [(-1, -1, 0), (1, 1, 0)]
        int[] faceVertexCounts = [4]
        int[] faceVertexIndices = [0, 1, 2, 3]
        point3f[] points = [(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]
    }
}
def Mesh "ground"
{
    float3[] extent = [(-1, -1, 0), (1, 1, 0)]
    int[] faceVertexCounts = [4]
    int[] faceVertexIndices = [0, 1, 2, 3]
    point3f[] points = [(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]
}
"""


@check
def keys_lie_at_their_times_and_single_ones_are_taken_away() -> None:
    cmds.createNode("joint", name="hip", skipSelect=True)
    for time, value in ((1001, 1.0), (1002, 2.0), (1002.5, 3.0)):
        cmds.setKeyframe(
            "hip",
            attribute="translateX",
            time=time,
            value=value,
            inTangentType="linear",
            outTangentType="linear",
        )
    assert cmds.getAttr("hip.translateX", time=1001.5) == 1.5
    drivers = cmds.listConnections("hip.translateX", source=True, destination=False) or []
    assert drivers and cmds.ls(drivers, type="animCurve") == drivers, drivers
    cmds.cutKey("hip", attribute="translateX", time=[(1002, 1002)], clear=True, option="keys")
    assert cmds.keyframe("hip", query=True, attribute="translateX", timeChange=True) == [1001, 1002.5]
    assert cmds.keyframe("hip", query=True, attribute="translateX", valueChange=True) == [1, 3]
    assert cmds.keyframe("hip", query=True, attribute="translateY", timeChange=True) is None
    assert cmds.currentUnit(query=True, linear=True) == "cm"


@question
def prims_of_usd() -> Any:
    """How prims are told and picked, what an import is called, and whether a copy has labels that were not saved."""
    try:
        cmds.loadPlugin("mayaUsdPlugin", quiet=True)
    except RuntimeError as error:
        return str(error)
    from maya_plugin.host import usd
    from shared.label_set import load_label_set

    labels = load_label_set("coco_stuff")
    with tempfile.TemporaryDirectory() as folder:
        file, copy = Path(folder) / "set.usda", Path(folder) / "copy.ma"
        file.write_text(MESH, encoding="utf-8")
        above = cmds.createNode("transform", name="stage", skipSelect=True)
        shape = cmds.createNode("mayaUsdProxyShape", name="stageShape", parent=above, skipSelect=True)
        cmds.setAttr(f"{shape}.filePath", file.as_posix(), type="string")
        proxy = cmds.ls(shape, long=True)[0]
        given = usd.give([f"{proxy},/World/barn"], "house", labels.name)
        cmds.select([f"{proxy},/World/barn"], replace=True)
        told = {"selected": cmds.ls(selection=True), "with ufeObjects": usd.selected(), "given": given[0]}
        told["labels"] = usd.of_stage(proxy, labels)
        cmds.mayaUSDImport(file=file.as_posix(), parent=above, primPath="/", readAnimData=True)
        told["imported"] = sorted(cmds.ls(type="mesh", long=True))
        cmds.file(copy.as_posix(), exportAll=True, type="mayaAscii", preserveReferences=True, force=True)
        cmds.file(copy.as_posix(), open=True, force=True)
        told["labels in the copy"] = usd.of_stage(proxy, labels)
        cmds.file(newFile=True, force=True)
    return told

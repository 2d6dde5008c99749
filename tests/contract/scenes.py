"""What we believe of the open scene: undo, selection, copies, time, layers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from maya import cmds

from maya_plugin.core.time_units import NAMED, rational
from tests.contract.asking import check, new_scene


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

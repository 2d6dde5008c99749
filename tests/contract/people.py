"""What we believe of joints and of keys that are set by the API, and what we ask of HumanIK."""

from __future__ import annotations

import math
from typing import Any

from maya import cmds, mel
from maya.api import OpenMaya, OpenMayaAnim

from tests.contract.asking import check, question


@check
def a_joint_turns_in_its_order_then_by_its_orient() -> None:
    """Row vectors: rotate (y first, then x, then z), jointOrient, translate, then what holds it."""
    cmds.createNode("joint", name="hip", skipSelect=True)
    cmds.createNode("joint", name="knee", parent="hip", skipSelect=True)
    cmds.setAttr("hip.rotateOrder", 4)
    cmds.setAttr("hip.rotate", 90, 90, 0, type="double3")
    cmds.setAttr("hip.jointOrient", 0, 0, 90, type="double3")
    cmds.setAttr("knee.translate", 0, 0, 1, type="double3")
    place = cmds.getAttr("knee.worldMatrix[0]")[12:15]
    # z by y to x, by x stays, by the orient to y
    assert math.dist(place, (0, 1, 0)) < 1e-9, place


@check
def keys_of_the_api_lie_beside_others_and_are_taken_back_by_their_change() -> None:
    curve = cmds.createNode("animCurveTA", name="turns", skipSelect=True)
    cmds.createNode("joint", name="hip", skipSelect=True)
    cmds.connectAttr(f"{curve}.output", "hip.rotateX")
    cmds.setKeyframe("hip", attribute="rotateX", time=10, value=5)
    cmds.setKeyframe("hip", attribute="rotateX", time=12, value=6)
    keys = OpenMayaAnim.MFnAnimCurve(OpenMaya.MSelectionList().add(curve).getDependNode(0))
    unit, change = OpenMaya.MTime.uiUnit(), OpenMayaAnim.MAnimCurveChange()
    linear = OpenMayaAnim.MFnAnimCurve.kTangentLinear
    times = OpenMaya.MTimeArray([OpenMaya.MTime(time, unit) for time in (11, 12)])
    keys.addKeys(times, OpenMaya.MDoubleArray([math.pi / 2, math.pi]), linear, linear, True, change)

    def told() -> list[tuple[float, float]]:
        at = cmds.keyframe("hip", query=True, attribute="rotateX", timeChange=True) or []
        values = cmds.keyframe("hip", query=True, attribute="rotateX", valueChange=True) or []
        return [(round(time, 6), round(values[n], 6)) for n, time in enumerate(at)]

    assert told() == [(10, 5), (11, 90), (12, 180)], told()
    keys.remove(0, change)
    assert told() == [(11, 90), (12, 180)], told()
    change.undoIt()
    assert told() == [(10, 5), (12, 6)], told()
    change.redoIt()
    assert told() == [(11, 90), (12, 180)], told()


@check
def keys_keep_their_seconds_when_the_unit_changes_and_an_undo_takes_that_back() -> None:
    cmds.currentUnit(time="film")
    cmds.createNode("joint", name="hip", skipSelect=True)
    cmds.setKeyframe("hip", attribute="translateX", time=48, value=5)
    cmds.currentUnit(time="pal")
    assert cmds.keyframe("hip", query=True, attribute="translateX", timeChange=True) == [50]
    cmds.undo()
    assert cmds.keyframe("hip", query=True, attribute="translateX", timeChange=True) == [48]
    assert cmds.currentUnit(query=True, time=True) == "film"


@check
def a_namespace_that_is_added_goes_with_an_undo() -> None:
    cmds.namespace(addNamespace=":person1")
    made = cmds.createNode("transform", name=":person1:Reference", skipSelect=True)
    assert cmds.ls(made, long=True) == ["|person1:Reference"]
    cmds.undo()
    cmds.undo()
    assert not cmds.namespace(exists=":person1")


@question
def what_humanik_has() -> Any:
    """Which of its procedures there are, and the slots of some names."""
    told: dict[str, Any] = {}
    for name in ("mayaHIK", "mayaCharacterization"):
        try:
            cmds.loadPlugin(name, quiet=True)
        except RuntimeError as error:
            told[name] = str(error)
    for name in ("hikCreateCharacter", "setCharacterObject", "hikSetCharacterObject", "hikCharacterLock"):
        told[name] = bool(mel.eval(f'exists "{name}"'))
    if mel.eval('exists "hikGetNodeIdFromName"'):
        told["slots"] = {name: mel.eval(f'hikGetNodeIdFromName("{name}")') for name in ("Hips", "Spine", "LeftHand")}
    return told

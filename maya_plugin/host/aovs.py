"""Arnold's values beside its picture: an AOV of the right type, for normals and classes the shader that fills it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from maya import cmds

from maya_plugin.core.render_settings import EXTRAS, Setting
from maya_plugin.host.keep import changed

FLOAT, RGB, VECTOR = 4, 5, 7  # arnold.ai_params; an aiAOV left alone is RGB, and Arnold writes a distance three times
# The AOV beside the beauty: the id of a class and 1, because 0 is what Arnold leaves where there is nothing.
CLASS = "class_plus_1"
NO_CLASS = -1
CLASS_ATTRIBUTE = "mtoa_constant_semrender_class"  # of shapes; MtoA hands it on without the first two words

# Values of aiStateVector.variable, aiSpaceTransform.type, .from and .to
NORMAL_OF_THE_SURFACE, A_NORMAL, WORLD, CAMERA = 6, 2, 0, 2


@dataclass(frozen=True)
class Aov:
    name: str
    type: int


# The name says the space: Arnold's own N is in that of the world.
OF_PASS = {"depth": Aov("Z", FLOAT), "motion": Aov("motionvector", RGB), "normal": Aov("camera_normal", VECTOR)}


@contextmanager
def rendered(kind: str) -> Iterator[None]:
    """A pass's AOV, unfiltered, is the only one in the block; beside the beauty it is the class, as a whole number.

    Commands: createNode, connectAttr, setAttr, ls, delete.
    """
    aov = Aov(CLASS, FLOAT) if kind == "beauty" else OF_PASS.get(kind)
    made: list[str] = []
    try:
        others = cmds.ls(type="aiAOV")
        with changed([Setting(f"{one}.enabled", False, EXTRAS, "Arnold > AOVs") for one in others]):
            if aov is not None:
                _make(aov, made)
                writer = {"normal": _normal_writer, "beauty": _class_writer}.get(kind)
                if writer is not None:
                    shader = writer(aov.name, made)
                    cmds.connectAttr(f"{shader}.message", "defaultArnoldRenderOptions.aovShaders", nextAvailable=True)
            yield
    finally:
        if made:
            cmds.delete(made)


def carry_classes(classes: Mapping[str, int]) -> int:
    """Shapes (full paths) carry their class into the beauty, NO_CLASS where they have none; returns how many could not.

    Commands: attributeQuery, addAttr, setAttr.
    """
    refused = 0
    for path, identity in classes.items():
        try:
            if not cmds.attributeQuery(CLASS_ATTRIBUTE, node=path, exists=True):
                cmds.addAttr(path, longName=CLASS_ATTRIBUTE, attributeType="double")
            cmds.setAttr(f"{path}.{CLASS_ATTRIBUTE}", identity + 1.0)
        except RuntimeError:
            refused += 1
    return refused


def _node(kind: str, name: str, made: list[str]) -> str:
    node = cmds.createNode(kind, name=f"semrender_{name}", skipSelect=True)
    made.append(node)
    return node


def _make(aov: Aov, made: list[str]) -> None:
    node = _node("aiAOV", aov.name, made)
    cmds.setAttr(f"{node}.name", aov.name, type="string")
    cmds.setAttr(f"{node}.type", aov.type)
    unfiltered = _node("aiAOVFilter", f"{aov.name}_filter", made)
    cmds.setAttr(f"{unfiltered}.aiTranslator", "closest", type="string")
    cmds.connectAttr("defaultArnoldDriver.message", f"{node}.outputs[0].driver")
    cmds.connectAttr(f"{unfiltered}.message", f"{node}.outputs[0].filter")
    cmds.connectAttr(f"{node}.message", "defaultArnoldRenderOptions.aovList", nextAvailable=True)


def _normal_writer(name: str, made: list[str]) -> str:
    """The normal of every surface in the camera's space: x to the right, y upwards, z towards the viewer."""
    state = _node("aiStateVector", "normal_state", made)
    cmds.setAttr(f"{state}.variable", NORMAL_OF_THE_SURFACE)
    turned = _node("aiSpaceTransform", "normal_turned", made)
    for attribute, value in (("type", A_NORMAL), ("from", WORLD), ("to", CAMERA), ("normalize", True)):
        cmds.setAttr(f"{turned}.{attribute}", value)
    cmds.connectAttr(f"{state}.outValue", f"{turned}.input")
    writer = _node("aiWriteVector", "normal_writer", made)
    cmds.setAttr(f"{writer}.aovName", name, type="string")
    cmds.setAttr(f"{writer}.blend", False)
    cmds.connectAttr(f"{turned}.outValue", f"{writer}.input")
    return writer


def _class_writer(name: str, made: list[str]) -> str:
    """What every shape says its class is."""
    said = _node("aiUserDataFloat", "class_said", made)
    cmds.setAttr(f"{said}.attribute", CLASS_ATTRIBUTE.replace("mtoa_constant_", ""), type="string")
    writer = _node("aiWriteFloat", "class_writer", made)
    cmds.setAttr(f"{writer}.aovName", name, type="string")
    cmds.setAttr(f"{writer}.blend", False)
    cmds.connectAttr(f"{said}.outValue", f"{writer}.input")
    return writer

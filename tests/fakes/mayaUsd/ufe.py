"""mayaUsd.ufe: from the names of the Universal Front End, `|stage|stageShape,/World/tree`, to prims [maya-usd]."""

from maya import usda
from maya.scene import SCENE
from pxr import Usd


def getStage(path):
    """The stage of a proxy shape, or None."""
    found = SCENE.find(path.partition(",")[0])
    if len(found) != 1 or found[0][-1].kind != "mayaUsdProxyShape":
        return None
    node = found[0][-1]
    if node not in SCENE.stages:
        file = node.values.get("filePath")
        SCENE.stages[node] = usda.read(file) if file else usda.Stage("")
    return Usd.Stage(SCENE.stages[node])


def ufePathToPrim(path):
    """The prim; one that is not valid where there is none."""
    stage = getStage(path)
    return Usd.Prim(None if stage is None else stage._stage.prim(path.partition(",")[2]))

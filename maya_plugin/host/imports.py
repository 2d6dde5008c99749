"""Caches opened as meshes, so that what is inside them has classes of its own. Only ever in a copy of the scene.

Alembic (GPU caches, stand-ins) and USD (stages, stand-ins) come in below the node that showed them, at their place in
space and in time; what showed them is no more drawn. A class of that node holds for all that is inside; rules by name
(`Settings.inner`) and the labels of prims say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from maya import cmds

from maya_plugin.core import policy
from maya_plugin.core.contract import SceneObject, Settings
from maya_plugin.core.members import parent
from maya_plugin.core.rules import Rule, match
from maya_plugin.host import classes, usd
from maya_plugin.host.keep import in_root
from maya_plugin.host.objects import CACHE_FILES
from shared.label_set import LabelSet

ALEMBIC = (".abc",)
USD = (".usd", ".usda", ".usdc", ".usdz")


def open_caches(settings: Settings, label_set: LabelSet, prims: Mapping[str, str]) -> list[str]:
    """Open every cache whose kind is to be opened; notes on those that stay as they are, drawn as boxes.

    Args:
        prims: of USD -> class, as the session has them that the scene was copied from.

    Commands: allNodeTypes, ls, getAttr, setAttr, loadPlugin, AbcImport, mayaUSDImport, listRelatives, and those of
    host.classes.
    """
    known = set(cmds.allNodeTypes())
    notes: dict[str, int] = {}
    for kind in (one for one in CACHE_FILES if one in known):
        if not policy.opened(kind, settings.policies):
            continue
        done = set()
        for path in cmds.ls(type=kind, long=True, noIntermediate=True, allPaths=True):
            own = {prim.partition(",")[2]: name for prim, name in prims.items() if prim.startswith(f"{path},")}
            with in_root():
                why = _opened(path, kind, settings, label_set, own)
            if why:
                notes[why] = notes.get(why, 0) + 1
            else:
                done.add(path)
        for path in done:  # the last: an instance has its shape in common with others
            cmds.setAttr(f"{path}.intermediateObject", True)
    return [f"{count} × {why}: drawn as its box" for why, count in notes.items()]


def _opened(path: str, kind: str, settings: Settings, label_set: LabelSet, prims: Mapping[str, str]) -> str:
    """Open one; why not, or an empty text."""
    file = cmds.getAttr(f"{path}.{CACHE_FILES[kind]}") or ""
    suffix = PurePath(file).suffix.lower()
    if kind == "aiStandIn" and cmds.getAttr(f"{path}.useFrameExtension"):
        return "a stand-in of a numbered sequence of files cannot be opened"
    if kind == "gpuCache" and (cmds.getAttr(f"{path}.cacheGeomPath") or "|") != "|":
        return "a GPU cache that shows a part of its file cannot be opened"
    if not file:
        return f"a {kind} without file cannot be opened"
    if suffix not in (*ALEMBIC, *USD):
        return f"a {kind} of {suffix or 'a file without suffix'} cannot be opened as meshes"
    above, start = parent(path), "/"
    if kind == usd.PROXY:
        start = cmds.getAttr(f"{path}.primPath") or "/"
    own = classes.membership(label_set).of(path).whole
    before = set(cmds.listRelatives(above, children=True, fullPath=True) or [])
    try:
        if suffix in ALEMBIC:
            cmds.loadPlugin("AbcImport", quiet=True)
            cmds.AbcImport(file, mode="import", reparent=above)
        else:
            cmds.loadPlugin("mayaUsdPlugin", quiet=True)
            cmds.mayaUSDImport(
                file=file,
                parent=above,
                primPath=start,
                readAnimData=True,
                useAsAnimationCache=True,
                shadingMode=[["none", "default"]],
            )
    except (RuntimeError, AttributeError) as error:
        return f"{PurePath(file).name} cannot be opened ({str(error).strip().splitlines()[0]})"
    tops = [one for one in cmds.listRelatives(above, children=True, fullPath=True) or [] if one not in before]
    if not tops:
        return f"nothing is in {PurePath(file).name}"
    labels = usd.of_stage(path, label_set) if kind == usd.PROXY else {}
    labels.update({prim: label_set.find(name).id for prim, name in prims.items()})
    _give_classes(path, own, tops, settings, label_set, labels)
    return ""


def _give_classes(
    path: str,
    own: int | None,
    tops: list[str],
    settings: Settings,
    label_set: LabelSet,
    labels: Mapping[str, int],
) -> None:
    """What the whole had, what the names inside say, and what the labels of prims say: the later goes before."""
    above = parent(path)
    if own is not None and classes.membership(label_set).of(tops[0]).whole != own:
        classes.assign({own: tops}, label_set)  # the class was the shape's, which is no more drawn
    rules = [Rule(pattern, name) for pattern, name in settings.inner.items()]
    inside = cmds.listRelatives(tops, allDescendents=True, fullPath=True, type="mesh") or []
    things = [SceneObject(one[len(above) :], parent(one), "mesh") for one in inside]
    classes.assign(match(rules, things, label_set), label_set)
    found: dict[int, dict[int, list[str]]] = {}
    for prim, identity in labels.items():
        node = f"{above}{prim.replace('/', '|')}"
        if cmds.objExists(node):
            found.setdefault(prim.count("/"), {}).setdefault(identity, []).append(node)
    for depth in sorted(found):  # what is below comes after: an assignment takes the classes of all below
        classes.assign(found[depth], label_set)

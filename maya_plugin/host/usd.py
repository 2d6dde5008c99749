"""Classes on prims of USD: `token[] semantics:labels:<label set> = ["tree"]`, with the schema SemanticsLabelsAPI.

This is how OpenUSD itself (UsdSemantics.LabelsAPI) and Omniverse write what a prim is; a label set is a taxonomy. The
attribute and the schema's name are written by hand: the USD of Maya up to 2025 does not have that schema yet. A prim
hands its class down as a group does. Labels of other taxonomies are read where they are names of classes, so that what
an asset says of itself holds, but the scene's own set goes before them.

A prim is named as Maya's Universal Front End does: `|stage|stageShape,/World/tree`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from maya import cmds

from maya_plugin.core.contract import SceneObject
from maya_plugin.core.cryptomatte_names import PRIM
from maya_plugin.core.members import is_prim
from maya_plugin.core.refusal import HostRefused
from maya_plugin.core.sun import Light, distant, turned
from maya_plugin.host.tracks import matrix
from shared.label_set import LabelSet
from shared.wording import counted

if TYPE_CHECKING:
    from pxr import Usd

SCHEMA = "SemanticsLabelsAPI"
LABELS = "semantics:labels"
PROXY = "mayaUsdProxyShape"
DISTANT = ("intensity", "exposure", "angle", "normalize")  # inputs of a DistantLight, each with a value by its schema


def selected() -> list[str]:
    """The selected prims. Commands: ls."""
    return [one for one in cmds.ls(selection=True, ufeObjects=True, long=True) if is_prim(one)]


def give(prims: Iterable[str], name: str, taxonomy: str) -> tuple[int, list[str]]:
    """Give prims a class; what is below them loses its own. How many have it, and notes. Raises HostRefused.

    The edits are Maya's undo's, in the layer that the artist edits.
    """
    return _edit(prims, taxonomy, name)


def take(prims: Iterable[str], taxonomy: str) -> tuple[int, list[str]]:
    """Take the class of prims, and of what is below them, away. Raises HostRefused."""
    return _edit(prims, taxonomy, "")


def labelled(label_set: LabelSet) -> dict[str, int]:
    """Every prim that has a class of its own -> its class. Commands: allNodeTypes, ls; looks at every prim."""
    found: dict[str, int] = {}
    for proxy in proxies():
        found.update({f"{proxy},{path}": identity for path, identity in of_stage(proxy, label_set).items()})
    return found


def things(label_set: LabelSet) -> tuple[SceneObject, ...]:
    """The prims that have a class of their own, as things with a name."""
    return tuple(
        SceneObject(prim.partition(",")[2].replace("/", "|"), prim, PRIM, class_id=identity)
        for prim, identity in labelled(label_set).items()
    )


def proxies() -> list[str]:
    """The shapes that show a stage, by full path. Commands: allNodeTypes, ls."""
    known = PROXY in cmds.allNodeTypes()  # ls refuses types of plug-ins that are not loaded
    return cmds.ls(type=PROXY, long=True, noIntermediate=True) if known else []


def distant_lights(frame: int) -> list[Light]:
    """The visible lights of USD that shine from one direction, along their -z. Commands: allNodeTypes, ls, getAttr."""
    found: list[Light] = []
    shown = proxies()
    for proxy in cmds.ls(*shown, visible=True, long=True) if shown else []:
        from mayaUsd import ufe
        from pxr import UsdGeom

        stage, placed = ufe.getStage(proxy), UsdGeom.XformCache(frame)
        for prim in stage.Traverse() if stage is not None else ():
            if prim.GetTypeName() != "DistantLight" or UsdGeom.Imageable(prim).ComputeVisibility(frame) == "invisible":
                continue
            said = [prim.GetAttribute(f"inputs:{name}").Get(frame) for name in DISTANT]
            z = placed.GetLocalToWorldTransform(prim).GetRow(2)
            found.append(Light(prim.GetName(), turned((z[0], z[1], z[2]), matrix(proxy, frame)), distant(*said)))
    return found


def of_stage(proxy: str, label_set: LabelSet) -> dict[str, int]:
    """Path of a prim -> class, of those of a stage that have one of their own, parents first."""
    from mayaUsd import ufe

    stage = ufe.getStage(proxy)
    found = {}
    for prim in stage.Traverse() if stage is not None else ():
        identity = _class_of(prim, label_set)
        if identity is not None:
            found[str(prim.GetPath())] = identity
    return found


def _class_of(prim: Usd.Prim, label_set: LabelSet) -> int | None:
    own = f"{LABELS}:{label_set.name}"
    attributes = prim.GetPropertiesInNamespace(LABELS)
    for attribute in sorted(attributes, key=lambda one: one.GetName() != own):
        for word in attribute.Get() or ():
            label = label_set.get(str(word))
            if label is not None:
                return label.id
    return None


def _reason(text: str) -> str:
    """What USD says, without the place in its own source."""
    found = re.search(r" : '(.+)'", text, re.DOTALL)
    return found[1] if found else text


def _edit(prims: Iterable[str], taxonomy: str, name: str) -> tuple[int, list[str]]:
    from mayaUsd import lib, ufe
    from pxr import Tf

    done, inside = 0, 0
    try:
        with lib.UsdUndoBlock():
            for path in prims:
                prim = ufe.ufePathToPrim(path)
                if not prim.IsValid() or prim.IsInstanceProxy():
                    inside += 1
                    continue
                _write(prim, taxonomy, name)
                done += 1
    except Tf.ErrorException as error:
        raise HostRefused(
            "the class cannot be written on a prim",
            cause=_reason(str(error)),
            remedy="Choose a layer of the stage that can be edited as the edit target, in the USD Layer Editor",
        ) from None
    words = "prim is no more there, or below an instance, whose prims cannot be edited"
    return done, [counted(inside, words, words.replace("prim is", "prims are", 1))] if inside else []


def _write(prim: Usd.Prim, taxonomy: str, name: str) -> None:
    from pxr import Sdf, Usd

    schema, attribute = f"{SCHEMA}:{taxonomy}", f"{LABELS}:{taxonomy}"
    for below in Usd.PrimRange(prim):
        if not below.IsInstanceProxy() and below.GetAttribute(attribute).Get():
            below.GetAttribute(attribute).Block()  # a layer below this may say it, which cannot be taken away
            if schema in below.GetAppliedSchemas():
                below.RemoveAppliedSchema(schema)
    if name:
        prim.AddAppliedSchema(schema)
        prim.CreateAttribute(attribute, Sdf.ValueTypeNames.TokenArray, False).Set([name])

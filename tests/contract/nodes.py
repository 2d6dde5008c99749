"""What we believe of nodes, attributes, sets and names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from maya import cmds

from tests.contract.asking import check, new_scene, question, refuses


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


@question
def what_a_duplicate_keeps() -> dict[str, bool]:
    """Whether a copy is in the sets of its original, and has its added attributes: a class is a membership."""
    cmds.polyCube(name="box")
    made = cmds.sets(name="some", empty=True)
    cmds.sets(["|box"], edit=True, addElement=made)
    cmds.addAttr("box", longName="note", dataType="string")
    cmds.setAttr("box.note", "words", type="string")
    copy = cmds.duplicate("box", name="copy")[0]
    members = cmds.ls(cmds.sets(made, query=True) or [], long=True)
    has = cmds.attributeQuery("note", node=copy, exists=True)
    return {"set": f"|{copy}" in members, "attribute": has and cmds.getAttr(f"{copy}.note") == "words"}


@question
def what_is_left_of_a_set_on_referenced_things_after_reopening() -> dict[str, Any]:
    """Whole things and faces of a referenced mesh in a set of the scene, before it is saved and after it is opened."""
    with tempfile.TemporaryDirectory() as folder:
        asset, shot = (Path(folder, name).as_posix() for name in ("asset.ma", "shot.ma"))
        for name in ("box", "other"):
            cmds.polyCube(name=name)
        cmds.file(rename=asset)
        cmds.file(save=True, type="mayaAscii", force=True)
        new_scene()
        cmds.file(asset, reference=True, namespace="a")
        made = cmds.sets(name="some", empty=True)
        cmds.sets(["|a:box", "|a:other.f[0:1]"], edit=True, addElement=made)
        before = cmds.ls(cmds.sets(made, query=True) or [], long=True)
        cmds.file(rename=shot)
        cmds.file(save=True, type="mayaAscii", force=True)
        cmds.file(shot, open=True, force=True)
        after = cmds.ls(cmds.sets(made, query=True) or [], long=True)
        new_scene()
    return {"before": before, "after": after}

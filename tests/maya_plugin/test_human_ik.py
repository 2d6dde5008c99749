"""HumanIK characters of skeletons: defined where this Maya can, told in words where it cannot."""

import pytest

from maya_plugin.core.contract import Wishes
from tests.maya_plugin.skeleton_scenes import document, furthest

pytestmark = pytest.mark.usefixtures("plugin")


def test_a_humanik_character_is_defined_on_the_t_pose(host, scene, write):
    from maya import cmds

    done = host.import_joints(write(document()), Wishes(characterize=True))
    assert done.notes == () and set(scene.locked_characters) == {"person1"}
    assert cmds.currentTime(query=True) == 1
    assert scene.characters["person1"][11] == cmds.ls("person1:LeftHand", long=True)[0]
    assert scene.characters["person1"][0] == "|person1:Reference"
    host.import_joints(write(document()), Wishes(characterize=True))
    assert len(cmds.ls(type="HIKCharacterNode")) == 1, "one that is there is left alone"


@pytest.mark.parametrize(
    ("has", "cause"),
    [
        ({"mayaHIK", "setCharacterObject"}, "mayaCharacterization"),
        ({"mayaHIK", "mayaCharacterization"}, "its procedures have other names"),
        (set(), "mayaHIK"),
    ],
)
def test_where_humanik_is_another_the_joints_are_there_and_words_say_how_to_go_on(host, scene, write, has, cause):
    from maya import cmds

    scene.human_ik = has
    done = host.import_joints(write(document()), Wishes(characterize=True))
    assert cause in done.notes[0] and "Create Character Definition" in done.notes[0]
    assert not scene.characters and furthest(document().people[0]) < 1e-3
    assert cmds.currentTime(query=True) == 1 and not cmds.ls(type="HIKCharacterNode")


def test_newer_names_of_humaniks_procedures_are_known(host, scene, write):
    scene.human_ik = {"mayaHIK", "mayaCharacterization", "hikSetCharacterObject"}
    assert host.import_joints(write(document()), Wishes(characterize=True)).notes == ()
    assert set(scene.locked_characters) == {"person1"}


def test_a_lock_that_does_not_come_off_is_told_and_leaves_no_character(host, scene, write):
    """HumanIK says nothing of it; here an artist holds the arms down."""
    from maya import cmds

    host.import_joints(write(document()), Wishes(stance=True))
    cmds.cutKey("person1:LeftArm", attribute="rotateZ", time=[(0, 9999)], clear=True)
    target = cmds.createNode("transform", name="hand_down", skipSelect=True)
    cmds.setAttr(f"{target}.rotateZ", -80)
    cmds.connectAttr(f"{target}.rotateZ", "person1:LeftArm.rotateZ")
    done = host.import_joints(write(document()), Wishes(characterize=True))
    assert any("could not be locked" in note for note in done.notes)
    assert not scene.characters and not cmds.ls(type="HIKCharacterNode")

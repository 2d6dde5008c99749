"""Skeletons of a poses file: chains of joints that stand where the document says, moved in place by a newer one."""

import itertools
import math

import pytest

from maya_plugin.core import turns
from maya_plugin.core.contract import Wishes
from shared.errors import InputRefused
from shared.poses import PARENTS, ROTATE_ORDERS
from shared.tracks import Gap, read_tracks
from tests.maya_plugin.skeleton_scenes import COUNT, FIRST, document, forward, furthest, keys, person, world

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.mark.parametrize("order", ROTATE_ORDERS)
def test_angles_and_matrices_lead_to_one_another(order):
    for angles in itertools.product((-170.0, -90.0, 0.0, 35.0, 90.0), repeat=3):
        rows = turns.of_angles(angles, order)
        found = turns.of_angles(turns.to_angles(rows, order), order)
        assert all(abs(a - b) < 1e-9 for one, other in zip(rows, found) for a, b in zip(one, other))
        near = turns.to_angles(rows, order, [one + 361 for one in angles])
        lock = abs(abs(angles["xyz".index(order[1])]) - 90) < 1e-6
        assert lock or all(abs(a - b - 360) < 1e-6 for a, b in zip(near, angles)), "the whole turns stay"


def test_a_skeleton_is_a_chain_of_humaniks_names_in_a_namespace_of_its_own(host, scene, write):
    from maya import cmds

    cmds.file(modified=False)
    done = host.import_joints(write(document()), Wishes())
    assert done.members == 18 == len(cmds.ls(type="joint")) and done.notes == ()
    assert cmds.ls("person1:LeftHand", long=True) == [
        "|person1:Reference|person1:Hips|person1:Spine|person1:LeftArm|person1:LeftForeArm|person1:LeftHand"
    ]
    for name, parent in PARENTS.items():
        assert cmds.listRelatives(f"person1:{name}", parent=True) == [f"person1:{parent or 'Reference'}"]
        assert cmds.getAttr(f"person1:{name}.jointOrient") == [(0, 0, 0)]
        assert cmds.getAttr(f"person1:{name}.rotateOrder") == ROTATE_ORDERS.index("yxz") == 4
    assert furthest(document().people[0]) < 1e-3
    assert list(keys("person1:LeftLeg", "rotateX")) == [float(n) for n in range(FIRST, FIRST + COUNT)]
    assert list(keys("person1:Neck", "rotateY")) == [FIRST], "what stands still has one key"
    assert not keys("person1:LeftLeg", "translateX"), "a bone has one length"
    hips = list(keys("person1:Hips", "rotateY").values())
    assert hips == pytest.approx([150 + 60 * n for n in range(COUNT)]), "no jump where it turns round"
    assert [name for name, _ in scene.undo_queue] == ["Import joints"]
    cmds.undo()
    assert not cmds.ls(type="joint") and not cmds.ls(type="animCurve") and not cmds.namespace(exists=":person1")
    cmds.redo()
    assert furthest(document().people[0]) < 1e-3


@pytest.mark.parametrize("order", ROTATE_ORDERS)
@pytest.mark.parametrize("unit", ["cm", "m"])
def test_joints_whose_x_looks_down_the_bone_stand_at_the_same_places(host, scene, write, order, unit):
    from maya import cmds

    scene.linear_unit = unit
    skeleton = person(order=order)
    host.import_joints(write(document(skeleton)), Wishes(orient="bone"))
    assert furthest(skeleton) < 0.01
    for name, child in (("LeftArm", "LeftForeArm"), ("RightUpLeg", "RightLeg"), ("Spine", "Neck"), ("Hips", "Spine")):
        for frame in (FIRST, FIRST + 3):
            axis, here = world(f"person1:{name}", frame)[0:3], world(f"person1:{name}", frame)[12:15]
            bone = [b - a for a, b in zip(here, world(f"person1:{child}", frame)[12:15])]
            assert axis == pytest.approx([one / math.hypot(*bone) for one in bone], abs=1e-6)
        assert cmds.getAttr(f"person1:{name}.rotateOrder") == ROTATE_ORDERS.index("xzy")
    for joint in PARENTS:
        for axis in "XYZ":
            values = list(keys(f"person1:{joint}", f"rotate{axis}").values())
            jumps = [abs(a - b) for a, b in zip(values, values[1:]) if order == "yxz"]
            assert all(one < 90 for one in jumps), "the other orders lock in the file itself"
    for name in PARENTS:
        cmds.setAttr(f"person1:{name}.segmentScaleCompensate", False)  # nothing is scaled: it changes nothing
    assert furthest(skeleton) < 0.01


def test_a_scene_of_25_frames_is_asked_about_and_takes_each_of_the_three_ways(host, scene, write):
    """The same seconds, or the file's rate; resampled they lie on the scene's frames."""
    from maya import cmds

    cmds.currentUnit(time="pal")
    file, skeleton = write(document()), document().people[0]
    with pytest.raises(InputRefused, match="the file has 24 frames a second, the scene 25"):
        host.import_joints(file, Wishes())
    assert not cmds.ls(type="joint")
    host.import_joints(file, Wishes(time="seconds"))
    assert furthest(skeleton, start=FIRST * 25 / 24, step=25 / 24) < 0.01
    cmds.undo()
    host.import_joints(file, Wishes(time="frames"))
    found = list(keys("person1:Hips", "rotateY"))
    assert found == [float(n) for n in range(math.ceil(1001 * 25 / 24), math.floor(1008 * 25 / 24) + 1)]
    assert keys("person1:Hips", "rotateY")[1045] == pytest.approx(150 + 60 * (1045 * 24 / 25 - 1001))
    cmds.undo()
    host.import_joints(file, Wishes(time="unit"))
    assert cmds.currentUnit(query=True, time=True) == "film" and furthest(skeleton) < 1e-3
    cmds.undo()
    assert cmds.currentUnit(query=True, time=True) == "pal" and not cmds.ls(type="joint")


def test_a_newer_file_replaces_keys_in_its_frames_and_nothing_else(host, scene, write):
    """Hand-made keys outside, a layer of animation, what is added, renamed, parented and deleted stay the artist's."""
    from maya import cmds
    from maya import world as made

    host.import_joints(write(document()), Wishes())
    cmds.setKeyframe("person1:LeftArm", attribute="rotateZ", time=1100, value=12)
    cmds.setKeyframe("person1:LeftArm", attribute="rotateZ", time=990, value=-3)
    cmds.setKeyframe("person1:LeftArm", attribute="rotateZ", time=1002.5, value=77)
    cmds.addAttr("person1:Hips", longName="note", dataType="string")
    cmds.setAttr("person1:Hips.note", "mine", type="string")
    spine = cmds.rename("person1:Spine", "person1:torso")
    made.layer_of_animation("fixes", "person1:LeftArm", "rotateX")
    scene.chosen_layer = "fixes"
    cmds.setKeyframe("person1:LeftArm", attribute="rotateX", time=1001, value=10)
    cmds.setAttr("person1:Reference.translate", 100, 0, 0, type="double3")
    newer = person(count=5, shift=30.0)
    scene.undo_queue.clear()
    host.import_joints(write(document(newer), "v2/dance.poses.json"), Wishes())
    found = keys("person1:LeftArm", "rotateZ")
    assert found[1100] == 12 and found[990] == -3 and 1002.5 not in found and 1008 not in found
    assert [time for time in found if 1000 < time < 1010] == [1001, 1002, 1003, 1004, 1005]
    assert len(cmds.ls(type="joint")) == 18 and cmds.objExists(spine)
    assert cmds.getAttr("person1:Hips.note") == "mine"
    base = newer.joints[list(PARENTS).index("LeftArm")].rotation
    assert keys("person1:LeftArm", "rotateX")[1001] == pytest.approx(base[0][0])
    assert cmds.getAttr("person1:LeftArm.rotateX", time=1001) == pytest.approx(base[0][0] + 10)
    assert world("person1:Hips", 1001)[12] == pytest.approx(130), "what holds it is the artist's"
    assert [name for name, _ in scene.undo_queue] == ["Import joints"]
    cmds.undo()
    assert keys("person1:LeftArm", "rotateZ")[1002.5] == 77 and 1008 in keys("person1:LeftArm", "rotateZ")


def test_what_an_artist_has_set_or_deleted_is_not_set_again(host, write):
    from maya import cmds

    host.import_joints(write(document()), Wishes())
    cmds.setAttr("person1:Head.jointOrient", 0, 20, 0, type="double3")
    cmds.setAttr("person1:LeftForeArm.translate", 31, 0, 0, type="double3")
    cmds.setAttr("person1:RightFoot.rotateX", lock=True)
    cmds.delete("person1:LeftToeBase")
    done = host.import_joints(write(document()), Wishes())
    assert cmds.getAttr("person1:Head.jointOrient") == [(0, 20, 0)] and not cmds.objExists("person1:LeftToeBase")
    assert cmds.getAttr("person1:LeftForeArm.translate") == [(31, 0, 0)]
    assert "3 channels are locked, driven or changed by hand and kept" in done.notes[-1]


def test_two_people_and_another_namesake_have_namespaces_of_their_own(host, write):
    from maya import cmds

    cmds.namespace(addNamespace=":anna")
    two = person(name="anna", shift=500.0)
    second = person(identity=2)
    host.import_joints(write(document(two, second)), Wishes())
    assert cmds.objExists("anna_2:Hips") and cmds.objExists("person2:Hips") and len(cmds.ls(type="joint")) == 36
    assert furthest(two, "anna_2") < 1e-3 and furthest(second, "person2") < 1e-3
    host.import_joints(write(document(two, second)), Wishes())
    assert len(cmds.ls(type="joint")) == 36


def test_a_t_pose_stands_a_frame_before_the_first(host, write):
    from maya import cmds

    host.import_joints(write(document()), Wishes(stance=True))
    assert min(keys("person1:LeftArm", "rotateZ")) == FIRST - 1
    left, right = (world(f"person1:{side}Hand", FIRST - 1)[12:15] for side in ("Left", "Right"))
    shoulder = world("person1:LeftArm", FIRST - 1)[12:15]
    assert left[0] > shoulder[0] > right[0] and left[1:] == pytest.approx(shoulder[1:]), "the left hand towards +x"
    toes = world("person1:LeftToeBase", FIRST - 1)
    assert toes[14] > world("person1:LeftFoot", FIRST - 1)[14], "it looks to +z"
    assert toes[13] == pytest.approx(0, abs=1e-6), "and stands on the floor"
    assert furthest(document().people[0]) < 1e-3
    host.import_joints(write(document()), Wishes())
    assert min(keys("person1:LeftArm", "rotateZ")) == FIRST, "it goes when it is not wanted any more"
    assert cmds.getAttr("person1:LeftArm.rotateOrder") == 4


def matrix(pan, tilt, place):
    """A camera's world matrix for row vectors."""
    rows = turns.product(turns.of_angles((tilt, 0, 0), "xyz"), turns.of_angles((0, pan, 0), "xyz"))
    return (*rows[0], 0, *rows[1], 0, *rows[2], 0, *place, 1)


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("orient", ["world", "bone"])
def test_a_moving_camera_of_the_scene_sees_them_where_the_picture_did(host, scene, write, up, orient):
    """The file's camera looks down and rises, the scene's walks and pans; the person comes two frames late."""
    from maya import cmds
    from maya import world as made

    scene.up = up
    seen = [matrix(n, -10, (0, 150 + 2 * n, 0)) for n in range(COUNT)]
    skeleton = person(count=COUNT - 2, first=FIRST + 2)
    shape = made.camera("matched")
    cmds.setAttr("matched.rotateOrder", 2)
    for attribute, by in (("translateX", 11.0), ("translateY", -3.0), ("translateZ", 7.0), ("rotateY", 9.0)):
        for n in range(COUNT):
            cmds.setKeyframe("matched", attribute=attribute, time=FIRST + n, value=by * n + 5)
    cmds.setAttr("matched.scale", 3, 3, 3, type="double3")  # a camera has no size
    file = write(document(skeleton, space="floor", matrices=tuple(seen)))
    host.import_joints(file, Wishes(camera=shape, orient=orient))
    for n in range(skeleton.frames):
        eye, own = world(shape, FIRST + 2 + n), seen[2 + n]
        for name, (place, _) in forward(skeleton, n).items():
            before = [sum((a - b) * c for a, b, c in zip(place, own[12:15], own[at : at + 3])) for at in (0, 4, 8)]
            there = world(f"person1:{name}", FIRST + 2 + n)[12:15]
            axes = [[one / 3 for one in eye[at : at + 3]] for at in (0, 4, 8)]
            after = [sum((a - b) * c for a, b, c in zip(there, eye[12:15], axis)) for axis in axes]
            assert after == pytest.approx(before, abs=0.01)
    assert not cmds.listConnections("person1:Reference", type="camera")


def test_a_scene_whose_z_is_up_has_them_upright(host, scene, write):
    scene.up = "z"
    skeleton = person()
    host.import_joints(write(document(skeleton)), Wishes())
    assert furthest(skeleton, moved=lambda place: (place[0], -place[2], place[1])) < 1e-3


def test_what_was_not_seen_and_where_feet_stand_can_be_read_from_the_joints(host, write):
    gaps = (
        Gap(joint="LeftHand", first=1002, last=1003, why="hidden"),
        Gap(joint="LeftHand", first=1005, last=1005, why="filled"),
    )
    skeleton = person(gaps=gaps, contacts={"LeftFoot": ((1001, 1002), (1006, 1008))})
    host.import_joints(write(document(skeleton)), Wishes())
    assert list(keys("person1:LeftHand", "confidence").values()) == [1, 0, 0, 1, 0.5, 1, 1, 1]
    assert list(keys("person1:LeftFoot", "contact").values()) == [1, 1, 0, 0, 0, 1, 1, 1]
    assert not keys("person1:RightFoot", "contact")


@pytest.mark.parametrize("up", ["y", "z"])
def test_the_camera_that_saw_them_comes_along_and_sees_them_where_the_picture_did(host, scene, write, tmp_path, up):
    """It moves, zooms, and its axis meets the picture beside the middle; pixels worked out by the document."""
    from maya import cmds

    scene.up = up
    seen = [matrix(5 * n, -10, (4 * n, 150, 300)) for n in range(COUNT)]
    poses = document(matrices=tuple(seen), focal=tuple(30.0 + n for n in range(COUNT)), centre=(900.0, 600.0))
    cmds.setAttr("defaultResolution.width", 1920)
    cmds.setAttr("defaultResolution.height", 1080)
    assert host.import_joints(write(poses), Wishes(lens=True)).members == 18
    assert [name for name, _ in scene.undo_queue][-1] == "Import joints"
    (shape,) = cmds.ls("dance_cameraShape", long=True)
    assert cmds.objectType(shape) == "camera"
    host.export_joints(str(tmp_path / "out.json"), shape)
    (one,) = read_tracks(tmp_path / "out.json").people
    for n, eye in enumerate(seen):
        for name, (place, _) in forward(poses.people[0], n).items():
            x, y, z = (sum((a - b) * c for a, b, c in zip(place, eye[12:15], eye[at : at + 3])) for at in (0, 4, 8))
            by = poses.camera.focal[n] / poses.camera.film * 1920 / -z
            assert one.joints[name][n][:2] == pytest.approx((900 + x * by, 600 - y * by), abs=0.01)
    cmds.setAttr("dance_camera.rotateOrder", 2)
    host.import_joints(write(poses), Wishes(lens=True))
    assert len(cmds.ls(type="camera")) == 3, "persp, top and this one, which is found again"


@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_skeletons_go_out_as_joints_where_the_camera_sees_them(host, scene, write, tmp_path, aspect):
    """Pixels worked out by hand; what is outside of the picture or behind is said to be outside."""
    from maya import cmds
    from maya import world as made

    made.resolution(1920, 1080)
    cmds.setAttr("defaultResolution.pixelAspect", aspect)
    shape = made.camera("eye")
    cmds.setAttr("eye.translate", 0, 100, 300, type="double3")
    skeleton = person()
    host.import_joints(write(document(skeleton)), Wishes())
    with pytest.raises(InputRefused, match="seen by a camera, and none is chosen"):
        host.export_joints(str(tmp_path / "none.json"), "")
    assert host.export_joints(str(tmp_path / "out.json"), shape).members == 18
    told = read_tracks(tmp_path / "out.json")
    (one,) = told.people
    assert (told.first, told.last) == (FIRST, FIRST + COUNT - 1) and ("LeftLeg", "LeftFoot") in one.bones
    focal, film = 35.0, 1.41732 * 25.4
    for n in range(COUNT):
        for name, ((x, y, z), _) in forward(skeleton, n).items():
            px, py, sure = one.joints[name][n]
            away = 300 - z
            by = focal / film * 1920 / away
            assert math.dist((px, py), (960 + x * by, 540 - (y - 100) * by * aspect)) < 0.01, (
                "half a pixel is what is allowed"
            )
            assert sure == float(0 <= px <= 1920 and 0 <= py <= 1080)
    cmds.setAttr("eye.rotateY", 180)
    host.export_joints(str(tmp_path / "out.json"), shape)
    (one,) = read_tracks(tmp_path / "out.json").people
    assert all(row[2] == 0 for rows in one.joints.values() for row in rows)
    assert {(gap.first, gap.last, gap.why) for gap in one.gaps} == {(FIRST, FIRST + COUNT - 1, "outside")}

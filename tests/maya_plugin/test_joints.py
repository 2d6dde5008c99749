"""Joints of people from a tracks file: chains with keys at the right times, moved in place by a newer file."""

import json

import pytest

from maya_plugin.core import joints
from shared.errors import InputRefused
from shared.layouts import COCO_17
from shared.tracks import read_tracks

BONES = [["hip", "spine"], ["spine", "head"], ["hip", "foot"]]


def walker(first=1001, count=3, shift=0.0):
    """A person of four joints who walks to the right; the foot is not seen on the second frame, the tail never."""
    frames = range(count)
    return {
        "hip": [[100 + shift + 10 * f, 60, 1] for f in frames],
        "spine": [[100 + shift + 10 * f, 40, 1] for f in frames],
        "head": [[105 + shift + 20 * f, 20, 0.5] for f in frames],
        "foot": [[98 + shift + 10 * f, 100, 0 if f == 1 else 1] for f in frames],
        "tail": [[0, 0, 0]],
    }


@pytest.fixture
def tracks(tmp_path):
    def write(name="tracks.json", first=1001, **more):
        person = {"id": 1, "name": "dancer", "joints": walker(first, **more), "bones": BONES}
        count = more.get("count", 3)
        data = {"format": 1, "first": first, "last": first + count - 1, "width": 200, "height": 100}
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**data, "people": [person]}))
        return file

    return write


def keys(node, attribute):
    from maya import cmds

    times = cmds.keyframe(node, query=True, attribute=attribute, timeChange=True) or []
    return dict(zip(times, cmds.keyframe(node, query=True, attribute=attribute, valueChange=True) or []))


def world(node, time):
    from maya import cmds

    return cmds.getAttr(f"{node}.worldMatrix[0]", time=time)[12:15]


def test_a_chain_stands_where_the_joints_are_in_the_picture(host, scene, tracks):
    from maya import cmds

    cmds.file(modified=False)
    done = host.import_joints(str(tracks()))
    assert done.members == 4 and done.notes == ("dancer has joints that are never seen: tail",)
    assert cmds.ls(type="joint", long=True) == [
        "|dancer|dancer_hip",
        "|dancer|dancer_hip|dancer_spine",
        "|dancer|dancer_hip|dancer_foot",
        "|dancer|dancer_hip|dancer_spine|dancer_head",
    ]
    assert keys("dancer_hip", "translateX") == {1001: 0, 1002: 10, 1003: 20}
    assert keys("dancer_hip", "translateZ") == {1001: 0}, "what stands still has one key"
    for number, row in enumerate(walker()["head"]):
        x, y, z = world("dancer_head", 1001 + number)
        assert (x, y, z) == pytest.approx((row[0] - 100, 50 - row[1], 0))
    seen = [world("dancer_foot", 1001 + n)[0] for n in range(3)]
    assert seen == pytest.approx([-2, -2, 18]), "it stays where it was seen last"
    assert keys("dancer_foot", "confidence") == {1001: 1, 1002: 0, 1003: 1}
    assert [name for name, _ in scene.undo_queue] == ["Import joints"]
    cmds.undo()
    assert not cmds.ls(type="joint") and not cmds.objExists("dancer")


def test_a_newer_file_moves_them_in_place_and_keeps_the_artists_keys(host, scene, tracks):
    from maya import cmds

    host.import_joints(str(tracks(count=5)))
    hip = cmds.rename("dancer_hip", "ctl_root")
    for time, value in ((1002.5, 3.0), (1200, 9.0)):
        cmds.setKeyframe(hip, attribute="translateX", time=time, value=value)
    cmds.setKeyframe(hip, attribute="translateZ", time=1003, value=7)  # a channel that stood still
    cmds.setKeyframe(hip, attribute="rotateY", time=1001, value=45)
    cmds.setAttr("dancer.scale", 2, 2, 2, type="double3")
    scene.undo_queue.clear()
    host.import_joints(str(tracks(count=2, shift=6)))
    assert keys(hip, "translateX") == {1001: 6, 1002: 16, 1002.5: 3, 1200: 9}, (
        "frames that the file has no more are gone"
    )
    assert keys(hip, "translateZ") == {1001: 0, 1003: 7} and keys(hip, "rotateY") == {1001: 45}
    assert len(cmds.ls(type="joint")) == 4 and cmds.getAttr("dancer.scale") == [(2, 2, 2)]
    assert [name for name, _ in scene.undo_queue] == ["Import joints"]
    cmds.undo()
    assert keys(hip, "translateX")[1004] == 30


def test_what_the_artist_deleted_locked_or_constrained_stays_so(host, scene, tracks):
    from maya import cmds

    host.import_joints(str(tracks()))
    cmds.delete("dancer_head")
    cmds.setAttr("dancer_foot.translateX", lock=True)
    target = cmds.createNode("transform", name="target", skipSelect=True)
    before = keys("dancer_foot", "translateX")
    cmds.cutKey("dancer_spine", attribute="translateY", time=[(0, 9999)], clear=True)
    cmds.connectAttr(f"{target}.translateY", "dancer_spine.translateY", force=True)
    done = host.import_joints(str(tracks(shift=50)))
    assert not cmds.objExists("dancer_head") and keys("dancer_foot", "translateX") == before
    assert "2 channels are locked or driven and kept: |dancer|dancer_hip|dancer_spine.translateY" in done.notes[-1]
    assert not scene.blended, "no pairBlend comes between the artist's constraint and his joint"


def test_the_artists_layer_of_animation_gets_no_keys(host, scene, tracks):
    from maya import cmds

    host.import_joints(str(tracks()))
    cmds.createNode("animLayer", name="BaseAnimation", skipSelect=True)  # comes with the first layer
    scene.chosen_layer, node = "AnimLayer1", scene.one("dancer_hip")[-1]
    scene.layered[node] = {"translateX": {1001.0: 5.0}}
    host.import_joints(str(tracks(shift=6)))
    assert scene.layered[node] == {"translateX": {1001.0: 5.0}} and keys("dancer_hip", "translateX")[1001] == 6


@pytest.mark.parametrize(("unit", "expected"), [("film", [1001, 1002, 1003]), ("show", [2002, 2004, 2006])])
def test_keys_lie_at_the_same_seconds_in_a_scene_of_another_rate(host, tracks, unit, expected):
    from maya import cmds

    cmds.currentUnit(time=unit)
    file = tracks("sh010/tracks/tracks.json")
    layer = {"name": "all", "labels": "l.####.png"}
    shot = {"name": "sh010", "fps": 24, "first": 1001, "last": 1003, "layers": [layer]}
    (file.parent.parent / "shot.json").write_text(json.dumps(shot))
    done = host.import_joints(str(file))
    assert sorted(keys("dancer_hip", "translateX")) == expected
    assert ("the file has 24 frames a second, the scene 48" in " ".join(done.notes)) == (unit == "show")
    cmds.file(newFile=True, force=True)
    cmds.currentUnit(time="show")
    host.import_joints(str(tracks()))
    assert sorted(keys("dancer_hip", "translateX")) == [1001, 1002, 1003], "without a rate the number of the frame"


def test_a_scene_in_metres_has_the_same_sizes(host, scene, tracks):
    scene.linear_unit = "m"
    host.import_joints(str(tracks()))
    assert world("dancer_hip", 1003) == pytest.approx([20, -10, 0])
    assert keys("dancer_hip", "translateX")[1003] == pytest.approx(0.2)


def test_two_people_come_in_and_are_found_again(host, scene, tracks):
    data = json.loads(tracks().read_text())
    data["people"].append({**data["people"][0], "id": 2, "name": "singer:2"})
    file = tracks()
    file.write_text(json.dumps(data).replace("singer:2", "singer 2"))
    done = host.import_joints(str(file))
    assert done.members == 8 and host.import_joints(str(file)).members == 8
    from maya import cmds

    assert len(cmds.ls(type="joint")) == 8 and cmds.objExists("singer_2_head")


def test_a_file_without_people_is_refused(host, tracks, tmp_path):
    data = json.loads(tracks().read_text())
    file = tmp_path / "nulls.json"
    file.write_text(json.dumps({**data, "people": [], "nulls": [{"name": "door", "points": [[0, 0, 0]]}]}))
    with pytest.raises(InputRefused, match="there are no joints in it"):
        host.import_joints(str(file))


def test_the_standard_joints_hang_on_the_hips(tmp_path):
    person = {"id": 3, "layout": "coco17", "joints": {name: [[n, n, 1]] for n, name in enumerate(COCO_17)}}
    data = {"format": 1, "first": 1, "last": 1, "width": 20, "height": 20, "people": [person]}
    (tmp_path / "t.json").write_text(json.dumps(data))
    ((figure,), notes) = joints.figures(read_tracks(tmp_path / "t.json"))
    parents = {one.name: one.parent for one in figure.joints}
    assert figure.name == "person 3" and not notes and [name for name in parents if not parents[name]] == ["left_hip"]
    assert parents["right_wrist"] == "right_elbow" and parents["left_ear"] == "left_eye"
    assert figure.joints[0].places == ((1.0, -1.0, 0.0),) and len(figure.joints) == 17


def test_a_namespace_that_is_set_holds_no_joint(host, scene, tracks):
    """New nodes go into the namespace that is set; a second import finds them all the same."""
    from maya.api import OpenMaya

    OpenMaya.MNamespace.addNamespace("rig")
    OpenMaya.MNamespace.setCurrentNamespace("rig")
    assert host.import_joints(str(tracks())).members == 4
    from maya import cmds

    assert cmds.ls(type="joint", long=True)[0] == "|dancer|dancer_hip"
    assert OpenMaya.MNamespace.currentNamespace() == ":rig"

"""Joints of people from a tracks file: chains with keys at the right times, moved in place by a newer file."""

import json

import pytest

from maya_plugin.core import joints, timing
from maya_plugin.core.contract import Wishes
from shared.errors import InputRefused
from shared.layouts import BLAZEPOSE_33, COCO_17
from shared.tracks import read_tracks

pytestmark = pytest.mark.usefixtures("plugin")
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
    def write(name="tracks.json", first=1001, fps=24, **more):
        person = {"id": 1, "name": "dancer", "joints": walker(first, **more), "bones": BONES}
        count = more.get("count", 3)
        data = {"format": 1, "first": first, "last": first + count - 1, "width": 200, "height": 100}
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**data, "people": [person]}))
        if fps is not None:
            layer = {"name": "all", "labels": "l.####.png"}
            shot = {"name": "sh010", "fps": fps, "first": 1001, "last": 1003, "layers": [layer]}
            (file.parent / "shot.json").write_text(json.dumps(shot))
        return file

    return write


def bring_in(host, file, wishes=Wishes()):  # noqa: B008
    return host.import_joints(file, wishes)


def keys(node, attribute):
    from maya import cmds

    times = cmds.keyframe(node, query=True, attribute=attribute, timeChange=True) or []
    return dict(zip(times, cmds.keyframe(node, query=True, attribute=attribute, valueChange=True) or []))


def world_of(node, time):
    from maya import cmds

    return cmds.getAttr(f"{node}.worldMatrix[0]", time=time)[12:15]


def test_a_chain_stands_where_the_joints_are_in_the_picture(host, scene, tracks):
    from maya import cmds

    cmds.file(modified=False)
    done = bring_in(host, str(tracks()))
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
        x, y, z = world_of("dancer_head", 1001 + number)
        assert (x, y, z) == pytest.approx((row[0] - 100, 50 - row[1], 0))
    seen = [world_of("dancer_foot", 1001 + n)[0] for n in range(3)]
    assert seen == pytest.approx([-2, -2, 18]), "it stays where it was seen last"
    assert keys("dancer_foot", "confidence") == {1001: 1, 1002: 0, 1003: 1}
    assert cmds.getAttr("dancer_foot.confidence", time=1001.9) == 1, "it is seen or not, nothing between"
    assert cmds.getAttr("dancer_hip.translateX", time=1001.5) == 5, "and goes straight from frame to frame"
    assert [name for name, _ in scene.undo_queue] == ["Import joints"]
    cmds.undo()
    assert not cmds.ls(type="joint") and not cmds.objExists("dancer")


def test_a_newer_file_moves_them_in_place_and_keeps_the_artists_keys(host, scene, tracks):
    from maya import cmds

    bring_in(host, str(tracks(count=5)))
    hip = cmds.rename("dancer_hip", "ctl_root")
    for time, value in ((1002.5, 3.0), (1200, 9.0)):
        cmds.setKeyframe(hip, attribute="translateX", time=time, value=value)
    cmds.setKeyframe(hip, attribute="translateZ", time=1003, value=7)  # a channel that stood still
    cmds.setKeyframe(hip, attribute="rotateY", time=1001, value=45)
    cmds.setAttr("dancer.scale", 2, 2, 2, type="double3")
    scene.undo_queue.clear()
    bring_in(host, str(tracks(count=2, shift=6)))
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

    bring_in(host, str(tracks()))
    cmds.delete("dancer_head")
    cmds.setAttr("dancer_foot.translateX", lock=True)
    target = cmds.createNode("transform", name="target", skipSelect=True)
    before = keys("dancer_foot", "translateX")
    cmds.cutKey("dancer_spine", attribute="translateY", time=[(0, 9999)], clear=True)
    cmds.connectAttr(f"{target}.translateY", "dancer_spine.translateY", force=True)
    done = bring_in(host, str(tracks(shift=50)))
    assert not cmds.objExists("dancer_head") and keys("dancer_foot", "translateX") == before
    assert (
        "2 channels are locked, driven or changed by hand and kept: |dancer|dancer_hip|dancer_spine.translateY"
        in done.notes[-1]
    )
    assert not scene.blended, "no pairBlend comes between the artist's constraint and his joint"


def test_the_artists_layer_of_animation_gets_no_keys(host, scene, tracks):
    from maya import cmds, world

    bring_in(host, str(tracks()))
    world.layer_of_animation("AnimLayer1", "dancer_hip", "translateX")
    scene.chosen_layer = "AnimLayer1"
    cmds.setKeyframe("dancer_hip", attribute="translateX", time=1001, value=5)
    assert world_of("dancer_hip", 1001)[0] == 5
    assert not bring_in(host, str(tracks(shift=6))).notes[1:], "what is in a layer is not held"
    assert keys("dancer_hip", "translateX") == {1001: 6, 1002: 16, 1003: 26}
    assert world_of("dancer_hip", 1001)[0] == 11, "the layer's key lies on top of it"
    cmds.undo()
    assert world_of("dancer_hip", 1001)[0] == 5


def test_a_scene_of_another_rate_is_asked_about_and_until_then_not_touched(host, scene, tracks):
    from maya import cmds

    cmds.currentUnit(time="pal")
    scene.undo_queue.clear()
    with pytest.raises(InputRefused, match="the file has 24 frames a second, the scene 25"):
        bring_in(host, str(tracks()))
    assert not cmds.ls(type="joint") and not scene.undo_queue and cmds.currentUnit(query=True, time=True) == "pal"


def test_keys_lie_at_the_same_seconds_in_a_scene_of_another_rate(host, tracks):
    from maya import cmds

    cmds.currentUnit(time="pal")
    done = bring_in(host, str(tracks(first=24)), Wishes(time=timing.SECONDS))
    found = keys("dancer_hip", "translateX")
    assert list(found) == pytest.approx([25, 25 + 25 / 24, 25 + 50 / 24]) and list(found.values()) == [0, 10, 20]
    assert "the file has 24 frames a second, the scene 25: keys lie between frames" in done.notes[-1]
    bring_in(host, str(tracks(first=24)), Wishes(time=timing.SECONDS))
    assert len(keys("dancer_hip", "translateX")) == 3, "times that no frame has are found again"


def test_keys_are_worked_out_for_each_frame_of_a_scene_of_another_rate(host, tracks):
    from maya import cmds

    cmds.currentUnit(time="show")
    bring_in(host, str(tracks()), Wishes(time=timing.FRAMES))
    assert keys("dancer_hip", "translateX") == {2002: 0, 2003: 5, 2004: 10, 2005: 15, 2006: 20}
    assert keys("dancer_foot", "confidence") == {2002: 1, 2003: 1, 2004: 0, 2005: 0, 2006: 1}
    cmds.file(newFile=True, force=True)
    cmds.currentUnit(time="12fps")
    bring_in(host, str(tracks(first=24, count=5)), Wishes(time=timing.FRAMES))
    assert keys("dancer_hip", "translateX") == {12: 0, 13: 20, 14: 40}


def test_a_scene_takes_the_rate_of_the_file_in_the_same_undo_step(host, scene, tracks):
    """Keys that are there keep their seconds, as Maya does it unasked."""
    from maya import cmds

    cmds.currentUnit(time="pal")
    cmds.createNode("transform", name="door", skipSelect=True)
    cmds.setKeyframe("door", attribute="translateX", time=50, value=7)
    scene.undo_queue.clear()
    bring_in(host, str(tracks()), Wishes(time=timing.UNIT))
    assert cmds.currentUnit(query=True, time=True) == "film"
    assert sorted(keys("dancer_hip", "translateX")) == [1001, 1002, 1003] and keys("door", "translateX") == {48: 7}
    assert [name for name, _ in scene.undo_queue] == ["Import joints"]
    cmds.undo()
    assert cmds.currentUnit(query=True, time=True) == "pal" and keys("door", "translateX") == {50: 7}
    cmds.redo()
    assert keys("door", "translateX") == {48: 7} and len(keys("dancer_hip", "translateX")) == 3
    cmds.currentUnit(time="pal")  # all keys move: those of ours are known again
    bring_in(host, str(tracks(count=1)), Wishes(time=timing.SECONDS))
    assert sorted(keys("dancer_hip", "translateX")) == pytest.approx([1001 * 25 / 24])


def test_a_file_without_a_rate_says_so(host, tracks):
    from maya import cmds

    cmds.currentUnit(time="show")
    done = bring_in(host, str(tracks(fps=None)))
    assert sorted(keys("dancer_hip", "translateX")) == [1001, 1002, 1003]
    assert "does not say its frame rate" in done.notes[-1]


@pytest.mark.parametrize("cuts", [True, False])
def test_keys_that_are_set_by_the_thousand_leave_the_artists_alone(host, scene, tracks, cuts):
    """Without being told to keep them, the API takes keys away; which, is open."""
    from maya import cmds

    scene.cuts_all_keys = cuts
    bring_in(host, str(tracks()))
    cmds.setKeyframe("dancer_hip", attribute="translateX", time=900, value=3)
    cmds.setKeyframe("dancer_hip", attribute="translateX", time=1001.5, value=3)
    bring_in(host, str(tracks(shift=6)))
    assert keys("dancer_hip", "translateX") == {900: 3, 1001: 6, 1002: 16, 1003: 26}, (
        "within the file's frames it rules"
    )


def test_what_an_undo_may_need_keeps_the_plug_in_loaded(host, scene, tracks):
    from maya import cmds

    from maya_plugin import install

    bring_in(host, str(tracks()))
    with pytest.raises(install.Refused, match="cannot be unloaded"):
        install.deactivate()
    assert "semrender_plugin" in scene.plugins
    cmds.undo()
    cmds.redo()
    assert keys("dancer_hip", "translateX") == {1001: 0, 1002: 10, 1003: 20}


def body(count, width, height):
    """All joints of BlazePose, each on a way of its own with thousandths of a pixel; some not seen for a while."""
    people = {}
    for number, name in enumerate(BLAZEPOSE_33):
        rows = []
        for frame in range(count):
            x = width * (0.3 + 0.012 * number) + 7.137 * frame + 0.001 * number * frame
            y = height * (0.1 + 0.025 * number) + 2.713 * frame
            rows.append([round(x, 3), round(y, 3), 0.0 if number % 9 == 4 and 2 <= frame < 4 else 0.9])
        people[name] = rows
    return people


@pytest.mark.parametrize("unit", ["cm", "m"])
@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_a_body_of_33_joints_comes_in_and_goes_out_to_the_same_pixels(host, scene, tmp_path, unit, aspect):
    from maya import cmds

    scene.linear_unit = unit
    joints_of = body(6, 1920, 1080)
    person = {"id": 4, "name": "walker", "layout": "blazepose33", "joints": joints_of}
    head = {"format": 1, "first": 1001, "last": 1006, "width": 1920, "height": 1080, "pixel_aspect": aspect}
    file = tmp_path / "walk.joints.json"
    file.write_text(json.dumps({**head, "people": [person]}))
    assert bring_in(host, str(file)).members == 33 == len(cmds.ls(type="joint"))
    for name, expected in (
        ("right_wrist", "right_elbow"),
        ("left_heel", "left_ankle"),
        ("left_knee", "left_hip"),
        ("nose", "left_shoulder"),
    ):
        assert cmds.listRelatives(f"walker_{name}", parent=True)[0] == f"walker_{expected}"
    cmds.setAttr("walker.scale", 0.1, 0.1, 0.1, type="double3")
    cmds.setAttr("walker.rotateY", 30)
    cmds.setAttr("walker.translate", 5, 6, 7, type="double3")
    assert host.export_joints(str(tmp_path / "back.joints.json"), "").members == 33
    back = read_tracks(tmp_path / "back.joints.json")
    assert (back.first, back.last, back.width, back.height, back.pixel_aspect) == (1001, 1006, 1920, 1080, aspect)
    (one,) = back.people
    assert (one.id, one.name, one.layout, set(one.joints)) == (4, "walker", "blazepose33", set(BLAZEPOSE_33))
    furthest = 0.0
    for name, rows in joints_of.items():
        for (x, y, sure), (bx, by, said) in zip(rows, one.joints[name]):
            assert said == pytest.approx(sure)
            furthest = max(furthest, abs(x - bx), abs(y - by)) if sure else furthest
    assert furthest < 1e-3, "half a pixel is what is allowed"


def test_what_an_artist_corrects_goes_out_corrected(host, tracks, tmp_path):
    from maya import cmds

    bring_in(host, str(tracks()))
    cmds.setKeyframe("dancer_head", attribute="translateY", time=1002, value=50)
    host.export_joints(str(tmp_path / "out.json"), "")
    joints_of = read_tracks(tmp_path / "out.json").people[0].joints
    assert joints_of["head"][1] == pytest.approx((125, 40 - 50, 0.5)) and joints_of["foot"][1][2] == 0
    assert joints_of["spine"][2] == pytest.approx((120, 40, 1))


def test_frames_that_have_no_key_are_not_exported(host, tracks, tmp_path):
    from maya import cmds

    cmds.currentUnit(time="12fps")
    bring_in(host, str(tracks(first=25, count=6)), Wishes(time=timing.FRAMES))
    assert sorted(keys("dancer_hip", "translateX")) == [13, 14, 15], "the file begins at 12.5"
    host.export_joints(str(tmp_path / "out.json"), "")
    made = read_tracks(tmp_path / "out.json")
    assert (made.first, made.last) == (13, 15)


def test_a_scene_without_joints_exports_none(host, tmp_path):
    with pytest.raises(InputRefused, match="no joints of people in the scene"):
        host.export_joints(str(tmp_path / "out.json"), "")


def test_people_of_two_files_are_not_taken_for_one(host, tracks):
    from maya import cmds

    bring_in(host, str(tracks("dance.joints.json")))
    bring_in(host, str(tracks("walk.joints.json", shift=6)))
    assert len(cmds.ls(type="joint")) == 8 and keys("dancer_hip", "translateX")[1001] == 0
    bring_in(host, str(tracks("again/dance.joints.json", shift=9)))
    assert len(cmds.ls(type="joint")) == 8 and keys("dancer_hip", "translateX")[1001] == 9


def test_a_scene_in_metres_has_the_same_sizes(host, scene, tracks):
    scene.linear_unit = "m"
    bring_in(host, str(tracks()))
    assert world_of("dancer_hip", 1003) == pytest.approx([20, -10, 0])
    assert keys("dancer_hip", "translateX")[1003] == pytest.approx(0.2)


def test_two_people_come_in_and_are_found_again(host, scene, tracks):
    data = json.loads(tracks().read_text())
    data["people"].append({**data["people"][0], "id": 2, "name": "singer:2"})
    file = tracks()
    file.write_text(json.dumps(data).replace("singer:2", "singer 2"))
    done = bring_in(host, str(file))
    assert done.members == 8 and bring_in(host, str(file)).members == 8
    from maya import cmds

    assert len(cmds.ls(type="joint")) == 8 and cmds.objExists("singer_2_head")


def test_a_file_without_people_is_refused(host, tracks, tmp_path):
    data = json.loads(tracks().read_text())
    file = tmp_path / "nulls.json"
    file.write_text(json.dumps({**data, "people": [], "nulls": [{"name": "door", "points": [[0, 0, 0]]}]}))
    with pytest.raises(InputRefused, match="there are no joints in it"):
        bring_in(host, str(file))


def test_the_standard_joints_hang_on_the_hips(tmp_path):
    person = {"id": 3, "layout": "coco17", "joints": {name: [[n, n, 1]] for n, name in enumerate(COCO_17)}}
    data = {"format": 1, "first": 1, "last": 1, "width": 20, "height": 20, "people": [person]}
    (tmp_path / "t.json").write_text(json.dumps(data))
    ((figure,), notes) = joints.figures(read_tracks(tmp_path / "t.json"), tmp_path / "t.json")
    parents = {one.name: one.parent for one in figure.links}
    assert figure.title == "person 3" and not notes and [name for name in parents if not parents[name]] == ["left_hip"]
    assert parents["right_wrist"] == "right_elbow" and parents["left_ear"] == "left_eye"
    first = {one.attribute: one.values for one in figure.links[0].channels}
    assert [first[f"translate{axis}"] for axis in "XYZ"] == [(1.0,), (-1.0,), (0.0,)] and len(figure.links) == 17


def test_a_namespace_that_is_set_holds_no_joint(host, scene, tracks):
    """New nodes go into the namespace that is set; a second import finds them all the same."""
    from maya.api import OpenMaya

    OpenMaya.MNamespace.addNamespace("rig")
    OpenMaya.MNamespace.setCurrentNamespace("rig")
    assert bring_in(host, str(tracks())).members == 4
    from maya import cmds

    assert cmds.ls(type="joint", long=True)[0] == "|dancer|dancer_hip"
    assert OpenMaya.MNamespace.currentNamespace() == ":rig"

"""Skeletons: from points to joints that animators' programs take, against a walk whose truth is known."""

import numpy as np
import pytest

from inference_server.motion import joints
from inference_server.motion.solving import feet, turns
from inference_server.motion.solving.body import rest_of
from inference_server.motion.solving.people import measured
from shared.layouts import BLAZEPOSE_33
from shared.poses import PARENTS
from tests.inference_server.true_walk import (
    FRAMES,
    NAMES,
    POINTS,
    TRUTH,
    UPRIGHT,
    ends_of,
    jump,
    places_of,
    read_prepared,
    seen_at,
    slide,
    solved,
    standing_frames,
    true_camera,
    true_prepared,
)


@pytest.fixture(scope="module")
def truth():
    return solved(true_prepared(), true_camera())[0]


def test_the_skeleton_is_humaniks_and_stands_in_a_t_pose(truth):
    person = truth.people[0]
    assert {joint.name: joint.parent or "" for joint in person.joints} == PARENTS
    offsets = {joint.name: joint.offset for joint in person.joints}
    assert all(offsets[f"Left{joint}"][0] > 0 for joint in ("Arm", "ForeArm", "Hand", "UpLeg"))  # looks to +z
    assert offsets["LeftLeg"][1] < 0 and offsets["LeftToeBase"][2] > 0 and offsets["Head"][1] > 0
    for name, offset in offsets.items():
        other = name.replace("Left", "Right")
        assert np.allclose(np.array(offset) * ([1, 1, 1] if other == name else [-1, 1, 1]), offsets[other])
    assert person.height == pytest.approx(176.5, abs=1.5) and person.height_from == "read"


def test_joints_are_where_the_points_are():
    """At most 3 cm off, each; what is left are the shoulders of a torso that does not shrug."""
    person = solved(true_prepared(), true_camera(), feet="never", smoothing="off")[0].people[0]
    found = places_of(person)
    hips = UPRIGHT[:, [NAMES.index("left_hip"), NAMES.index("right_hip")]].mean(1)
    ears = UPRIGHT[:, [NAMES.index("left_ear"), NAMES.index("right_ear")]].mean(1)
    wanted = {**{joint: UPRIGHT[:, NAMES.index(point)] for joint, point in POINTS.items()}, "Head": ears}
    for joint, true in wanted.items():
        away = np.linalg.norm(found[joint] - found["Hips"] - (true - hips), axis=1)
        assert away.max() < 3, joint
    assert jump(person) < 90


def test_the_path_is_the_true_one_where_the_lens_is_known():
    root = np.array(solved(true_prepared(), true_camera(), feet="never")[0].people[0].root)
    hips = UPRIGHT[:, [NAMES.index("left_hip"), NAMES.index("right_hip")]].mean(1)
    eye = np.array(
        [
            (-turn.T @ shift)[[0, 2, 1]] * [100, 100, -100]
            for turn, shift in zip(TRUTH["camera_R"], TRUTH["camera_t"], strict=True)
        ]
    )
    scale = ((root - eye) * (hips - eye)).sum() / ((root - eye) ** 2).sum()
    assert scale == pytest.approx(1, abs=0.01)
    assert np.linalg.norm(eye + (root - eye) * scale - hips, axis=1).max() < 10


def test_a_lens_that_nobody_knows_is_guessed_and_said():
    made, notes = solved(true_prepared(), None)
    assert made.lens_from == "guess" and made.space == "floor" and "35 mm are taken" in notes[0]
    told, none = solved(true_prepared(), None, lens=25.0)
    assert told.lens_from == "artist" and none == [] and told.camera.focal == (25.0,)
    far = [np.linalg.norm(np.array(one.people[0].root[0]) - one.camera.matrix[0][12:15]) for one in (made, told)]
    assert far[0] / far[1] == pytest.approx(35 / 25, rel=0.02)


def test_feet_stand_when_they_do_and_do_not_slide(truth):
    person, true = truth.people[0], TRUTH["contact"]
    found = places_of(person)
    for at, side in enumerate(("Left", "Right")):
        mine = standing_frames(person, side)
        flat = true[:, at] & (UPRIGHT[:, NAMES.index(f"{side.lower()}_foot_index"), 1] < 3)  # heels strike first
        assert (mine & flat).sum() >= 0.9 * flat.sum() and (mine & flat).sum() >= 0.8 * mine.sum()
        assert slide(found, side, mine).max() < 0.5 and slide(found, side, flat).max() < 0.5
        assert np.ptp(found[f"{side}ToeBase"][mine, 1]) < 0.1  # on one floor
        assert (ends_of(person)[f"{side}ToeBase"][mine, 1] > found[f"{side}ToeBase"][mine, 1] - 0.1).all()  # toes, too
    assert jump(person) < 90
    knees = [joint for joint in person.joints if joint.name in ("LeftLeg", "RightLeg")]
    assert all(np.abs(np.array(joint.rotation)[:, 1:]).max() < 5 for joint in knees)  # hinges stay hinges


def test_feet_that_a_network_reads_slide_a_quarter_at_most():
    loose, held = (
        solved(read_prepared(), true_camera(), height=176.5, feet=how)[0].people[0] for how in ("never", "auto")
    )
    before, after, frames = [], [], 0
    for at, side in enumerate(("Left", "Right")):
        flat = TRUTH["contact"][:, at] & (UPRIGHT[:, NAMES.index(f"{side.lower()}_foot_index"), 1] < 3)
        before.append(slide(places_of(loose), side, flat))
        after.append(slide(places_of(held), side, flat))
        assert slide(places_of(held), side, standing_frames(held, side)).max() < 0.5
        frames += (flat & standing_frames(held, side)).sum()
    assert np.concatenate(after).mean() < 0.25 * np.concatenate(before).mean() and frames > 25
    assert jump(held) < 90 and held.height == pytest.approx(176.5)
    overlay = [seen_at(solved(read_prepared(), true_camera(), feet=how)[0]) for how in ("never", "auto")]
    assert (
        np.median(np.linalg.norm(overlay[0] - overlay[1], axis=-1)) < 4
    )  # pixels that the body was moved for its feet


def test_a_skeleton_lies_on_the_picture(truth):
    hips = TRUTH["keypoints"][:, [NAMES.index("left_hip"), NAMES.index("right_hip")]].mean(1)
    for poses in (truth, solved(true_prepared(), None, lens=30.0, feet="never")[0]):
        away = np.linalg.norm(seen_at(poses) - hips, axis=1)
        assert np.median(away) < 2 and away.max() < 8


def test_an_unknown_camera_that_looks_down_is_levelled_by_feet_and_bodies():
    pitch, high, focal = np.radians(18), 210.0, 500.0
    axes = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])  # columns: axes
    local = (UPRIGHT - UPRIGHT.mean((0, 1)) * [1, 0, 1] - np.array([0, high, 650])) @ axes
    places = np.stack([320 + focal * local[..., 0] / -local[..., 2], 180 - focal * local[..., 1] / -local[..., 2]], -1)
    made, _ = solved(true_prepared(local * [0.01, -0.01, -0.01], places), None, lens=focal * 36 / 640)
    matrix = np.array(made.camera.matrix[0]).reshape(4, 4)
    assert np.degrees(np.arccos(np.clip(matrix[1, :3] @ axes[:, 1], -1, 1))) < 3
    assert matrix[3, 1] == pytest.approx(high, abs=12) and made.people[0].floor == pytest.approx(0, abs=2)
    heights = places_of(made.people[0])["Head"][:, 1]
    true = UPRIGHT[:, [NAMES.index("left_ear"), NAMES.index("right_ear")], 1].mean(1)
    assert np.abs(heights - true).max() < 12  # upright from the first frame to the last, four metres on
    assert sum(standing_frames(made.people[0], side).sum() for side in ("Left", "Right")) > 20


def test_whoever_nears_a_camera_that_zooms_walks_on_one_floor():
    """The reference clip, nothing being known of its camera: as it zooms, they come nearer than they do."""
    for prepared in (true_prepared(), read_prepared()):
        made, _ = solved(prepared, None, feet="never")
        found = places_of(made.people[0])
        lower = np.minimum(found["LeftToeBase"], found["RightToeBase"])[:, 1] - made.people[0].floor
        assert np.ptp(found["Hips"][:, 2]) > 300 and np.abs(lower).max() < 25


def test_what_was_not_seen_is_said_and_leads_from_before_to_after():
    prepared = true_prepared()
    wrist, ankles = BLAZEPOSE_33.index("left_wrist"), [BLAZEPOSE_33.index(f"{one}_ankle") for one in ("left", "right")]
    prepared["states"][0, 10:20, wrist] = joints.HIDDEN
    prepared["states"][0, 40:, ankles] = joints.OUTSIDE
    prepared["sure"][prepared["states"] != joints.SEEN] = 0
    prepared["space"][0, 10:20, wrist] = 99  # what a network guesses there is not taken
    person = solved(prepared, true_camera(), smoothing="off")[0].people[0]
    assert all(last <= 1040 for spans in person.contacts.values() for _, last in spans)  # an unseen foot stands nowhere
    person = solved(prepared, true_camera(), smoothing="off", feet="never")[0].people[0]
    gaps = {
        (gap.joint, gap.first, gap.last, gap.why) for gap in person.gaps if gap.joint not in ("LeftHand", "RightHand")
    }
    assert ("LeftForeArm", 1011, 1020, "hidden") in gaps and ("LeftLeg", 1041, 1048, "outside") in gaps
    assert not any(joint == "LeftArm" for joint, *_ in gaps)
    arm = np.array(next(one for one in person.joints if one.name == "LeftForeArm").rotation)
    inside = arm[10:20] - arm[9]
    assert np.abs(inside).max() <= np.abs(arm[20] - arm[9]).max() + 1e-3 and jump(person) < 90
    knee = np.array(next(one for one in person.joints if one.name == "LeftLeg").rotation)
    assert np.ptp(knee[39:], axis=0).max() < 1e-3


def test_of_whom_no_hips_are_seen_there_is_an_upper_body():
    prepared = true_prepared()
    for at, name in enumerate(BLAZEPOSE_33):
        if any(part in name for part in ("hip", "knee", "ankle", "heel", "foot")):
            prepared["states"][0, :, at] = joints.OUTSIDE
    made, notes = solved(prepared, true_camera(), smoothing="off")
    person = made.people[0]
    found = places_of(person)
    for joint in ("LeftForeArm", "RightHand", "Head"):  # as far from the neck as they are
        point = {"Head": ["left_ear", "right_ear"]}.get(joint, [POINTS.get(joint)])
        true = UPRIGHT[:, [NAMES.index(one) for one in point]].mean(1)
        neck = UPRIGHT[:, [NAMES.index("left_shoulder"), NAMES.index("right_shoulder")]].mean(1)
        away = np.linalg.norm(found[joint] - found["Neck"] - true + neck, axis=1)
        assert np.median(away) < 5, joint
    assert "person 1 is seen without hips" in notes[-1] and person.height == pytest.approx(176, abs=15)
    assert {"Hips", "Spine", "LeftUpLeg"} <= {gap.joint for gap in person.gaps if gap.why == "outside"}
    assert not person.contacts and jump(person) < 90


def test_of_whom_shoulders_are_never_seen_there_is_no_skeleton():
    prepared = true_prepared()
    prepared["states"][0, :, BLAZEPOSE_33.index("left_shoulder")] = joints.HIDDEN
    made, notes = solved(prepared, None)
    assert made is None and "both shoulders are never seen together" in notes[-1]
    prepared["space"][:] = np.nan  # a model that reads the picture alone
    assert measured(prepared, 0) == []


def test_legs_that_are_never_seen_hang_and_arms_too():
    prepared = true_prepared()
    for at, name in enumerate(BLAZEPOSE_33):
        if any(part in name for part in ("knee", "ankle", "heel", "foot", "elbow", "wrist")):
            prepared["states"][0, :, at] = joints.OUTSIDE
    person = solved(prepared, None, lens=30.0)[0].people[0]
    found = places_of(person)
    assert (found["LeftFoot"][:, 1] < found["LeftLeg"][:, 1]).all() and person.height == pytest.approx(176, abs=20)
    assert (found["LeftHand"][:, 1] < found["LeftArm"][:, 1] - 30).all() and not person.contacts
    assert {gap.joint for gap in person.gaps if (gap.first, gap.last) == (1001, 1048)} >= {"LeftLeg", "RightForeArm"}


def test_a_model_with_fewer_points_turns_fewer_joints_and_says_which():
    """As one that lifts COCO's joints does: no ears and eyes in space, no heels and toes."""
    prepared = true_prepared()
    for at, name in enumerate(BLAZEPOSE_33):
        if any(part in name for part in ("eye", "ear", "heel", "foot")):
            prepared["space"][0, :, at] = np.nan
    person = solved(prepared, true_camera(), feet="never", smoothing="off")[0].people[0]
    ears = UPRIGHT[:, [NAMES.index("left_ear"), NAMES.index("right_ear")]].mean(1)
    found = places_of(person)
    hips = UPRIGHT[:, [NAMES.index("left_hip"), NAMES.index("right_hip")]].mean(1)
    assert np.linalg.norm(found["Head"] - found["Hips"] - ears + hips, axis=1).max() < 4
    assert "LeftToeBase" not in found and next(one for one in person.joints if one.name == "LeftFoot").end is not None
    always = {gap.joint for gap in person.gaps if (gap.first, gap.last) == (1001, 1048)}
    assert always == {"Head", "LeftHand", "RightHand", "LeftFoot", "RightFoot"}
    assert person.height == pytest.approx(176, abs=8)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(24))
def test_whatever_a_network_reads_makes_numbers(seed):
    """Frames that lack, points that lie on one another, in one plane, anywhere, seen or not at random."""
    chance = np.random.default_rng(seed)
    prepared, frames = read_prepared(), int(chance.integers(2, FRAMES))
    for name in ("places", "sure", "states", "space"):
        prepared[name] = prepared[name][:, :frames].copy()
    prepared["frames"] = np.sort(chance.choice(np.arange(1001, 1100), frames, False))
    space = prepared["space"]
    odd = (space, space * 0, chance.normal(size=space.shape), space[:, :, :1] + space * 0, space * [1, 1, 0])
    prepared["space"] = odd[seed % len(odd)]
    if seed % 3 == 0:
        prepared["places"] = chance.uniform(-100, 740, prepared["places"].shape)
    lost = chance.random(prepared["states"].shape) < chance.random() / 4
    prepared["states"][lost] = chance.integers(-1, 4, lost.sum())
    prepared["states"][0, 0] = joints.SEEN  # so that there is a skeleton
    prepared["sure"] = np.where(prepared["states"] == joints.SEEN, np.maximum(prepared["sure"], 0.01), 0)
    camera = None if seed % 2 else true_camera()
    made, _ = solved(prepared, camera, feet=("auto", "always", "never")[seed % 3], height=(None, 180.0)[seed % 2])
    for person in made.people:
        assert all(np.isfinite(joint.rotation).all() for joint in person.joints) and np.isfinite(person.root).all()
        assert len(person.root) in (1, person.frames) and person.height > 0


def test_both_feet_can_be_held_all_along():
    prepared = true_prepared()
    for name in ("space", "places"):  # somebody who stands and sways
        still = prepared[name][0, :1]
        prepared[name] = (still + 0.01 * np.sin(np.arange(FRAMES) / 4)[:, None, None])[None]
    person = solved(prepared, true_camera(), feet="always")[0].people[0]
    found = places_of(person)
    for side in ("Left", "Right"):
        assert standing_frames(person, side).all() and slide(found, side, np.ones(FRAMES, bool)).max() < 0.5


def test_hands_turn_with_index_and_little_finger():
    made = solved(read_prepared(), true_camera())[0].people[0]
    hand = np.array(next(one for one in made.joints if one.name == "RightHand").rotation)
    assert np.ptp(hand, axis=0).max() > 10 and jump(made) < 90


def test_turns_are_said_so_that_they_never_jump():
    generator = np.random.default_rng(5)
    ways = generator.normal(size=(200, 4))
    ways = turns.matrices(ways / np.linalg.norm(ways, axis=1, keepdims=True))
    assert np.allclose(turns.turned(turns.eulers(ways)), ways) and np.allclose(
        turns.matrices(turns.quaternions(ways)), ways
    )
    round_and_round = np.column_stack([np.zeros(100), np.arange(100) * 17.0, np.zeros(100)])
    assert np.allclose(turns.eulers(turns.turned(round_and_round)), round_and_round)
    through = np.column_stack(
        [np.linspace(60, 120, 61), np.full(61, 10.0), np.full(61, -20.0)]
    )  # a thigh past the pole
    assert np.allclose(turns.eulers(turns.turned(through)), through, atol=1e-5)
    opposite = turns.smallest(np.array([[0.0, 1, 0]]), np.array([[0.0, -2, 0]]))
    assert np.allclose(opposite @ [0, 1, 0], [[0, -1, 0]]) and np.linalg.det(opposite[0]) == pytest.approx(1)


def test_lengths_of_what_is_never_measured_are_those_of_people():
    points = {
        f"{side}_{joint}": np.full((3, 3), np.nan)
        for side in ("left", "right")
        for joint in ("hip", "shoulder", "knee", "ankle", "elbow", "wrist")
    }
    rest = rest_of(points, {name: np.zeros(3) for name in points}, None)
    assert rest.height == pytest.approx(170, rel=0.06)
    assert rest_of(points, {name: np.zeros(3) for name in points}, 100.0).height == pytest.approx(100)


def test_a_foot_that_trembles_stands_and_one_that_steps_does_not():
    place = np.zeros((60, 3))
    place[30:40, 0] = np.linspace(0, 60, 10)
    place[40:, 0] = 60
    place[30:40, 1] = 12
    [spans, other] = feet.spans_of([place, place[::-1]], [np.ones(60, bool), np.zeros(60, bool)], 0.0, 170.0, 24.0)
    assert spans == [(0, 28), (41, 59)] and other == []

"""What other programs read of people in a clip, as a layer: their files, whose joints are whose, what is not there."""

import json

import numpy as np
import pytest
from PIL import Image

from inference_server.models.pose.importing import add_figures
from inference_server.motion import imported
from inference_server.motion.imported import Figure, figures_of, number_in, program_of
from shared import places
from shared.delivery import read_delivery
from shared.errors import ModelRefused
from shared.layouts import BODY_25, COCO_17, HALPE_26, LAYOUTS
from shared.tracks import read_tracks
from tests.conftest import semrender
from tests.inference_server.walks import figure


def rows(joints, sure=0.9):
    """[x, y, c, ...] of (K, 2)."""
    return np.column_stack([joints, np.full(len(joints), sure)]).ravel().tolist()


def walking(layout, frames, x, speed, y=170.0, size=45.0):
    return np.array([figure(layout, x + speed * number, y, size, np.sin(number / 3)) for number in range(frames)])


def openpose(folder, people, first=0, ids=None, pattern="dance_{:012d}_keypoints.json"):
    """A folder as OpenPose's --write_json makes it, of people (P, F, K, 2) or (P, F, K, 3)."""
    folder.mkdir()
    for number in range(len(people[0])):
        found = []
        for person, walk in enumerate(people):
            joints = walk[number]
            flat = joints.ravel().tolist() if joints.shape[1] == 3 else rows(joints)
            found.append(
                {"person_id": [-1 if ids is None else ids[person]], "pose_keypoints_2d": flat, "face_keypoints_2d": []}
            )
        (folder / pattern.format(first + number)).write_text(json.dumps({"version": 1.3, "people": found}))
    return folder


def clip(folder, frames, first=1001):
    folder.mkdir()
    for number in range(frames):
        Image.new("RGB", (640, 360), (90, 120, 90)).save(folder / f"plate.{first + number}.png")
    return folder / "plate.####.png"


def render(pattern, out, *more):
    done = semrender("render", pattern, "--model", "read", "--option", "smoothing=off", "--out", out, *more)
    assert done.returncode == 0, done.stderr
    return read_tracks(out / read_delivery(out).tracks[0].path), done.stdout + done.stderr


def read(person):
    """(F, K, 3)"""
    return np.array([person.joints[name] for name in LAYOUTS[person.layout]]).transpose(1, 0, 2)


def test_openposes_folder_becomes_a_layer_and_what_is_not_there_is_said(tmp_path):
    walk = walking("body25", 12, 230, 6)
    given = np.concatenate([walk, np.full((12, 25, 1), 0.9)], 2)
    wrist, toe = BODY_25.index("left_wrist"), BODY_25.index("right_big_toe")
    given[4:6, wrist] = 0  # two frames: a gap that is filled
    given[:, toe] = 0
    folder = openpose(tmp_path / "json", [given])
    added = semrender("models", "add", folder, "--name", "read")
    assert added.returncode == 0 and "what OpenPose read of a clip" in added.stdout, added.stderr
    tracks, said = render(clip(tmp_path / "clip", 12), tmp_path / "out", "--option", "shift=1001")
    (person,) = tracks.people
    assert person.layout == "body25"
    there = np.ones((12, 25), bool)
    there[4:6, wrist] = there[:, toe] = False
    assert np.abs(read(person)[..., :2] - walk)[there].max() < 1e-3 and (read(person)[there][:, 2] > 0.8).all()
    gaps = {(gap.joint, gap.first, gap.last): gap.why for gap in person.gaps}
    assert gaps == {("left_wrist", 1005, 1006): "filled", ("right_big_toe", 1001, 1012): "hidden"}
    assert (read(person)[:, toe, 2] == 0).all()
    assert "sees joints in the picture alone" in said and not read_delivery(tmp_path / "out").poses
    painted = np.asarray(Image.open(tmp_path / "out" / "plate" / "plate.1003.png"))
    x, y = walk[2, BODY_25.index("left_ankle")].astype(int)
    assert painted[y, x, 3] == 255 and (painted[..., 3] > 0).mean() < 0.05


@pytest.mark.parametrize("with_ids", [True, False])
def test_alphaposes_list_keeps_people_apart(tmp_path, with_ids):
    """Two who walk past one another at different heights, in any order in the file; frames count as the shot.s."""
    walks = [walking("halpe26", 16, 120, 24, 150), walking("halpe26", 16, 520, -24, 215)]
    found = []
    for number in range(16):
        for person in (0, 1) if number % 2 else (1, 0):
            full = np.concatenate([walks[person][number], np.zeros((110, 2))])  # Halpe's 136
            row = {"image_id": f"plate.{1001 + number}.png", "category_id": 1, "keypoints": rows(full), "score": 2.9}
            found.append({**row, "idx": 7 - person} if with_ids else row)
    file = tmp_path / "alphapose-results.json"
    file.write_text(json.dumps(found))
    card = add_figures(file, "read")
    assert card.config["layout"] == "halpe26" and card.options[-1].default == 0
    tracks, _ = render(clip(tmp_path / "clip", 16), tmp_path / "out", "--option", "layout=coco17")
    assert len(tracks.people) == 2
    order = (1, 0)  # by their ids; else the first in the file
    for person, whose in zip(tracks.people, order, strict=True):
        true = walks[whose][:, [HALPE_26.index(name) for name in COCO_17]]
        assert np.abs(read(person)[..., :2] - true).max() < 1e-3 and not person.gaps


def test_easymocaps_folder_has_ids_and_rows_of_three(tmp_path):
    folder = tmp_path / "annots"
    folder.mkdir()
    walk = walking("body25", 3, 200, 5)
    for number in range(3):
        person = {"personID": 4, "keypoints": np.column_stack([walk[number], np.ones(25)]).tolist()}
        (folder / f"{number:06d}.json").write_text(json.dumps({"filename": "x.jpg", "annots": [person]}))
    card = add_figures(folder, "read")
    assert card.config["imported"] == "EasyMocap" and card.options[-1].default == 1  # clips count from 1
    (figure,) = [one for _, one in figures_of(json.loads((folder / "000001.json").read_text()), "EasyMocap")]
    assert figure.id == 4 and np.allclose(figure.joints[:, :2], walk[1])


@pytest.mark.parametrize(
    ("count", "layout"),
    [(17, "coco17"), (18, "openpose18"), (25, "body25"), (26, "halpe26"), (133, "wholebody133"), (136, "halpe26")],
)
def test_how_many_joints_there_are_says_which(count, layout):
    data = [{"image_id": 3, "keypoints": [1.0, 2.0, 0.5] * count}]
    assert program_of(data) == "AlphaPose"
    ((frame, figure),) = figures_of(data, "AlphaPose")
    assert frame == "3" and len(figure.joints) == len(LAYOUTS[layout]) and imported.layout_of([figure]) == layout


def test_numbers_are_the_last_in_a_name():
    assert number_in("dance_000000000012_keypoints.json") == 12 and number_in("plate.1033.png") == 1033
    assert number_in("walk.1001_keypoints") == 1001 and number_in("walk.mp4") is None
    assert number_in("take2") == 2 and number_in("12.jpg") == 12 and number_in("12") == 12 and number_in("x") is None


def test_joints_that_are_not_there_leave_a_body_its_size():
    """Half a figure is followed as a whole one would be."""
    whole = figure("body25", 300, 200, 50)
    for lacking in (("left_hip", "right_hip", "hip"), ("left_shoulder", "right_shoulder", "neck"), ("left_hip",)):
        joints = np.column_stack([whole, np.ones(25)])
        joints[[BODY_25.index(name) for name in lacking]] = 0
        body = imported.body_of(Figure(joints), 0.1)
        assert 25 < body.torso < 100 and np.hypot(*(body.hips - (300, 200))) < 50
        assert (body.visible[[BODY_25.index(name) for name in lacking]] == 0).all()
    assert imported.body_of(Figure(np.zeros((25, 3))), 0.1) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"people": [{"pose_keypoints_2d": [1, 2, 0.5]}]}', "1 is no count|joints that are known here"),
        ('{"people": 3}', "no list of up to"),
        ('{"people": [7]}', "no table"),
        ('{"version": 1}', "no joints as OpenPose, AlphaPose or EasyMocap"),
        ("[1, 2]", "no table|no joints as OpenPose"),
        ('[{"image_id": 1, "keypoints": ["a"]}]', "not all numbers"),
        ('[{"image_id": 1, "keypoints": [1e308, 0, 1]}]', "not all numbers, or are further away"),
        (json.dumps({"people": [{"pose_keypoints_2d": [0] * 75}]}), "nobody is in 1 file"),
        ('[{"image_id": 1, "keypoints": [1e999]}]', "not all numbers|JSON is broken"),
        ('{"people": []}', "nobody is in 1 file"),
        ("{", "JSON is broken at line 1"),
    ],
)
def test_what_is_something_else_is_refused_with_its_file(tmp_path, text, words):
    file = tmp_path / "x_keypoints.json"
    file.write_text(text)
    with pytest.raises(ModelRefused, match=words) as refusal:
        add_figures(file, "read")
    assert "x_keypoints.json" in str(refusal.value)
    assert not (places.models_folder() / "read").exists()


def test_two_layouts_and_frames_that_are_another_clips_are_refused(tmp_path):
    folder = openpose(tmp_path / "json", [walking("body25", 3, 200, 5)])
    (folder / "dance_000000000007_keypoints.json").write_text(
        json.dumps({"people": [{"pose_keypoints_2d": rows(figure("openpose18", 1, 2, 30))}]})
    )
    with pytest.raises(ModelRefused, match="people have 18 and 25 joints"):
        add_figures(folder, "read")
    add_figures(openpose(tmp_path / "other", [walking("body25", 3, 200, 5)]), "read")
    done = semrender("render", clip(tmp_path / "clip", 3), "--model", "read", "--out", tmp_path / "out")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "nobody was read on the 3 frames" in said and "shift" in said and "1-3" in said

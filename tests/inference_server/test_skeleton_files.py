"""Skeletons as files: BVH and USD read back by others' libraries, solved again by the command, delivered by a job."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from inference_server.motion.bvh import bvh_of
from inference_server.motion.delivered import tracks_of
from inference_server.motion.posing import asked, camera_of, files_of, solved_again
from inference_server.motion.solving.solve import Ask
from inference_server.motion.usd import usd_of
from shared.delivery import read_delivery
from shared.delivery_check import validate
from shared.errors import InputRefused
from shared.poses import PARENTS, read_poses
from shared.tracks import write_tracks
from tests.conftest import ROOT, semrender
from tests.inference_server.true_walk import (
    FRAMES,
    NAMES,
    TRUTH,
    UPRIGHT,
    places_of,
    read_prepared,
    solved,
    true_camera,
    true_prepared,
)


@pytest.fixture(scope="module")
def truth():
    return solved(true_prepared(), true_camera())[0]


@pytest.mark.skipif(find_spec("bvhio") is None, reason="bvhio is not built for this Python")
@pytest.mark.parametrize("how", ["auto", "never"])
def test_bvh_and_usd_are_read_back_where_joints_are(how, tmp_path):
    """By bvhio and by UsdSkel, in a process of its own: the tests of Maya have a fake of USD."""
    poses = solved(read_prepared(), true_camera(), feet=how)[0]
    person = poses.people[0]
    (tmp_path / "one.bvh").write_text(bvh_of(person, 24))
    (tmp_path / "one.usda").write_text(usd_of(poses))
    wanted = places_of(person)
    np.savez(tmp_path / "wanted.npz", **wanted)
    done = subprocess.run([sys.executable, "-c", READ_BACK], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bvh"] < 0.01 and told["usd"] < 0.01
    assert (
        told["joints"] == len(PARENTS) and told["frames"] == FRAMES and told["time"] == pytest.approx(1 / 24, abs=1e-6)
    )
    assert told["stage"] == [1001, 1048, 24, "Y", 0.01]
    assert told["focal"] == pytest.approx(TRUTH["camera_f"][9] * 36 / 640, rel=1e-5)
    assert np.allclose(told["camera"], np.array(poses.camera.matrix[9]).reshape(4, 4), atol=1e-4)


READ_BACK = """
import json, numpy as np, bvhio
from pxr import Usd, UsdGeom, UsdSkel
wanted = dict(np.load("wanted.npz"))
tree, worst, count = bvhio.readAsHierarchy("one.bvh"), 0.0, 0
for frame in range(48):
    tree.loadPose(frame)
    for joint, _, _ in tree.layout():
        if joint.Name in wanted:
            worst = max(worst, np.abs(np.array(joint.PositionWorld) - wanted[joint.Name][frame]).max())
            count += frame == 0
raw = bvhio.readAsBvh("one.bvh")
stage = Usd.Stage.Open("one.usda")
cache = UsdSkel.Cache()
cache.Populate(UsdSkel.Root(stage.GetPrimAtPath("/people/person_1")), Usd.PrimDefaultPredicate)
query = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath("/people/person_1/skeleton")))
assert query.HasBindPose() and query.HasRestPose()
usd = max(
    np.abs(np.array(way.ExtractTranslation()) - wanted[str(path).split("/")[-1]][frame]).max()
    for frame in range(48)
    for path, way in zip(query.GetJointOrder(), query.ComputeJointSkelTransforms(1001 + frame))
)
camera = UsdGeom.Camera(stage.GetPrimAtPath("/people/shot_cam")).GetCamera(1010)
about = [stage.GetStartTimeCode(), stage.GetEndTimeCode(), stage.GetTimeCodesPerSecond()]
about += [UsdGeom.GetStageUpAxis(stage), UsdGeom.GetStageMetersPerUnit(stage)]
print(json.dumps({"bvh": float(worst), "usd": float(usd), "joints": count, "frames": raw.FrameCount,
    "time": raw.FrameTime, "stage": about, "focal": camera.focalLength,
    "camera": [list(row) for row in camera.transform]}))
"""


def test_another_rotate_order_is_written_as_bvh_and_refused_as_usd(truth):
    person = replace(truth.people[0], rotate_order="xyz")
    assert "CHANNELS 3 Zrotation Yrotation Xrotation" in bvh_of(person, 24)
    with pytest.raises(InputRefused, match="person 1 is turned in the order xyz"):
        usd_of(replace(truth, people=(person,)))


def test_what_was_solved_is_solved_again_to_the_same_bytes(truth):
    tracks = tracks_of(true_prepared(), "blazepose33", "off", 1.0, 0)
    assert asked(truth) == Ask({}, 0.0, "auto", "light")
    own = camera_of(truth, tracks)
    assert files_of(solved_again(truth, tracks, asked(truth), own)[0], "walk") == files_of(truth, "walk")
    assert solved_again(truth, tracks, asked(truth), None)[0].space == "floor"
    floor = solved(true_prepared(), None, height=180.0, lens=24.0, feet="never", smoothing="strong")[0]
    assert files_of(solved_again(floor, tracks, asked(floor), camera_of(floor, tracks))[0], "walk") == files_of(
        floor, "walk"
    )
    assert solved_again(floor, tracks, asked(floor), true_camera())[0].space == "world"
    with pytest.raises(InputRefused, match="the camera is known from 1001 to 1047, people from 1001 to 1048"):
        solved_again(truth, tracks, asked(truth), replace(true_camera(), last=1047))
    with pytest.raises(InputRefused, match="a picture of 640x480, they are in one of 640x360"):
        solved_again(truth, tracks, asked(truth), replace(true_camera(), height=480))
    with pytest.raises(InputRefused, match="no measured points"):
        solved_again(replace(truth, people=(replace(truth.people[0], points={}),)), tracks, asked(truth), own)
    with pytest.raises(InputRefused, match="frames 1001 to 1048 and people 4, it is of 1001 to 1048 and people 1"):
        solved_again(truth, replace(tracks, people=(replace(tracks.people[0], id=4),)), asked(truth), own)


CLIP = ROOT / "tests" / "data" / "pose" / "walk.####.jpg"


def test_a_layer_of_joints_delivers_skeletons_in_the_space_of_the_shots_camera(tmp_path):
    write_tracks(tmp_path / "camera.json", true_camera())
    shot = {
        "format": 1, "name": "sh", "first": 1033, "last": 1040, "fps": "24", "tracks": ["camera.json"],
        "layers": [{"name": "dance", "picture": str(CLIP), "model": "blazepose", "options": {"height": 176}}],
    }  # fmt: skip
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    out = tmp_path / "out"
    done = semrender("render", tmp_path / "shot.json", "--out", out, "--no-aep")
    assert done.returncode == 0, done.stdout + done.stderr
    delivery = read_delivery(out)
    validate(delivery, out)
    [one] = delivery.poses
    assert (one.name, one.path, one.bvh) == ("dance", "poses/dance.poses.json", ("poses/dance.person_1.bvh",))
    poses = read_poses(out / one.path)
    assert poses.space == "world" and poses.lens_from == "camera" and poses.model.name == "blazepose"
    assert poses.people[0].height == pytest.approx(176) and (poses.first, poses.last) == (1033, 1040)
    assert (out / "poses" / poses.tracks).resolve() == (out / "tracks" / "dance.joints.json").resolve()
    hips = UPRIGHT[32:40, [NAMES.index("left_hip"), NAMES.index("right_hip")]].mean(1)
    assert np.linalg.norm(np.array(poses.people[0].root) - hips, axis=1).mean() < 40

    before = {file.name: file.read_bytes() for file in (out / "poses").iterdir()}
    again = semrender("skeleton", out / one.path)
    assert again.returncode == 0, again.stderr
    assert {file.name: file.read_bytes() for file in (out / "poses").iterdir()} == before
    tuned = semrender("skeleton", out / one.path, "--height", "1=190", "--feet", "never", "--out", tmp_path / "tuned")
    assert tuned.returncode == 0 and "person 1: 190 cm (said)" in tuned.stdout
    other = read_poses(tmp_path / "tuned" / "dance.poses.json")
    assert other.feet == "never" and other.people[0].height == pytest.approx(190) and other.space == "world"
    assert (tmp_path / "tuned" / other.tracks).resolve() == (out / "tracks" / "dance.joints.json").resolve()
    lone = semrender("skeleton", out / one.path, "--camera", "none", "--lens", "26", "--out", tmp_path / "floor")
    assert lone.returncode == 0 and read_poses(tmp_path / "floor" / "dance.poses.json").space == "floor"
    wrongs = (["--height", "2=170"], "of person 1"), (["--view-angle", "190"], "0.5 to 175 degrees")
    for wrong, words in (*wrongs, (["--camera", out / "tracks" / "dance.joints.json"], "no camera in it")):
        refused = semrender("skeleton", out / one.path, *wrong)
        assert refused.returncode == 3 and words in refused.stderr
    shutil.rmtree(out / "tracks")
    gone = semrender("skeleton", out / one.path)
    assert gone.returncode == 3 and "Keep the folders of a delivery together" in gone.stderr
    (out / "poses" / "dance.usda").unlink()
    with pytest.raises(Exception, match="the file is not there"):
        validate(replace(delivery, tracks=()), out)

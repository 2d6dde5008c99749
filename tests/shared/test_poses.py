"""Poses: the document of skeletons in space."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from shared import schema
from shared.errors import InputRefused, MissingInput
from shared.poses import PARENTS, Poses, read_poses, write_poses

AHEAD = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 160, 0, 1]
SOUND: dict[str, Any] = {
    "format": 1,
    "first": 1,
    "last": 3,
    "fps_num": 24000,
    "fps_den": 1001,
    "width": 640,
    "height": 360,
    "camera": {"name": "camera", "matrix": [AHEAD], "focal": [35], "film": 36},
    "tracks": "../tracks/dance.joints.json",
    "model": {"name": "blazepose", "hash": "00", "licence": "Apache-2.0"},
    "people": [
        {
            "id": 1,
            "first": 2,
            "last": 3,
            "root": [[0, 90, -300], [0, 91, -299]],
            "height": 172.5,
            "contacts": {"LeftFoot": [[2, 3]]},
            "gaps": [{"joint": "LeftLeg", "first": 3, "last": 3, "why": "hidden"}],
            "points": {"left_hip": [[9, 0, 0, 0.9], [9, 0, 1, 0]]},
            "joints": [
                {"name": "Hips", "offset": [0, 0, 0], "rotation": [[0, 10, 0], [0, 12, 0]]},
                {"name": "LeftUpLeg", "parent": "Hips", "offset": [9, 0, 0], "rotation": [[-20, 0, 0], [-22, 0, 0]]},
                {"name": "LeftLeg", "parent": "LeftUpLeg", "offset": [0, -42, 0], "rotation": [[0, 0, 0]]},
                {
                    "name": "LeftFoot",
                    "parent": "LeftLeg",
                    "offset": [0, -41, 0],
                    "rotation": [[0, 0, 0]],
                    "end": [0, -7, 12],
                },
            ],
        }
    ],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(SOUND)
    at: Any = data
    *way, last = path.split(".")
    for key in way:
        at = at[int(key)] if isinstance(at, list) else at[key]
    at[int(last) if isinstance(at, list) else last] = value
    return data


def test_a_file_is_read_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dance.poses.json"
    poses = schema.read(Poses, SOUND)
    write_poses(file, poses)
    assert read_poses(file) == poses and file.read_bytes().isascii()
    assert poses.people[0].frames == 2 and poses.people[0].joints[0].parent is None
    with pytest.raises(MissingInput):
        read_poses(tmp_path / "none.json")
    monkeypatch.setattr("shared.poses.MAX_FILE", 100)
    with pytest.raises(InputRefused, match="the poses would take 0 MB, more than 0") as refusal:
        write_poses(file, poses)
    assert "dance.poses.json" in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("format", 2, "format is 2, this semrender reads 1"),
        ("last", 0, '"last" is 0. Allowed: from first'),
        ("space", "camera", '"space" is "camera". Allowed: world, floor'),
        ("camera.matrix", [AHEAD] * 2, '"camera.matrix" has 2 values, and 1 to 3 are 3 frames'),
        ("camera.matrix.0.5", 2, "scales, shears or mirrors"),
        ("people", [], '"people" is a list of 0'),
        ("last", 2, "person 1 is there from 2 to 3, the clip is not"),
        ("people.0.last", 1, '"last" is 1. Allowed: from first'),
        ("people.0.root", [[0, 0, 0]] * 3, '"root" of person 1 has 3 values, and 2 to 3 are 2 frames'),
        ("people.0.joints.2.rotation", [[0, 0, 0]] * 3, '"LeftLeg.rotation" of person 1 has 3 values'),
        ("people.0.joints.2.rotation.0", [0, 0], "Allowed: a list of 3 degrees"),
        ("people.0.joints.2.name", "LeftKnee", '"people.0..joints.2..name" is "LeftKnee"'),
        ("people.0.joints.3.name", "LeftLeg", "two joints of person 1 are named LeftLeg"),
        ("people.0.joints.1.parent", None, "the joint LeftUpLeg of person 1 hangs on none"),
        ("people.0.joints.1.parent", "LeftLeg", "the joint LeftUpLeg of person 1 hangs on LeftLeg"),
        ("people.0.joints.0.parent", "Hips", "the joint Hips of person 1 hangs on Hips"),
        ("people.0.rotate_order", "xxz", '"people.0..rotate_order" is "xxz"'),
        ("people.0.contacts", {"LeftHand": [[2, 3]]}, "LeftHand"),
        ("people.0.contacts", {"LeftFoot": [[1, 3]]}, "stands on LeftFoot on frames that are not there"),
        ("people.0.contacts", {"RightFoot": [[2, 3]]}, "stands on RightFoot on frames that are not there"),
        ("people.0.gaps.0.joint", "Head", "has a gap of Head, which is none of its joints"),
        ("people.0.points.left_hip", [[0, 0, 0, 2]], "points.left_hip.0..3.. is 2"),
        ("people.0.points.left_hip", [[0, 0, 0, 1]] * 3, '"points.left_hip" of person 1 has 3 values'),
        ("people.0.height", 0, '"people.0..height" is 0'),
    ],
)
def test_what_does_not_fit_is_refused(path: str, value: Any, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        schema.read(Poses, changed(path, value))


def test_parents_stand_before_their_children() -> None:
    known = [""]
    for name, parent in PARENTS.items():
        assert parent in known
        known.append(name)
    assert len(PARENTS) == 18

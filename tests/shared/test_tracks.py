"""Tracks: the document, and where After Effects puts what is in it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared import schema
from shared.comp_tracks import CompTracks, comp_tracks, text_of
from shared.delivery import DeliveryShot
from shared.errors import InputRefused, MissingInput
from shared.layouts import COCO_17
from shared.tracks import Tracks, read_tracks, write_tracks

DATA = Path(__file__).parents[1] / "data" / "tracks"
AHEAD = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
SOUND: dict[str, Any] = {
    "format": 1,
    "first": 1,
    "last": 2,
    "width": 640,
    "height": 360,
    "camera": {"name": "cam", "matrix": [AHEAD], "focal": [20, 40], "film": 36},
    "nulls": [{"name": "door", "points": [[0, 0, -100]]}, {"name": "mark", "points": [[10, 20], [11, 21]]}],
    "people": [{"id": 1, "joints": {"head": [[1, 2, 0.5], [3, 4, 0]], "hip": [[5, 6, 1]]}, "bones": [["head", "hip"]]}],
}


def shot(**changes: Any) -> DeliveryShot:
    return replace(DeliveryShot("s", "s", 640, 360, 24, 24, 1, 1, 2, 2), **changes)


def changed(path: str, value: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(SOUND))
    at: Any = data
    *way, last = path.split(".")
    for key in way:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if value is ...:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return data


def test_a_file_is_read_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tracks.json"
    tracks = schema.read(Tracks, SOUND)
    write_tracks(file, tracks)
    assert read_tracks(file) == tracks and tracks.people[0].bones == (("head", "hip"),)
    with pytest.raises(MissingInput):
        read_tracks(tmp_path / "none.json")
    file.write_bytes(b" " * (32 * 2**20 + 1))
    with pytest.raises(InputRefused, match="the file is larger than 32 MB"):
        read_tracks(file)
    monkeypatch.setattr("shared.tracks.MAX_FILE", 100)
    with pytest.raises(InputRefused, match="the tracks would take 0 MB, more than 0"):
        write_tracks(file, tracks)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("format", 2, "format is 2, this semrender reads 1"),
        ("last", 0, '"last" is 0. Allowed: from first'),
        ("camera.matrix", [AHEAD] * 3, '"camera.matrix" has 3 values, and 1 to 2 are 2 frames'),
        ("camera.matrix.0", AHEAD[:15], r'"camera.matrix\[0\]" is a list of 15. Allowed: a list of 16 numbers'),
        ("camera.matrix.0.3", float("nan"), r'"camera.matrix\[0\]\[3\]" is NaN'),
        ("camera.matrix.0.0", 2, 'frame 1: "camera.matrix" scales.*Its axes are 2, 1, 1 long'),
        ("camera.matrix.0.0", -1, "scales, shears or mirrors"),
        ("camera.film", ..., '"camera.film" is missing. See docs/tracks.md'),
        ("camera.lens", 3, 'a camera has no key "lens"'),
        ("camera.name", "a/b", '"camera.name" is "a/b"'),
        ("nulls.0.points.0", [1], r'"nulls\[0\].points\[0\]" is a list of 1. Allowed: a list of 2 to 3'),
        ("nulls.1.points.1", [1, 2, 3], "is in space on some frames"),
        ("nulls.1.name", "door", "two nulls are named door"),
        ("people.0.joints.head.0.2", 1.5, r'"people\[0\].joints.head\[0\]\[2\]" is 1.5. Allowed: a number from 0 to 1'),
        ("people.0.joints.head", [[1, 2, 1]] * 3, r'"people\[0\].joints.head" has 3 values'),
        ("people.0.bones.0.1", "foot", "a bone of person 1 ends in foot"),
        ("nulls", [SOUND["nulls"][0]] * 1001, '"nulls" is a list of 1001. Allowed: a list of at most 1000 nulls'),
        ("people", SOUND["people"] * 101, '"people" is a list of 101. Allowed: a list of at most 100 people'),
        ("people.0.layout", "coco17", "person 1 has no joint nose"),
        ("people.0.layout", "coco", '"people\\[0\\].layout" is "coco". Perhaps "coco17" is meant'),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(path: str, value: Any, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        schema.read(Tracks, changed(path, value))


def test_the_documented_example_is_one() -> None:
    text = (DATA.parents[2] / "docs" / "tracks.md").read_text(encoding="utf-8")
    example = schema.read(Tracks, json.loads(text.split("```json\n")[1].split("```")[0]))
    assert len(comp_tracks(example, shot(first=1001, last=1003, frames=3)).layers) == 6


def test_keys_come_of_frames_that_are_there() -> None:
    tracks = schema.read(Tracks, {**SOUND, "first": 10, "last": 11})
    for first, last in ((5, 10), (10, 12)):
        with pytest.raises(InputRefused, match=f"the tracks go from 10 to 11, the shot from {first} to {last}"):
            comp_tracks(tracks, shot(first=first, last=last, frames=last - first + 1))


def test_nothing_in_it() -> None:
    with pytest.raises(InputRefused, match="nothing is in it"):
        schema.read(Tracks, {key: SOUND[key] for key in ("format", "first", "last", "width", "height")})


def test_coco_17_has_its_joints_and_no_other() -> None:
    person = {"id": 1, "layout": "coco17", "joints": {name: [[0, 0, 1]] for name in COCO_17}}
    schema.read(Tracks, changed("people", [person]))
    person["joints"]["tail"] = [[0, 0, 1]]  # type: ignore[index]
    with pytest.raises(InputRefused, match="has a joint tail"):
        schema.read(Tracks, changed("people", [person]))


# --- as After Effects has it -------------------------------------------------------------------------------


def seen(found: CompTracks, point: tuple[float, ...], at: int, width: float, height: float, aspect: float) -> Any:
    """Where a comp's camera sees a point of its space: After Effects' documented camera, written anew."""
    camera = next(one for one in found.layers if one.kind == "camera")
    place, turn, (zoom,) = (
        rows[at if len(rows) > 1 else 0] for rows in (camera.keys[name] for name in ("position", "orientation", "zoom"))
    )
    x, y, z = ((a - b) * (aspect if axis == 0 else 1) for axis, (a, b) in enumerate(zip(point, place, strict=True)))
    a, b, c = map(math.radians, turn)  # the inverse of Rx Ry Rz, one after the other
    y, z = y * math.cos(a) + z * math.sin(a), z * math.cos(a) - y * math.sin(a)
    x, z = x * math.cos(b) - z * math.sin(b), z * math.cos(b) + x * math.sin(b)
    x, y = x * math.cos(c) + y * math.sin(c), y * math.cos(c) - x * math.sin(c)
    return pytest.approx((width / 2 + x * zoom / z / aspect, height / 2 + y * zoom / z), abs=0.02)


@pytest.mark.parametrize(("size", "aspect"), [((640, 360), 1.0), ((320, 360), 2.0), ((1280, 720), 1.0)])
def test_a_null_lies_where_the_rendered_passes_have_it(size: tuple[int, int], aspect: float) -> None:
    """Blender's depth says where a pixel's point is; After Effects' camera sees it there, and a frame before it where
    Blender's motion vector leads: to 0.02 pixels, with another size and with pixels twice as wide."""
    tracks = read_tracks(DATA / "ride_camera.json")
    measured = json.loads((DATA / "ride_points.json").read_text())
    camera = tracks.camera
    assert camera is not None
    at = measured["frame"] - tracks.first
    matrix, pixels = camera.matrix[at], camera.focal[0] / camera.film * tracks.width
    nulls = []
    for number, (x, y, depth, _, _) in enumerate(measured["points"]):
        local = ((x - 320) / pixels * depth, (180 - y) / pixels * depth, -depth, 1)
        world = [[sum(local[row] * matrix[4 * row + column] for row in range(4)) for column in range(3)]]
        nulls.append({"name": f"p{number}", "points": world})
    both = schema.read(Tracks, {**schema.plain(tracks), "nulls": nulls})
    of = shot(first=1001, last=1024, frames=24, width=size[0], height=size[1], pixel_aspect=aspect)
    found = comp_tracks(both, of)
    for layer, (x, y, _, dx, dy) in zip(found.layers[1:], measured["points"], strict=True):
        assert layer.kind == "null_3d"
        for frame, wanted in ((at, (x, y)), (at - 1, (x + dx, y + dy))):
            there = (wanted[0] * size[0] / 640, wanted[1] * size[1] / 360)
            assert there == seen(found, layer.keys["position"][0], frame, *size, aspect)


@pytest.mark.parametrize("up", ["y", "z"])
def test_cameras_that_look_straight_up_and_down(up: str) -> None:
    """Also where two of the three angles turn about one axis."""
    for pitch in (90.0, -90.0, 89.999):
        c, s = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
        for roll in (0.0, 30.0, 200.0):
            p, q = math.cos(math.radians(roll)), math.sin(math.radians(roll))
            x, y, z = (p, 0.0, -q), (q * s, c, p * s), (q * c, -s, p * c)  # rows: turned about y, then x
            rows = [(one[0], -one[2], one[1]) if up == "z" else one for one in (x, y, z)]
            matrix = [*rows[0], 0, *rows[1], 0, *rows[2], 0, 7, 8, 9, 1]
            point = [at + 3 * right - 50 * back for at, right, back in zip((7, 8, 9), rows[0], rows[2], strict=True)]
            data = {**SOUND, "up": up, "camera": {**SOUND["camera"], "matrix": [matrix]}}
            found = comp_tracks(schema.read(Tracks, {**data, "nulls": [{"name": "n", "points": [point]}]}), shot())
            there = (320 + 3 / 50 * 20 / 36 * 640, 180)
            assert there == seen(found, found.layers[1].keys["position"][0], 0, 640, 360, 1)


def test_layers_of_a_comp() -> None:
    found = comp_tracks(schema.read(Tracks, SOUND), shot(width=1280, height=720, first=2, frames=1))
    camera, door, mark, person, head, hip = found.layers
    assert camera.keys == {"position": ((640, 360, 0),), "orientation": ((0, 0, 0),), "zoom": ((1422.2222,),)}
    assert [one.kind for one in found.layers] == ["camera", "null_3d", *["null_2d"] * 4]
    assert door.keys["position"] == ((640, 360, 100),) and mark.keys["position"] == ((22, 42),)
    assert (person.name, head.name, head.parent, hip.parent) == ("person 1", "person 1 head", person.uid, person.uid)
    assert [one.shy for one in (door, person, head, hip)] == [False, False, True, True]
    assert found.first == 2 and json.loads(text_of(found))["layers"][4]["keys"]["confidence"] == [[0]]


def test_a_joint_that_is_not_seen_stays_where_it_was() -> None:
    rows = [[0, 0, 0], [10, 20, 0.5], [99, 99, 0], [30, 40, 1]]
    data = {**SOUND, "last": 4, "camera": None, "nulls": [], "people": [{"id": 1, "joints": {"a": rows}}]}
    _, joint = comp_tracks(schema.read(Tracks, data), shot(last=4, frames=4)).layers
    assert joint.keys["position"] == ((10, 20), (10, 20), (10, 20), (30, 40))
    assert joint.keys["confidence"] == ((0,), (50,), (0,), (100,))

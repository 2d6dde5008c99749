"""Cameras, nulls and joints in a written project: as After Effects makes them, and where the passes have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import py_aep
import pytest
from deliveries import HEIGHT, WIDTH, deliver, layer, shot
from fake_host import AfterEffects
from tagged import tag_in
from test_parity import close

from ae_bridge.aep import write_project
from shared import schema
from shared.comp_tracks import comp_tracks, text_of
from shared.delivery import DeliveryShot, DeliveryTracks
from shared.errors import MissingInput
from shared.tracks import Tracks

DATA = Path(__file__).parents[1] / "data" / "tracks"
GROUPS = {
    "ADBE Position": "ADBE Transform Group",
    "ADBE Orientation": "ADBE Transform Group",
    "ADBE Camera Zoom": "ADBE Camera Options Group",
}
Data = dict[str, Any]


def add_tracks(folder: Path, tracks: Data, of: DeliveryShot) -> DeliveryTracks:
    made = comp_tracks(schema.read(Tracks, tracks), of)
    (folder / "tracks").mkdir()
    (folder / "tracks" / "t.json").write_text(json.dumps(tracks))
    (folder / "tracks" / "t.comp.json").write_text(text_of(made))
    return DeliveryTracks("t", "tracks/t.json", "tracks/t.comp.json")


def with_tracks(folder: Path, tracks: Data, of: DeliveryShot, frames: range) -> Path:
    return deliver(folder, of, layer(folder, "train", frames), tracks=(add_tracks(folder, tracks, of),))


def moving() -> Data:
    camera = json.loads((DATA / "ride_camera.json").read_text())["camera"]
    joints = {
        "head": [[at, 2 * at, at / 30] for at in range(1, 25)],
        "hip": [[9, 9, 1]],
    }
    return {
        **{"format": 1, "first": 1001, "last": 1024, "width": 32, "height": 18, "up": "z", "centimetres": 100},
        "camera": {**camera, "focal": [20 + at for at in range(24)]},
        "nulls": [{"name": "door", "points": [[1, 2, 3]]}, {"name": "列車", "points": [[at, 1] for at in range(24)]}],
        "people": [
            {
                **{"id": 7, "name": "dancer", "joints": joints, "bones": [["head", "hip"]]},
                "gaps": [
                    {"joint": "hip", "first": 1003, "last": 1006, "why": "hidden"},
                    {"joint": "hip", "first": 1007, "last": 1007, "why": "filled"},
                ],
            }
        ],
    }


def in_the_file(path: Path) -> list[Data]:
    found = []
    for one in py_aep.parse(path).project.compositions[0].layers:
        effects = one["ADBE Effect Parade"] if isinstance(one, py_aep.AVLayer) else []
        sliders = [effect[f"{effect.match_name}-0001"] for effect in effects if effect.name == "confidence"]
        groups = {name: group for name, group in GROUPS.items() if "Zoom" not in name or one.name == "rideCam"}
        properties = {name: one[group][name] for name, group in groups.items()}
        place = properties["ADBE Position"]
        if place.dimensions_separated:
            del properties["ADBE Position"]
            properties |= {f"ADBE Position_{axis}": place.get_separation_follower(axis) for axis in (0, 1)}
        properties |= {f"{slider.parent_property.match_name}-0001": slider for slider in sliders}
        found.append(
            {
                **{"name": one.name, "parent": one.parent and one.parent.name, "tag": tag_in(one.comment)},
                **{"shy": one.shy, "label": int(one.label), "orient": one.auto_orient.name},
                **{"start": close(one.start_time), "in": close(one.in_point), "out": close(one.out_point)},
                "threeD": isinstance(one, py_aep.AVLayer) and one.three_d_layer,
                "keys": {
                    name: [[close(key.time), close(key.value)] for key in each.keyframes] or close(each.value)
                    for name, each in properties.items()
                },
                "markers": [
                    [close(key.time), key.value.comment, close(key.value.duration), key.value.params]
                    for key in one.marker.keyframes
                ],
            }
        )
    return found


def in_after_effects(ae: AfterEffects, comp: str) -> list[Data]:
    layers = ae.comp(comp)["layers"]
    names = {one["id"]: one["name"] for one in layers}
    found = []
    for one in layers:
        hidden = ("ADBE Anchor Point", "ADBE Scale", "ADBE Rotate Z")
        moves = {name: value for name, value in one["moves"].items() if name not in hidden}
        found.append(
            {
                **{"name": one["name"], "parent": names.get(one["parent"]), "tag": tag_in(one["comment"])},
                **{"shy": one["shy"], "label": one["label"], "orient": one["orient"]},
                **{"start": one["start"], "in": one["in"], "out": one["out"], "threeD": one["threeD"]},
                "keys": {name: each.get("keys") or each["value"] for name, each in moves.items()},
                "markers": [
                    [time, said["words"], said["seconds"], said["parameters"]] for time, said in one["markers"]
                ],
            }
        )
    return found


def test_both_ways_make_the_same(tmp_path: Path, after_effects: Callable[..., AfterEffects]) -> None:
    """At an odd rate, a part of frames with keys of the whole shot; then After Effects would change nothing of it."""
    frames = range(1005, 1012)
    tracks = add_tracks(tmp_path, moving(), shot(range(1001, 1025), 24000, 1001))
    path = deliver(tmp_path, shot(frames, 24000, 1001), layer(tmp_path, "train", frames), tracks=(tracks,))
    file = in_the_file(write_project(path))
    ae = after_effects()
    ae.put(*[str(one) for one in tmp_path.rglob("*.png")], width=WIDTH, height=HEIGHT)
    content = json.loads((tmp_path / "tracks" / "t.comp.json").read_text("ascii"))
    report = ae.import_only(json.loads(path.read_text("ascii")), str(tmp_path), tracks=[content])
    assert report["ok"], report["errors"]
    script = in_after_effects(ae, "SQ010_SH020")
    assert [one["name"] for one in file] == ["rideCam", "door", "列車", "dancer", "dancer head", "dancer hip", "train"]
    assert file == script
    project = py_aep.parse(next(tmp_path.glob("*.aep"))).project
    comp = project.compositions[0]
    assert tag_in(comp.comment) == tag_in(ae.comp("SQ010_SH020")["comment"])
    nulls = {one.name: one.parent_folder.name for one in project.footages if not one.comment}
    assert nulls == dict.fromkeys(["door", "列車", "dancer", "dancer head", "dancer hip"], "nulls")


@pytest.mark.parametrize(("width", "aspect"), [(640, 1.0), (320, 2.0)])
def test_a_null_lies_where_the_rendered_passes_have_it(tmp_path: Path, width: int, aspect: float) -> None:
    """By py_aep's camera, which its makers compared with After Effects: through the pixel, back onto the null."""
    tracks = json.loads((DATA / "ride_camera.json").read_text())
    measured = json.loads((DATA / "ride_points.json").read_text())
    at, pixels = measured["frame"] - 1001, 27 / 36 * 640
    matrix = tracks["camera"]["matrix"][at]
    tracks["nulls"] = []
    for number, (x, y, depth, _, _) in enumerate(measured["points"]):
        local = ((x - 320) / pixels * depth, (180 - y) / pixels * depth, -depth, 1)
        world = [sum(local[row] * matrix[4 * row + column] for row in range(4)) for column in range(3)]
        tracks["nulls"].append({"name": f"p{number}", "points": [world]})
    frames = range(1001, 1025)
    of = shot(frames, width=width, height=360, pixel_aspect=aspect)
    path = with_tracks(tmp_path, tracks, of, frames)
    delivery = json.loads(path.read_text())
    delivery["layers"] = []
    path.write_text(json.dumps(delivery))
    comp = py_aep.parse(write_project(path)).project.compositions[0]
    nulls = {one.name: one for one in comp.layers}
    for number, (x, y, depth, dx, dy) in enumerate(measured["points"]):
        for frame, (u, v) in ((at, (x, y)), (at - 1, (x + dx, y + dy))):
            found = nulls[f"p{number}"].comp_point_to_source([u * width / 640, v], time=frame / 24)
            a_pixel = 100 * depth / pixels  # at that depth, in the units of the comp
            assert found == pytest.approx([0, 0], abs=0.05 * a_pixel), (number, frame)


def test_tracks_that_went_away(tmp_path: Path) -> None:
    frames = range(1005, 1007)
    path = with_tracks(tmp_path, moving(), shot(frames), frames)
    (tmp_path / "tracks" / "t.comp.json").unlink()
    with pytest.raises(MissingInput, match=r"t\.comp\.json.*Deliver the shot again"):
        write_project(path)


@pytest.mark.parametrize(
    ("width", "height", "aspect", "num", "den"),
    [(640, 360, 1.0, 24, 1), (1280, 720, 1.0, 24000, 1001), (320, 360, 2.0, 25, 1)],
    ids=["as large", "twice as large", "wide pixels"],
)
def test_joints_come_back_to_the_pixels_of_the_source(
    tmp_path: Path,
    after_effects: Callable[..., AfterEffects],
    width: int,
    height: int,
    aspect: float,
    num: int,
    den: int,
) -> None:
    """From the comp, through person and joint, on every frame; not seen, it is where it was seen last."""
    frames = range(1001, 1013)
    rows = [[round(20.1237 + 37.713 * at, 3), round(300.0517 - 11.077 * at, 3), 0.9] for at in range(12)]
    rows[4:6] = [[650.0, 100.0, 0.97], [300.0, -3.0, 0.97]]  # beyond the picture, and sure of it all the same
    tracks = {
        **{"format": 1, "first": 1001, "last": 1012, "width": 640, "height": 360},
        "people": [{
            **{"id": 1, "joints": {"left_wrist": rows, "nose": [[5, 5, 1]]}},
            "gaps": [{"joint": "left_wrist", "first": 1009, "last": 1010, "why": "hidden"},
                     {"joint": "nose", "first": 1012, "last": 1012, "why": "outside"}],
        }],
    }  # fmt: skip
    of = shot(frames, num, den, width=width, height=height, pixel_aspect=aspect)
    path = with_tracks(tmp_path, tracks, of, frames)
    delivery = json.loads(path.read_text("ascii"))
    delivery["layers"] = []
    path.write_text(json.dumps(delivery))
    wanted = [rows[at][:2] for at in (0, 1, 2, 3, 3, 3, 6, 7, 7, 7, 10, 11)]

    comp = py_aep.parse(write_project(path)).project.compositions[0]
    nulls = {one.name: one for one in comp.layers}
    content = json.loads((tmp_path / "tracks" / "t.comp.json").read_text("ascii"))
    ae = after_effects()
    assert ae.import_only(delivery, str(tmp_path), tracks=[content])["ok"]
    places = ae.seen_at("SQ010_SH020", "person 1 left_wrist", [[0, 0]] * 12, [at / of.fps for at in range(12)])
    for at, (x, y) in enumerate(wanted):
        file = nulls["person 1 left_wrist"].source_point_to_comp([0, 0], time=at / of.fps)
        for found in (places[at], file):
            back = [found[0] / width * 640, found[1] / height * 360]
            assert back == pytest.approx([x, y], abs=1e-3), at
    layers = {one["name"]: one for one in ae.comp("SQ010_SH020")["layers"]}
    for at, (time, _) in enumerate(layers["person 1 left_wrist"]["moves"]["ADBE Position_0"]["keys"]):
        assert time * num / den == pytest.approx(at, abs=0.1)
    sure = layers["person 1 left_wrist"]["moves"]["ADBE Slider Control-0001"]["keys"]
    assert [value > 0 for _, value in sure] == [at not in (4, 5, 8, 9) for at in range(12)]
    assert [(round(time * num / den), one["words"]) for time, one in layers["person 1 left_wrist"]["markers"]] == [
        (4, "outside the picture"),
        (8, "hidden"),
    ]
    assert [value > 0 for _, value in layers["person 1 nose"]["moves"]["ADBE Slider Control-0001"]["keys"]] == [
        at != 11 for at in range(12)
    ]

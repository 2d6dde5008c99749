"""Cameras, nulls and joints: layers without pictures, with a key on every frame."""

from __future__ import annotations

from typing import Any

from made import FRAMES, UID, Data, painting, version
from steps import Open, clean, fields, near, unchanged

AHEAD = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
FRAME = 1 / 24


def moving(name: str, kind: str, first: int = 1001, **keys: Any) -> Data:
    parent, shy = keys.pop("parent", ""), keys.pop("shy", False)
    uid = f"{UID}/L/{name}"
    return {"uid": uid, "name": name, "kind": kind, "label": 4, "shy": shy, "parent": parent, "keys": keys}


def moves(step: float, frames: range = FRAMES, axes: int = 3) -> list[list[float]]:
    return [[round(step * at + axis, 4) for axis in range(axes)] for at in range(len(frames))]


def layers_of(step: float = 1.5, frames: range = FRAMES) -> list[Data]:
    person = moving("dancer", "null_2d", position=[[0, 0]])
    return [
        moving("cam", "camera", position=moves(step, frames), orientation=[[0, 359.9999, 12.5]], zoom=[[1866.6667]]),
        moving("door", "null_3d", position=[[10, 20, -300]]),
        person,
        moving(
            "head", "null_2d", parent=person["uid"], shy=True, position=moves(step, frames, 2),
            confidence=[[50 + at % 2] for at in range(len(frames))],
        ),
    ]  # fmt: skip


def shot(number: int, layers: list[Data], frames: range = FRAMES, first: int | None = None) -> tuple[Data, list[Data]]:
    """A delivery with a painting and the tracks, and what their comp file holds."""
    made = version(number, painting("train", frames), frames=frames)
    made["tracks"] = [{"name": "t", "path": "tracks/t.json", "comp": "tracks/t.comp.json"}]
    header = {"schema": "semrender.comp_tracks", "schema_version": 1}
    return made, [{**header, "first": frames[0] if first is None else first, "layers": layers}]


def load(ae: Any, number: int, layers: list[Data], frames: range = FRAMES) -> Data:
    made, tracks = shot(number, layers, frames)
    report: Data = ae.load(made, f"/v{number:03d}", tracks=tracks)
    unchanged(ae.import_only(made, f"/v{number:03d}", tracks=tracks), ae)
    return report


def keys(layer: Data, name: str) -> list[list[Any]]:
    found: list[list[Any]] = [[round(time * 24, 3), value] for time, value in layer["moves"][name]["keys"]]
    return found


def cameras_nulls_and_joints(host: Open) -> None:
    ae = host()
    made, tracks = shot(1, layers_of())
    clean(ae.load(made, "/v001", tracks=tracks))
    assert ae.last["byMember"]["Property.setValuesAtTimes"] == 3  # all keys of a property at once
    layers = ae.layers()
    assert list(layers) == ["cam", "door", "dancer", "head", "train"]
    cam, door, dancer, head = (layers[name] for name in ("cam", "door", "dancer", "head"))
    assert (cam["kind"], cam["orient"]) == ("CameraLayer", "NO_AUTO_ORIENT")
    assert keys(cam, "ADBE Position") == [[at, place] for at, place in enumerate(moves(1.5))]
    assert cam["moves"]["ADBE Orientation"] == {"value": [0, 359.9999, 12.5]}
    assert cam["moves"]["ADBE Camera Zoom"] == {"value": 1866.6667}
    assert door["null"] and door["threeD"] and door["moves"]["ADBE Position"] == {"value": [10, 20, -300]}
    assert not dancer["threeD"] and dancer["moves"]["ADBE Position"] == {"value": [0, 0, 0]}
    assert door["moves"]["ADBE Anchor Point"] == dancer["moves"]["ADBE Anchor Point"] == {"value": [0, 0, 0]}
    assert (head["parent"], head["shy"], dancer["shy"]) == (dancer["id"], True, False)
    assert keys(head, "ADBE Position") == [[at, [*place, 0]] for at, place in enumerate(moves(1.5, axes=2))]
    assert keys(head, "ADBE Slider Control-0001")[:2] == [[0, 50], [1, 51]]
    assert head["effects"][0]["name"] == "ADBE Slider Control"
    for one in layers.values():
        assert (one["start"], one["in"], one["out"]) == (0, 0, near(10 / 24))
    items = ae.items()
    assert items["nulls"]["folder"] == items["footage"]["folder"]
    assert {one["name"] for one in items.values() if one["folder"] == items["nulls"]["id"]} == {
        "door",
        "dancer",
        "head",
    }
    unchanged(ae.import_only(made, "/v001", tracks=tracks), ae)


def what_moves_follows_the_delivery(host: Open) -> None:
    ae = host()
    load(ae, 1, layers_of())
    ids = {name: one["id"] for name, one in ae.layers().items()}
    longer = range(1001, 1015)
    newer = layers_of(2.5, longer)
    newer[1]["keys"]["position"] = moves(7, longer)  # it stood, and moves now
    newer[2]["keys"]["position"] = [[5, 5]]
    report = clean(load(ae, 2, newer, longer))
    assert fields(report, "changed") >= {(name, "keys") for name in ("cam", "door", "dancer", "head")}
    assert report["added"] == [] and report["kept"] == []
    layers = ae.layers()
    assert {name: one["id"] for name, one in layers.items()} == ids
    assert keys(layers["cam"], "ADBE Position") == [[at, place] for at, place in enumerate(moves(2.5, longer))]
    assert len(keys(layers["door"], "ADBE Position")) == 14 and layers["cam"]["out"] == near(14 / 24)
    shorter = range(1001, 1006)
    still = layers_of(2.5, shorter)
    still[0]["keys"]["position"] = [[1, 2, 3]]
    load(ae, 3, still, shorter)
    layers = ae.layers()
    assert layers["cam"]["moves"]["ADBE Position"] == {"value": [1, 2, 3]}
    assert len(keys(layers["head"], "ADBE Position")) == 5


def what_an_artist_has_moved_stays(host: Open) -> None:
    ae = host()
    load(ae, 1, [*layers_of(), moving("hand", "null_2d", position=moves(1, axes=2), confidence=[[1]]),
                 moving("foot", "null_2d", position=moves(1, axes=2))])  # fmt: skip
    ae.artist("""
        function at(l, name) { return l.property('ADBE Transform Group').property(name); }
        at(layer('cam'), 'ADBE Position').setValueAtTime(4 / 24, [9, 9, 9]);
        at(layer('door'), 'ADBE Position').setValue([0, 0, 0]);
        at(layer('head'), 'ADBE Position').expression = 'wiggle(1, 2)';
        at(layer('dancer'), 'ADBE Position').setValue([100, 50]);
        layer('hand').property('ADBE Effect Parade').property(1).remove();
        at(layer('foot'), 'ADBE Position').dimensionsSeparated = true;
        layer('cam').name = 'my cam'; layer('my cam').shy = true; layer('my cam').locked = true;
        layer('head').label = 3; layer('head').locked = true;
    """)
    second = [*layers_of(2.5), moving("hand", "null_2d", position=moves(3, axes=2), confidence=[[2]]),
              moving("foot", "null_2d", position=moves(3, axes=2))]  # fmt: skip
    second[0]["keys"]["zoom"] = [[900]]
    second[1]["keys"]["position"] = [[1, 1, 1]]
    report = load(ae, 2, second)
    assert report["ok"] and report["errors"] == []
    kept = {name for name, field in fields(report, "kept") if field == "keys"}
    assert kept == {"my cam", "door", "hand", "foot"}
    layers = ae.layers()
    assert keys(layers["my cam"], "ADBE Position")[4] == [4, [9, 9, 9]] and layers["my cam"]["shy"]
    assert layers["my cam"]["moves"]["ADBE Camera Zoom"] == {"value": 900}  # which he had not touched
    assert layers["door"]["moves"]["ADBE Position"] == {"value": [0, 0, 0]}
    assert layers["dancer"]["moves"]["ADBE Position"] == {"value": [100, 50, 0]}
    assert keys(layers["head"], "ADBE Position")[2] == [2, [5, 6, 0]] and layers["head"]["label"] == 3
    assert layers["my cam"]["locked"] and layers["head"]["locked"]
    assert keys(layers["hand"], "ADBE Position")[2] == [2, [6, 7, 0]]


def joints_that_come_and_go(host: Open) -> None:
    ae = host()
    made = version(1, painting("train"))
    clean(ae.load(made, "/v001"))
    report = clean(load(ae, 2, layers_of()))
    assert {entry["name"] for entry in report["added"] if entry["kind"] == "layer"} == {"cam", "door", "dancer", "head"}
    assert list(ae.layers()) == ["cam", "door", "dancer", "head", "train"]
    ae.artist("""
        layer('dancer').property('ADBE Transform Group').property('ADBE Position').setValue([100, 50]);
        layer('door').remove();
    """)
    neck = moving("neck", "null_2d", parent=f"{UID}/L/dancer", shy=True, position=moves(4, axes=2))
    report = load(ae, 3, [*layers_of(), neck])
    assert ("door", "deleted") in fields(report, "kept") and "door" not in ae.layers()
    layers = ae.layers()
    assert layers["neck"]["parent"] == layers["dancer"]["id"]
    assert keys(layers["neck"], "ADBE Position")[1] == [1, [4, 5, 0]]  # in the space of the dancer, who was moved
    report = ae.load(version(4, painting("train")), "/v004")
    assert {(name, "stale") for name in ("cam", "dancer", "head", "neck")} == fields(report, "warnings")
    assert ae.layers()["cam"]["label"] == 1


def tracks_of_a_shot_that_begins_earlier_now(host: Open) -> None:
    """Keys stand at the frames of the shot, wherever the comp begins; a layer that was slid takes them along."""
    ae = host()
    load(ae, 1, layers_of())
    ae.artist("layer('head').startTime = 2 / 24")
    earlier = range(997, 1011)
    report = load(ae, 2, layers_of(2.5, earlier), earlier)
    layers = ae.layers()
    assert keys(layers["cam"], "ADBE Position")[0] == [-4, moves(2.5)[0]]
    assert ("head", "keys") in fields(report, "kept") and keys(layers["head"], "ADBE Position")[0][0] == 2


def tracks_that_cannot_be_read(host: Open) -> None:
    ae = host()
    made, tracks = shot(1, layers_of())
    for given in ([], [None], [{**tracks[0], "schema_version": 2}]):
        report = ae.load(made, "/v001", tracks=given)
        assert not report["ok"] and "tracks/t.comp.json" in report["errors"][0]["words"]
        assert ae.items() == {}

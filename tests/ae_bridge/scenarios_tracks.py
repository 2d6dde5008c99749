"""Cameras, nulls and joints: layers without pictures, with a key on every frame."""

from __future__ import annotations

from typing import Any

from made import FRAMES, UID, Data, painting, version
from steps import Open, clean, fields, near, unchanged

AHEAD = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
FRAME = 1 / 24


def moving(name: str, kind: str, first: int = 1001, **keys: Any) -> Data:
    parent, shy, markers = keys.pop("parent", ""), keys.pop("shy", False), keys.pop("markers", [])
    uid = f"{UID}/L/{name}"
    said = {"uid": uid, "name": name, "kind": kind, "label": 4, "shy": shy, "parent": parent}
    return {**said, "keys": keys, "markers": spans(*markers)}


def spans(*given: tuple[int, int, str]) -> list[Data]:
    return [dict(zip(("first", "last", "words"), one, strict=True)) for one in given]


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


def place(layer: Data, frame: int) -> list[float]:
    """Where a joint is on a frame of the comp."""
    axes = [dict(map(tuple, keys(layer, f"ADBE Position_{axis}"))) for axis in (0, 1)]
    return [axis[frame] for axis in axes]


def cameras_nulls_and_joints(host: Open) -> None:
    ae = host()
    made, tracks = shot(1, layers_of())
    clean(ae.load(made, "/v001", tracks=tracks))
    # All keys of a property at once; of a place in the picture, of each axis.
    assert ae.last["byMember"]["Property.setValuesAtTimes"] == 4
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
    for axis in (0, 1):
        assert keys(head, f"ADBE Position_{axis}") == [[at, place[axis]] for at, place in enumerate(moves(1.5, axes=2))]
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
    assert len(keys(layers["head"], "ADBE Position_0")) == len(keys(layers["head"], "ADBE Position_1")) == 5


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
        at(layer('foot'), 'ADBE Position').dimensionsSeparated = false;
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
    assert place(layers["head"], 2) == [5, 6] and layers["head"]["label"] == 3
    assert layers["my cam"]["locked"] and layers["head"]["locked"]
    assert place(layers["hand"], 2) == [6, 7]


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
    assert place(layers["neck"], 1) == [4, 5]  # in the space of the dancer, who was moved
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
    assert ("head", "keys") in fields(report, "kept") and keys(layers["head"], "ADBE Position_0")[0][0] == 2


def tracks_that_cannot_be_read(host: Open) -> None:
    ae = host()
    made, tracks = shot(1, layers_of())
    for given in ([], [None], [{**tracks[0], "schema_version": 2}]):
        report = ae.load(made, "/v001", tracks=given)
        assert not report["ok"] and "tracks/t.comp.json" in report["errors"][0]["words"]
        assert ae.items() == {}


def keys_beside_the_shot_are_the_artists(host: Open) -> None:
    """Ours are those on the frames of the tracks; expressions, other properties and keys beside them stay."""
    ae = host()
    load(ae, 1, layers_of())
    ae.artist("""
        var move = layer('head').property('ADBE Transform Group');
        var x = move.property('ADBE Position').getSeparationFollower(0);
        x.setValueAtTime(-5 / 24, -50);
        x.setValueAtTime(12 / 24, 77);
        move.property('ADBE Position').getSeparationFollower(1).expression = 'value + wiggle(1, 2)';
        move.property('ADBE Opacity').setValueAtTime(3 / 24, 40);
        move.property('ADBE Rotate Z').setValueAtTime(3 / 24, 12);
        layer('head').property('ADBE Effect Parade').property(1).property(1).setValueAtTime(15 / 24, 3);
    """)
    report = clean(load(ae, 2, layers_of(2.5)))
    assert ("head", "keys") in fields(report, "changed") and report["kept"] == []
    head = ae.layers()["head"]
    wanted = [[at, place[0]] for at, place in enumerate(moves(2.5, axes=2))]
    assert keys(head, "ADBE Position_0") == [[-5, -50], *wanted, [12, 77]]
    assert len(keys(head, "ADBE Position_1")) == 10 and keys(head, "ADBE Rotate Z") == [[3, 12]]
    assert keys(head, "ADBE Slider Control-0001")[-1] == [15, 3] and head["keys"] == [[near(3 / 24), 40]]
    # A shot that has grown reaches his key now: it is his, and so is the property.
    longer = range(1001, 1015)
    report = load(ae, 3, layers_of(3.5, longer), longer)
    assert ("head", "keys") in fields(report, "kept")
    assert keys(ae.layers()["head"], "ADBE Position_0") == [[-5, -50], *wanted, [12, 77]]
    still = layers_of(3.5)
    still[3]["keys"]["confidence"] = [[20]]  # it moved, and stands now: beside his key nothing but a key can say so
    ae = host()
    load(ae, 1, layers_of())
    ae.artist("layer('head').property('ADBE Effect Parade').property(1).property(1).setValueAtTime(15 / 24, 3);")
    load(ae, 2, still)
    assert keys(ae.layers()["head"], "ADBE Slider Control-0001") == [[0, 20], [15, 3]]


def places_of_one_axis_alone_are_the_artists(host: Open) -> None:
    """Keys that are there on one axis and not on the other were made by hand."""
    moved = "setValueAtTime(2.5 / 24, p.keyValue(3)); p.removeKey(3)"
    for deed in ("setValueAtTime(2.5 / 24, 1)", "removeKey(10)", "setValueAtTime(2 / 24, 99)", moved):
        for axis in (0, 1):
            ae = host()
            load(ae, 1, layers_of())
            ae.artist(
                "var p = layer('head').property('ADBE Transform Group').property('ADBE Position')"
                f".getSeparationFollower({axis}); p.{deed};"
            )
            before = ae.layers()["head"]["moves"]
            report = load(ae, 2, layers_of(2.5))
            after = ae.layers()["head"]["moves"]
            assert ("head", "keys") in fields(report, "kept"), (deed, axis)
            assert all(after[f"ADBE Position_{one}"] == before[f"ADBE Position_{one}"] for one in (0, 1))


def what_an_older_semrender_made_is_brought_up_to_date(host: Open) -> None:
    """It keyed places in one piece, and its tags did not say from which frame on."""
    ae = host()
    load(ae, 1, layers_of())
    ae.artist("""
        var l = layer('head');
        l.property('ADBE Transform Group').property('ADBE Position').dimensionsSeparated = false;
        l.comment = l.comment.replace(/(k[pc]=[0-9]+[.][0-9]+)[.]1001/g, '$1');
    """)
    made, tracks = shot(1, layers_of())
    unchanged(ae.import_only(made, "/v001", tracks=tracks), ae)
    shorter = range(1001, 1006)
    report = load(ae, 2, layers_of(2.5, shorter), shorter)
    assert ("head", "keys") in fields(report, "changed") and ("head", "keys") not in fields(report, "kept")
    head = ae.layers()["head"]
    assert place(head, 3) == [7.5, 8.5] and len(keys(head, "ADBE Position_0")) == 5


def marks(layer: Data) -> list[list[Any]]:
    """[frame of the comp, frames, words] of the markers; in capitals those that are not ours."""
    return [
        [
            *(round(time * 24, 2), round(one["seconds"] * 24, 2)),
            one["words"] if one["parameters"] == {"semrender": "1"} else one["words"].upper(),
        ]
        for time, one in layer["markers"]
    ]


def with_marks(step: float, *given: tuple[int, int, str]) -> list[Data]:
    made = layers_of(step)
    made[3]["markers"] = spans(*given)
    return made


def what_is_not_seen_is_marked(host: Open) -> None:
    ae = host()
    load(ae, 1, with_marks(1.5, (1002, 1004, "hidden"), (1008, 1008, "filled in")))
    assert marks(ae.layers()["head"]) == [[1, 3, "hidden"], [7, 1, "filled in"]]
    ae.artist("""
        var m = layer('head').property('ADBE Marker');
        var own = new MarkerValue('look here');
        m.setValueAtTime(5 / 24, own);
        layer('head').locked = true;
    """)
    report = clean(load(ae, 2, with_marks(1.5, (1003, 1004, "outside the picture"))))
    assert fields(report, "changed") >= {("head", "markers")}
    assert marks(ae.layers()["head"]) == [[2, 2, "outside the picture"], [5, 0, "LOOK HERE"]]
    # Where the artist has one, ours stays away: his words are not overwritten, and nothing is written twice.
    load(ae, 3, with_marks(1.5, (1006, 1009, "hidden"), (1010, 1010, "hidden")))
    assert marks(ae.layers()["head"]) == [[5, 0, "LOOK HERE"], [9, 1, "hidden"]]
    load(ae, 4, layers_of())
    assert marks(ae.layers()["head"]) == [[5, 0, "LOOK HERE"]]


def markers_that_an_artist_has_touched_stay(host: Open) -> None:
    change = "var v = m.keyValue(1); v.%s; m.setValueAtTime(m.keyTime(1), v);"
    for deed in ("m.removeKey(1);", change % "comment = 'fine'", change % "duration = 1"):
        ae = host()
        load(ae, 1, with_marks(1.5, (1002, 1004, "hidden"), (1008, 1008, "filled in")))
        ae.artist(f"var m = layer('head').property('ADBE Marker'); {deed}")
        before = marks(ae.layers()["head"])
        report = load(ae, 2, with_marks(1.5, (1003, 1004, "hidden")))
        assert ("head", "markers") in fields(report, "kept") and marks(ae.layers()["head"]) == before, deed


def a_painted_layer_is_marked_too(host: Open) -> None:
    """Its markers go along with it: earlier footage, or a slide by hand, changes nothing of what they belong to."""
    ae = host()

    def made(number: int, frames: range, *given: tuple[int, int, str]) -> Data:
        of = version(number, painting("train", frames), frames=frames)
        of["layers"][0]["markers"] = spans(*given)
        return of

    clean(ae.load(made(1, FRAMES, (1003, 1004, "no face")), "/v001"))
    unchanged(ae.import_only(made(1, FRAMES, (1003, 1004, "no face")), "/v001"), ae)
    assert marks(ae.layers()["train"]) == [[2, 2, "no face"]]
    ae.artist("layer('train').startTime = 3 / 24;")
    earlier = range(997, 1011)
    report = ae.load(made(2, earlier, (1003, 1004, "no face"), (1006, 1006, "hand")), "/v002")
    assert ("train", "markers") in fields(report, "changed")
    assert marks(ae.layers()["train"]) == [[5, 2, "no face"], [8, 1, "hand"]]
    ae = host()  # at a rate whose frames are no whole number of what the length of a marker is kept in
    for number in (1, 2):
        of = made(number, FRAMES, (1002, 1008, "no face"), (1009, 1009 + (number == 2), "hand"))
        of["shot"].update(fps=23.976, fps_num=24000, fps_den=1001)
        report = clean(ae.load(of, f"/v{number:03d}"))
    assert ("train", "markers") in fields(report, "changed")


def joints_in_a_comp_of_wide_pixels(host: Open) -> None:
    """What hangs on a null keeps its place in the null's own pixels."""
    ae = host()
    made, tracks = shot(1, layers_of())
    made["shot"]["pixel_aspect"] = 2.0
    assert ae.load(made, "/v001", tracks=tracks)["ok"]
    assert ae.seen_at("SH", "head", [[0, 0]] * 2, [0, 4 * FRAME]) == [[0, 1], [6, 7]]

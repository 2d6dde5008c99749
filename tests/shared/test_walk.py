"""The walk of a layer: what is read, what is refused, and what a frame is painted of."""

import json
import statistics

import numpy as np
import pytest

from shared import schema
from shared.errors import InputRefused
from shared.handing import uploadable
from shared.shot import Shot, named_files
from shared.walk import PRESETS, Walk
from shared.walking import Round, Row, Seeds, around, stops

FIRST, LAST, LAYERS = 1001, 1024, 10
THREE = {"keys": [{"seed": 1}, {"seed": 5}, {"seed": 9}]}


def shot(walk, **changes):
    layer = {"name": "a", "walk": walk, **changes.pop("layer", {})}
    return Shot.from_dict({"name": "s", "fps": 24, "first": FIRST, "last": LAST, "layers": [layer], **changes})


def walk_of(data):
    return shot(data).layers[0].walk


def on(walk, frame, layers=LAYERS, **more):
    return stops(walk, frame, FIRST, LAST, layers, **more)


def vector(mixture, size=512):
    """What a mixture would be if the mapping changed nothing."""

    def point(one):
        if isinstance(one, Round):
            one = around(one.seed, one.waves, one.turn)
        return sum(weight * np.random.RandomState(seed).randn(size) for weight, seed in one.parts)

    return sum(weight * point(one) for weight, one in mixture)


def way(walk, frames=range(FIRST, LAST + 1)):
    return np.array([vector(on(walk, frame)[0].mixture) for frame in frames])


def steps(points):
    return np.linalg.norm(np.diff(points, axis=0), axis=1)


def seed(number):
    return ((1.0, Seeds(((1.0, number),))),)


@pytest.mark.parametrize(
    "data",
    [
        {**THREE, "loop": True, "ease": "rest", "space": "z"},
        {"circle": {"seed": 7, "waves": 3}},
        {
            "keys": [
                {"frame": 1001, "w": "kirk.npz", "index": 2, "ease": "hold"},
                {"frame": 1010, "seed": 4, "class": 1},
            ],
            "ranges": [
                {"layers": "colour", "circle": {"seed": 3, "waves": 1}},
                {"layers": "0-3", "keys": [{"seed": 1}]},
            ],
            "drive": [{"feature": "chroma.F#", "layers": "4-", "towards": {"seed": 8}, "amount": -1, "offset": -40}],
        },
    ],
)
def test_a_walk_is_read_and_written(data):
    made = shot(data)
    assert Shot.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_presets_are_routes():
    for name, routes in PRESETS.items():
        assert walk_of({**THREE, "drive": name}).drive == routes
        assert walk_of(shot({**THREE, "drive": name}).to_dict()["layers"][0]["walk"]).drive == routes


@pytest.mark.parametrize(
    "data, words",
    [
        ({}, 'a way has either "keys" or a "circle"'),
        ({**THREE, "circle": {"seed": 1}}, 'a way has either "keys" or a "circle"'),
        ({"keys": [{"seed": 1, "frame": 1001}, {"seed": 2}]}, "some keyframes say their frame and some do not"),
        ({"keys": [{"seed": 1, "frame": 9}, {"seed": 2, "frame": 9}]}, "the keyframe 9 stands behind the keyframe 9"),
        ({"keys": [{"seed": 1, "w": "a.npz"}]}, 'a keyframe has either "seed" or "w"'),
        ({"keys": [{}]}, 'a keyframe has either "seed" or "w"'),
        ({"keys": [{"seed": -1}]}, r'walk.keys\[0\].seed" is -1'),
        ({"keys": [{"w": "a.npz"}], "space": "z"}, 'a point of a w file is none of the space "z"'),
        ({"keys": [{"seed": 1, "frame": 990}, {"seed": 2, "frame": 1010}], "loop": True}, "990 is outside the shot"),
        (
            {"keys": [{"seed": 1, "frame": 1}, {"seed": 2, "frame": 90}]},
            "no keyframe is on the way of frames 1001-1024",
        ),
        ({**THREE, "drive": "polka"}, "Allowed: speech, music, or a list of routes"),
        ({**THREE, "drive": [{"feature": "beat"}]}, r'walk.drive\[0\].feature" is "beat"'),
        ({**THREE, "ranges": [{"layers": "3-1", "keys": [{"seed": 1}]}]}, 'a range of layers such as "0-3"'),
        (
            {**THREE, "ranges": [{"layers": one, "circle": {"seed": 1}} for one in ("pose", "3-5")]},
            'the ranges "pose" and "3-5" have layers in common',
        ),
        ({**THREE, "speed": 2}, "a walk has no key"),
    ],
)
def test_what_is_no_walk_is_refused_with_its_layer(data, words):
    with pytest.raises(InputRefused, match=words) as refused:
        walk_of(data)
    assert refused.value.layer == "a"


def test_a_layer_of_a_walk_needs_nothing_else_but_holds_and_mattes_need_passes():
    assert shot(THREE).layers[0].labels is None
    for name, value, words in (("hold", "strong", "follows labels or a picture"), ("mattes", "all", "made of labels")):
        with pytest.raises(InputRefused, match=f"which.* {words}, and the layer has "):
            shot(THREE, layer={name: value})


def test_keyframes_are_passed_on_their_frames():
    walk = walk_of({"keys": [{"frame": 1001, "seed": 1}, {"frame": 1008, "seed": 5}, {"frame": 1020, "seed": 9}]})
    for frame, number in ((1001, 1), (1008, 5), (1020, 9), (1024, 9)):
        assert on(walk, frame)[0].mixture == seed(number)
    assert on(walk, 1001)[0].first == 0 and on(walk, 1001)[0].last == LAYERS - 1
    spread = walk_of(THREE)
    assert on(spread, FIRST)[0].mixture == seed(1) and on(spread, LAST)[0].mixture == seed(9)
    before = walk_of({"keys": [{"frame": 991, "seed": 1}, {"frame": 1011, "seed": 5}]})
    assert dict(map(reversed, on(before, 1001)[0].mixture))[Seeds(((1.0, 1),))] == 0.5


@pytest.mark.parametrize(
    "data, most",
    [({**THREE, "loop": True}, 1.1), ({**THREE, "loop": True, "space": "z"}, 1.25), ({"circle": {"seed": 7}}, 1.1)],
)
def test_a_loop_closes_with_a_step_like_the_others(data, most):
    points = way(walk_of(data))
    closing = np.linalg.norm(points[0] - points[-1])
    assert closing <= most * statistics.median(steps(points))
    assert np.allclose(vector(on(walk_of(data), LAST + 1)[0].mixture), points[0], atol=1e-5)


def test_a_circle_is_always_as_far_from_the_middle_as_a_seed():
    far = np.sqrt((way(walk_of({"circle": {"seed": 3, "waves": 4}})) ** 2).mean(1))
    assert far.min() > 0.9 and far.max() < 1.1


def test_a_way_has_no_corners_and_rests_where_it_is_told():
    data = {"keys": [{"frame": 1001, "seed": 1}, {"frame": 1013, "seed": 5}, {"frame": 1024, "seed": 9}]}
    fine = steps(way(walk_of(data)))
    turns = np.abs(np.diff(fine)).max()
    assert turns < 0.25 * fine.max(), "no jump of speed"
    even = steps(way(walk_of({**THREE, "loop": True})))
    assert even.max() < 1.4 * even.min(), "and none at the keyframes"
    data["ease"] = "rest"
    slow = steps(way(walk_of(data)))
    assert slow[11] < 0.2 * slow.max() and slow[12] < 0.2 * slow.max() and slow[0] < 0.2 * slow.max()
    data["ease"] = "hold"
    jumps = steps(way(walk_of(data)))
    assert (jumps > 0).nonzero()[0].tolist() == [11, 22]


def test_a_seed_twice_stands_still_between():
    for space in ("w", "z"):
        data = {"keys": [{"frame": 1001, "seed": 4}, {"frame": 1010, "seed": 4}], "space": space}
        assert on(walk_of(data), 1005)[0].mixture == seed(4)


def test_a_keyframe_that_moves_changes_what_is_near_alone():
    def made(third):
        frames = (1001, 1005, third, 1015, 1018, 1021, 1024)
        return walk_of({"keys": [{"frame": frame, "seed": number} for number, frame in enumerate(frames)]})

    a, b = made(1010), made(1011)
    changed = [frame for frame in range(FIRST, LAST + 1) if on(a, frame) != on(b, frame)]
    assert changed and min(changed) > 1001 and max(changed) <= 1018


def test_ranges_go_ways_of_their_own_and_are_judged_by_the_model():
    walk = walk_of(
        {**THREE, "ranges": [{"layers": "colour", "keys": [{"seed": 2}]}, {"layers": "2", "keys": [{"seed": 3}]}]}
    )
    found = [(stop.first, stop.last) for stop in on(walk, 1001)]
    assert found == [(0, 1), (2, 2), (3, 7), (8, 9)]
    assert on(walk, 1001, layers=8)[-1].last == 7, "a named range that a small model has nothing of is left out"
    with pytest.raises(InputRefused, match=r'the layers "12-" are beyond those of the model.*0 to 9'):
        on(walk_of({**THREE, "ranges": [{"layers": "12-", "keys": [{"seed": 2}]}]}), 1001)


def test_the_sound_moves_its_layers_towards_a_point_and_silence_none():
    routes = [
        {"feature": "rms", "layers": "pose", "towards": {"seed": 50}, "amount": 0.5},
        {"feature": "bass", "layers": "all"},
    ]
    walk = walk_of({"keys": [{"seed": 1}], "drive": routes})
    assert on(walk, 1001) == on(walk, 1001, levels=[0, 0])
    stop = on(walk, 1001, levels=[1, 0])[0]
    assert (stop.first, stop.last) == (0, 3) and dict(map(reversed, stop.mixture))[Seeds(((1.0, 50),))] == 0.5
    assert dict(map(reversed, on(walk, 1001, levels=[0, 1], seed=7)[0].mixture))[Seeds(((1.0, 9),))] == 0.5


def test_w_files_are_named_by_the_shot_and_go_with_it(tmp_path):
    data = {
        "keys": [{"w": "a/p.npz"}, {"w": "b/p.npz", "index": 3}],
        "drive": [{"feature": "rms", "towards": {"w": "a/p.npz", "index": 1}}],
    }
    made = shot(data, audio="none")
    assert [name for _, name in named_files(made)] == ["a/p.npz", "b/p.npz"]
    assert on(made.layers[0].walk, LAST)[0].mixture == ((1.0, Row("b/p.npz", 3)),)
    sent, files = uploadable(made, tmp_path)
    assert files == {"0_walk/0_p.npz": tmp_path / "a/p.npz", "0_walk/1_p.npz": tmp_path / "b/p.npz"}
    assert [key.w for key in sent.layers[0].walk.keys] == list(files)
    assert sent.layers[0].walk.drive[0].towards.w == "0_walk/0_p.npz"


def test_the_schema_of_a_walk_can_be_told():
    said = schema.json_schema(Walk)["properties"]
    assert said["drive"]["anyOf"][0]["enum"] == ["speech", "music"] and "keys" in said

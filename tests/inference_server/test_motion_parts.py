"""Motion's parts: ways there and back, smoothing without lag, what is not seen, who is who, the template."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inference_server.datasets.crops import inverse
from inference_server.motion import following, joints
from inference_server.motion.bodies import Body, Region
from inference_server.motion.document import row_of, way_of
from inference_server.motion.normalising import MODES, drawn, ways
from inference_server.motion.template import guides, read_template
from shared.errors import InputRefused

RATE = Fraction(24)
PERSON = read_template("person")


def walking(count):
    """(count, 4) of somebody who comes nearer and shakes."""
    rng = np.random.default_rng(3)
    t = np.arange(count)[:, None]
    places = np.concatenate([300 + 3 * t, 200 + 0 * t, 100 * 1.02**t], 1) + rng.normal(0, 2, (count, 3))
    return np.column_stack([places, 0.02 * t + 0.4])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", [False, True])
def test_a_way_and_its_inverse_cancel(mode, level):
    places = walking(40)
    for way in ways(range(40), places, range(40), RATE, replace(PERSON, level=level), mode):
        points = np.array([[0.5, 719.5, 1], [333.3, 0, 1], [5000, -20, 1]])
        there = points @ way_of(row_of(way)).T
        back = np.column_stack([there, np.ones(3)]) @ inverse(way).T
        assert np.abs(back - points[:, :2]).max() < 1e-9


def test_follow_holds_the_centre_and_the_size_and_lock_holds_still():
    places = walking(40)
    follow = ways(range(40), places, range(40), RATE, PERSON, "follow")
    middles = np.array([way @ (x, y, 1) for way, (x, y, *_) in zip(follow, places, strict=True)])
    sizes = np.array([way[0, 0] * size for way, (_, _, size, _) in zip(follow, places, strict=True)])
    assert np.abs(middles - PERSON.point).max() < 0.05 * PERSON.width and sizes.std() / sizes.mean() < 0.05
    lock = ways(range(40), places, range(40), RATE, PERSON, "lock")
    assert all((way == lock[0]).all() for way in lock)
    corners = np.array([lock[0] @ (x, y + side * size * 0.7, 1) for x, y, size, _ in places for side in (-1, 1)])
    assert corners.min() >= 0 and (corners <= (PERSON.width, PERSON.height)).all()


def test_a_clip_in_parts_is_steadied_as_the_whole():
    """What is beyond the windows of size and bending (0.25 s, each three deviations) changes nothing."""
    places = walking(120)
    whole = ways(range(120), places, range(50, 60), RATE, PERSON, "follow")
    part = ways(range(20, 90), places[20:90], range(50, 60), RATE, PERSON, "follow")
    assert all(row_of(one) == row_of(other) for one, other in zip(whole, part, strict=True))


@pytest.mark.parametrize("mode", ["follow", "lock"])
def test_a_template_that_levels_turns_whoever_lies_or_leans_upright(mode):
    """Also where the angle passes the back: it is never turned the long way round."""
    angles = np.linspace(np.pi - 0.2, np.pi + 0.2, 40)
    angles = np.where(angles > np.pi, angles - 2 * np.pi, angles)
    places = np.column_stack([np.full(40, 300.0), np.full(40, 200.0), np.full(40, 100.0), angles])
    made = ways(range(40), places, range(40), RATE, replace(PERSON, level=True), mode)
    for way, angle in zip(made[10:30], angles[10:30], strict=True):
        head = way @ (300 + 50 * np.sin(angle), 200 - 50 * np.cos(angle), 1) - way @ (300, 200, 1)
        assert abs(np.arctan2(head[0], -head[1])) < (0.01 if mode == "follow" else 0.12)
        assert np.hypot(*head) == pytest.approx(np.hypot(*way[:, 0]) * 50)


def test_gaps_are_led_past():
    seen = [*range(10), *range(16, 30)]
    places = np.array([[10.0 * frame, 50, 100, 0] for frame in seen])
    way = ways(seen, places, range(30), RATE, PERSON, "follow")[13]
    assert way @ (130, 50, 1) == pytest.approx(PERSON.point)


def test_a_canvas_shows_what_the_way_says_to_a_tenth_of_a_pixel():
    """A soft dot between pixels is where it is taken to, enlarged and made smaller; beyond the picture is nothing."""
    y, x = np.mgrid[:200, :300]
    dot = 200 * np.exp(-((x + 0.5 - 140.3) ** 2 + (y + 0.5 - 80.7) ** 2) / 60)
    picture = dot[..., None].repeat(3, 2).astype(np.uint8)
    for scale in (0.4, 1.0, 2.5):
        way = np.array([[scale, 0, 128 - scale * 140.3], [0, scale, 100 - scale * 80.7]])
        canvas = drawn(picture, way, (256, 200), "transparent")
        weight = canvas[..., 0].astype(float)
        rows, columns = np.mgrid[:200, :256]
        middle = ((columns + 0.5) * weight).sum() / weight.sum(), ((rows + 0.5) * weight).sum() / weight.sum()
        assert middle == pytest.approx((128, 100), abs=0.1)
        edge = way @ (300, 200, 1)
        outside = (columns > edge[0] + 2) | (rows > edge[1] + 2)
        assert (canvas[outside, 3] == 0).all() and canvas[100, 128, 3] == 255


def places_of(values):
    """(F, 33, 2) of one joint's x; the others stand still."""
    places = np.full((len(values), 33, 2), 100.0)
    places[:, 15, 0] = values
    return places


@pytest.mark.parametrize("how", ["light", "strong"])
def test_smoothing_has_no_lag_and_a_finite_window(how):
    step = np.concatenate([np.zeros(30), np.ones(30) * 50])
    states = np.zeros((60, 33), np.int8)
    made = joints.smoothed(places_of(step), states, how)[:, 15, 0]
    speed = np.diff(made)
    assert (speed * np.arange(59)).sum() / speed.sum() == pytest.approx(29)  # the middle of the step is where it was
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, 60)
    whole = joints.smoothed(places_of(noise), states, how)[20:40, 15, 0]
    part = joints.smoothed(places_of(noise)[14:46], states[14:46], how)[6:26, 15, 0]
    assert (whole == part).all()
    assert np.abs(np.diff(whole, 2)).mean() < 0.75 * np.abs(np.diff(noise[20:40], 2)).mean()
    states[25:28] = joints.HIDDEN
    whole = joints.smoothed(places_of(noise), states, how)
    assert all((joints.smoothed_at(places_of(noise), states, how, at) == whole[at]).all() for at in range(60))


def test_what_is_not_seen_is_said_and_only_short_gaps_are_filled():
    places, sure, there = places_of(np.arange(40.0) * 5), np.ones((40, 33)), np.ones(40, bool)
    places[35:, 27] = (50, 500)  # an ankle below the picture, however sure
    sure[10:13, 15], sure[20:32, 15] = 0, 0
    there[38:] = False
    states = joints.states_of(places, sure, there, (640, 360))
    assert (states[35:38, 27] == joints.OUTSIDE).all() and (states[38:] == joints.HIDDEN).all()
    moved = places.copy()
    moved[10:13, 15] = 999
    made, now = joints.filled(moved, states, 6)
    assert (now[10:13, 15] == joints.FILLED).all() and (now[21:31, 15] == joints.HIDDEN).all()
    assert np.abs(made[9:14, 15, 0] - places[9:14, 15, 0]).max() < 1e-6  # it moved evenly, so the cubic is the line


class Stage:
    """Bodies on a stage, a column of a picture each; reads whoever stands nearest to where it is told to."""

    def __init__(self):
        self.searches, self.close = 0, 0

    def search(self, picture, closely):
        self.searches += 1
        self.close += closely
        return [Region(float(x), 200.0, 100.0, 0.0) for x in np.flatnonzero(picture[0, :, 0])]

    def read(self, picture, region):
        there = np.flatnonzero(picture[0, :, 0])
        near = [x for x in there if abs(x - region.x) < 40]
        if not near:
            return None
        x = min(near, key=lambda one: abs(one - region.x))
        places = np.array([[x, 200.0]] * 33)
        places[[11, 12]] -= (0, 60)
        ones = np.ones(33)
        return Body(places, ones, ones, np.zeros((33, 3)), Region(float(x), 200.0, 100.0, 0.0), 0.9)


def stage(*columns):
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[0, list(columns)] = 255
    return picture


def looked(pictures, start=0):
    people, bodies = [], Stage()
    for number, picture in enumerate(pictures, start):
        before = people[-1] if people else following.Look()
        people.append(following.look(number, before, not people, picture, bodies))
    return people, bodies


def test_everybody_is_followed_and_a_block_is_seen_alone_as_in_the_whole():
    pictures = [stage(100 + 5 * n, 500 - 5 * n) for n in range(24)]
    whole, bodies = looked(pictures)
    assert [len(look.people) for look in whole] == [2] * 24 and bodies.searches == 3
    part, _ = looked(pictures[8:16], 8)
    rows = [look.row for look in whole[8:16]]
    assert rows == [look.row for look in part] == [following.look_of(row).row for row in rows]
    ids = following.linked([look.people for look in whole[:14]], 24)
    assert ids == [[0, 1]] * 14


def test_an_empty_clip_is_searched_closely_less_often_and_in_parts_alike():
    pictures = [stage(*([300] if n >= 36 else [])) for n in range(48)]
    whole, bodies = looked(pictures)
    assert (bodies.searches, bodies.close) == (11, 4), "closely on 0, 16, 32 and, there somebody is again, 40"
    assert [bool(look.people) for look in whole] == [False] * 36 + [True] * 12
    part, _ = looked(pictures[32:], 32)
    assert [look.row for look in part] == [look.row for look in whole[32:]]


def test_who_is_gone_for_a_while_is_the_same_and_a_cut_makes_everybody_new():
    pictures = [stage(*([300 + n] if n < 20 or n >= 34 else [])) for n in range(54)]
    people = [look.people for look in looked(pictures)[0]]
    link = lambda frames: following.linked(frames, 24)  # noqa: E731
    same = following.followed(["80" * 192] * 54, people, link)
    assert len(same) == 1 and {place for place, _ in same[0]} >= {*range(20), *range(36, 54)}
    cut = following.followed(["10" * 192] * 20 + ["f0" * 192] * 34, people, link)
    assert [mine[0][0] < 20 for mine in cut] == [True, False]


def test_templates_are_data_and_show_their_guides(tmp_path):
    for name in ("person", "face"):
        template = read_template(name)
        sheet = guides(template)
        assert sheet.shape == (template.height, template.width, 4) and 0.01 < (sheet[..., 3] > 0).mean() < 0.3
    file = tmp_path / "mine.json"
    file.write_text('{"format": 1, "name": "mine", "of": "person", "width": 9, "height": 512, "size": 0.5}')
    with pytest.raises(InputRefused, match='"width" is 9') as refusal:
        read_template(str(file))
    assert "mine.json" in str(refusal.value)

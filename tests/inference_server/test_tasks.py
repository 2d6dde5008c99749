"""In which order the pictures of a job are made, from either end."""

import pytest

from inference_server.tasks import picture_tasks


def tasks(frames, backwards=False, **holds):
    shot = {"first": 1001, "last": 1400}
    spec = {"shot": shot, "layers": ["a", "b"], "frames": list(frames), "holds": holds, "backwards": backwards}
    return [(kind, layer, frame, tuple(needed)) for kind, layer, frame, needed in picture_tasks(spec)]


@pytest.mark.parametrize("holds", [{}, {"a": "strong"}, {"a": "gentle", "b": "strong"}])
@pytest.mark.parametrize("frames", [range(1057, 1105), range(1001, 1401), [1001, 1005, 1390, 1400]])
def test_from_either_end_the_same_pictures_are_made_and_each_after_what_it_is_made_of(holds, frames):
    forwards, backwards = tasks(frames, **holds), tasks(frames, True, **holds)
    assert sorted(forwards) == sorted(backwards) and len(set(forwards)) == len(forwards)
    for order in (forwards, backwards):
        there = set()
        for kind, layer, frame, needed in order:
            there |= {(layer, frame)} if kind == "underpaint" else set()
            assert all((layer, one) in there for one in needed)


def test_the_frames_of_all_layers_go_on_together():
    one = [(layer, frame) for _, layer, frame, _ in tasks(range(1001, 1004))]
    assert one == [("a", 1001), ("b", 1001), ("a", 1002), ("b", 1002), ("a", 1003), ("b", 1003)]
    other = [(layer, frame) for _, layer, frame, _ in tasks(range(1001, 1004), True)]
    assert other == [("a", 1003), ("b", 1003), ("a", 1002), ("b", 1002), ("a", 1001), ("b", 1001)]


def test_of_what_is_held_the_last_window_comes_first_and_its_frames_in_their_order():
    made = [(kind, frame) for kind, layer, frame, _ in tasks(range(1057, 1105), True, a="strong") if layer == "a"]
    first = [("underpaint", frame) for frame in (1152, *range(1104, 1103, -1))]
    assert made[:2] == first and made[2] == ("hold", 1104), "the two ends of what stands still, and an anchor"
    assert [frame for kind, frame in made if kind == "underpaint"][2:13] == list(range(1103, 1092, -1))
    held = [frame for kind, frame in made if kind == "hold"]
    assert held == [1104, *range(1092, 1104), *range(1080, 1092), *range(1068, 1080), *range(1057, 1068)]

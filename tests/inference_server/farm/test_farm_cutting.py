"""Which jobs a farm paints and in which runs: every frame once, the largest first, uneven machines end together."""

import heapq
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from inference_server.broker.cutting import frames_in, may_be_cut, runs_of
from inference_server.models.catalogue import find_card
from inference_server.tasks import frames_and_layers
from shared.blocks import PER_RUN, block_of
from shared.shot import Shot

SPEC = {"part": "whole", "offer": True, "prepares": [], "frames": list(range(1, 25))}


@given(some.sets(some.integers(-400, 400), min_size=1), some.booleans(), some.integers(1, 40))
def test_every_frame_that_was_asked_for_is_in_one_run_and_no_other(frames, still, slots):
    spec = {"frames": sorted(frames)}
    spec["chunks"] = runs_of(spec["frames"], still, slots)
    found = [frame for place in range(len(spec["chunks"])) for frame in frames_in(spec, place)]
    assert sorted(found) == spec["frames"] and all(frames_in(spec, place) for place in range(len(spec["chunks"])))


def test_runs_become_smaller_and_the_last_tenth_are_single_blocks():
    sizes = [last - first + 1 for first, last in runs_of(range(1001, 3401), False, 8)]
    assert sizes == sorted(sizes, reverse=True) and set(sizes) == {4, 2, 1}
    assert sizes.count(1) >= sum(sizes) / 10 and runs_of(range(1, 25), False, 8) == [[0, 0], [1, 1]]


def test_what_stands_still_is_cut_into_whole_runs_the_largest_first():
    found = runs_of(range(1001, 1241), True, 8)
    assert found == [*([n, n + PER_RUN - 1] for n in (84, 88, 92, 96, 100)), [83, 83]]


@pytest.mark.parametrize("speeds", [[1, 1, 1, 1], [1, 1, 2, 4], [1, 8]])
def test_machines_of_uneven_speed_end_together(speeds):
    """One that is free takes the next run: the last ends at most a tenth after the ideal."""
    blocks = 40 * len(speeds)
    sizes = [last - first + 1 for first, last in runs_of(range(1, 12 * blocks + 1), False, 2 * len(speeds))]
    free = [(0.0, n) for n in range(len(speeds))]
    ends = [0.0] * len(speeds)
    for size in sizes:
        now, n = heapq.heappop(free)
        ends[n] = now + size / speeds[n]
        heapq.heappush(free, (ends[n], n))
    assert max(ends) <= 1.1 * blocks / sum(speeds)


@pytest.mark.parametrize(
    "change", [{}, {"part": "paint"}, {"offer": False}, {"prepares": ["a"]}, {"frames": [1, 2]}, {"frames": [12, 13]}]
)
def test_what_cannot_be_cut_is_painted_as_ever(change):
    cut = may_be_cut({**SPEC, **change}, [find_card("countryside_3")])
    assert cut is (change in ({}, {"frames": [12, 13]})), "two blocks are enough"
    assert block_of(12) + 1 == block_of(13)


@pytest.mark.parametrize("remembers, cut", [(None, False), (3, False), (0, True)])
def test_a_model_that_remembers_is_not_cut(remembers, cut):
    """Its frames are a chain: whoever paints a later one is shown all before it."""
    card = replace(find_card("countryside_3"), family="runway", config={"remembers": remembers})
    assert may_be_cut(SPEC, [card]) is cut


def test_frames_are_ascending_whatever_was_asked():
    shot = Shot.from_dict(
        {"name": "s", "fps": 24, "first": 1, "last": 40, "layers": [{"name": "a", "labels": "a.@.png"}]}
    )
    assert frames_and_layers(shot, [30, 2, 30], None)[0] == [2, 30], "what runs are cut of"

"""The pieces of a shot: every frame in exactly one, anchors at their ends, the same numbers in every shot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.stability.window import BLOCK, STRIDES, anchors
from shared.blocks import FRAMES, block_of, blocks_of, frames_of, parse_blocks, runs, written
from shared.errors import InputRefused
from shared.sequences import parse_range


def test_the_blocks_of_a_shot_that_begins_at_1001():
    assert blocks_of(1001, 1100) == range(83, 92) and written(blocks_of(1001, 1100)) == "83-91"
    assert frames_of([83], 1001, 1100) == list(range(1001, 1009)), "cut by the shot"
    assert frames_of([84, 84], 1001, 1100) == list(range(1009, 1021))
    assert frames_of([91], 1001, 1100) == list(range(1093, 1101))


@given(st.integers(-5000, 5000), st.integers(1, 400), st.integers(1, 20))
def test_every_frame_is_in_exactly_one_block_and_one_run(first, count, per):
    last = first + count - 1
    pieces = [frames_of([block], first, last) for block in blocks_of(first, last)]
    assert all(pieces) and [frame for piece in pieces for frame in piece] == list(range(first, last + 1))
    assert all(
        block_of(frame) == block for block in blocks_of(first, last) for frame in frames_of([block], first, last)
    )
    found = runs(first, last, per)
    assert [block for run in found for block in run] == list(blocks_of(first, last))
    assert all(0 < len(run) <= per for run in found)


@pytest.mark.parametrize("strength", STRIDES)
@pytest.mark.parametrize("first, last", [(1001, 1240), (1, 100), (-60, 60)])
def test_anchors_are_the_ends_of_blocks_but_for_the_ends_of_the_shot(strength, first, last):
    found = {anchor for frame in range(first, last + 1) for anchor in anchors(frame, strength, first, last)}
    assert all(anchor % (FRAMES // 2) == 0 for anchor in found - {first, last})
    assert STRIDES["strong"] == FRAMES


def test_a_run_of_four_is_what_stands_still_in_a_strong_hold():
    assert STRIDES["strong"] * BLOCK == FRAMES * 4
    assert [*map(written, runs(1001, 1240, 4))] == ["83", "84-87", "88-91", "92-95", "96-99", "100-103"]


@pytest.mark.parametrize(
    "text, blocks",
    [("83-85", [83, 84, 85]), ("91", [91]), ("83-91:4", [83, 87, 91]), ("83-83", [83]), ("80-84", [83, 84])],
)
def test_blocks_are_read_as_queues_write_them(text, blocks):
    assert parse_blocks(text, 1001, 1100) == blocks


def test_negative_blocks_are_read_as_they_are_written():
    assert blocks_of(-60, -1) == range(-6, 0) and written(range(-6, 0)) == "-6--1"
    assert parse_blocks("-6--1", -60, -1) == list(range(-6, 0)) and parse_blocks("-5", -60, -1) == [-5]
    assert frames_of([-1], -60, 60) == list(range(-11, 1)) and frames_of([-5], -60, -1) == list(range(-59, -47))


def test_blocks_that_the_shot_has_not_are_refused_with_those_that_it_has():
    with pytest.raises(InputRefused, match=r"no block 92-99.*blocks 83-91"):
        parse_blocks("92-99", 1001, 1100)


def test_a_step_may_stand_behind_a_colon():
    assert parse_range("1-10:3") == parse_range("1-10x3") == [1, 4, 7, 10]

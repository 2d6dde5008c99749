"""Counts as a person says them."""

import pytest

from shared.wording import counted


@pytest.mark.parametrize("count, words", [(0, "0 frames"), (1, "1 frame"), (2, "2 frames")])
def test_a_count_has_the_noun_that_belongs_to_it(count: int, words: str) -> None:
    assert counted(count, "frame") == words


def test_a_count_may_have_a_verb() -> None:
    assert counted(1, "frame is missing", "frames are missing") == "1 frame is missing"
    assert counted(3, "frame is missing", "frames are missing") == "3 frames are missing"

"""Counts as a person says them."""

import pytest

from shared.errors import InputRefused
from shared.wording import counted, one_line


@pytest.mark.parametrize("count, words", [(0, "0 frames"), (1, "1 frame"), (2, "2 frames")])
def test_a_count_has_the_noun_that_belongs_to_it(count: int, words: str) -> None:
    assert counted(count, "frame") == words


def test_a_count_may_have_a_verb() -> None:
    assert counted(1, "frame is missing", "frames are missing") == "1 frame is missing"
    assert counted(3, "frame is missing", "frames are missing") == "3 frames are missing"


def test_no_word_of_a_stranger_steers_the_terminal() -> None:
    """Escapes, a bell, a return to the line's beginning, C1, letters that turn the direction; lines of ours stay."""
    bad = "a\x1b[2J\x07\r\x9b1m\u202eb"
    shown = r"a\x1b[2J\x07\r\x9b1m\u202eb"
    error = InputRefused(bad, file=bad, layer=bad, cause="one\ntwo", remedy=bad)
    assert str(error) == f"layer {shown}, {shown}: {shown}. one\ntwo. {shown}."
    assert one_line(bad + "\nadded kirk é \udcff") == shown + r"\nadded kirk é \udcff"

"""The ExtendScript core in the strict fake After Effects."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from campaign import CASES, Case
from fake_host import AfterEffects


@pytest.mark.parametrize("case", CASES, ids=str)
def test_core(case: Case, after_effects: Callable[..., AfterEffects]) -> None:
    case.run(after_effects)

"""Joints of one layout as those of another: by name, and what lies between two that there are. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.layouts import LAYOUTS

MIDDLES = {"neck": ("left_shoulder", "right_shoulder"), "hip": ("left_hip", "right_hip")}
# What a network that lifts joints takes for the rest of its spine and head where there is nothing better.
FURTHER = {"spine": ("neck", "hip"), "head_top": ("left_eye", "right_eye")}

Values = NDArray[np.float64]
Parts = tuple[int, ...]


def sources(name: str, names: Sequence[str]) -> Parts:
    """By their place among names the joints whose mean a joint is: itself, or those around it; () where there are none.

    A joint that counts twice stands there twice.
    """
    if name in names:
        return (names.index(name),)
    around = {**MIDDLES, **FURTHER}.get(name)
    if around is None:
        return ()
    one, other = (sources(part, names) for part in around)
    return (*one * len(other), *other * len(one))


@lru_cache
def into(of: str) -> tuple[str, ...]:
    """The layouts that joints of a layout can be delivered in, its own first."""
    there = {*LAYOUTS[of], *(name for name, around in MIDDLES.items() if {*around} <= {*LAYOUTS[of]})}
    return (of, *(one for one, names in LAYOUTS.items() if names and one != of and {*names} <= there))


def converted(values: NDArray[Any], of: Sequence[str], wanted: Sequence[str], way: Callable[..., Any]) -> NDArray[Any]:
    """(..., K, N) of the joints `of` as those wanted, all of which have sources.

    way: what becomes of several: np.mean of places, np.min of how sure, np.max of states.
    """
    return np.stack([way(values[..., list(sources(name, of)), :], axis=-2) for name in wanted], -2)


def joints_in(
    layout: str, of: str, places: Values, sure: Values, states: NDArray[np.int8]
) -> tuple[Values, Values, NDArray[np.int8]]:
    """Joints (..., K, 2), how sure (..., K) and states (..., K) in another layout, one of `into(of)`."""
    if layout == of:
        return places, sure, states
    names, wanted = LAYOUTS[of], LAYOUTS[layout]
    return (
        converted(places, names, wanted, np.mean),
        converted(sure[..., None], names, wanted, np.min)[..., 0],
        converted(states[..., None], names, wanted, np.max)[..., 0],
    )

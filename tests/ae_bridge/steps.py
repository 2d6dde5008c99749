"""What the scenarios of the core share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_host import AfterEffects
from made import FRAMES, Data, cut, matte, painting, version

Open = Callable[..., AfterEffects]


def two(**changes: Any) -> list[Any]:
    return [painting("train", matte=cut("tree"), **changes), painting("env", blend="SCREEN", opacity=62.5)]


def basic(number: int = 1, frames: range = FRAMES) -> Data:
    layers = [
        painting("train", frames, matte=cut("tree"), label=9),
        painting("env", frames, blend="SCREEN", opacity=62.5),
        matte("tree", frames),
        matte("river", frames),
    ]
    return version(number, *layers, frames=frames)


def fields(report: Data, kind: str) -> set[tuple[str, str]]:
    """(name, field) of a list of the report."""
    return {(entry["name"], entry["field"]) for entry in report[kind]}


def clean(report: Data) -> Data:
    assert report["ok"] and report["errors"] == [], report["errors"]
    assert report["warnings"] == [], report["warnings"]
    return report


def unchanged(report: Data, ae: AfterEffects) -> None:
    assert report["added"] == [] and report["changed"] == [] and report["ok"], report
    assert ae.last["writes"] == 0


def near(seconds: float) -> Any:
    return pytest.approx(seconds, abs=2.1e-5)  # half a unit of the clock of a comp of 24 frames a second

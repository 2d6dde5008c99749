from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import chunks
import py_aep
import pytest
from fake_host import AfterEffects, Node

from ae_bridge import aep, saving, templates
from ae_bridge.comments import settle_comments

HAS_LOTTIE = importlib.util.find_spec("lottie") is not None


@pytest.fixture(autouse=True)
def every_project_is_read_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test has written is walked chunk by chunk and read by python-lottie; py_aep must see the same."""
    save = saving.save

    def checked(*given: Any) -> Path:
        path = save(*given)
        assert chunks.faults(path) == []
        outline = chunks.outline(path)
        assert seen_by_py_aep(path) == told(outline)
        if HAS_LOTTIE:
            assert chunks.outline_of_lottie(path) == outline
        data = path.read_bytes()
        assert settle_comments(data) == data
        return path

    for room in (aep, templates):
        monkeypatch.setattr(room, "save", checked)


def seen_by_py_aep(path: Path) -> dict[int, list[Any]]:
    """Comment and layers of each item by its number."""
    found = py_aep.parse(path).project.items
    return {
        number: [item.comment, [[layer.name, layer.comment] for layer in getattr(item, "layers", [])]]
        for number, item in found.items()
        if item.parent_folder is not None
    }


def told(outline: chunks.Outline) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for _, number, _, comment, layers, held in outline:
        found |= {number: [comment, layers], **told(held)}
    return found


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    process = Node()
    yield process
    process.close()


@pytest.fixture
def after_effects(node: Node) -> Callable[..., AfterEffects]:
    """Opens a new After Effects with the core loaded; one at a time."""
    return partial(AfterEffects, node)

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from fake_host import AfterEffects, Node


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    process = Node()
    yield process
    process.close()


@pytest.fixture
def after_effects(node: Node) -> Callable[..., AfterEffects]:
    """Opens a new After Effects with the core loaded; one at a time."""
    return partial(AfterEffects, node)

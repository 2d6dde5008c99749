"""Where one object, or a part of one, ends and another begins, as SPADE's edge map and the small network see it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def instance_edges(instance: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Where a pixel's object differs from that of its left, right, upper or lower neighbour (H, W)."""
    edges = np.zeros(instance.shape, bool)
    across = instance[:, 1:] != instance[:, :-1]
    down = instance[1:] != instance[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges

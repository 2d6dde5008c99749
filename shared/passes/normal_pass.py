"""Normals in the one space that every model is given: the camera's, x right, y up in the picture, z to the viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def to_camera(normals: NDArray[Any], to_world: ArrayLike) -> NDArray[np.float32]:
    """Normals (..., 3) of the world as the camera sees them.

    to_world: (3, 3) or (4, 4), its first three columns where the camera's x, y and z point in the world, as for column
    vectors (`point_world = to_world @ point_camera`, Blender's); it neither scales nor mirrors. A matrix of
    `shared.tracks`, which is for row vectors, is given transposed.
    """
    turn = np.asarray(to_world, np.float32)[:3, :3]
    turned: NDArray[np.float32] = np.asarray(normals, np.float32) @ turn
    return turned

"""Normals: from what renderers write to unit vectors of the camera's space."""

import numpy as np

from shared.passes.normal_pass import to_camera


def test_a_normal_of_the_world_is_turned_into_the_cameras_space():
    looks_along_y = np.array([(1, 0, 0, 7), (0, 0, -1, 8), (0, 1, 0, 9), (0, 0, 0, 1)])  # z up, as Blender's
    faces, up = np.array((0, -1, 0)), np.array((0, 0, 1))
    assert np.allclose(to_camera(np.array([[faces, up]]), looks_along_y), [[(0, 0, 1), (0, 1, 0)]])
    assert np.allclose(to_camera(up, looks_along_y[:3, :3]), (0, 1, 0))

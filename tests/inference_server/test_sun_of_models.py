"""Where the sun stands: two options of a card become a direction in the space of the camera, on every frame."""

import math

import numpy as np
import pytest

from inference_server.worker.sun import towards


def camera(heading=0.0, pitch=0.0, roll=0.0, up="y"):
    """Degrees: turned to the right, tilted upwards, rolled clockwise as its operator sees it."""
    h, p, r = (math.radians(one) for one in (heading, pitch, roll))
    ahead = np.array((math.sin(h) * math.cos(p), math.sin(p), -math.cos(h) * math.cos(p)))
    level = np.array((math.cos(h), 0.0, math.sin(h)))
    top = np.cross(level, ahead)
    axes = [math.cos(r) * level - math.sin(r) * top, math.cos(r) * top + math.sin(r) * level, -ahead]
    if up == "z":
        axes = [np.array((x, -z, y)) for x, y, z in axes]
    return tuple(float(one) for axis in axes for one in (*axis, 0)) + (7.0, 8.0, 9.0, 1.0)


AHEAD, RIGHT, ABOVE, BEHIND = (0, 0, -1), (1, 0, 0), (0, 1, 0), (0, 0, 1)


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("heading", [0, 75])
@pytest.mark.parametrize(
    "azimuth, elevation, seen",
    [(0, 0, AHEAD), (90, 0, RIGHT), (180, 0, BEHIND), (-90, 0, (-1, 0, 0)), (360, 0, AHEAD), (35, 90, ABOVE)],
)
def test_angles_are_counted_from_where_the_first_frame_looks(azimuth, elevation, seen, heading, up):
    view = camera(heading, up=up)
    assert towards(azimuth, elevation, view, view, up) == seen
    assert towards(azimuth, elevation) == seen, "without a camera it is taken as level"


def test_the_sun_stays_in_the_world_while_the_camera_turns_tilts_and_rolls():
    first = camera(40)
    assert towards(0, 0, first, camera(70)) == (-0.5, 0, -0.866), "to the left by as much"
    assert towards(0, 0, first, camera(40, pitch=30)) == (0, -0.5, -0.866), "it sinks in the picture as that looks up"
    assert towards(0, 90, first, camera(40, roll=30)) == (-0.5, 0.866, 0), "rolled clockwise it has it left"


def test_a_tilted_first_frame_does_not_tilt_the_horizon():
    down = camera(40, pitch=-60)
    assert towards(0, 0, down, camera(40)) == AHEAD
    assert towards(0, 0, down, down) == (0, 0.866, -0.5)
    assert towards(0, 0, camera(40, pitch=-90), camera(40)) == AHEAD, "straight down: the top of the picture is ahead"
    assert towards(0, 0, camera(40, pitch=90), camera(40)) == AHEAD
    assert towards(180, 30, camera(40, roll=180), camera(40)) == (0, 0.5, 0.866), "upside down"

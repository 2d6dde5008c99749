"""Where the sun stands, for models that are told: from two angles of the world to the space of the camera."""

from __future__ import annotations

import math

from inference_server.worker.plan import LayerPlan, Plan
from shared.inputs import SUN
from shared.tracks import Row

DIGITS = 4  # behind the point: a hair's breadth of another camera is no other picture
STEEP = 1e-3  # sine of the angle to the vertical below which a camera looks straight up or down
LEVEL = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)  # looks along -z, y is up

Direction = tuple[float, float, float]


def sun_of(plan: Plan, own: LayerPlan, frame: int) -> Direction | None:
    """Towards the sun as the camera of this frame has it; None for a model that is not told.

    Without a camera in the shot's tracks the sun goes along with it, as if it were level. Raises as `Plan.filmed`.
    """
    azimuth, elevation = (own.options.get(name) for name in SUN)
    if not isinstance(azimuth, (int, float)) or not isinstance(elevation, (int, float)):
        return None
    filmed = plan.filmed
    if filmed is None:
        return towards(azimuth, elevation)
    return towards(azimuth, elevation, filmed.view(plan.shot.first), filmed.view(frame), filmed.up)


def towards(azimuth: float, elevation: float, first: Row = LEVEL, now: Row = LEVEL, up: str = "y") -> Direction:
    """Unit vector towards the sun in the space of a camera: x right, y up, z towards the viewer.

    Args:
        azimuth: degrees around the up axis, clockwise seen from above, from where the camera looks on the first frame.
        elevation: degrees above the horizon.
        first, now: matrices of that camera, and of the one that asks, as `shared.tracks` has them.
        up: "y" or "z", the axis of the world that points up.
    """
    above = (0.0, 1.0, 0.0) if up == "y" else (0.0, 0.0, 1.0)
    ahead = _ahead(first, above)
    right = _cross(ahead, above)
    around, height = math.radians(azimuth), math.radians(elevation)
    flat = math.cos(height)
    parts = ((flat * math.cos(around), ahead), (flat * math.sin(around), right), (math.sin(height), above))
    world = tuple(sum(share * axis[i] for share, axis in parts) for i in range(3))
    x, y, z = (round(_dot(world, now[at : at + 3]), DIGITS) + 0.0 for at in (0, 4, 8))
    return x, y, z


def _ahead(matrix: Row, above: Row) -> Row:
    """Where a camera looks, along the ground; of one that looks straight up or down, where its picture's top is."""
    back, top = matrix[8:11], matrix[4:7]
    climbs = -_dot(back, above)
    seen = tuple(-one - climbs * axis for one, axis in zip(back, above, strict=True))
    if math.hypot(*seen) < STEEP:
        seen = tuple(-math.copysign(1, climbs) * one for one in top)
    size = math.hypot(*seen)
    return tuple(one / size for one in seen)


def _dot(one: Row, other: Row) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _cross(one: Row, other: Row) -> Row:
    (a, b, c), (x, y, z) = one, other
    return b * z - c * y, c * x - a * z, a * y - b * x

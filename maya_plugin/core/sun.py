"""The sun of a scene as the two angles that a model is told: what they are counted from is `shared.inputs.SUN`'s."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.inputs import SUN

STEEP = 1e-3  # sine of the angle to the vertical below which a camera looks straight up or down
DIGITS = 2  # of degrees


@dataclass(frozen=True)
class Sun:
    """Where the sun of a scene stands. heading: as `heading_of`; elevation: degrees above the horizon."""

    name: str  # of the light
    heading: float
    elevation: float


@dataclass(frozen=True)
class Light:
    """A light that may be the sun. towards: a vector of the world from the scene to it; strength: 0 is dark."""

    name: str
    towards: Sequence[float]
    strength: float
    made_for_it: bool = False  # a node that is a sun, whatever else shines


def chosen(lights: Iterable[Light], up: str) -> Sun | None:
    """The brightest light that shines from above; one that is made to be a sun goes before all others."""
    found = []
    for light in lights:
        right, ahead, above = _from_north(light.towards, up)
        elevation = math.degrees(math.atan2(above, math.hypot(right, ahead)))
        if light.strength > 0 and elevation >= 0:
            rank = (light.made_for_it, light.strength)
            found.append((rank, Sun(light.name, math.degrees(math.atan2(right, ahead)), elevation)))
    return max(found, key=lambda one: one[0])[1] if found else None


def in_sky(azimuth: float, elevation: float, up: str) -> tuple[float, float, float]:
    """Towards the sun of Arnold's physical sky, degrees, whose azimuth goes from +x clockwise as seen from above."""
    around, height = math.radians(azimuth), math.radians(elevation)
    x, above, south = math.cos(height) * math.cos(around), math.sin(height), math.cos(height) * math.sin(around)
    return (x, above, south) if up == "y" else (x, -south, above)


def turned(direction: Iterable[float], by: Sequence[float]) -> list[float]:
    """A direction below a node in the world: by the node's world matrix."""
    x, y, z = direction
    return [x * by[axis] + y * by[4 + axis] + z * by[8 + axis] for axis in range(3)]


def distant(intensity: float, exposure: float, angle: float, normalized: bool) -> float:
    """How bright a distant light of USD is, as Maya counts: of one that is not normalized all of its disc shines."""
    disc = math.pi * math.radians(angle / 2) ** 2
    return intensity * math.pow(2, exposure) * (1.0 if normalized or not angle else disc)


def heading_of(matrix: Sequence[float], up: str) -> float:
    """Where a camera with this world matrix looks: degrees, clockwise seen from above, from the world's own north.

    One that looks straight up or down has the heading of the top of its picture, as it would have on the way there.
    """
    right, ahead, climbs = _from_north([-one for one in matrix[8:11]], up)
    if math.hypot(right, ahead) < STEEP:
        right, ahead, _ = _from_north([-math.copysign(1, climbs) * one for one in matrix[4:7]], up)
    return math.degrees(math.atan2(right, ahead))


def of_scene(sun: Sun, looks: float) -> dict[str, float]:
    """The options of a shot on whose first frame the camera has the heading `looks`."""
    azimuth = (sun.heading - looks + 180) % 360 - 180
    return dict(zip(SUN, (round(azimuth, DIGITS) + 0.0, round(sun.elevation, DIGITS) + 0.0)))


def by_hand(options: Mapping[str, Any], counted: float, looks: float) -> dict[str, Any]:
    """The options for a shot whose first frame has the heading `looks`, where they count from the heading `counted`."""
    turn = counted - looks
    if not turn:
        return dict(options)
    return {**options, SUN[0]: round((float(options[SUN[0]]) + turn + 180) % 360 - 180, DIGITS) + 0.0}


def takes(options: Iterable[str]) -> bool:
    """Whether a model with options of these names is told where the sun stands."""
    return set(SUN) <= set(options)


def _from_north(vector: Sequence[float], up: str) -> tuple[float, float, float]:
    """To the right of, along and above the direction that is called north here: -z, or y where z points up."""
    x, y, z = vector
    return (x, y, z) if up == "z" else (x, -z, y)

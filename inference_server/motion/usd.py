"""Poses as a USD stage: a SkelRoot with Skeleton and SkelAnimation for each person, and the camera that saw them.

Written as text (.usda), so that nothing but a text file is needed; UsdSkel's schema is that of OpenUSD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from inference_server.motion.solving.turns import Array, quaternions, turned
from shared.errors import InputRefused
from shared.poses import Poses, Skeleton
from shared.tracks import Row

DIGITS = 7


def usd_of(poses: Poses) -> str:
    """The file's content, in the frames of the shot. Raises InputRefused for people in another rotate order."""
    fps = poses.fps_num / poses.fps_den
    head = [
        "#usda 1.0",
        "(",
        '    defaultPrim = "people"',
        "    metersPerUnit = 0.01",
        '    upAxis = "Y"',
        f"    startTimeCode = {poses.first}",
        f"    endTimeCode = {poses.last}",
        f"    timeCodesPerSecond = {fps:.10g}",
        f"    framesPerSecond = {fps:.10g}",
        ")",
        "",
        'def Xform "people"',
        "{",
    ]
    blocks = [_camera(poses), *(_person(person) for person in poses.people)]
    return "\n".join([*head, *("    " + line for block in blocks for line in block), "}", ""])


def _person(person: Skeleton) -> list[str]:
    if person.rotate_order != "yxz":
        raise InputRefused(f"{person.label} is turned in the order {person.rotate_order}", remedy="Write it as yxz")
    name = f"person_{person.id}"
    paths: dict[str, str] = {}
    place: dict[str, Array] = {}
    for joint in person.joints:
        paths[joint.name] = f"{paths[joint.parent]}/{joint.name}" if joint.parent else joint.name
        place[joint.name] = np.array(joint.offset) + (place[joint.parent] if joint.parent else 0)
    joints = _listed(f'"{path}"' for path in paths.values())
    bind, rest = (
        _listed(_matrix(one) for one in ways)
        for ways in (place.values(), (np.array(joint.offset) for joint in person.joints))
    )
    turns = np.stack([_spread(quaternions(turned(np.array(one.rotation))), person) for one in person.joints], 1)
    offsets = np.stack([_spread(np.array([one.offset]), person) for one in person.joints], 1)
    offsets[:, 0] += _spread(np.array(person.root), person)
    times = range(person.first, person.last + 1)
    return [
        f'def SkelRoot "{name}" (',
        '    prepend apiSchemas = ["SkelBindingAPI"]',
        ")",
        "{",
        '    def Skeleton "skeleton" (',
        '        prepend apiSchemas = ["SkelBindingAPI"]',
        "    )",
        "    {",
        f"        uniform token[] joints = {joints}",
        f"        uniform matrix4d[] bindTransforms = {bind}",
        f"        uniform matrix4d[] restTransforms = {rest}",
        f"        rel skel:animationSource = </people/{name}/animation>",
        "    }",
        "",
        '    def SkelAnimation "animation"',
        "    {",
        f"        uniform token[] joints = {joints}",
        *_samples("quatf[] rotations", times, (_listed(map(_tuple, rows)) for rows in turns)),
        f"        half3[] scales = {_listed(['(1, 1, 1)'] * len(paths))}",
        *_samples("float3[] translations", times, (_listed(map(_tuple, rows)) for rows in offsets)),
        "    }",
        "}",
        "",
    ]


def _camera(poses: Poses) -> list[str]:
    """Apertures and focal length are tenths of the stage's unit, which are millimetres."""
    camera = poses.camera
    high = camera.film * poses.height / (poses.width * poses.pixel_aspect)
    across, down = camera.centre or (poses.width / 2, poses.height / 2)
    shift = (0.5 - across / poses.width) * camera.film, (down / poses.height - 0.5) * high
    matrices = [f"( {', '.join(_tuple(row[4 * i : 4 * i + 4]) for i in range(4))} )" for row in camera.matrix]
    times = range(poses.first, poses.last + 1)
    return [
        f'def Camera "{_identifier(camera.name)}"',
        "{",
        f"    float horizontalAperture = {_number(camera.film)}",
        f"    float verticalAperture = {_number(high)}",
        f"    float horizontalApertureOffset = {_number(shift[0])}",
        f"    float verticalApertureOffset = {_number(shift[1])}",
        *(line[4:] for line in _samples("float focalLength", times, map(_number, camera.focal), len(camera.focal))),
        *(line[4:] for line in _samples("matrix4d xformOp:transform", times, iter(matrices), len(matrices))),
        '    uniform token[] xformOpOrder = ["xformOp:transform"]',
        "}",
        "",
    ]


def _samples(name: str, times: Sequence[int], values: Iterable[str], count: int = 0) -> list[str]:
    """Values by time; one alone, of what stands still, without."""
    if count == 1:
        return [f"        {name} = {next(iter(values))}"]
    lines = [f"            {time}: {value}," for time, value in zip(times, values, strict=True)]
    return [f"        {name}.timeSamples = {{", *lines, "        }"]


def _spread(rows: Array, person: Skeleton) -> Array:
    return np.repeat(rows, person.frames, 0) if len(rows) == 1 else rows.copy()


def _matrix(place: Array) -> str:
    return f"( (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), {_tuple([*place, 1])} )"


def _listed(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _tuple(numbers: Array | Row | Sequence[float]) -> str:
    return f"({', '.join(map(_number, numbers))})"


def _number(value: float) -> str:
    return f"{value:.{DIGITS}g}"


def _identifier(name: str) -> str:
    """A name of a prim: letters, digits and underlines."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"

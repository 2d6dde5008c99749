"""A document of a skeleton that moves in all ways, and its own kinematics, for the tests of what Maya makes of it."""

import math

from shared.poses import PARENTS, Bone, Poses, Skeleton
from shared.tracks import Camera

FIRST, COUNT = 1001, 8
OFFSETS = {
    **{"Hips": (0, 0, 0), "Spine": (0, 48, 0), "Neck": (0, 5, 1), "Head": (0, 9, 2)},
    **{"LeftArm": (17, 0, 0), "LeftForeArm": (28, 0, 0), "LeftHand": (25, 0, 0)},
    **{"LeftUpLeg": (9, -4, 0), "LeftLeg": (0, -42, 0), "LeftFoot": (0, -40, -2), "LeftToeBase": (0, -6, 13)},
}
ENDS = {"Head": (0, 18, 0), "Hand": (8, 0, 0), "ToeBase": (0, 0, 6)}


def mirrored(name, of):
    if name in of:
        return tuple(map(float, of[name]))
    x, y, z = of[name.replace("Right", "Left")]
    return (-float(x), float(y), float(z))


def end(name):
    bare = name.replace("Left", "").replace("Right", "")
    if bare not in ENDS:
        return None
    x, y, z = ENDS[bare]
    return (float(-x if name.startswith("Right") else x), float(y), float(z))


def wave(joint, axis, frame):
    """Degrees, on a way of each joint's own; the hips turn round more than once."""
    if joint == 0 and axis == 1:
        return 150.0 + 60.0 * frame
    return 40.0 * math.sin(0.7 * joint + 1.3 * axis + 0.5 * frame)


def person(count=COUNT, order="yxz", shift=0.0, name=None, identity=1, first=FIRST, **more):
    joints = []
    for number, (joint, parent) in enumerate(PARENTS.items()):
        rotation = tuple(tuple(round(wave(number, axis, n), 3) for axis in range(3)) for n in range(count))
        still = joint == "Neck"
        joints.append(
            Bone(
                name=joint,
                parent=parent or None,
                offset=mirrored(joint, OFFSETS),
                rotation=rotation[:1] if still else rotation,
                end=end(joint),
            )
        )
    return Skeleton(
        id=identity,
        first=first,
        last=first + count - 1,
        root=tuple((shift + 3.0 * n, 96.0 + n % 2, -200.0 - 5.0 * n) for n in range(count)),
        joints=tuple(joints),
        rotate_order=order,
        name=name,
        **more,
    )


def document(*people, fps=(24, 1), space="world", matrices=None, focal=(35.0,), centre=None):
    people = people or (person(),)
    return Poses(
        first=FIRST,
        last=FIRST + COUNT - 1,
        fps_num=fps[0],
        fps_den=fps[1],
        width=1920,
        height=1080,
        camera=Camera(name="seen", matrix=matrices or (STILL,), focal=focal, film=36.0, centre=centre),
        people=people,
        space=space,
        lens_from="camera",
    )


STILL = (1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, 0, 120.0, 0, 1.0)


def turn(axis, degrees):
    """About x, y or z, for column vectors."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rows = {"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]]}
    return rows.get(axis, [[c, -s, 0], [s, c, 0], [0, 0, 1]])


def times(a, b):
    return [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)] for i in range(3)]


def through(a, v):
    return [sum(a[i][k] * v[k] for k in range(3)) for i in range(3)]


def forward(skeleton, at):
    """The document's own kinematics: where each joint is, and how it is turned (columns), on its at-th frame."""
    found = {}
    for joint in skeleton.joints:
        angles = joint.rotation[at if len(joint.rotation) > 1 else 0]
        own = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        for axis in skeleton.rotate_order:  # the first letter turns first, so it stands furthest to the right
            own = times(turn(axis, angles["xyz".index(axis)]), own)
        if joint.parent is None:
            found[joint.name] = (list(skeleton.root[at if len(skeleton.root) > 1 else 0]), own)
            continue
        place, above = found[joint.parent]
        way = through(above, joint.offset)
        found[joint.name] = ([a + b for a, b in zip(place, way)], times(above, own))
    return found


def world(node, time):
    from maya import cmds

    return cmds.getAttr(f"{node}.worldMatrix[0]", time=time)


def keys(node, attribute):
    from maya import cmds

    at = cmds.keyframe(node, query=True, attribute=attribute, timeChange=True) or []
    return dict(zip(at, cmds.keyframe(node, query=True, attribute=attribute, valueChange=True) or []))


def furthest(skeleton, space="person1", moved=lambda place: place, start=FIRST, step=1.0):
    """Centimetres between the joints of the scene and those of the document, on all frames."""
    return max(
        math.dist(world(f"{space}:{name}", start + n * step)[12:15], moved(place))
        for n in range(skeleton.frames)
        for name, (place, _) in forward(skeleton, n).items()
    )

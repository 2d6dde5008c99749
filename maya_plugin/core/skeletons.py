"""Skeletons of a poses file as chains of joints with HumanIK's names, a namespace each.

A joint's own axes are those of the space (jointOrient zero), or x looks down its bone. What a camera of the scene sees
lies where it lay in the picture: the file's camera is laid onto it, frame by frame, and the first joint moves along.
Pure: no maya, no Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maya_plugin.core import turns
from maya_plugin.core.chains import ANGLE, LENGTH, SPACE, SURE, Chain, Channel, Link, Numbers, file_key, three
from maya_plugin.core.tracks import rigid
from maya_plugin.core.turns import Rows
from shared.poses import ROTATE_ORDERS, Bone, Poses, Skeleton

WORLD, BONE = "world", "bone"  # what a joint's own axes follow
CONTACT = "contact"
GROUP = "Reference"  # HumanIK's name of what holds the skeleton
UPRIGHT = (90.0, 0.0, 0.0)  # of the group, where the scene's z is up
DOWN = "xzy"  # rotate order of joints whose x looks down the bone: a turn of the whole body is the first of it, no lock
SEEN = {"filled": 0.5}  # how sure, of what was not seen: filled half, else not

Matrix = Sequence[float]  # 16, row by row, for row vectors
Move = tuple[Rows, tuple[float, float, float]]  # a rotation, then a way


def chains(
    poses: Poses,
    file: Path,
    orient: str = WORLD,
    stance: bool = False,
    view: Sequence[Matrix] | None = None,
    up: str = "y",
) -> tuple[Chain, ...]:
    """Everybody of a poses file.

    Args:
        stance: whether a T-pose stands a frame before the first.
        view: world matrices of the camera of the scene that sees them, for each frame of the file; None = as in it.
        up: the axis of the scene.
    """
    return tuple(_chain(poses, one, file, orient, stance, view, up) for one in poses.people)


def _chain(
    poses: Poses,
    person: Skeleton,
    file: Path,
    orient: str,
    stance: bool,
    view: Sequence[Matrix] | None,
    up: str,
) -> Chain:
    upright = turns.of_angles(UPRIGHT, "xyz") if up == "z" else turns.NONE
    moves = None
    if view is not None:
        at = person.first - poses.first
        cameras = [_nth(poses.camera.matrix, at + n) for n in range(person.frames)]
        moves = [_move(a, _nth(view, at + n), upright) for n, a in enumerate(cameras)]
    down = orient == BONE
    frames = _axes(person) if down else {joint.name: turns.NONE for joint in person.joints}
    order = DOWN if down else person.rotate_order
    links = tuple(_link(person, joint, frames, order, moves, stance) for joint in person.joints)
    return Chain(
        of=file_key(file),
        id=person.id,
        kind=SPACE,
        title=person.label,
        group=GROUP,
        first=person.first,
        last=person.last,
        links=links,
        namespace=person.name or f"person{person.id}",
        up=UPRIGHT if up == "z" else (),
        about={"bones": [[one.parent, one.name] for one in person.joints if one.parent], "layout": "free"},
    )


def _link(
    person: Skeleton,
    joint: Bone,
    frames: dict[str, Rows],
    order: str,
    moves: list[Move] | None,
    stance: bool,
) -> Link:
    own, above = frames[joint.name], turns.NONE if joint.parent is None else frames[joint.parent]
    first = joint.parent is None
    still: dict[str, Numbers] = {"rotateOrder": (float(ROTATE_ORDERS.index(order)),)}
    orient = turns.product(own, turns.back(above))
    still["jointOrient"] = turns.to_angles(orient, "xyz") if orient != turns.NONE else (0.0, 0.0, 0.0)
    rotations: Sequence[Numbers] = joint.rotation
    if order != person.rotate_order or own != turns.NONE or (first and moves is not None):
        wide = [_nth(joint.rotation, n) for n in range(person.frames)] if first and moves else joint.rotation
        made = [turns.of_angles(one, person.rotate_order) for one in wide]
        if first and moves is not None:
            made = [turns.product(one, move[0]) for one, move in zip(made, moves)]
        made = [turns.product(turns.product(own, one), turns.back(own)) for one in made]
        rotations = turns.followed(made, order)
    channels = three("rotate", rotations, ANGLE, (0.0, 0.0, 0.0) if stance else None)
    if first:
        channels += _root(person, moves, stance)
    else:
        still["translate"] = turns.applied(joint.offset, turns.back(above))
    return Link(joint.name, joint.parent or "", (*channels, *_said(person, joint.name)), still=still)


def _root(person: Skeleton, moves: list[Move] | None, stance: bool) -> tuple[Channel, ...]:
    places: Sequence[Numbers] = person.root
    if moves is not None:
        wide = [_nth(person.root, n) for n in range(person.frames)]
        places = [_moved(place, move) for place, move in zip(wide, moves)]
    stands = None
    if stance:
        x, y, z = places[0]
        stands = (x, person.floor - _lowest(person) if moves is None else y, z)
    return three("translate", places, LENGTH, stands)


def _said(person: Skeleton, joint: str) -> tuple[Channel, ...]:
    """How sure a joint is, where it was not seen all along; and on which frames a foot stands."""
    made = []
    gaps = [gap for gap in person.gaps if gap.joint == joint]
    frames = range(person.first, person.last + 1)
    if gaps:
        sure = [
            min((SEEN.get(gap.why, 0.0) for gap in gaps if gap.first <= n <= gap.last), default=1.0) for n in frames
        ]
        made.append(Channel(SURE, tuple(sure), step=True, own=True))
    if joint in person.contacts:
        stands = [float(any(a <= n <= b for a, b in person.contacts[joint])) for n in frames]
        made.append(Channel(CONTACT, tuple(stands), step=True, own=True))
    return tuple(made)


def _axes(person: Skeleton) -> dict[str, Rows]:
    """Of each joint at rest, with x down the bone to the one child that goes on the way, else to its end."""
    found: dict[str, Rows] = {}
    for joint in person.joints:
        children = [one for one in person.joints if one.parent == joint.name]
        goes = next((one for one in children if not one.name.startswith(("Left", "Right"))), None)
        only = goes or (children[0] if len(children) == 1 else None)
        found[joint.name] = turns.along(only.offset if only else joint.end or (0.0, 0.0, 0.0))
    return found


def _lowest(person: Skeleton) -> float:
    """How low the body at rest goes below its first joint, centimetres: a negative number."""
    heights: dict[str, float] = {}
    ends = [0.0]
    for joint in person.joints:
        heights[joint.name] = 0.0 if joint.parent is None else heights[joint.parent] + joint.offset[1]
        ends += [heights[joint.name], heights[joint.name] + (joint.end or (0.0, 0.0, 0.0))[1]]
    return min(ends)


def _move(file: Matrix, scene: Matrix, upright: Rows) -> Move:
    """From the file's space to the group's: into the file's camera, out of the scene's, into the group."""
    (turn, stand), (turned, stood) = _parts(file), _parts(rigid(scene))
    rotation = turns.product(turns.product(turns.back(turn), turned), turns.back(upright))
    x, y, z = turns.applied(stand, rotation)
    gone = turns.applied(stood, turns.back(upright))
    return rotation, (gone[0] - x, gone[1] - y, gone[2] - z)


def _parts(matrix: Matrix) -> Move:
    rows = tuple((matrix[at], matrix[at + 1], matrix[at + 2]) for at in (0, 4, 8))
    return rows, (matrix[12], matrix[13], matrix[14])


def _moved(place: Numbers, move: Move) -> Numbers:
    return tuple(a + b for a, b in zip(turns.applied(place, move[0]), move[1]))


def _nth(rows: Sequence[Sequence[float]], at: int) -> Numbers:
    return tuple(rows[at if len(rows) > 1 else 0])

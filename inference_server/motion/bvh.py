"""A skeleton as BVH (Biovision hierarchy), which every animation program reads: centimetres, y up, a T-pose at rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.poses import Bone, Skeleton
from shared.tracks import Row

DIGITS = 5


def bvh_of(person: Skeleton, fps: float) -> str:
    """The file's content. A row for each frame from the person's first on; frames have no numbers there.

    Channels of turns stand in the order in which matrices are multiplied: of Maya's yxz Zrotation Xrotation Yrotation.
    """
    lines = ["HIERARCHY", *_joint(person, person.joints[0], 0), "MOTION"]
    lines += [f"Frames: {person.frames}", f"Frame Time: {1 / fps:.8f}"]
    order = ["xyz".index(axis) for axis in reversed(person.rotate_order)]
    written = list(_order(person, person.joints[0]))
    for place in range(person.frames):
        numbers = list(_at(person.root, place))
        for joint in written:
            turn = _at(joint.rotation, place)
            numbers += [turn[axis] for axis in order]
        lines.append(_text(numbers))
    return "\n".join(lines) + "\n"


def _order(person: Skeleton, joint: Bone) -> Iterator[Bone]:
    """Joints as the hierarchy names them: each before those that hang on it."""
    yield joint
    for child in _children(person, joint):
        yield from _order(person, child)


def _children(person: Skeleton, joint: Bone) -> list[Bone]:
    return [one for one in person.joints if one.parent == joint.name]


def _joint(person: Skeleton, joint: Bone, deep: int) -> list[str]:
    space = "\t" * deep
    turns = " ".join(f"{axis.upper()}rotation" for axis in reversed(person.rotate_order))
    channels = f"3 {turns}" if joint.parent else f"6 Xposition Yposition Zposition {turns}"
    lines = [f"{space}{'JOINT' if joint.parent else 'ROOT'} {joint.name}", f"{space}{{"]
    lines += [f"{space}\tOFFSET {_text(joint.offset)}", f"{space}\tCHANNELS {channels}"]
    children = _children(person, joint)
    for child in children:
        lines += _joint(person, child, deep + 1)
    if not children:
        lines += [f"{space}\tEnd Site", f"{space}\t{{", f"{space}\t\tOFFSET {_text(joint.end or (0.0, 0.0, 0.0))}"]
        lines += [f"{space}\t}}"]
    return [*lines, f"{space}}}"]


def _at(rows: Sequence[Row], place: int) -> Row:
    return rows[min(place, len(rows) - 1)]


def _text(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.{DIGITS}f}" for number in numbers)

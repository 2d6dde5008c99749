"""A person as joints to be made in a scene, or moved there: who hangs on whom, what stands still, what has keys.

What comes of points of the picture (`core.joints`) and of skeletons (`core.skeletons`) is the same to the host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Numbers = tuple[float, ...]

LENGTH, ANGLE, NUMBER = "length", "angle", "number"  # centimetres, degrees
PICTURE, SPACE, LENS = "picture", "space", "lens"  # what a chain is of: points of the picture, a skeleton, a camera
SURE = "confidence"


@dataclass(frozen=True)
class Channel:
    """An attribute with keys. `values`: one for every frame of the person, or one alone."""

    attribute: str
    values: Numbers
    kind: str = NUMBER
    step: bool = False  # whether a value holds until the next
    before: float | None = None  # of the pose that stands a frame before the first, where there is one
    own: bool = False  # whether the attribute is added by us


@dataclass(frozen=True)
class Link:
    """A joint, or a node of another `type`. `still`: attributes of one number or three; `translate` in centimetres."""

    name: str  # by which it is found again
    parent: str  # another's name, "" for one that hangs on the person
    channels: tuple[Channel, ...]
    node: str = ""  # name of the node, without namespace; "" = `name`
    type: str = "joint"
    still: Mapping[str, Numbers] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """A person, joints after those that they hang on, or the camera that saw them.

    Of the same file and id it is the same person.
    """

    of: str  # the file's name, without what says its kind
    id: int
    kind: str  # PICTURE, SPACE or LENS
    title: str  # for people to read
    group: str  # name of the node that holds the joints
    first: int  # frames of the file
    last: int
    links: tuple[Link, ...]
    namespace: str = ""
    up: Numbers = ()  # rotation of the group, degrees; () = none
    about: Mapping[str, object] = field(default_factory=dict)  # JSON values to be kept with it


def file_key(file: Path) -> str:
    """By which a file is known again, in another folder too: `dance` of dance.joints.json and dance.poses.json."""
    return file.name.partition(".")[0]


def moves(values: Sequence[float]) -> bool:
    return any(one != values[0] for one in values)


def three(name: str, rows: Sequence[Sequence[float]], kind: str, before: Numbers | None = None) -> tuple[Channel, ...]:
    """The channels of x, y and z."""
    return tuple(
        Channel(f"{name}{axis}", tuple(row[at] for row in rows), kind, before=None if before is None else before[at])
        for at, axis in enumerate("XYZ")
    )

"""From points of a body to the turns of its joints, and from turns to where joints are.

Every joint's turn is found against its parent's, which is known by then: hips and spine from four points, a limb by the
smallest turn that brings it to where it was seen, and an upper arm or thigh about itself, so that elbow and knee
bend about their hinges. Where points are not seen a joint's turn leads from the one before to the one after.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import numpy as np

from inference_server.motion.solving.body import (
    USUAL,
    Points,
    Rest,
    foot_frame,
    hand_frame,
    head_frame,
    middle,
)
from inference_server.motion.solving.turns import Array, about, across, between, fitted, frame, smallest, unit
from shared.layouts import SIDES
from shared.poses import PARENTS

BENT = np.radians(15)  # less than this a limb says nothing of how it is turned about itself
MOST = {"UpLeg": np.radians(90), "Arm": np.radians(150)}  # that one is turned about itself: more is a knee read wrongly
HANGING = np.radians(75)  # arms that are never seen, down from the T-pose
NOSE = np.array([0.0, -0.007, 0.065])  # heights, from between the ears, of a head that looks ahead
HIPS = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


def needs(joint: str, measured: Container[str] = HEAD) -> tuple[str, ...]:
    """The points that the turn of a joint is found from, where these are measured: of a head perhaps its nose alone."""
    side = "left" if joint.startswith("Left") else "right"
    limbs = {
        "Arm": ("shoulder", "elbow"),
        "ForeArm": ("elbow", "wrist"),
        "Hand": ("wrist", "index", "pinky"),
        "UpLeg": ("hip", "knee"),
        "Leg": ("knee", "ankle"),
        "Foot": ("ankle", "heel", "foot_index"),
        "ToeBase": (),
    }
    if joint in ("Hips", "Spine"):
        return HIPS
    if joint in ("Neck", "Head"):
        ears = HEAD[3:] if all(ear in measured for ear in HEAD[3:]) else HEAD[:1]
        return (*HIPS[2:], *ears) if joint == "Neck" else HEAD
    return tuple(f"{side}_{part}" for part in limbs[joint.removeprefix(side.capitalize())])


Turns = dict[str, Array]  # joint -> (F, 3, 3), in the space of the points


def turned_to(points: Points, rest: Rest) -> Turns:
    """The turn of every joint on every frame. At least one frame must have hips and shoulders."""
    made: Turns = {}
    hips, neck = middle(points, *HIPS[:2]), middle(points, *HIPS[2:])
    frames = len(hips)
    for joint in rest.offsets:
        side = "left" if joint.startswith("Left") else "right"
        parent = made.get(PARENTS[joint], np.broadcast_to(np.eye(3), (frames, 3, 3)))
        way = None
        if joint == "Hips":
            seen = frame(points["left_hip"] - points["right_hip"], neck - hips)
        elif joint == "Spine":
            seen = _spine(points, rest, hips, parent)
        elif joint == "Neck":
            nose = needs(joint, points)[2:] == HEAD[:1]
            way = middle(points, *needs(joint, points)[2:]) - neck if _has(points, *needs(joint, points)) else None
            seen = _swung(parent, rest.offsets["Head"] + (NOSE * rest.height if nose else 0), way)
        elif joint == "Head":
            seen = head_frame(points) if _has(points, *HEAD) else parent * np.nan
        elif joint.endswith("Hand"):
            seen = hand_frame(points, side) if _has(points, *needs(joint)) else parent * np.nan
        elif joint.endswith("Foot"):
            seen = foot_frame(points, side) if _has(points, *needs(joint)) else parent * np.nan
        elif joint.endswith("ToeBase"):
            seen = parent
        else:
            seen = _limb(points, rest, joint, side, parent)
        made[joint] = parent @ _followed(np.swapaxes(parent, -1, -2) @ seen, joint)
    return made


def hanging(points: Points) -> dict[str, Array]:
    """Points whose hips are never seen, with hips upright below the shoulders, as wide and far as people are."""
    left, right = points[HIPS[2]], points[HIPS[3]]
    height = np.linalg.norm(left - right, axis=-1, keepdims=True) / USUAL["shoulders"]
    up = np.broadcast_to([0.0, 1.0, 0.0], left.shape)
    middle_of, aside = (left + right) / 2 - USUAL["torso"] * height * up, unit(across(left - right, up))
    half = aside * USUAL["hips"] * height / 2
    return {**points, HIPS[0]: middle_of + half, HIPS[1]: middle_of - half}


def _has(points: Points, *names: str) -> bool:
    return all(name in points for name in names)


def _followed(local: Array, joint: str) -> Array:
    """Turns against the parent on all frames."""
    known = np.asarray(np.isfinite(local).all((1, 2)))
    if known.any():
        return between(np.where(known[:, None, None], local, np.eye(3)), known)
    angle = {"LeftArm": -HANGING, "RightArm": HANGING}.get(joint, 0.0)
    return about(np.broadcast_to([0.0, 0.0, 1.0], (len(local), 3)), np.full(len(local), angle))


def _spine(points: Points, rest: Rest, hips: Array, parent: Array) -> Array:
    """The turn that brings both shoulders nearest to where they are seen."""
    place = hips + parent @ rest.offsets["Spine"]
    both = np.array([rest.offsets["LeftArm"], rest.offsets["RightArm"]])
    seen = np.stack([points[f"{side}_shoulder"] - place for side in SIDES], 1)
    known = np.isfinite(seen).all((1, 2))
    made = np.full((len(seen), 3, 3), np.nan)
    made[known] = fitted(both, seen[known])
    return made


def _swung(parent: Array, offset: Array, way: Array | None) -> Array:
    """The parent's turn, and from there the smallest that brings the joint's end to where it is seen."""
    if way is None:
        return np.asarray(parent * np.nan)
    return np.asarray(smallest(parent @ offset, way) @ parent)


def _limb(points: Points, rest: Rest, joint: str, side: str, parent: Array) -> Array:
    child = next(name for name, above in PARENTS.items() if above == joint)
    one, other = (points[name] for name in needs(joint))
    swung = _swung(parent, rest.offsets[child], other - one)
    if joint.endswith(("ForeArm", side.capitalize() + "Leg")):
        return swung
    end = points[needs(child)[1]]
    part = joint[len(side) :]
    hinge = np.array({"UpLeg": (1.0, 0.0, 0.0), "Arm": (0.0, -1.0 if side == "left" else 1.0, 0.0)}[part])
    return _about_itself(swung, hinge, unit(other - one), unit(end - other), MOST[part])


def _about_itself(swung: Array, hinge: Array, along: Array, further: Array, most: float) -> Array:
    """Turned about `along` so that the hinge meets the normal of the bend, where there is one.

    Between such frames the angle leads from one to the next.
    """
    normal = np.cross(along, further)
    bend = np.arctan2(np.linalg.norm(normal, axis=1), (along * further).sum(1))
    wanted, has = unit(across(normal, along)), unit(across(swung @ hinge, along))
    angle = np.arctan2((np.cross(has, wanted) * along).sum(1), (has * wanted).sum(1))
    known = np.flatnonzero((np.abs(angle) < most) & (bend > BENT))
    if not len(known):
        return swung
    angles = np.interp(np.arange(len(swung)), known, np.unwrap(angle[known]))
    return np.asarray(about(along, angles) @ swung)


def places(turns: Mapping[str, Array], rest: Rest, root: Array) -> dict[str, Array]:
    """Where every joint is, (F, 3), and the ends as NAME_end: forward kinematics."""
    made = {"Hips": np.asarray(root + rest.offsets["Hips"])}
    for joint, offset in rest.offsets.items():
        if PARENTS[joint]:
            made[joint] = made[PARENTS[joint]] + turns[PARENTS[joint]] @ offset
    made.update({f"{joint}_end": made[joint] + turns[joint] @ end for joint, end in rest.ends.items()})
    return made


def local(turns: Mapping[str, Array]) -> Turns:
    """Each joint's turn against its parent's."""
    return {
        joint: np.swapaxes(turns[PARENTS[joint]], -1, -2) @ turn if PARENTS[joint] else turn
        for joint, turn in turns.items()
    }

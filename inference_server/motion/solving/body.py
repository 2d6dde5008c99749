"""A body at rest: how long its bones are, of what was measured of them, left as right.

Rest is a T-pose that looks to +z with the left hand to +x, centimetres, the origin between the hips.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from inference_server.motion.solving.turns import Array, frame
from shared.layouts import SIDES
from shared.poses import PARENTS
from shared.values import Value

SHORTEST = 0.5  # centimetres: less is no bone, but points that lie on one another
SURE = 0.5  # a point that is less sure says nothing of lengths
LOW = 0.2  # of the way from hips to neck: where the spine bends
# Parts of the height of somebody who stands (Drillis and Contini, "Body segment parameters", 1966): what is not seen.
USUAL = {
    "hips": 0.191,
    "torso": 0.288,
    "shoulders": 0.259,
    "arm": 0.186,
    "forearm": 0.146,
    "hand": 0.054,
    "thigh": 0.245,
    "shin": 0.246,
    "sole": 0.039,
    "foot": 0.1,
    "neck": 0.115,
}
CROWN = 0.067  # of the height, from between the ears
CARRIED = math.radians(8.5)  # that ears are in front of the shoulders, of somebody who stands at ease
TOES = 0.4  # of the way from ankle to toe, beyond it
WHOLE = 170.0  # centimetres of somebody of whom nothing is known

Points = Mapping[str, Array]  # name -> (F, 3), NaN where it is not seen


class Rest(Value):
    """offsets: from its parent, of each joint; ends: of those on which none hangs, where it ends; centimetres."""

    offsets: Mapping[str, Array]
    ends: Mapping[str, Array]

    @property
    def height(self) -> float:
        """From sole to crown."""
        lowest = sum(self.offsets[f"Left{joint}"][1] for joint in ("UpLeg", "Leg", "Foot"))
        lowest += self.offsets["LeftToeBase"][1] if "LeftToeBase" in self.offsets else self.ends["LeftFoot"][1]
        crown = sum(self.offsets[joint][1] for joint in ("Spine", "Neck", "Head")) + self.ends["Head"][1]
        return float(crown - lowest)

    def scaled(self, times: float) -> Rest:
        return Rest(
            *({name: one * times for name, one in table.items()} for table in (self.offsets, self.ends)),
        )


def middle(points: Points, *names: str) -> Array:
    """(F, 3) between points; NaN where one is not seen."""
    return np.asarray(np.mean([points[name] for name in names], 0))


def rest_of(points: Points, sure: Mapping[str, Array], height: float | None) -> Rest:
    """The body of which points were measured.

    sure: (F,) 0..1 of each point. height: centimetres from sole to crown; None takes the points' own measure.
    """
    lengths = _lengths(points, sure)
    heel = all(f"{side}_{part}" in points for side in SIDES for part in ("heel", "foot_index"))
    rest = _made(lengths, heel, all(f"{side}_{part}" in points for side in SIDES for part in ("index", "pinky")))
    return rest if height is None else rest.scaled(height / rest.height)


def _lengths(points: Points, sure: Mapping[str, Array]) -> dict[str, float]:
    """Medians over the frames on which both ends are sure; what never is, by the usual parts of a height."""
    clear = {name: np.where(sure[name][:, None] >= SURE, rows, np.nan) for name, rows in points.items()}
    shoulders, hips = middle(clear, *_both("shoulder")), middle(clear, *_both("hip"))
    found = {
        "hips": _median([clear["left_hip"] - clear["right_hip"]]),
        "torso": _median([shoulders - hips]),
        "shoulders": _median([clear["left_shoulder"] - clear["right_shoulder"]]),
    }
    for name, one, other in (
        ("arm", "shoulder", "elbow"),
        ("forearm", "elbow", "wrist"),
        ("thigh", "hip", "knee"),
        ("shin", "knee", "ankle"),
    ):
        found[name] = _median(clear[f"{side}_{other}"] - clear[f"{side}_{one}"] for side in SIDES)
    if "left_ear" in clear:
        found["neck"] = _median([middle(clear, *_both("ear")) - shoulders])
    if "left_index" in clear and "left_pinky" in clear:
        found["hand"] = _median(
            middle(clear, f"{side}_index", f"{side}_pinky") - clear[f"{side}_wrist"] for side in SIDES
        )
    if "left_heel" in clear and "left_foot_index" in clear:
        feet = np.concatenate([_foot(clear, side) for side in SIDES])
        found["sole"] = _middle_of(-feet[:, 1])
        found["foot"] = _middle_of(feet[:, 2])
    known = {name: length for name, length in found.items() if length > SHORTEST}  # NaN is not
    height = float(np.median([length / USUAL[name] for name, length in known.items()])) if known else WHOLE
    return {name: known.get(name, height * part) for name, part in {**USUAL, "crown": CROWN}.items()}


def _foot(points: Points, side: str) -> Array:
    """(F, 3): the toe from the ankle, along the foot's own axes."""
    way = points[f"{side}_foot_index"] - points[f"{side}_ankle"]
    return np.asarray(np.einsum("fij,fi->fj", foot_frame(points, side), way))


def foot_frame(points: Points, side: str) -> Array:
    """(F, 3, 3): z from heel to toe, y towards the ankle."""
    heel = points[f"{side}_heel"]
    axes = frame(points[f"{side}_foot_index"] - heel, points[f"{side}_ankle"] - heel)  # z, y, -x
    return np.stack([-axes[..., 2], axes[..., 1], axes[..., 0]], -1)


def hand_frame(points: Points, side: str) -> Array:
    """(F, 3, 3): x along the arm of a T-pose, z from little finger to index finger."""
    index, pinky = points[f"{side}_index"], points[f"{side}_pinky"]
    along = (index + pinky) / 2 - points[f"{side}_wrist"]
    axes = frame(along if side == "left" else -along, index - pinky)  # x, z, -y
    return np.stack([axes[..., 0], -axes[..., 2], axes[..., 1]], -1)


def head_frame(points: Points) -> Array:
    """(F, 3, 3): x from the right ear to the left one, z where the face looks: half-way from nose to eyes."""
    ears = middle(points, *_both("ear"))
    face = (points["nose"] + middle(points, *_both("eye"))) / 2 - ears
    axes = frame(points["left_ear"] - points["right_ear"], face)  # x, z, -y
    return np.stack([axes[..., 0], -axes[..., 2], axes[..., 1]], -1)


def _both(name: str) -> tuple[str, str]:
    return f"left_{name}", f"right_{name}"


def _median(vectors: Iterable[Array]) -> float:
    return _middle_of(np.concatenate([np.linalg.norm(one, axis=-1) for one in vectors]))


def _middle_of(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _made(lengths: Mapping[str, float], toes: bool, hands: bool) -> Rest:
    up = lengths["torso"]
    offsets = {
        "Hips": (0.0, 0.0, 0.0),
        "Spine": (0.0, LOW * up, 0.0),
        "Neck": (0.0, (1 - LOW) * up, 0.0),
        "Head": (0.0, lengths["neck"] * math.cos(CARRIED), lengths["neck"] * math.sin(CARRIED)),
    }
    ends = {"Head": (0.0, lengths["crown"], 0.0)}
    for side, way in (("Left", 1), ("Right", -1)):
        offsets[f"{side}Arm"] = (way * lengths["shoulders"] / 2, (1 - LOW) * up, 0.0)
        offsets[f"{side}ForeArm"] = (way * lengths["arm"], 0.0, 0.0)
        offsets[f"{side}Hand"] = (way * lengths["forearm"], 0.0, 0.0)
        ends[f"{side}Hand"] = (way * lengths["hand"], 0.0, 0.0)
        offsets[f"{side}UpLeg"] = (way * lengths["hips"] / 2, 0.0, 0.0)
        offsets[f"{side}Leg"] = (0.0, -lengths["thigh"], 0.0)
        offsets[f"{side}Foot"] = (0.0, -lengths["shin"], 0.0)
        toe = (0.0, -lengths["sole"], lengths["foot"])
        if toes:
            offsets[f"{side}ToeBase"] = toe
            ends[f"{side}ToeBase"] = (0.0, 0.0, TOES * lengths["foot"])
        else:
            ends[f"{side}Foot"] = toe
    return Rest(
        {name: np.array(offsets[name]) for name in PARENTS if name in offsets},
        {name: np.array(end) for name, end in ends.items()},
    )

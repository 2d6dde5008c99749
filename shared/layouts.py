"""Which joints of a person there are, by the name of a layout: their names in its order, and which are connected.

"left" is the person's. A joint has one name in all layouts, so that whoever wants some of them takes them by name.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

from typing import Dict, Tuple

Names = Tuple[str, ...]
Pairs = Tuple[Tuple[str, str], ...]

SIDES = ("left", "right")
COCO_17 = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee"),
    *("left_ankle", "right_ankle"),
)
BLAZEPOSE_33 = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index"),
    *("left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
    *("left_heel", "right_heel", "left_foot_index", "right_foot_index"),
)
HALPE_26 = (
    *COCO_17,
    *("head_top", "neck", "hip", "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe"),
    *("left_heel", "right_heel"),
)
OPENPOSE_18 = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
BODY_25 = (
    *OPENPOSE_18[:8],
    *("hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *OPENPOSE_18[14:],
    *("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"),
)
WHOLEBODY_133 = (  # COCO-WholeBody: body, feet, 68 points of the face, 21 of each hand
    *COCO_17,
    *(f"{side}_{joint}" for side in SIDES for joint in ("big_toe", "small_toe", "heel")),
    *(f"face_{number}" for number in range(68)),
    *(f"{side}_hand_{number}" for side in SIDES for number in range(21)),
)
H36M_17 = (  # Human3.6M, as networks that lift joints into space take and make them
    *("hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "spine", "neck"),
    *("nose", "head_top", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_shoulder", "right_elbow", "right_wrist"),
)
LAYOUTS: Dict[str, Names] = {
    "coco17": COCO_17,
    "openpose18": OPENPOSE_18,
    "body25": BODY_25,
    "halpe26": HALPE_26,
    "blazepose33": BLAZEPOSE_33,
    "wholebody133": WHOLEBODY_133,
    "free": (),  # the joints are as the file names them
}


def _sided(*pairs: Tuple[str, str]) -> Pairs:
    return tuple((f"{side}_{one}", f"{side}_{other}") for side in SIDES for one, other in pairs)


_ARMS = _sided(("shoulder", "elbow"), ("elbow", "wrist"))
_LEGS = _sided(("hip", "knee"), ("knee", "ankle"))
_LIMBS = (
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    *_sided(("shoulder", "elbow"), ("elbow", "wrist"), ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle")),
)
_FACE = (*(("nose", f"{side}_eye") for side in SIDES), *_sided(("eye", "ear")))
_FROM_NECK = (*(("neck", f"{side}_shoulder") for side in SIDES), *_ARMS, ("neck", "nose"), *_FACE)
_FEET = _sided(("ankle", "big_toe"), ("big_toe", "small_toe"), ("ankle", "heel"))
_SPINE = (("neck", "hip"), *(("hip", f"{side}_hip") for side in SIDES))
_FINGERS = tuple((0 if joint % 4 == 1 else joint - 1, joint) for joint in range(1, 21))
_FACE_LINES = ((0, 17), (17, 22), (22, 27), (27, 31), (31, 36), (36, 42), (42, 48), (48, 60), (60, 68))
BONES: Dict[str, Pairs] = {  # of the layouts with joints of their own
    "coco17": (*_LIMBS, *_FACE),
    "openpose18": (*_FROM_NECK, *(("neck", f"{side}_hip") for side in SIDES), *_LEGS),
    "body25": (*_FROM_NECK, *_SPINE, *_LEGS, *_FEET),
    "halpe26": (
        *(("neck", f"{side}_shoulder") for side in SIDES),
        *_ARMS,
        *(("neck", "nose"), ("neck", "head_top")),
        *_FACE,
        *_SPINE,
        *_LEGS,
        *_FEET,
    ),
    "blazepose33": (
        *_LIMBS,
        ("mouth_left", "mouth_right"),
        *_sided(
            ("wrist", "pinky"),
            ("wrist", "index"),
            ("wrist", "thumb"),
            ("pinky", "index"),
            ("ankle", "heel"),
            ("heel", "foot_index"),
            ("ankle", "foot_index"),
            ("eye_inner", "eye"),
            ("eye", "eye_outer"),
            ("eye_outer", "ear"),
        ),
        *(("nose", f"{side}_eye_inner") for side in SIDES),
    ),
    "wholebody133": (
        *_LIMBS,
        *_FACE,
        *_FEET,
        *((f"face_{at}", f"face_{at + 1}") for first, end in _FACE_LINES for at in range(first, end - 1)),
        *((f"{side}_wrist", f"{side}_hand_0") for side in SIDES),
        *((f"{side}_hand_{one}", f"{side}_hand_{other}") for side in SIDES for one, other in _FINGERS),
    ),
}

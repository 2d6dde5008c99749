"""The procedures of HumanIK that the plug-in calls, as scripts of Maya 2027 were measured to behave [public code].

A lock that does not come off is no error: the definition stays open, without a word.
"""

from __future__ import annotations

import math
import re
from typing import Any

from maya import renderers
from maya.scene import SCENE

SLOTS = {
    **{"Reference": 0, "Hips": 1, "Spine": 8, "Head": 15, "Neck": 20},
    **{"LeftUpLeg": 2, "LeftLeg": 3, "LeftFoot": 4, "RightUpLeg": 5, "RightLeg": 6, "RightFoot": 7},
    **{"LeftArm": 9, "LeftForeArm": 10, "LeftHand": 11, "RightArm": 12, "RightForeArm": 13, "RightHand": 14},
    **{"LeftToeBase": 16, "RightToeBase": 17, "LeftShoulder": 18, "RightShoulder": 19},
}
NEEDED = {number for name, number in SLOTS.items() if number in range(1, 16)}
PROCEDURES = (
    *("hikCreateCharacter", "hikSetCurrentCharacter", "hikCharacterLock", "hikIsDefinitionLocked"),
    *("hikDeleteCharacter", "hikGetNodeIdFromName"),
)
HORIZONTAL = 0.95  # the cosine up to which an arm counts as stretched out [open]


def eval(code: str) -> Any:
    asked = re.fullmatch(r'exists "(\w+)"', code)
    if asked:
        return int(_known(asked[1]))
    found = re.fullmatch(r"(\w+)\((.*)\)", code)
    if found is None or not _known(found[1]):
        raise RuntimeError(f'Cannot find procedure "{code.partition("(")[0]}".')
    arguments = [one.strip().strip('"') for one in found[2].split(",")]
    return globals()[f"_{found[1].replace('hikSetCharacterObject', 'setCharacterObject')}"](*arguments)


def _known(name: str) -> bool:
    """The name of the procedure that places a joint differs by version."""
    if "mayaHIK" not in SCENE.plugins:
        return False
    return name in PROCEDURES or (name in SCENE.human_ik and name.endswith("etCharacterObject"))


def _hikCreateCharacter(name: str) -> str:
    node = SCENE.create("HIKCharacterNode", name)
    SCENE.change(lambda: SCENE.characters.update({node.name: {}}), lambda: SCENE.characters.pop(node.name))
    return node.name


def _setCharacterObject(joint: str, character: str, slot: str, delete: str) -> None:
    node, owner = SCENE.one(joint)[-1], SCENE.one(character)[-1]
    node.added.setdefault("Character", "message")
    SCENE.connect(node, "Character", owner, f"slot[{slot}]")
    SCENE.characters[character][int(slot)] = joint


def _hikGetNodeIdFromName(name: str) -> int:
    return SLOTS.get(name, -1)


def _hikSetCurrentCharacter(character: str) -> None:
    assert character in SCENE.characters


def _hikCharacterLock(character: str, lock: str, stance: str) -> None:
    """Takes the pose of now as the stance. Without mayaCharacterization, or in another pose, it does nothing."""
    slots = SCENE.characters[character]
    if "mayaCharacterization" not in SCENE.plugins or not set(slots) >= NEEDED:
        return
    at = {name: renderers.world(SCENE, SCENE.one(slots[number])) for name, number in SLOTS.items() if number in slots}
    axes = at.get("Reference", [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    for name, end, axis, way in (
        ("LeftArm", "LeftHand", 0, 1),
        ("RightArm", "RightHand", 0, -1),
        ("LeftUpLeg", "LeftFoot", 1, -1),
        ("Hips", "Head", 1, 1),
    ):
        bone = [at[end][3][i] - at[name][3][i] for i in range(3)]
        along = sum(a * b for a, b in zip(bone, axes[axis])) * way / math.sqrt(sum(one * one for one in bone))
        if along < HORIZONTAL:
            return
    SCENE.locked_characters[character] = {name: list(matrix[3]) for name, matrix in at.items()}


def _hikIsDefinitionLocked(character: str) -> int:
    return int(character in SCENE.locked_characters)


def _hikDeleteCharacter(character: str) -> None:
    SCENE.characters.pop(character)
    SCENE.locked_characters.pop(character, None)
    SCENE.delete([SCENE.one(character)[-1]])

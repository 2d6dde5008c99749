"""What a model takes of a layer, and whether a layer has it: the one rule of server, command line and panels.

It reads the `inputs` of a card as JSON, which is what every host is sent: {"labels": {...}, "depth": {"needed": true}}.

Maya-safe: Python 3.9, standard library only.
"""

from __future__ import annotations

from typing import Any, Collection, Mapping, Tuple

from shared.file_names import is_clip
from shared.shot import NO_SOUND, OF_ANY_SIZE, PASSES, Shot

WORDS = {
    "labels": "a label pass",
    "picture": "a picture",
    "normal": "a normal pass",
    "instance": "an instance pass",
    "shading": "a shading pass",
    "motion": "a motion pass",
    "depth": "a depth pass",
    "beauty": "a beauty pass",
    "reference": "a reference picture",
    "audio": "a sound",
    "walk": "a walk",
}

SUN = ("sun_azimuth", "sun_elevation")  # options of a card, degrees: with both, the model is told where the sun stands

Inputs = Mapping[str, Any]  # of a card, by the type of the input


def may_sound(shot: Shot) -> bool:
    """Whether a shot names a sound, or a clip that may have one."""
    if shot.audio is not None:
        return shot.audio != NO_SOUND
    return any(layer.picture is not None and is_clip(layer.picture) for layer in shot.layers)


def needed(inputs: Inputs) -> Tuple[str, ...]:
    """The inputs that the model cannot do without; labels are always among them."""
    return tuple(name for name, one in inputs.items() if name == "labels" or one.get("needed") is True)


def used(inputs: Inputs) -> Tuple[str, ...]:
    """The inputs that the model uses where a layer has them."""
    return tuple(name for name in inputs if name not in needed(inputs))


def missing(inputs: Inputs, there: Collection[str]) -> Tuple[str, ...]:
    """What the model needs beyond the inputs that a layer has, or can be given."""
    return tuple(name for name in needed(inputs) if name not in there)


def lacking(inputs: Inputs, there: Collection[str]) -> str:
    """The same in words, such as "needs a normal pass and a reference picture"; empty where the model can be used."""
    names = missing(inputs, there)
    return f"needs {' and '.join(WORDS.get(name, name) for name in names)}" if names else ""


def said(inputs: Inputs) -> str:
    """All of them in a row, in brackets those that are used where they are there: "coco_stuff, (instance)"."""
    names = {name: f"({name})" for name in used(inputs)}
    if "labels" in inputs:
        names["labels"] = str(inputs["labels"]["label_set"]["name"])
    return ", ".join(names.get(name, name) for name in inputs)


def frames_are(inputs: Inputs) -> str:
    """What frames are that are named without a shot.json."""
    return "labels" if "labels" in inputs else "picture"


def argument(name: str, inputs: Inputs) -> str:
    """How an input is given on the command line; empty where it cannot be."""
    if name == frames_are(inputs):
        return "the frames that are named"
    if name == "audio":
        return "--audio FILE"
    if name == "walk":
        return "--seeds A,B,C"
    if name not in PASSES or name == "labels":
        return ""
    return f"--{name} {'FILE' if name in OF_ANY_SIZE else 'PATTERN'}"

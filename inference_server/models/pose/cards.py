"""The card of a model that reads people and was added."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, ClassVar

from inference_server.models import cards
from inference_server.models.catalogue import SHIPPED
from inference_server.motion.imported import DRAWN
from inference_server.motion.layouts import into
from shared import schema
from shared.errors import InputRefused, ModelRefused
from shared.kinds import Number, OneOf
from shared.layouts import LAYOUTS
from shared.poses import SMOOTHINGS
from shared.schema import About, Record
from shared.values import Value

SIMCC, HEATMAPS, RTMO, YOLOX = NETWORKS = ("simcc", "heatmaps", "rtmo", "yolox")
LAYOUT = OneOf(*(name for name in LAYOUTS if LAYOUTS[name]))
LIFT = "lift.safetensors"
OF_SKELETONS = ("height", "lens", "feet")  # options of BlazePose that say how skeletons are made


class Config(Value):
    """What a card says of its networks: checked when it is added and when it is loaded, since anyone may write one.

    network: which of `networks` the weights are; imported: or the program that read the joints; neither: BlazePose.
    """

    about: ClassVar[About] = About("config", strict=False, remedy="Add the model again")

    layout: Annotated[str, LAYOUT, "of its joints"] = "blazepose33"
    network: Annotated[str, OneOf("", *NETWORKS)] = ""
    order: Annotated[str, OneOf("rgb", "bgr"), "of its colours"] = "rgb"
    imported: Annotated[str, OneOf("", *DRAWN)] = ""
    drawn: Annotated[float, Number(1e-3, 0.999), "how sure a joint is from which on it counts as seen"] = 0.3
    detector: Annotated[cards.Weights | None, Record(cards.Weights), "finds people"] = None
    lift: Annotated[cards.Weights | None, Record(cards.Weights), "makes points in space"] = None


def config_of(card: cards.Card) -> Config:
    """Raises ModelRefused naming what does not fit."""
    try:
        return schema.read(Config, dict(card.config))
    except InputRefused as error:
        raise ModelRefused(error.what, file=card.folder / "card.json", cause=error.cause, remedy=error.remedy) from None


def files_of(card: cards.Card, folder: Path) -> dict[str, bytes]:
    """Weights and what lies beside them, as the card describes them. Raises ModelRefused for one that is another."""
    config = config_of(card)
    found = {}
    for part in (card.weights, config.detector, config.lift):
        if part is not None:
            file = folder / part.file
            content = file.read_bytes() if file.is_file() else b""
            if hashlib.sha256(content).hexdigest() != part.sha256:
                cause = "Missing, damaged or changed"
                raise ModelRefused("a file is not the one that the card describes", file=file, cause=cause)
            found[part.file] = content
    return found


def card_of(name: str, layout: str, config: dict[str, Any], weights: dict[str, str]) -> dict[str, Any]:
    """What such cards have in common: title, description, licence and data are whoever's who adds it.

    layout: of its joints.
    """
    return {
        "format": cards.FORMAT,
        "name": name,
        "title": "",
        "version": 1,
        "family": "pose",
        "licence": "",
        "inputs": {"picture": {"needed": True}},
        "makes": {"kind": "joints", "alpha": True},
        "size": {"width": 1920, "height": 1080, "fit": "multiple", "multiple": 1},
        "options": options_of(layout),
        "weights": weights,
        "config": config,
    }


def lifting(card: dict[str, Any], files: dict[str, bytes], lift: Path | None) -> None:
    """Put a checkpoint that makes points in space beside a card's other files, and say so in it, or that there is none.

    Raises MissingInput or ModelRefused for anything but a MotionBERT.
    """
    if lift is None:
        card["description"] += " It sees the picture alone: added with --lift, it has skeletons in space."
        return
    from inference_server.models.pose import motionbert  # loads torch

    files[LIFT] = motionbert.packed(lift)
    card["config"]["lift"] = {"file": LIFT, "sha256": hashlib.sha256(files[LIFT]).hexdigest()}
    card["options"] += [_of_lifted(one) for one in _shipped_options() if one["name"] in OF_SKELETONS]
    card["description"] += f" Points in space are MotionBERT's ({lift.name}), of somebody 1.70 metres tall."


def _shipped_options() -> list[dict[str, Any]]:
    options: list[dict[str, Any]] = cards.load_card(SHIPPED / "blazepose").source["options"]
    return options


def _of_lifted(option: dict[str, Any]) -> dict[str, Any]:
    """What is lifted has no size of its own."""
    if option["name"] != "height":
        return option
    return {**option, "help": "of everybody, from sole to crown, for skeletons in space; 0 takes 170 or so"}


def options_of(layout: str) -> list[dict[str, Any]]:
    """What one may choose of a model that reads people."""
    smoothing = "light takes a third of the jitter and adds no lag; off delivers what was read"
    counts = ", ".join(f"{one}: {len(LAYOUTS[one])}" for one in into(layout))
    return [
        {
            "name": "smoothing",
            "title": "Smoothing",
            "kind": "choice",
            "default": "light",
            "choices": list(SMOOTHINGS),
            "help": smoothing,
            "prepares": False,
        },
        {
            "name": "layout",
            "title": "Joints",
            "kind": "choice",
            "default": layout,
            "choices": list(into(layout)),
            "help": f"which joints are delivered; {counts}",
            "prepares": False,
        },
    ]

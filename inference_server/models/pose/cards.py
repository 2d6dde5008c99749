"""The card of a model that reads people and was added."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from inference_server.models import cards
from inference_server.models.catalogue import SHIPPED
from inference_server.motion.joints import SMOOTHINGS
from inference_server.motion.layouts import into
from shared.layouts import LAYOUTS

LIFT = "lift.safetensors"
OF_SKELETONS = ("height", "lens", "feet")  # options of BlazePose that say how skeletons are made


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

    files[LIFT], settings = motionbert.packed(lift)
    sha256 = hashlib.sha256(files[LIFT]).hexdigest()
    card["config"]["lift"] = {"file": LIFT, "sha256": sha256, "settings": settings}
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

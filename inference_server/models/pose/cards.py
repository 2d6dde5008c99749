"""The card of a model that reads people and was added."""

from __future__ import annotations

from typing import Any

from inference_server.models import cards
from inference_server.motion.joints import SMOOTHINGS
from inference_server.motion.layouts import into
from shared.layouts import LAYOUTS


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
